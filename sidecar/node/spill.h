/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence for which the full disk has no room: it stands in a file whose space was taken before, until
 * the databases can be written again; beside it the numbers of what was dropped. What is put in survives
 * a kill and a power cut. Knows lives by their file alone. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sidecar/node/intake.h"

#define SPILL_SIZE_MIN (64u << 10) /* bytes; a smaller one is none */

struct spill {
	int fd; /* -1: there is none */
	uint64_t size, epoch;
	uint64_t begin, end; /* of the frames that are still to be taken out; end: where the next goes */
};

void spill_init(struct spill *p);
/* Opens the file, or makes it with so many bytes. What an earlier node left in it is still to be taken out.
 * -ENOSPC and others: there is no such file. */
int spill_open(struct spill *p, const char *path, uint64_t bytes);
void spill_release(struct spill *p);
static inline bool spill_any(const struct spill *p)
{
	return p->end > p->begin;
}

/* Moves everything from the intake: what is from_class or above as it is, of the rest the numbers.
 * -ENOSPC: no room, nothing was moved. */
int spill_put(struct spill *p, const struct life *l, struct intake *in, enum record_class from_class);
/* Takes the frames out, oldest first: those of one life that stand in a row are an intake, of a transaction's size at
 * most, to be committed into the life of that file. An error of commit ends it, and they are the first of the next time. */
int spill_take(struct spill *p, int (*commit)(void *arg, const char *file, uint64_t generation,
					      struct intake *in),
	       void *arg);
