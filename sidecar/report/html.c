/* SPDX-License-Identifier: Apache-2.0 */
/* See html.h. */
#include "html.h"
#include <inttypes.h>
#include <string.h>
#include "sidecar/common/quote.h"
#include "sidecar/common/utf8.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"

static void put_byte(FILE *f, char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", f);
		break;
	case '<':
		fputs("&lt;", f);
		break;
	case '>':
		fputs("&gt;", f);
		break;
	case '"':
		fputs("&quot;", f);
		break;
	case '\'':
		fputs("&#39;", f);
		break;
	default:
		fputc(c, f);
	}
}

void html_text(FILE *f, const char *s, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_printable(s + i, len - i);
		if (n == 0 && (s[i] == '\n' || s[i] == '\t')) {
			n = 1;
		} else if (quote_is_hostile(s + i, n)) {
			n = n ? n : 1;
			for (size_t k = 0; k < n; k++)
				fprintf(f, "\\x%02x", (unsigned char)s[i + k]);
			continue;
		}
		for (size_t k = 0; k < n; k++)
			put_byte(f, s[i + k]);
	}
}

void html_say(FILE *f, const char *s)
{
	html_text(f, s, strlen(s));
}

/* As many of the bytes as are whole characters. */
static size_t whole(const char *s, size_t max)
{
	size_t n = max;

	while (n > 0 && n + 4 > max && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n > 0 ? n : max;
}

static bool lost;

void html_begin(void)
{
	lost = false;
}

bool html_lost(void)
{
	return lost;
}

void html_word(FILE *f, const char *s, size_t len, size_t max)
{
	size_t shown = len > max ? whole(s, max) : len, size = 0;
	_free_ char *quoted = NULL;
	FILE *word = open_memstream(&quoted, &size);

	if (word)
		quote_word(word, s, shown);
	if (!word || fclose(word) != 0) {
		lost = true;
		return;
	}
	fputs("<code>", f);
	html_text(f, quoted, size);
	fputs("</code>", f);
	if (shown < len) {
		fputs("<em class=cut>and ", f);
		html_put_number(f, len - shown);
		fputs(" bytes more</em>", f);
	}
}

static void put_words(FILE *f, struct json_piece list, size_t max)
{
	struct json_piece at, element;
	const char *blank = "";
	uint64_t more = 0;

	if (!json_scan_open(list, &at))
		return;
	for (; json_scan_element(&at, &element); blank = " ") {
		if (max == 0) {
			more++;
			continue;
		}
		fputs(blank, f);
		html_json_word(f, element, max);
		max -= element.len < max ? element.len : max;
	}
	if (more) {
		fputs(" <em class=cut>and ", f);
		html_count(f, more, "word");
		fputs(" more</em>", f);
	}
}

void html_json_word(FILE *f, struct json_piece value, size_t max)
{
	size_t len = 0;
	_free_ char *bytes = NULL;

	if (value.len > 0 && value.s[0] == '[') {
		put_words(f, value, max);
		return;
	}
	bytes = json_scan_bytes(value, &len);
	lost |= !bytes && value.len > 0 && value.s[0] == '"';
	if (bytes)
		html_word(f, bytes, len, max);
	else if (value.len == 0 || value.s[0] == 'n')
		fputs("-", f);
	else
		html_word(f, value.s, value.len, max);
}

const char *html_number(uint64_t n, char ret[static HTML_NUMBER_SIZE])
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			ret[at++] = ',';
		ret[at++] = digits[i];
	}
	ret[at] = '\0';
	return ret;
}

void html_put_number(FILE *f, uint64_t n)
{
	char text[HTML_NUMBER_SIZE];

	fputs(html_number(n, text), f);
}

void html_count(FILE *f, uint64_t n, const char *one)
{
	html_put_number(f, n);
	fprintf(f, " %s%s", one, n == 1 ? "" : "s");
}

void html_time(FILE *f, int64_t wall_ns)
{
	char when[WHEN_SIZE];

	when_put(wall_ns, when);
	fprintf(f, "<time datetime=\"%s\" title=\"%s\"><i>%.10s</i> %.12s</time>", when, when, when,
		when + 11);
}

void html_duration(FILE *f, uint64_t ns)
{
	uint64_t ms = ns / 1000000, s = ms / 1000;

	if (ms < 60000)
		fprintf(f, "%" PRIu64 ".%03u s", s, (unsigned)(ms % 1000));
	else if (s < 3600)
		fprintf(f, "%" PRIu64 " min %u s", s / 60, (unsigned)(s % 60));
	else if (s < 172800)
		fprintf(f, "%" PRIu64 " h %u min", s / 3600, (unsigned)(s / 60 % 60));
	else
		fprintf(f, "%" PRIu64 " d %u h", s / 86400, (unsigned)(s / 3600 % 24));
}
