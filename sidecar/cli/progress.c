/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. */
#include "progress.h"
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sidecar/common/util.h"

#define QUIET_NS 1000000000ull /* an export that is shorter needs no line */
#define STEP_NS 200000000ull
#define BAR 24 /* characters */

static struct {
	bool on, shown;
	const char *what, *unit;
	uint64_t total, lines, bytes, begun_ns, next_ns;
} line;

void progress_start(const char *what, const char *unit, uint64_t total)
{
	const char *term = getenv("TERM");

	line.on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	line.shown = false;
	line.what = what;
	line.unit = unit;
	line.total = total;
	line.lines = line.bytes = 0;
	line.begun_ns = util_now_ns();
	line.next_ns = line.begun_ns + QUIET_NS;
}

static void put_bar(void)
{
	uint64_t done = line.lines < line.total ? line.lines : line.total;
	unsigned full = (unsigned)(done * BAR / line.total);

	fputs(" [", stderr);
	for (unsigned i = 0; i < BAR; i++)
		fputc(i < full ? '#' : '.', stderr);
	fprintf(stderr, "] %3u %%", (unsigned)(done * 100 / line.total));
}

static void draw(uint64_t now_ns)
{
	double seconds = (double)(now_ns - line.begun_ns) / 1e9;

	fprintf(stderr, "\r\033[K%s:", line.what);
	if (line.total)
		put_bar();
	fprintf(stderr, " %" PRIu64 " %s, %.1f MiB, %.1f MiB/s", line.lines, line.unit,
		(double)line.bytes / 1048576, (double)line.bytes / 1048576 / seconds);
	fflush(stderr);
	line.shown = true;
	line.next_ns = now_ns + STEP_NS;
}

void progress_bytes(const void *data, size_t len)
{
	const char *at = data, *end = at + len;
	uint64_t now_ns;

	if (!line.on)
		return;
	line.bytes += len;
	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		line.lines++;
		at++;
	}
	now_ns = util_now_ns();
	if (now_ns >= line.next_ns)
		draw(now_ns);
}

void progress_end(void)
{
	if (line.on && line.shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
	line.on = false;
}
