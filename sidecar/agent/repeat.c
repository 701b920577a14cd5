/* SPDX-License-Identifier: Apache-2.0 */
/* Counted repetitions: every epoch the kernel turns to the other half of its table, and the one
 * before it is emptied into REPEAT records (reeve_repeats does both, this is its clock). Between
 * the two lies a grace period: whoever still counted in the old half is done. Finds no room: what
 * is left waits in the table. */
#include <errno.h>
#include "sidecar/agent/agent.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

/* 0: all of that half is out; 1: the ring is full. */
static int run(struct agent *a, bool flip)
{
	struct rv_repeats args = {.generation = a->meta.generation, .slot = a->slot, .flip = flip};
	int32_t result = 0;
	int r = kbpf_prog_run(a->repeats_fd, &args, sizeof(args), (uint32_t *)&result);

	if (!r && result < 0)
		r = result;
	if (r && !a->repeats_failed)
		log_err(r, "take the counted repetitions of container %s out of the kernel",
			a->meta.id);
	a->repeats_failed = r != 0;
	return r ? r : result;
}

/* The kernel returns from putting a map behind an outer one when no program can be under way with
 * the one before; that it is the same one makes no difference. */
static void wait_for_programs(struct agent *a)
{
	int r = kbpf_map_update(a->maps.rings, &a->slot, &a->ring_fd, BPF_ANY);

	if (r)
		log_err(r, "wait for the programs of container %s", a->meta.id);
}

void repeat_adopt(struct agent *a)
{
	wait_for_programs(a); /* our predecessor may have died just before */
	a->repeats_left = 1;
}

void repeat_turn(struct agent *a, uint64_t now_ns)
{
	if (a->repeats_left)
		a->repeats_left = run(a, false) == 1;
	if (!a->repeats_due_ns && __atomic_load_n(&a->state->merging, __ATOMIC_ACQUIRE))
		a->repeats_due_ns = now_ns + RV_MERGE_EPOCH_NS;
	if (!a->repeats_due_ns || now_ns < a->repeats_due_ns || a->repeats_left)
		return;
	a->repeats_due_ns = 0;
	if (run(a, true) == 0) {
		wait_for_programs(a);
		a->repeats_left = run(a, false) == 1;
	}
}

int repeat_wait_ms(const struct agent *a, uint64_t now_ns, int wait_ms)
{
	int due_ms;

	if (!a->repeats_due_ns || a->repeats_left)
		return wait_ms;
	due_ms = now_ns < a->repeats_due_ns ? (int)((a->repeats_due_ns - now_ns) / 1000000) + 1 : 0;
	return wait_ms < 0 || due_ms < wait_ms ? due_ms : wait_ms;
}

bool repeat_end(struct agent *a)
{
	if (a->repeats_ended == 0) {
		wait_for_programs(a);
		a->repeats_ended = 1;
	}
	/* Nobody counts any more: the half in use can be emptied right behind the other. */
	if (a->repeats_ended == 1 && run(a, true) != 1)
		a->repeats_ended = 2;
	if (a->repeats_ended == 2 && run(a, false) != 1)
		a->repeats_ended = 3;
	return a->repeats_ended == 3;
}
