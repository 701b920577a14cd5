/* SPDX-License-Identifier: Apache-2.0 */
/* The language of policies once more, by its documentation and as slowly as it is written there.
 * Shares no code with sidecar/policy: what the compiled table answers is compared with it. */
#pragma once
#include "sidecar/policy/policy.h"

struct question {
	unsigned subject;
	uint32_t access;
	unsigned which; /* capability, kind */
	uint8_t protocol;
	char path[64]; /* exec, file, unix */
	int family;    /* network */
	uint8_t addr[16];
	uint16_t port;
	const char *tag; /* exec, file: the file's; NULL: rules with "tag" say nothing */
	const char *exes[3]; /* who acts is the last, before it whose child it is */
	unsigned exes_n;
};

/* Braces: one level, no escapes in them. */
bool reference_glob(const char *glob, const char *text);

struct policy_answer reference_decide(const struct policy *const *list, size_t n,
				      const struct question *q);
