/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contract between the programs in the kernel and everything in user space: records as they
 * lie in a ring, the container's state page, policy keys, and every bound both sides share.
 * Included by bpf/ and by sidecar/; compiled by gcc and by clang -target bpf with the same
 * layout. Fixed-width members only, explicit zeroed padding, little endian as the host. */
#pragma once
#include <linux/types.h>
#include "events.h"

#define RV_ABI_VERSION 4

#define RV_SLOT_MAX 1024		 /* containers on one node at a time */
#define RV_SLOT_NODE 0			 /* its page: the node's own log, of what is no container's */
#define RV_CGROUP_ROOT 1		 /* id of the root cgroup, the node's in its log */
#define RV_LOADED_MAX 16384		 /* BPF programs whose loader is remembered */
#define RV_RING_SIZE (512u << 10)	 /* bytes, a container's main ring: some 2,000 records */
#define RV_LANE_SIZE (64u << 10)	 /* bytes, its lane for denials and lifecycle */
#define RV_BULK_SIZE (16u << 20)	 /* bytes, the node-wide ring for big records */
#define RV_BULK_QUOTA (8u << 20)	 /* bytes a container may have in flight there */
#define RV_INLINE_MAX (RV_RING_SIZE / 8) /* bytes; a larger argument block goes to the bulk ring   \
					  */
#define RV_ARGS_MAX (6u << 20)		 /* bytes, what execve itself refuses to exceed */
#define RV_PATH_MAX 4096		 /* bytes, NUL included */
#define RV_TAG_MAX 256			 /* bytes of a security tag */
#define RV_KIND_MAX 64
#define RV_ERROR_MAX 8
#define RV_CHECKPOINT_NS 1000000000ull

enum rv_kind {
#define RV_KIND_NUMBER(NAME, number, name, cause, profile, doc) RV_KIND_##NAME = number,
	RV_KINDS(RV_KIND_NUMBER)
};
#define RV_RECORD_ALL (~0ull)
#include "table.h"

enum rv_hook {
#define RV_HOOK_NUMBER(NAME, number, attach, prog, kind, since) RV_HOOK_##NAME = number,
	RV_HOOKS(RV_HOOK_NUMBER, RV_HOOK_NUMBER)
};
#define RV_HOOK_MAX 96
#define RV_SLOTS_KERNEL 10 /* distinct lsm_cgroup hooks a kernel carries at a time */

/* Kinds whose repetitions are counted instead of recorded; the number indexes the counters. */
#define RV_MERGES(X)                                                                               \
	X(OPEN, 0)                                                                                 \
	X(CAPABILITY, 1) X(MMAP, 2) X(MPROTECT, 3) X(IOCTL, 4) X(SEND, 5) X(INSPECT, 6)            \
	    X(SIGNAL, 7)
#define RV_MERGE_MAX 8
#define RV_MERGE_ENTRIES 512 /* acts told apart in an epoch, a power of two; beyond: singly */
#define RV_MERGE_EPOCH_NS 10000000000ull

/* What happened, never what was configured. */
#define RV_VERDICT_NONE 0	/* nothing was decided: not an access */
#define RV_VERDICT_ALLOWED 1	/* the access went on to the kernel's other checks */
#define RV_VERDICT_DENIED 2	/* the access was refused with rv_head.error */
#define RV_VERDICT_WOULD_DENY 3 /* audit mode: a deny rule matched and was not applied */

#define RV_PHASE_NONE 0	 /* in the node's log */
#define RV_PHASE_SETUP 1 /* before the entrypoint's exec: the runtime and its hooks */
#define RV_PHASE_ARMED 2

#define RV_ACCESS_READ 1
#define RV_ACCESS_WRITE 2
#define RV_ACCESS_EXEC 4
#define RV_ACCESS_CREATE 8
#define RV_ACCESS_TRUNCATE 16
#define RV_ACCESS_APPEND 32
/* rv_mprotect.was, beside PROT_* */
#define RV_WAS_WRITTEN 8

#define RV_UTIME_ATIME 1
#define RV_UTIME_MTIME 2
#define RV_UTIME_ATIME_NOW 4
#define RV_UTIME_MTIME_NOW 8

/* How a path came about. Anything but OK is shown, and OUTSIDE, TOO_LONG and RACED are judged
 * by the policy's on_unresolvable. */
#define RV_PATH_OK 0	   /* from the container's root */
#define RV_PATH_DELETED 1  /* as OK; the name is gone from its directory */
#define RV_PATH_OUTSIDE 2  /* not below the container's root: as far as it could be followed */
#define RV_PATH_TOO_LONG 3 /* over RV_PATH_MAX or too deep: the end of it */
#define RV_PATH_RACED 4	   /* renames or mounts kept changing it under us */
#define RV_PATH_ANON 5	   /* no file system name: memfd, pipe, anonymous inode */
#define RV_PATH_IN_FS 6 /* from the root of its file system: the hook does not know the mount */

/* Completeness of an argument block. */
#define RV_ARGS_WHOLE 0	     /* byte for byte, in this record */
#define RV_ARGS_BULK 1	     /* byte for byte, in the bulk record of the same number */
#define RV_ARGS_LOST 2	     /* no room: args_len and args_hash are all there is */
#define RV_ARGS_UNREADABLE 3 /* args_missing bytes could not be read (shown as NUL) */
#define RV_ARGS_CLAIMED 4 /* denied exec: as the caller's memory had it; args_missing: not read */
#define RV_ARGS_CLAIMED_BULK 5 /* the same, in the bulk record of the same number */

#define RV_ORIGIN_FD 1      /* executed through a descriptor: fexecve, or a path below one */
#define RV_ORIGIN_MEMFD 2   /* a file that only memory holds */
#define RV_ORIGIN_DELETED 4 /* a file whose name is gone */

#define RV_TAG_USER 1	  /* user.reeve.tag */
#define RV_TAG_SECURITY 2 /* security.bpf.reeve; goes before the other */
#define RV_TAG_UNREADABLE 3 /* no read permission, or over RV_TAG_MAX */

#define RV_PTRACE_ATTACH 1
#define RV_PTRACE_READ 2
#define RV_PTRACE_TRACEME 3
#define RV_NS_UNSHARE 1
#define RV_NS_SETNS 2
#define RV_NS_CLONE 3
#define RV_MODULE_FINIT 1
#define RV_MODULE_INIT 2
#define RV_MODULE_REQUEST 3
#define RV_MODULE_LOADED 4
#define RV_KEXEC_FILE 1
#define RV_KEXEC_LOAD 2
#define RV_KEXEC_INITRAMFS 3
#define RV_KEY_MADE 1
#define RV_KEY_USED 2

/* Counters of what went wrong apart from lost records, rv_state.errors[]. */
#define RV_ERROR_SCRATCH 0 /* no scratch buffer free: the record was lost, too */
#define RV_ERROR_PATH 1	   /* a path could not be resolved */
#define RV_ERROR_STORAGE 2 /* a task mark could not be stored */
#define RV_ERROR_ARGS 3	   /* an argument block went missing or was not readable */
#define RV_ERROR_RING 4	   /* a ring that has room had not taken a record: it was tried again */
#define RV_ERROR_NOTE 5	   /* what one hook knew could not be kept for the next */
#define RV_ERROR_LOADED 6  /* a BPF program's loader could not be remembered */

#define RV_ID_NONE 0xffffffffu /* in place of a user or group id: there is none */

/* Head of every record: who did it, where, and what came of it. Host byte order. No task did it
 * (the kernel did, in an interrupt): pid and what belongs to it are 0, ids RV_ID_NONE. */
struct rv_head {
	__u32
	    len; /* bytes, whole record with head; the next one starts at the next multiple of 8 */
	__u16 kind;	      /* RV_KIND_* */
	__u16 flags;	      /* 0 */
	__u64 seq;	      /* the container's own number: 0 is ARMED, then 1, 2, ... */
	__u64 boot_ns;	      /* CLOCK_BOOTTIME */
	__u64 tai_ns;	      /* CLOCK_TAI; wall time is this less the node's TAI offset */
	__u64 generation;     /* which life of which container: rv_state.generation */
	__u64 cgroup_id;      /* the container's */
	__u64 task_cgroup_id; /* the acting task's, the same or nested below */
	__u64 exec_seq;	      /* number of the exec record that made the acting image; 0 unknown */
	__u64 start_ns; /* CLOCK_BOOTTIME of the process's start; with pid it names the process */
	__u64 exe_ino;	/* inode of the acting executable */
	__u32 exe_dev;	/* its device, kernel encoding: major << 20 | minor */
	__u32 pid;	/* thread group id, host */
	__u32 tid;
	__u32 ppid;
	__u32 ns_pid; /* the same two as the container sees them */
	__u32 ns_tid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 loginuid;	 /* 4294967295 unset */
	__u32 sessionid; /* 4294967295 unset */
	__u32 mnt_ns;	 /* namespace inode numbers */
	__u32 pid_ns;
	__u32 net_ns;
	__u32 user_ns;
	__u32 uts_ns;
	__u32 ipc_ns;
	__u32 cgroup_ns;
	__u32 time_ns;
	char comm[16];
	__u32 prog_id; /* the BPF program that made the record */
	__u16 hook;    /* RV_HOOK_* */
	__u8 verdict;  /* RV_VERDICT_* */
	__u8 phase;    /* RV_PHASE_* */
	__u8 prog_tag[8];
	__s32 error;	      /* errno the caller got, 0 unless DENIED */
	__u32 rule;	      /* 1-based number of the policy's rule that decided, 0 none */
	__u32 policy_version; /* 0: no policy */
	__u32 reserved;
};

struct rv_sha256 {
	__u8 b[32];
};
struct rv_name64 {
	char s[64]; /* NUL padded, as are the shorter ones */
};
struct rv_name16 {
	char s[16];
};
struct rv_tag8 {
	__u8 b[8];
};
struct rv_address {
	__u8 addr[16];	/* AF_INET: the first 4; AF_INET6: all; network order. AF_VSOCK: the cid, a
			   __u32. AF_PACKET: the first len, the hardware address */
	__u32 family;	/* AF_*; 0: not known */
	__u32 port;	/* host order; AF_NETLINK: the port id; AF_PACKET: the protocol; else 0 */
	__u32 scope_id; /* AF_INET6 */
	__u32 len;	/* AF_PACKET */
};

struct rv_counters {
	__u64 issued;			 /* numbers given out after 0, so: the last one given */
	__u64 armed;			 /* 1: number 0 was given as well */
	__u64 taken[RV_KIND_MAX];	 /* numbers given, by kind */
	__u64 lost[RV_KIND_MAX];	 /* of those, records that found no room */
	__u64 merged[RV_MERGE_MAX];	 /* repetitions counted instead of recorded */
	__u64 merged_lost[RV_MERGE_MAX]; /* of those, what a lost REPEAT record would have told */
	__u64 errors[RV_ERROR_MAX];
};

/* struct rv_open and the rest: the head, then the kind's fields. CHECKPOINT is made by the kernel,
 * CLOSE by the agent: the last number of all. */
#define RV_MEMBER(type, name, view, doc) type name;
#define RV_LENGTH(name, view, doc) __u32 name##_len;
#define RV_STRUCT(NAME, number, lower, cause, profile, doc)                                        \
	struct rv_##lower {                                                                        \
		struct rv_head head;                                                               \
		RV_FIELDS_##NAME(RV_MEMBER, RV_LENGTH)                                             \
	};
RV_KINDS(RV_STRUCT)

/* In the bulk ring. data_len bytes follow. */
struct rv_bulk {
	__u32 len;  /* as in rv_head */
	__u16 kind; /* RV_KIND_ARGS */
	__u16 flags;
	__u64 seq; /* of the exec it belongs to */
	__u64 generation;
	__u64 bulk_total; /* bytes of this container's bulk data up to and with this record */
	__u64 data_len;
};

/* A container's state, mapped by its agent. The first line is written by user space alone,
 * the rest by the kernel alone; no map update ever touches it after PREPARED. */
struct rv_state {
	__u64 generation; /* non-zero, unique for this boot: CLOCK_BOOTTIME at preparation */
	__u64 cgroup_id;
	__u32 prepared;	  /* RV_PREPARED: configured; otherwise programs pass everything unseen */
	__u32 policy;	  /* number of RV_TABLES: where its table is, 0 none */
	__u64 record;	  /* bit per RV_KIND_*: what is recorded; denials always are */
	__u64 bulk_done;  /* rv_bulk.bulk_total of the last bulk record the node has stored */
	__u32 agent_idle; /* 1: the agent sleeps, wake it for the next record */
	__u32 slot;	  /* which one this is, from the page's making on */
	__u32 options;	  /* RV_OPTION_* */
	__u32 asked; /* bit per RV_SUBJECT_*: the policy has a word about it, or had until just now */
	__u32 aliases; /* 1: reeve_aliases has files of this container */
	__u32 reserved;
	/* kernel */
	__u64 checkpoint_ns;
	__u64 bulk_total;
	__u32 merge_epoch; /* its lowest bit: the half of rv_page.merge in use */
	__u32 merging;	   /* 1: there is something in that half */
	struct rv_counters counters;
	__u32 told_old; /* the last change of policy that has its record: from this version */
	__u32 told_new; /* to this one */
};

#define RV_OPTION_SINGLY 1 /* every repetition is a record of its own */

/* An act that has a record, and its repetitions since. */
struct rv_merge {
	__u64 key; /* keyed hash of who did what; 0: free */
	__u64 seq; /* of the record, once it has one */
	__u64 count;
	__u64 first_ns; /* CLOCK_BOOTTIME, of the repetitions */
	__u64 last_ns;
	__u32 kind;
	__u32 again; /* 1: the record found no room, the next repetition is recorded */
};

/* The map's value: the state, which its agent maps, and behind that page what the kernel alone
 * reads and writes. */
struct rv_page {
	struct rv_state state;
	__u8 reserved[4096 - sizeof(struct rv_state)];
	struct rv_merge merge[2 * RV_MERGE_ENTRIES];
};

/* What reeve_repeats is called with. It empties the half that is not in use into REPEAT records;
 * then, asked to flip, turns to that half. Returns 0, 1: the ring has no room for the rest (and
 * nothing was flipped), or -errno. Between a flip and emptying the other half no program may be
 * under way: its caller waits for a grace period. */
struct rv_repeats {
	__u64 generation;
	__u32 slot;
	__u32 flip;
};

/* What reeve_policy is called with after a change of the slot's table: the change becomes a record,
 * one, however often it is called before the next change. Returns 0 or -errno; a record that found no
 * room is counted as any other. */
struct rv_change {
	__u64 generation;
	__u32 slot;
	__u32 old_version;
};

/* reeve_aliases: a file that a rule denies by its exact path and that has other names (hard links)
 * since before the policy came. By any name it is judged as by that path, too. */
#define RV_ALIAS_MAX 512    /* bytes of the path, NUL included */
#define RV_ALIAS_PATHS 4    /* of one file */
#define RV_ALIASES_MAX 65536
struct rv_alias_key {
	__u32 slot;
	__u32 dev; /* kernel encoding */
	__u64 ino;
	__u32 nth; /* 0..RV_ALIAS_PATHS-1 */
	__u32 reserved;
};
struct rv_alias {
	__u64 generation; /* the container's */
	__u32 inode_generation; /* numbers of inodes are used again */
	__u32 version; /* policy_version that asked for it */
	__u32 len;
	__u32 reserved;
	char path[RV_ALIAS_MAX];
};

/* What reeve_inode is called with: an open file of the caller's, as the kernel side knows it. */
struct rv_inode {
	__u32 fd;
	__u32 dev;
	__u64 ino;
	__u32 generation;
	__u32 reserved;
};

#define RV_PREPARED 1
#define RV_CLOSING 2 /* the container has ended: no further number is given */

/* Value of the cgroup's own storage and of reeve_cgroups: which state page. */
struct rv_place {
	__u32 slot; /* 1..RV_SLOT_MAX-1, 0 unused: RV_SLOT_NODE is no place */
	__u32 reserved;
	__u64 generation;
};

/* Task storage of a thread group's leader. */
struct rv_task {
	__u64 generation;
	__u64 exec_seq;
	__u32 slot;
	__u32 flags; /* RV_TASK_* */
	__u32 when;	/* bits of the policy's "when" that hold for it */
	__u32 when_set; /* of which set of them: rv_table.when_set */
};
#define RV_TASK_HELPER 1 /* came from outside, has not yet exec'ed inside */
#define RV_TASK_INIT 2	 /* the container's init */
#define RV_TASK_INSIDE 4 /* the container's own, for good */
#define RV_TASK_EXITED 8 /* its exit has been recorded */

/* reeve_progs[RV_HOOK_*], written once by the loader. */
struct rv_prog {
	__u32 id;
	__u32 reserved;
	__u8 tag[8];
};

/* reeve_meta[0], written once by the loader. */
struct rv_meta {
	__u32 abi_version;
	__u32 reserved;
	char build[56]; /* NUL padded: what `reeve --version` prints of that build */
};

/* 64-bit hash of an argument block, the same in the kernel and in tests: little-endian words of
 * whole blocks, the last block padded with zero bytes. Not keyed: it proves integrity, not
 * authorship. */
#define RV_HASH_BLOCK 4096
#define RV_HASH_SEED 0x9e3779b97f4a7c15ull
#define RV_HASH_STEP(h, word) ((((h) ^ (word)) * 0xff51afd7ed558ccdull) ^ (((h) ^ (word)) >> 29))

#define RV_ASSERT(cond) _Static_assert(cond, #cond)
RV_ASSERT(sizeof(struct rv_head) == 208);
RV_ASSERT(sizeof(struct rv_place) == 16);
RV_ASSERT(sizeof(struct rv_rule) == 32);
RV_ASSERT(sizeof(struct rv_table) % 8 == 0);
RV_ASSERT(__builtin_offsetof(struct rv_state, checkpoint_ns) == 64);
RV_ASSERT(sizeof(struct rv_state) <= 4096);
RV_ASSERT(__builtin_offsetof(struct rv_page, merge) == 4096);
