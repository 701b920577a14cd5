/* SPDX-License-Identifier: Apache-2.0 */
/* What stream.c and stream_open.c share. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "sidecar/common/loop.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/wire.h"
#include "sidecar/node/intake.h"
#include "sidecar/node/stream.h"
#include "sidecar/node/turns.h"

struct stream {
	struct node *node;
	struct stream *next;
	struct life *life; /* NULL before the hello */
	int fd;
	pid_t pid;
	char key[KEY_SIZE];
	struct loop_watch watch;
	struct loop_timer timer; /* hello's deadline, then the next commit */
	struct turn turn;
	struct wire_buf in, out;
	struct intake intake;
	uint64_t position; /* behind the last record taken in */
	uint64_t acked;
	uint64_t end_position;
	bool full;    /* a whole transaction was written since its turn began */
	bool stalled; /* the store refuses: nothing is read until it does not */
	bool ending;  /* END has come */
	bool closing; /* closed once everything is sent */
};

/* Of the loop: bytes, the timer, its turn. */
void stream_ready(void *arg, uint32_t events);
void stream_expired(void *arg);
void stream_turn(void *arg);
/* With what was not committed forgotten; its agent has it still. */
void stream_free(struct stream *s);
/* After what it sent is committed. */
void stream_end(struct stream *s);
