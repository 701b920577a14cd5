/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network: sockets made, bound, listening, connected, accepted, and messages that carry an address.
 * By the acting task's container, whoever made the socket. */
#include "address.bpf.h"

/* The six kinds have the same fields: struct rv_connect stands for all of them. */
RV_ASSERT(sizeof(struct rv_socket) == sizeof(struct rv_connect));
RV_ASSERT(sizeof(struct rv_bind) == sizeof(struct rv_connect));
RV_ASSERT(sizeof(struct rv_listen) == sizeof(struct rv_connect));
RV_ASSERT(sizeof(struct rv_accept) == sizeof(struct rv_connect));
RV_ASSERT(sizeof(struct rv_send) == sizeof(struct rv_connect));

/* What address rules are looked up by: IPv4 in IPv6 is IPv4. */
static __always_inline void address_key(struct rv_addr_key *key, const struct rv_address *a)
{
	const __u64 *words = (const __u64 *)a->addr;

	key->family = a->family;
	key->port = a->port;
	if (a->family == AF_INET6 && words[0] == 0 &&
	    ((const __u32 *)a->addr)[2] == bpf_htonl(0xffff)) {
		key->family = AF_INET;
		__builtin_memcpy(key->addr, a->addr + 12, 4);
	} else {
		__builtin_memcpy(key->addr, a->addr, 16);
	}
}

static __always_inline void socket_fill(struct rv_connect *r, struct socket *sock, struct sock *sk)
{
	r->type = sock->type;
	if (!sk)
		return;
	r->family = sk->__sk_common.skc_family;
	r->protocol = sk->sk_protocol;
	r->netif = sk->__sk_common.skc_bound_dev_if;
}

SEC("lsm/socket_create")
int BPF_PROG(reeve_socket, int family, int type, int protocol, int kern)
{
	struct act a = {};
	struct rv_connect *r;

	if (kern)
		return 0;
	r = act_node(&a, RV_KIND_SOCKET, RV_HOOK_SOCKET, sizeof(*r));
	if (r) {
		r->family = family;
		r->type = type;
		r->protocol = protocol;
	}
	return act_end_node(&a);
}

SEC("lsm/socket_bind")
int BPF_PROG(reeve_bind, struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct act a = {};
	struct rv_connect *r = act_node(&a, RV_KIND_BIND, RV_HOOK_BIND, sizeof(*r));

	if (r) {
		socket_fill(r, sock, sock->sk);
		address_given(r, &r->local, address, addrlen, true);
		if (r->family == AF_UNIX || r->type == SOCK_PACKET)
			address_name(&a, address, addrlen, &r->path_len);
	}
	return act_end_node(&a);
}

SEC("lsm/socket_listen")
int BPF_PROG(reeve_listen, struct socket *sock, int backlog)
{
	struct act a = {};
	struct rv_connect *r = act_node(&a, RV_KIND_LISTEN, RV_HOOK_LISTEN, sizeof(*r));
	struct sock *sk = sock->sk;

	if (r) {
		socket_fill(r, sock, sk);
		r->backlog = backlog;
		if (sk)
			address_local(r, sk);
		if (r->family == AF_UNIX)
			address_unix(&a, sk, &r->path_len);
	}
	return act_end_node(&a);
}

/* In accept, when the new socket has its place in the file: who connected is known here alone. The
 * one other caller is a hash or cipher's "accept". Cannot refuse. */
SEC("lsm/sock_graft")
int BPF_PROG(reeve_accept, struct sock *sk, struct socket *parent)
{
	struct unix_sock *u = (void *)sk;
	struct act a = {};
	struct rv_connect *r;
	struct pid *pid;

	if (sk->__sk_common.skc_family == AF_ALG)
		return 0;
	r = act_node(&a, RV_KIND_ACCEPT, RV_HOOK_ACCEPT, sizeof(*r));
	if (r) {
		socket_fill(r, parent, sk);
		address_local(r, sk);
		address_peer(r, sk);
		if (r->family == AF_UNIX) {
			pid = sk->sk_peer_pid;
			r->opid = BPF_CORE_READ(pid, numbers[0].nr);
			address_unix(&a, sk, &r->path_len);
			address_unix(&a, BPF_CORE_READ(u, peer), &r->from_path_len);
		}
	}
	act_emit(&a);
	return 0;
}

SEC("lsm_cgroup/socket_connect")
int BPF_PROG(reeve_connect, struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct act a = {.kind = RV_KIND_CONNECT, .len = sizeof(struct rv_connect)};
	struct rv_addr_key key = {};
	struct sock *sk = sock->sk;
	struct rv_connect *r;

	if (!who_here(&a.w) || !who_judged(&a.w))
		return RET_ALLOW;
	judge_policy(&a.w, &a.v);
	if (!who_recorded(&a.w, RV_KIND_CONNECT) && !(a.v.flags & RV_POLICY_NETWORK))
		return RET_ALLOW;
	a.s = scratch_claim(a.w.st);
	if (!a.s)
		return unseen(&a.w, &a.v, RV_KIND_CONNECT, NULL);
	r = (void *)a.s->record;
	__builtin_memset(&r->local, 0, sizeof(*r) - sizeof(r->head));
	socket_fill(r, sock, sk);
	address_given(r, &r->peer, address, addrlen, false);
	address_key(&key, &r->peer);
	key.policy = a.w.st->policy;
	judge_address(&a.w, &key, &a.v);
	if (!who_recorded(&a.w, RV_KIND_CONNECT) && a.v.verdict < RV_VERDICT_DENIED) {
		scratch_free(a.s);
		return RET_ALLOW;
	}
	who_fill(&r->head, &a.w, RV_KIND_CONNECT, RV_HOOK_CONNECT);
	if (sk)
		address_local(r, sk);
	if (r->family == AF_UNIX) {
		address_name(&a, address, addrlen, &r->path_len);
		address_unix(&a, sk, &r->from_path_len);
	}
	return act_end_here(&a);
}

/* An address that comes with a message. What goes down a connection is not recorded: it went where
 * connect says; TCP does not look at the address unless the message is to connect as well. */
static __always_inline bool send_is_addressed(struct sock *sk, struct msghdr *msg)
{
	__u32 protocol;

	if (!msg->msg_name || msg->msg_namelen <= 0)
		return false;
	if (!sk || sk->sk_type != SOCK_STREAM || (msg->msg_flags & MSG_FASTOPEN))
		return true;
	protocol = sk->sk_protocol;
	return protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP;
}

/* Messages to the same address, by the address's first 24 bytes: of an IP address all that counts.
 * Others are each recorded. */
static __always_inline bool send_merged(struct act *a, struct msghdr *msg)
{
	__u64 words[3] = {};
	__u16 family = 0;

	bpf_probe_read_kernel(&family, sizeof(family), msg->msg_name);
	if (family == AF_INET && msg->msg_namelen >= 16)
		bpf_probe_read_kernel(words, 8, msg->msg_name);
	else if (family == AF_INET6 && msg->msg_namelen >= 24)
		bpf_probe_read_kernel(words, 24, msg->msg_name);
	else
		return false;
	return merge_hit(&a->w, &a->v, RV_KIND_SEND, words[0], words[1], words[2], &a->first);
}

SEC("lsm_cgroup/socket_sendmsg")
int BPF_PROG(reeve_send, struct socket *sock, struct msghdr *msg, int size)
{
	struct act a = {.kind = RV_KIND_SEND, .len = sizeof(struct rv_send)};
	struct rv_addr_key key = {};
	struct sock *sk = sock->sk;
	struct rv_connect *r;
	bool judged;

	if (!send_is_addressed(sk, msg))
		return RET_ALLOW;
	if (!who_here(&a.w) || !who_judged(&a.w))
		return RET_ALLOW;
	judge_policy(&a.w, &a.v);
	judged = a.v.flags & RV_POLICY_NETWORK;
	if (!who_recorded(&a.w, RV_KIND_SEND) && !judged)
		return RET_ALLOW;
	if (!judged && send_merged(&a, msg))
		return RET_ALLOW;
	a.s = scratch_claim(a.w.st);
	if (!a.s)
		return unseen(&a.w, &a.v, RV_KIND_SEND, a.first);
	r = (void *)a.s->record;
	__builtin_memset(&r->local, 0, sizeof(*r) - sizeof(r->head));
	socket_fill(r, sock, sk);
	r->size = size;
	address_given(r, &r->peer, msg->msg_name, msg->msg_namelen, true);
	address_key(&key, &r->peer);
	key.policy = a.w.st->policy;
	judge_address(&a.w, &key, &a.v);
	if ((judged && send_merged(&a, msg)) ||
	    (!who_recorded(&a.w, RV_KIND_SEND) && a.v.verdict < RV_VERDICT_DENIED)) {
		scratch_free(a.s);
		return RET_ALLOW;
	}
	who_fill(&r->head, &a.w, RV_KIND_SEND, RV_HOOK_SEND);
	if (sk)
		address_local(r, sk);
	if (r->family == AF_UNIX || r->type == SOCK_PACKET)
		address_name(&a, msg->msg_name, msg->msg_namelen, &r->path_len);
	if (r->family == AF_UNIX)
		address_unix(&a, sk, &r->from_path_len);
	return act_end_here(&a);
}
