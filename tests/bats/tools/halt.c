/* SPDX-License-Identifier: Apache-2.0 */
/* halt: stands in a hook's place, runs the real one and all that it starts under ptrace, and when
 * they have entered so many system calls together does something to them. halt WHAT NUMBER SAID
 * PROGRAM... WHAT: "kill": kill -9 of whoever enters it; "kill-all": of all of them; "stop": none
 * of them goes on, for ever; "fail": the call is not made and comes back as EIO; "list": nothing, to
 * none. SAID: a file that gets a line when it is done, with "list" for each: NUMBER, the call and the
 * program; and "calls N" when the hook has ended, with how many there were until then. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define TASKS_MAX 64

struct halt {
	const char *what;
	long number, calls;
	int said;
	int answer; /* pipe: the hook's status */
	pid_t hook;
	bool done;
	pid_t tasks[TASKS_MAX];
	bool inside[TASKS_MAX]; /* between a call's entry and its end */
	bool failing[TASKS_MAX];
};

static int place_of(struct halt *h, pid_t pid)
{
	int empty = -1;

	for (int i = 0; i < TASKS_MAX; i++) {
		if (h->tasks[i] == pid)
			return i;
		if (!h->tasks[i])
			empty = i;
	}
	if (empty < 0)
		exit(99);
	h->tasks[empty] = pid;
	h->inside[empty] = h->failing[empty] = false;
	return empty;
}

static void say_done(struct halt *h, pid_t pid, long call)
{
	char path[64], comm[17] = "";
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, comm, 16);
	comm[n > 0 ? n - 1 : 0] = 0;
	close(fd);
	dprintf(h->said, "%ld call %ld of %s\n", h->calls, call, comm);
}

/* False: the task is not to go on. */
static bool entered(struct halt *h, int place)
{
	pid_t pid = h->tasks[place];
	struct user_regs_struct regs;

	h->calls++;
	if (h->calls != h->number && strcmp(h->what, "list"))
		return true;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
		return true;
	say_done(h, pid, (long)regs.orig_rax);
	if (!strcmp(h->what, "list"))
		return true;
	h->done = true;
	if (!strcmp(h->what, "kill")) {
		kill(pid, SIGKILL);
	} else if (!strcmp(h->what, "kill-all")) {
		for (int i = 0; i < TASKS_MAX; i++)
			if (h->tasks[i])
				kill(h->tasks[i], SIGKILL);
	} else if (!strcmp(h->what, "fail")) {
		regs.orig_rax = (unsigned long)-1;
		ptrace(PTRACE_SETREGS, pid, 0, &regs);
		h->failing[place] = true;
	} else {
		return false;
	}
	return true;
}

static void left(struct halt *h, int place)
{
	struct user_regs_struct regs;

	if (!h->failing[place])
		return;
	h->failing[place] = false;
	if (ptrace(PTRACE_GETREGS, h->tasks[place], 0, &regs) == 0) {
		regs.rax = (unsigned long)-EIO;
		ptrace(PTRACE_SETREGS, h->tasks[place], 0, &regs);
	}
}

static void ended(struct halt *h, pid_t pid, int status)
{
	h->tasks[place_of(h, pid)] = 0;
	if (pid != h->hook)
		return;
	dprintf(h->said, "calls %ld\n", h->calls);
	if (write(h->answer, &status, sizeof(status)) < 0)
		exit(98);
	close(h->answer);
}

/* One thing a task has to tell. */
static void told(struct halt *h, pid_t pid, int status)
{
	int place, deliver = 0;
	bool goes = true;

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		ended(h, pid, status);
		return;
	}
	place = place_of(h, pid);
	if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		h->inside[place] = !h->inside[place];
		if (h->inside[place])
			goes = entered(h, place);
		else
			left(h, place);
	} else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
		deliver = WSTOPSIG(status);
	}
	/* With "stop" nobody does anything from then on. */
	if (goes && !(h->done && !strcmp(h->what, "stop")))
		ptrace(PTRACE_SYSCALL, pid, 0, deliver);
}

static void trace(struct halt *h, char **argv)
{
	int status;
	pid_t pid;

	h->hook = fork();
	if (h->hook == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	/* A runtime waits for the end of what the hook says. */
	for (int fd = 0; fd < 3; fd++)
		dup2(open("/dev/null", O_RDWR | O_CLOEXEC), fd);
	waitpid(h->hook, &status, 0);
	ptrace(PTRACE_SETOPTIONS, h->hook, 0,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
	told(h, h->hook, status);
	while ((pid = waitpid(-1, &status, __WALL)) > 0)
		told(h, pid, status);
	usleep(500000); /* crun waits for one SIGCHLD, the hook's: two at once would be one */
	exit(0);
}

int main(int argc, char **argv)
{
	struct halt h = {0};
	int answer[2], status = 0;

	if (argc < 5) {
		fprintf(stderr,
			"usage: halt kill|kill-all|stop|fail|list NUMBER SAID PROGRAM...\n");
		return 2;
	}
	h.what = argv[1];
	h.number = atol(argv[2]);
	h.said = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (h.said < 0 || pipe2(answer, O_CLOEXEC) < 0)
		return 98;
	if (fork() == 0) {
		setsid();
		close(answer[0]);
		h.answer = answer[1];
		trace(&h, argv + 4);
	}
	close(answer[1]);
	if (read(answer[0], &status, sizeof(status)) != sizeof(status))
		return 97;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
