/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about the addresses that were seen: each one, unless there are many alike. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include "seen.h"
#include "sidecar/common/util.h"

/* What two rules are alike in, from the left; what they may differ in and still become one stands
 * right of it. */
static int compare(const struct learned *x, const struct learned *y, size_t prefix)
{
	int r = (int)x->access - (int)y->access;

	r = r ? r : (int)x->protocol - (int)y->protocol;
	r = r ? r : x->family - y->family;
	r = r ? r : memcmp(x->addr, y->addr, prefix / 8);
	return r;
}

static int by_port(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;
	int r = compare(x, y, 128);

	r = r ? r : (int)x->port_min - (int)y->port_min;
	return r ? r : (int)x->port_max - (int)y->port_max;
}

static int by_address(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;
	int r = compare(x, y, 0);

	r = r ? r : (int)x->port_min - (int)y->port_min;
	r = r ? r : (int)x->port_max - (int)y->port_max;
	return r ? r : memcmp(x->addr, y->addr, sizeof(x->addr));
}

/* The bits that hosts of one network have in common. */
static uint8_t network_bits(const struct learned *rule)
{
	return rule->family == AF_INET ? 24 : 64;
}

static size_t join_ports(struct learned *rules, size_t n)
{
	size_t to = 0;

	qsort(rules, n, sizeof(*rules), by_port);
	for (size_t i = 0, end; i < n; i = end) {
		struct learned *kept;

		for (end = i + 1; end < n && rules[i].port_min >= LEARN_PORT_LOW &&
				  compare(&rules[i], &rules[end], 128) == 0;)
			end++;
		if (end - i < LEARN_PORTS_MIN) {
			memmove(rules + to, rules + i, (end - i) * sizeof(*rules));
			to += end - i;
			continue;
		}
		kept = &rules[to++];
		*kept = rules[i];
		kept->port_min = LEARN_PORT_LOW;
		kept->port_max = UINT16_MAX;
		kept->wider = true;
	}
	return to;
}

static size_t join_addresses(struct learned *rules, size_t n)
{
	size_t to = 0;

	qsort(rules, n, sizeof(*rules), by_address);
	for (size_t i = 0, end; i < n; i = end) {
		uint8_t bits = network_bits(&rules[i]);
		struct learned *kept;

		for (end = i + 1; end < n && compare(&rules[i], &rules[end], bits) == 0 &&
				  rules[end].port_min == rules[i].port_min &&
				  rules[end].port_max == rules[i].port_max;)
			end++;
		if (end - i < LEARN_ADDRESSES_MIN) {
			memmove(rules + to, rules + i, (end - i) * sizeof(*rules));
			to += end - i;
			continue;
		}
		kept = &rules[to++];
		*kept = rules[i];
		memset(kept->addr + bits / 8, 0, sizeof(kept->addr) - bits / 8);
		kept->prefix = bits;
		kept->wider = true;
	}
	return to;
}

int learned_network(struct learn *l)
{
	size_t from = l->rules_n, n;

	for (size_t i = 0; i < l->n; i++) {
		const struct seen *s = l->all[i];
		struct learned *rule;

		if (s->subject != RV_SUBJECT_NETWORK)
			continue;
		rule = learned_new(l, s);
		if (!rule)
			return -ENOMEM;
		rule->family = s->text[0] == 4 ? AF_INET : AF_INET6;
		rule->prefix = s->text[0] == 4 ? 32 : 128;
		rule->protocol = s->protocol;
		memcpy(rule->addr, s->text + 1, sizeof(rule->addr));
		rule->port_min = rule->port_max =
		    (uint16_t)((uint8_t)s->text[RV_ADDRESS_TEXT - 2] << 8 |
			       (uint8_t)s->text[RV_ADDRESS_TEXT - 1]);
	}
	n = l->rules_n - from;
	if (n)
		l->rules_n = from + join_addresses(l->rules + from, join_ports(l->rules + from, n));
	return 0;
}
