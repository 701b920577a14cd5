/* SPDX-License-Identifier: Apache-2.0 */
/* Text onto a page. Bytes that a container chose go through html_word or html_json_word alone, and
 * never into an attribute. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "sidecar/common/json_scan.h"

/* A page begins; whether since then a word could not be written for want of memory. */
void html_begin(void);
bool html_lost(void);

/* Words that are not the container's: a program's, an operator's. Controls and hidden marks in them
 * are shown as html_word shows them. */
void html_text(FILE *f, const char *s, size_t len);
void html_say(FILE *f, const char *s);

/* One word as a shell reads it (quote.h), in <code>. Of more than max bytes the beginning, and how
 * many are left out. */
void html_word(FILE *f, const char *s, size_t len, size_t max);
/* A JSON value of json_out's: a string as a word, an array as words, null as "-". */
void html_json_word(FILE *f, struct json_piece value, size_t max);

/* 1234567 as 1,234,567. */
#define HTML_NUMBER_SIZE 32
const char *html_number(uint64_t n, char ret[static HTML_NUMBER_SIZE]);
void html_put_number(FILE *f, uint64_t n);
/* "1 record", "2 records". */
void html_count(FILE *f, uint64_t n, const char *one);
/* A moment, to the millisecond; on hover all of it. */
void html_time(FILE *f, int64_t wall_ns);
/* 12.345 s, 3 min 5 s. */
void html_duration(FILE *f, uint64_t ns);
