/* SPDX-License-Identifier: Apache-2.0 */
/* Files: names, attributes, opens. See say.h; mounts and odd paths are in mounts.c and paths.c. */
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <linux/fs.h>
#include "files.h"

static void touch(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR, mode);

	MUST(fd >= 0 && write(fd, "12345", 5) == 5 && close(fd) == 0);
}

/* ---- open */

static void say_open(int fd, int flags, const char *path, const char *access)
{
	struct stat st;
	int have = fcntl(fd, F_GETFL);

	MUST(fstat(fd, &st) == 0 && have >= 0);
	/* what the kernel forgets once the file is open */
	have |= flags & (O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
	say("open",
	    "%s,\"mode\":\"%#o\",\"access\":[%s],\"flags\":%d,\"path_state\":\"ok\",\"path\":%s,"
	    "\"tag\":null,\"tag_source\":null",
	    st_dev_ino(&st), st.st_mode, access, have, quoted(path));
}

static void say_created(const char *path, mode_t mode, const char *state)
{
	say("create", "\"mode\":\"%#o\",\"rdev\":\"0:0\",\"path_state\":\"%s\",\"path\":%s", mode,
	    state, quoted(path));
}

static void open_one(const char *path, int flags, const char *access)
{
	int fd = open(path, flags, 0600);

	MUST(fd >= 0);
	say_open(fd, flags, path, access);
	close(fd);
}

static int open_(char **argv)
{
	char link[64], name[256];
	ssize_t n;
	int fd, status;
	pid_t child;

	(void)argv;
	open_one("/tmp/new", O_CREAT | O_EXCL | O_WRONLY, "\"write\",\"create\"");
	say_created("/tmp/new", S_IFREG | 0600, "ok");
	open_one("/tmp/new", O_RDONLY, "\"read\"");
	open_one("/tmp/new", O_RDWR | O_CLOEXEC, "\"read\",\"write\"");
	open_one("/tmp/new", O_WRONLY | O_TRUNC, "\"write\",\"truncate\"");
	open_one("/tmp/new", O_WRONLY | O_CREAT | O_APPEND, "\"write\",\"create\",\"append\"");
	open_one("/tmp", O_RDONLY | O_DIRECTORY, "\"read\"");
	absent("truncate", "/tmp/new"); /* the open says it */

	touch("/tmp/handle", 0600);
	fd = open("/tmp/handle", O_PATH);
	MUST(fd >= 0);
	printf("{\"kind\":\"open\",\"path\":\"/tmp/handle\",\"flags\":%d,\"times\":0}\n",
	       fcntl(fd, F_GETFL)); /* it opens nothing: no hook is called */
	close(fd);

	fd = open("/tmp", O_TMPFILE | O_RDWR, 0640);
	MUST(fd >= 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, name, sizeof(name) - 1);
	MUST(n > 10 && memcmp(name + n - 10, " (deleted)", 10) == 0);
	name[n - 10] = 0;
	say_created(name, S_IFREG | 0640, "deleted");
	close(fd);

	child = fork();
	if (child == 0) {
		close(1);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	MUST(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	/* __FMODE_EXEC and O_LARGEFILE are the kernel's own */
	printf("{\"kind\":\"open\",%s,\"mode\":\"0100755\",\"access\":[\"exec\"],\"path_state\":"
	       "\"ok\","
	       "\"path\":\"/bin/busybox\",\"tag\":null,\"tag_source\":null,\"any\":[\"flags\"]}\n",
	       dev_ino("/bin/busybox"));
	return 0;
}

/* ---- names */

static int create(char **argv)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/tmp/socket"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0), fd;

	(void)argv;
	MUST(mkdir("/tmp/dir", 01750) == 0);
	say_created("/tmp/dir", S_IFDIR | 01750, "ok");
	MUST(mknod("/tmp/fifo", S_IFIFO | 0640, 0) == 0);
	say_created("/tmp/fifo", S_IFIFO | 0640, "ok");
	MUST(mknod("/tmp/plain", 0644, 0) == 0);
	say_created("/tmp/plain", S_IFREG | 0644, "ok");
	MUST(mknod("/tmp/device", S_IFCHR | 0600, makedev(240, 70000)) == 0);
	say("create", "\"mode\":\"020600\",\"rdev\":\"240:70000\",\"path_state\":\"ok\","
		      "\"path\":\"/tmp/device\"");
	MUST(bind(s, (void *)&un, sizeof(un)) == 0);
	say_created("/tmp/socket", S_IFSOCK | 0755, "ok");
	MUST(mkdir("/tmp/dir", 0700) == -1 && errno == EEXIST);

	/* an open that finds its file makes none, whether the name was in the cache or not */
	fd = open("/tmp/plain", O_CREAT | O_RDWR, 0600);
	MUST(fd >= 0 && close(fd) == 0);
	fd = open("/etc/passwd", O_CREAT | O_RDONLY, 0600);
	MUST(fd >= 0 && close(fd) == 0);
	absent("create", "/etc/passwd");
	return 0;
}

static void say_unlink(const char *path, const struct stat *st)
{
	say("unlink", "%s,\"mode\":\"%#o\",\"path_state\":\"ok\",\"path\":%s", st_dev_ino(st),
	    st->st_mode, quoted(path));
}

static int unlink_(char **argv)
{
	struct stat st;
	int dir;

	(void)argv;
	touch("/tmp/gone", 0640);
	st = stat_of("/tmp/gone");
	MUST(unlink("/tmp/gone") == 0);
	say_unlink("/tmp/gone", &st);
	MUST(mkdir("/tmp/gone-dir", 0700) == 0);
	st = stat_of("/tmp/gone-dir");
	MUST(rmdir("/tmp/gone-dir") == 0);
	say_unlink("/tmp/gone-dir", &st);
	MUST(symlink("nowhere", "/tmp/gone-link") == 0);
	st = stat_of("/tmp/gone-link");
	dir = open("/tmp", O_PATH);
	MUST(dir >= 0 && unlinkat(dir, "gone-link", 0) == 0);
	say_unlink("/tmp/gone-link", &st);
	MUST(unlink("/tmp/never") == -1 && errno == ENOENT);
	absent("unlink", "/tmp/never");
	return 0;
}

static void rename_one(const char *from, const char *to, unsigned flags)
{
	struct stat st = stat_of(from), over = {0};
	int r = lstat(to, &over);

	MUST(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags) == 0);
	say("rename",
	    "%s,\"mode\":\"%#o\",\"new_ino\":%lu,\"flags\":%u,\"path_state\":\"ok\","
	    "\"path\":%s,\"new_path_state\":\"ok\",\"new_path\":%s",
	    st_dev_ino(&st), st.st_mode, r ? 0 : (unsigned long)over.st_ino, flags, quoted(from),
	    quoted(to));
}

static int rename_(char **argv)
{
	(void)argv;
	touch("/tmp/a", 0600);
	touch("/tmp/b", 0644);
	MUST(mkdir("/tmp/d", 0755) == 0);
	rename_one("/tmp/a", "/tmp/d/a", 0);
	rename_one("/tmp/d/a", "/tmp/a", RENAME_NOREPLACE);
	rename_one("/tmp/a", "/tmp/b", RENAME_EXCHANGE);
	rename_one("/tmp/a", "/tmp/b", 0);
	rename_one("/tmp/d", "/tmp/e", 0);
	return 0;
}

static void say_link(const char *old, const char *new, const char *state, const struct stat *st)
{
	say("link",
	    "%s,\"mode\":\"%#o\",\"path_state\":\"%s\",\"path\":%s,\"new_path_state\":\"ok\","
	    "\"new_path\":%s",
	    st_dev_ino(st), st->st_mode, state, quoted(old), quoted(new));
}

static int link_(char **argv)
{
	char link_name[64], name[256];
	struct stat st;
	ssize_t n;
	int fd;

	(void)argv;
	touch("/tmp/one", 0600);
	st = stat_of("/tmp/one");
	MUST(link("/tmp/one", "/tmp/two") == 0);
	say_link("/tmp/one", "/tmp/two", "ok", &st);
	fd = open("/tmp", O_TMPFILE | O_RDWR, 0640);
	MUST(fd >= 0 && fstat(fd, &st) == 0);
	snprintf(link_name, sizeof(link_name), "/proc/self/fd/%d", fd);
	n = readlink(link_name, name, sizeof(name) - 1);
	MUST(n > 10);
	name[n - 10] = 0; /* " (deleted)" */
	MUST(linkat(AT_FDCWD, link_name, AT_FDCWD, "/tmp/found", AT_SYMLINK_FOLLOW) == 0);
	say_link(name, "/tmp/found", "deleted", &st);
	return 0;
}

static int symlink_(char **argv)
{
	char longest[4096];

	(void)argv;
	MUST(symlink("../etc/passwd", "/tmp/sly") == 0);
	say("symlink", "\"path_state\":\"ok\",\"path\":\"/tmp/sly\",\"target\":\"../etc/passwd\"");
	memset(longest, 'x', sizeof(longest));
	longest[4095] = 0;
	MUST(symlink(longest, "/tmp/far") == 0);
	say("symlink", "\"path_state\":\"ok\",\"path\":\"/tmp/far\",\"target\":%s",
	    quoted(longest));
	return 0;
}

/* ---- attributes */

static void chmod_one(int how, const char *path, mode_t mode)
{
	struct stat st = stat_of(path);
	int fd = open(path, O_RDONLY);

	MUST((how ? fchmod(fd, mode) : chmod(path, mode)) == 0);
	close(fd);
	say("chmod", "%s,\"mode\":\"%#o\",\"new_mode\":\"%#o\",\"path_state\":\"ok\",\"path\":%s",
	    st_dev_ino(&st), st.st_mode, mode, quoted(path));
}

static int chmod_(char **argv)
{
	(void)argv;
	touch("/tmp/mode", 0600);
	chmod_one(0, "/tmp/mode", 04755);
	chmod_one(1, "/tmp/mode", 0640);
	chmod_one(0, "/tmp", 01770);
	return 0;
}

static void chown_one(const char *path, uid_t uid, gid_t gid)
{
	struct stat st = stat_of(path);
	char id[2][16] = {"null", "null"};

	MUST(lchown(path, uid, gid) == 0);
	if (uid != (uid_t)-1)
		snprintf(id[0], sizeof(id[0]), "%u", uid);
	if (gid != (gid_t)-1)
		snprintf(id[1], sizeof(id[1]), "%u", gid);
	say("chown",
	    "%s,\"mode\":\"%#o\",\"old_uid\":%u,\"old_gid\":%u,\"new_uid\":%s,\"new_gid\":%s,"
	    "\"path_state\":\"ok\",\"path\":%s",
	    st_dev_ino(&st), st.st_mode, st.st_uid, st.st_gid, id[0], id[1], quoted(path));
}

static int chown_(char **argv)
{
	(void)argv;
	touch("/tmp/owner", 0600);
	MUST(symlink("owner", "/tmp/l") == 0);
	chown_one("/tmp/owner", 1000, 1001);
	chown_one("/tmp/owner", 7, -1);
	chown_one("/tmp/owner", -1, 8);
	chown_one("/tmp/l", 9, 10);
	return 0;
}

static void say_utime(const char *path, const char *set, const struct timespec t[2])
{
	struct stat st = stat_of(path);

	say("utime",
	    "%s,\"mode\":\"%#o\",\"set\":[%s],\"atime\":%ld,\"atime_nsec\":%ld,\"mtime\":%ld,"
	    "\"mtime_nsec\":%ld,\"path_state\":\"ok\",\"path\":%s",
	    st_dev_ino(&st), st.st_mode, set, t[0].tv_sec, t[0].tv_nsec, t[1].tv_sec, t[1].tv_nsec,
	    quoted(path));
}

static int utime_(char **argv)
{
	static const struct timespec past[2] = {{1000000000, 5}, {-7, 999999999}},
				     some[2] = {{0, UTIME_OMIT}, {12, 34}},
				     mixed[2] = {{0, UTIME_NOW}, {12, 35}}, none[2],
				     some_said[2] = {{0, 0}, {12, 34}},
				     mixed_said[2] = {{0, 0}, {12, 35}};
	int fd;

	(void)argv;
	for (const char *const *p =
		 (const char *const[]){"/tmp/1", "/tmp/2", "/tmp/3", "/tmp/4", NULL};
	     *p; p++)
		touch(*p, 0600);
	MUST(symlink("1", "/tmp/5") == 0);
	MUST(utimensat(AT_FDCWD, "/tmp/1", past, 0) == 0);
	say_utime("/tmp/1", "\"atime\",\"mtime\"", past);
	MUST(utimensat(AT_FDCWD, "/tmp/2", NULL, 0) == 0);
	say_utime("/tmp/2", "\"atime-now\",\"mtime-now\"", none);
	MUST(utimensat(AT_FDCWD, "/tmp/3", some, 0) == 0);
	say_utime("/tmp/3", "\"mtime\"", some_said);
	fd = open("/tmp/4", O_RDONLY);
	MUST(fd >= 0 && futimens(fd, mixed) == 0);
	say_utime("/tmp/4", "\"mtime\",\"atime-now\"", mixed_said);
	MUST(utimensat(AT_FDCWD, "/tmp/5", past, AT_SYMLINK_NOFOLLOW) == 0);
	say_utime("/tmp/5", "\"atime\",\"mtime\"", past);
	return 0;
}

static int truncate_(char **argv)
{
	struct stat st;
	int fd;

	(void)argv;
	touch("/tmp/length", 0600);
	st = stat_of("/tmp/length");
	MUST(truncate("/tmp/length", 3) == 0);
	say("truncate",
	    "%s,\"mode\":\"0100600\",\"old_size\":5,\"size\":3,\"path_state\":\"ok\","
	    "\"path\":\"/tmp/length\"",
	    st_dev_ino(&st));
	fd = open("/tmp/length", O_RDWR);
	MUST(fd >= 0 && ftruncate(fd, 1l << 40) == 0);
	say("truncate",
	    "%s,\"mode\":\"0100600\",\"old_size\":3,\"size\":%ld,\"path_state\":\"ok\","
	    "\"path\":\"/tmp/length\"",
	    st_dev_ino(&st), 1l << 40);
	MUST(unlink("/tmp/length") == 0 && ftruncate(fd, 0) == 0);
	say("truncate",
	    "%s,\"mode\":\"0100600\",\"old_size\":%ld,\"size\":0,\"path_state\":\"deleted\","
	    "\"path\":\"/tmp/length\"",
	    st_dev_ino(&st), 1l << 40);
	return 0;
}

static void setxattr_one(const char *path, const char *name, const char *value, size_t size,
			 int flags)
{
	struct stat st = stat_of(path);

	MUST(setxattr(path, name, value, size, flags) == 0);
	say("setxattr",
	    "%s,\"mode\":\"%#o\",\"size\":%zu,\"flags\":%d,\"path_state\":\"ok\",\"path\":%s,"
	    "\"name\":%s,\"value\":%s",
	    st_dev_ino(&st), st.st_mode, size, flags, quoted(path), quoted(name),
	    quoted_bytes(value, size < 256 ? size : 256));
}

static void removexattr_one(const char *path, const char *name)
{
	struct stat st = stat_of(path);

	MUST(removexattr(path, name) == 0);
	say("removexattr", "%s,\"mode\":\"%#o\",\"path_state\":\"ok\",\"path\":%s,\"name\":%s",
	    st_dev_ino(&st), st.st_mode, quoted(path), quoted(name));
}

static int xattr(char **argv)
{
	static const char acl[] =
	    "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\4\0\350\3\0\0\4\0\4\0\377\377\377\377"
	    "\20\0\6\0\377\377\377\377\40\0\0\0\377\377\377\377";
	char value[300];

	(void)argv;
	touch("/tmp/attribute", 0600);
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (char)i;
	setxattr_one("/tmp/attribute", "trusted.reeve", "plain", 5, XATTR_CREATE);
	setxattr_one("/tmp/attribute", "trusted.reeve", value, sizeof(value), 0);
	removexattr_one("/tmp/attribute", "trusted.reeve");
	setxattr_one("/tmp/attribute", "system.posix_acl_access", acl, sizeof(acl) - 1, 0);
	removexattr_one("/tmp/attribute", "system.posix_acl_access");
	return 0;
}

/* ---- devices */

static void say_ioctl(const char *path, int fd, unsigned command)
{
	struct stat st;

	MUST(fstat(fd, &st) == 0);
	say("ioctl",
	    "%s,\"mode\":\"%#o\",\"rdev\":\"%u:%u\",\"command\":\"0x%x\",\"path_state\":\"ok\","
	    "\"path\":%s",
	    st_dev_ino(&st), st.st_mode, major(st.st_rdev), minor(st.st_rdev), command,
	    quoted(path));
}

static int ioctl_(char **argv)
{
	int null = open("/dev/null", O_RDWR), pty = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY), file,
	    r;
	struct termios t;

	(void)argv;
	MUST(null >= 0 && pty >= 0);
	MUST(ioctl(null, TCGETS, &t) == -1 && errno == ENOTTY);
	say_ioctl("/dev/null", null, TCGETS);
	MUST(ioctl(pty, TCGETS, &t) == 0);
	say_ioctl("/dev/pts/ptmx", pty, TCGETS);
	file = open("/tmp/file", O_CREAT | O_RDWR, 0600);
	MUST(ioctl(file, FIONREAD, &r) == 0 && ioctl(file, TCGETS, &t) == -1);
	absent("ioctl", "/tmp/file");
#ifdef __x86_64__
	/* as a 32-bit program would: another hook */
	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(54), "b"(null), "c"(TIOCGWINSZ), "d"(0)
			 : "memory");
	MUST(r == -ENOTTY);
	say_ioctl("/dev/null", null, TIOCGWINSZ);
#endif
	return 0;
}

/* Verbs whose files do not meet, in one container. */
static int names(char **argv)
{
	return create(argv) | unlink_(argv) | rename_(argv) | link_(argv) | symlink_(argv);
}
static int attributes(char **argv)
{
	return chmod_(argv) | chown_(argv) | utime_(argv) | truncate_(argv) | xattr(argv);
}
static int descriptors(char **argv)
{
	return open_(argv) | ioctl_(argv);
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {
	    {"names", names}, {"attributes", attributes}, {"descriptors", descriptors, ""}, {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
