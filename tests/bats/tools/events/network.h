/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of network*.c say of a socket: family, type, protocol and interface are asked of
 * the kernel (getsockopt), ports too (getsockname); the rest is what the verb itself gave. */
#pragma once
#include "say.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX 62
#endif
#define PORT(n) ((long)(n) + 1) /* 0 is "null" */

/* Strings: as they stand in JSON between the quotes, NULL is null. */
struct want {
	const char *kind;
	const char *laddr, *faddr;
	long lport, fport; /* PORT() */
	const char *path, *from_path;
	unsigned groups, size, netif; /* netif 0: the socket's own */
	int backlog;
	const char *any; /* a field nobody in the container can know */
	const char *who; /* members of "process", where it is not the caller */
};

static inline const char *string_or_null(const char *s)
{
	static char text[8][512];
	static unsigned at;
	char *to = text[at++ % 8];

	snprintf(to, sizeof(text[0]), s ? "\"%s\"" : "null", s);
	return to;
}

static inline const char *port_or_null(long port)
{
	static char text[8][24];
	static unsigned at;
	char *to = text[at++ % 8];

	if (!port)
		return "null";
	snprintf(to, sizeof(text[0]), "%ld", port - 1);
	return to;
}

static inline const char *family_name(int family)
{
	switch (family) {
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_UNIX:
		return "unix";
	case AF_NETLINK:
		return "netlink";
	case AF_PACKET:
		return "packet";
	case AF_VSOCK:
		return "vsock";
	default:
		return "?";
	}
}

static inline const char *type_name(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_RAW:
		return "raw";
	case SOCK_SEQPACKET:
		return "seqpacket";
	case SOCK_PACKET:
		return "packet";
	default:
		return "?";
	}
}

static inline void say_socket_by(const char *process, const char *kind, const char *family,
				 const char *type, int protocol, int times)
{
	printf("{\"kind\":\"%s\",%s,\"times\":%d,\"verdict\":\"allowed\",\"laddr\":null,"
	       "\"lport\":null,\"faddr\":null,\"fport\":null,\"family\":\"%s\",\"type\":\"%s\","
	       "\"protocol\":%d,\"netif\":0,\"groups\":\"0x0\",\"opid\":0,\"backlog\":0,\"size\":0,"
	       "\"path\":null,\"from_path\":null}\n",
	       kind, process, times, family, type, protocol);
}

static inline void say_socket(const char *kind, const char *family, const char *type, int protocol,
			      int times)
{
	say_socket_by(who(), kind, family, type, protocol, times);
}

static inline int option_of(int fd, int option)
{
	int n = -1;
	socklen_t len = sizeof(n);

	MUST(getsockopt(fd, SOL_SOCKET, option, &n, &len) == 0);
	return n;
}

static inline void say(int fd, struct want w)
{
	unsigned netif = w.netif ? w.netif : (unsigned)option_of(fd, SO_BINDTOIFINDEX);

	printf("{\"kind\":\"%s\",%s,\"verdict\":\"allowed\",\"laddr\":%s,\"lport\":%s,\"faddr\":%s,"
	       "\"fport\":%s,\"family\":\"%s\",\"type\":\"%s\",\"protocol\":%d,\"netif\":%u,"
	       "\"groups\":\"0x%x\",\"backlog\":%d,\"size\":%u,\"path\":%s,\"from_path\":%s,%s}\n",
	       w.kind, w.who ? w.who : who(), string_or_null(w.laddr), port_or_null(w.lport),
	       string_or_null(w.faddr), port_or_null(w.fport),
	       family_name(option_of(fd, SO_DOMAIN)), type_name(option_of(fd, SO_TYPE)),
	       option_of(fd, SO_PROTOCOL), netif, w.groups, w.backlog, w.size,
	       string_or_null(w.path), string_or_null(w.from_path), w.any ? w.any : "\"opid\":0");
}

/* No record of that kind whose member is that number. */
static inline void say_none(const char *kind, const char *member, long n)
{
	printf("{\"kind\":\"%s\",\"times\":0,\"%s\":%ld}\n", kind, member, n);
}

/* So many in all, whatever else they say. */
static inline void say_count(const char *kind, const char *member, const char *value, int times)
{
	printf(
	    "{\"kind\":\"%s\",\"%s\":%s,\"times\":%d,\"any\":[\"laddr\",\"lport\",\"faddr\","
	    "\"fport\","
	    "\"family\",\"type\",\"protocol\",\"netif\",\"groups\",\"opid\",\"backlog\",\"size\","
	    "\"path\",\"from_path\"]}\n",
	    kind, member, value, times);
}

static inline struct sockaddr *in(const char *address, int port)
{
	static struct sockaddr_in a[4];
	static unsigned at;
	struct sockaddr_in *to = &a[at++ % 4];

	*to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	MUST(inet_pton(AF_INET, address, &to->sin_addr) == 1);
	return (struct sockaddr *)to;
}

static inline struct sockaddr *in6(const char *address, int port, unsigned scope)
{
	static struct sockaddr_in6 a[4];
	static unsigned at;
	struct sockaddr_in6 *to = &a[at++ % 4];

	*to = (struct sockaddr_in6){
	    .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_scope_id = scope};
	MUST(inet_pton(AF_INET6, address, &to->sin6_addr) == 1);
	return (struct sockaddr *)to;
}
#define IN sizeof(struct sockaddr_in)
#define IN6 sizeof(struct sockaddr_in6)

/* Port of the socket's own name; of both internet families. */
static inline int port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);

	MUST(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	return ntohs(a.sin6_port);
}

static inline int sock(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);

	MUST(fd >= 0);
	return fd;
}
