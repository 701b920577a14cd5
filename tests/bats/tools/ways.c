/* SPDX-License-Identifier: Apache-2.0 */
/* ways: the truth table of paths. Each row is a way to reach a file, each column what is done to
 * it; the cell is what came of it: "ok", an errno, "!ERRNO" when already the way was refused, "-"
 * where way and access do not go together. ways prepare ROOT   makes the files, on the host ways
 * sockets ROOT   makes the sockets, and leaves a process that listens on them for a while ways run
 * BASE       in the container: prints the table for /BASE ways program        the program it
 * executes Each cell has a file and a process of its own, whose name is ROW.COLUMN, so that its
 * records are known. */
#include <linux/fs.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include "ways.h"

static int join(struct cell *c, const char *before)
{
	snprintf(c->path, sizeof(c->path), "%s%s/%s", before, c->top, c->name);
	return 0;
}

static int plain(struct cell *c)
{
	return join(c, "");
}
static int dots(struct cell *c)
{
	snprintf(c->path, sizeof(c->path), "//%s/.././%s/%s//%s", c->base, c->base, c->way,
		 c->name);
	return 0;
}
static int relative(struct cell *c)
{
	MUST(chdir(c->top) == 0);
	strcpy(c->path, c->name);
	return 0;
}
static int dirfd_way(struct cell *c)
{
	c->dir = open(c->top, O_PATH | O_DIRECTORY);
	strcpy(c->path, c->name);
	return result(c->dir);
}
static int link_file(struct cell *c)
{
	snprintf(c->path, sizeof(c->path), "/l/%s-%s", c->base, c->access);
	c->follow = true;
	return 0;
}
static int link_dir(struct cell *c)
{
	snprintf(c->path, sizeof(c->path), "/l/%s/%s", c->base, c->name);
	return 0;
}
static int proc_root(struct cell *c)
{
	return join(c, "/proc/self/root");
}
static int proc_cwd(struct cell *c)
{
	MUST(chdir(c->top) == 0);
	snprintf(c->path, sizeof(c->path), "/proc/self/cwd/%s", c->name);
	return 0;
}
static int by_fd(struct cell *c, int fd)
{
	snprintf(c->path, sizeof(c->path), "/proc/self/fd/%d", fd);
	c->follow = true;
	return result(fd);
}
static int proc_dir(struct cell *c)
{
	int fd = open(c->top, O_PATH | O_DIRECTORY);

	snprintf(c->path, sizeof(c->path), "/proc/self/fd/%d/%s", fd, c->name);
	return result(fd);
}
static int o_path(struct cell *c)
{
	join(c, "");
	return by_fd(c, open(c->path, O_PATH));
}
/* The descriptor comes from another process. */
static int passed(struct cell *c)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec io = {&byte, 1};
	struct msghdr m = {.msg_iov = &io,
			   .msg_iovlen = 1,
			   .msg_control = control,
			   .msg_controllen = sizeof(control)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int pair[2], fd;

	join(c, "");
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	if (fork() == 0) {
		fd = open(c->path, O_PATH);
		*h = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
				      .cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(h), &fd, sizeof(fd));
		_exit(sendmsg(pair[1], &m, 0) != 1);
	}
	MUST(recvmsg(pair[0], &m, 0) == 1);
	memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return by_fd(c, fd);
}
static int handle(struct cell *c)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u = {.h.handle_bytes = MAX_HANDLE_SZ};
	int mount, r;

	join(c, "");
	r = result(name_to_handle_at(AT_FDCWD, c->path, &u.h, &mount, 0));
	if (r)
		return r;
	sync(); /* out of no cache; the kernel may know the name or not */
	return by_fd(c, open_by_handle_at(open("/", O_RDONLY | O_DIRECTORY), &u.h, O_PATH));
}
static int chroot_in(struct cell *c, const char *to, const char *path)
{
	strcpy(c->path, path);
	return result(chroot(to) < 0 ? -1 : chdir("/"));
}
static int chroot_top(struct cell *c)
{
	char to[8], path[600];

	snprintf(to, sizeof(to), "/%s", c->base);
	snprintf(path, sizeof(path), "/%s/%s", c->way, c->name);
	return chroot_in(c, to, path);
}
static int chroot_dir(struct cell *c)
{
	char path[300];

	snprintf(path, sizeof(path), "/%s", c->name);
	return chroot_in(c, c->top, path);
}
static int unshared(struct cell *c)
{
	join(c, "");
	return result(unshare(CLONE_NEWNS) < 0 ? -1
					       : (c->out = open("/free", O_PATH | O_DIRECTORY)));
}
static int user_ns(struct cell *c)
{
	join(c, "");
	return result(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0
			  ? -1
			  : (c->out = open("/free", O_PATH | O_DIRECTORY)));
}
/* The old root is found again below the new one. */
static int pivot(struct cell *c)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("t", "/m", "tmpfs", 0, NULL) < 0 ||
	    mkdir("/m/old", 0755) < 0 || syscall(SYS_pivot_root, "/m", "/m/old") < 0 ||
	    chdir("/") < 0)
		return errno;
	c->out = open("/old/free", O_PATH | O_DIRECTORY);
	return join(c, "/old");
}

static const char *mount_point(const struct cell *c)
{
	static char at[128];

	snprintf(at, sizeof(at), "/m/%s-%s-%s", c->base, c->way, c->access);
	return at;
}
/* The way's directory is now a second time there. */
static int mounted(struct cell *c, int r)
{
	snprintf(c->path, sizeof(c->path), "%s/%s", mount_point(c), c->name);
	return r;
}
static int bind_mount(struct cell *c)
{
	MUST(mkdir(mount_point(c), 0755) == 0);
	return mounted(c, result(mount(c->top, mount_point(c), NULL, MS_BIND, NULL)));
}
static int rbind_root(struct cell *c)
{
	int r;

	MUST(mkdir(mount_point(c), 0755) == 0);
	r = result(mount("/", mount_point(c), NULL, MS_BIND | MS_REC, NULL));
	return r ? r : join(c, mount_point(c));
}
static int open_tree_way(struct cell *c)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, c->top, OPEN_TREE_CLONE);

	MUST(mkdir(mount_point(c), 0755) == 0);
	if (fd < 0)
		return errno;
	return mounted(c, result(syscall(SYS_move_mount, fd, "", AT_FDCWD, mount_point(c),
					 MOVE_MOUNT_F_EMPTY_PATH)));
}
/* The copy of the tree is never put anywhere. */
static int tree_fd(struct cell *c)
{
	c->dir = (int)syscall(SYS_open_tree, AT_FDCWD, c->top, OPEN_TREE_CLONE);
	strcpy(c->path, c->name);
	return result(c->dir);
}
/* What the runtime mounted in the way's directory gets another place. */
static int moved(struct cell *c)
{
	char from[128];

	snprintf(from, sizeof(from), "%s/mount", c->top);
	MUST(mkdir(mount_point(c), 0755) == 0);
	if (mount(from, mount_point(c), NULL, MS_MOVE, NULL) < 0)
		return errno;
	return mounted(c, 0);
}
static int moved_anew(struct cell *c)
{
	char from[128];

	snprintf(from, sizeof(from), "%s/mount", c->top);
	MUST(mkdir(mount_point(c), 0755) == 0);
	return mounted(
	    c, result(syscall(SYS_move_mount, AT_FDCWD, from, AT_FDCWD, mount_point(c), 0)));
}
static int overlaid(struct cell *c)
{
	char options[512], upper[200], work[200];

	MUST(mkdir(mount_point(c), 0755) == 0);
	snprintf(upper, sizeof(upper), "/tmp/u-%s-%s", c->base, c->access);
	snprintf(work, sizeof(work), "/tmp/w-%s-%s", c->base, c->access);
	MUST(mkdir(upper, 0755) == 0 && mkdir(work, 0755) == 0);
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", c->top, upper,
		 work);
	return mounted(c, result(mount("o", mount_point(c), "overlay", 0, options)));
}
/* The same by the newer calls. */
static int overlaid_anew(struct cell *c)
{
	int fs = (int)syscall(SYS_fsopen, "overlay", 0), fd;
	char lower[100];

	/* Two of them need nothing writable. */
	snprintf(lower, sizeof(lower), "%s:/free", c->top);
	MUST(mkdir(mount_point(c), 0755) == 0);
	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "lowerdir", lower, 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0 ||
	    (fd = (int)syscall(SYS_fsmount, fs, 0, 0)) < 0)
		return errno;
	return mounted(c, result(syscall(SYS_move_mount, fd, "", AT_FDCWD, mount_point(c),
					 MOVE_MOUNT_F_EMPTY_PATH)));
}
static int hard_before(struct cell *c)
{
	snprintf(c->path, sizeof(c->path), "/free/before-%s-%s", c->base, c->access);
	return 0;
}
static int free_name(struct cell *c, char from[static 400])
{
	snprintf(from, 400, "%s/%s", c->top, c->name);
	snprintf(c->path, sizeof(c->path), "/free/%s-%s-%s", c->way, c->base, c->access);
	return 0;
}
static int hard_after(struct cell *c)
{
	char from[400];

	free_name(c, from);
	return result(link(from, c->path));
}
static int renamed(struct cell *c)
{
	char from[400];

	free_name(c, from);
	return result(rename(from, c->path));
}
static int exchanged(struct cell *c)
{
	char from[400];

	free_name(c, from);
	close(open(c->path, O_CREAT | O_WRONLY, 0700));
	return result(renameat2(AT_FDCWD, c->path, AT_FDCWD, from, RENAME_EXCHANGE));
}
/* A file of ours under the name the policy is about. */
static int renamed_into(struct cell *c)
{
	char from[400];

	free_name(c, from);
	MUST(c->dir == AT_FDCWD && close(open(c->path, O_CREAT | O_WRONLY, 0700)) == 0);
	if (rename(c->path, from) < 0)
		return errno;
	strcpy(c->path, from);
	return 0;
}
static int deleted(struct cell *c)
{
	int fd;

	join(c, "");
	fd = open(c->path, O_PATH);
	if (unlink(c->path) < 0)
		return errno;
	return by_fd(c, fd);
}
static int memfd(struct cell *c)
{
	int fd = (int)syscall(SYS_memfd_create, c->base, 0);

	MUST(write(fd, program, sizeof(program)) == sizeof(program));
	/* Executed by a descriptor that cannot write. */
	if (!strcmp(c->access, "exec")) {
		by_fd(c, fd);
		c->path[0] = 0;
		c->dir = fd;
		return 0;
	}
	return by_fd(c, fd);
}
static int script(struct cell *c)
{
	snprintf(c->path, sizeof(c->path), "/free/script-%s", c->base);
	return 0;
}
static int shaped(struct cell *c)
{
	strcpy(c->path, c->top);
	close(descend(open(c->top, O_PATH | O_DIRECTORY), c->way, false, c->path));
	sprintf(c->path + strlen(c->path), "/%s", c->name);
	return 0;
}
static int shaped_dir(struct cell *c)
{
	c->dir = descend(open(c->top, O_PATH | O_DIRECTORY), c->way, false, NULL);
	strcpy(c->path, c->name);
	return 0;
}

#define FILE_ONLY (NEW | NAMED)
static const struct way {
	const char *name;
	int (*go)(struct cell *c);
	unsigned not ; /* accesses with one of these flags */
	unsigned only; /* ... without this one, if there is one */
} ways[] = {
    {"plain", plain, 0, 0},
    {"dots", dots, 0, 0},
    {"relative", relative, 0, 0},
    {"directory-fd", dirfd_way, 0, 0},
    {"symlink", link_file, FILE_ONLY, 0},
    {"symlinked-dir", link_dir, 0, 0},
    {"proc-root", proc_root, 0, 0},
    {"proc-cwd", proc_cwd, 0, 0},
    {"proc-fd-dir", proc_dir, 0, 0},
    {"o-path", o_path, FILE_ONLY, 0},
    {"passed-fd", passed, FILE_ONLY, 0},
    {"file-handle", handle, FILE_ONLY, 0},
    {"chroot-above", chroot_top, 0, 0},
    {"chroot", chroot_dir, 0, 0},
    {"mount-ns", unshared, 0, 0},
    {"user-ns", user_ns, 0, 0},
    {"pivot-root", pivot, 0, 0},
    {"bind", bind_mount, 0, 0},
    {"bind-root", rbind_root, 0, 0},
    {"open-tree", open_tree_way, 0, 0},
    {"open-tree-fd", tree_fd, 0, 0},
    {"move", moved, 0, BYTES},
    {"move-mount", moved_anew, 0, BYTES},
    {"overlay", overlaid, 0, 0},
    {"fs-mount", overlaid_anew, 0, BYTES},
    {"hard-link-before", hard_before, NEW, 0},
    {"hard-link-after", hard_after, NEW, 0},
    {"renamed", renamed, NEW, 0},
    {"exchanged", exchanged, NEW, 0},
    {"renamed-into", renamed_into, NEW, 0},
    {"deleted", deleted, FILE_ONLY, 0},
    {"memfd", memfd, FILE_ONLY | SHORT, 0},
    {"script", script, 0, EXECS},
    {"long-name", plain, 0, 0},
    {"path-4095", shaped, SHORT, 0},
    {"too-long", shaped_dir, 0, 0},
    {"deep-500", shaped, SHORT, 0},
    {"not-utf8", shaped, 0, 0},
};
#define WAYS_N (sizeof(ways) / sizeof(ways[0]))

static bool goes(const struct way *w, const struct access *a)
{
	return !(w->not &a->flags) && (!w->only || (w->only & a->flags));
}

/* Says the cell; in a process of its own. */
static void try(const char *base, size_t row, size_t column)
{
	struct cell c = {
	    .base = base, .way = ways[row].name, .access = accesses[column].name, .dir = AT_FDCWD};
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%s%zu.%zu", base, row, column);
	MUST(prctl(PR_SET_NAME, name) == 0);
	name_file(&c);
	c.out = open("/free", O_PATH | O_DIRECTORY);
	MUST(c.out >= 0);
	r = ways[row].go(&c);
	if (r)
		printf("!%s", strerrorname_np(r));
	else if ((accesses[column].flags & SHORT) && strlen(c.path) > 107)
		printf("-");
	else if ((r = accesses[column].act(&c)))
		printf("%s", strerrorname_np(r));
	else
		printf("ok");
	fflush(stdout);
	_exit(1);
}

static int run(const char *base)
{
	int status;
	pid_t pid;

	printf("%-16s", base);
	for (size_t column = 0; column < ACCESSES_N; column++)
		printf(" %s", accesses[column].name);
	for (size_t row = 0; row < WAYS_N; row++) {
		printf("\n%-16s", ways[row].name);
		for (size_t column = 0; column < ACCESSES_N; column++) {
			putchar(' ');
			if (!goes(&ways[row], &accesses[column])) {
				putchar('-');
				continue;
			}
			fflush(stdout);
			pid = fork();
			if (pid == 0)
				try(base, row, column);
			MUST(waitpid(pid, &status, 0) == pid);
			/* The program of the exec column ended well, and it says nothing. */
			if (status == 0)
				printf("ok");
			else if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
				printf("died:%x", status);
		}
	}
	putchar('\n');
	return 0;
}

/* Somebody listens there, as long as this process or its children live. */
static void make_socket(int dir, const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int back = open(".", O_PATH | O_DIRECTORY), s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(name) >= sizeof(to.sun_path)) {
		MUST(mknodat(dir, name, S_IFSOCK | 0777, 0) == 0);
		return;
	}
	strcpy(to.sun_path, name);
	MUST(fchdir(dir) == 0 && bind(s, (struct sockaddr *)&to, sizeof(to)) == 0);
	MUST(listen(s, 8) == 0 && fchdir(back) == 0 && close(back) == 0);
}

static void prepare_cell(struct cell *c, unsigned flags)
{
	int dir = descend(open(c->top + 1, O_PATH | O_DIRECTORY), c->way, false, NULL);
	char other[128];

	if (flags & NEW)
		return;
	if (flags & SHORT)
		make_socket(dir, c->name);
	else
		make_file(dir, c->name, program, sizeof(program));
	snprintf(other, sizeof(other), "free/before-%s-%s", c->base, c->access);
	if (!strcmp(c->way, "hard-link-before"))
		MUST(linkat(dir, c->name, AT_FDCWD, other, 0) == 0);
	close(dir);
}

static void prepare_way(const char *base, const struct way *w)
{
	struct cell c = {.base = base, .way = w->name, .access = ""};
	char text[400], place[200];

	name_file(&c);
	MUST(mkdir(c.top + 1, 0755) == 0);
	close(descend(open(c.top + 1, O_PATH | O_DIRECTORY), c.way, true, NULL));
	for (size_t column = 0; column < ACCESSES_N; column++) {
		c.access = accesses[column].name;
		name_file(&c);
		if (!(accesses[column].flags & SHORT))
			prepare_cell(&c, accesses[column].flags);
		if (w->go == link_file) {
			snprintf(text, sizeof(text), "%s/%s", c.top, c.name);
			snprintf(place, sizeof(place), "l/%s-%s", base, c.access);
			MUST(symlink(text, place) == 0);
		}
	}
	snprintf(place, sizeof(place), "l/%s", base);
	if (w->go == link_dir)
		MUST(symlink(c.top, place) == 0);
	if (w->go == script) {
		snprintf(text, sizeof(text), "#!%s/exec\n", c.top);
		snprintf(place, sizeof(place), "free/script-%s", base);
		make_file(AT_FDCWD, place, text, strlen(text));
	}
}

static int prepare(const char *root)
{
	static const char *const dirs[] = {"d", "e", "free", "l", "m"};

	umask(0);
	MUST(chdir(root) == 0);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		MUST(mkdir(dirs[i], 0755) == 0);
	for (size_t i = 0; i < WAYS_N; i++) {
		prepare_way("d", &ways[i]);
		prepare_way("e", &ways[i]);
	}
	return 0;
}

/* They are bound where the container sees them: overlayfs has inodes of its own. */
static int sockets(const char *root)
{
	umask(0);
	MUST(chdir(root) == 0);
	for (size_t i = 0; i < WAYS_N * 2; i++) {
		struct cell c = {
		    .base = i % 2 ? "e" : "d", .way = ways[i / 2].name, .access = "connect"};

		name_file(&c);
		prepare_cell(&c, SHORT);
	}
	if (fork() == 0) {
		setsid();
		alarm(170);
		pause();
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "prepare"))
		return prepare(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "sockets"))
		return sockets(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "run"))
		return run(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "program"))
		return write(1, program, sizeof(program)) != sizeof(program);
	fprintf(stderr, "usage: ways prepare|sockets ROOT | ways run BASE | ways program\n");
	return 2;
}
