/* SPDX-License-Identifier: Apache-2.0 */
/* Names to globs: what is made of which, and that a glob always matches what it came from. */
#include "sidecar/learn/widen.h"
#include <stdio.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/learn/glob_name.h"
#include "sidecar/policy/glob.h"
#include "tests/unit/learn/made.h"
#include "tests/unit/policy/reference.h"
#include "tests/unit/tap.h"

static int nothing(void *arg, const struct glob_item *items, size_t n)
{
	return arg || !items ? -1 : (int)(n >> 31);
}

static bool is_glob(const char *glob)
{
	const char *why;
	size_t at;

	return glob_parse(glob, strlen(glob), nothing, NULL, &at, &why) == 0;
}

/* The glob of one path by itself, "" when there is none. Valid until the next call. */
static const char *alone(const char *path)
{
	static char glob[GLOB_LEN_MAX + 1];
	struct widen_name name = {.s = path, .len = strlen(path)};
	struct widen *w = widen_new();

	glob[0] = '\0';
	if (CHECK(w && widen(w, &name, 1, false) == 0) && name.glob)
		snprintf(glob, sizeof(glob), "%s", name.glob);
	CHECK(!name.glob || (is_glob(glob) && reference_glob(glob, path)));
	widen_free(w);
	return glob;
}

TEST("learn: variable parts of a name become as wide as they vary")
{
	CHECK_STR(alone("/"), "/");
	CHECK_STR(alone("/etc/passwd"), "/etc/passwd");
	CHECK_STR(alone("/proc/17/status"), "/proc/[0-9]*/status");
	CHECK_STR(alone("/proc/17/task/18/comm"), "/proc/[0-9]*/task/[0-9]*/comm");
	CHECK_STR(alone("/srv/17/x"), "/srv/17/x");
	CHECK_STR(alone("/usr/lib/libfoo.so.1.2.3"), "/usr/lib/libfoo.so.*");
	CHECK_STR(alone("/usr/lib/libc-2.31.so"), "/usr/lib/libc-[0-9]*.so");
	CHECK_STR(alone("/usr/lib/libfoo.so.d"), "/usr/lib/libfoo.so.d");
	CHECK_STR(alone("/usr/lib/libfoo.so"), "/usr/lib/libfoo.so");
	CHECK_STR(alone("/usr/lib/python3.11/os.py"), "/usr/lib/python3.11/os.py");
	CHECK_STR(alone("/tmp/tmp.abcdefghij/x"), "/tmp/tmp.?????????\?/x");
	CHECK_STR(alone("/var/tmp/ccA1b2C3.s"), "/var/tmp/????????.s");
	CHECK_STR(alone("/tmp/tmpab12_d9x"), "/tmp/tmp????????");
	CHECK_STR(alone("/tmp/work.abcdef"), "/tmp/work.??????");
	CHECK_STR(alone("/srv/work.abcdef"), "/srv/work.abcdef");
	CHECK_STR(alone("/tmp/Session12"), "/tmp/Session[0-9]*");
	CHECK_STR(alone("/tmp/worker-7.log"), "/tmp/worker-[0-9]*.log");
	CHECK_STR(alone("/tmp/python3"), "/tmp/python[0-9]*");
	CHECK_STR(alone("/tmp/#1234"), "/tmp/#[0-9]*");
	CHECK_STR(alone("/srv/state.json.Xa8fG3"), "/srv/state.json.??????");
	CHECK_STR(alone("/c/9f86d081884c7d659a2feaa0c55ad015.bin"),
		  "/c/????????????????????????????????.bin");
	CHECK_STR(alone("/c/550e8400-e29b-41d4-a716-446655440000"),
		  "/c/???????\?-???\?-???\?-???\?-????????????");
	CHECK_STR(alone("/log/20261121"), "/log/????????");
	CHECK_STR(alone("@/com/x"), "@/com/x");
	CHECK_STR(alone("pipe:[1234]"), "**pipe:\\[[0-9]*\\]");
}

TEST("learn: what stands in a name is no pattern, what JSON cannot say is one byte")
{
	CHECK_STR(alone("/a/*/{b,c}/[d]?\\"), "/a/\\*/\\{b\\,c\\}/\\[d\\]\\?\\\\");
	CHECK_STR(alone("/a/\xff\xc3\xa4\xc3"), "/a/?\xc3\xa4?");
	CHECK_STR(alone("/a/\xed\xa0\x80"), "/a/???");
	CHECK_STR(alone("/a\n\"b"), "/a\n\"b");
}

TEST("learn: what no path is has no glob")
{
	static const char *const names[] = {"", "/a//b", "/a/./b", "/../a", "/a/"};
	char longest[4200];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_STR(alone(names[i]), "");
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 0; i < sizeof(longest); i += 200)
		longest[i] = '/';
	longest[4095] = '\0';
	CHECK_INT(strlen(alone(longest)), 4095);
	longest[4094] = '*';
	CHECK_STR(alone(longest), "");
}

/* n names, "%%" in format being two letters, together; how many globs they became, one of them in
 * glob. */
static size_t together(const char *format, unsigned n, bool programs, char glob[static 256])
{
	struct widen_name names[64];
	struct widen *w = widen_new();
	char text[64][64];
	size_t globs = 0;

	for (unsigned i = 0; i < n; i++) {
		char *at;

		snprintf(text[i], sizeof(text[i]), "%s", format);
		at = strstr(text[i], "%%");
		at[0] = (char)('a' + i / 26);
		at[1] = (char)('a' + i % 26);
		names[i] = (struct widen_name){.s = text[i], .len = strlen(text[i])};
	}
	if (!CHECK(widen(w, names, n, programs) == 0))
		n = 0;
	for (unsigned i = 0; i < n; i++) {
		bool seen = false;

		CHECK(names[i].glob && reference_glob(names[i].glob, names[i].s));
		for (unsigned k = 0; k < i; k++)
			seen |= strcmp(names[k].glob, names[i].glob) == 0;
		globs += !seen;
		snprintf(glob, 256, "%s", names[i].glob);
	}
	widen_free(w);
	return globs;
}

TEST("learn: many names in one directory become one, a few do not, and some never")
{
	static const char *const never[] = {"/etc/%%.conf",
					    "/etc/ssl/certs/%%.pem",
					    "/usr/bin/%%",
					    "/dev/%%",
					    "/srv/%%",
					    "/%%",
					    "/home/me/%%",
					    "/home/me/.ssh/%%",
					    "/root/.config/x/%%",
					    "/proc/1/%%",
					    "/run/secrets/a/%%",
					    "/sys/class/net/%%"};
	char glob[256];

	CHECK_INT(together("/srv/www/page-%%.html", WIDEN_SIBLINGS_MIN - 1, false, glob),
		  WIDEN_SIBLINGS_MIN - 1);
	CHECK_INT(together("/srv/www/page-%%.html", WIDEN_SIBLINGS_MIN, false, glob), 1);
	CHECK_STR(glob, "/srv/www/page-a*.html");
	CHECK_INT(together("/srv/www/page-%%.html", WIDEN_SIBLINGS_MIN, true, glob),
		  WIDEN_SIBLINGS_MIN);
	CHECK_INT(together("/srv/www/%%/index", 30, false, glob), 1);
	CHECK_STR(glob, "/srv/www/*/index");
	CHECK_INT(together("/tmp/%%", 30, false, glob), 1);
	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		CHECK_INT(together(never[i], 30, false, glob), 30);
}

TEST("learn: names that differ in numbers alone become one, other numbers stay")
{
	static const char *const paths[] = {"/dev/sda1", "/dev/sda2", "/dev/sda15", "/dev/sdb1",
					    "/x/v2-w1",	 "/x/v2-w2",  "/x/v2-w33"};
	static const char *const want[] = {"/dev/sda[0-9]*", "/dev/sda[0-9]*", "/dev/sda[0-9]*",
					   "/dev/sdb1",	     "/x/v2-w[0-9]*",  "/x/v2-w[0-9]*",
					   "/x/v2-w[0-9]*"};
	struct widen_name names[ARRAY_SIZE(paths)];
	struct widen *w = widen_new();

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		names[i] = (struct widen_name){
		    .s = paths[i], .len = strlen(paths[i]), .of = (void *)(uintptr_t)want[i]};
	REQUIRE(widen(w, names, ARRAY_SIZE(paths), true) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		CHECK_STR(names[i].glob, names[i].of);
	widen_free(w);
}

/* The globs of n paths that were seen together. */
static void seen(const char *const *paths, const char *const *want, size_t n)
{
	struct widen_name names[16];
	struct widen *w = widen_new();

	for (size_t i = 0; i < n; i++)
		names[i] = (struct widen_name){
		    .s = paths[i], .len = strlen(paths[i]), .of = (void *)want[i]};
	CHECK(w && widen(w, names, n, false) == 0);
	for (size_t i = 0; i < n; i++) {
		CHECK_STR(names[i].glob, names[i].of);
		CHECK(reference_glob(names[i].glob, names[i].s));
	}
	widen_free(w);
}

#define TEN "????????\?\?"
#define HASH "????????????????"
#define HEX "[0-9a-fA-F]"

TEST("learn: directories named after digits of their files vary with these")
{
	static const char *const paths[] = {
	    "/var/lib/nginx/proxy/1/00/0000000001",
	    "/var/lib/nginx/proxy/1",
	    "/var/lib/nginx/proxy/1/00",
	    "/var/lib/nginx/proxy/ab",
	    "/var/lib/nginx/proxy/a",
	    "/var/lib/nginx/other/1",
	    "/srv/git/de/ad/deadbeefdeadbee1.x",
	    "/srv/git/77",
	    "/srv/git/77/a0",
	    "/srv/git/77/a0/00",
	    "/srv/git/info",
	};
	static const char *const want[] = {
	    "/var/lib/nginx/proxy/[0-9]/[0-9][0-9]/" TEN,
	    "/var/lib/nginx/proxy/[0-9]",
	    "/var/lib/nginx/proxy/[0-9]/[0-9][0-9]",
	    "/var/lib/nginx/proxy/ab",
	    "/var/lib/nginx/proxy/a",
	    "/var/lib/nginx/other/1",
	    "/srv/git/" HEX HEX "/" HEX HEX "/" HASH ".x",
	    "/srv/git/" HEX HEX,
	    "/srv/git/" HEX HEX "/" HEX HEX,
	    "/srv/git/77/a0/00",
	    "/srv/git/info",
	};

	RV_ASSERT(ARRAY_SIZE(paths) == ARRAY_SIZE(want));
	seen(paths, want, ARRAY_SIZE(paths));
}

TEST("learn: directories that only look so stay: others' digits, one digit, the system's, secrets")
{
	static const char *const paths[] = {
	    "/srv/x/12/00000000", "/srv/y/1/00000001",	   "/home/ab/abcdef0123456789",
	    "/etc/x/01/00000001", "/srv/.ssh/01/00000001", "/srv/z/0001/00000001",
	};
	static const char *const want[] = {
	    "/srv/x/12/????????", "/srv/y/1/????????",	   "/home/ab/" HASH,
	    "/etc/x/01/????????", "/srv/.ssh/01/????????", "/srv/z/0001/????????",
	};

	seen(paths, want, ARRAY_SIZE(paths));
}

static size_t random_name(char *to)
{
	static const char *const parts[] = {
	    "a",    "b",	"lib",	".so.", "1",  "23",   "99887766", "tmp.",
	    "Ab3C", "*",	"?",	"[a]",	"{",  "}",    ",",	  "\\",
	    "\xff", "\xc3\xa4", "\xc3", "-",	".x", "proc", "tmp",	  "deadbeefdeadbee1",
	    "!",    "^"};
	char *begin = to;

	for (unsigned n = 1 + made_below(3); n > 0; n--)
		to = stpcpy(to, parts[made_below(ARRAY_SIZE(parts))]);
	return (size_t)(to - begin);
}

static size_t random_seen(char *to)
{
	static const char *const tops[] = {"/tmp", "/proc", "/srv/www", "/etc", "/var/cache/x", ""};
	char *begin = to;

	to = stpcpy(to, tops[made_below(ARRAY_SIZE(tops))]);
	for (unsigned n = 1 + made_below(3); n > 0; n--) {
		*to++ = '/';
		do {
			random_name(to);
		} while (strcmp(to, ".") == 0 || strcmp(to, "..") == 0);
		to += strlen(to);
	}
	return (size_t)(to - begin);
}

TEST("learn: random names: a glob matches all that it came from, in any order the same")
{
	static char text[400][256];
	struct widen_name names[400], again[400];

	for (unsigned round = 0; round < 60; round++) {
		struct widen *w = widen_new(), *v = widen_new();
		unsigned n = 1 + made_below(400), bad = 0, differ = 0;

		for (unsigned i = 0; i < n; i++) {
			names[i] = (struct widen_name){.s = text[i], .len = random_seen(text[i])};
			again[n - 1 - i] = (struct widen_name){.s = text[i], .len = names[i].len};
		}
		REQUIRE(widen(w, names, n, round & 1) == 0 && widen(v, again, n, round & 1) == 0);
		for (unsigned i = 0; i < n; i++) {
			bad += !names[i].glob || !is_glob(names[i].glob) ||
			       !reference_glob(names[i].glob, names[i].s);
			for (unsigned k = 0; k < n; k++)
				differ += names[i].s == again[k].s &&
					  strcmp(names[i].glob, again[k].glob) != 0;
		}
		CHECK_INT(bad, 0);
		CHECK_INT(differ, 0);
		widen_free(w);
		widen_free(v);
	}
}

TEST("learn: random names alone: of what is not variable not a byte is lost")
{
	char name[256], other[256];
	unsigned bad = 0, tried = 0;

	for (unsigned i = 0; i < 20000; i++) {
		char glob[NAME_GLOB_MAX];
		size_t len = random_name(name), at;

		if (name_glob(name, len, NAME_PLAIN, glob))
			continue;
		memcpy(other, name, len + 1);
		at = made_below((unsigned)len);
		other[at] = (char)(other[at] ^ (1 << made_below(7)));
		if (!other[at])
			continue;
		tried++;
		bad += reference_glob(glob, other) || !reference_glob(glob, name);
	}
	CHECK_INT(bad, 0);
	CHECK(tried > 1000);
}

static bool widen_some(void)
{
	static const char *const paths[] = {
	    "/srv/a/b1", "/srv/a/b2", "/srv/a/b3", "/tmp/tmp.aaaaaa", "@x", "pipe:[1]", "/"};
	struct widen_name names[ARRAY_SIZE(paths)];
	struct widen *w = widen_new();
	int r = w ? 0 : -1;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		names[i] = (struct widen_name){.s = paths[i], .len = strlen(paths[i])};
	if (r == 0)
		r = widen(w, names, ARRAY_SIZE(paths), false);
	widen_free(w);
	return r == 0;
}

TEST("learn: widening without memory fails and leaks nothing")
{
	tap_each_malloc(widen_some);
}
