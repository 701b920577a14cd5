/* SPDX-License-Identifier: Apache-2.0 */
/* See random.h. */
#include "tests/unit/policy/random.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include "sidecar/common/util.h"

static const char *const exes[] = {"/bin/sh", "/bin/a", "/usr/bin/b", "/usr/sbin/nginx"};
static const char *const when_globs[] = {"/bin/*", "/usr/**", "/bin/sh", "**", "/usr/sbin/nginx"};
static const char *const tag_globs[] = {"secret", "s*", "**", "{a,b}/*", "*-7", "?", "\\*"};
/* NULL: nobody asks; "": the file has none, and "**" is no rule about it. */
static const char *const tags[] = {NULL, "secret", "sign", "a/x", "b/x-7", "c-7", "*", "a", "\303\266"};
static const uint16_t ports[] = {0, 1, 22, 53, 80, 255, 256, 257, 443, 511, 512, 1024, 8080, 65535};
static const struct {
	int family;
	uint8_t addr[16];
} addresses[] = {
    {AF_INET, {0}},
    {AF_INET, {127, 0, 0, 1}},
    {AF_INET, {127, 9, 0, 1}},
    {AF_INET, {10, 0, 0, 1}},
    {AF_INET, {10, 0, 0, 129}},
    {AF_INET, {10, 1, 2, 3}},
    {AF_INET, {192, 168, 1, 7}},
    {AF_INET, {255, 255, 255, 255}},
    {AF_INET6, {0}},
    {AF_INET6, {[15] = 1}},
    {AF_INET6, {0x20, 1, 0xd, 0xb8, [15] = 1}},
    {AF_INET6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, [15] = 5}},
    {AF_INET6, {0x20, 1, 0xd, 0xb9, [15] = 1}},
    {AF_INET6, {0xfe, 0x80, [15] = 1}},
};
static const uint8_t protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP};
static const unsigned accesses[RV_SUBJECT_MAX] = {
    [RV_SUBJECT_EXEC] = 1,    [RV_SUBJECT_FILE] = 127, [RV_SUBJECT_UNIX] = 7,
    [RV_SUBJECT_NETWORK] = 7, [RV_SUBJECT_MEMORY] = 7, [RV_SUBJECT_CAPABILITY] = 1,
    [RV_SUBJECT_KERNEL] = 1};

#define PICK(list) (list)[random_below(ARRAY_SIZE(list))]

unsigned random_below(unsigned n)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % n;
}

void random_glob(char out[static 256])
{
	static const char *const parts[] = {"a",      "b",    "ab",   "c",    "*",
					    "**",     "?",    "[ab]", "[!a]", "[a-c]",
					    "{a,bc}", "{,b}", "\\*",  "\377", "x1"};
	unsigned n = 1 + random_below(4);

	*out = '\0';
	for (unsigned i = 0; i < n; i++) {
		strcat(out, "/");
		for (unsigned k = random_below(4); k > 0; k--)
			strcat(out, PICK(parts));
	}
}

void random_path(char out[static 64])
{
	static const char letters[] = "aabbcx1*\377";
	unsigned n = 1 + random_below(4);
	char *at = out;

	for (unsigned i = 0; i < n; i++) {
		*at++ = '/';
		for (unsigned k = random_below(5); k > 0; k--)
			*at++ = letters[random_below(sizeof(letters) - 1)];
	}
	*at = '\0';
}

static unsigned random_subject(void)
{
	static const unsigned subjects[] = {
	    RV_SUBJECT_EXEC,	RV_SUBJECT_FILE,   RV_SUBJECT_FILE,	  RV_SUBJECT_UNIX,
	    RV_SUBJECT_NETWORK, RV_SUBJECT_MEMORY, RV_SUBJECT_CAPABILITY, RV_SUBJECT_KERNEL};

	return PICK(subjects);
}

/* A number from both ends of the 64 that capabilities have, for a kind that rules may name. */
static unsigned kind_for(unsigned which)
{
	static const uint8_t kinds[] = {RV_KIND_SETUID, RV_KIND_MOUNT,	RV_KIND_SOCKET,
					RV_KIND_LISTEN, RV_KIND_CHROOT, RV_KIND_PTRACE,
					RV_KIND_SIGNAL, RV_KIND_BPF,	RV_KIND_KEY,
					RV_KIND_SETTIME};

	return kinds[which < 5 ? which : which - 54];
}

static uint64_t kinds_for(uint64_t which)
{
	uint64_t kinds = 0;

	for (unsigned i = 0; i < 64; i++)
		if (which >> i & 1)
			kinds |= 1ull << kind_for(i);
	return kinds;
}

static uint32_t random_access(unsigned subject)
{
	uint32_t access = 1u << random_below(7);

	while (random_below(2))
		access |= 1u << random_below(7);
	access &= accesses[subject];
	return access ? access : accesses[subject];
}

static int random_error(enum policy_action action)
{
	static const int errors[] = {EACCES, EPERM, ENOENT, EIO};

	return action == POLICY_DENY ? PICK(errors) : 0;
}

static void random_range(struct policy_rule *rule)
{
	unsigned at = random_below(ARRAY_SIZE(addresses) + 2);
	uint16_t one = PICK(ports), other = PICK(ports);

	rule->port_min = one < other ? one : other;
	rule->port_max = one < other ? other : one;
	if (random_below(3) == 0)
		rule->port_min = 0, rule->port_max = 65535;
	rule->protocol = PICK(protocols);
	if (at >= ARRAY_SIZE(addresses))
		return;
	rule->family = (uint16_t)addresses[at].family;
	rule->prefix = (uint8_t)random_below(rule->family == AF_INET ? 33 : 129);
	for (unsigned bit = 0; bit < rule->prefix; bit++)
		rule->addr[bit / 8] |= addresses[at].addr[bit / 8] & (uint8_t)(128u >> bit % 8);
}

static void random_rule(struct policy_rule *rule, char glob[static 256], size_t whens_n, size_t tags_n)
{
	rule->subject = random_subject();
	rule->action = random_below(3);
	rule->error = random_error(rule->action);
	rule->access = random_access(rule->subject);
	rule->when = random_below(3) ? 0 : random_below((unsigned)whens_n + 1);
	if (tags_n && (rule->subject == POLICY_EXEC || rule->subject == POLICY_FILE))
		rule->tag = random_below(3) ? 0 : random_below((unsigned)tags_n + 1);
	if (rule->tag && rule->subject == POLICY_FILE)
		rule->access = 1 + random_below(RV_DO_READ | RV_DO_WRITE);
	rule->which = 1ull << random_below(4) | 1ull << (60 + random_below(4));
	if (rule->subject == POLICY_KERNEL)
		rule->which = kinds_for(rule->which);
	rule->line = 1;
	if (rule->subject == POLICY_NETWORK)
		random_range(rule);
	if (rule->subject > POLICY_UNIX || random_below(30) == 0)
		return;
	random_glob(glob);
	if (rule->subject == POLICY_UNIX && random_below(2))
		glob[0] = '@';
	rule->path = glob;
}

void random_policies(struct random_policies *ret, size_t n, bool plain)
{
	*ret = (struct random_policies){.n = n};
	for (size_t i = 0; i < n; i++) {
		struct policy *p = &ret->of[i];

		*p = (struct policy){.name = {(char)('a' + i)},
				     .flags = random_below(4) ? RV_POLICY_ENFORCE : 0,
				     .whens = ret->whens[i],
				     .whens_n = plain ? 0 : RANDOM_WHENS,
				     .tags = ret->tags[i],
				     .tags_n = plain ? 0 : RANDOM_TAGS,
				     .rules = ret->rules[i],
				     .rules_n = random_below(RANDOM_RULES + 1)};
		for (size_t k = 0; k < RANDOM_WHENS; k++)
			p->whens[k] = (struct policy_when){.exec = (char *)PICK(when_globs),
							   .children = random_below(2)};
		for (size_t k = 0; k < RANDOM_TAGS; k++)
			p->tags[k] = (struct policy_tag){.glob = (char *)PICK(tag_globs)};
		for (size_t k = 0; k < p->rules_n; k++)
			random_rule(&p->rules[k], ret->globs[i][k], p->whens_n, p->tags_n);
		for (unsigned s = 1; s < RV_SUBJECT_MAX; s++) {
			if (random_below(4))
				continue;
			p->defaults[s].action = random_below(3);
			p->defaults[s].error = random_error(p->defaults[s].action);
		}
		for (size_t k = 0; plain && k < p->rules_n; k++)
			p->rules[k].protocol = 0;
		ret->list[i] = p;
	}
}

void random_question(struct question *ret)
{
	unsigned at = random_below(ARRAY_SIZE(addresses));

	*ret = (struct question){.subject = random_subject(),
				 .which = random_below(2) ? random_below(5) : 59 + random_below(5),
				 .protocol = PICK(protocols),
				 .family = addresses[at].family,
				 .port = (uint16_t)(PICK(ports) + random_below(3) - 1),
				 .tag = PICK(tags),
				 .exes_n = 1 + random_below(3)};
	if (ret->subject == RV_SUBJECT_KERNEL)
		ret->which = kind_for(ret->which);
	ret->access = random_access(ret->subject);
	random_path(ret->path);
	if (ret->subject == RV_SUBJECT_UNIX && random_below(2))
		ret->path[0] = '@';
	memcpy(ret->addr, addresses[at].addr, 16);
	if (random_below(3) == 0)
		ret->addr[random_below(ret->family == AF_INET ? 4 : 16)] ^= 1u << random_below(8);
	for (unsigned i = 0; i < ret->exes_n; i++)
		ret->exes[i] = PICK(exes);
}

struct policy_question random_asked(const struct policy_image *image, const struct question *q,
				    uint8_t text[static RV_ADDRESS_TEXT])
{
	struct policy_question asked = {.subject = q->subject,
					.access = q->access,
					.which = q->which,
					.protocol = q->protocol,
					.text = q->path,
					.len = strlen(q->path)};

	for (unsigned i = 0; i < q->exes_n; i++)
		asked.when = policy_when(image, asked.when, q->exes[i], strlen(q->exes[i]));
	if (q->tag) {
		asked.tag_state = RV_TAG_KNOWN;
		asked.tag = policy_tag(image, q->tag, strlen(q->tag));
	}
	if (q->subject == RV_SUBJECT_NETWORK) {
		policy_address(q->family, q->addr, q->port, text);
		asked.text = text;
		asked.len = RV_ADDRESS_TEXT;
	}
	return asked;
}
