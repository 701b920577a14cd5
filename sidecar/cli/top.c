/* SPDX-License-Identifier: Apache-2.0 */
/* reeve top: what running containers do, live. The node tells how much has come of each, twice; the
 * rates are the difference. What an agent costs is read from its cgroup, which anybody may read. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include "query.h"
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"
#include "verbs.h"

#define INTERVAL_MIN_MS 100
#define INTERVAL_MAX_MS 3600000
#define HEAD_ROWS 2

struct look {
	struct json *containers;
	int64_t *cpu_usec; /* of each one's agent; -1 not known */
	uint64_t at_ns;
};

struct row {
	const char *id, *name, *state;
	double stored, denied, would_deny, lost_now; /* a second */
	int64_t lost;
	double cpu_percent; /* below 0: not known, as is memory */
	int64_t memory;
};

/* A number behind a word at the beginning of a line of the agent's cgroup, -1 unless it is there.
 */
static int64_t cgroup_number(const char *key, const char *file, const char *word)
{
	_free_ char *text = NULL;
	char path[256];
	size_t len, word_len = strlen(word);

	snprintf(path, sizeof(path), PATH_CGROUP_ROOT "/" CGROUP_AGENTS "/%s/%s", key, file);
	if (util_read_file(AT_FDCWD, path, 65536, &text, &len) < 0)
		return -1;
	for (const char *at = text; at; at = strchr(at, '\n'), at += at != NULL)
		if (strncmp(at, word, word_len) == 0)
			return strtoll(at + word_len, NULL, 10);
	return -1;
}

static void forget(struct look *l)
{
	json_free(l->containers);
	free(l->cpu_usec);
	*l = (struct look){};
}

/* What the node says, and what the agents have used by that moment. */
static int look(struct look *ret, char *error, size_t error_size)
{
	struct json_out *request = query_request("ps", NULL, true);
	size_t n = 0;
	int r;

	json_out_close_object(request);
	r = query_json(request, &ret->containers, error, error_size);
	ret->at_ns = util_now_ns();
	if (r < 0)
		return r;
	ret->cpu_usec = calloc(ret->containers->count + 1, sizeof(*ret->cpu_usec));
	if (!ret->cpu_usec)
		return -ENOMEM;
	for (const struct json *j = ret->containers->child; j; j = j->next)
		ret->cpu_usec[n++] =
		    cgroup_number(json_get_string(j, "key", ""), "cpu.stat", "usage_usec ");
	return 0;
}

static const struct json *find(const struct look *l, const struct json *container,
			       int64_t *ret_cpu_usec)
{
	size_t n = 0;
	const char *key = json_get_string(container, "key", ""),
		   *started = json_get_string(container, "started", "");

	for (const struct json *j = l->containers->child; j; j = j->next, n++) {
		if (strcmp(json_get_string(j, "key", ""), key) != 0 ||
		    strcmp(json_get_string(j, "started", ""), started) != 0)
			continue;
		*ret_cpu_usec = l->cpu_usec[n];
		return j;
	}
	*ret_cpu_usec = -1;
	return NULL;
}

/* A second's share of how much a number has grown. One that was not there before began with 0; a
 * node that was restarted begins anew. */
static double rate(const struct json *now, const struct json *before, const char *key,
		   double seconds)
{
	int64_t a = json_get_number(now, key, 0), b = before ? json_get_number(before, key, 0) : 0;

	return (double)(a >= b ? a - b : a) / seconds;
}

static void fill(const struct json *now, int64_t cpu_usec, const struct look *last, double seconds,
		 struct row *ret)
{
	int64_t cpu_before;
	const struct json *before = find(last, now, &cpu_before);
	const struct json *came = json_get(now, "since_node_start");
	const struct json *came_before = before ? json_get(before, "since_node_start") : NULL;

	*ret = (struct row){
	    .id = json_get_string(now, "id", ""),
	    .name = json_get_string(now, "name", ""),
	    .state = json_get_string(now, "state", ""),
	    .stored = rate(came, came_before, "stored", seconds),
	    .denied = rate(came, came_before, "denied", seconds),
	    .would_deny = rate(came, came_before, "would_deny", seconds),
	    .lost = json_get_number(now, "lost", 0),
	    .lost_now = before ? rate(now, before, "lost", seconds) : 0,
	    .cpu_percent = -1,
	    .memory = cgroup_number(json_get_string(now, "key", ""), "memory.current", ""),
	};
	if (cpu_before >= 0 && cpu_usec >= cpu_before)
		ret->cpu_percent = (double)(cpu_usec - cpu_before) / 1e4 / seconds;
}

static int by_rate(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->stored != y->stored)
		return x->stored > y->stored ? -1 : 1;
	return strcmp(x->id, y->id);
}

static void put_cost(const struct row *r)
{
	if (r->cpu_percent < 0)
		printf(" %6s", "-");
	else
		printf(" %6.1f", r->cpu_percent);
	if (r->memory < 0)
		printf(" %8s", "-");
	else
		printf(" %8.1f", (double)r->memory / 1048576);
}

static void put_heading(bool screen)
{
	printf("%s%-24s %-20s %-10s %10s %9s %12s %8s %8s %6s %8s\n",
	       screen ? "" : "TIME                 ", "ID", "NAME", "STATE", "EVENTS/s", "DENIED/s",
	       "WOULD-DENY/s", "LOST/s", "LOST", "CPU%", "MEM MiB");
}

static void put_rows(const struct row *rows, size_t n, const char *time)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];

		printf("%s%-24s %-20s %-10s %10.1f %9.1f %12.1f %8.1f %8" PRId64, time, r->id,
		       r->name, r->state, r->stored, r->denied, r->would_deny, r->lost_now,
		       r->lost);
		put_cost(r);
		putchar('\n');
	}
}

/* As many rows as there are lines; the window may change. */
static size_t rows_of_screen(void)
{
	struct winsize w;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0 || w.ws_row <= HEAD_ROWS + 1)
		return 22;
	return w.ws_row - HEAD_ROWS - 1u;
}

static int show(const struct look *now, const struct look *before, bool screen)
{
	double seconds = (double)(now->at_ns - before->at_ns) / 1e9, events = 0, denied = 0;
	_free_ struct row *rows = calloc(now->containers->count + 1, sizeof(*rows));
	size_t n = 0, shown;
	char time[WHEN_SIZE];

	if (!rows)
		return -ENOMEM;
	for (const struct json *j = now->containers->child; j; j = j->next) {
		fill(j, now->cpu_usec[n], before, seconds, &rows[n]);
		events += rows[n].stored;
		denied += rows[n++].denied;
	}
	qsort(rows, n, sizeof(*rows), by_rate);
	when_put((int64_t)util_wall_ns(), time);
	strcpy(time + 19, "Z ");
	shown = screen && n > rows_of_screen() ? rows_of_screen() : n;
	if (screen) {
		printf("\033[H\033[2J%s %zu containers, %.1f events/s, %.1f denied/s%s\n", time, n,
		       events, denied, shown < n ? "; the busiest:" : "");
		put_heading(true);
	}
	put_rows(rows, shown, screen ? "" : time);
	return fflush(stdout) == 0 ? 0 : -errno;
}

static int watch(bool screen, int interval_ms, long count)
{
	struct look before = {}, now = {};
	char error[1024] = "";
	int r = look(&before, error, sizeof(error));

	if (r == 0 && !screen)
		put_heading(false);
	for (long n = 0; r == 0 && (count == 0 || n < count); n++) {
		poll(NULL, 0, interval_ms);
		r = look(&now, error, sizeof(error));
		if (r == 0)
			r = show(&now, &before, screen);
		forget(&before);
		before = now;
		now = (struct look){};
	}
	forget(&before);
	if (r < 0 && r != -EPIPE)
		log_err(error[0] ? 0 : r, "%s", error[0] ? error : "show the containers");
	return r < 0 && r != -EPIPE;
}

static bool read_interval(const char *text, int *ret_ms)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s * 1000 >= INTERVAL_MIN_MS && s * 1000 <= INTERVAL_MAX_MS))
		return log_err(0, "--interval '%s': expected seconds from 0.1 to 3600", text),
		       false;
	*ret_ms = (int)(s * 1000);
	return true;
}

static bool read_count(const char *text, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	if (end == text || *end || *ret < 1 || errno)
		return log_err(0, "--count '%s': expected a number from 1 on", text), false;
	return true;
}

int verb_top(int argc, char **argv)
{
	static const struct option options[] = {{"once", no_argument, NULL, 'o'},
						{"interval", required_argument, NULL, 'i'},
						{"count", required_argument, NULL, 'c'},
						{0}};
	int interval_ms = 1000, c;
	bool once = false, ok = true;
	long count = 0;

	while (ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'o')
			once = true, count = 1;
		else if (c == 'i')
			ok = read_interval(optarg, &interval_ms);
		else if (c == 'c')
			ok = read_count(optarg, &count);
		else
			ok = false;
	}
	if (!ok || optind != argc)
		return verb_usage("top");
	return watch(!once && isatty(STDOUT_FILENO), interval_ms, count);
}
