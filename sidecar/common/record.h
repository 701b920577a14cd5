/* SPDX-License-Identifier: Apache-2.0 */
/* What is recorded, as people write it: a profile ("quiet", "normal", "all", "none"), or kinds by
 * name with commas ("exec,exit,connect"), a profile among them ("quiet,connect"). Record 0, denials
 * and the closing ledger always are. "all" also records every repetition singly. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define RECORD_USAGE "quiet, normal, all, none, or kinds with commas as in quiet,connect,mount ('reeve events')"

#define RECORD_TEXT_MAX 2048 /* bytes that two of them fit into */

struct record {
	uint64_t kinds;	  /* rv_state.record: a bit per RV_KIND_* */
	uint32_t options; /* rv_state.options: RV_OPTION_* */
};

/* -EINVAL with what was found and expected in error. */
int record_parse(const char *text, struct record *ret, char *error, size_t error_size);
/* "each": every repetition is a record of its own; "count": repetitions are counted. -EINVAL as
 * above. Comes after record_parse, whose "all" means each. */
#define REPEAT_USAGE "count or each"
int record_repeat(const char *word, struct record *r, char *error, size_t error_size);
/* "normal" */
struct record record_default(void);
