/* SPDX-License-Identifier: Apache-2.0 */
/* Names that were seen -> few globs that match them all: variable parts of names (glob_name.h),
 * names that differ in a number alone, and many names in one directory. What decides is here and in
 * glob_name.h; the same names give the same globs, in whatever order they come. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#define WIDEN_NUMBERED_MIN                                                                         \
	3 /* names of one directory that differ in numbers alone: [0-9]* for these */
/* Other names of one directory, of files or of directories: what they begin and end with alike, and
 * '*' in between. Never for programs, in directories fewer than WIDEN_DEPTH_MIN below the root (but
 * for those for temporary files), nor in those of the system and of secrets: kept_*[] in widen.c.
 */
#define WIDEN_SIBLINGS_MIN 10
#define WIDEN_DEPTH_MIN 2

/* What a name is; a glob is given for the whole of it. */
struct widen_name {
	const char *s;
	size_t len;
	void *of; /* the caller's */
	const char
	    *glob;  /* the answer, in the widening's memory; NULL: no glob can say this name */
	bool wider; /* it matches other names as well */
};

struct widen; /* memory of globs */
struct widen *widen_new(void);
void widen_free(struct widen *w);

/* Sets glob and wider of n names, which are put in another order. programs: names of what is
 * executed. 0, -ENOMEM. */
int widen(struct widen *w, struct widen_name *names, size_t n, bool programs);
