/* SPDX-License-Identifier: Apache-2.0 */
/* While the command of `reeve run` lives: its record from the node to our output, signals from the
 * outside to the command. After its end: the rest of the record, for a bounded time. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include "query.h"
#include "run.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

#define RETRY_MS 50	      /* until the node knows the container */
#define REST_TIMEOUT_MS 10000 /* for the record's end, after the command's */

struct watch {
	const char *id;
	bool json;
	int out;
	struct query query; /* fd -1: not asked, or over */
	bool over;	    /* no more to come */
	bool complete;
	int signal_fd;
	struct run_child *child;
	const char *command;
	bool ended;
	int status;
	uint64_t until_ns; /* 0: no bound yet */
};

/* The agent's greeting may still be on its way to the node: not found is no failure yet. */
static void ask(struct watch *w)
{
	struct json_out *request _json_out_ = query_request("logs", w->id, w->json);

	if (request) {
		json_out_member_bool(request, "follow", true);
		json_out_close_object(request);
	}
	if (request && query_open(&w->query, request) == 0)
		return;
	w->over = true;
	log_err(0, "%s", request ? w->query.error : "out of memory");
}

static void take_answer(struct watch *w)
{
	int r = query_pump(&w->query, w->out);

	if (r == 0)
		return;
	query_release(&w->query);
	if (r == -ENOENT && (!w->ended || util_now_ns() < w->until_ns))
		return; /* asked again after RETRY_MS */
	w->over = true;
	w->complete = r == 1;
	if (r < 0 && r != -EPIPE)
		log_err(0, "%s", w->query.error);
}

/* What the terminal sends reaches the command by itself: it is in the same process group. */
static void pass_signal(struct watch *w)
{
	struct signalfd_siginfo info;

	if (read(w->signal_fd, &info, sizeof(info)) != sizeof(info) || w->ended)
		return;
	if (info.ssi_code != SI_KERNEL)
		syscall(SYS_pidfd_send_signal, w->child->pidfd, (int)info.ssi_signo, NULL, 0);
}

static void take_end(struct watch *w)
{
	w->status = run_child_status(w->child, w->command);
	w->ended = true;
	w->until_ns = util_now_ns() + REST_TIMEOUT_MS * 1000000ull;
	run_cgroup_kill(w->id);
}

/* Milliseconds until something must be done without being asked. */
static int patience(const struct watch *w)
{
	uint64_t now = util_now_ns();

	if (!w->over && w->query.fd < 0)
		return RETRY_MS;
	if (w->until_ns == 0)
		return -1;
	return now < w->until_ns ? (int)((w->until_ns - now) / 1000000) + 1 : 0;
}

static void step(struct watch *w)
{
	struct pollfd p[] = {{.fd = w->ended ? -1 : w->child->pidfd, .events = POLLIN},
			     {.fd = w->query.fd, .events = POLLIN},
			     {.fd = w->signal_fd, .events = POLLIN}};
	int n = poll(p, ARRAY_SIZE(p), patience(w));

	if (n > 0 && p[2].revents)
		pass_signal(w);
	if (n > 0 && p[1].revents)
		take_answer(w);
	if (n > 0 && p[0].revents)
		take_end(w);
	if (n == 0 && w->until_ns && util_now_ns() >= w->until_ns)
		w->over = true;
	else if (n == 0 && !w->over && w->query.fd < 0)
		ask(w);
}

int run_watch_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return log_err(-errno, "block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? log_err(-errno, "catch signals") : fd;
}

int run_watch(const char *id, bool json, int out, int signal_fd, struct run_child *child,
	      const char *command, bool *ret_complete)
{
	struct watch w = {.id = id,
			  .json = json,
			  .out = out,
			  .query = {.fd = -1},
			  .signal_fd = signal_fd,
			  .child = child,
			  .command = command};

	ask(&w);
	while (!w.ended || !w.over)
		step(&w);
	query_release(&w.query);
	*ret_complete = w.complete;
	return w.status;
}
