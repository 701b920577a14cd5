/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI state a runtime writes to a hook's stdin, as far as we need it. Pure: text in, struct
 * out. Runtimes differ: see the members. Unknown keys are passed over. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "sidecar/common/meta.h"

/* Bytes of JSON; the tenant's annotations are in it. podman 4.3 takes those of the image's manifest, of up to
 * 4 MiB, and runc writes a "<" as six bytes. */
#define STATE_SIZE_MAX (32u << 20)
#define STATE_PID_NONE (-1)

struct state {
	char id[META_ID_MAX];
	char name[META_NAME_MAX]; /* the engine's name for it, else the id */
	char status[16];	  /* "creating"; crun says "created"; "" when absent */
	int pid;	  /* of the container's init; STATE_PID_NONE when absent, may be 0 */
	char *bundle;	  /* absolute path; after the container's end it may be gone */
	char *policy;	  /* annotation io.reeve.policy: a name, or a policy; NULL without */
	struct meta annotated; /* its annotations; from identity_find on what else is known of it, too */
	char *record;	  /* annotation io.reeve.record: it can only ask for more; NULL without */
	bool crio;	  /* CRI-O's annotations name its id: what its author says beside is not believed */
	bool repeat_each; /* annotation io.reeve.repeat is "each": it can only ask for more */
};

void state_release(struct state *s);
#define _state_ __attribute__((cleanup(state_release)))

/* -EINVAL, -E2BIG, -ENOMEM as json_parse; the reason is put in error. Bytes that are no UTF-8 are read as "?". */
int state_parse(const char *text, size_t len, struct state *ret, char *error, size_t error_size);

/* Whether this is the call after the container's end (poststop): nothing to attach to. */
int state_has_stopped(const struct state *s);
/* Whether the name is text for one line, which then is the container's. */
bool state_take_name(struct state *s, const char *name);
