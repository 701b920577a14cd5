/* SPDX-License-Identifier: Apache-2.0 */
/* One rule: which object, and what the caller is told. What the kernel tables cannot express
 * exactly is refused here, so that no rule means less than it says. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "rule.h"
#include "sidecar/common/util.h"

#define ERRNO_NAMED_MAX 133

static int parse_error(struct reader *r, const struct json *j, int *ret)
{
	const struct json *m = json_get(j, "errno");

	if (!m)
		return 0;
	if (m->type == JSON_STRING) {
		for (int error = 1; error <= ERRNO_NAMED_MAX; error++) {
			const char *name = strerrorname_np(error);

			if (name && strcmp(name, m->string) == 0) {
				*ret = error;
				return 0;
			}
		}
	}
	return reader_expected(r, m, "the name of an errno, as \"EACCES\" or \"EPERM\"");
}

/* A path as the kernel will say it: nothing in it may be resolved to another spelling. */
static const char *path_fault(const char *path)
{
	for (const char *at = path; *at; at++) {
		if (*at != '/')
			continue;
		if (at[1] == '/')
			return "a path without \"//\"";
		if (at[1] == '.' && (at[2] == '/' || at[2] == '\0'))
			return "a path without \"/./\"";
		if (at[1] == '.' && at[2] == '.' && (at[3] == '/' || at[3] == '\0'))
			return "a path without \"..\"";
	}
	return NULL;
}

static int parse_path(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	const struct json *m;
	const char *fault;
	size_t len;
	int ret;

	ret = reader_member(r, j, "path", JSON_STRING, "\"path\": \"/absolute/path\"", &m);
	if (ret < 0)
		return ret;
	len = strlen(m->string);
	if (m->string[0] != '/')
		return reader_expected(r, m,
				       "a path that starts with '/', as the container sees it");
	if (len >= 3 && strcmp(m->string + len - 3, "/**") == 0) {
		rule->subtree = true;
		len -= 2;
	}
	if (len >= RV_RULE_PATH_MAX)
		return reader_fail(r, m,
				   "found a path of %zu bytes, expected at most %d; "
				   "deny a subtree above it instead",
				   len, RV_RULE_PATH_MAX - 1);
	memcpy(rule->path, m->string, len);
	rule->path[len] = '\0';
	if (strpbrk(rule->path, "*?[]{}\\"))
		return reader_expected(r, m,
				       "an exact path, or a subtree ending in \"/**\"; other "
				       "patterns (* ? [ { \\) are not supported: "
				       "write one rule per path");
	fault = path_fault(rule->path);
	if (fault)
		return reader_expected(r, m, fault);
	if (!rule->subtree && len > 1 && rule->path[len - 1] == '/')
		return reader_expected(r, m,
				       "a path without '/' at its end; "
				       "for everything below it write \"/**\"");
	return 0;
}

static int parse_address(struct reader *r, const struct json *m, struct policy_rule *rule)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET, m->string, rule->addr) == 1) {
		rule->family = AF_INET;
		return 0;
	}
	if (strchr(m->string, '/'))
		return reader_expected(r, m,
				       "one address; ranges are not supported: "
				       "write one rule per address");
	if (inet_pton(AF_INET6, m->string, rule->addr) != 1)
		return reader_expected(r, m, "an IPv4 or IPv6 address (names are not looked up)");
	rule->family = AF_INET6;
	if (memcmp(rule->addr, mapped, sizeof(mapped)) == 0) {
		memmove(rule->addr, rule->addr + 12, 4);
		memset(rule->addr + 4, 0, 12);
		rule->family = AF_INET;
	}
	return 0;
}

static int parse_network(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	const struct json *m;
	int ret;

	ret = reader_member(r, j, "address", JSON_STRING, "\"address\": \"192.0.2.1\"", &m);
	if (ret < 0)
		return ret;
	ret = parse_address(r, m, rule);
	if (ret < 0)
		return ret;
	ret = reader_member(r, j, "port", JSON_NUMBER, "\"port\": a number from 1 to 65535", &m);
	if (ret < 0)
		return ret;
	if (m->number < 1 || m->number > 65535)
		return reader_expected(r, m, "a port from 1 to 65535");
	rule->port = (uint16_t)m->number;
	return 0;
}

int rule_parse(struct reader *r, const struct json *j, struct policy_rule *ret)
{
	static const char *const path_keys[] = {"subject", "path", "action", "errno", NULL};
	static const char *const net_keys[] = {"subject", "address", "port",
					       "action",  "errno",   NULL};
	static const char *const any_keys[] = {"subject", "path",  "address", "port",
					       "action",  "errno", NULL};
	static const char *const subjects[] = {
	    [POLICY_FILE] = "file", [POLICY_EXEC] = "exec", [POLICY_NETWORK] = "network", NULL};
	static const char *const actions[] = {"deny", NULL};
	struct policy_rule rule = {.error = EACCES, .line = j->line};
	const struct json *m;
	unsigned subject = 0, action = 0;
	int err;

	if (j->type != JSON_OBJECT)
		return reader_expected(r, j, "a rule: {\"subject\": ..., \"action\": \"deny\"}");
	err = reader_keys(r, j, any_keys);
	if (err < 0)
		return err;
	err = reader_member(r, j, "subject", JSON_STRING, "\"file\", \"exec\" or \"network\"", &m);
	if (err < 0)
		return err;
	err =
	    reader_choice(r, j, "subject", subjects, "\"file\", \"exec\" or \"network\"", &subject);
	if (err < 0)
		return err;
	rule.subject = subject;
	err = reader_keys(r, j, subject == POLICY_NETWORK ? net_keys : path_keys);
	if (err < 0)
		return err;
	err = reader_member(r, j, "action", JSON_STRING, "\"action\": \"deny\"", &m);
	if (err < 0)
		return err;
	err = reader_choice(r, j, "action", actions, "\"deny\"; whatever no rule denies is allowed",
			    &action);
	if (err < 0)
		return err;
	err = parse_error(r, j, &rule.error);
	if (err < 0)
		return err;
	err = subject == POLICY_NETWORK ? parse_network(r, j, &rule) : parse_path(r, j, &rule);
	if (err < 0)
		return err;
	*ret = rule;
	return 0;
}

bool rule_same(const struct policy_rule *a, const struct policy_rule *b)
{
	if (a->subject != b->subject)
		return false;
	if (a->subject == POLICY_NETWORK)
		return a->family == b->family && a->port == b->port &&
		       memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
	return a->subtree == b->subtree && strcmp(a->path, b->path) == 0;
}
