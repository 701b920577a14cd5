/* SPDX-License-Identifier: Apache-2.0 */
/* See buckets.h. Each width divides the next, so that a bucket always goes into one. */
#include "buckets.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/abi.h"
#include "sidecar/common/util.h"

#define MS 1000000ll
#define S (1000 * MS)
#define DAY (86400 * S)

static const int64_t widths[] = {MS,	  10 * MS,  100 * MS,	  S,   10 * S,	 60 * S,
				 600 * S, 3600 * S, 6 * 3600 * S, DAY, 10 * DAY, 100 * DAY};
/* What people read off an axis. */
static const int64_t round_widths[] = {
    10 * MS,  20 * MS,	50 * MS,   100 * MS,	 200 * MS,	500 * MS, S,	   2 * S,
    5 * S,    10 * S,	30 * S,	   60 * S,	 120 * S,	300 * S,  600 * S, 1200 * S,
    1800 * S, 3600 * S, 7200 * S,  6 * 3600 * S, 12 * 3600 * S, DAY,	  2 * DAY, 5 * DAY,
    10 * DAY, 50 * DAY, 100 * DAY, 500 * DAY,	 1000 * DAY};

const char *report_class_name(unsigned class)
{
	static const char *const names[] = {
#define NAME(NAME, name) [CLASS_##NAME] = name,
	    REPORT_CLASSES(NAME)};

	return class < ARRAY_SIZE(names) ? names[class] : "";
}

enum report_class report_class_of(unsigned kind)
{
	switch (kind) {
	case RV_KIND_EXEC:
	case RV_KIND_EXIT:
	case RV_KIND_FORK:
	case RV_KIND_THREAD:
	case RV_KIND_SIGNAL:
	case RV_KIND_ENTER:
	case RV_KIND_LEAVE:
		return CLASS_PROCESS;
	case RV_KIND_OPEN:
	case RV_KIND_CREATE ... RV_KIND_TRUNCATE:
	case RV_KIND_SETXATTR:
	case RV_KIND_REMOVEXATTR:
	case RV_KIND_IOCTL:
		return CLASS_FILE;
	case RV_KIND_CONNECT:
	case RV_KIND_SOCKET ... RV_KIND_SEND:
		return CLASS_NETWORK;
	case RV_KIND_SETUID ... RV_KIND_INSPECT:
	case RV_KIND_NAMESPACE:
	case RV_KIND_PRCTL:
	case RV_KIND_SECCOMP:
	case RV_KIND_MOUNT ... RV_KIND_PIVOT_ROOT:
	case RV_KIND_CHROOT:
		return CLASS_PRIVILEGE;
	case RV_KIND_MMAP:
	case RV_KIND_MPROTECT:
		return CLASS_MEMORY;
	case RV_KIND_ARMED:
	case RV_KIND_CHECKPOINT:
	case RV_KIND_CLOSE:
	case RV_KIND_ARGS:
	case RV_KIND_REPEAT:
	case RV_KIND_POLICY:
		return CLASS_ACCOUNT;
	default:
		return CLASS_KERNEL;
	}
}

int buckets_init(struct buckets *b)
{
	*b = (struct buckets){.of = calloc(BUCKETS_MAX, sizeof(*b->of))};
	return b->of ? 0 : -ENOMEM;
}

void buckets_release(struct buckets *b)
{
	free(b->of);
	b->of = NULL;
}

static int64_t floor_to(int64_t ns, int64_t width)
{
	int64_t rest = ns % width;

	return ns - rest - (rest < 0 ? width : 0);
}

/* How many buckets of that width there would be from..to. */
static uint64_t span(int64_t from, int64_t to, int64_t width)
{
	return (uint64_t)(floor_to(to, width) / width - floor_to(from, width) / width) + 1;
}

static void add_up(struct bucket *to, const struct bucket *from)
{
	for (unsigned i = 0; i < CLASS_COLUMNS; i++)
		to->n[i] += from->n[i];
}

/* Makes them reach from..to. */
static void reach(struct buckets *b, int64_t from, int64_t to)
{
	int64_t old = widths[b->width], base = b->base_ns, width;
	size_t n = b->used;

	while (b->width + 1 < ARRAY_SIZE(widths) && span(from, to, widths[b->width]) > BUCKETS_MAX)
		b->width++;
	width = widths[b->width];
	b->base_ns = floor_to(from, width);
	b->used = (size_t)span(from, to, width);
	if (b->base_ns >= base) { /* they only move down */
		for (size_t i = 0; i < n; i++) {
			size_t at = (size_t)((base + (int64_t)i * old - b->base_ns) / width);
			struct bucket moved = b->of[i];

			memset(&b->of[i], 0, sizeof(moved));
			add_up(&b->of[at], &moved);
		}
		return;
	}
	if (width > old) { /* first down, with the base where it was, then up */
		int64_t aligned = floor_to(base, width);

		for (size_t i = 0; i < n; i++) {
			size_t at = (size_t)((base + (int64_t)i * old - aligned) / width);
			struct bucket moved = b->of[i];

			memset(&b->of[i], 0, sizeof(moved));
			add_up(&b->of[at], &moved);
		}
		n = (size_t)((base + (int64_t)(n - 1) * old - aligned) / width) + 1;
		base = aligned;
	}
	memmove(b->of + (base - b->base_ns) / width, b->of, n * sizeof(*b->of));
	memset(b->of, 0, (size_t)((base - b->base_ns) / width) * sizeof(*b->of));
}

void buckets_add(struct buckets *b, int64_t wall_ns, unsigned class, uint32_t n)
{
	if (class >= CLASS_COLUMNS)
		return;
	if (b->used == 0) {
		b->first_ns = b->last_ns = wall_ns;
		b->base_ns = floor_to(wall_ns, widths[b->width]);
		b->used = 1;
	}
	if (wall_ns < b->first_ns || wall_ns > b->last_ns) {
		b->first_ns = wall_ns < b->first_ns ? wall_ns : b->first_ns;
		b->last_ns = wall_ns > b->last_ns ? wall_ns : b->last_ns;
		if (wall_ns < b->base_ns ||
		    wall_ns >= b->base_ns + (int64_t)b->used * widths[b->width])
			reach(b, b->first_ns, b->last_ns);
	}
	b->of[(wall_ns - b->base_ns) / widths[b->width]].n[class] += n;
}

int64_t buckets_round(int64_t least_ns, int64_t of_ns)
{
	for (size_t i = 0; i < ARRAY_SIZE(round_widths); i++)
		if (round_widths[i] >= least_ns && round_widths[i] % of_ns == 0)
			return round_widths[i];
	return (least_ns / of_ns + 1) * of_ns;
}

int buckets_view(const struct buckets *b, size_t max, struct bucket **ret, size_t *ret_n,
		 int64_t *ret_begin_ns, int64_t *ret_width_ns)
{
	int64_t fine = widths[b->width], width = buckets_round(0, fine), begin;
	struct bucket *view;
	size_t n;

	while (span(b->first_ns, b->last_ns, width) > max)
		width = buckets_round(width + 1, fine);
	begin = floor_to(b->first_ns, width);
	n = b->used ? (size_t)span(b->first_ns, b->last_ns, width) : 0;
	view = calloc(n + 1, sizeof(*view));
	if (!view)
		return -ENOMEM;
	for (size_t i = 0; i < b->used; i++)
		add_up(&view[(b->base_ns + (int64_t)i * fine - begin) / width], &b->of[i]);
	*ret = view;
	*ret_n = n;
	*ret_begin_ns = begin;
	*ret_width_ns = width;
	return 0;
}
