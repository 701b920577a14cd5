/* SPDX-License-Identifier: Apache-2.0 */
/* See policy_ask.h. A path that the kernel would never say is refused: the answer would be about
 * nothing. */
#include "policy_ask.h"
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/cidr.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/tag.h"
#include "sidecar/common/util.h"

#define WORDS_MAX 4
#define TAG_WORD "tag="

struct asking {
	struct ask *ask;
	char *error;
	size_t error_size;
};

static int expected(const struct asking *a, const char *found, const char *what)
{
	return util_refuse(-EINVAL, a->error, a->error_size, "found \"%s\", expected %s", found,
			   what);
}

static int set_text(const struct asking *a, const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof(a->ask->text))
		return util_refuse(-EINVAL, a->error, a->error_size,
				   "found a name of %zu bytes, expected at most %zu", len,
				   sizeof(a->ask->text) - 1);
	memcpy(a->ask->text, text, len + 1);
	a->ask->question.text = a->ask->text;
	a->ask->question.len = len;
	return 0;
}

static int set_path(const struct asking *a, const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../") ||
	    (len > 1 && path[len - 1] == '/'))
		return expected(
		    a, path,
		    "a path as the container sees it: from '/', with no \"..\", no link and "
		    "no '/' at its end");
	return set_text(a, path);
}

/* Names of a subject's accesses, with commas. */
static int set_access(const struct asking *a, const char *names)
{
	struct policy_question *q = &a->ask->question;

	q->access = 0;
	for (const char *at = names;; at++) {
		size_t len = strcspn(at, ",");
		uint32_t found = 0;

		for (uint32_t bit = 1; bit && policy_access_name(q->subject, bit); bit <<= 1) {
			const char *name = policy_access_name(q->subject, bit);

			if (strlen(name) == len && memcmp(name, at, len) == 0)
				found = bit;
		}
		if (!found)
			return expected(a, names,
					q->subject == RV_SUBJECT_FILE
					    ? "read, write, create, delete, attributes, ioctl, link"
					    : "exec, write-exec, anonymous");
		q->access |= found;
		at += len;
		if (!*at)
			return 0;
	}
}

/* "10.0.0.1" or "[2001:db8::1]"; an IPv4 address in its IPv6 form is that. 0: it is none. */
static int read_address(char *text, uint8_t ret[16])
{
	size_t len = strlen(text);

	memset(ret, 0, 16);
	if (text[0] != '[')
		return inet_pton(AF_INET, text, ret) == 1 ? AF_INET : 0;
	if (text[len - 1] != ']')
		return 0;
	text[len - 1] = '\0';
	return inet_pton(AF_INET6, text + 1, ret) == 1 ? cidr_unmap(ret) : 0;
}

/* ADDRESS:PORT[/PROTOCOL] */
static int set_address(const struct asking *a, const char *word)
{
	struct policy_question *q = &a->ask->question;
	char text[128], *port, *protocol;
	uint8_t address[16];
	unsigned long number = 0;
	int family = 0;

	snprintf(text, sizeof(text), "%s", word);
	port = strrchr(text, ':');
	protocol = port ? strchr(port, '/') : NULL;
	if (protocol)
		*protocol++ = '\0';
	if (port) {
		*port++ = '\0';
		number = strspn(port, "0123456789") == strlen(port) && *port
			     ? strtoul(port, NULL, 10)
			     : ULONG_MAX;
		family = strlen(word) < sizeof(text) ? read_address(text, address) : 0;
	}
	if (!family || number > UINT16_MAX)
		return expected(
		    a, word, "10.0.0.1:443/tcp, [2001:db8::1]:443/tcp, unix:/path or unix:@name");
	q->protocol = protocol ? policy_protocol(protocol) : 0;
	if (protocol && !q->protocol)
		return expected(a, protocol, "tcp, udp, udplite, sctp, icmp, icmpv6 or a number");
	policy_address(family, address, (uint16_t)number, (uint8_t *)a->ask->text);
	q->text = a->ask->text;
	q->len = RV_ADDRESS_TEXT;
	return 0;
}

static int set_socket(const struct asking *a, const char *word)
{
	if (strncmp(word, "unix:", strlen("unix:")) != 0)
		return set_address(a, word);
	word += strlen("unix:");
	a->ask->question.subject = RV_SUBJECT_UNIX;
	return word[0] == '@' ? set_text(a, word) : set_path(a, word);
}

static int set_capability(const struct asking *a, const char *word)
{
	const char *name;

	for (unsigned i = 0; (name = event_view_name(VIEW_CAPABILITY, i)); i++) {
		if (strcasecmp(name, word) == 0 || strcasecmp(name + strlen("CAP_"), word) == 0) {
			a->ask->question.which = i;
			return 0;
		}
	}
	return expected(a, word, "a capability, as CAP_SYS_ADMIN");
}

static int set_kind(const struct asking *a, const char *word)
{
	unsigned kind = event_kind_number(word, strlen(word));

	if (!policy_kind_decided(kind))
		return expected(a, word, "a kind that rules of \"kernel\" may name, as mount");
	a->ask->question.which = kind;
	return 0;
}

static const struct verb {
	const char *name;
	unsigned subject;
	uint32_t access; /* 0: a word of its own says it */
	int (*object)(const struct asking *a, const char *word);
} verbs[] = {
    {"exec", RV_SUBJECT_EXEC, RV_DO_EXEC, set_path},
    {"file", RV_SUBJECT_FILE, 0, set_path},
    {"connect", RV_SUBJECT_NETWORK, RV_DO_CONNECT, set_socket},
    {"bind", RV_SUBJECT_NETWORK, RV_DO_BIND, set_socket},
    {"send", RV_SUBJECT_NETWORK, RV_DO_SEND, set_socket},
    {"memory", RV_SUBJECT_MEMORY, 0, NULL},
    {"capability", RV_SUBJECT_CAPABILITY, RV_DO_ANY, set_capability},
    {"kernel", RV_SUBJECT_KERNEL, RV_DO_ANY, set_kind},
};

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static size_t words_of(const struct verb *v)
{
	return 1u + !v->access + !!v->object;
}

/* What may have a tag. */
static bool takes_tag(const struct verb *v)
{
	return v->object == set_path;
}

static int set_tag(const struct asking *a, const char *word)
{
	const char *value = word + strlen(TAG_WORD), *wrong = tag_wrong(value, strlen(value));
	struct policy_question *q = &a->ask->question;

	if (wrong)
		return util_refuse(-EINVAL, a->error, a->error_size,
				   "found \"%s\", expected a tag, and %s", word, wrong);
	if (q->subject == RV_SUBJECT_FILE && (q->access & ~(RV_DO_READ | RV_DO_WRITE | RV_DO_CREATE)))
		return util_refuse(-EINVAL, a->error, a->error_size,
				   "found \"%s\", expected it with read, write and create alone: no "
				   "other act asks for a file's tag",
				   word);
	a->ask->tag = value;
	q->tag_state = RV_TAG_KNOWN;
	return 0;
}

int ask_words(struct ask *ret, const char *const *words, size_t n, char *error, size_t error_size)
{
	const struct asking a = {ret, error, error_size};
	const struct verb *v = n ? find(words[0]) : NULL;
	const char *tag = NULL;
	int r = 0;

	ret->tag = NULL;
	if (v && takes_tag(v) && n == words_of(v) + 1 &&
	    strncmp(words[n - 1], TAG_WORD, strlen(TAG_WORD)) == 0)
		tag = words[--n];

	if (!v)
		return expected(&a, n ? words[0] : "",
				"exec, file, connect, bind, send, memory, capability or kernel");
	if (n != words_of(v))
		return util_refuse(-EINVAL, error, error_size,
				   "found %zu words behind \"%s\", expected %zu", n - 1, v->name,
				   words_of(v) - 1);
	ret->question = (struct policy_question){.subject = v->subject, .access = v->access};
	if (!v->access)
		r = set_access(&a, words[1]);
	if (r == 0 && v->object)
		r = v->object(&a, words[n - 1]);
	return r == 0 && tag ? set_tag(&a, tag) : r;
}

/* Cuts the next word off; NULL: there is none. */
static char *cut(char **line)
{
	char *word = *line;

	if (!*word)
		return NULL;
	*line += strcspn(word, " ");
	if (**line)
		*(*line)++ = '\0';
	return word;
}

int ask_line(struct ask *ret, char *line, char *error, size_t error_size)
{
	const char *words[WORDS_MAX];
	const struct verb *v;
	size_t n = 0;

	if (strncmp(line, "--as ", strlen("--as ")) == 0)
		ret->exes_n = 0;
	while (strncmp(line, "--as ", strlen("--as ")) == 0) {
		if (ret->exes_n == ASK_EXES_MAX)
			return util_refuse(-EINVAL, error, error_size, "more than %d --as",
					   ASK_EXES_MAX);
		cut(&line);
		ret->exes[ret->exes_n++] = cut(&line) ?: "";
	}
	words[n++] = cut(&line) ?: "";
	v = find(words[0]);
	while (v && n < words_of(v) - 1)
		words[n++] = cut(&line) ?: "";
	if (v && *line) {
		char *tag = takes_tag(v) ? strstr(line, " " TAG_WORD) : NULL;

		words[n++] = line;
		if (tag) {
			*tag = '\0';
			words[n++] = tag + 1;
		}
	}
	return ask_words(ret, words, n, error, error_size);
}
