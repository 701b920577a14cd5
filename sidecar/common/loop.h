/* SPDX-License-Identifier: Apache-2.0 */
/* One thread's event loop: file descriptors by epoll (level-triggered), timers by the wait's own
 * timeout, signals by signalfd. Handlers run one at a time and may add, change or remove any
 * watch or timer, their own included. Watches and timers live inside their owners. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop_watch {
	int fd; /* not owned */
	void (*ready)(void *arg, uint32_t events);
	void *arg;
	uint32_t events; /* EPOLL* asked for; 0 still reports hang-ups */
	bool added;
};

struct loop_timer {
	void (*expired)(void *arg);
	void *arg;
	uint64_t at_ns; /* util_now_ns */
	struct loop_timer *next;
	bool armed;
};

#define LOOP_BATCH_MAX 64
#define LOOP_TIMERS_NS 10000000 /* past it the timers left of a turn wait for the next */

struct loop {
	int epoll_fd;
	struct loop_timer *timers; /* soonest first */
	struct epoll_event batch[LOOP_BATCH_MAX];
	int batch_len;
	bool stopped;
};

int loop_init(struct loop *l);
void loop_release(struct loop *l);

/* w->ready and w->arg are set by the caller. */
int loop_add(struct loop *l, struct loop_watch *w, int fd, uint32_t events);
/* Nothing when events are what they were. */
int loop_change(struct loop *l, struct loop_watch *w, uint32_t events);
/* After it no handler of w runs, not even from the batch in hand. Before close(fd). */
void loop_remove(struct loop *l, struct loop_watch *w);

/* One shot; a running one is moved. t->expired and t->arg are set by the caller. */
void loop_timer_set(struct loop *l, struct loop_timer *t, unsigned delay_ms);
void loop_timer_stop(struct loop *l, struct loop_timer *t);

/* Blocks the signals of a 0-terminated list and returns a signalfd that reports them, or -errno. */
int loop_signals(const int *signals);

/* Until loop_stop: 0, or -errno of epoll itself. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);
