/* SPDX-License-Identifier: Apache-2.0 */
/* From a container's records to its processes: who made whom, what each ran, how it ended. Records
 * come in the order of their numbers, as JSON lines of PROCESS_TREE_FIELDS; what is missing among
 * them is shown as not known, never guessed. Memory is that of its processes, unless bytes_max is set
 * behind process_tree_init. Pure. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROCESS_TREE_KINDS "armed", "exec", "exit", "fork", "enter", "leave"
#define PROCESS_TREE_FIELDS                                                                        \
	"kind", "seq", "time", "boot_ns", "verdict", "phase", "process.pid", "process.ns_pid",     \
	    "process.ppid", "process.start_ns", "process.comm", "opid", "ons_pid", "child_pid",    \
	    "child_ns_pid", "path", "argv", "code", "signal", "core", "record"

#define PROCESS_NONE SIZE_MAX

enum process_origin {
	PROCESS_INIT, /* its exec armed the container */
	PROCESS_FORKED,
	PROCESS_ENTERED, /* from outside, as by `exec` */
	PROCESS_UNKNOWN, /* no record says; below the parent its own records name, if that is there
			  */
};

enum process_end { PROCESS_NO_END, PROCESS_EXITED, PROCESS_LEFT };

struct process_exec {
	uint64_t seq;
	bool setup; /* before the container was armed */
	char *time;
	char *path; /* JSON, as are: */
	char *argv; /* "null" where they were lost */
};

struct process {
	enum process_origin origin;
	size_t parent;			      /* index, below its own; PROCESS_NONE: a root */
	size_t first_child, last_child, next; /* in the order of their making */
	uint32_t pid, ns_pid;
	char *comm;	   /* JSON; what its records call it last */
	uint64_t start_ns; /* CLOCK_BOOTTIME; 0 not known yet */
	uint64_t begin_ns; /* the same, or when it was first heard of */
	int64_t begin_wall_ns;
	enum process_end end;
	uint64_t end_ns;
	int code;
	char *signal; /* its name, or NULL */
	bool core;
	struct process_exec *execs; /* those that went through */
	size_t execs_n;
	bool cut; /* it ran more; there was no room for that (bytes_max) */
};

struct process_tree {
	struct process *of;
	size_t n, size;
	uint32_t *by_pid; /* index + 1 of whoever has it now */
	size_t by_pid_size;
	size_t first_root, last_root;
	bool forks; /* are recorded */
	size_t bytes_max; /* of memory for all this, about; 0: as much as it takes */
	size_t bytes;
	uint64_t left_out; /* records of which something found no room in that */
};

void process_tree_init(struct process_tree *t);
void process_tree_release(struct process_tree *t);
/* One line. -EINVAL: it is none of those; -ENOMEM. */
int process_tree_add(struct process_tree *t, const char *line, size_t len);
/* All are there. none_lost: no record of the container is missing. Then whoever no fork made, and
 * whose parent is none of the container's, came from outside: a runtime's exec makes its process
 * there, and the helper that made it is all that was seen to enter. */
void process_tree_settle(struct process_tree *t, bool none_lost);
/* The one behind index of a walk from the top down, PROCESS_NONE at its end; *depth moves along. */
size_t process_tree_next(const struct process_tree *t, size_t index, size_t *depth);
const char *process_origin_name(enum process_origin origin);
