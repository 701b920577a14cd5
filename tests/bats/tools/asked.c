/* SPDX-License-Identifier: Apache-2.0 */
/* asked: does in earnest what `reeve policy test` is asked about. Each line of the standard input
 * is an act, NUMBER VERB ARGUMENT... with tabs between; the answer is NUMBER and what came of it, 0
 * or an errno (or "signal N" of a program that was killed). While it acts the process is called
 * qNUMBER, so that the records of the act are known. tests/bats/asked.py is the other end. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define LINE_MAX_ 4096
#define ARGS_MAX 8
#define PROGRAM_FD 9 /* this program, open since before any policy */

extern char **environ;

static int result(long r)
{
	return r < 0 ? errno : 0;
}

static int closed(int fd)
{
	int r = result(fd);

	if (fd >= 0)
		close(fd);
	return r;
}

static int open_file(char **v)
{
	return closed(open(v[1], atoi(v[0]), 0700));
}
static int make_dir(char **v)
{
	return result(mkdir(v[0], 0700));
}
static int make_fifo(char **v)
{
	return result(mknod(v[0], S_IFIFO | 0600, 0));
}
static int make_symlink(char **v)
{
	return result(symlink("nowhere", v[0]));
}
static int remove_file(char **v)
{
	return result(unlink(v[0]));
}
static int remove_dir(char **v)
{
	return result(rmdir(v[0]));
}
static int change_mode(char **v)
{
	return result(chmod(v[0], 0711));
}
static int set_attribute(char **v)
{
	return result(setxattr(v[0], "user.asked", "1", 1, 0));
}
static int cut(char **v)
{
	return result(truncate(v[0], 1));
}
static int move(char **v)
{
	return result(renameat2(AT_FDCWD, v[1], AT_FDCWD, v[2], (unsigned)atoi(v[0])));
}
static int hard_link(char **v)
{
	return result(link(v[0], v[1]));
}
/* Opened first, which is asked as well. */
static int control(char **v)
{
	int fd = open(v[0], O_RDONLY), r = result(fd), arg;

	if (r)
		return r;
	r = result(ioctl(fd, 0x5401, &arg));
	close(fd);
	return r;
}

/* In a child; its status is the answer. */
static int in_child(int (*what)(char **v), char **v)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(what(v));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int exec_now(char **v)
{
	char *const argv[] = {v[0], NULL};

	execve(v[0], argv, environ);
	return errno;
}
static int run(char **v)
{
	return in_child(exec_now, v);
}
/* This very process becomes another program (a copy of this one). */
static int become(char **v)
{
	fflush(stdout);
	return exec_now(v);
}
static int chroot_now(char **v)
{
	return result(chroot(v[0]));
}
static int change_root(char **v)
{
	return in_child(chroot_now, v);
}
/* With an option that does not exist: past all questions it fails. */
static int mount_nothing(char **v)
{
	return result(mount("nothing", v[0], "tmpfs", 0, "nosuchoption=1"));
}
static int name_host(char **v)
{
	return result(sethostname(v[0], strlen(v[0])));
}

static int unix_way(char **v)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int type = !strcmp(v[0], "send") ? SOCK_DGRAM : SOCK_STREAM, s, r;
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(v[1]));

	memcpy(a.sun_path, v[1], strlen(v[1]));
	if (a.sun_path[0] == '@')
		a.sun_path[0] = 0;
	else
		len++;
	s = socket(AF_UNIX, type, 0);
	if (s < 0)
		return errno;
	if (!strcmp(v[0], "send"))
		r = result(sendto(s, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&a, len));
	else if (!strcmp(v[0], "bind"))
		r = result(bind(s, (struct sockaddr *)&a, len));
	else
		r = result(connect(s, (struct sockaddr *)&a, len));
	close(s);
	return r;
}

/* WAY tcp|udp FAMILY ADDRESS PORT */
static int network(char **v)
{
	int family = atoi(v[2]) == 6 ? AF_INET6 : AF_INET, r, s, one = 1;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(v[4]))};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = in.sin_port};
	struct sockaddr *a = family == AF_INET ? (struct sockaddr *)&in : (struct sockaddr *)&in6;
	socklen_t len = family == AF_INET ? sizeof(in) : sizeof(in6);

	if (inet_pton(family, v[3], family == AF_INET ? (void *)&in.sin_addr : &in6.sin6_addr) != 1)
		return 254;
	s = socket(family, (!strcmp(v[1], "tcp") ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0);
	if (s < 0)
		return errno;
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (!strcmp(v[0], "send"))
		r = result(sendto(s, "x", 1, MSG_DONTWAIT, a, len));
	else if (!strcmp(v[0], "bind"))
		r = result(bind(s, a, len));
	else
		r = result(connect(s, a, len));
	close(s);
	return r;
}

/* PROTECTION FILE LATER: mapped at once with it, or first writable and then with it. */
static int memory(char **v)
{
	int prot = atoi(v[0]), fd = atoi(v[1]) ? PROGRAM_FD : -1, later = atoi(v[2]), r;
	void *p = mmap(NULL, 4096, later ? PROT_READ | PROT_WRITE : prot,
		       MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	if (p == MAP_FAILED)
		return errno;
	r = later ? result(mprotect(p, 4096, prot)) : 0;
	munmap(p, 4096);
	return r;
}

static const struct {
	const char *name;
	int args;
	int (*act)(char **v);
} verbs[] = {{"open", 2, open_file},	 {"mkdir", 1, make_dir},
	     {"fifo", 1, make_fifo},	 {"symlink", 1, make_symlink},
	     {"unlink", 1, remove_file}, {"rmdir", 1, remove_dir},
	     {"chmod", 1, change_mode},	 {"xattr", 1, set_attribute},
	     {"truncate", 1, cut},	 {"rename", 3, move},
	     {"link", 2, hard_link},	 {"ioctl", 1, control},
	     {"exec", 1, run},		 {"become", 1, become},
	     {"chroot", 1, change_root}, {"mount", 1, mount_nothing},
	     {"hostname", 1, name_host}, {"unix", 2, unix_way},
	     {"net", 5, network},	 {"memory", 3, memory}};

static int act(char **v, int n)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, v[1]) && n == verbs[i].args + 2)
			return verbs[i].act(v + 2);
	fprintf(stderr, "asked: no act '%s' with %d arguments\n", v[1], n - 2);
	exit(2);
}

/* A byte at a time: what is behind the line belongs to the program we may become. */
static int read_line(char line[static LINE_MAX_])
{
	size_t n = 0;

	while (n < LINE_MAX_ - 1 && read(0, line + n, 1) == 1)
		if (line[n++] == '\n') {
			line[n - 1] = 0;
			return 1;
		}
	return 0;
}

int main(void)
{
	char line[LINE_MAX_], name[16], *v[ARGS_MAX];

	if (fcntl(PROGRAM_FD, F_GETFD) < 0)
		dup2(open("/proc/self/exe", O_RDONLY), PROGRAM_FD);
	printf("become\n");
	fflush(stdout);
	while (read_line(line)) {
		int n = 0, r;

		for (char *at = strtok(line, "\t"); at && n < ARGS_MAX; at = strtok(NULL, "\t"))
			v[n++] = at;
		if (n < 2)
			return 2;
		snprintf(name, sizeof(name), "q%s", v[0]);
		if (prctl(PR_SET_NAME, name) < 0)
			return 3;
		r = act(v, n);
		if (r < 0)
			printf("%s signal %d\n", v[0], -r);
		else
			printf("%s %d\n", v[0], r);
		fflush(stdout);
	}
	return 0;
}
