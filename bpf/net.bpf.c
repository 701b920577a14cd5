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

static __always_inline void socket_fill(struct rv_connect *r, struct socket *sock, struct sock *sk)
{
	r->type = sock->type;
	if (!sk)
		return;
	r->family = sk->__sk_common.skc_family;
	r->protocol = sk->sk_protocol;
	r->netif = sk->__sk_common.skc_bound_dev_if;
}

/* Sockets of IP and unix are judged by address, the others by what is done. */
static __always_inline __u32 socket_subject(struct sock *sk)
{
	__u16 family = sk ? sk->__sk_common.skc_family : 0;

	return family == AF_UNIX			     ? RV_SUBJECT_UNIX
	       : family == AF_INET || family == AF_INET6 ? RV_SUBJECT_NETWORK
							     : 0;
}

/* IPv4 in IPv6 is IPv4; see RV_ADDRESS_TEXT. */
static __always_inline void address_judge(struct act *a, const struct rv_connect *r,
					  const struct rv_address *address)
{
	const __u32 *words = (const __u32 *)address->addr;
	__u8 *text = (__u8 *)a->s->chunk;

	if (!judge_asked(&a->v))
		return;
	__builtin_memset(text, 0, RV_ADDRESS_TEXT);
	if (address->family == AF_INET) {
		text[0] = 4;
		__builtin_memcpy(text + 1, address->addr, 4);
	} else if (address->family != AF_INET6) {
		return; /* not an address to the kernel either, or it takes a connection apart */
	} else if (!words[0] && !words[1] && words[2] == bpf_htonl(0xffff)) {
		text[0] = 4;
		__builtin_memcpy(text + 1, address->addr + 12, 4);
	} else {
		text[0] = 6;
		__builtin_memcpy(text + 1, address->addr, 16);
	}
	text[RV_ADDRESS_TEXT - 2] = address->port >> 8;
	text[RV_ADDRESS_TEXT - 1] = address->port;
	a->v.protocol = r->protocol & 255; /* MPTCP, 262, is TCP */
	judge_text(&a->w, &a->v, text, RV_ADDRESS_TEXT);
}

/* A name with "//", "/./" or "/../" in it is another way to say some other name. Where it leads is
 * judged when it is reached (unix.bpf.c); of one that is to be made nobody tells, and a verdict on the text
 * would be one on the wrong name. What is known so far lies behind the text and not on the
 * stack: 6.1 takes the first round's zeroes there for those of every round, and drops the branches.
 */
struct detour {
	char text[128];
	__u32 dots; /* since the last slash, and nothing else; more than 2: a name */
	__u32 found;
};
struct detour_of {
	struct detour *d;
};
static long detour_step(__u32 i, struct detour_of *of)
{
	struct detour *d = of->d;
	char c = d->text[i & 127];

	if (c == '/' || !c) {
		d->found |= d->dots <= 2 && i > 0;
		d->dots = 0;
	} else {
		d->dots = c == '.' ? d->dots + 1 : 3;
	}
	return 0;
}

/* The name that was just added to the record, len bytes: as it was given. An abstract one begins
 * with
 * '@' in the rules; one that is not absolute depends on where the process stands. */
static __always_inline void name_judge(struct act *a, __u32 len)
{
	char *text = a->s->chunk;
	__u32 n = len & 127, at = a->len - n, state = RV_PATH_OK;
	struct detour_of of = {.d = (void *)text};

	if (!judge_asked(&a->v) || !n)
		return;
	asm volatile("" : "+r"(at));
	if (at > sizeof(a->s->record) - RV_PATH_MAX)
		at = sizeof(a->s->record) - RV_PATH_MAX;
	bpf_probe_read_kernel(text, n, a->s->record + at);
	if (text[0] == '/' && (a->access & RV_DO_BIND)) {
		text[n] = 0;
		of.d->dots = 0;
		of.d->found = 0;
		bpf_loop(n + 1, detour_step, &of, 0);
		state = of.d->found ? RV_PATH_OUTSIDE : RV_PATH_OK;
	} else if (text[0] == 0) {
		text[0] = '@';
	} else if (text[0] != '/') { /* one that begins with '@' as well: it is not abstract */
		state = RV_PATH_OUTSIDE;
	}
	judge_path(&a->w, &a->v, text, n, state);
}

/* A socket's name is only what was given; where it leads the kernel finds out next (unix.bpf.c). */
static __always_inline void unix_note(struct act *a, struct socket *sock, const void *address,
				      int addrlen, __u32 access)
{
	struct unix_way *way;
	char first = 0;

	way = bpf_task_storage_get(&reeve_unix, bpf_get_current_task_btf(), NULL, 0);
	if (way)
		way->access = 0;
	if (!judge_asked(&a->v) || a->v.verdict == RV_VERDICT_DENIED || addrlen <= 2)
		return;
	bpf_probe_read_kernel(&first, 1, address + 2);
	if (!first)
		return;
	way = bpf_task_storage_get(&reeve_unix, bpf_get_current_task_btf(), NULL,
				   BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (way) {
		way->sk = (__u64)sock->sk;
		way->name = (__u64)address + 2;
		way->led = way->same = 0;
		way->access = access;
		return;
	}
	__sync_fetch_and_add(&a->w.st->counters.errors[RV_ERROR_NOTE], 1);
	if (a->v.flags & RV_POLICY_UNRESOLVABLE_DENY)
		judge_refuse(&a->v, EACCES);
}

static __always_inline void socket_judge(struct act *a, const struct rv_connect *r,
					 const struct rv_address *address)
{
	if (r->family == AF_UNIX)
		name_judge(a, r->path_len);
	else
		address_judge(a, r, address);
}

/* This end of a socket: its address, or its name. */
static __always_inline void socket_ends(struct act *a, struct rv_connect *r, struct sock *sk)
{
	if (sk)
		address_local(r, sk);
	if (r->family == AF_UNIX)
		address_unix(a, sk, &r->from_path_len);
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
	struct act a = {.subject = socket_subject(sock->sk), .access = RV_DO_BIND};
	struct rv_connect *r = act_node(&a, RV_KIND_BIND, RV_HOOK_BIND, sizeof(*r));

	if (r) {
		socket_fill(r, sock, sock->sk);
		address_given(r, &r->local, address, addrlen, true);
		if (r->family == AF_UNIX || r->type == SOCK_PACKET)
			address_name(&a, address, addrlen, &r->path_len);
		socket_judge(&a, r, &r->local);
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
	struct sock *sk = sock->sk;
	struct act a = {.subject = socket_subject(sk), .access = RV_DO_CONNECT};
	struct rv_connect *r = act_here(&a, RV_KIND_CONNECT, RV_HOOK_CONNECT, sizeof(*r));

	if (r) {
		socket_fill(r, sock, sk);
		address_given(r, &r->peer, address, addrlen, false);
		if (r->family == AF_UNIX)
			address_name(&a, address, addrlen, &r->path_len);
		socket_judge(&a, r, &r->peer);
		if (r->family == AF_UNIX)
			unix_note(&a, sock, address, addrlen, RV_DO_CONNECT);
		socket_ends(&a, r, sk);
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
	struct sock *sk = sock->sk;
	struct act a = {.subject = socket_subject(sk), .access = RV_DO_SEND};
	struct rv_connect *r;

	if (!send_is_addressed(sk, msg))
		return RET_ALLOW;
	/* TCP Fast Open connects with its first message. */
	if (sk && sk->sk_type == SOCK_STREAM)
		a.access |= RV_DO_CONNECT;
	if (!act_who_here(&a, RV_KIND_SEND))
		return RET_ALLOW;
	act_judge_begin(&a, RV_KIND_SEND);
	if (!act_asked(&a) && send_merged(&a, msg))
		return RET_ALLOW;
	r = act_record(&a, RV_KIND_SEND, RV_HOOK_SEND, sizeof(*r));
	if (r) {
		socket_fill(r, sock, sk);
		r->size = size;
		address_given(r, &r->peer, msg->msg_name, msg->msg_namelen, true);
		if (r->family == AF_UNIX || r->type == SOCK_PACKET)
			address_name(&a, msg->msg_name, msg->msg_namelen, &r->path_len);
		socket_judge(&a, r, &r->peer);
		if (r->family == AF_UNIX)
			unix_note(&a, sock, msg->msg_name, msg->msg_namelen, RV_DO_SEND);
		socket_ends(&a, r, sk);
	}
	return act_end_here(&a);
}
