/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's structs as far as we read them: names and members only, found at load time by
 * BTF (CO-RE), so one object serves 6.1 to 7.x. Nothing here may be written to. */
#pragma once
#include <linux/types.h>
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	__u32 val;
} kuid_t;
typedef struct {
	__u32 val;
} kgid_t;

struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
		__u64 hash_len;
	};
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node *next, **pprev;
};

struct list_head {
	struct list_head *next, *prev;
};

struct dentry;

struct file_system_type {
	const char *name;
};

struct user_namespace;

struct super_block {
	__u32 s_dev;
	struct file_system_type *s_type;
	unsigned long s_flags;
	unsigned long s_magic;
	struct dentry *s_root;
	struct user_namespace *s_user_ns;
};

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	__u32 i_rdev;
	__s64 i_size;
	unsigned long i_ino;
	__u32 i_generation;
	struct super_block *i_sb;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mnt_namespace;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_instance;	  /* of the file system's mounts, to 6.17 */
	struct mount *mnt_next_for_sb;	  /* ... from 6.18 on */
	struct mount **mnt_pprev_for_sb;
	struct mnt_namespace *mnt_ns;
	const char *mnt_devname;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_mode;
	unsigned int f_flags;
	struct path f_path;
	struct inode *f_inode;
};

/* The real file behind overlayfs's; not in a 6.1. */
struct backing_file {
	struct path user_path;
};

struct anon_vma;

struct vm_area_struct {
	unsigned long vm_flags;
	struct anon_vma *anon_vma;
	struct file *vm_file;
};

struct posix_acl_entry {
	short e_tag;
};

struct posix_acl {
	unsigned int a_count;
	struct posix_acl_entry a_entries[0];
};

struct fs_struct {
	struct path root;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct sighand_struct;

struct mm_struct {
	struct file *exe_file;
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct net {
	struct ns_common ns;
};
struct cgroup_namespace {
	struct ns_common ns;
};
struct time_namespace {
	struct ns_common ns;
};
struct user_namespace {
	int level;
	struct ns_common ns;
};
struct pid_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct time_namespace *time_ns_for_children;
	struct cgroup_namespace *cgroup_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

/* Two __u32 on 6.1, one __u64 from 6.3 on: the same eight bytes, read as such. */
typedef struct {
} kernel_cap_t;

struct group_info {
	int ngroups;
	kgid_t gid[0];
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
	kernel_cap_t cap_inheritable;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	unsigned int flags;
	int group_exit_code;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root;

struct cgroup {
	struct cgroup_subsys_state self;
	struct cgroup_root *root;
	int level;
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct thread_info {
	__u32 status;
};

struct pt_regs {
	unsigned long r10;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long orig_ax;
	unsigned long bx;
	unsigned long di;
};

struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	int exit_code;
	unsigned int flags;
	__u64 start_boottime;
	kuid_t loginuid;
	unsigned int sessionid;
	char comm[16];
	struct task_struct *group_leader;
	struct bpf_local_storage *bpf_storage;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	const struct cred *cred;
	const struct cred *real_cred;
	void *nameidata;
	void *io_uring;
	struct nsproxy *nsproxy;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	struct css_set *cgroups;
};

struct linux_binprm {
	unsigned long p;
	unsigned long exec;
	struct file *file;
	int argc;
	int envc;
	const char *filename;
	const char *interp;
	const char *fdpath;
	char buf[256];
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	int skc_bound_dev_if;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	unsigned short sk_type;
	unsigned short sk_protocol;
	struct pid *sk_peer_pid;
};

struct socket {
	short type;
	struct sock *sk;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
};

struct sockaddr {
	unsigned short sa_family;
};

struct module {
	char name[56];
};

enum kernel_read_file_id {
	READING_MODULE = 2,
	READING_KEXEC_IMAGE = 3,
	READING_KEXEC_INITRAMFS = 4,
	READING_MODULE_COMPRESSED = 7, /* 7.x */
};

enum kernel_load_data_id {
	LOADING_MODULE = 2,
	LOADING_KEXEC_IMAGE = 3,
	LOADING_MODULE_COMPRESSED = 7, /* 7.x */
};

struct perf_event_attr {
	__u32 type;
	__u64 config;
	__u64 exclude_kernel : 1;
};

struct key_type {
	const char *name;
};

struct key {
	__s32 serial;
	kuid_t uid;
	struct key_type *type;
	char *description;
};

struct unix_address {
	int len;
	struct sockaddr name[];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct netlink_sock {
	__u32 portid;
};

struct packet_sock {
	int ifindex;
	__u16 num;
};

struct bpf_prog;

struct bpf_prog_aux {
	__u32 id;
	__u64 load_time;
	char name[16];
	struct bpf_prog *prog;
};

struct bpf_prog {
	enum bpf_prog_type type;
	__u8 tag[8];
	struct bpf_prog_aux *aux;
};

/* x86-64: 6.2 to 6.13. */
struct pcpu_hot {
	int preempt_count;
};

#pragma clang attribute pop

extern struct pcpu_hot pcpu_hot __ksym __weak;
extern int __preempt_count __ksym __weak; /* x86-64: before and after */

#define IN_SOFTIRQ 0x100 /* include/linux/preempt.h; a larger count only says: held off */
#define IN_HARDIRQ_OR_NMI 0xff0000

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_ALG 38
#define AF_VSOCK 40
#define SOCK_STREAM 1
#define SOCK_RAW 3
#define SOCK_PACKET 10
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262
#define MSG_FASTOPEN 0x20000000

#define EPERM 1
#define EBADF 9
#define EACCES 13
#define EINVAL 22
#define ENODATA 61
#define EOPNOTSUPP 95
#define FUSE_SUPER_MAGIC 0x65735546
#define ESTALE 116
#define SIGNAL_GROUP_EXIT 4
#define TS_COMPAT 2 /* thread_info.status: within a 32-bit system call */
#define X32_SYSCALL_BIT 0x40000000
#define S_IFMT 0170000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFREG 0100000
#define S_IALLUGO 07777
#define SB_KERNMOUNT (1ul << 22)
#define MNT_NS_INTERNAL ((void *)-22l) /* fs/mount.h: ERR_PTR(-EINVAL) */
#define FMODE_READ 1
#define FMODE_WRITE 2
#define FMODE_CREATED 0x100000
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define O_ACCMODE 3
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_TMPFILE_FLAG 020000000
#define FMODE_EXEC_FLAG 0x20 /* __FMODE_EXEC as do_open_execat passes it in f_flags */
