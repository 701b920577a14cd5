/* SPDX-License-Identifier: Apache-2.0 */
/* See loop.h. The timer list is short and sorted: a few per open stream, most of them stopped. */
#include "sidecar/common/loop.h"
#include "sidecar/common/util.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

int loop_init(struct loop *l)
{
	memset(l, 0, sizeof(*l));
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll_fd < 0 ? -errno : 0;
}

void loop_release(struct loop *l)
{
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	l->epoll_fd = -1;
}

static int control(struct loop *l, int op, struct loop_watch *w, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};

	if (epoll_ctl(l->epoll_fd, op, w->fd, &e) < 0)
		return -errno;
	w->events = events;
	return 0;
}

int loop_add(struct loop *l, struct loop_watch *w, int fd, uint32_t events)
{
	int r;

	w->fd = fd;
	r = control(l, EPOLL_CTL_ADD, w, events);
	w->added = r == 0;
	return r;
}

int loop_change(struct loop *l, struct loop_watch *w, uint32_t events)
{
	if (!w->added || w->events == events)
		return 0;
	return control(l, EPOLL_CTL_MOD, w, events);
}

void loop_remove(struct loop *l, struct loop_watch *w)
{
	if (!w->added)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->added = false;
	for (int i = 0; i < l->batch_len; i++)
		if (l->batch[i].data.ptr == w)
			l->batch[i].data.ptr = NULL;
}

void loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	struct loop_timer **at = &l->timers;

	if (!t->armed)
		return;
	while (*at && *at != t)
		at = &(*at)->next;
	if (*at)
		*at = t->next;
	t->armed = false;
}

void loop_timer_set(struct loop *l, struct loop_timer *t, unsigned delay_ms)
{
	struct loop_timer **at = &l->timers;

	loop_timer_stop(l, t);
	t->at_ns = util_now_ns() + delay_ms * 1000000ull;
	while (*at && (*at)->at_ns <= t->at_ns)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	t->armed = true;
}

int loop_signals(const int *signals)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (; *signals; signals++)
		sigaddset(&set, *signals);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int wait_ms(const struct loop *l)
{
	uint64_t now;

	if (!l->timers)
		return -1;
	now = util_now_ns();
	if (l->timers->at_ns <= now)
		return 0;
	return (int)((l->timers->at_ns - now + 999999) / 1000000);
}

/* Only those due at the start of the turn, and not all of them when they take long: neither a handler
 * that re-arms itself with 0 nor many at once can starve the file descriptors. */
static void run_timers(struct loop *l)
{
	uint64_t due = util_now_ns(), now = due;

	for (; l->timers && l->timers->at_ns <= due && now < due + LOOP_TIMERS_NS && !l->stopped;
	     now = util_now_ns()) {
		struct loop_timer *t = l->timers;

		l->timers = t->next;
		t->armed = false;
		t->expired(t->arg);
	}
}

int loop_run(struct loop *l)
{
	while (!l->stopped) {
		int n = epoll_wait(l->epoll_fd, l->batch, LOOP_BATCH_MAX, wait_ms(l));

		if (n < 0 && errno != EINTR)
			return -errno;
		l->batch_len = n > 0 ? n : 0;
		for (int i = 0; i < l->batch_len && !l->stopped; i++) {
			struct loop_watch *w = l->batch[i].data.ptr;

			if (w)
				w->ready(w->arg, l->batch[i].events);
		}
		l->batch_len = 0;
		run_timers(l);
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}
