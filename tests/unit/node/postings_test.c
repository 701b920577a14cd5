/* SPDX-License-Identifier: Apache-2.0 */
/* What was put in is found again, and nothing else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/node/postings.h"
#include "tests/unit/tap.h"

#define VALUES 300

static bool is_value(void *arg, const uint8_t *value, size_t len)
{
	return len == strlen(arg) && memcmp(value, arg, len) == 0;
}

static void name(char ret[static 300], unsigned n)
{
	int len = snprintf(ret, 300, "/usr/lib/%u/%u", n / 7, n * n);

	if (n % 10 == 3) { /* as long as a value can be told apart */
		memset(ret + len, 'x', (size_t)(POSTINGS_VALUE_MAX - len));
		ret[POSTINGS_VALUE_MAX] = 0;
	}
}

TEST("postings: random records of random values, rare and frequent, are found by value")
{
	static bool has[VALUES][POSTINGS_SPAN];
	struct postings *p = postings_new();
	uint8_t *packed;
	char text[300];
	size_t len;

	srand(1);
	REQUIRE(p);
	for (unsigned i = 0; i < POSTINGS_SPAN; i++) {
		for (unsigned v = 0; v < VALUES; v++) {
			has[v][i] = rand() % (v < 3 ? 2 : v < 10 ? 30 : 1000) == 0;
			name(text, v);
			if (has[v][i])
				REQUIRE(postings_add(p, i, (uint8_t *)text, strlen(text)) == 0);
			if (has[v][i] && v % 2) /* twice is once */
				REQUIRE(postings_add(p, i, (uint8_t *)text, strlen(text)) == 0);
		}
	}
	REQUIRE(postings_pack(p, &packed, &len) == 0);
	postings_free(p);
	for (unsigned v = 0; v < VALUES; v++) {
		uint64_t bits[POSTINGS_WORDS] = {};
		unsigned wrong = 0;

		name(text, v);
		CHECK_INT(postings_find(packed, len, &(struct postings_wanted){is_value, text, text, v % 4 * strlen(text) / 3}, bits), 0);
		for (unsigned i = 0; i < POSTINGS_SPAN; i++)
			wrong += has[v][i] != (bits[i / 64] >> (i % 64) & 1);
		CHECK_INT(wrong, 0);
	}
	free(packed);
}

TEST("postings: a value that is too long to be told apart is always found; no value, nothing")
{
	struct postings *p = postings_new();
	uint64_t bits[POSTINGS_WORDS] = {};
	uint8_t value[4096], *packed;
	size_t len;

	memset(value, 'a', sizeof(value));
	REQUIRE(p && postings_add(p, 0, value, POSTINGS_VALUE_MAX) == 0);
	REQUIRE(postings_add(p, 127, value, POSTINGS_VALUE_MAX + 1) == 0);
	REQUIRE(postings_add(p, 4095, value, sizeof(value)) == 0);
	REQUIRE(postings_add(p, 4095, value, 0) == 0);
	REQUIRE(postings_pack(p, &packed, &len) == 0);
	postings_free(p);
	CHECK_INT(postings_find(packed, len, &(struct postings_wanted){is_value, "none", NULL, 0}, bits), 0);
	CHECK(bits[0] == 0 && bits[1] == 1ull << 63 && bits[63] == 1ull << 63);
	free(packed);
	p = postings_new();
	REQUIRE(p && postings_pack(p, &packed, &len) == 0);
	CHECK_INT(len, 4);
	CHECK_INT(postings_find(packed, len, &(struct postings_wanted){is_value, "", NULL, 0}, bits), 0);
	postings_free(p);
	free(packed);
}

TEST("postings: bytes that are none are refused, whatever they are")
{
	struct postings *p = postings_new();
	unsigned refused = 0;
	uint8_t *packed;
	char text[300];
	size_t len;

	REQUIRE(p);
	for (unsigned v = 0; v < VALUES; v++) {
		name(text, v);
		REQUIRE(postings_add(p, v * 10, (uint8_t *)text, strlen(text)) == 0);
	}
	REQUIRE(postings_pack(p, &packed, &len) == 0);
	postings_free(p);
	for (size_t cut = 1; cut < len; cut++) {
		uint64_t bits[POSTINGS_WORDS] = {};
		uint8_t *part = malloc(len - cut);

		REQUIRE(part);
		memcpy(part, packed, len - cut);
		refused += postings_find(part, len - cut, &(struct postings_wanted){is_value, "x", NULL, 0}, bits) == -EBADMSG;
		free(part);
	}
	CHECK(refused > len - 10); /* some are by chance */
	srand(2);
	for (unsigned i = 0; i < 20000; i++) {
		uint64_t bits[POSTINGS_WORDS] = {};
		size_t at = (size_t)rand() % len;
		uint8_t was = packed[at];

		packed[at] = (uint8_t)rand();
		(void)postings_find(packed, len, &(struct postings_wanted){is_value, "x", NULL, 0}, bits);
		packed[at] = was;
	}
	free(packed);
}
