/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "rule.h"
#include "sidecar/common/cidr.h"
#include "sidecar/common/util.h"

#define PORT_MAX 65535

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
    {"tcp", IPPROTO_TCP},   {"udp", IPPROTO_UDP},   {"udplite", IPPROTO_UDPLITE},
    {"sctp", IPPROTO_SCTP}, {"icmp", IPPROTO_ICMP}, {"icmpv6", IPPROTO_ICMPV6},
};

/* Clears what is behind the prefix; whether something was there. */
static bool clear_host_bits(uint8_t addr[16], unsigned prefix)
{
	bool found = false;

	for (unsigned i = 0; i < 16; i++) {
		unsigned keep = prefix >= 8 * (i + 1) ? 8 : prefix > 8 * i ? prefix - 8 * i : 0;
		uint8_t rest = (uint8_t)(0xffu >> keep);

		found |= (addr[i] & rest) != 0;
		addr[i] &= (uint8_t)~rest;
	}
	return found;
}

static int refuse_host_bits(struct reader *r, const struct json *m, int family,
			    const uint8_t addr[16], unsigned prefix)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, text, sizeof(text));
	return reader_fail(r, m,
			   "found an address with bits behind its prefix, expected none; did "
			   "you mean \"%s/%u\"?",
			   text, prefix);
}

static int parse_cidr(struct reader *r, const struct json *m, bool range, struct policy_rule *rule)
{
	const char *what = range
			       ? "an address or CIDR, as \"10.0.0.0/8\" or \"2001:db8::1\"; names "
				 "are not looked up"
			       : "one IPv4 or IPv6 address; ranges are \"cidr\"";
	struct cidr c;
	int err;

	if (m->type != JSON_STRING || (!range && strchr(m->string, '/')))
		return reader_expected(r, m, what);
	err = cidr_parse(m->string, &c);
	if (err == -ERANGE)
		return reader_expected(r, m,
				       "a prefix of 0 to 32 bits (IPv4) or 128 (IPv6) behind the '/'");
	if (err < 0)
		return reader_expected(r, m, what);
	if (clear_host_bits(c.addr, c.prefix))
		return refuse_host_bits(r, m, c.family, c.addr, c.prefix);
	cidr_unmap_range(&c);
	rule->family = (uint16_t)c.family;
	rule->prefix = (uint8_t)c.prefix;
	memcpy(rule->addr, c.addr, sizeof(rule->addr));
	return 0;
}

static int parse_address(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	const struct json *cidr = json_get(j, "cidr"), *address = json_get(j, "address");

	if (cidr && address)
		return reader_fail(r, address, "found \"address\" beside \"cidr\", expected one");
	if (!cidr && !address)
		return 0;
	return parse_cidr(r, cidr ? cidr : address, cidr != NULL, rule);
}

static int parse_port(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	const struct json *m = json_get(j, "port");
	unsigned low = 0, high = PORT_MAX;
	const char *dash;
	bool good = true;

	if (m && m->type == JSON_NUMBER) {
		good = m->number >= 0 && m->number <= PORT_MAX;
		low = high = (unsigned)m->number;
	} else if (m) {
		dash = m->type == JSON_STRING ? strchr(m->string, '-') : NULL;
		good = dash && util_decimal(m->string, (size_t)(dash - m->string), PORT_MAX, &low) &&
		       util_decimal(dash + 1, strlen(dash + 1), PORT_MAX, &high) && low <= high;
	}
	if (!good)
		return reader_expected(r, m, "a port from 0 to 65535, or \"LOW-HIGH\"");
	rule->port_min = (uint16_t)low;
	rule->port_max = (uint16_t)high;
	return 0;
}

uint8_t policy_protocol(const char *name)
{
	unsigned number = 0;

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (strcmp(protocols[i].name, name) == 0)
			return protocols[i].number;
	util_decimal(name, strlen(name), UINT8_MAX, &number);
	return (uint8_t)number;
}

static int parse_protocol(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	const char *names[ARRAY_SIZE(protocols) + 1] = {NULL};
	const struct json *m = json_get(j, "protocol");
	unsigned index;
	int err;

	if (!m)
		return 0;
	if (m->type == JSON_NUMBER) {
		if (m->number < 1 || m->number > UINT8_MAX)
			return reader_expected(r, m, "a protocol from 1 to 255, or its name");
		rule->protocol = (uint8_t)m->number;
		return 0;
	}
	/* 262, of which a byte holds 6: decided as TCP, so that it is no way around such rules. */
	if (m->type == JSON_STRING && strcmp(m->string, "mptcp") == 0)
		return reader_expected(r, m, "\"tcp\", which is MPTCP, too");
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		names[i] = protocols[i].name;
	err = reader_word(r, m, names, &index);
	if (err == 0)
		rule->protocol = protocols[index].number;
	return err;
}

int rule_parse_network(struct reader *r, const struct json *j, struct policy_rule *rule)
{
	int err = parse_address(r, j, rule);

	if (err == 0)
		err = parse_port(r, j, rule);
	if (err == 0)
		err = parse_protocol(r, j, rule);
	return err == 0 ? rule_parse_access(r, j, "direction", rule) : err;
}
