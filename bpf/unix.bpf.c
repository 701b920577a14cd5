/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the name of a unix socket leads. connect and send are asked about the name that was given
 * (net.bpf.c); links, "..", /proc/self/root or a chroot give the socket more of them. When the
 * kernel has followed the name, the path it came to is judged, too, unless it is that name. */

#define UNIX_NAME_MAX 108

/* The name is the path, byte for byte. */
static __always_inline bool unix_same(const char *name, const char *path, __u32 len)
{
	char given[UNIX_NAME_MAX + 4] = {};
	long n = bpf_probe_read_kernel_str(given, sizeof(given), name);

	if (n - 1 != len)
		return false;
	for (__u32 i = 0; i < UNIX_NAME_MAX; i++)
		if (i < len && given[i] != path[i])
			return false;
	return true;
}

/* In the call that connects or sends: path is what the name leads to. */
SEC("fexit/kern_path")
int BPF_PROG(reeve_unix_path, const char *name, unsigned int flags, struct path *path, int error)
{
	struct unix_way *way =
	    bpf_task_storage_get(&reeve_unix, bpf_get_current_task_btf(), NULL, 0);
	struct path to = {};
	struct who w = {};
	struct scratch *s;
	__u32 len, state = 0;

	if (!way || !way->access || way->name != (__u64)name)
		return 0;
	way->led = way->same = 0;
	if (error) { /* and so will the call be */
		way->access = 0;
		return 0;
	}
	if (!who_node(&w))
		return 0;
	s = scratch_claim(w.st);
	if (!s)
		return 0;
	BPF_CORE_READ_INTO(&to.mnt, path, mnt);
	BPF_CORE_READ_INTO(&to.dentry, path, dentry);
	len = path_resolve(&w, s, &to, false, s->record, &state) & (RV_PATH_MAX - 1);
	BPF_CORE_READ_INTO(&way->inode.dev, to.dentry, d_inode, i_sb, s_dev);
	BPF_CORE_READ_INTO(&way->inode.ino, to.dentry, d_inode, i_ino);
	BPF_CORE_READ_INTO(&way->inode.generation, to.dentry, d_inode, i_generation);
	/* A file that has other names is judged by those below. */
	way->same = state == RV_PATH_OK && !w.st->aliases && unix_same(name, s->record, len);
	bpf_probe_read_kernel(way->path, len, s->record);
	way->len = len;
	way->state = state;
	way->led = 1;
	scratch_free(s);
	return 0;
}

/* The answer of both hooks below. What was not seen being followed cannot be told. A call that had to wait
 * follows the name again and asks again: so the note stays, until the thread's next name. */
static __always_inline int unix_judge(__u64 sk, __u32 type, __u32 hook)
{
	struct unix_way *way =
	    bpf_task_storage_get(&reeve_unix, bpf_get_current_task_btf(), NULL, 0);
	struct act a = {.subject = RV_SUBJECT_UNIX, .quiet = 1};
	struct rv_connect *r;
	__u32 state;

	if (!way || !way->access || way->sk != sk || way->same)
		return 0;
	a.access = way->access;
	if (!way->led)
		way->access = 0;
	r = act_node(&a, a.access & RV_DO_SEND ? RV_KIND_SEND : RV_KIND_CONNECT, hook, sizeof(*r));
	if (r) {
		r->family = AF_UNIX;
		r->type = type;
		state = way->led ? way->state : RV_PATH_OUTSIDE;
		act_bytes(&a, way->path, way->led ? way->len : 0, &r->path_len);
		act_judge(&a, a.access, r->path_len, state);
		if (way->led)
			judge_file(&a.w, &a.v, a.s, &way->inode);
	}
	return act_end_node(&a);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(reeve_ustream, struct sock *sock, struct sock *other, struct sock *newsk)
{
	return unix_judge((__u64)sock, sock->sk_type, RV_HOOK_UNIX_STREAM);
}

/* Also asked when such a socket is connected. */
SEC("lsm/unix_may_send")
int BPF_PROG(reeve_usend, struct socket *sock, struct socket *other)
{
	return unix_judge((__u64)sock->sk, sock->type, RV_HOOK_UNIX_SEND);
}
