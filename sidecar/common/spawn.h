/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the programs beside the running one: an agent for a container (hook, `reeve run`), an
 * agent that takes over an orphaned one (node), and the loader.
 *
 * What an agent is given:
 *   reeve-agent --ready-fd N --meta-fd N --cgroup-fd N --init-fd N --fail open|closed
 *               [--policy FILE]... [--annotated FILE | --annotated-fd N]
 *               [--record KINDS] [--repeat count|each]
 *   reeve-agent --ready-fd N --adopt KEY
 * meta-fd is a sealed memfd with the JSON of meta.h (generation, started_wall_ns 0), annotated-fd one
 * with a policy, init-fd a pidfd. On ready-fd it writes one line and closes it: "ready", "exists" (a live agent serves that
 * cgroup already), "error: TEXT", or "closed: TEXT" where a policy says that no container starts without
 * its guard.
 *
 * A caller that is itself somebody's short-lived child sets PR_SET_CHILD_SUBREAPER first: programs
 * that are done by the return of these calls are then reaped here. Else they become the runtime's
 * children, and crun, which is told of its hook's end by one SIGCHLD, loses it when another child
 * ends at the same moment and waits for its time-out. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "meta.h"

#define SPAWN_POLICIES_MAX 16
#define SPAWN_TEXT_MAX 4096 /* bytes an agent may say */

enum spawn_result {
	SPAWN_READY,  /* attached, configured, pumping */
	SPAWN_EXISTS, /* another agent does it */
	SPAWN_CLOSED, /* with an error: a policy says "fail": "closed" */
};

struct spawn_request {
	const char *adopt_key; /* when set, nothing below counts */
	int cgroup_fd;
	int init_fd;
	const struct meta *meta;
	bool fail_closed;
	const char *const *policies; /* absolute paths */
	size_t policies_count;
	const char *annotated;	    /* the file that the container's annotation names; NULL none */
	const char *annotated_text; /* the annotation is a policy itself; NULL: it is not */
	const char *record; /* as record.h reads it; NULL: normal */
	const char *repeat; /* likewise; NULL: as record says */
};

/* Returns when the agent has spoken, at the latest after deadline_ms; then it is killed. All
 * fds stay the caller's. Errors: -ETIMEDOUT, -ECHILD (it said "error:" or "closed:", or ended without a
 * word), or of the start itself; the reason is put in error. *ret is set before, where that is known. */
int spawn_agent(const struct spawn_request *request, int deadline_ms, enum spawn_result *ret,
		char *error, size_t error_size);

/* 0 at once when the programs are pinned; else runs the loader and waits for it. A loader that is
 * late is not killed (half a load helps nobody): -ETIMEDOUT, and it works on. */
int spawn_load(int deadline_ms, char *error, size_t error_size);
