/* SPDX-License-Identifier: Apache-2.0 */
/* Many globs as one deterministic automaton: what a path matches is known after one step a byte, be
 * it ten patterns or ten thousand. Patterns become a trie of items (equal beginnings are shared),
 * the trie's subsets become states, equal states are merged, rows are packed into one table.
 *
 * A state's row is a default target and exceptions: most bytes lead to the same place. The step:
 *     entry = entries[states[s].base + classes[byte]];
 *     s = entry.check == s ? entry.next : states[s].other;
 * State 0 is dead: nothing can match any more; its row leads to itself. The place before another state's
 * base is kept free of entries: it is for what the state itself has to say. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct automaton_state {
	uint32_t base;	/* in entries */
	uint32_t other; /* where every byte without an exception leads */
};
struct automaton_entry {
	uint32_t check; /* the state this exception belongs to */
	uint32_t next;
};

struct automaton {
	uint8_t classes[256];
	unsigned classes_n;
	uint32_t start;
	uint32_t states_n;
	uint32_t entries_n;
	struct automaton_state *states;
	struct automaton_entry *entries; /* entries_n, classes_n more than the last base */
	uint32_t *accept;		 /* per state: what the builder's fold said, 0 nothing */
	uint32_t states_before;		 /* before equal ones were merged */
};

struct builder;
struct glob_item;

struct builder *builder_new(void);
void builder_free(struct builder *b);
/* A pattern and the number it is known by. As glob_parse. */
int builder_add(struct builder *b, const char *glob, size_t len, uint32_t number, size_t *ret_at,
		const char **ret_why);
/* A pattern that is no glob: a line of items. */
int builder_add_line(struct builder *b, const struct glob_item *items, size_t n, uint32_t number);
/* What may be left out: a pattern that hides, and matches whatever follows, takes its bits away from
 * those of its group with a higher number; one without bits left is not told to the fold. By number;
 * groups follow each other. Must stay until the build; NULL (default): all are told. */
struct automaton_rank {
	uint32_t group;
	uint32_t bits; /* not 0 */
	bool hides;
};
void builder_ranks(struct builder *b, const struct automaton_rank *ranks);
/* fold: what a state at which the patterns of these numbers (ascending, each once) match stands
 * for; 0 is nothing. -E2BIG: more than states_max states. -ENOMEM. */
int builder_build(struct builder *b, uint32_t states_max,
		  uint32_t (*fold)(void *arg, const uint32_t *numbers, size_t n), void *arg,
		  struct automaton *ret);

void automaton_release(struct automaton *a);
/* The kernel's walk, here for tests and for `reeve policy test`. */
uint32_t automaton_match(const struct automaton *a, const char *path, size_t len);
