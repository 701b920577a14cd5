// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The floor: what the kernel takes for calling any program at all on the hooks that reeve uses.
 * One row of RV_HOOKS's cgroup-scoped half, one program; noop.c checks that none is missing. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define NOOP(hook)                                                                                 \
	SEC("lsm_cgroup/" #hook)                                                                   \
	int noop_##hook(void *ctx)                                                                 \
	{                                                                                          \
		return 1;                                                                          \
	}

#ifndef NOOP_NO_FILE_OPEN
NOOP(file_open)
#endif
NOOP(bprm_check_security)
NOOP(bprm_committed_creds)
NOOP(socket_connect)
NOOP(mmap_file)
NOOP(file_mprotect)
NOOP(capable)
NOOP(socket_sendmsg)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
