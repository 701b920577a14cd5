/* SPDX-License-Identifier: Apache-2.0 */
/* The node's configuration, PATH_CONFIG: how long records are kept, and how much of the disk is left to
 * others. All of it can be left out; docs/store.md has it for people. Text to numbers, no state. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_TEXT_MAX (64u << 10)
#define CONFIG_ERROR_MAX 512
#define CONFIG_NONE UINT64_MAX /* no bound */
#define CONFIG_FREE_AUTO UINT64_MAX /* by the file system's size: disk.h */

struct config {
	uint64_t age_s;		  /* records of a container that ended so long ago go; CONFIG_NONE */
	uint64_t container_bytes; /* of one database; CONFIG_NONE */
	uint64_t node_bytes;	  /* of all of them; CONFIG_NONE */
	uint64_t keep;		  /* so many last numbers of each stay whatever it says above */
	uint64_t free_bytes;	  /* below that much free space room is made; CONFIG_FREE_AUTO */
};

/* What holds where nothing is said. */
void config_default(struct config *c);
/* What holds while there is a file that cannot be understood: nothing is deleted by a guess. */
void config_nothing(struct config *c);
/* The document in text. On failure *ret is untouched and error has FILE:LINE:COLUMN, what was found and
 * what was expected. -EINVAL, -E2BIG, -EILSEQ, -ENOMEM. */
int config_parse(const char *text, size_t len, const char *file, struct config *ret, char *error,
		 size_t error_size);
/* The same of a file; one that is not there is the default. */
int config_read(const char *file, struct config *ret, char *error, size_t error_size);
/* A line for each bound, for people. */
void config_print(const struct config *c, FILE *to);
