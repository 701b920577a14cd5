/* SPDX-License-Identifier: Apache-2.0 */
/* See cidr.h. */
#include "cidr.h"
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include "util.h"

#define MAPPED_BITS 96 /* of an IPv6 address before the IPv4 one in it */

int cidr_parse(const char *text, struct cidr *ret)
{
	const char *slash = strchrnul(text, '/');
	size_t len = (size_t)(slash - text);
	char address[CIDR_TEXT_MAX];

	*ret = (struct cidr){};
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(AF_INET, address, ret->addr) == 1)
		ret->family = AF_INET;
	else if (inet_pton(AF_INET6, address, ret->addr) == 1)
		ret->family = AF_INET6;
	else
		return -EINVAL;
	ret->prefix = ret->family == AF_INET ? 32 : 128;
	if (*slash && !util_decimal(slash + 1, strlen(slash + 1), ret->prefix, &ret->prefix))
		return -ERANGE;
	return 0;
}

int cidr_unmap(uint8_t addr[16])
{
	static const uint8_t mapped[MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};

	if (memcmp(addr, mapped, sizeof(mapped)) != 0)
		return AF_INET6;
	memmove(addr, addr + sizeof(mapped), 4);
	memset(addr + 4, 0, 12);
	return AF_INET;
}

void cidr_unmap_range(struct cidr *c)
{
	if (c->family != AF_INET6 || c->prefix < MAPPED_BITS)
		return;
	c->family = cidr_unmap(c->addr);
	if (c->family == AF_INET)
		c->prefix -= MAPPED_BITS;
}
