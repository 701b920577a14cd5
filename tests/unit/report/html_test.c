/* SPDX-License-Identifier: Apache-2.0 */
/* What a container says, on a page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/report/html.h"
#include "tests/unit/tap.h"

static char text[65536];

static const char *word(const char *s, size_t len, size_t max)
{
	FILE *f = fmemopen(text, sizeof(text), "w");

	html_word(f, s, len, max);
	fclose(f);
	return text;
}
#define WORD(s) word(s, sizeof(s) - 1, 4096)

static const char *json(const char *s, size_t max)
{
	FILE *f = fmemopen(text, sizeof(text), "w");

	text[0] = '\0';
	html_json_word(f, (struct json_piece){s, strlen(s)}, max);
	fclose(f);
	return text;
}

static const char *said(const char *s)
{
	FILE *f = fmemopen(text, sizeof(text), "w");

	html_say(f, s);
	fclose(f);
	return text;
}

TEST("html: a word is a shell's word, and nothing in it is markup")
{
	CHECK_STR(WORD("/bin/sh"), "<code>/bin/sh</code>");
	CHECK_STR(WORD("</script>"), "<code>&#39;&lt;/script&gt;&#39;</code>");
	CHECK_STR(WORD("\"><img src=x>"), "<code>&#39;&quot;&gt;&lt;img src=x&gt;&#39;</code>");
	CHECK_STR(WORD("&lt;"), "<code>&#39;&amp;lt;&#39;</code>");
	CHECK_STR(WORD("it's"), "<code>&#39;it&#39;\\&#39;&#39;s&#39;</code>");
	CHECK_STR(WORD(""), "<code>&#39;&#39;</code>");
}

TEST("html: what hides, reorders or is no text is seen")
{
	CHECK_STR(WORD("a\xe2\x80\xae" "b"), "<code>$&#39;a\\xe2\\x80\\xaeb&#39;</code>");
	CHECK_STR(WORD("\xff\xfe<"), "<code>$&#39;\\xff\\xfe&lt;&#39;</code>");
	CHECK_STR(WORD("a\0b\n\x1b[2J"), "<code>$&#39;a\\x00b\\x0a\\x1b[2J&#39;</code>");
	CHECK_STR(WORD("\xc2\x85\xef\xbb\xbf"), "<code>$&#39;\\xc2\\x85\\xef\\xbb\\xbf&#39;</code>");
	CHECK_STR(WORD("\xc3\xa9"), "<code>\xc3\xa9</code>");
	CHECK_STR(said("a\nb <\x1b\xe2\x80\xae\xff"), "a\nb &lt;\\x1b\\xe2\\x80\\xae\\xff");
}

/* Every byte alone and in pairs: on the page there is no markup but ours, and no byte that is not text. */
TEST("html: no two bytes get through")
{
	unsigned wrong = 0;

	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			const char pair[] = {(char)a, (char)b};
			const char *s = word(pair, 2, 16), *at = s + strlen("<code>");

			wrong += strncmp(s, "<code>", 6) != 0 || strcspn(at, "<>\"'") != strlen(at) - 7;
			for (; *at; at++)
				wrong += (unsigned char)*at < ' ' || *at == 0x7f;
		}
	CHECK_INT(wrong, 0);
}

TEST("html: a long one is cut at a whole character and says by how much")
{
	CHECK_STR(word("abcdef", 6, 4), "<code>abcd</code><em class=cut>and 2 bytes more</em>");
	CHECK_STR(word("ab\xc3\xa9" "cd", 6, 3), "<code>ab</code><em class=cut>and 4 bytes more</em>");
	CHECK_STR(word("\xf0\x9f\x98\x80" "abc", 7, 4), "<code>\xf0\x9f\x98\x80</code><em class=cut>and 3 bytes more</em>");
	CHECK_STR(word("\x80\x80\x80\x80\x80", 5, 4), "<code>$&#39;\\x80\\x80\\x80\\x80&#39;</code><em class=cut>and 1 bytes more</em>");
}

TEST("html: values of JSON")
{
	CHECK_STR(json("\"\\udcff<\"", 99), "<code>$&#39;\\xff&lt;&#39;</code>");
	CHECK_STR(json("[\"a\",\"b c\",null]", 99), "<code>a</code> <code>&#39;b c&#39;</code> -");
	CHECK_STR(json("[\"abc\",\"d\",\"e\"]", 3), "<code>abc</code> <em class=cut>and 2 words more</em>");
	CHECK_STR(json("[]", 9), "");
	CHECK_STR(json("null", 9), "-");
	CHECK_STR(json("17", 9), "<code>17</code>");
	CHECK_STR(json("", 9), "-");
}

TEST("html: numbers")
{
	char n[HTML_NUMBER_SIZE];

	CHECK_STR(html_number(0, n), "0");
	CHECK_STR(html_number(999, n), "999");
	CHECK_STR(html_number(1000, n), "1,000");
	CHECK_STR(html_number(1234567, n), "1,234,567");
	CHECK_STR(html_number(UINT64_MAX, n), "18,446,744,073,709,551,615");
}
