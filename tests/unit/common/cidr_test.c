/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and ranges as text. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/cidr.h"
#include "tests/unit/tap.h"

static const char *parsed(const char *text)
{
	static char said[INET6_ADDRSTRLEN + 8];
	char address[INET6_ADDRSTRLEN];
	struct cidr c;
	int r = cidr_parse(text, &c);

	if (r < 0)
		return r == -EINVAL ? "EINVAL" : r == -ERANGE ? "ERANGE" : "?";
	cidr_unmap_range(&c);
	inet_ntop(c.family, c.addr, address, sizeof(address));
	snprintf(said, sizeof(said), "%s/%u", address, c.prefix);
	return said;
}

TEST("cidr: addresses and ranges")
{
	CHECK_STR(parsed("10.0.0.1"), "10.0.0.1/32");
	CHECK_STR(parsed("10.1.2.3/8"), "10.1.2.3/8");
	CHECK_STR(parsed("0.0.0.0/0"), "0.0.0.0/0");
	CHECK_STR(parsed("2001:db8::1"), "2001:db8::1/128");
	CHECK_STR(parsed("2001:db8::/33"), "2001:db8::/33");
	CHECK_STR(parsed("::ffff:10.0.0.0/104"), "10.0.0.0/8");
	CHECK_STR(parsed("::ffff:10.0.0.1"), "10.0.0.1/32");
	CHECK_STR(parsed("::ffff:0:0/95"), "::ffff:0.0.0.0/95");
	CHECK_STR(parsed("::fffe:0:0/96"), "::fffe:0:0/96");
}

TEST("cidr: what is none")
{
	static const char *const no_address[] = {"", "x", "/8", "10.0.0", "10.0.0.256", "1::2::3", " 10.0.0.1",
						 "10.0.0.1%lo"};
	static const char *const no_prefix[] = {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8",
						"10.0.0.0/8 ", "10.0.0.0/8/8", "::/129", "::/-1"};
	char longest[200] = "";

	memset(longest, '1', sizeof(longest) - 1);
	CHECK_STR(parsed(longest), "EINVAL");
	for (unsigned i = 0; i < sizeof(no_address) / sizeof(*no_address); i++)
		CHECK_STR(parsed(no_address[i]), "EINVAL");
	for (unsigned i = 0; i < sizeof(no_prefix) / sizeof(*no_prefix); i++)
		CHECK_STR(parsed(no_prefix[i]), "ERANGE");
}
