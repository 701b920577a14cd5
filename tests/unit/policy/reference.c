/* SPDX-License-Identifier: Apache-2.0 */
/* See reference.h. */
#include "tests/unit/policy/reference.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool in_set(const char *p, const char *end, unsigned char c)
{
	bool not = *p == '!' || *p == '^', in = false;

	for (p += not ; p < end; p++) {
		unsigned char from, to;

		if (*p == '\\')
			p++;
		from = to = (unsigned char)*p;
		if (p + 2 < end && p[1] == '-') {
			p += 2;
			if (*p == '\\')
				p++;
			to = (unsigned char)*p;
		}
		in |= c >= from && c <= to;
	}
	return c != '/' && in != not ;
}

/* Without braces. */
static bool matches(const char *p, const char *s)
{
	if (!*p)
		return !*s;
	if (*p == '*') {
		bool all = p[1] == '*';
		const char *rest = p + strspn(p, "*");

		for (;; s++) {
			if (matches(rest, s))
				return true;
			if (!*s || (!all && *s == '/'))
				return false;
		}
	}
	if (!*s)
		return false;
	if (*p == '?')
		return *s != '/' && matches(p + 1, s + 1);
	if (*p == '[') {
		const char *end = strchr(p + 2 + (p[1] == '!'), ']');

		return in_set(p + 1, end, (unsigned char)*s) && matches(end + 1, s + 1);
	}
	if (*p == '\\')
		p++;
	return *p == *s && matches(p + 1, s + 1);
}

/* Braces are taken apart first: "*{,b}*" is "**" or "*b*". */
bool reference_glob(const char *p, const char *s)
{
	const char *open = p, *close, *end;

	for (; *open && *open != '{'; open++)
		open += *open == '\\' && open[1];
	if (!*open)
		return matches(p, s);
	close = strchr(open, '}');
	for (const char *from = open + 1;; from = end + 1) {
		char line[256];

		end = from + strcspn(from, ",}");
		snprintf(line, sizeof(line), "%.*s%.*s%s", (int)(open - p), p, (int)(end - from), from,
			 close + 1);
		if (reference_glob(line, s))
			return true;
		if (end == close)
			return false;
	}
}

static bool in_range(const struct policy_rule *rule, int family, const uint8_t addr[16])
{
	if (rule->family != family)
		return false;
	for (unsigned bit = 0; bit < rule->prefix; bit++) {
		unsigned mask = 128u >> bit % 8;

		if ((rule->addr[bit / 8] & mask) != (addr[bit / 8] & mask))
			return false;
	}
	return true;
}

static bool names_address(const struct policy_rule *rule, const struct question *q)
{
	static const uint8_t none[16], v4[16] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
	bool unspecified = memcmp(q->addr, none, 16) == 0;

	if (q->port < rule->port_min || q->port > rule->port_max)
		return false;
	if (rule->family == 0 || in_range(rule, q->family, q->addr))
		return true;
	if (!unspecified)
		return false;
	return in_range(rule, AF_INET, v4) ||
	       (q->family == AF_INET6 && in_range(rule, AF_INET6, v6));
}

static bool names(const struct policy_rule *rule, const struct question *q)
{
	switch (rule->subject) {
	case POLICY_EXEC:
	case POLICY_FILE:
	case POLICY_UNIX:
		return !rule->path || reference_glob(rule->path, q->path);
	case POLICY_NETWORK:
		return names_address(rule, q);
	case POLICY_CAPABILITY:
	case POLICY_KERNEL:
		return rule->which >> q->which & 1;
	case POLICY_MEMORY:
		break;
	}
	return true;
}

static bool conditions_hold(const struct policy *p, const struct policy_rule *rule,
			    const struct question *q)
{
	const struct policy_when *when = rule->when ? &p->whens[rule->when - 1] : NULL;
	bool holds = !when;

	for (unsigned i = 0; when && i < q->exes_n; i++)
		if ((i + 1 == q->exes_n || when->children) &&
		    reference_glob(when->exec, q->exes[i]))
			holds = true;
	if (rule->tag && (!q->tag || !reference_glob(p->tags[rule->tag - 1].glob, q->tag)))
		return false;
	return holds && (!rule->protocol || rule->protocol == q->protocol);
}

/* Index of the rule that decides about one thing, rules_n: none does. */
static size_t first_rule(const struct policy *p, const struct question *q, uint32_t bit)
{
	size_t i;

	for (i = 0; i < p->rules_n; i++)
		if (p->rules[i].subject == (enum policy_subject)q->subject &&
		    (p->rules[i].access & bit) && names(&p->rules[i], q) &&
		    conditions_hold(p, &p->rules[i], q))
			break;
	return i;
}

static unsigned answer_of(const struct policy *p, enum policy_action action)
{
	switch (action) {
	case POLICY_DENY:
		return p->flags & RV_POLICY_ENFORCE ? RV_ACT_DENY : RV_ACT_WOULD_DENY;
	case POLICY_AUDIT:
		return RV_ACT_AUDIT;
	case POLICY_ALLOW:
		break;
	}
	return RV_ACT_ALLOW;
}

/* Of equally strict answers the one that stands first. */
struct policy_answer reference_decide(const struct policy *const *list, size_t n,
				      const struct question *q)
{
	struct policy_answer answer = {.policy = -1};
	uint32_t before = 0;
	bool said = false;

	for (size_t k = 0; k < n; k++) {
		const struct policy *p = list[k];

		for (size_t i = 0; i <= p->rules_n; i++) {
			bool is_default = i == p->rules_n, decides = false;
			struct policy_answer own;

			for (uint32_t bit = 1; bit < 1u << 16; bit <<= 1)
				decides |= (q->access & bit) && first_rule(p, q, bit) == i;
			if (!decides || (is_default && !p->defaults[q->subject].action))
				continue;
			own = is_default
				  ? (struct policy_answer){answer_of(
							       p, p->defaults[q->subject].action),
							   0, p->defaults[q->subject].error, (int)k, false}
				  : (struct policy_answer){answer_of(p, p->rules[i].action),
							   before + (uint32_t)i + 1,
							   p->rules[i].error, (int)k, false};
			if (!said || own.action > answer.action)
				answer = own;
			said = true;
		}
		before += (uint32_t)p->rules_n;
	}
	return answer;
}
