/* SPDX-License-Identifier: Apache-2.0 */
/* A name that was seen -> a glob for it. What holds for all of it: the glob matches the name, byte
 * for byte what it does not name as variable; no byte of a hostile name is a metacharacter in it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* What makes a part of a name variable. */
#define NAME_HEX_MIN 16	  /* hexadecimal digits in a row, a decimal one among them: a hash */
#define NAME_NUMBER_MIN 8 /* decimal digits in a row: a date, a time, a counter */
#define NAME_RANDOM_MIN 6 /* letters and digits in a row that look drawn, as mktemp's XXXXXX ...   \
			   */
#define NAME_RANDOM_CHANGES                                                                        \
	2 /* ... which is: so many changes between lower, upper and digit; for                     \
	     temporary files what is no word with a number, and six, eight or ten                  \
	     of them at the end of a name */

#define NAME_GLOB_MAX 1024 /* bytes of a component's glob: 255 bytes, escaped; NUL included */

enum name_place {
	NAME_PLAIN,
	NAME_PROCESS, /* in a directory whose numbers are processes, threads or descriptors */
	NAME_SCRATCH, /* below a directory for temporary files */
};

#define NAME_MAX_BYTES 255

/* One component, of at most NAME_MAX_BYTES. ret: its glob. True when it is more than the name
 * itself. */
bool name_glob(const char *name, size_t len, enum name_place place, char ret[static NAME_GLOB_MAX]);

/* The bytes as they are: at most 2 * len. A byte that JSON cannot say is '?'.
 * Returns what was written, without a NUL. */
size_t name_escape(const char *s, size_t len, char *to);
