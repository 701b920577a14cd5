/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `reeve policy`, one file each, as those of verbs.h: argv[0] is the verb. */
#pragma once
#include "sidecar/policy/policy.h"

int policy_verb_apply(int argc, char **argv);
int policy_verb_check(int argc, char **argv);
int policy_verb_diff(int argc, char **argv);
int policy_verb_learn(int argc, char **argv);
int policy_verb_refresh(int argc, char **argv);
int policy_verb_show(int argc, char **argv);
int policy_verb_stats(int argc, char **argv);
int policy_verb_test(int argc, char **argv);

/* Prints the verb's usage line on stderr; returns EXIT_USAGE. */
int policy_verb_usage(const char *verb);

/* Reads and parses a policy file, "-" is the standard input. What is wrong goes to stderr as
 * "FILE:LINE:COLUMN: ..."; the caller frees *ret with policy_free(). */
int policy_read_file(const char *file, struct policy **ret);
