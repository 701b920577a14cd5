/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of sockets: as a system call gave them (kernel memory by the time a hook sees it, every
 * byte chosen by the container) and as a struct sock has them. What is too short or of a family not
 * known here stays "not known". */
#pragma once
#include "act.bpf.h"

#define UNIX_PATH_MAX 108

/* Sized so that a length masked by 63 stays inside. */
union given {
	__u16 family;
	struct {
		__u16 family, port;
		__u8 addr[4];
	} v4;
	struct {
		__u16 family, port;
		__u32 flow;
		__u8 addr[16];
		__u32 scope;
	} v6;
	struct {
		__u16 family, pad;
		__u32 port, groups;
	} netlink;
	struct {
		__u16 family, reserved;
		__u32 port, cid, flags;
	} vsock;
	struct {
		__u16 family, protocol;
		__u32 netif;
		__u16 hardware;
		__u8 packet_type, len, addr[8];
	} packet;
	struct {
		__u16 family;
		char netif[14];
		__u16 protocol;
	} packet_old;
	__u64 words[8];
};

/* The family the kernel will take an address for. It does not look at a packet socket's, and where
 * implied is true (bind, send; not connect, where it disconnects) AF_UNSPEC passes for the socket's
 * own in IPv4 and raw IPv6. */
static __always_inline __u32 given_family(const struct rv_connect *r, __u32 family, bool implied)
{
	if (r->family == AF_PACKET)
		return AF_PACKET;
	if (!family && implied &&
	    (r->family == AF_INET || (r->family == AF_INET6 && r->type == SOCK_RAW)))
		return r->family;
	return family;
}

static __always_inline void given_packet(struct rv_connect *r, struct rv_address *to,
					 const union given *g, __u32 n)
{
	if (r->type == SOCK_PACKET) {
		to->family = n >= 18 ? AF_PACKET : 0;
		to->port = bpf_ntohs(g->packet_old.protocol);
		return;
	}
	to->family = AF_PACKET;
	to->port = bpf_ntohs(g->packet.protocol);
	r->netif = g->packet.netif;
	if (g->packet.len <= sizeof(g->packet.addr) && 12 + g->packet.len <= n) {
		to->len = g->packet.len;
		for (int i = 0; i < 8; i++)
			to->addr[i] = i < g->packet.len ? g->packet.addr[i] : 0;
	}
}

/* Decodes addrlen bytes at address, for a socket that r tells about already. to: r's local or
 * peer, zero. */
static __always_inline void address_given(struct rv_connect *r, struct rv_address *to,
					  const void *address, int addrlen, bool implied)
{
	union given g = {.words = {}};
	__u32 n = addrlen, family;

	if (addrlen < 2)
		return;
	if (n > 32)
		n = 32;
	asm volatile("" : "+r"(n)); /* 6.1 loses the range of a copy */
	n &= 63;
	if (bpf_probe_read_kernel(&g, n, address))
		return;
	family = given_family(r, g.family, implied);
	if (family == AF_INET && n >= 8) {
		to->family = family;
		__builtin_memcpy(to->addr, g.v4.addr, 4);
		to->port = bpf_ntohs(g.v4.port);
	} else if (family == AF_INET6 && n >= 24) {
		to->family = family;
		__builtin_memcpy(to->addr, g.v6.addr, 16);
		to->port = bpf_ntohs(g.v6.port);
		if (n >= 28)
			to->scope_id = g.v6.scope;
	} else if (family == AF_NETLINK && n >= 12) {
		to->family = family;
		to->port = g.netlink.port;
		r->groups = g.netlink.groups;
	} else if (family == AF_VSOCK && n >= 16) {
		to->family = family;
		to->port = g.vsock.port;
		*(__u32 *)to->addr = g.vsock.cid;
	} else if (family == AF_PACKET && n >= 12) {
		given_packet(r, to, &g, n);
	}
}

/* Appends the name behind the family in a unix address, or the interface an old packet address
 * names. A path ends at its NUL, what lies behind is the process's stack; an abstract name starts
 * with NUL and is all bytes. */
static __always_inline void address_name(struct act *a, const void *address, int addrlen,
					 __u32 *ret_len)
{
	__u32 n = addrlen - 2, len;
	char *to = act_room(a), first = 0;
	long got;

	*ret_len = 0;
	if (addrlen <= 2)
		return;
	if (n > UNIX_PATH_MAX)
		n = UNIX_PATH_MAX;
	asm volatile("" : "+r"(n));
	n &= 127;
	bpf_probe_read_kernel(&first, 1, address + 2);
	if (first) {
		got = bpf_probe_read_kernel_str(to, n + 1, address + 2);
		len = got > 0 ? got - 1 : 0;
	} else {
		len = bpf_probe_read_kernel(to, n, address + 2) ? 0 : n;
	}
	asm volatile("" : "+r"(len));
	len &= 127;
	*ret_len = len;
	a->len += len;
}

/* The name a unix socket has; sk may be NULL. */
static __always_inline void address_unix(struct act *a, struct sock *sk, __u32 *ret_len)
{
	struct unix_sock *u = (void *)sk;
	struct unix_address *name = u ? BPF_CORE_READ(u, addr) : NULL;

	*ret_len = 0;
	if (name)
		address_name(a, (void *)name + bpf_core_field_offset(struct unix_address, name),
			     BPF_CORE_READ(name, len), ret_len);
}

/* vsock is a module, which need not be there when the programs are loaded: its socket is the struct
 * sock, a pointer to the transport, then two addresses, of which each says its family. */
static __always_inline void address_vsock(struct rv_address *to, struct sock *sk, __u32 index)
{
	union given g = {.words = {}};

	if (bpf_probe_read_kernel(&g, sizeof(g.vsock),
				  (void *)sk + bpf_core_type_size(struct sock) + sizeof(void *) +
				      index * sizeof(g.vsock)) ||
	    g.vsock.family != AF_VSOCK || g.vsock.port == ~0u)
		return;
	to->family = AF_VSOCK;
	to->port = g.vsock.port;
	*(__u32 *)to->addr = g.vsock.cid;
}

static __always_inline void address_v6(struct rv_address *to, const struct in6_addr *from,
				       __u32 port, struct sock *sk)
{
	__u64 *words = (__u64 *)to->addr;

	bpf_probe_read_kernel(to->addr, sizeof(to->addr), from);
	if (!words[0] && !words[1] && !port)
		return;
	to->family = AF_INET6;
	to->port = port;
	if (to->addr[0] == 0xfe && (to->addr[1] & 0xc0) == 0x80)
		to->scope_id = sk->__sk_common.skc_bound_dev_if;
}

static __always_inline void address_v4(struct rv_address *to, __u32 addr, __u32 port)
{
	if (!addr && !port)
		return;
	to->family = AF_INET;
	to->port = port;
	*(__u32 *)to->addr = addr;
}

/* What the socket itself is bound to, if anything. */
static __always_inline void address_local(struct rv_connect *r, struct sock *sk)
{
	/* A raw socket has its protocol there. */
	__u32 port = sk->sk_type == SOCK_RAW ? 0 : sk->__sk_common.skc_num;
	struct packet_sock *packet = (void *)sk;
	struct netlink_sock *netlink = (void *)sk;

	switch (r->family) {
	case AF_INET:
		address_v4(&r->local, sk->__sk_common.skc_rcv_saddr, port);
		break;
	case AF_INET6:
		address_v6(&r->local, &sk->__sk_common.skc_v6_rcv_saddr, port, sk);
		break;
	case AF_NETLINK:
		r->local.port = BPF_CORE_READ(netlink, portid);
		r->local.family = r->local.port ? AF_NETLINK : 0;
		break;
	case AF_VSOCK:
		address_vsock(&r->local, sk, 0);
		break;
	case AF_PACKET:
		r->local.port = bpf_ntohs(BPF_CORE_READ(packet, num));
		r->local.family = r->local.port ? AF_PACKET : 0;
		if (!r->netif)
			r->netif = BPF_CORE_READ(packet, ifindex);
	}
}

/* What a connected socket is connected to. */
static __always_inline void address_peer(struct rv_connect *r, struct sock *sk)
{
	__u32 port = bpf_ntohs(sk->__sk_common.skc_dport);

	switch (r->family) {
	case AF_INET:
		address_v4(&r->peer, sk->__sk_common.skc_daddr, port);
		break;
	case AF_INET6:
		address_v6(&r->peer, &sk->__sk_common.skc_v6_daddr, port, sk);
		break;
	case AF_VSOCK:
		address_vsock(&r->peer, sk, 1);
	}
}
