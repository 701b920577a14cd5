/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/quote.h"
#include "tests/unit/tap.h"

static void check(const char *bytes, size_t len, const char *want)
{
	char *got = NULL;
	size_t size;
	FILE *f = open_memstream(&got, &size);

	quote_word(f, bytes, len);
	fclose(f);
	CHECK_STR(got, want);
	free(got);
}
#define QUOTED(literal, want) check(literal, sizeof(literal) - 1, want)

TEST("harmless words stay bare, others read back in a shell")
{
	QUOTED("/etc/passwd", "/etc/passwd");
	QUOTED("a=b:c,d+e@f%g", "a=b:c,d+e@f%g");
	QUOTED("", "''");
	QUOTED("two words", "'two words'");
	QUOTED("it's", "'it'\\''s'");
	QUOTED("$(x)`y`", "'$(x)`y`'");
	QUOTED("a\\b", "'a\\b'");
	QUOTED("\xc3\xa9", "\xc3\xa9");
}

TEST("what could move, hide or reorder a line is shown as bytes")
{
	QUOTED("a\nb", "$'a\\x0ab'");
	QUOTED("a\0b", "$'a\\x00b'");
	QUOTED("\x1b[2J", "$'\\x1b[2J'");
	QUOTED("\xc2\x9b", "$'\\xc2\\x9b'");
	QUOTED("\xff\\'", "$'\\xff\\\\\\''");
	QUOTED("\xe2\x80\xae"
	       "x",
	       "$'\\xe2\\x80\\xaex'");
	QUOTED("\xe2\x80\x8b", "$'\\xe2\\x80\\x8b'");
	QUOTED("\xe2\x82", "$'\\xe2\\x82'");
	QUOTED("\xef\xbb\xbf", "$'\\xef\\xbb\\xbf'");
}
