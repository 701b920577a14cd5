/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "sidecar/node/turns.h"
#include "tests/unit/tap.h"

struct scene {
	struct loop loop;
	struct turns turns;
	struct turn a, b, c;
	struct loop_timer light;
	char said[32];
	unsigned again; /* so often a comes back */
	size_t stop_after;
};

static void say(struct scene *s, char c)
{
	size_t n = strlen(s->said);

	s->said[n] = c;
	if (n + 1 == s->stop_after)
		loop_stop(&s->loop);
}

static void work_a(void *arg)
{
	struct scene *s = arg;

	say(s, 'a');
	if (s->again > 0) {
		s->again--;
		turns_add(&s->turns, &s->a);
	}
}

static void work_b(void *arg)
{
	say(arg, 'b');
}

static void work_c(void *arg)
{
	say(arg, 'c');
}

static void light(void *arg)
{
	struct scene *s = arg;

	say(s, '.');
	loop_timer_set(&s->loop, &s->light, 0);
}

static void begin(struct scene *s, size_t stop_after)
{
	*s = (struct scene){.stop_after = stop_after};
	REQUIRE(loop_init(&s->loop) == 0);
	turns_init(&s->turns, &s->loop);
	s->a = (struct turn){.work = work_a, .arg = s};
	s->b = (struct turn){.work = work_b, .arg = s};
	s->c = (struct turn){.work = work_c, .arg = s};
	s->light = (struct loop_timer){.expired = light, .arg = s};
}

TEST("turns: one in a turn of the loop, in the order they came; who has little comes between any two")
{
	struct scene s;

	begin(&s, 6);
	loop_timer_set(&s.loop, &s.light, 0);
	turns_add(&s.turns, &s.a);
	turns_add(&s.turns, &s.b);
	turns_add(&s.turns, &s.a); /* it waits already */
	turns_add(&s.turns, &s.c);
	CHECK_INT(loop_run(&s.loop), 0);
	CHECK_STR(s.said, ".a.b.c");
	loop_release(&s.loop);
}

TEST("turns: who comes back is behind the others; who goes away is not heard")
{
	struct scene s;

	begin(&s, 4);
	s.again = 1;
	turns_add(&s.turns, &s.a);
	turns_add(&s.turns, &s.b);
	turns_add(&s.turns, &s.c);
	turns_remove(&s.turns, &s.b);
	turns_remove(&s.turns, &s.b);
	turns_add(&s.turns, &s.b);
	CHECK_INT(loop_run(&s.loop), 0);
	CHECK_STR(s.said, "acba");
	CHECK(!s.turns.first);
	loop_release(&s.loop);
}
