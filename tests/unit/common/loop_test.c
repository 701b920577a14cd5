/* SPDX-License-Identifier: Apache-2.0 */
/* Many timers that are due at once: who asks by a file descriptor has a turn between them. */
#include <string.h>
#include <unistd.h>
#include "sidecar/common/loop.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

#define TIMERS 6

struct scene {
	struct loop loop;
	struct loop_watch asked;
	struct loop_timer timers[TIMERS];
	char said[64];
	size_t len;
	unsigned expired;
};

static void ready(void *arg, uint32_t events)
{
	struct scene *s = arg;

	(void)events;
	s->said[s->len++] = '?';
}

static void expired(void *arg)
{
	struct scene *s = arg;
	uint64_t end = util_now_ns() + LOOP_TIMERS_NS / 2 + 1000000;

	while (util_now_ns() < end)
		;
	s->said[s->len++] = '.';
	if (++s->expired == TIMERS)
		loop_stop(&s->loop);
}

TEST("loop: timers that take long leave the others of a turn for the next")
{
	struct scene s = {};
	int pipe_fds[2];

	REQUIRE(loop_init(&s.loop) == 0);
	REQUIRE(pipe(pipe_fds) == 0);
	CHECK_INT(write(pipe_fds[1], "", 1), 1);
	s.asked = (struct loop_watch){.ready = ready, .arg = &s};
	CHECK_INT(loop_add(&s.loop, &s.asked, pipe_fds[0], EPOLLIN), 0);
	for (unsigned i = 0; i < TIMERS; i++) {
		s.timers[i] = (struct loop_timer){.expired = expired, .arg = &s};
		loop_timer_set(&s.loop, &s.timers[i], 0);
	}
	CHECK_INT(loop_run(&s.loop), 0);
	/* Never more than two in a row; one, where this process stood still meanwhile. */
	CHECK_INT((long long)s.expired, TIMERS);
	CHECK(!strstr(s.said, "..."));
	CHECK(s.said[0] == '?');
	loop_remove(&s.loop, &s.asked);
	loop_release(&s.loop);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}
