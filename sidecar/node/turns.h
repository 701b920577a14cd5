/* SPDX-License-Identifier: Apache-2.0 */
/* Who has much to be done waits in line here, and one of them is heard in each turn of the loop: whoever has
 * little is heard at once, and waits for one of the many at most, not for all. */
#pragma once
#include <stdbool.h>
#include "sidecar/common/loop.h"

struct turn {
	void (*work)(void *arg);
	void *arg;
	struct turn *next;
	bool waits;
};

struct turns {
	struct loop *loop;
	struct turn *first;
	struct loop_timer timer;
};

void turns_init(struct turns *t, struct loop *loop);
/* Puts it behind those that wait; it may wait already. */
void turns_add(struct turns *t, struct turn *one);
/* Before it goes away; it need not wait. */
void turns_remove(struct turns *t, struct turn *one);
