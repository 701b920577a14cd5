/* SPDX-License-Identifier: Apache-2.0 */
/* A question as people write it: "file read,write /etc/passwd", "connect 10.0.0.1:443/tcp". */
#pragma once
#include "sidecar/policy/policy.h"

#define ASK_LINE_MAX 8192 /* bytes of a question */
#define ASK_EXES_MAX 16	  /* --as */

struct ask {
	struct policy_question question; /* when: not set here; text points into this struct */
	const char *exes[ASK_EXES_MAX];	 /* who acts is the last; into the words */
	unsigned exes_n;
	const char *tag;		 /* exec, file: the file's, into the words; NULL none */
	char text[RV_PATH_MAX];
};

/* exec and file may end in a word tag=VALUE. Not to be copied. -EINVAL with what was expected in error. */
int ask_words(struct ask *ret, const char *const *words, size_t n, char *error, size_t error_size);
/* One line, which is cut into words: an object is all that is left of it, up to a " tag=". It may begin
 * with --as EXE, which stand in place of those that are in *ret. */
int ask_line(struct ask *ret, char *line, char *error, size_t error_size);
