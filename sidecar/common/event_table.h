/* SPDX-License-Identifier: Apache-2.0 */
/* bpf/events.h as data: what every kind of record is and which fields it has, for the decoder, the
 * formats, `reeve events` and the schema. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/abi.h"

/* How a field is shown. X(VIEW, "JSON type, as reeve events says it") */
#define RV_VIEWS(X)                                                                                \
	X(NONE, "")                                                                                \
	X(NUMBER, "number")                                                                        \
	X(NUMBER_OR_NONE, "number or null")                                                        \
	X(SIGNED, "number")                                                                        \
	X(HEX, "string, 0x...")                                                                    \
	X(BOOL, "boolean")                                                                         \
	X(DEV, "string, major:minor")                                                              \
	X(MODE, "string, octal")                                                                   \
	X(SHA256, "string, hex")                                                                   \
	X(TAG8, "string, hex")                                                                     \
	X(NAME16, "string or null")                                                                \
	X(NAME64, "string or null")                                                                \
	X(PATH, "string or null")                                                                  \
	X(TEXT, "string or null")                                                                  \
	X(NUMBERS, "array of numbers")                                                             \
	X(LOCAL, "string or null, number or null")                                                 \
	X(FOREIGN, "string or null, number or null")                                               \
	X(COUNTERS, "objects by kind")                                                             \
	X(KINDS, "array of kinds")                                                                 \
	X(KIND, "kind")                                                                            \
	X(SIGNAL, "string or null")                                                                \
	X(FAMILY, "string")                                                                        \
	X(ARGS_STATE, "string")                                                                    \
	X(POLICY_FLAGS, "array of strings")                                                        \
	X(ACCESS, "array of strings")                                                              \
	X(ORIGIN, "array of strings")                                                              \
	X(CLONE, "array of strings")                                                               \
	X(CAPABILITIES, "array of strings")                                                        \
	X(PROTECTION, "array of strings")                                                          \
	X(PROTECTION_WAS, "array of strings")                                                      \
	X(MAP_FLAGS, "array of strings")                                                           \
	X(MOUNT_FLAGS, "array of strings")                                                         \
	X(UMOUNT_FLAGS, "array of strings")                                                        \
	X(UTIME_SET, "array of strings")                                                           \
	X(PATH_STATE, "string")                                                                    \
	X(TAG_SOURCE, "string or null")                                                            \
	X(SOCKET_TYPE, "string")                                                                   \
	X(CAPABILITY, "string")                                                                    \
	X(PTRACE, "string")                                                                        \
	X(NS_CALL, "string")                                                                       \
	X(PRCTL, "string")                                                                         \
	X(SECCOMP, "string")                                                                       \
	X(MODULE_HOW, "string")                                                                    \
	X(KEXEC_HOW, "string")                                                                     \
	X(KEY_HOW, "string")                                                                       \
	X(KEY_NEED, "string or null")                                                              \
	X(BPF_PROG_TYPE, "string or null")                                                         \
	X(BPF_MAP_TYPE, "string or null")                                                          \
	X(BPF_CMD, "string")                                                                       \
	X(PERF_TYPE, "string or null")                                                             \
	X(SYSLOG, "string")                                                                        \
	X(REBOOT, "string")

enum view {
#define RV_VIEW_ENUM(NAME, json) VIEW_##NAME,
	RV_VIEWS(RV_VIEW_ENUM)
};
#define VIEW_FIRST_BITS VIEW_POLICY_FLAGS /* from here a name per bit ... */
#define VIEW_FIRST_ENUM VIEW_PATH_STATE	  /* ... and from here a name per number */

struct event_field {
	const char *name, *doc;
	uint16_t offset; /* in the record; of a string: of its length */
	uint16_t size;
	uint8_t view; /* enum view */
	bool string;
};

struct event_kind {
	const char *name, *cause, *doc;
	unsigned profile; /* RV_PROFILE_* */
	size_t size;	  /* of the record's struct */
	const struct event_field *fields;
	unsigned fields_n;
};

struct event_hook {
	const char *attach; /* "lsm/task_kill" */
	const char *hook;   /* "task_kill" */
	const char *prog, *since;
	uint64_t kinds; /* a bit per RV_KIND_* it makes */
	bool cgroup;
};

const struct event_kind *event_kind(unsigned number); /* NULL: unknown */
const struct event_hook *event_hook(unsigned number); /* NULL: unknown */
unsigned event_kind_number(const char *name, size_t len); /* 0: unknown */

/* The name of a number, or of a bit; NULL when it has none. Views from VIEW_FIRST_BITS on. */
const char *event_view_name(unsigned view, uint64_t number);
const char *event_view_type(unsigned view); /* "array of strings" */
