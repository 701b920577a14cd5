/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes may be shown or passed on as text. Strict UTF-8 (RFC 3629): no overlong forms, no
 * surrogates, nothing above U+10FFFF. Every escaper and the JSON reader ask here. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Bytes of the valid sequence at the start of s (1..4), 0 when it is none; len > 0. */
size_t utf8_length(const char *s, size_t len);

/* Same, but 0 as well for what a terminal would act upon: C0, DEL and C1 control characters. */
size_t utf8_printable(const char *s, size_t len);

/* Offset of the first byte that is no valid sequence; len when all is well. */
size_t utf8_check(const char *s, size_t len);

/* Copies src to dst as one printable line: control characters and invalid bytes as \xHH; cut at
 * a whole character when it does not fit. Always NUL-terminated; size > 0. Returns bytes put. */
size_t utf8_escape(char *dst, size_t size, const char *src, size_t len);
