/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's table being made (bpf/table.h): where its parts lie. Private to sidecar/policy. */
#pragma once
#include "policy.h"
#include "automaton.h"

#define TABLE_LARGEST(name, number, size) +((number) == 3 ? (size) : 0)
#define TABLE_DATA_MAX (0 RV_TABLES(TABLE_LARGEST)) /* bytes */

struct table {
	struct rv_table head;
	uint8_t *data;
	uint32_t used, size; /* bytes */
	uint32_t *lists;     /* offsets of all lists, by their hash: equal ones are one */
	uint32_t lists_n, lists_size;
};

void table_release(struct table *t);

/* The dead state, at offset 0. t: zero. */
int table_begin(struct table *t);
/* Offset of n zero bytes at a multiple of align. -ENOMEM, -E2BIG (over the largest table). */
int table_room(struct table *t, uint32_t n, uint32_t align, uint32_t *ret);
/* The list of these rules (offsets), n of 1..RV_LIST_MAX. */
int table_list(struct table *t, const uint32_t *rules, uint32_t n, uint32_t *ret);
/* Takes away all that was put there since used was this, and forgets the lists. */
void table_rewind(struct table *t, uint32_t used);
/* The automaton of a subject: its accept values become the states' lists. */
int table_automaton(struct table *t, unsigned subject, const struct automaton *a);
