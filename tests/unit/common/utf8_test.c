// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include "sidecar/common/utf8.h"
#include "tests/unit/tap.h"

TEST("every code point, and nothing else")
{
	for (unsigned c = 1; c < 0x120000; c++) {
		char s[4];
		size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		bool good = c < 0x110000 && !(c >= 0xd800 && c < 0xe000);

		if (n == 1)
			s[0] = (char)c;
		for (size_t i = 1; i < n; i++)
			s[i] = (char)(0x80 | (c >> 6 * (n - 1 - i) & 0x3f));
		if (n > 1)
			s[0] = (char)((0xf00 >> n & 0xff) | c >> 6 * (n - 1));
		REQUIRE(utf8_length(s, n) == (good ? n : 0));
		if (good && n > 1)
			REQUIRE(utf8_length(s, n - 1) == 0);
	}
	CHECK(utf8_length("\xc1\xbf", 2) == 0);
	CHECK(utf8_length("\xe0\x9f\xbf", 3) == 0);
	CHECK(utf8_length("\xf0\x8f\xbf\xbf", 4) == 0);
	CHECK(utf8_length("\x80", 1) == 0);
	CHECK(utf8_length("\xf8\x88\x80\x80\x80", 5) == 0);
}

TEST("printable: no C0, DEL, C1")
{
	CHECK(utf8_printable("\n", 1) == 0);
	CHECK(utf8_printable("\0", 1) == 0);
	CHECK(utf8_printable("\x7f", 1) == 0);
	CHECK(utf8_printable("\xc2\x9b", 2) == 0);
	CHECK(utf8_printable("\xc2\xa0", 2) == 2);
	CHECK(utf8_printable(" ", 1) == 1);
}

TEST("check gives the offset of the first bad byte")
{
	CHECK(utf8_check("ab\xc3\xa9", 4) == 4);
	CHECK(utf8_check("ab\xc3", 3) == 2);
	CHECK(utf8_check("", 0) == 0);
}

TEST("escape: bounded, one line, whole characters")
{
	char out[12];

	CHECK_INT(utf8_escape(out, sizeof(out), "a\n\x1b\xff", 4), 9);
	CHECK_STR(out, "a\\x0a\\x1b");
	CHECK_INT(utf8_escape(out, sizeof(out), "0123456789\xc3\xa9", 12), 10);
	CHECK_STR(out, "0123456789");
	CHECK_INT(utf8_escape(out, sizeof(out), "0123456789x", 11), 11);
	CHECK_INT(utf8_escape(out, 1, "x", 1), 0);
	CHECK_STR(out, "");
}
