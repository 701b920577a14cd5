/* SPDX-License-Identifier: Apache-2.0 */
/* What containers were seen to do -> the policy that allows this and nothing else. Pure. */
#pragma once
#include <stdio.h>
#include "history.h"
#include "sidecar/policy/policy.h"

#define LEARN_ACTS_MAX 262144 /* different acts; some 100 MiB */
#define LEARN_SHOWN_MAX 20    /* acts that could not be allowed, told one by one */

/* Addresses become ranges from so many on, and ports above the privileged ones; never wider. */
#define LEARN_ADDRESSES_MIN 4 /* with one port and protocol, in one /24 or /64 */
#define LEARN_PORTS_MIN 8 /* from LEARN_PORT_LOW on, of one address and protocol: all of those */
#define LEARN_PORT_LOW 1024

#define LEARN_SUBJECTS                                                                             \
	(1u << RV_SUBJECT_EXEC | 1u << RV_SUBJECT_FILE | 1u << RV_SUBJECT_UNIX |                   \
	 1u << RV_SUBJECT_NETWORK | 1u << RV_SUBJECT_MEMORY | 1u << RV_SUBJECT_CAPABILITY |        \
	 1u << RV_SUBJECT_KERNEL)

struct learn_options {
	const char *name; /* of the policy */
	bool enforce;
	unsigned subjects; /* a bit each: RV_SUBJECT_* to learn */
	uint64_t recorded; /* kinds that were recorded of every container */
};

struct learn;
struct learn *learn_new(void);
void learn_free(struct learn *l);

/* A history's each; arg: struct learn. -E2BIG over LEARN_ACTS_MAX, -ENOMEM. */
int learn_add(void *arg, const struct rv_head *head, const struct asked *q);

/* The policy as text, to free. Every act it was given is allowed by it, or omitted: that is tried
 * before it is returned. -E2BIG (more than a policy can hold), -EINVAL (no policy: a fault of
 * ours), with the reason in error; -ENOMEM. */
int learn_policy(struct learn *l, const struct learn_options *options, char **ret, char *error,
		 size_t error_size);

/* What became of the acts; after learn_policy. */
struct learn_counts {
	uint64_t learned;    /* acts that went on and are allowed */
	uint64_t denied;     /* refused then: not made rules of */
	uint64_t would_deny; /* went on, but a policy in audit mode said no: nor these */
	uint64_t omitted;    /* went on, and cannot be allowed */
	uint64_t rules;
};
struct learn_counts learn_counts(const struct learn *l);

/* A line for each omitted act, LEARN_SHOWN_MAX at most, and how many more there are. */
void learn_put_omitted(const struct learn *l, FILE *f);
