/* SPDX-License-Identifier: Apache-2.0 */
/* The node in numbers, in Prometheus' text format: docs/metrics.md has every one of them. Sums begin with
 * the node; nothing in them names a container, so anybody on the host may read them. A series for each
 * running container is for those who may query, and only when asked for. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define METRICS_FRESH_NS 1000000000ull /* asked more often, the same text again */
#define METRICS_CONTAINERS_MAX 1024    /* series of each family with one a container */

struct node;

struct metrics {
	char *text; /* the last answer */
	size_t len;
	uint64_t made_ns;
};

/* *ret: valid until the next call. -ENOMEM. */
int metrics_text(struct node *n, const char **ret, size_t *ret_len);
void metrics_release(struct node *n);

/* metrics_process.c: the process itself, by the names that every client library has. */
void metrics_process(FILE *f);
/* metrics_containers.c: each container that runs. */
void metrics_containers(const struct node *n, FILE *f);

/* A family's head, and a series of it without labels. type: counter or gauge. */
void metrics_head(FILE *f, const char *name, const char *type, const char *help);
void metrics_one(FILE *f, const char *name, const char *type, const char *help, uint64_t value);
