/* SPDX-License-Identifier: Apache-2.0 */
/* Strings from inside a container, made safe for a terminal and exact to read back. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* One word as a shell reads it: bare where harmless, else '...', and $'...' with \xHH for whatever
 * could move a cursor, hide, reorder the line or forge one. s may hold any bytes. */
void quote_word(FILE *f, const char *s, size_t len);

/* Whether a character of n bytes (as utf8_printable says) is a control, or a mark that hides, reorders or
 * separates lines; so is what is none (0). */
bool quote_is_hostile(const char *s, size_t n);

/* The audit subsystem's way: "..." where every byte is printable ASCII, else HEX without quotes.
 * Blanks, quotes and = are hex as well: its readers look for the next " key=" with strstr. Returns
 * the bytes written. */
size_t quote_audit(FILE *f, const char *s, size_t len);
size_t quote_audit_size(const char *s, size_t len);
void quote_hex(FILE *f, const char *s, size_t len);
