/* SPDX-License-Identifier: Apache-2.0 */
/* See turns.h. */
#include "sidecar/node/turns.h"
#include <stddef.h>

static void expired(void *arg)
{
	struct turns *t = arg;
	struct turn *one = t->first;

	if (!one)
		return;
	t->first = one->next;
	one->waits = false;
	if (t->first)
		loop_timer_set(t->loop, &t->timer, 0);
	one->work(one->arg); /* may add itself again, or go away */
}

void turns_init(struct turns *t, struct loop *loop)
{
	*t = (struct turns){.loop = loop, .timer = {.expired = expired, .arg = t}};
}

void turns_add(struct turns *t, struct turn *one)
{
	struct turn **at = &t->first;

	if (one->waits)
		return;
	while (*at)
		at = &(*at)->next;
	*at = one;
	one->next = NULL;
	one->waits = true;
	if (!t->timer.armed)
		loop_timer_set(t->loop, &t->timer, 0);
}

void turns_remove(struct turns *t, struct turn *one)
{
	struct turn **at = &t->first;

	if (!one->waits)
		return;
	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	one->waits = false;
}
