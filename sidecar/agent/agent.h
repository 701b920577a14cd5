/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent holds. Every descriptor it keeps after start is a member here; tests compare this
 * list with /proc/PID/fd. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "bpf/abi.h"
#include "cgroup/own.h"
#include "sidecar/agent/spool.h"
#include "sidecar/common/meta.h"
#include "sidecar/common/record.h"
#include "sidecar/common/rvring.h"
#include "sidecar/common/tables.h"
#include "sidecar/common/wire.h"

#define AGENT_POLICIES_MAX 16

struct options {
	int ready_fd;
	int cgroup_fd;
	int init_fd; /* pidfd of the container's init */
	int meta_fd;
	const char *adopt; /* KEY of a container whose agent died */
	const char *policies[AGENT_POLICIES_MAX];
	unsigned policies_n;
	const char *annotated; /* the host's file that the container's annotation names, NULL none */
	bool fail_closed;      /* the node says so, or a policy that was read */
	int annotated_fd;      /* the annotation's own policy, -1 none */
	struct record record;
};

/* Maps it writes to at the end, by descriptor: it cannot open any once it is jailed. */
struct maps {
	int cgroups;
	int states;
	int rings;
	int lanes;
	struct tables tables;
};

struct agent {
	struct meta meta;
	uint32_t slot; /* 0: nothing in the kernel, only a spool to deliver */
	struct maps maps;
	struct own own;
	int lock_fd;	  /* /run/reeve/c/KEY/lock: held for life, one consumer */
	int run_fd;	  /* /run/reeve/c, to remove KEY/ at the end */
	int pins_fd;	  /* PATH_PIN_CONTAINERS, likewise */
	int spool_dir_fd; /* where KEY.spool stands, likewise */
	int events_fd;	  /* cgroup.events of the container */
	int ring_fd;	  /* for epoll; the rings themselves are mapped */
	int lane_fd;
	int epoll_fd;
	int node_fd;	/* the node's socket, -1 while it is away */
	int repeats_fd; /* program reeve_repeats */
	struct rv_state *state;
	struct rvring ring;
	struct rvring lane;
	struct spool spool;
	struct wire_buf in;
	struct wire_buf out;
	uint64_t sent; /* spool position up to which frames are out */
	bool closed;   /* nothing more comes into the spool */
	bool end_sent;
	uint64_t state_sent_ns;
	uint64_t state_issued;
	uint64_t tried_ns;	 /* last attempt to reach the node */
	uint64_t repeats_due_ns; /* end of the epoch, 0: there is nothing in the table */
	int repeats_left;	 /* the old half is not empty yet */
	int repeats_ended;	 /* repeat_end's progress */
	int repeats_failed;	 /* said so already */
	int welcome;
	int done;	/* everything acknowledged after the end */
	int taken_over; /* a guard that stood before us: not ours to take away */
};

/* setup.c: as root. Claims a slot, attaches, PREPARED; or, with adopt, takes over what stands.
 * Logs. 1: a live agent serves this container already. */
int setup_new(struct agent *a, struct options *o);
int setup_adopt(struct agent *a, const char *key);
/* Undoes what setup_new did so far. */
void setup_undo(struct agent *a);

/* rules.c: reads, checks and compiles the policy files and puts the table into the kernel, as slot's.
 * *ret_table: which of RV_TABLES, *ret_asked: for rv_state.asked; no policy: both 0. Logs. */
int rules_publish(struct agent *a, struct options *o, uint32_t *ret_table, uint32_t *ret_asked);
/* Takes the slot's tables out again. */
void rules_remove(const struct maps *m, uint32_t slot);

/* pump.c: rings -> spool -> node until the container has ended and all is delivered, or the node
 * stays away. */
int pump_run(struct agent *a);

/* repeat.c: takes what the kernel counted out of it, as records in the ring. */
void repeat_adopt(struct agent *a); /* once, after another agent's death */
void repeat_turn(struct agent *a, uint64_t now_ns);
/* wait_ms, or less when an epoch ends before. */
int repeat_wait_ms(const struct agent *a, uint64_t now_ns, int wait_ms);
/* After the last number but the closing one: true when nothing is left in the kernel. */
bool repeat_end(struct agent *a);

/* node.c: the agent's side of the stream. */
void node_turn(struct agent *a, uint64_t now_ns); /* connect, read, write: what can be done now */
void node_drop(struct agent *a);

/* finish.c: gives the container's kernel objects back and removes what lies around. */
void finish_container(struct agent *a);
void finish_pins(struct agent *a);
void finish_spool(struct agent *a); /* unless something in it is not acknowledged */
void finish_run(struct agent *a);   /* lock, meta, own cgroup */
