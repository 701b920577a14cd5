// SPDX-License-Identifier: Apache-2.0
/* The automaton against a matcher that shares nothing with it but the language. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/policy/automaton.h"
#include "sidecar/policy/glob.h"
#include "tests/unit/policy/random.h"
#include "tests/unit/tap.h"

#define GLOBS 12

static uint32_t as_bits(void *arg, const uint32_t *numbers, size_t n)
{
	uint32_t bits = 0;

	(void)arg;
	for (size_t i = 0; i < n; i++)
		bits |= 1u << numbers[i];
	return bits;
}

static uint32_t first_one(void *arg, const uint32_t *numbers, size_t n)
{
	(void)arg;
	(void)n;
	return numbers[0] + 1;
}

static void build(char globs[][256], unsigned n, struct automaton *ret)
{
	struct builder *b = builder_new();
	const char *why = NULL;
	size_t at = 0;

	REQUIRE(b);
	for (unsigned i = 0; i < n; i++)
		CHECK_INT(builder_add(b, globs[i], strlen(globs[i]), i, &at, &why), 0);
	CHECK_INT(builder_build(b, 100000, as_bits, NULL, ret), 0);
	builder_free(b);
}

static uint32_t naive_all(char globs[][256], unsigned n, const char *path)
{
	uint32_t bits = 0;

	for (unsigned i = 0; i < n; i++)
		bits |= (uint32_t)reference_glob(globs[i], path) << i;
	return bits;
}

TEST("automaton: a million random (globs, path) cases as the naive matcher has them")
{
	unsigned wrong = 0, hits = 0;

	for (unsigned round = 0; round < 1000; round++) {
		char globs[GLOBS][256];
		struct automaton a;

		for (unsigned i = 0; i < GLOBS; i++)
			random_glob(globs[i]);
		build(globs, GLOBS, &a);
		for (unsigned i = 0; i < 1000; i++) {
			char path[64];
			uint32_t want, got;

			random_path(path);
			want = naive_all(globs, GLOBS, path);
			got = automaton_match(&a, path, strlen(path));
			hits += want != 0;
			if (want != got && wrong++ < 3)
				fprintf(stderr, "# %s: %#x, expected %#x\n", path, got, want);
		}
		automaton_release(&a);
	}
	CHECK_INT(wrong, 0);
	CHECK(hits > 100000); /* or nothing was tested */
}

/* The same question of one automaton until an answer is wrong. */
static bool caught(const struct automaton *a, char globs[][256])
{
	for (unsigned i = 0; i < 20000; i++) {
		char path[64];

		random_path(path);
		if (naive_all(globs, GLOBS, path) != automaton_match(a, path, strlen(path)))
			return true;
	}
	return false;
}

/* A transition that some random path takes: the others a test of answers cannot see. */
static struct automaton_entry *taken(const struct automaton *a)
{
	for (;;) {
		char path[64];
		uint32_t s = a->start;
		size_t len, stop;

		random_path(path);
		len = strlen(path);
		stop = random_below((unsigned)len);
		for (size_t i = 0; i < len && s; i++) {
			struct automaton_entry *e =
			    &a->entries[a->states[s].base + a->classes[(unsigned char)path[i]]];

			if (e->check == s && i >= stop)
				return e;
			s = e->check == s ? e->next : a->states[s].other;
		}
	}
}

TEST("automaton: twenty wrong transitions are all caught by that test")
{
	unsigned found = 0, tried = 0;

	while (tried < 20) {
		char globs[GLOBS][256];
		struct automaton_entry *e;
		struct automaton a;

		for (unsigned i = 0; i < GLOBS; i++)
			random_glob(globs[i]);
		build(globs, GLOBS, &a);
		CHECK(!caught(&a, globs));
		e = taken(&a);
		e->next = (e->next + 1 + random_below(a.states_n - 1)) %
			  a.states_n; /* another state: minimal, so not its equal */
		found += caught(&a, globs);
		tried++;
		automaton_release(&a);
	}
	CHECK_INT(found, 20);
}

TEST("automaton: a thousand rules, a third with an infix **: states, and the step's table")
{
	struct builder *b = builder_new();
	struct automaton a;
	const char *why;
	size_t at;

	REQUIRE(b);
	for (unsigned i = 0; i < 1000; i++) {
		char glob[128];

		if (i % 3 == 0)
			snprintf(glob, sizeof(glob), "/srv/app%u/**/cache%u/*.tmp", i % 100, i);
		else if (i % 3 == 1)
			snprintf(glob, sizeof(glob), "/usr/lib/module%u/part%u/*", i % 77, i);
		else
			snprintf(glob, sizeof(glob), "/etc/conf.d/%u/service-%u.conf", i % 50, i);
		CHECK_INT(builder_add(b, glob, strlen(glob), i, &at, &why), 0);
	}
	REQUIRE(builder_build(b, 1u << 20, first_one, NULL, &a) == 0);
	printf("# %u states (%u before merging), %u entries, %u classes, %zu KiB\n", a.states_n,
	       a.states_before, a.entries_n, a.classes_n,
	       (a.states_n * sizeof(*a.states) + a.entries_n * sizeof(*a.entries)) >> 10);
	CHECK_INT(automaton_match(&a, "/srv/app3/x/y/cache303/a.tmp", 28), 304);
	CHECK(automaton_match(&a, "/srv/app3/x/y/cache304/a.tmp", 28) == 0);
	automaton_release(&a);
	builder_free(b);
}

TEST("glob: what is none, and where")
{
	static const struct {
		const char *text, *why;
		size_t at;
	} bad[] = {
	    {"/a[b", "a ']' to end the set", 2},
	    {"/a[", "a ']' to end the set", 2},
	    {"/a{b,c", "a '}' to end the alternatives", 2},
	    {"/a\\", "a byte behind '\\'", 2},
	    {"/[z-a]", "a range whose first byte is not after its last", 1},
	    {"", "1 to 4095 bytes without NUL", 0},
	};
	struct builder *b = builder_new();

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = "";
		size_t at = 99;

		CHECK_INT(builder_add(b, bad[i].text, strlen(bad[i].text), 1, &at, &why), -EINVAL);
		CHECK_STR(why, bad[i].why);
		CHECK_INT(at, bad[i].at);
	}
	builder_free(b);
}

static bool matches(const char *glob, const char *path)
{
	struct builder *b = builder_new();
	struct automaton a = {0};
	const char *why;
	size_t at;
	bool hit;

	CHECK_INT(builder_add(b, glob, strlen(glob), 0, &at, &why), 0);
	CHECK_INT(builder_build(b, 10000, first_one, NULL, &a), 0);
	hit = automaton_match(&a, path, strlen(path));
	automaton_release(&a);
	builder_free(b);
	return hit;
}

TEST("glob: a comma or brace in a set is of the set, also inside of braces")
{
	CHECK(matches("/{[a,b]c}x]", "/acx]") && matches("/{[a,b]c}x]", "/,cx]"));
	CHECK(!matches("/{[a,b]c}x]", "/ax"));
	CHECK(matches("/{[}],x}y", "/}y") && matches("/{[}],x}y", "/xy"));
	CHECK(matches("/[]{]x", "/{x") && matches("/[]{]x", "/]x"));
	CHECK(matches("/{\\,,\\}}", "/,") && matches("/{\\,,\\}}", "/}"));
	CHECK(matches("/{a{,b},c}", "/ab") && matches("/{a{,b},c}", "/c"));
}

TEST("automaton: patterns that explode are refused at the bound, not built")
{
	struct builder *b = builder_new();
	struct automaton a;
	const char *why;
	size_t at;

	REQUIRE(b);
	for (unsigned i = 0; i < 40; i++) {
		char glob[64];

		snprintf(glob, sizeof(glob),
			 "/**/%c*%c"
			 "?"
			 "?"
			 "?"
			 "?"
			 "?"
			 "?"
			 "?"
			 "?/**",
			 'a' + i % 26, 'a' + i * 7 % 26);
		CHECK_INT(builder_add(b, glob, strlen(glob), i, &at, &why), 0);
	}
	CHECK_INT(builder_build(b, 20000, first_one, NULL, &a), -E2BIG);
	builder_free(b);
}
