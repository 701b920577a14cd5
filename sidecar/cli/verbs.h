/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `reeve`, one file each. Every verb gets its own argv (argv[0] is the verb) and
 * returns the exit status: 0, 1 for a failure it has explained on stderr, 2 for wrong usage. */
#pragma once

#define EXIT_USAGE 2

int verb_anchor(int argc, char **argv);
int verb_doctor(int argc, char **argv);
int verb_events(int argc, char **argv);
int verb_install(int argc, char **argv);
int verb_ledger(int argc, char **argv);
int verb_logs(int argc, char **argv);
int verb_metrics(int argc, char **argv);
int verb_policy(int argc, char **argv);
int verb_ps(int argc, char **argv);
int verb_report(int argc, char **argv);
int verb_run(int argc, char **argv);
int verb_stats(int argc, char **argv);
int verb_status(int argc, char **argv);
int verb_tag(int argc, char **argv);
int verb_top(int argc, char **argv);
int verb_tree(int argc, char **argv);
int verb_uninstall(int argc, char **argv);
int verb_unload(int argc, char **argv);
int verb_verify(int argc, char **argv);

/* Prints the verb's usage line on stderr; returns EXIT_USAGE. */
int verb_usage(const char *verb);
