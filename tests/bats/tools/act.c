/* SPDX-License-Identifier: Apache-2.0 */
/* act: what the suites need done inside a container and no shell does exactly: an exec of so many
 * arguments, a path opened after chroot, an open in a loop, an entry by CLONE_INTO_CGROUP. One static
 * binary, verbs by argv[1]; exit status 0 when the act was allowed, else its errno. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int copy(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, (size_t)n) != n)
			return EIO;
	return n < 0 ? errno : 0;
}

/* A string of len bytes that is different for every i and holds bytes no terminal should see. */
static char *filler(size_t len, unsigned i)
{
	char *s = malloc(len + 1);

	for (size_t at = 0; at < len; at++)
		s[at] = (char)(1 + (at * 7 + i * 31) % 255);
	s[len] = 0;
	return s;
}

/* args ARGC ARGSIZE ENVC ENVSIZE: execs itself as "report" with those. */
static int args(char **v)
{
	unsigned argc = (unsigned)atoi(v[0]), envc = (unsigned)atoi(v[2]);
	size_t size = (size_t)atol(v[1]), env_size = (size_t)atol(v[3]);
	char **argv = calloc(argc + 3, sizeof(char *)), **envp = calloc(envc + 1, sizeof(char *));

	argv[0] = "act";
	argv[1] = "report";
	for (unsigned i = 0; i < argc; i++)
		argv[2 + i] = filler(size, i);
	for (unsigned i = 0; i < envc; i++)
		envp[i] = filler(env_size, i + 1000);
	execve("/proc/self/exe", argv, envp);
	return errno;
}

/* report: what the kernel says our arguments are, for the suite to compare. */
static int report(void)
{
	int r = copy("/proc/self/cmdline", "/tmp/cmdline");

	return r ? r : copy("/proc/self/environ", "/tmp/environ");
}

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* open PATH [OUT]: OUT is made when it succeeded. */
static int open_and_tell(char **v)
{
	int r = try_open(v[0], O_RDONLY);

	if (r == 0 && v[1])
		close(open(v[1], O_WRONLY | O_CREAT, 0644));
	return r;
}

/* opens N PATH: opens PATH N times; status 0 when all succeeded. */
static int opens(char **v)
{
	int last = 0;

	for (long n = atol(v[0]); n > 0; n--) {
		int r = try_open(v[1], O_RDONLY);

		last = r ? r : last;
	}
	return last;
}

/* opens-exec N PATH PROGRAM ARG...: the same, then becomes PROGRAM. */
static int opens_exec(char **v)
{
	int r = opens(v);

	if (r)
		return r;
	execv(v[2], v + 2);
	return errno;
}

/* files N DIR TIMES: opens DIR/1 to DIR/N, made if need be, one after the other, TIMES times. */
static int files(char **v)
{
	char path[4096];

	for (long t = atol(v[2]); t > 0; t--)
		for (long n = 1; n <= atol(v[0]); n++) {
			int r;

			snprintf(path, sizeof(path), "%s/%ld", v[1], n);
			r = try_open(path, O_RDONLY | O_CREAT);
			if (r)
				return r;
		}
	return 0;
}

static void *opens_thread(void *v)
{
	return (void *)(intptr_t)opens(v);
}

/* threads T N PATH: T threads do opens N PATH side by side. */
static int threads(char **v)
{
	pthread_t t[64];
	int n = atoi(v[0]), r = 0;

	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, opens_thread, v + 1);
	for (int i = 0; i < n; i++) {
		void *ret;

		pthread_join(t[i], &ret);
		r = ret ? (int)(intptr_t)ret : r;
	}
	return r;
}

/* Until killed: opens PATH every MS; appends "allowed" to OUT as soon as one open succeeds. */
static int guard(char **v)
{
	struct timespec pause = {.tv_nsec = atol(v[0]) * 1000000};

	for (;;) {
		if (try_open(v[1], O_RDONLY) == 0) {
			int out = open(v[2], O_WRONLY | O_CREAT | O_APPEND, 0644);

			if (write(out, "allowed\n", 8) < 0)
				return errno;
			close(out);
		}
		nanosleep(&pause, NULL);
	}
}

/* Until killed: opens PATH every MS; what each open came to is a line of OUT. */
static int tries(char **v)
{
	struct timespec pause = {.tv_nsec = atol(v[0]) * 1000000};
	int out = open(v[2], O_WRONLY | O_CREAT | O_APPEND, 0644);

	while (dprintf(out, "%d\n", try_open(v[1], O_RDONLY)) > 0)
		nanosleep(&pause, NULL);
	return errno;
}

/* Until killed: opens each PATH in turn, then pauses for MS. */
static int swing(char **v)
{
	struct timespec pause = {.tv_nsec = atol(v[0]) * 1000000};

	do {
		for (char **path = v + 1; *path; path++)
			try_open(*path, O_RDONLY);
	} while (nanosleep(&pause, NULL) == 0);
	return errno;
}

/* A datagram socket does not reach PATH; then one of a connected pair says something to the other. */
static int unix_after(char **v)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int s = socket(AF_UNIX, SOCK_DGRAM, 0), pair[2];

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", v[0]);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0)
		return errno;
	if (connect(s, (struct sockaddr *)&to, sizeof(to)) == 0 || errno != ENOENT)
		return EBADE;
	return send(pair[0], "x", 1, 0) == 1 ? 0 : errno;
}

static struct sockaddr_un unix_name(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	return to;
}

static int listens(const char *path)
{
	struct sockaddr_un at = unix_name(path);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	return bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 0) < 0 ? -1 : s;
}

static int unix_listen(char **v)
{
	return listens(v[0]) < 0 ? errno : pause();
}

static int unix_connect(char **v)
{
	struct sockaddr_un to = unix_name(v[0]);

	return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
}

/* A connect to NAME that has to wait there, while the name becomes a link to OTHER: the kernel follows it
 * anew. */
static int unix_anew(char **v)
{
	struct sockaddr_un to = unix_name(v[0]);
	int s = listens(v[0]), other = listens(v[1]), status;
	struct timespec moment = {.tv_nsec = 300000000};
	pid_t child;

	if (s < 0 || other < 0)
		return EBADE;
	while (connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), (struct sockaddr *)&to,
		       sizeof(to)) == 0)
		;
	if (errno != EAGAIN)
		return EBADE;
	child = fork();
	if (child == 0)
		_exit(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof(to)) < 0
			  ? errno
			  : 0);
	nanosleep(&moment, NULL);
	if (symlink(v[1], "/tmp/link") < 0 || rename("/tmp/link", v[0]) < 0 || accept(s, NULL, NULL) < 0)
		return EBADE;
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static int in_chroot(char **v)
{
	if (chroot(v[0]) < 0 || chdir("/") < 0)
		return errno;
	return try_open(v[1], O_RDONLY);
}

static int connect_to(char **v)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(v[1]))};
	int s = socket(AF_INET, SOCK_STREAM, 0), r;

	inet_pton(AF_INET, v[0], &to.sin_addr);
	r = connect(s, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
	close(s);
	return r;
}

static int connect6_to(char **v)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(v[1]))};
	int s = socket(AF_INET6, SOCK_STREAM, 0), r;

	inet_pton(AF_INET6, v[0], &to.sin6_addr);
	r = connect(s, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;
	close(s);
	return r;
}

/* clone-into CGROUP CMD...: a child born in that cgroup runs CMD. */
static int clone_into(char **v)
{
	int fd = open(v[0], O_PATH | O_DIRECTORY), status;
	struct clone_args a = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)fd};
	long pid = syscall(SYS_clone3, &a, sizeof(a));

	if (pid < 0)
		return errno;
	if (pid == 0) {
		/* Before its exec it is the runtime's helper: not judged. */
		int before = try_open("/etc/shadow", O_RDONLY);

		if (before)
			_exit(100);
		execv(v[1], v + 1);
		_exit(errno);
	}
	waitpid((pid_t)pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_memfd(void)
{
	int fd = (int)syscall(SYS_memfd_create, "evil", 0);
	char *const argv[] = {"from-memfd", "exit", "7", NULL};
	char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return EIO;
	fexecve(fd, argv, environ);
	return errno;
}

static void *exec_thread(void *v)
{
	execv("/proc/self/exe", v);
	_exit(errno);
}

/* An exec by a thread that is not the leader. */
static int thread_exec(char **v)
{
	pthread_t t;

	pthread_create(&t, NULL, exec_thread, v);
	pthread_join(t, NULL);
	return EIO;
}

/* build EXECS CONNECTS: so many processes that execute this program, so many refused connects. */
static int build(char **v)
{
	char *const exits[] = {"act", "exit", "0", NULL};
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int status;

	for (int i = atoi(v[0]); i > 0; i--) {
		pid_t pid = fork();

		if (pid == 0) {
			execv("/act", exits);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return EIO;
	}
	for (int i = atoi(v[1]); i > 0; i--) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
			return EIO;
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	char **v = argv + 2;

	signal(SIGPIPE, SIG_DFL);
	if (!strcmp(verb, "args"))
		return args(v);
	if (!strcmp(verb, "build"))
		return build(v);
	if (!strcmp(verb, "report"))
		return report();
	if (!strcmp(verb, "open"))
		return open_and_tell(v);
	if (!strcmp(verb, "write"))
		return try_open(v[0], O_WRONLY);
	if (!strcmp(verb, "create"))
		return try_open(v[0], O_WRONLY | O_CREAT);
	if (!strcmp(verb, "opens"))
		return opens(v);
	if (!strcmp(verb, "opens-exec"))
		return opens_exec(v);
	if (!strcmp(verb, "files"))
		return files(v);
	if (!strcmp(verb, "threads"))
		return threads(v);
	if (!strcmp(verb, "guard"))
		return guard(v);
	if (!strcmp(verb, "tries"))
		return tries(v);
	if (!strcmp(verb, "swing"))
		return swing(v);
	if (!strcmp(verb, "unix-listen"))
		return unix_listen(v);
	if (!strcmp(verb, "unix-connect"))
		return unix_connect(v);
	if (!strcmp(verb, "unix-anew"))
		return unix_anew(v);
	if (!strcmp(verb, "unix-after"))
		return unix_after(v);
	if (!strcmp(verb, "chroot"))
		return in_chroot(v);
	if (!strcmp(verb, "connect"))
		return connect_to(v);
	if (!strcmp(verb, "connect6"))
		return connect6_to(v);
	if (!strcmp(verb, "clone-into"))
		return clone_into(v);
	if (!strcmp(verb, "memfd"))
		return run_memfd();
	if (!strcmp(verb, "thread-exec"))
		return thread_exec(v);
	if (!strcmp(verb, "exit"))
		return atoi(v[0]);
	if (!strcmp(verb, "abort"))
		abort();
	if (!strcmp(verb, "pause"))
		return pause();
	fprintf(stderr, "act: unknown verb '%s'\n", verb);
	return 2;
}
