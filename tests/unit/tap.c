// SPDX-License-Identifier: Apache-2.0
/* See tap.h. The allocators are the linker's --wrap of the C library's. */
#include "tap.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct tap_test *first, **last = &first;
static bool failed;
static long countdown, count;

void tap_register(struct tap_test *t)
{
	*last = t;
	last = &t->next;
}

bool tap_check(bool good, const char *file, int line, const char *what)
{
	if (good)
		return true;
	failed = true;
	printf("# %s:%d: %s\n", file, line, what);
	return false;
}

bool tap_equal(long long got, long long want, const char *file, int line, const char *what)
{
	if (!tap_check(got == want, file, line, what))
		printf("#   got %lld, expected %lld\n", got, want);
	return got == want;
}

bool tap_string(const char *got, const char *want, const char *file, int line, const char *what)
{
	bool good = got && want ? strcmp(got, want) == 0 : got == want;

	if (!tap_check(good, file, line, what))
		printf("#   got      \"%s\"\n#   expected \"%s\"\n", got ? got : "(null)",
		       want ? want : "(null)");
	return good;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **ret, const char *fmt, va_list args);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_asprintf(char **ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool now_fails(void)
{
	count++;
	return countdown > 0 && --countdown == 0;
}

void *__wrap_malloc(size_t size)
{
	return now_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return now_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return now_fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return now_fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return now_fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return now_fails() ? NULL : __real_strndup(s, n);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list args;
	int r;

	if (now_fails())
		return -1;
	va_start(args, fmt);
	r = vasprintf(ret, fmt, args);
	va_end(args);
	return r;
}

static bool armed;

void tap_fail_malloc(long n)
{
	armed = n > 0;
	countdown = n;
	count = 0;
}

long tap_malloc_count(void)
{
	return count;
}

bool tap_malloc_failed(void)
{
	return armed && countdown == 0;
}

void tap_each_malloc(bool (*body)(void))
{
	for (long n = 1; n < 100000; n++) {
		bool done, reached;

		tap_fail_malloc(n);
		done = body();
		reached = tap_malloc_failed();
		tap_fail_malloc(0);
		if (!reached) {
			tap_check(done, __FILE__, __LINE__, "succeeds when nothing fails");
			tap_check(n > 1, __FILE__, __LINE__, "allocates at all");
			return;
		}
		if (!tap_check(!done, __FILE__, __LINE__, "a failed allocation is an error")) {
			printf("#   allocation %ld\n", n);
			return;
		}
	}
	tap_check(false, __FILE__, __LINE__, "ends");
}

int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	int number = 0, bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct tap_test *t = first; t; t = t->next) {
		const char *room = strstr(t->file, "tests/unit/");

		if (!strstr(t->file, only) && !strstr(t->name, only))
			continue;
		failed = false;
		t->run();
		tap_fail_malloc(0);
		bad += failed;
		printf("%sok %d - %s: %s\n", failed ? "not " : "", ++number,
		       room ? room + strlen("tests/unit/") : t->file, t->name);
	}
	printf("1..%d\n", number);
	return bad > 0;
}
