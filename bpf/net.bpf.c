/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network: connect. Runs by the acting task's cgroup, whoever made the socket. */

struct address4 {
	__u16 family;
	__u16 port;
	__u8 addr[4];
};
struct address6 {
	__u16 family;
	__u16 port;
	__u32 flow;
	__u8 addr[16];
	__u32 scope;
};
#define UNIX_PATH_MAX 108

/* Decodes a socket address of addrlen bytes in kernel memory; reads no byte beyond. path: room for
 * 128 bytes, for AF_UNIX; spare: as much again. Returns the length of the name there. */
static __always_inline __u32 address_read(struct rv_address *to, const void *address, int addrlen,
					  char *path, char *spare)
{
	struct address6 a = {};

	__builtin_memset(to, 0, sizeof(*to));
	if (addrlen < 2)
		return 0;
	bpf_probe_read_kernel(&a.family, sizeof(a.family), address);
	to->family = a.family;
	if (a.family == AF_INET && addrlen >= (int)sizeof(struct address4)) {
		bpf_probe_read_kernel(&a, sizeof(struct address4), address);
		__builtin_memcpy(to->addr, &a.flow, 4);
		to->port = bpf_ntohs(a.port);
	} else if (a.family == AF_INET6 && addrlen >= 24) {
		bpf_probe_read_kernel(&a, 24, address);
		if (addrlen >= 28)
			bpf_probe_read_kernel(&a.scope, sizeof(a.scope), address + 24);
		__builtin_memcpy(to->addr, a.addr, 16);
		to->scope_id = a.scope;
		to->port = bpf_ntohs(a.port);
	} else if (a.family == AF_UNIX && addrlen > 2) {
		__u32 n = addrlen - 2;

		if (n > UNIX_PATH_MAX)
			n = UNIX_PATH_MAX;
		/* 6.1 does not carry the comparison over to the copy clang makes of n. */
		asm volatile("" : "+r"(n));
		n &= 127;
		/* A path ends at its NUL, what lies behind it is the process's stack; an abstract name
		 * starts with NUL and is all bytes. */
		bpf_probe_read_kernel(path, n, address + 2);
		path[n] = 0;
		if (*path) {
			long got = bpf_probe_read_kernel_str(spare, UNIX_PATH_MAX + 1, path);

			n = got > 0 ? got - 1 : 0;
		}
		return n;
	}
	return 0;
}

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

SEC("lsm_cgroup/socket_connect")
int BPF_PROG(reeve_connect, struct socket *sock, struct sockaddr *address, int addrlen)
{
	struct rv_addr_key key = {};
	struct verdict v;
	struct who w = {};
	struct scratch *s;
	struct rv_connect *r;
	struct sock *sk;
	bool recorded = true;
	__u32 len;

	if (!who_here(&w) || !who_judged(&w))
		return RET_ALLOW;
	judge_policy(&w, &v);
	if (!who_recorded(&w, RV_KIND_CONNECT) && !(v.flags & RV_POLICY_NETWORK))
		return RET_ALLOW;
	s = scratch_claim(w.st);
	if (!s)
		return unseen(&w, &v, RV_KIND_CONNECT, NULL);
	r = (void *)s->record;
	__builtin_memset(&r->local, 0, sizeof(*r) - sizeof(r->head));
	len = address_read(&r->peer, address, addrlen, (char *)(r + 1), s->chunk);
	address_key(&key, &r->peer);
	key.policy = w.st->policy;
	judge_address(&w, &key, &v);
	if (who_recorded(&w, RV_KIND_CONNECT) || v.verdict >= RV_VERDICT_DENIED) {
		who_fill(&r->head, &w, RV_KIND_CONNECT, RV_HOOK_CONNECT);
		judge_fill(&r->head, &v);
		r->family = r->peer.family;
		sk = sock->sk;
		r->protocol = sk ? sk->sk_protocol : 0;
		r->type = sock->type;
		len &= 127;
		r->path_len = len;
		recorded = emit(&w, s, &r->head, sizeof(*r) + len, RV_KIND_CONNECT);
	}
	scratch_free(s);
	return judge_return(&v, recorded);
}
