/* SPDX-License-Identifier: Apache-2.0 */
/* The acts by their names, and lines of them: see attack.c for what those are. */
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include "attack-kernel.h"
#include "attack-memory.h"

/* --- files --- */
static int flags_of(const char *words)
{
	int flags = strchr(words, 'w') ? O_WRONLY : strchr(words, 'b') ? O_RDWR : O_RDONLY;

	return flags | (strchr(words, 'c') ? O_CREAT : 0) | (strchr(words, 't') ? O_TRUNC : 0) |
	       (strchr(words, 'p') ? O_PATH : 0) | (strchr(words, 'T') ? O_TMPFILE | O_RDWR : 0);
}

ACT(open_, DID(open(a[1], flags_of(a[0]), 0600)))
ACT(unlink_, DID(unlink(a[0])))
ACT(rename_, DID(rename(a[0], a[1])))
ACT(swap, DID(syscall(SYS_renameat2, AT_FDCWD, a[0], AT_FDCWD, a[1], 2)))
ACT(link_, DID(link(a[0], a[1])))
ACT(symlink_, DID(symlink(a[0], a[1])))
ACT(mkdir_, DID(mkdir(a[0], 0700)))
ACT(fifo, DID(mkfifo(a[0], 0600)))
ACT(chmod_, DID(chmod(a[0], 06755)))
ACT(chown_, DID(chown(a[0], 1, 1)))
ACT(truncate_, DID(truncate(a[0], 0)))
ACT(xattr, DID(setxattr(a[0], "trusted.x", "y", 1, 0)))

/* Below a directory that is open, without naming it. */
static int open_below(char **a)
{
	int dir = open(a[1], O_PATH);

	NEED(dir >= 0);
	return DID(openat(dir, a[2], flags_of(a[0]), 0600));
}

/* A descriptor that may do nothing, opened again by its number. */
static int reopen(char **a)
{
	char path[64];
	int fd = open(a[1], O_PATH);

	NEED(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return DID(open(path, flags_of(a[0])));
}

static int open_by_link(char **a)
{
	char name[] = "/tmp/link-XXXXXX";

	NEED(mkdtemp(name) && rmdir(name) == 0 && symlink(a[1], name) == 0);
	return DID(open(name, flags_of(a[0]), 0600));
}

static int open_in_chroot(char **a)
{
	NEED(chroot(a[0]) == 0);
	return DID(open(a[2], flags_of(a[1])));
}

/* A file without a name gets one. */
static int name_nameless(char **a)
{
	char path[64];
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0700);

	NEED(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return DID(linkat(AT_FDCWD, path, AT_FDCWD, a[0], AT_SYMLINK_FOLLOW));
}

/* --- programs --- */
ACT(exec_, DID(execv(a[0], a)))

static int copy(const char *from, int to)
{
	int fd = open(from, O_RDONLY);
	char b[65536];
	ssize_t n;

	NEED(fd >= 0);
	while ((n = read(fd, b, sizeof(b))) > 0)
		NEED(write(to, b, n) == n);
	return to;
}

static int exec_memfd(char **a)
{
	int fd = memfd_create(a[0], 0);
	char *argv[] = {"/usr/sbin/nginx", "do", "nothing", NULL}, *env[] = {NULL};

	NEED(fd >= 0);
	if (a[1])
		NEED(write(fd, a[1], strlen(a[1])) > 0);
	else
		copy("/proc/self/exe", fd);
	return DID(syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH));
}

static int exec_fd(int fd)
{
	char path[64], *argv[] = {"x", "do", "nothing", NULL};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return DID(execv(path, argv));
}

ACT(exec_memfd_path, exec_fd(copy("/proc/self/exe", memfd_create(a[0], 0))))

/* Gone from its directory before it runs. */
static int exec_gone(char **a)
{
	int fd = open(a[0], O_CREAT | O_WRONLY, 0700), kept = open(a[0], O_RDONLY);

	NEED(fd >= 0 && kept >= 0);
	close(copy("/proc/self/exe", fd));
	NEED(unlink(a[0]) == 0);
	return exec_fd(kept);
}

/* A program of one's own: written, then run; of a[1] bytes when they are given. */
static int exec_written(char **a)
{
	int fd = open(a[0], O_CREAT | O_WRONLY | O_TRUNC, 0700);
	char *argv[] = {a[0], "do", "nothing", NULL};

	NEED(fd >= 0);
	if (a[1])
		NEED(dprintf(fd, "%s\n", a[1]) > 0);
	else
		copy("/proc/self/exe", fd);
	close(fd);
	return DID(execv(a[0], argv));
}

static int exec_link(char **a)
{
	char *argv[] = {a[1], NULL};

	NEED(symlink(a[0], a[1]) == 0);
	return DID(execv(a[1], argv));
}

/* --- network --- */
static socklen_t address(char **a, struct sockaddr_in6 *to)
{
	struct sockaddr_in *v4 = (void *)to;

	memset(to, 0, sizeof(*to));
	if (strchr(a[0], ':')) {
		NEED(inet_pton(AF_INET6, a[0], &to->sin6_addr) == 1);
		to->sin6_family = AF_INET6;
		to->sin6_port = htons(atoi(a[1]));
		return sizeof(*to);
	}
	NEED(inet_pton(AF_INET, a[0], &v4->sin_addr) == 1);
	v4->sin_family = AF_INET;
	v4->sin_port = htons(atoi(a[1]));
	return sizeof(*v4);
}

static int net(char **a, int type, int how)
{
	struct sockaddr_in6 to;
	socklen_t len = address(a, &to);
	int fd = socket(to.sin6_family, type | SOCK_NONBLOCK, 0), error;

	NEED(fd >= 0);
	if (how == 'b')
		return DID(bind(fd, (void *)&to, len));
	error = how == 'c'
		    ? DID(connect(fd, (void *)&to, len))
		    : DID(sendto(fd, "x", 1, how == 'f' ? MSG_FASTOPEN : 0, (void *)&to, len));
	return error == EINPROGRESS ? 0 : error;
}

ACT(connect_, net(a, SOCK_STREAM, 'c'))
ACT(bind_, net(a, SOCK_STREAM, 'b'))
ACT(send_, net(a, SOCK_DGRAM, 's'))
ACT(fastopen, net(a, SOCK_STREAM, 'f'))

static int unix_(char **a)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t len = strlen(a[1]);
	int fd = socket(AF_UNIX, *a[0] == 's' ? SOCK_DGRAM : SOCK_STREAM, 0);
	socklen_t size = offsetof(struct sockaddr_un, sun_path) + len;

	NEED(fd >= 0 && len < sizeof(to.sun_path));
	memcpy(to.sun_path, a[1], len);
	if (a[1][0] == '@' && !a[2]) /* with a third word a file that is called so */
		to.sun_path[0] = 0;
	return *a[0] == 'c'   ? DID(connect(fd, (void *)&to, size))
	       : *a[0] == 'b' ? DID(bind(fd, (void *)&to, size))
			      : DID(sendto(fd, "x", 1, 0, (void *)&to, size));
}

ACT(nothing, 0)

static const struct verb {
	const char *name;
	int (*act)(char **);
} verbs[] = {{"open", open_},
	     {"unlink", unlink_},
	     {"rename", rename_},
	     {"swap", swap},
	     {"link", link_},
	     {"symlink", symlink_},
	     {"mkdir", mkdir_},
	     {"fifo", fifo},
	     {"chmod", chmod_},
	     {"chown", chown_},
	     {"truncate", truncate_},
	     {"xattr", xattr},
	     {"open-below", open_below},
	     {"reopen", reopen},
	     {"open-by-link", open_by_link},
	     {"ring-open", ring_open},
	     {"exec", exec_},
	     {"exec-memfd", exec_memfd},
	     {"exec-written", exec_written},
	     {"exec-link", exec_link},
	     {"connect", connect_},
	     {"bind", bind_},
	     {"send", send_},
	     {"fastopen", fastopen},
	     {"open-in-chroot", open_in_chroot},
	     {"name-nameless", name_nameless},
	     {"exec-memfd-path", exec_memfd_path},
	     {"exec-gone", exec_gone},
	     {"unix", unix_},
	     {"nothing", nothing},
	     {"mount", mount_},
	     {"umount", umount_},
	     {"pivot", pivot},
	     {"fsopen", fsopen_},
	     {"open-tree", open_tree_},
	     {"move-mount", move_mount_},
	     {"chroot", chroot_},
	     {"unshare", unshare_},
	     {"own-mount", own_mount},
	     {"hostname", hostname},
	     {"raw-io", raw_io},
	     {"nice", nice_},
	     {"mknod", mknod_},
	     {"socket", socket_},
	     {"kexec", kexec},
	     {"reboot", reboot_},
	     {"module", module},
	     {"log", log_},
	     {"key", key},
	     {"clock", clock_},
	     {"bpf", bpf_},
	     {"perf", perf},
	     {"by-handle", by_handle},
	     {"attach", attach},
	     {"traced", traced},
	     {"vm-read", vm_read},
	     {"vm-write", vm_write},
	     {"steal-fd", steal_fd},
	     {"mem-of", mem_of},
	     {"wx", wx},
	     {"x-anon", x_anon},
	     {"wx-shared", wx_shared},
	     {"x-memfd", x_memfd},
	     {"w-then-x", w_then_x},
	     {"anon-later", anon_later},
	     {"file-later", file_later},
	     {"shared-later", shared_later},
	     {"zero-later", zero_later},
	     {"x-then-w", x_then_w},
	     {"x-stack", x_stack},
	     {"x-heap", x_heap},
	     {"x-implied", x_implied},
	     {"x-segment", x_segment},
	     {"x-brk", x_brk},
	     {0}};

static int run(char **words)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (words[0] && strcmp(v->name, words[0]) == 0)
			return v->act(words + 1);
	fprintf(stderr, "attack: no verb %s\n", words[0] ? words[0] : "");
	return 99;
}

static void line_run(char *line)
{
	char *words[12] = {0}, *rest = line;
	const char *error;
	int n = 0, status;
	pid_t pid;

	for (char *word; n < 11 && (word = strtok_r(rest, " \t\n", &rest));)
		words[n++] = word;
	if (!n)
		return;
	pid = fork();
	NEED(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_NAME, words[0]);
		_exit(run(words + 1));
	}
	NEED(waitpid(pid, &status, 0) == pid);
	error =
	    WIFEXITED(status) && WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "0";
	if (WIFSIGNALED(status))
		error = "signal";
	printf("%s %s\n", words[0], WEXITSTATUS(status) == 99 ? "99" : error ? error : "?");
	fflush(stdout);
}
