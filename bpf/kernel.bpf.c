// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bpf(2), perf events, keys, io_uring. */

#define CMD(name) (1ull << (name))
/* Newer than the headers: names by number. */
#define CMD_TOKEN_CREATE (1ull << 36)
#define CMD_PROG_ASSOC_STRUCT_OPS (1ull << 38)

/* Not: lookups, updates, iteration, questions, test runs. */
#define CMD_RECORDED                                                                               \
	(CMD(BPF_MAP_CREATE) | CMD(BPF_PROG_LOAD) | CMD(BPF_BTF_LOAD) | CMD(BPF_OBJ_PIN) |         \
	 CMD(BPF_OBJ_GET) | CMD(BPF_PROG_ATTACH) | CMD(BPF_PROG_DETACH) | CMD(BPF_LINK_CREATE) |   \
	 CMD(BPF_LINK_UPDATE) | CMD(BPF_LINK_DETACH) | CMD(BPF_RAW_TRACEPOINT_OPEN) |              \
	 CMD(BPF_ITER_CREATE) | CMD(BPF_PROG_BIND_MAP) | CMD(BPF_ENABLE_STATS) |                   \
	 CMD(BPF_PROG_GET_FD_BY_ID) | CMD(BPF_MAP_GET_FD_BY_ID) | CMD(BPF_BTF_GET_FD_BY_ID) |      \
	 CMD(BPF_LINK_GET_FD_BY_ID) | CMD_TOKEN_CREATE | CMD_PROG_ASSOC_STRUCT_OPS)

/* attr is the kernel's copy, zero behind what the caller gave; its layout is ABI. */
#define ATTR(to, attr, member)                                                                     \
	bpf_probe_read_kernel(&(to), sizeof(to),                                                   \
			      (void *)(attr) + __builtin_offsetof(union bpf_attr, member))

/* A string in the caller's memory: what lies there now, which the kernel reads later for itself. */
static __always_inline void bpf_given(struct act *a, struct rv_bpf *r, __u64 from)
{
	long n = bpf_probe_read_user_str(act_room(a), RV_PATH_MAX, (void *)from);
	__u32 len = n > 0 ? n - 1 : 0;

	asm volatile("" : "+r"(len));
	len &= RV_PATH_MAX - 1;
	r->unreadable = n < 0;
	r->given_len = len;
	a->len += len;
}

static __always_inline void bpf_fill(struct act *a, struct rv_bpf *r, const union bpf_attr *attr)
{
	__u64 from = 0;

	switch (r->command) {
	case BPF_MAP_CREATE:
		ATTR(r->map_type, attr, map_type);
		ATTR(r->key_size, attr, key_size);
		ATTR(r->value_size, attr, value_size);
		ATTR(r->max_entries, attr, max_entries);
		ATTR(r->name, attr, map_name);
		break;
	case BPF_PROG_LOAD:
		ATTR(r->prog_type, attr, prog_type);
		ATTR(r->attach_type, attr, expected_attach_type);
		ATTR(r->name, attr, prog_name);
		break;
	case BPF_PROG_ATTACH:
	case BPF_PROG_DETACH:
		ATTR(r->attach_type, attr, attach_type);
		break;
	case BPF_LINK_CREATE:
		ATTR(r->attach_type, attr, link_create.attach_type);
		break;
	case BPF_PROG_GET_FD_BY_ID:
	case BPF_MAP_GET_FD_BY_ID:
	case BPF_BTF_GET_FD_BY_ID:
	case BPF_LINK_GET_FD_BY_ID:
		ATTR(r->id, attr, prog_id);
		break;
	case BPF_OBJ_PIN:
	case BPF_OBJ_GET:
	case BPF_RAW_TRACEPOINT_OPEN: /* its name is where theirs is */
		ATTR(from, attr, pathname);
		if (from)
			bpf_given(a, r, from);
		break;
	}
}

SEC("lsm/bpf")
int BPF_PROG(reeve_bpf, __u32 command, union bpf_attr *attr, unsigned int size)
{
	struct act a = {};
	struct rv_bpf *r;

	if (command > 63 || !(CMD_RECORDED >> command & 1))
		return 0;
	r = act_node(&a, RV_KIND_BPF, RV_HOOK_BPF, sizeof(*r));
	if (r) {
		r->command = command;
		bpf_fill(&a, r, attr);
	}
	return act_end_node(&a);
}

/* perf_event_open(2) asks its LSM hook once for itself, then for each further right; 7.x gives the
 * hook no attributes, and early 6.1 asked before it had read them. So they are kept when they are
 * read, and the first question after that is the call's own. */
static __always_inline int perf_record(const struct perf_asked *asked, __u32 hook)
{
	struct act a = {};
	struct rv_perf_event *r = act_node(&a, RV_KIND_PERF_EVENT, hook, sizeof(*r));

	if (r) {
		r->config = asked->config;
		r->type = asked->type;
		r->in_kernel = asked->in_kernel;
	}
	return act_end_node(&a);
}

SEC("fexit/perf_copy_attr")
int BPF_PROG(reeve_perf_attr, void *from, struct perf_event_attr *attr, int error)
{
	struct perf_asked asked = {};
	struct perf_asked *kept;
	struct who w = {};

	if (error || !who_node(&w) || !who_judged(&w))
		return 0;
	asked.config = attr->config;
	asked.type = attr->type;
	asked.in_kernel = !BPF_CORE_READ_BITFIELD_PROBED(attr, exclude_kernel);
	asked.pending = 1;
	kept = bpf_task_storage_get(&reeve_perf, bpf_get_current_task_btf(), NULL,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (kept) {
		*kept = asked;
		return 0;
	}
	__sync_fetch_and_add(&w.st->counters.errors[RV_ERROR_STORAGE], 1);
	perf_record(&asked, RV_HOOK_PERF_ATTR);
	return 0;
}

SEC("lsm/perf_event_open")
int BPF_PROG(reeve_perf_open)
{
	struct perf_asked unknown = {.type = ~0u};
	__u32 number = RV_HOOK_PERF_ATTR;
	struct perf_asked *kept;
	struct rv_prog *reader;

	kept = bpf_task_storage_get(&reeve_perf, bpf_get_current_task_btf(), NULL, 0);
	if (kept && kept->pending) {
		kept->pending = 0;
		return perf_record(kept, RV_HOOK_PERF_OPEN);
	}
	/* A kernel without that function to attach to: all there is to say is that it was called.
	 */
	reader = bpf_map_lookup_elem(&reeve_progs, &number);
	return reader && reader->id ? 0 : perf_record(&unknown, RV_HOOK_PERF_OPEN);
}

static __always_inline int key_record(struct key *key, __u32 how, __u32 permission, __u32 hook)
{
	struct act a = {};
	struct rv_key *r = act_node(&a, RV_KIND_KEY, hook, sizeof(*r));

	if (r) {
		r->how = how;
		r->permission = permission;
		r->serial = how == RV_KEY_MADE ? 0 : BPF_CORE_READ(key, serial);
		r->key_uid = BPF_CORE_READ(key, uid.val);
		act_string(&a, BPF_CORE_READ(key, type, name), &r->key_type_len);
		act_string(&a, BPF_CORE_READ(key, description), &r->description_len);
	}
	return act_end_node(&a);
}

SEC("lsm/key_alloc")
int BPF_PROG(reeve_key_made, struct key *key)
{
	return key_record(key, RV_KEY_MADE, 0, RV_HOOK_KEY_MADE);
}

/* The key comes as a reference whose lowest bit says that the caller possesses it; its type is
 * never complete, so the verifier would not let it be read as an argument. */
SEC("lsm/key_permission")
int BPF_PROG(reeve_key_used, void *ref, struct cred *cred, __u32 permission)
{
	unsigned long at = 0;

	bpf_probe_read_kernel(&at, sizeof(at), ctx);
	return key_record((void *)(at & ~1ul), RV_KEY_USED, permission, RV_HOOK_KEY_USED);
}

SEC("tp_btf/io_uring_create")
int BPF_PROG(reeve_io_uring, int fd, void *ring, __u32 sq_entries, __u32 cq_entries, __u32 flags)
{
	struct act a = {};
	struct rv_io_uring *r = act_node(&a, RV_KIND_IO_URING, RV_HOOK_IO_URING, sizeof(*r));

	if (r) {
		r->fd = fd;
		r->sq_entries = sq_entries;
		r->cq_entries = cq_entries;
		r->flags = flags;
	}
	act_emit(&a);
	return 0;
}
