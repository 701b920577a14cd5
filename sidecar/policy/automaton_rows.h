/* SPDX-License-Identifier: Apache-2.0 */
/* Between finding an automaton's states and packing them: rows as a default and exceptions. Private
 * to automaton*.c. */
#pragma once
#include "sidecar/policy/automaton.h"

struct exception {
	uint8_t class;
	uint32_t to;
};

struct rows {
	uint8_t classes[256];
	uint8_t example[256]; /* per class: one of its bytes */
	unsigned classes_n;
	uint32_t n; /* states */
	uint32_t size;
	uint32_t *other;
	uint32_t *accept;
	uint32_t *first; /* n + 1: where a state's exceptions begin */
	struct exception *exceptions;
	uint32_t exceptions_n, exceptions_size;
};

/* Makes room for element n of *array (a pointer to the pointer). */
int rows_grow(void *array, uint32_t n, uint32_t *size, size_t each);

void rows_examples(struct rows *rows);
int rows_add(struct rows *rows);				/* one state more */
int rows_except(struct rows *rows, uint8_t class, uint32_t to); /* of the state being made; -E2BIG */
void rows_release(struct rows *rows);

/* Merges equal states and packs the rows. */
int rows_pack(struct rows *rows, uint32_t start, struct automaton *ret);
