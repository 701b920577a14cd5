/* SPDX-License-Identifier: Apache-2.0 */
/* See process_tree.h. A process is known by its number and its start: a number that comes back with
 * another start is another process, whether or not the end of the first is on record. */
#include "process_tree.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "json_scan.h"
#include "util.h"
#include "when.h"

#define PID_LIMIT (4u << 20) /* the kernel's own */

void process_tree_init(struct process_tree *t)
{
	*t = (struct process_tree){.first_root = PROCESS_NONE, .last_root = PROCESS_NONE};
}

void process_tree_release(struct process_tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct process *p = &t->of[i];

		for (size_t k = 0; k < p->execs_n; k++) {
			free(p->execs[k].time);
			free(p->execs[k].path);
			free(p->execs[k].argv);
		}
		free(p->execs);
		free(p->comm);
		free(p->signal);
	}
	free(t->of);
	free(t->by_pid);
	process_tree_init(t);
}

const char *process_origin_name(enum process_origin origin)
{
	static const char *const names[] = {
	    [PROCESS_INIT] = "init",
	    [PROCESS_FORKED] = "forked",
	    [PROCESS_ENTERED] = "entered",
	    [PROCESS_UNKNOWN] = "unknown",
	};

	return names[origin];
}

static uint64_t number(struct json_piece line, const char *key)
{
	struct json_piece v;

	return json_scan_get(line, key, &v) ? json_scan_number(v) : 0;
}

static bool is(struct json_piece line, const char *key, const char *word)
{
	struct json_piece v;

	return json_scan_get(line, key, &v) && json_scan_is(v, word);
}

/* Whether an array of strings has that one. */
static bool lists(struct json_piece line, const char *key, const char *word)
{
	struct json_piece v, at, element;

	if (!json_scan_get(line, key, &v) || !json_scan_open(v, &at))
		return false;
	while (json_scan_element(&at, &element))
		if (json_scan_is(element, word))
			return true;
	return false;
}

/* A copy of the value as JSON. */
static char *copy(struct json_piece line, const char *key)
{
	struct json_piece v;

	return json_scan_get(line, key, &v) ? strndup(v.s, v.len) : strdup("null");
}

/* A copy of a string's bytes; NULL also where it is none. */
static char *copy_text(struct json_piece line, const char *key)
{
	struct json_piece v;
	size_t len;
	_free_ char *bytes = json_scan_get(line, key, &v) ? json_scan_bytes(v, &len) : NULL;

	return bytes ? strndup(bytes, len) : NULL;
}

static size_t index_of(const struct process_tree *t, uint32_t pid)
{
	return pid < t->by_pid_size && t->by_pid[pid] ? t->by_pid[pid] - 1 : PROCESS_NONE;
}

static int remember(struct process_tree *t, uint32_t pid, size_t index)
{
	if (pid >= t->by_pid_size) {
		size_t size = t->by_pid_size ? t->by_pid_size : 1024;
		uint32_t *grown;

		while (size <= pid)
			size *= 2;
		grown = realloc(t->by_pid, size * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + t->by_pid_size, 0, (size - t->by_pid_size) * sizeof(*grown));
		t->by_pid = grown;
		t->by_pid_size = size;
	}
	t->by_pid[pid] = (uint32_t)index + 1;
	return 0;
}

static void hang(struct process_tree *t, size_t index, size_t parent)
{
	size_t *first = parent == PROCESS_NONE ? &t->first_root : &t->of[parent].first_child;
	size_t *last = parent == PROCESS_NONE ? &t->last_root : &t->of[parent].last_child;

	if (*last == PROCESS_NONE)
		*first = index;
	else
		t->of[*last].next = index;
	*last = index;
	t->of[index].parent = parent;
}

static bool has_room(struct process_tree *t, size_t bytes)
{
	if (t->bytes_max && t->bytes + bytes > t->bytes_max)
		return false;
	t->bytes += bytes;
	return true;
}

/* -ENOBUFS: there is no room for it; nobody is taken for it. */
static int make(struct process_tree *t, struct json_piece line, enum process_origin origin,
		uint32_t pid, size_t parent, size_t *ret)
{
	struct process p = {.origin = origin,
			    .pid = pid,
			    .first_child = PROCESS_NONE,
			    .last_child = PROCESS_NONE,
			    .next = PROCESS_NONE,
			    .begin_ns = number(line, "boot_ns")};
	_free_ char *time = copy_text(line, "time");

	if (pid == 0 || pid >= PID_LIMIT || t->n >= UINT32_MAX - 1 || !time ||
	    when_parse(time, 0, &p.begin_wall_ns) < 0)
		return -EINVAL;
	if (!has_room(t, sizeof(p))) {
		if (pid < t->by_pid_size)
			t->by_pid[pid] = 0;
		return -ENOBUFS;
	}
	if (t->n == t->size) {
		size_t size = t->size ? t->size * 2 : 64;
		struct process *grown = realloc(t->of, size * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->of = grown;
		t->size = size;
	}
	if (remember(t, pid, t->n) < 0)
		return -ENOMEM;
	t->of[t->n] = p;
	hang(t, t->n, parent);
	*ret = t->n++;
	return 0;
}

/* When it began, by its own account. */
static void set_start(struct process *p, uint64_t start_ns)
{
	p->start_ns = start_ns;
	if (start_ns == 0 || start_ns > p->begin_ns)
		return;
	p->begin_wall_ns -= (int64_t)(p->begin_ns - start_ns);
	p->begin_ns = start_ns;
}

/* Whoever acts in a record. */
static int actor(struct process_tree *t, struct json_piece line, enum process_origin origin,
		 size_t *ret)
{
	uint32_t pid = (uint32_t)number(line, "process.pid");
	uint64_t start_ns = number(line, "process.start_ns");
	size_t i = index_of(t, pid), parent = PROCESS_NONE;
	struct process *p;
	char *comm;
	int r;

	if (i != PROCESS_NONE && t->of[i].start_ns && t->of[i].start_ns != start_ns)
		i = PROCESS_NONE;
	if (i == PROCESS_NONE) {
		if (origin == PROCESS_UNKNOWN)
			parent = index_of(t, (uint32_t)number(line, "process.ppid"));
		r = make(t, line, origin, pid, parent, &i);
		if (r < 0)
			return r;
	}
	comm = copy(line, "process.comm");
	if (!comm)
		return -ENOMEM;
	p = &t->of[i];
	free(p->comm);
	p->comm = comm;
	p->ns_pid = (uint32_t)number(line, "process.ns_pid");
	if (!p->start_ns)
		set_start(p, start_ns);
	*ret = i;
	return 0;
}

static int add_exec(struct process_tree *t, struct process *p, struct json_piece line)
{
	struct process_exec e = {.seq = number(line, "seq"),
				 .setup = is(line, "phase", "setup"),
				 .time = copy_text(line, "time"),
				 .path = copy(line, "path"),
				 .argv = copy(line, "argv")};
	struct process_exec *grown = realloc(p->execs, (p->execs_n + 1) * sizeof(*grown));
	bool fits = !e.path || !e.argv ||
		    has_room(t, sizeof(e) + strlen(e.path) + strlen(e.argv) + WHEN_SIZE);

	if (grown)
		p->execs = grown;
	if (!grown || !e.time || !e.path || !e.argv || !fits) {
		free(e.time);
		free(e.path);
		free(e.argv);
		p->cut |= !fits;
		return fits ? -ENOMEM : -ENOBUFS;
	}
	p->execs[p->execs_n++] = e;
	return 0;
}

static void add_exit(struct process *p, struct json_piece line)
{
	struct json_piece core;

	p->end = PROCESS_EXITED;
	p->end_ns = number(line, "boot_ns");
	p->code = (int)number(line, "code");
	p->core = json_scan_get(line, "core", &core) && core.s[0] == 't';
	free(p->signal);
	p->signal = copy_text(line, "signal");
}

static int add_fork(struct process_tree *t, struct json_piece line, size_t maker)
{
	size_t child;
	int r = make(t, line, PROCESS_FORKED, (uint32_t)number(line, "child_pid"), maker, &child);

	if (r == 0)
		t->of[child].ns_pid = (uint32_t)number(line, "child_ns_pid");
	return r;
}

/* Who came in or went out is not who acts: that may be a process of the host. */
static int add_crossing(struct process_tree *t, struct json_piece line, bool in)
{
	uint32_t pid = (uint32_t)number(line, "opid");
	size_t i = index_of(t, pid);
	int r = 0;

	if (in && (i == PROCESS_NONE || t->of[i].end == PROCESS_EXITED)) {
		r = make(t, line, PROCESS_ENTERED, pid, PROCESS_NONE, &i);
		if (r == 0)
			t->of[i].ns_pid = (uint32_t)number(line, "ons_pid");
	} else if (i != PROCESS_NONE && t->of[i].end != PROCESS_EXITED) {
		t->of[i].end = in ? PROCESS_NO_END : PROCESS_LEFT;
		t->of[i].end_ns = number(line, "boot_ns");
	}
	return r;
}

static int add(struct process_tree *t, const char *text, size_t len)
{
	struct json_piece line = {text, len};
	bool in = is(line, "kind", "enter"), armed = is(line, "kind", "armed");
	size_t i;
	int r;

	if (in || is(line, "kind", "leave"))
		return add_crossing(t, line, in);
	if (is(line, "kind", "unreadable"))
		return 0;
	r = actor(t, line, armed ? PROCESS_INIT : PROCESS_UNKNOWN, &i);
	if (r == 0 && armed)
		t->forks = lists(line, "record", "fork");
	if (r < 0 || armed)
		return r;
	if (is(line, "kind", "fork"))
		return add_fork(t, line, i);
	if (is(line, "kind", "exec"))
		return is(line, "verdict", "denied") ? 0 : add_exec(t, &t->of[i], line);
	if (!is(line, "kind", "exit"))
		return -EINVAL;
	add_exit(&t->of[i], line);
	return 0;
}

int process_tree_add(struct process_tree *t, const char *text, size_t len)
{
	int r = add(t, text, len);

	t->left_out += r == -ENOBUFS;
	return r == -ENOBUFS ? 0 : r;
}

void process_tree_settle(struct process_tree *t, bool none_lost)
{
	for (size_t i = 0; i < t->n && none_lost && t->forks; i++)
		if (t->of[i].origin == PROCESS_UNKNOWN && t->of[i].parent == PROCESS_NONE)
			t->of[i].origin = PROCESS_ENTERED;
}

size_t process_tree_next(const struct process_tree *t, size_t index, size_t *depth)
{
	if (index == PROCESS_NONE) {
		*depth = 0;
		return t->first_root;
	}
	if (t->of[index].first_child != PROCESS_NONE) {
		++*depth;
		return t->of[index].first_child;
	}
	while (index != PROCESS_NONE && t->of[index].next == PROCESS_NONE) {
		index = t->of[index].parent;
		*depth -= index != PROCESS_NONE;
	}
	return index == PROCESS_NONE ? PROCESS_NONE : t->of[index].next;
}
