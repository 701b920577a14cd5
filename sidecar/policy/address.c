/* SPDX-License-Identifier: Apache-2.0 */
/* See address.h; the text is RV_ADDRESS_TEXT's. */
#include "address.h"
#include <string.h>
#include <sys/socket.h>
#include "glob.h"

static void range(struct glob_item *item, unsigned from, unsigned to)
{
	*item = (struct glob_item){.type = GLOB_SET};
	for (unsigned b = from; b <= to; b++)
		item->set[b / 8] |= (uint8_t)(1 << b % 8);
}

/* bits of byte that count, the others any. */
static void prefix_byte(struct glob_item *item, uint8_t byte, unsigned bits)
{
	unsigned any = bits >= 8 ? 0 : 0xffu >> bits;

	range(item, byte & ~any & 0xff, (byte & ~any & 0xff) | any);
}

static int add_ports(struct builder *b, struct glob_item items[RV_ADDRESS_TEXT], unsigned min,
		     unsigned max, uint32_t number)
{
	const struct {
		unsigned high, high_to, low, low_to;
	} part[] = {
	    {min >> 8, min >> 8, min & 255, min >> 8 == max >> 8 ? max & 255 : 255},
	    {(min >> 8) + 1, (max >> 8) - 1, 0, 255},
	    {max >> 8, max >> 8, 0, max & 255},
	};
	bool all = min == 0 && max == 65535;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < (all ? 1 : 3); i++) {
		if (!all && ((i == 1 && part[1].high > part[1].high_to) ||
			     (i == 1 && max >> 8 == 0) || (i == 2 && min >> 8 == max >> 8)))
			continue;
		range(&items[RV_ADDRESS_TEXT - 2], all ? 0 : part[i].high,
		      all ? 255 : part[i].high_to);
		range(&items[RV_ADDRESS_TEXT - 1], all ? 0 : part[i].low,
		      all ? 255 : part[i].low_to);
		r = builder_add_line(b, items, RV_ADDRESS_TEXT, number);
	}
	return r;
}

static int add_range(struct builder *b, const struct policy_rule *rule, int family,
		     const uint8_t addr[16], unsigned prefix, uint32_t number)
{
	struct glob_item items[RV_ADDRESS_TEXT];

	/* Of both families: from 4 to 6, of which 5 is none. */
	range(&items[0], family == AF_INET6 ? 6 : 4, family == AF_INET ? 4 : 6);
	for (unsigned i = 0; i < 16; i++) {
		bool filler = family == AF_INET && i >= 4; /* zero: an any would be a wider row */

		prefix_byte(&items[1 + i], addr[i],
			    filler	     ? 8
			    : prefix > i * 8 ? prefix - i * 8
					     : 0);
	}
	return add_ports(b, items, rule->port_min, rule->port_max, number);
}

static bool holds(const struct policy_rule *rule, const uint8_t addr[16])
{
	for (unsigned i = 0; i < rule->prefix; i++)
		if (((rule->addr[i / 8] ^ addr[i / 8]) >> (7 - i % 8)) & 1)
			return false;
	return true;
}

int address_add(struct builder *b, const struct policy_rule *rule, uint32_t number)
{
	static const uint8_t none[16], v4[16] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
	bool loopback4 = rule->family == AF_INET && holds(rule, v4);
	bool loopback6 = rule->family == AF_INET6 && holds(rule, v6);
	int r = add_range(b, rule, rule->family, rule->addr, rule->prefix, number);

	/* A connect to 0.0.0.0 or :: is one to loopback, and one to :: from a socket bound to a
	 * mapped IPv4 address is one to 127.0.0.1. */
	if (r == 0 && (loopback4 || loopback6))
		r = add_range(b, rule, AF_INET6, none, 128, number);
	if (r == 0 && loopback4)
		r = add_range(b, rule, AF_INET, none, 32, number);
	return r;
}

void policy_address(int family, const uint8_t addr[16], uint16_t port, uint8_t ret[RV_ADDRESS_TEXT])
{
	memset(ret, 0, RV_ADDRESS_TEXT);
	ret[0] = family == AF_INET ? 4 : 6;
	memcpy(ret + 1, addr, family == AF_INET ? 4 : 16);
	ret[RV_ADDRESS_TEXT - 2] = (uint8_t)(port >> 8);
	ret[RV_ADDRESS_TEXT - 1] = (uint8_t)port;
}
