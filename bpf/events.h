/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event table: every kind of record, where it comes from, and its fields. From here come the
 * records' structs (abi.h), the decoder, the text and JSON formats, `reeve events`, the schema and
 * docs/events.md; nothing repeats it. Numbers are stored in records and never change meaning:
 * append, do not renumber. */
#pragma once

/* X(NAME, number, name in json, cause, PROFILE, "what it says"). The number is the bit in
 * rv_state.record and the index of every counter. cause: what the access was to. PROFILE: the
 * narrowest one that records it. */
#define RV_KINDS(X)                                                                                \
	X(ARMED, 1, armed, none, QUIET, "record 0: the entrypoint's exec armed the container")     \
	X(EXEC, 2, exec, file, QUIET, "a program was executed, or was denied to")                  \
	X(EXIT, 3, exit, task, QUIET, "a process ended")                                           \
	X(OPEN, 4, open, file, NORMAL, "a file was opened")                                        \
	X(CONNECT, 5, connect, socket, NORMAL, "a socket was connected")                           \
	X(CHECKPOINT, 6, checkpoint, none, QUIET, "the counters, once a second of activity")       \
	X(CLOSE, 7, close, none, QUIET, "the container has ended: the last number of all")         \
	X(ARGS, 8, args, file, QUIET, "an argument block; shown in its exec")                      \
	X(REPEAT, 9, repeat, none, QUIET, "how often an earlier record's act was repeated")        \
	X(FORK, 10, fork, task, NORMAL, "a process was made")                                      \
	X(THREAD, 11, thread, task, ALL, "a thread was made")                                      \
	X(SETUID, 12, setuid, task, NORMAL, "user ids changed")                                    \
	X(SETGID, 13, setgid, task, NORMAL, "group ids changed")                                   \
	X(SETGROUPS, 14, setgroups, task, NORMAL, "supplementary groups changed")                  \
	X(CAPABILITY, 15, capability, cap, NORMAL, "a capability was used")                        \
	X(CAPSET, 16, capset, cap, NORMAL, "capability sets changed")                              \
	X(PTRACE, 17, ptrace, task, NORMAL, "another process was attached to or written")          \
	X(INSPECT, 18, inspect, task, ALL, "another process was looked into (/proc)")              \
	X(SIGNAL, 19, signal, task, NORMAL, "a signal was sent to another process")                \
	X(NAMESPACE, 20, namespace, task, NORMAL, "unshare or setns changed namespaces")           \
	X(PRCTL, 21, prctl, task, NORMAL, "a security setting of the process changed")             \
	X(SECCOMP, 22, seccomp, task, NORMAL, "a seccomp mode or filter was set")                  \
	X(ENTER, 23, enter, task, QUIET, "a task entered the container's cgroup")                  \
	X(LEAVE, 24, leave, task, QUIET, "a task left the container's cgroup")                     \
	X(CREATE, 25, create, path, NORMAL, "a file, directory or node was made")                  \
	X(UNLINK, 26, unlink, path, NORMAL, "a file or directory was removed")                     \
	X(RENAME, 27, rename, path, NORMAL, "a file or directory was renamed")                     \
	X(LINK, 28, link, path, NORMAL, "a hard link was made")                                    \
	X(SYMLINK, 29, symlink, path, NORMAL, "a symbolic link was made")                          \
	X(CHMOD, 30, chmod, path, NORMAL, "a file's mode changed")                                 \
	X(CHOWN, 31, chown, path, NORMAL, "a file's owner changed")                                \
	X(UTIME, 32, utime, path, NORMAL, "a file's times were set")                               \
	X(TRUNCATE, 33, truncate, path, NORMAL, "a file's length was set")                         \
	X(SETXATTR, 34, setxattr, dentry, NORMAL, "an extended attribute was set")                 \
	X(REMOVEXATTR, 35, removexattr, dentry, NORMAL, "an extended attribute was removed")       \
	X(MOUNT, 36, mount, path, NORMAL, "mount(2)")                                              \
	X(UMOUNT, 37, umount, path, NORMAL, "umount(2)")                                           \
	X(MOVE_MOUNT, 38, move_mount, path, NORMAL, "move_mount(2), also of a new mount")          \
	X(PIVOT_ROOT, 39, pivot_root, path, NORMAL, "pivot_root(2)")                               \
	X(IOCTL, 40, ioctl, ioctl, NORMAL, "an ioctl on a device")                                 \
	X(CHROOT, 41, chroot, path, NORMAL, "chroot(2)")                                           \
	X(MMAP, 42, mmap, file, NORMAL, "memory was mapped executable")                            \
	X(MPROTECT, 43, mprotect, file, NORMAL, "memory was made executable, or writable as well") \
	X(SOCKET, 44, socket, socket, NORMAL, "a socket was made")                                 \
	X(BIND, 45, bind, socket, NORMAL, "a socket was bound")                                    \
	X(LISTEN, 46, listen, socket, NORMAL, "a socket began to listen")                          \
	X(ACCEPT, 47, accept, socket, NORMAL, "a connection was accepted")                         \
	X(SEND, 48, send, socket, NORMAL, "a message was sent to an address given with it")        \
	X(MODULE, 49, module, kmod, NORMAL, "a kernel module was loaded or asked for")             \
	X(BPF_LOAD, 50, bpf_load, bpf, NORMAL, "a BPF program came into the kernel")               \
	X(BPF_UNLOAD, 51, bpf_unload, bpf, NORMAL, "a BPF program left the kernel")                \
	X(BPF, 52, bpf, bpf, NORMAL, "bpf(2) made, loaded, attached, detached or opened something")        \
	X(PERF_EVENT, 53, perf_event, none, NORMAL, "perf_event_open(2)")                          \
	X(KEY, 54, key, key, NORMAL, "a key was made or used")                                     \
	X(IO_URING, 55, io_uring, none, NORMAL, "io_uring_setup(2)")                               \
	X(SYSLOG, 56, syslog, none, NORMAL, "the kernel's log was read or controlled")             \
	X(KEXEC, 57, kexec, file, QUIET, "a kernel was loaded for kexec")                          \
	X(REBOOT, 58, reboot, none, QUIET, "reboot(2) was called")                                 \
	X(SETTIME, 59, settime, none, NORMAL, "the system's clock or its timezone was set")        \
	X(POLICY, 60, policy, none, QUIET, "the policy in force was changed")

/* The programs. One row here, one SEC() in bpf/.
 * H(NAME, number, "where it attaches", "program name", (KINDS it makes), "first kernel"):
 * cgroup-scoped, each takes one of the kernel's ten slots. N(...): for the whole node, finds the container itself.
 * The number indexes reeve_progs. A kernel without the place to attach goes without the program. */
/* By room, as the files of bpf/. A room's numbers have a range of their own. */
#define RV_HOOKS_PROCESS(H, N)                                                              \
	H(EXEC_CHECK, 2, "lsm_cgroup/bprm_check_security", "reeve_exec_chk", (ARMED, EXEC), "6.1") \
	H(EXEC_DONE, 3, "lsm_cgroup/bprm_committed_creds", "reeve_exec_done", (EXEC), "6.1")       \
	N(FORK, 5, "tp_btf/sched_process_fork", "reeve_fork", (FORK, THREAD, ENTER), "6.1")        \
	N(FORK_2, 24, "tp_btf/sched_process_fork", "reeve_fork_2", (FORK, ENTER), "6.1")           \
	N(FORK_3, 25, "tp_btf/sched_process_fork", "reeve_fork_3", (FORK, ENTER), "6.1")           \
	N(FORK_4, 26, "tp_btf/sched_process_fork", "reeve_fork_4", (FORK, ENTER), "6.1")           \
	N(ATTACH, 6, "tp_btf/cgroup_attach_task", "reeve_attach", (ENTER, LEAVE), "6.1")           \
	N(EXIT, 7, "tp_btf/sched_process_exit", "reeve_exit", (EXIT), "6.1")                       \
	N(EXIT_2, 27, "tp_btf/sched_process_exit", "reeve_exit_2", (EXIT), "6.1")                  \
	N(EXIT_3, 28, "tp_btf/sched_process_exit", "reeve_exit_3", (EXIT), "6.1")                  \
	N(EXIT_4, 29, "tp_btf/sched_process_exit", "reeve_exit_4", (EXIT), "6.1")                  \
	N(SETUID, 10, "lsm/task_fix_setuid", "reeve_setuid", (SETUID), "6.1")                      \
	N(SETGID, 11, "lsm/task_fix_setgid", "reeve_setgid", (SETGID), "6.1")                      \
	N(SETGROUPS, 12, "lsm/task_fix_setgroups", "reeve_setgroups", (SETGROUPS), "6.1")          \
	H(CAPABLE, 13, "lsm_cgroup/capable", "reeve_capable", (CAPABILITY), "6.1")                 \
	N(CAPSET, 14, "lsm/capset", "reeve_capset", (CAPSET), "6.1")                               \
	N(PTRACE, 15, "lsm/ptrace_access_check", "reeve_ptrace", (PTRACE, INSPECT), "6.1")         \
	N(TRACEME, 16, "lsm/ptrace_traceme", "reeve_traceme", (PTRACE), "6.1")                     \
	N(SIGNAL, 17, "lsm/task_kill", "reeve_signal", (SIGNAL), "6.1")                            \
	N(UNSHARE, 18, "fentry/unshare_nsproxy_namespaces", "reeve_unshare", (NAMESPACE), "6.1")   \
	N(SETNS, 19, "fentry/create_new_namespaces", "reeve_setns", (NAMESPACE), "6.1")            \
	N(NAMESPACE, 20, "fentry/perf_event_namespaces", "reeve_namespace", (NAMESPACE), "6.1")    \
	N(PRCTL, 21, "lsm/task_prctl", "reeve_prctl", (PRCTL), "6.1")                              \
	N(SECCOMP, 22, "fexit/do_seccomp", "reeve_seccomp", (SECCOMP), "6.1")                      \
	N(MOVE, 23, "fentry/cgroup_attach_task", "reeve_move", (ENTER, LEAVE), "6.1")
#define RV_HOOKS_FILES(H, N)                                                                \
	H(FILE_OPEN, 1, "lsm_cgroup/file_open", "reeve_file_open", (OPEN, CREATE), "6.1")          \
	N(UNLINK, 9, "lsm/path_unlink", "reeve_unlink", (UNLINK), "6.1")                           \
	N(RMDIR, 30, "lsm/path_rmdir", "reeve_rmdir", (UNLINK), "6.1")                             \
	N(MKNOD, 31, "lsm/path_mknod", "reeve_mknod", (CREATE), "6.1")                             \
	N(MKDIR, 32, "lsm/path_mkdir", "reeve_mkdir", (CREATE), "6.1")                             \
	N(RENAME, 33, "lsm/path_rename", "reeve_rename", (RENAME), "6.1")                          \
	N(LINK, 34, "lsm/path_link", "reeve_link", (LINK), "6.1")                                  \
	N(SYMLINK, 35, "lsm/path_symlink", "reeve_symlink", (SYMLINK), "6.1")                      \
	N(CHMOD, 36, "lsm/path_chmod", "reeve_chmod", (CHMOD), "6.1")                              \
	N(CHOWN, 37, "lsm/path_chown", "reeve_chown", (CHOWN), "6.1")                              \
	N(UTIME, 38, "fentry/vfs_utimes", "reeve_utime", (UTIME), "6.1")                           \
	N(TRUNCATE, 39, "lsm/path_truncate", "reeve_truncate", (TRUNCATE), "6.1")                  \
	N(FTRUNCATE, 40, "lsm/file_truncate", "reeve_ftruncate", (TRUNCATE), "6.2")                \
	N(SETXATTR, 41, "lsm/inode_setxattr", "reeve_setxattr", (SETXATTR), "6.1")                 \
	N(REMOVEXATTR, 42, "lsm/inode_removexattr", "reeve_rmxattr", (REMOVEXATTR), "6.1")         \
	N(SET_ACL, 43, "lsm/inode_set_acl", "reeve_setacl", (SETXATTR), "6.2")                     \
	N(REMOVE_ACL, 94, "lsm/inode_remove_acl", "reeve_rmacl", (REMOVEXATTR), "6.2")             \
	N(CHROOT, 44, "lsm/path_chroot", "reeve_chroot", (CHROOT), "6.1")                          \
	N(MOUNT, 45, "lsm/sb_mount", "reeve_mount", (MOUNT), "6.1")                                \
	N(UMOUNT, 46, "lsm/sb_umount", "reeve_umount", (UMOUNT), "6.1")                            \
	N(MOVE_MOUNT, 47, "lsm/move_mount", "reeve_movemount", (MOVE_MOUNT), "6.1")                     \
	N(PIVOT_ROOT, 48, "lsm/sb_pivotroot", "reeve_pivot", (PIVOT_ROOT), "6.1")                  \
	N(IOCTL, 49, "lsm/file_ioctl", "reeve_ioctl", (IOCTL), "6.1")                              \
	N(IOCTL_COMPAT, 95, "lsm/file_ioctl_compat", "reeve_ioctl32", (IOCTL), "6.1")
#define RV_HOOKS_MEMORY(H, N)                                                               \
	H(MMAP, 50, "lsm_cgroup/mmap_file", "reeve_mmap", (MMAP), "6.1")                           \
	H(MPROTECT, 51, "lsm_cgroup/file_mprotect", "reeve_mprotect", (MPROTECT), "6.1")             \
	N(TAG, 52, "lsm.s/file_open", "reeve_tag", (OPEN), "6.12")                                 \
	N(TAG_EXEC, 53, "lsm.s/bprm_check_security", "reeve_tag_exec", (EXEC), "6.12")
#define RV_HOOKS_NETWORK(H, N)                                                              \
	H(CONNECT, 4, "lsm_cgroup/socket_connect", "reeve_connect", (CONNECT), "6.1")              \
	H(SEND, 60, "lsm_cgroup/socket_sendmsg", "reeve_send", (SEND), "6.1")                      \
	N(SOCKET, 61, "lsm/socket_create", "reeve_socket", (SOCKET), "6.1")                        \
	N(UNIX_PATH, 65, "fexit/kern_path", "reeve_unix_path", (CONNECT, SEND), "6.1")             \
	N(UNIX_STREAM, 66, "lsm/unix_stream_connect", "reeve_ustream", (CONNECT), "6.1")           \
	N(UNIX_SEND, 67, "lsm/unix_may_send", "reeve_usend", (CONNECT, SEND), "6.1")               \
	N(BIND, 62, "lsm/socket_bind", "reeve_bind", (BIND), "6.1")                                \
	N(LISTEN, 63, "lsm/socket_listen", "reeve_listen", (LISTEN), "6.1")                        \
	N(ACCEPT, 64, "lsm/sock_graft", "reeve_accept", (ACCEPT), "6.1")
#define RV_HOOKS_KERNEL(H, N)                                                               \
	N(READ_FILE, 75, "lsm/kernel_read_file", "reeve_read_file", (MODULE, KEXEC), "6.1")        \
	N(LOAD_DATA, 76, "lsm/kernel_load_data", "reeve_load_data", (MODULE, KEXEC), "6.1")        \
	N(MODULE_ASK, 77, "lsm/kernel_module_request", "reeve_mod_ask", (MODULE), "6.1")           \
	N(MODULE_IN, 78, "tp_btf/module_load", "reeve_mod_in", (MODULE), "6.1")                    \
	N(SYSLOG, 79, "lsm/syslog", "reeve_syslog", (SYSLOG), "6.1")                               \
	N(BPF, 80, "lsm/bpf", "reeve_bpf", (BPF), "6.1")                                           \
	N(PERF_ATTR, 81, "fexit/perf_copy_attr", "reeve_perf_attr", (PERF_EVENT), "6.1")           \
	N(PERF_OPEN, 82, "lsm/perf_event_open", "reeve_perf_open", (PERF_EVENT), "6.1")            \
	N(KEY_MADE, 83, "lsm/key_alloc", "reeve_key_made", (KEY), "6.1")                           \
	N(KEY_USED, 84, "lsm/key_permission", "reeve_key_used", (KEY), "6.1")                      \
	N(IO_URING, 85, "tp_btf/io_uring_create", "reeve_io_uring", (IO_URING), "6.1")             \
	N(REBOOT, 86, "fentry/__x64_sys_reboot", "reeve_reboot", (REBOOT), "6.1")                  \
	N(REBOOT_32, 87, "fentry/__ia32_sys_reboot", "reeve_reboot_32", (REBOOT), "6.1")           \
	N(BPF_PROG, 8, "fentry/perf_event_bpf_event", "reeve_bpf_prog", (BPF_LOAD, BPF_UNLOAD),    \
	  "6.1")                                                                                   \
	N(BPF_PROG_FD, 88, "lsm/bpf_prog", "reeve_bpf_fd", (BPF_LOAD), "6.1")                      \
	N(BPF_PROG_AUX, 89, "lsm/bpf_prog_free_security", "reeve_bpf_aux", (BPF_UNLOAD), "6.1")    \
	N(BPF_PROG_FREE, 90, "lsm/bpf_prog_free", "reeve_bpf_free", (BPF_UNLOAD), "6.9")           \
	N(SETTIME, 91, "lsm/settime", "reeve_settime", (SETTIME), "6.1")
#define RV_HOOKS(H, N)                                                                             \
	RV_HOOKS_PROCESS(H, N)                                                                     \
	RV_HOOKS_FILES(H, N)                                                                       \
	RV_HOOKS_MEMORY(H, N)                                                                      \
	RV_HOOKS_NETWORK(H, N)                                                                     \
	RV_HOOKS_KERNEL(H, N)

#define RV_PROFILE_QUIET 1
#define RV_PROFILE_NORMAL 2
#define RV_PROFILE_ALL 3

/* Fields of each kind behind the head, in the record's order. F(type, name, VIEW, "doc") is a
 * member; S(name, VIEW, "doc") a byte string: its length is the member name_len, its bytes follow
 * the struct, in the order of the S. Eight-byte members first; a struct's size is a multiple of
 * eight: pad with F(__u32, reserved, NONE, ""). VIEW: how it is shown, see RV_VIEWS. */
#define RV_FIELDS_ARMED(F, S)                                                                      \
	F(__u64, record, KINDS, "kinds that are recorded")                                         \
	F(struct rv_sha256, policy_sha256, SHA256, "of the compiled policy")                       \
	F(struct rv_name64, policy_name, NAME64, "the policy")                                     \
	F(__u32, policy_flags, POLICY_FLAGS, "what the policy is set to")                          \
	F(__u32, reserved, NONE, "")

/* The argument block follows: args_stored bytes, argc argument strings, then envc environment
 * strings, each with its NUL. */
#define RV_FIELDS_EXEC(F, S)                                                                       \
	F(__u64, ino, NUMBER, "inode of the program")                                              \
	F(__u64, args_len, NUMBER, "bytes of arguments and environment the kernel held")           \
	F(__u64, args_hash, NONE, "of those bytes; 0 when not read")                               \
	F(__u64, args_missing, NUMBER, "of those, bytes that could not be read")                   \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, argc, NUMBER, "argument strings")                                                 \
	F(__u32, envc, NUMBER, "environment strings")                                              \
	F(__u32, args_state, ARGS_STATE, "whole, or why not")                                      \
	F(__u32, args_stored, NONE, "bytes in this record")                                        \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	F(__u32, origin, ORIGIN, "named by a descriptor, in memory only, deleted")                 \
	F(__u32, script_state, PATH_STATE, "how the script's path came about")                     \
	F(__u32, mode, MODE, "type and permissions of the program, set-id bits with them")         \
	F(__u32, tag_source, TAG_SOURCE, "the attribute the tag was read from")                    \
	S(path, PATH, "the program that runs; of a script its interpreter")                        \
	S(filename, TEXT, "the name as given to execve")                                           \
	S(script, PATH, "the script, when it was one; of nested ones the outermost")                                             \
	S(tag, TEXT, "the program file's security tag")

#define RV_FIELDS_EXIT(F, S)                                                                       \
	F(__s32, code, SIGNED, "exit code, 0 when a signal ended it")                              \
	F(__u32, signal, SIGNAL, "the signal that ended it")                                       \
	F(__u32, core, BOOL, "core was dumped")                                                    \
	F(__u32, reserved, NONE, "")

#define RV_FIELDS_OPEN(F, S)                                                                       \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, access, ACCESS, "what it was opened for")                                         \
	F(__u32, flags, NUMBER, "O_* flags")                                                       \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	F(__u32, tag_source, TAG_SOURCE, "the attribute the tag was read from")                    \
	S(path, PATH, "path in the container")                                                     \
	S(tag, TEXT, "the file's security tag")

/* The same in all socket kinds. What the kernel does not know at that moment is null or 0. */
#define RV_FIELDS_CONNECT(F, S)                                                                    \
	F(struct rv_address, local, LOCAL, "local address and port (laddr, lport)")                \
	F(struct rv_address, peer, FOREIGN, "the other side's address and port (faddr, fport)")    \
	F(__u32, family, FAMILY, "address family of the socket")                                   \
	F(__u32, type, SOCKET_TYPE, "socket type")                                                 \
	F(__u32, protocol, NUMBER, "protocol number of the socket")                                \
	F(__u32, netif, NUMBER, "interface the socket is bound to, 0 none; packet: the address's") \
	F(__u32, groups, HEX, "netlink: multicast groups of the address, bit 0 is group 1")        \
	F(__u32, opid, NUMBER, "accept, unix: process that connected, on the host; 0 unknown")     \
	F(__s32, backlog, SIGNED, "listen: backlog asked for, at most net.core.somaxconn")         \
	F(__u32, size, NUMBER, "send: bytes in the message")                                       \
	S(path, PATH, "unix: name asked for or listened on; a NUL first when it is abstract")      \
	S(from_path, PATH, "unix: name of the side that connects or sends, when it has one")
#define RV_FIELDS_SOCKET(F, S) RV_FIELDS_CONNECT(F, S)
#define RV_FIELDS_BIND(F, S) RV_FIELDS_CONNECT(F, S)
#define RV_FIELDS_LISTEN(F, S) RV_FIELDS_CONNECT(F, S)
#define RV_FIELDS_ACCEPT(F, S) RV_FIELDS_CONNECT(F, S)
#define RV_FIELDS_SEND(F, S) RV_FIELDS_CONNECT(F, S)

#define RV_FIELDS_CHECKPOINT(F, S) F(struct rv_counters, counters, COUNTERS, "the kernel's own")
#define RV_FIELDS_CLOSE(F, S) RV_FIELDS_CHECKPOINT(F, S)
#define RV_FIELDS_ARGS(F, S) F(__u64, reserved, NONE, "")

#define RV_FIELDS_REPEAT(F, S)                                                                     \
	F(__u64, of_seq, NUMBER, "number of the record that was repeated")                         \
	F(__u64, count, NUMBER, "how often, beside the record itself")                             \
	F(__u64, first_ns, NUMBER, "boot time of the first repetition")                            \
	F(__u64, last_ns, NUMBER, "boot time of the last one")                                     \
	F(__u32, of_kind, KIND, "its kind")                                                        \
	F(__u32, reserved, NONE, "")

#define RV_FIELDS_FORK(F, S)                                                                       \
	F(__u64, child_cgroup_id, NUMBER, "the child's cgroup")                                    \
	F(__u32, child_pid, NUMBER, "the child on the host")                                       \
	F(__u32, child_tid, NUMBER, "its thread id")                                               \
	F(__u32, child_ns_pid, NUMBER, "the child in its own pid namespace")                       \
	F(__u32, clone, CLONE, "what it shares with its maker, and its new namespaces")
#define RV_FIELDS_THREAD(F, S) RV_FIELDS_FORK(F, S)

#define RV_FIELDS_SETUID(F, S)                                                                     \
	F(__u32, old_id, NUMBER, "real id before")                                                 \
	F(__u32, old_eid, NUMBER, "effective id before")                                           \
	F(__u32, old_sid, NUMBER, "saved id before")                                               \
	F(__u32, old_fsid, NUMBER, "file system id before")                                        \
	F(__u32, new_id, NUMBER, "real id after")                                                  \
	F(__u32, new_eid, NUMBER, "effective id after")                                            \
	F(__u32, new_sid, NUMBER, "saved id after")                                                \
	F(__u32, new_fsid, NUMBER, "file system id after")
#define RV_FIELDS_SETGID(F, S) RV_FIELDS_SETUID(F, S)
#define RV_FIELDS_SETGROUPS(F, S)                                                                  \
	F(__u32, old_count, NUMBER, "groups before")                                               \
	F(__u32, new_count, NUMBER, "groups after")                                                \
	S(old_groups, NUMBERS, "the groups before, as many as fit")                                \
	S(new_groups, NUMBERS, "the groups after, as many as fit")

#define RV_FIELDS_CAPABILITY(F, S)                                                                 \
	F(__u32, capability, CAPABILITY, "which one")                                              \
	F(__u32, in_user_ns, NUMBER, "inode of the user namespace it was asked for in")
#define RV_FIELDS_CAPSET(F, S)                                                                     \
	F(__u64, old_effective, CAPABILITIES, "effective set before")                              \
	F(__u64, old_permitted, CAPABILITIES, "permitted set before")                              \
	F(__u64, old_inheritable, CAPABILITIES, "inheritable set before")                          \
	F(__u64, effective, CAPABILITIES, "effective set after")                                   \
	F(__u64, permitted, CAPABILITIES, "permitted set after")                                   \
	F(__u64, inheritable, CAPABILITIES, "inheritable set after")

#define RV_FIELDS_PTRACE(F, S)                                                                     \
	F(struct rv_name16, ocomm, NAME16, "comm of the other process")                            \
	F(__u32, opid, NUMBER, "the other process on the host")                                    \
	F(__u32, ons_pid, NUMBER, "the other process in its own pid namespace")                    \
	F(__u32, request, PTRACE, "attach, read or traceme")                                       \
	F(__u32, mode, NUMBER, "PTRACE_MODE_* bits")
#define RV_FIELDS_INSPECT(F, S) RV_FIELDS_PTRACE(F, S)
#define RV_FIELDS_SIGNAL(F, S)                                                                     \
	F(struct rv_name16, ocomm, NAME16, "comm of the receiver")                                 \
	F(__u32, opid, NUMBER, "the receiver on the host")                                         \
	F(__u32, ons_pid, NUMBER, "the receiver in its own pid namespace")                         \
	F(__u32, signal, SIGNAL, "which one")                                                      \
	F(__u32, reserved, NONE, "")

/* An inode number of 0: that kind of namespace stays as it was. */
#define RV_FIELDS_NAMESPACE(F, S)                                                                  \
	F(__u32, call, NS_CALL, "unshare or setns")                                                \
	F(__u32, changed, CLONE, "which ones change")                                              \
	F(__u32, old_mnt_ns, NUMBER, "mount namespace before, 0 unchanged")                        \
	F(__u32, new_mnt_ns, NUMBER, "mount namespace after")                                      \
	F(__u32, old_pid_ns, NUMBER, "pid namespace of children before, 0 unchanged")              \
	F(__u32, new_pid_ns, NUMBER, "pid namespace of children after")                            \
	F(__u32, old_net_ns, NUMBER, "network namespace before, 0 unchanged")                      \
	F(__u32, new_net_ns, NUMBER, "network namespace after")                                    \
	F(__u32, old_user_ns, NUMBER, "user namespace before, 0 unchanged")                        \
	F(__u32, new_user_ns, NUMBER, "user namespace after")                                      \
	F(__u32, old_uts_ns, NUMBER, "UTS namespace before, 0 unchanged")                          \
	F(__u32, new_uts_ns, NUMBER, "UTS namespace after")                                        \
	F(__u32, old_ipc_ns, NUMBER, "IPC namespace before, 0 unchanged")                          \
	F(__u32, new_ipc_ns, NUMBER, "IPC namespace after")                                        \
	F(__u32, old_cgroup_ns, NUMBER, "cgroup namespace before, 0 unchanged")                    \
	F(__u32, new_cgroup_ns, NUMBER, "cgroup namespace after")                                  \
	F(__u32, old_time_ns, NUMBER, "time namespace of children before, 0 unchanged")            \
	F(__u32, new_time_ns, NUMBER, "time namespace of children after")

#define RV_FIELDS_PRCTL(F, S)                                                                      \
	F(__u64, arg2, NUMBER, "second argument")                                                  \
	F(__u64, arg3, NUMBER, "third argument")                                                   \
	F(__u32, option, PRCTL, "PR_*")                                                            \
	F(__u32, reserved, NONE, "")
#define RV_FIELDS_SECCOMP(F, S)                                                                    \
	F(__u32, operation, SECCOMP, "strict or filter")                                           \
	F(__u32, flags, NUMBER, "SECCOMP_FILTER_FLAG_*")

#define RV_FIELDS_ENTER(F, S)                                                                      \
	F(__u64, from_cgroup_id, NUMBER, "cgroup before")                                          \
	F(__u64, to_cgroup_id, NUMBER, "cgroup after")                                             \
	F(struct rv_name16, ocomm, NAME16, "comm of the task that moved")                          \
	F(__u32, opid, NUMBER, "the task that moved, on the host")                                 \
	F(__u32, ons_pid, NUMBER, "the same in its own pid namespace")
#define RV_FIELDS_LEAVE(F, S) RV_FIELDS_ENTER(F, S)

#define RV_FIELDS_CREATE(F, S)                                                                     \
	F(__u32, mode, MODE, "type and permissions asked for")                                     \
	F(__u32, rdev, DEV, "of a device node: which device")                                      \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "path in the container")
#define RV_FIELDS_UNLINK(F, S)                                                                     \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "path in the container")
#define RV_FIELDS_RENAME(F, S)                                                                     \
	F(__u64, ino, NUMBER, "inode of what is renamed")                                          \
	F(__u64, new_ino, NUMBER, "inode that has the new path, 0 none")                            \
	F(__u32, dev, DEV, "their device")                                                         \
	F(__u32, mode, MODE, "type and permissions of what is renamed")                            \
	F(__u32, flags, NUMBER, "RENAME_* flags")                                                  \
	F(__u32, path_state, PATH_STATE, "how the old path came about")                            \
	F(__u32, new_path_state, PATH_STATE, "how the new path came about")                        \
	F(__u32, reserved, NONE, "")                                                               \
	S(path, PATH, "path before")                                                               \
	S(new_path, PATH, "path after")
#define RV_FIELDS_LINK(F, S)                                                                       \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, path_state, PATH_STATE, "how the old path came about")                            \
	F(__u32, new_path_state, PATH_STATE, "how the new path came about")                        \
	S(path, PATH, "path it has already")                                                       \
	S(new_path, PATH, "path it gets")
#define RV_FIELDS_SYMLINK(F, S)                                                                    \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	F(__u32, reserved, NONE, "")                                                               \
	S(path, PATH, "path of the link")                                                          \
	S(target, TEXT, "what it points to")
#define RV_FIELDS_CHMOD(F, S)                                                                      \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions before")                                        \
	F(__u32, new_mode, MODE, "permissions asked for")                                          \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	F(__u32, reserved, NONE, "")                                                               \
	S(path, PATH, "path in the container")
#define RV_FIELDS_CHOWN(F, S)                                                                      \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, old_uid, NUMBER, "owner before")                                                  \
	F(__u32, old_gid, NUMBER, "group before")                                                  \
	F(__u32, new_uid, NUMBER_OR_NONE, "owner asked for")                                       \
	F(__u32, new_gid, NUMBER_OR_NONE, "group asked for")                                       \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "path in the container")
#define RV_FIELDS_UTIME(F, S)                                                                      \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__s64, atime, SIGNED, "access time asked for, seconds since 1970; 0 when set has no atime")\
	F(__s64, mtime, SIGNED, "modification time asked for, likewise")                           \
	F(__u32, atime_nsec, NUMBER, "nanoseconds of it")                                          \
	F(__u32, mtime_nsec, NUMBER, "nanoseconds of it")                                          \
	F(__u32, set, UTIME_SET, "which ones are set, to that time or to the present")             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	F(__u32, reserved, NONE, "")                                                               \
	S(path, PATH, "path in the container")
#define RV_FIELDS_TRUNCATE(F, S)                                                                   \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u64, old_size, NUMBER, "length before")                                                \
	F(__u64, size, NUMBER_OR_NONE, "length asked for; null where the hook cannot know")        \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "path in the container")
#define RV_FIELDS_CHROOT(F, S) RV_FIELDS_UNLINK(F, S)
#define RV_FIELDS_SETXATTR(F, S)                                                                   \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, size, NUMBER, "bytes of the value")                                               \
	F(__u32, flags, NUMBER, "XATTR_* flags")                                                   \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "path in the container, or in its file system")                              \
	S(name, TEXT, "name of the attribute")                                                     \
	S(value, TEXT, "the value, its first 256 bytes")
#define RV_FIELDS_REMOVEXATTR(F, S)                                                                \
	F(__u64, ino, NUMBER, "inode")                                                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "type and permissions of the file")                                   \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	F(__u32, reserved, NONE, "")                                                               \
	S(path, PATH, "path in the container, or in its file system")                              \
	S(name, TEXT, "name of the attribute")
#define RV_FIELDS_MOUNT(F, S)                                                                      \
	F(__u64, flags, MOUNT_FLAGS, "MS_* flags")                                                 \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "where")                                                                     \
	S(source, TEXT, "what, as given")                                                          \
	S(fstype, TEXT, "type of file system, as given")                                           \
	S(options, TEXT, "options of the file system, as given")                                   \
	F(__u32, reserved, NONE, "")
#define RV_FIELDS_UMOUNT(F, S)                                                                     \
	F(__u32, flags, UMOUNT_FLAGS, "MNT_* and UMOUNT_* flags")                                  \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "where it was")                                                              \
	S(source, TEXT, "what was mounted")                                                        \
	S(fstype, TEXT, "type of file system")                                                     \
	F(__u32, reserved, NONE, "")
#define RV_FIELDS_MOVE_MOUNT(F, S)                                                                 \
	F(__u32, path_state, PATH_STATE, "how the path came about; a new mount has one in its file system")\
	F(__u32, new_path_state, PATH_STATE, "how the new path came about")                        \
	S(path, PATH, "the mount")                                                                 \
	S(new_path, PATH, "where it goes")                                                         \
	S(source, TEXT, "what is mounted")                                                         \
	S(fstype, TEXT, "type of file system")
#define RV_FIELDS_PIVOT_ROOT(F, S)                                                                 \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	F(__u32, new_path_state, PATH_STATE, "how the new path came about")                        \
	S(path, PATH, "where the old root goes")                                                   \
	S(new_path, PATH, "the new root")
#define RV_FIELDS_IOCTL(F, S)                                                                      \
	F(__u64, ino, NUMBER, "inode of the device node")                                          \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, mode, MODE, "its type and permissions")                                           \
	F(__u32, rdev, DEV, "the device itself")                                                   \
	F(__u32, command, HEX, "command number (ioctlcmd)")                                        \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "path in the container")

#define RV_FIELDS_MMAP(F, S)                                                                       \
	F(__u64, ino, NUMBER, "inode of the mapped file, 0 anonymous")                             \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, protection, PROTECTION, "access asked for")                                       \
	F(__u32, was, PROTECTION_WAS, "mprotect: access before; written: it holds pages of its own")                                       \
	F(__u32, flags, MAP_FLAGS, "mmap: MAP_* flags")                                            \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "path of the mapped file")
#define RV_FIELDS_MPROTECT(F, S) RV_FIELDS_MMAP(F, S)

#define RV_FIELDS_MODULE(F, S)                                                                     \
	F(__u64, ino, NUMBER, "finit_module: inode of the file")                                   \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, how, MODULE_HOW, "finit_module, init_module, request_module, loaded")             \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "finit_module: the file")                                                    \
	S(name, TEXT, "request_module, loaded: the module's name")                                 \
	F(__u32, reserved, NONE, "")
#define RV_FIELDS_BPF_LOAD(F, S)                                                                   \
	F(__u64, loader_start_ns, NUMBER, "start of the process that loaded it; 0 unknown")        \
	F(struct rv_tag8, tag, TAG8, "tag of the program")                                         \
	F(struct rv_name16, name, NAME16, "name of the program")                                   \
	F(__u32, id, NUMBER, "id of the program")                                                  \
	F(__u32, type, BPF_PROG_TYPE, "type of the program")                                       \
	F(__u32, loader_pid, NUMBER, "process that loaded it, on the host; 0 unknown")             \
	F(__u32, reserved, NONE, "")
#define RV_FIELDS_BPF_UNLOAD(F, S) RV_FIELDS_BPF_LOAD(F, S)
#define RV_FIELDS_BPF(F, S)                                                                        \
	F(struct rv_name16, name, NAME16, "name of the new map or program")                        \
	F(__u32, command, BPF_CMD, "BPF_* command")                                                \
	F(__u32, prog_type, BPF_PROG_TYPE, "prog_load: type of program")                           \
	F(__u32, attach_type, NUMBER, "prog_load, attach, detach, link_create: BPF_* attach type") \
	F(__u32, map_type, BPF_MAP_TYPE, "map_create: type of map")                                \
	F(__u32, key_size, NUMBER, "map_create: bytes of a key")                                   \
	F(__u32, value_size, NUMBER, "map_create: bytes of a value")                               \
	F(__u32, max_entries, NUMBER, "map_create: entries")                                       \
	F(__u32, id, NUMBER, "*_get_fd_by_id: id of the program, map, BTF or link")                \
	F(__u32, unreadable, BOOL, "the caller's memory with the string below could not be read")  \
	S(given, TEXT, "obj_pin, obj_get: the path; raw_tracepoint_open: which; as given")
#define RV_FIELDS_PERF_EVENT(F, S)                                                                 \
	F(__u64, config, NUMBER, "which event of that type")                                       \
	F(__u32, type, PERF_TYPE, "type of event; null: not known")                                \
	F(__u32, in_kernel, BOOL, "it counts in the kernel as well; false when type is null")
#define RV_FIELDS_KEY(F, S)                                                                        \
	F(__s32, serial, SIGNED, "serial number of the key; 0 at its making, when it has none yet") \
	F(__u32, permission, KEY_NEED, "what it was to be used for; null at its making")           \
	F(__u32, key_uid, NUMBER, "the key's owner")                                               \
	F(__u32, how, KEY_HOW, "made or used")                                                     \
	S(key_type, TEXT, "its type")                                                              \
	S(description, TEXT, "its description")
#define RV_FIELDS_IO_URING(F, S)                                                                   \
	F(__u32, fd, NUMBER, "descriptor of the ring")                                             \
	F(__u32, sq_entries, NUMBER, "submission queue entries")                                   \
	F(__u32, cq_entries, NUMBER, "completion queue entries")                                   \
	F(__u32, flags, HEX, "IORING_SETUP_* flags")
#define RV_FIELDS_SYSLOG(F, S)                                                                     \
	F(__u32, action, SYSLOG, "SYSLOG_ACTION_*")                                                \
	F(__u32, reserved, NONE, "")
#define RV_FIELDS_KEXEC(F, S)                                                                      \
	F(__u64, ino, NUMBER, "inode of the file, 0 kexec_load")                                   \
	F(__u32, dev, DEV, "its device")                                                           \
	F(__u32, how, KEXEC_HOW, "kexec_file_load, its initramfs, or kexec_load")                  \
	F(__u32, path_state, PATH_STATE, "how the path came about")                                \
	S(path, PATH, "kexec_file_load: the file")
#define RV_FIELDS_REBOOT(F, S)                                                                     \
	F(__u32, command, REBOOT, "LINUX_REBOOT_CMD_*")                                            \
	F(__u32, magic, BOOL, "both magic numbers were right")
#define RV_FIELDS_SETTIME(F, S)                                                                    \
	F(__u64, seconds, NUMBER_OR_NONE, "time asked for, since 1970; null: only a timezone")     \
	F(__u32, nsec, NUMBER, "nanoseconds of it")                                                \
	F(__u32, timezone, BOOL, "a timezone was given")                                           \
	F(__s32, minutes_west, SIGNED, "of Greenwich, in that timezone")                           \
	F(__u32, reserved, NONE, "")

/* process is whoever changed it, on the host; policy_version of the head the one now in force. */
#define RV_FIELDS_POLICY(F, S)                                                                     \
	F(struct rv_sha256, policy_sha256, SHA256, "of the compiled policy now in force")          \
	F(struct rv_name64, policy_name, NAME64, "its name")                                       \
	F(__u32, policy_flags, POLICY_FLAGS, "what it is set to")                                  \
	F(__u32, old_version, NUMBER, "policy_version before, 0 none")
