/* SPDX-License-Identifier: Apache-2.0 */
/* The unit tests' harness: TEST("what holds") { CHECK(...); } registers itself; tap.c runs all
 * and prints TAP. A failed CHECK is told and the test goes on; REQUIRE ends the test. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct tap_test {
	const char *file;
	const char *name;
	void (*run)(void);
	struct tap_test *next;
};
void tap_register(struct tap_test *t);
bool tap_check(bool good, const char *file, int line, const char *what);
bool tap_equal(long long got, long long want, const char *file, int line, const char *what);
bool tap_string(const char *got, const char *want, const char *file, int line, const char *what);

#define TAP_CAT_(a, b) a##b
#define TAP_CAT(a, b) TAP_CAT_(a, b)
#define TEST(text) TEST_(text, TAP_CAT(test_, __LINE__))
#define TEST_(text, id)                                                                            \
	static void id(void);                                                                      \
	__attribute__((constructor)) static void TAP_CAT(id, _register)(void)                      \
	{                                                                                          \
		static struct tap_test t = {__FILE__, text, id, NULL};                             \
		tap_register(&t);                                                                  \
	}                                                                                          \
	static void id(void)

#define CHECK(cond) tap_check((cond), __FILE__, __LINE__, #cond)
#define CHECK_INT(got, want) tap_equal((got), (want), __FILE__, __LINE__, #got)
#define CHECK_STR(got, want) tap_string((got), (want), __FILE__, __LINE__, #got)
#define REQUIRE(cond)                                                                              \
	do {                                                                                       \
		if (!CHECK(cond))                                                                  \
			return;                                                                    \
	} while (0)

/* Fails the n-th allocation from now on (1-based) and no other; 0: none. */
void tap_fail_malloc(long n);
/* Allocations since the last tap_fail_malloc; whether the failure happened. */
long tap_malloc_count(void);
bool tap_malloc_failed(void);

/* Runs body for every n until it gets through without the failure being reached. body returns
 * true when it succeeded; with a failure it must return false. */
void tap_each_malloc(bool (*body)(void));
