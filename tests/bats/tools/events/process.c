/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: see say.h. Numbers of the host are known to the program only where it runs in the
 * host's pid namespace; the suite runs it there and in one of its own. */
#include "child.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define HOST_PID_NS 4026531836ul /* as the kernel numbers its first one */
#define MODE_READ_FS 9		 /* PTRACE_MODE_READ_FSCREDS */
#define MODE_ATTACH_FS 10	 /* PTRACE_MODE_ATTACH_FSCREDS */
#define MODE_ATTACH_REAL 18	 /* PTRACE_MODE_ATTACH_REALCREDS */

static int in_host_pids(void)
{
	return ns_of("pid") == HOST_PID_NS;
}

static unsigned long own_cgroup(void)
{
	struct stat st;

	MUST(stat("/sys/fs/cgroup", &st) == 0); /* with a cgroup namespace: our own */
	return (unsigned long)st.st_ino;
}

/* --- fork --- */

/* pid, tid: as its maker sees the child; ns_pid: as it sees itself. */
static void say_fork(const char *kind, pid_t pid, pid_t tid, pid_t ns_pid, const char *clone)
{
	printf("{\"kind\":\"%s\",%s,\"child_cgroup_id\":%lu,\"child_ns_pid\":%d,\"clone\":[%s],"
	       "\"verdict\":\"allowed\",",
	       kind, who(), own_cgroup(), ns_pid, clone);
	if (in_host_pids())
		printf("\"child_pid\":%d,\"child_tid\":%d}\n", pid, tid);
	else
		printf("\"any\":[\"child_pid\",\"child_tid\"]}\n");
}

static int child_end(void *arg)
{
	(void)arg;
	return 0;
}

static void fork_with(int flags, pid_t ns_pid, const char *clone_json)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t pid = clone(child_end, stack + sizeof(stack), flags | SIGCHLD, NULL);

	MUST(pid > 0);
	say_fork("fork", pid, pid, ns_pid ? ns_pid : pid, clone_json);
	MUST(waitpid(pid, NULL, __WALL) == pid || (flags & CLONE_PARENT));
}

static pid_t thread_tid;
static void *thread_run(void *arg)
{
	thread_tid = (pid_t)syscall(SYS_gettid);
	return arg;
}

/* Its child is its own parent's. */
static void fork_sibling(void)
{
	fork_with(CLONE_PARENT, 0, "\"parent\"");
}

static int fork_(char **argv)
{
	pthread_t thread;

	(void)argv;
	fork_with(0, 0, "");
	fork_with(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_VFORK, 0, "\"vm\",\"fs\",\"files\"");
	fork_with(CLONE_VM | CLONE_SIGHAND | CLONE_VFORK, 0, "\"vm\",\"sighand\"");
	fork_with(CLONE_NEWUTS | CLONE_NEWIPC, 0, "\"uts-ns\",\"ipc-ns\"");
	fork_with(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWCGROUP, 0,
		  "\"mnt-ns\",\"cgroup-ns\",\"net-ns\"");
	fork_with(CLONE_NEWUSER, 0, "\"user-ns\"");
	fork_with(CLONE_NEWPID, 1, "\"pid-ns\"");
	in_child(fork_sibling);
	MUST(pthread_create(&thread, NULL, thread_run, NULL) == 0);
	MUST(pthread_join(thread, NULL) == 0);
	say_fork("thread", getpid(), thread_tid, thread_tid,
		 "\"vm\",\"fs\",\"files\",\"sighand\",\"thread\"");
	while (wait(NULL) > 0)
		;
	return 0;
}

static char word[] = "/ev-process";

/* --- what processes do to each other --- */

/* A child called other that waits for its end. uid: of the child, 0 ours. */
static pid_t other(uid_t uid)
{
	int ready[2];
	char c;
	pid_t pid;

	MUST(pipe2(ready, O_CLOEXEC) == 0);
	fflush(stdout);
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		signal(SIGUSR1, SIG_IGN);
		signal(SIGRTMIN + 1, SIG_IGN);
		MUST(prctl(PR_SET_NAME, "other") == 0);
		MUST(!uid || (setresuid(uid, uid, uid) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0));
		MUST(write(ready[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	MUST(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void say_other(const char *kind, pid_t pid, const char *comm, const char *rest, ...)
{
	va_list args;

	printf("{\"kind\":\"%s\",%s,\"ocomm\":\"%s\",\"ons_pid\":%d,\"verdict\":\"allowed\",", kind,
	       who(), comm, pid);
	va_start(args, rest);
	vprintf(rest, args);
	va_end(args);
	if (in_host_pids())
		printf(",\"opid\":%d}\n", pid);
	else
		printf(",\"any\":[\"opid\"]}\n");
}

static void read_all(pid_t pid, const char *name)
{
	char path[64], buf[4096];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	MUST(fd >= 0 && read(fd, buf, sizeof(buf)) >= 0);
	close(fd);
}

static void traceme(void)
{
	say_other("ptrace", getppid(), "ev-process", "\"request\":\"traceme\",\"mode\":0");
	MUST(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static int ptrace_(char **argv)
{
	char here[8] = "";
	struct iovec local = {here, 8}, remote = {word, 8};
	char path[64];
	pid_t pid = other(0), foreign;
	int fd;

	(void)argv;
	MUST(ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
	/* seize, readv and writev: three alike */
	say_other("ptrace", pid, "other", "\"request\":\"attach\",\"mode\":%d,\"times\":3",
		  MODE_ATTACH_REAL);
	MUST(process_vm_readv(pid, &local, 1, &remote, 1, 0) == 8 && memcmp(here, word, 8) == 0);
	MUST(process_vm_writev(pid, &local, 1, &remote, 1, 0) == 8);
	say_other("ptrace", pid, "other", "\"request\":\"attach\",\"mode\":%d", MODE_ATTACH_FS);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	MUST(fd >= 0 && close(fd) == 0);
	in_child(traceme);

	/* Another user's: stat asks without meaning it, environ means it. */
	foreign = other(1000);
	read_all(foreign, "stat");
	say_other("inspect", foreign, "other", "\"request\":\"read\",\"mode\":%d", MODE_READ_FS);
	printf(
	    "{\"kind\":\"capability\",%s,\"capability\":\"CAP_SYS_PTRACE\",\"in_user_ns\":%lu}\n",
	    who(), ns_of("user"));
	read_all(foreign, "environ");
	read_all(getpid(), "environ"); /* one's own: no record */
	printf("{\"kind\":\"inspect\",\"process\":{\"ns_pid\":%d},\"any\":[\"ocomm\",\"opid\","
	       "\"ons_pid\",\"request\",\"mode\"]}\n",
	       getpid());
	kill(pid, SIGKILL);
	kill(foreign, SIGKILL);
	return 0;
}

static int signal_(char **argv)
{
	union sigval value = {.sival_int = 7};
	pid_t pid = other(0);

	(void)argv;
	signal(SIGUSR1, SIG_IGN);
	MUST(kill(pid, 0) == 0 && raise(SIGUSR1) == 0 && kill(getpid(), SIGUSR1) == 0);
	say_other("signal", pid, "other", "\"signal\":\"SIGUSR1\",\"times\":2");
	MUST(kill(pid, SIGUSR1) == 0 && syscall(SYS_tgkill, pid, pid, SIGUSR1) == 0);
	say_other("signal", pid, "other", "\"signal\":\"SIGRTMIN+1\"");
	MUST(sigqueue(pid, SIGRTMIN + 1, value) == 0);
	say_other("signal", pid, "other", "\"signal\":\"SIGKILL\"");
	MUST(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	printf("{\"kind\":\"signal\",\"process\":{\"ns_pid\":%d},\"times\":4,\"any\":[\"ocomm\","
	       "\"opid\",\"ons_pid\",\"signal\"]}\n",
	       getpid());
	return 0;
}

/* --- namespaces --- */

static const char *const ns_kinds[] = {"mnt", "pid", "net", "user", "uts", "ipc", "cgroup", "time"};
static const char *const ns_files[] = {"mnt",	 "pid_for_children", "net", "user", "uts", "ipc",
				       "cgroup", "time_for_children"};

static void ns_all(unsigned long v[8])
{
	for (unsigned i = 0; i < 8; i++)
		v[i] = ns_of(ns_files[i]);
}

/* changed: in the order of the bits of clone(2). */
static void say_ns(const char *call, const char *changed, const unsigned long old[8],
		   const unsigned long new[8])
{
	printf(
	    "{\"kind\":\"namespace\",\"process\":{\"ns_pid\":%d},\"call\":\"%s\",\"changed\":[%s],"
	    "\"verdict\":\"allowed\"",
	    getpid(), call, changed);
	for (unsigned i = 0; i < 8; i++)
		printf(",\"old_%s_ns\":%lu,\"new_%s_ns\":%lu", ns_kinds[i],
		       old[i] == new[i] ? 0 : old[i], ns_kinds[i], old[i] == new[i] ? 0 : new[i]);
	printf("}\n");
}

static void unshare_with(int flags, const char *changed)
{
	unsigned long old[8], new[8];
	pid_t child = 0;

	ns_all(old);
	MUST(unshare(flags) == 0);
	if (flags & CLONE_NEWPID) { /* a pid namespace has a name once it has a process */
		child = fork();
		if (child == 0)
			for (;;)
				pause();
	}
	ns_all(new);
	say_ns("unshare", changed, old, new);
	if (child)
		kill(child, SIGKILL);
}

static void ns_unshare(void)
{
	unshare_with(CLONE_NEWUTS, "\"uts-ns\"");
	unshare_with(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_FS,
		     "\"mnt-ns\",\"cgroup-ns\",\"ipc-ns\"");
	unshare_with(CLONE_NEWNET | CLONE_NEWPID, "\"pid-ns\",\"net-ns\"");
	MUST(unshare(CLONE_FILES) == 0);       /* no namespace */
	MUST(unshare(CLONE_NEWPID | 0x1) < 0); /* refused */
}

static void ns_time(void)
{
	unshare_with(CLONE_NEWTIME, "\"time-ns\"");
}

static void ns_user(void)
{
	unshare_with(CLONE_NEWUSER | CLONE_NEWUTS, "\"uts-ns\",\"user-ns\"");
}

static void ns_user_alone(void)
{
	unshare_with(CLONE_NEWUSER, "\"user-ns\"");
}

static int ns_fd(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void ns_setns(void)
{
	unsigned long old[8], new[8];
	int uts = ns_fd(getpid(), "uts"), pidfd, user;
	int at[2];
	char c;
	pid_t pid;

	unshare_with(CLONE_NEWUTS, "\"uts-ns\"");
	ns_all(old);
	MUST(setns(uts, CLONE_NEWUTS) == 0);
	ns_all(new);
	say_ns("setns", "\"uts-ns\"", old, new);
	MUST(setns(uts, CLONE_NEWUTS) == 0);	     /* the same: no record */
	MUST(setns(ns_fd(getpid(), "user"), 0) < 0); /* refused */

	MUST(pipe(at) == 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		MUST(unshare(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWNET) == 0);
		MUST(write(at[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	MUST(read(at[0], &c, 1) == 1);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	user = ns_fd(pid, "user");
	MUST(pidfd >= 0 && user >= 0);
	ns_all(old);
	MUST(setns(pidfd, CLONE_NEWNET | CLONE_NEWIPC) == 0);
	ns_all(new);
	say_ns("setns", "\"ipc-ns\",\"net-ns\"", old, new);
	ns_all(old);
	MUST(setns(user, CLONE_NEWUSER) == 0);
	ns_all(new);
	say_ns("setns", "\"user-ns\"", old, new);
	MUST(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	printf("{\"kind\":\"namespace\",\"call\":\"setns\",\"process\":{\"ns_pid\":%d},\"times\":3",
	       getpid());
	printf(",\"any\":[\"changed\"");
	for (unsigned i = 0; i < 8; i++)
		printf(",\"old_%s_ns\",\"new_%s_ns\"", ns_kinds[i], ns_kinds[i]);
	printf("]}\n");
}

static int namespaces(char **argv)
{
	(void)argv;
	in_child(ns_unshare);
	in_child(ns_time);
	in_child(ns_user);
	in_child(ns_user_alone);
	in_child(ns_setns);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct verb verbs[] = {{"fork", fork_},
					    {"ptrace", ptrace_},
					    {"signal", signal_},
					    {"namespaces", namespaces},
					    {0}};

	umask(022);
	return run_verbs(verbs, argc, argv);
}
