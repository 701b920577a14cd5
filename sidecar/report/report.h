/* SPDX-License-Identifier: Apache-2.0 */
/* One page about a container, from what the node answered: a file of its own that needs no network
 * and no script to be read. Everything on it is from the record; what is left out is said on it. */
#pragma once
#include <stdint.h>
#include "acts.h"
#include "refusals.h"
#include "sidecar/common/process_tree.h"
#include "whose.h"

/* Bounds of a page. What of each list does not fit is folded or counted, and said. */
#define REPORT_BUCKETS_MAX 240
#define REPORT_PROCESSES_MAX 2000
#define REPORT_TOUCHED_MAX 600
#define REPORT_REFUSALS_MAX 500 /* the first, and as many of the last */
#define REPORT_SECTION_BYTES (1u << 20)
#define REPORT_WORD_MAX 4096	      /* bytes of one path */
#define REPORT_NAME_MAX 1024 /* of a path in the list of files */
#define REPORT_ARGV_MAX 16384	      /* of one exec's arguments */
#define REPORT_TREE_BYTES (24u << 20) /* of processes and their execs in memory */

struct report {
	const char *title; /* NULL: the container's name */
	const char *asked; /* for the commands on the page: the container, as it was asked for */
	int64_t since_ns, until_ns; /* INT64_MIN, INT64_MAX: all */
	int64_t made_ns;
	const char *build;

	/* As the node wrote them; never NULL, "" is not known. */
	char *about; /* its object of `ps --json` */
	char *armed; /* its record 0, JSON */
	char *ledger, *ledger_text;
	char *verify, *verify_text, *verify_error;

	struct process_tree tree;
	struct whose whose;
	struct acts acts;
	struct refusals refusals;
};

/* -ENOMEM. The tree is filled before report_begin_acts, acts and refusals after it. */
int report_init(struct report *r);
int report_begin_acts(struct report *r);
void report_release(struct report *r);

/* The whole page; the caller frees *ret. What was read is folded to the page's bounds. -ENOMEM. */
int report_page(struct report *r, char **ret, size_t *ret_len);
