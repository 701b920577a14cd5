/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the numbers in records, one table a view: the words all formats share. Where the kernel
 * has a name for it, it is the kernel's. */
#include <linux/capability.h>
#include "event_table.h"
#include "util.h"

static const char *const policy_flags[] = {"enforce", "unresolvable-deny", "unrecorded-deny",
					   "repeat-each", "annotation-overruled"};
RV_ASSERT(RV_POLICY_OVERRULED == 1 << (ARRAY_SIZE(policy_flags) - 1));
static const char *const access_bits[] = {"read", "write", "exec", "create", "truncate", "append"};
RV_ASSERT(RV_ACCESS_APPEND == 1 << (ARRAY_SIZE(access_bits) - 1));
static const char *const origin[] = {"fd", "memfd", "deleted"};
RV_ASSERT(RV_ORIGIN_DELETED == 1 << (ARRAY_SIZE(origin) - 1));
static const char *const clone_bits[] = {
    [7] = "time-ns",  [8] = "vm",	[9] = "fs",	    [10] = "files",  [11] = "sighand",
    [15] = "parent",  [16] = "thread",  [17] = "mnt-ns",	[25] = "cgroup-ns", [26] = "uts-ns", [27] = "ipc-ns",
    [28] = "user-ns", [29] = "pid-ns", [30] = "net-ns",
};
static const char *const capabilities[] = {
    "CAP_CHOWN",	    "CAP_DAC_OVERRIDE",	    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",	    "CAP_FSETID",	    "CAP_KILL",
    "CAP_SETGID",	    "CAP_SETUID",	    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",  "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",	    "CAP_NET_RAW",	    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",	    "CAP_SYS_MODULE",	    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",	    "CAP_SYS_PTRACE",	    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",	    "CAP_SYS_BOOT",	    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",	    "CAP_SYS_TIME",	    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",	    "CAP_LEASE",	    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",    "CAP_SETFCAP",	    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",	    "CAP_SYSLOG",	    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",    "CAP_AUDIT_READ",	    "CAP_PERFMON",
    "CAP_BPF",		    "CAP_CHECKPOINT_RESTORE",
};
RV_ASSERT(ARRAY_SIZE(capabilities) == CAP_CHECKPOINT_RESTORE + 1);
static const char *const protection[] = {"read", "write", "exec"};
static const char *const protection_was[] = {"read", "write", "exec", "written"};
RV_ASSERT(RV_WAS_WRITTEN == 1 << (ARRAY_SIZE(protection_was) - 1));
static const char *const map_flags[] = {
    [0] = "shared", [1] = "private", [4] = "fixed", [5] = "anonymous", [18] = "hugetlb",
    [20] = "fixed-noreplace"};
static const char *const mount_flags[] = {
    [0] = "ro",	     [1] = "nosuid",	  [2] = "nodev",    [3] = "noexec",	[4] = "sync",
    [5] = "remount", [6] = "mand",	  [7] = "dirsync",  [8] = "nosymfollow", [10] = "noatime",
    [11] = "nodiratime", [12] = "bind",	  [13] = "move",    [14] = "rec",	[15] = "silent",
    [17] = "unbindable", [18] = "private", [19] = "slave",  [20] = "shared",	[21] = "relatime",
    [24] = "strictatime", [25] = "lazytime"};
static const char *const umount_flags[] = {"force", "detach", "expire", "nofollow"};
static const char *const utime_set[] = {"atime", "mtime", "atime-now", "mtime-now"};
RV_ASSERT(RV_UTIME_MTIME_NOW == 1 << (ARRAY_SIZE(utime_set) - 1));
static const char *const path_state[] = {
    [RV_PATH_OK] = "ok",	     [RV_PATH_DELETED] = "deleted", [RV_PATH_OUTSIDE] = "outside",
    [RV_PATH_TOO_LONG] = "too-long", [RV_PATH_RACED] = "raced",	    [RV_PATH_ANON] = "anonymous",
    [RV_PATH_IN_FS] = "in-filesystem"};
static const char *const tag_source[] = {[RV_TAG_USER] = "user.reeve.tag",
					 [RV_TAG_SECURITY] = "security.bpf.reeve",
					 [RV_TAG_UNREADABLE] = "unreadable"};
static const char *const socket_type[] = {[1] = "stream",    [2] = "dgram",	[3] = "raw",
					  [4] = "rdm",	     [5] = "seqpacket", [6] = "dccp",
					  [10] = "packet"};
static const char *const ptrace_request[] = {[RV_PTRACE_ATTACH] = "attach",
					     [RV_PTRACE_READ] = "read",
					     [RV_PTRACE_TRACEME] = "traceme"};
static const char *const ns_call[] = {[RV_NS_UNSHARE] = "unshare", [RV_NS_SETNS] = "setns",
				      [RV_NS_CLONE] = "clone"};
static const char *const prctl_option[] = {
    [4] = "PR_SET_DUMPABLE",	[8] = "PR_SET_KEEPCAPS",   [22] = "PR_SET_SECCOMP",
    [24] = "PR_CAPBSET_DROP",	[28] = "PR_SET_SECUREBITS", [35] = "PR_SET_MM",
    [36] = "PR_SET_CHILD_SUBREAPER", [38] = "PR_SET_NO_NEW_PRIVS", [47] = "PR_CAP_AMBIENT",
};
static const char *const seccomp_operation[] = {"strict", "filter"};
static const char *const module_how[] = {[RV_MODULE_FINIT] = "finit_module",
					 [RV_MODULE_INIT] = "init_module",
					 [RV_MODULE_REQUEST] = "request_module",
					 [RV_MODULE_LOADED] = "loaded"};
static const char *const kexec_how[] = {[RV_KEXEC_FILE] = "kexec_file_load",
					[RV_KEXEC_LOAD] = "kexec_load",
					[RV_KEXEC_INITRAMFS] = "kexec_file_load-initramfs"};
static const char *const key_how[] = {[RV_KEY_MADE] = "made", [RV_KEY_USED] = "used"};
static const char *const key_need[] = {[1] = "view", "read",	"write",  "search",
				       "link",	     "setattr", "unlink", "sysadmin-override",
				       "authtoken-override", "defer-check"};
static const char *const bpf_prog_type[] = {
    NULL,	      "socket_filter", "kprobe",	"sched_cls",	   "sched_act",
    "tracepoint",     "xdp",	       "perf_event",	"cgroup_skb",	   "cgroup_sock",
    "lwt_in",	      "lwt_out",       "lwt_xmit",	"sock_ops",	   "sk_skb",
    "cgroup_device",  "sk_msg",	       "raw_tracepoint", "cgroup_sock_addr", "lwt_seg6local",
    "lirc_mode2",     "sk_reuseport",  "flow_dissector", "cgroup_sysctl",  "raw_tracepoint_writable",
    "cgroup_sockopt", "tracing",       "struct_ops",	"ext",		   "lsm",
    "sk_lookup",      "syscall",       "netfilter"};
static const char *const bpf_map_type[] = {
    [1] = "hash",	       "array",		 "prog_array",	     "perf_event_array",
    "percpu_hash",	       "percpu_array",	 "stack_trace",	     "cgroup_array",
    "lru_hash",		       "lru_percpu_hash", "lpm_trie",	     "array_of_maps",
    "hash_of_maps",	       "devmap",	 "sockmap",	     "cpumap",
    "xskmap",		       "sockhash",	 "cgroup_storage",   "reuseport_sockarray",
    "percpu_cgroup_storage",   "queue",		 "stack",	     "sk_storage",
    "devmap_hash",	       "struct_ops",	 "ringbuf",	     "inode_storage",
    "task_storage",	       "bloom_filter",	 "user_ringbuf",     "cgrp_storage",
    "arena"};
static const char *const bpf_cmd[] = {
    "map_create",	 "map_lookup_elem",  "map_update_elem",	   "map_delete_elem",
    "map_get_next_key",	 "prog_load",	     "obj_pin",		   "obj_get",
    "prog_attach",	 "prog_detach",	     "prog_test_run",	   "prog_get_next_id",
    "map_get_next_id",	 "prog_get_fd_by_id", "map_get_fd_by_id",  "obj_get_info_by_fd",
    "prog_query",	 "raw_tracepoint_open", "btf_load",	   "btf_get_fd_by_id",
    "task_fd_query",	 "map_lookup_and_delete_elem", "map_freeze", "btf_get_next_id",
    "map_lookup_batch",	 "map_lookup_and_delete_batch", "map_update_batch", "map_delete_batch",
    "link_create",	 "link_update",	     "link_get_fd_by_id",  "link_get_next_id",
    "enable_stats",	 "iter_create",	     "link_detach",	   "prog_bind_map",
    "token_create",	 "prog_stream_read_by_fd", "prog_assoc_struct_ops"};
static const char *const perf_type[] = {"hardware", "software",	 "tracepoint",
					"hw_cache", "raw",	 "breakpoint"};
static const char *const syslog_action[] = {
    "close", "open",	   "read",	  "read_all", "read_clear", "clear",
    "console_off", "console_on", "console_level", "size_unread", "size_buffer"};

#define VIEW(NAME, table) [VIEW_##NAME] = {table, ARRAY_SIZE(table)}
static const struct {
	const char *const *names;
	size_t n;
} tables[] = {
    VIEW(POLICY_FLAGS, policy_flags),
    VIEW(ACCESS, access_bits),
    VIEW(ORIGIN, origin),
    VIEW(CLONE, clone_bits),
    VIEW(CAPABILITIES, capabilities),
    VIEW(PROTECTION, protection),
    VIEW(PROTECTION_WAS, protection_was),
    VIEW(MAP_FLAGS, map_flags),
    VIEW(MOUNT_FLAGS, mount_flags),
    VIEW(UMOUNT_FLAGS, umount_flags),
    VIEW(UTIME_SET, utime_set),
    VIEW(PATH_STATE, path_state),
    VIEW(TAG_SOURCE, tag_source),
    VIEW(SOCKET_TYPE, socket_type),
    VIEW(CAPABILITY, capabilities),
    VIEW(PTRACE, ptrace_request),
    VIEW(NS_CALL, ns_call),
    VIEW(PRCTL, prctl_option),
    VIEW(SECCOMP, seccomp_operation),
    VIEW(MODULE_HOW, module_how),
    VIEW(KEXEC_HOW, kexec_how),
    VIEW(KEY_HOW, key_how),
    VIEW(KEY_NEED, key_need),
    VIEW(BPF_PROG_TYPE, bpf_prog_type),
    VIEW(BPF_MAP_TYPE, bpf_map_type),
    VIEW(BPF_CMD, bpf_cmd),
    VIEW(PERF_TYPE, perf_type),
    VIEW(SYSLOG, syslog_action),
};

/* linux/reboot.h: numbers too far apart for a table. */
static const char *reboot_name(uint64_t command)
{
	switch (command) {
	case 0x01234567:
		return "restart";
	case 0xcdef0123:
		return "halt";
	case 0x89abcdef:
		return "cad-on";
	case 0:
		return "cad-off";
	case 0x4321fedc:
		return "power-off";
	case 0xa1b2c3d4:
		return "restart2";
	case 0xd000fce2:
		return "suspend";
	case 0x45584543:
		return "kexec";
	default:
		return NULL;
	}
}

const char *event_view_name(unsigned view, uint64_t number)
{
	if (view == VIEW_REBOOT)
		return reboot_name(number);
	if (view >= ARRAY_SIZE(tables) || number >= tables[view].n)
		return NULL;
	return tables[view].names[number];
}
