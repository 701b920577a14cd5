/* SPDX-License-Identifier: Apache-2.0 */
/* The executables the acting programs of a record were made from: those looked at last are remembered. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "sidecar/common/event.h"
#include "sidecar/node/store.h"

#define EXES_SIZE 64

struct exe {
	uint64_t seq; /* 0: empty */
	char *path;
	size_t len;
	size_t title_len;
	char title[EVENT_TITLE_MAX];
};

struct exes {
	struct exe slots[EXES_SIZE];
};

void exes_release(struct exes *x);
/* Of an exec record, with its arguments if they are at hand. */
void exes_remember(struct exes *x, const struct event *exec);
/* Of e, whose exec_seq names the exec record: what was remembered, or what the store has of it; else NULL. */
const struct exe *exes_find(struct exes *x, struct store *s, struct life *l, const struct event *e);
