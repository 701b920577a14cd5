/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map, once: what key and value mean and why the bound is what it is. Names carry the
 * project so that bpftool shows whose they are (15 characters at most). */
#pragma once
#include "abi.h"
#include "kernel.h"

/* Which container a cgroup-scoped program runs for. One value per attached cgroup, shared by all
 * hooks, inherited by nested cgroups, zero until configured; written once before PREPARED. The
 * __u64 key form is the one all hooks share. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, struct rv_place);
} reeve_place SEC(".maps");

/* The same for programs that run for the whole node: cgroup id -> place. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RV_SLOT_MAX);
	__type(key, __u64);
	__type(value, struct rv_place);
} reeve_cgroups SEC(".maps");

/* slot -> state page; RV_SLOT_NODE is the node's own. */
struct state_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32)); /* clang keeps no BTF of types named only in here */
	__uint(value_size, sizeof(struct rv_page));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RV_SLOT_MAX);
	__type(key, __u32);
	__array(values, struct state_inner);
} reeve_states SEC(".maps");

/* slot -> main ring; slot -> lane. The inner size need not match the template's. */
struct ring_inner {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RV_SLOT_MAX);
	__type(key, __u32);
	__array(values, struct ring_inner);
} reeve_rings SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, RV_SLOT_MAX);
	__type(key, __u32);
	__array(values, struct ring_inner);
} reeve_lanes SEC(".maps");

/* Argument blocks too big for a container's own ring. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RV_BULK_SIZE);
} reeve_bulk SEC(".maps");

/* Where the container's root was when it was armed; never leaves the kernel. */
struct root {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RV_SLOT_MAX);
	__type(key, __u32);
	__type(value, struct root);
} reeve_roots SEC(".maps");

/* Marks of thread groups, kept on the leader; gone with it. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct rv_task);
} reeve_tasks SEC(".maps");

/* A script between its check and the commit of its interpreter. Of the thread that executes; at
 * most one each, gone with it. */
struct script {
	__u64 bprm;	/* whose */
	__u64 args_len; /* as the caller gave them, before the interpreter's came in front */
	__u32 argc, envc;
	__u32 state;  /* RV_PATH_* */
	__u32 origin; /* RV_ORIGIN_* */
	__u32 len;
	char path[RV_PATH_MAX];
	__u32 reserved;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct script);
} reeve_script SEC(".maps");

/* What a rule to audit said of a thread's exec at its check, for the record when it is certain. */
struct audited {
	__u64 bprm; /* whose */
	__u32 rule, version;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct audited);
} reeve_audited SEC(".maps");

/* A unix socket that is being reached by a name in the file system: what for, and where the name led. */
struct unix_way {
	__u64 sk;     /* struct sock * that is to reach it */
	__u64 name;   /* where in the kernel the name lies that is followed */
	__u32 access; /* RV_DO_*; 0: none */
	__u32 led;    /* to a socket, to path */
	__u32 same;   /* which was the name */
	__u32 state;  /* RV_PATH_* */
	__u32 len;
	struct rv_inode inode; /* of the name */
	char path[RV_PATH_MAX];
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct unix_way);
} reeve_unix SEC(".maps");

/* A thread's namespaces before its unshare or setns, while that runs. */
struct namespaces {
	__u32 call; /* RV_NS_* */
	__u32 mnt, pid, net, user, uts, ipc, cgroup, time;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct namespaces);
} reeve_ns SEC(".maps");

/* A task's cgroup before its move. The kernel moves one at a time, under a lock of its own. */
struct move {
	__u64 task;
	__u64 cgroup_id;
	struct rv_place place; /* slot 0: in no container */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct move);
} reeve_moves SEC(".maps");
/* BPF programs in the kernel, by the address of their struct bpf_prog_aux: who loaded them. Made ahead,
 * so that an entry does not depend on there being memory. */
struct loaded {
	__u64 generation;
	__u64 loader_start_ns;
	struct rv_tag8 tag;
	struct rv_name16 name;
	__u32 slot; /* of the container; RV_SLOT_NODE */
	__u32 loader_pid;
	__u32 id;
	__u32 type;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RV_LOADED_MAX);
	__type(key, __u64);
	__type(value, struct loaded);
} reeve_loaded SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RV_HOOK_MAX);
	__type(key, __u32);
	__type(value, struct rv_prog);
} reeve_progs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rv_meta);
} reeve_meta SEC(".maps");

/* A record is built here, then copied into the ring in one piece: a reserve of variable size does
 * not exist on 6.1. A program can be preempted by another task's on the same CPU, so a buffer is
 * claimed, four deep. */
#define SCRATCH_DEPTH 4
#define SCRATCH_HEAD 1024 /* head and fields */
#define SCRATCH_STRINGS (4 * RV_PATH_MAX)
struct claim { /* where the reading of a caller's arguments stands, see claim.bpf.h */
	__u64 argv, envp;
	__u64 string; /* the one being read */
	__u64 inside; /* bytes of it that were */
	__u64 put;    /* bytes in the record */
	__u64 got;    /* bytes that could be read */
	__u32 argc, count, index;
	__u32 at; /* bytes waiting in the chunk */
	__u32 wide;
	__u32 reserved;
};
struct scratch {
	__u32 busy;
	__u32 reserved;
	struct root from, to; /* see path.bpf.h */
	__u32 walk_at;
	__u32 walk_state;
	__u64 args_missing; /* here, not on the stack: the verifier would follow every value of them */
	__u64 args_hash;
	struct claim claim;
	struct rv_alias_key alias; /* see alias.bpf.h */
	__u64 alias_generation;
	__u64 alias_inode;
	struct rv_checkpoint checkpoint;
	char record[SCRATCH_HEAD + SCRATCH_STRINGS];
	char chunk[2 * RV_PATH_MAX];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_DEPTH);
	__type(key, __u32);
	__type(value, struct scratch);
} reeve_scratch SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_DEPTH);
	__type(key, __u32);
	__type(value, struct scratch);
} reeve_long SEC(".maps");

/* What perf_event_open(2) read from its caller, until the LSM hook right behind comes for it: per
 * thread, since each is in a call of its own. */
struct perf_asked {
	__u64 config;
	__u32 type;
	__u32 in_kernel;
	__u64 pending;
};
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct perf_asked);
} reeve_perf SEC(".maps");
