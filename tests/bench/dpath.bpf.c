// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The no-op programs, but that of file_open asks the kernel for the path: what a path costs before
 * anything is done with it. */
#define NOOP_NO_FILE_OPEN
#include "noop.bpf.c"

struct path {
	int unused;
};
struct file {
	struct path f_path;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__uint(value_size, 4096);
} paths SEC(".maps");

SEC("lsm_cgroup/file_open")
int noop_file_open(__u64 *ctx)
{
	struct file *file = (void *)ctx[0];
	__u32 zero = 0;
	void *to = bpf_map_lookup_elem(&paths, &zero);

	if (to)
		bpf_d_path((void *)&file->f_path, to, 4096);
	return 1;
}
