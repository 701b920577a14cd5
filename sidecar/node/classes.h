/* SPDX-License-Identifier: Apache-2.0 */
/* Which records are given up first where there is no room for all: the one table that retention and a
 * full disk go by. */
#pragma once
#include "bpf/abi.h"

/* In this order. */
enum record_class {
	CLASS_ACTS,	 /* the many: files opened, memory, signals, ids, what was repeated */
	CLASS_CHANGES,	 /* what was changed or reached: files made and removed, mounts, connections */
	CLASS_PROCESSES, /* who made whom, and of which program; what a policy would have denied */
	CLASS_EVIDENCE,	 /* denials; the beginning, the end, the policies; the host's kernel */
	CLASSES
};

/* A kind that is not known is CLASS_CHANGES. */
enum record_class class_of(unsigned kind, unsigned verdict);
/* "acts", "changes", "processes", "evidence". */
const char *class_name(enum record_class c);
