/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns as a trie of items, between reading them and finding states. Private to automaton*.c. */
#pragma once
#include "sidecar/policy/automaton.h"
#include "sidecar/policy/glob.h"

#define NONE UINT32_MAX

struct node {
	uint32_t set;	/* index into sets of a GLOB_SET */
	uint32_t child; /* GLOB_SET children, a list */
	uint32_t next;
	uint32_t star, stars; /* children of those types */
	uint32_t numbers;     /* patterns that end here, a list */
	uint32_t stamp;	      /* the subset it was last put into */
	uint8_t type;	      /* enum glob_type */
};

struct number {
	uint32_t number;
	uint32_t next;
};

struct set {
	uint8_t bytes[32];
};

struct builder {
	struct node *nodes;
	uint32_t nodes_n, nodes_size;
	struct number *numbers;
	uint32_t numbers_n, numbers_size;
	struct set *sets;
	uint32_t sets_n, sets_size;
	uint32_t *set_table; /* hash -> set */
	uint32_t set_table_size;
	uint32_t adding; /* number of the pattern being added */
	const struct automaton_rank *ranks;
};
