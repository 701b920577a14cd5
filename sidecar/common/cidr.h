/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and ranges as text. Pure. */
#pragma once
#include <stdint.h>

#define CIDR_TEXT_MAX 64 /* bytes of any, NUL included */

struct cidr {
	int family;	  /* AF_INET or AF_INET6 */
	uint8_t addr[16]; /* network order; of AF_INET the first 4 */
	unsigned prefix;  /* bits that count */
};

/* "10.0.0.0/8", "2001:db8::1"; without a prefix all bits count. -EINVAL: no address; -ERANGE: what stands
 * behind the '/' is no prefix of such an address. Bits behind the prefix stay as they are. */
int cidr_parse(const char *text, struct cidr *ret);

/* An IPv4 address in its IPv6 form is the IPv4 address. Returns what addr is then. */
int cidr_unmap(uint8_t addr[16]);
/* The same of a range that lies in that form. */
void cidr_unmap_range(struct cidr *c);
