/* SPDX-License-Identifier: Apache-2.0 */
/* The vectors of FIPS 180-4 and the lengths around a block's end. */
#include <stdio.h>
#include <string.h>
#include "sidecar/common/sha256.h"
#include "tests/unit/tap.h"

static const char *hex_of(const void *data, size_t len, size_t step)
{
	static char hex[65];
	uint8_t sum[SHA256_SIZE];
	struct sha256 h;

	sha256_init(&h);
	for (size_t at = 0; at < len; at += step)
		sha256_add(&h, (const char *)data + at, len - at < step ? len - at : step);
	sha256_end(&h, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return hex;
}

TEST("the standard's vectors")
{
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static const char four[] =
	    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
	    "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

	CHECK_STR(hex_of("", 0, 1),
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(hex_of("abc", 3, 3),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(hex_of(two, strlen(two), 56),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	CHECK_STR(hex_of(four, strlen(four), 7),
		  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

TEST("a million times 'a', and the same in any pieces")
{
	static char a[1000000];
	char whole[65];

	memset(a, 'a', sizeof(a));
	strcpy(whole, hex_of(a, sizeof(a), sizeof(a)));
	CHECK_STR(whole, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	CHECK_STR(hex_of(a, sizeof(a), 63), whole);
	for (size_t len = 54; len < 66; len++) {
		strcpy(whole, hex_of(a, len, len));
		CHECK_STR(hex_of(a, len, 1), whole);
	}
}
