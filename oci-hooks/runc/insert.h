/* SPDX-License-Identifier: Apache-2.0 */
/* Our hook put into the text of a config.json. Pure: text in, text out. Nothing is written anew:
 * the hook goes in behind one opening bracket, every other byte stays what and where it was. */
#pragma once
#include <stddef.h>

#define INSERT_SIZE_MAX (16u << 20) /* bytes of a config.json */

/* hook: path and arguments, ended by NULL; [0] is the path. It becomes the first createRuntime
 * hook. 0: *ret (to free; not NUL-terminated) has it; 1: a createRuntime or prestart hook has that
 * path, nothing to do. -EINVAL, -EILSEQ, -E2BIG, -ENOMEM with "line:column: found, expected" in
 * error. */
int insert_hook(const char *text, size_t len, const char *const *hook, char **ret, size_t *ret_len,
		char *error, size_t error_size);
