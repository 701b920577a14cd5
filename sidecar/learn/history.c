/* SPDX-License-Identifier: Apache-2.0 */
/* See history.h. An exec leaves up to three kinds of records: the opens of the files the kernel
 * looked into, one after the other (scripts, then the program, then the loader it asks for), a
 * refusal, and the exec once it is certain. All but the loader were asked about; an exec that fails
 * leaves the opens alone. Execs are told apart by process. */
#include "history.h"
#include <errno.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/util.h"

#define OPENS_MAX                                                                                  \
	16 /* that one exec can have: scripts of scripts to the kernel's bound, and a loader */

struct opened {
	struct opened *next;
	struct rv_head head;
	unsigned state;
	bool counted;
	size_t len;
	char path[];
};

struct process {
	uint32_t pid;
	unsigned opens;
	struct opened *first, **last;
	struct opened
	    *refused; /* of the exec under way: what is in a record already, as would-deny */
};

static int compare(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void opened_free(struct opened **list)
{
	while (*list) {
		struct opened *next = (*list)->next;

		free(*list);
		*list = next;
	}
}

static void process_free(void *p)
{
	struct process *process = p;

	opened_free(&process->first);
	opened_free(&process->refused);
	free(process);
}

static struct process *process_find(struct history *h, uint32_t pid)
{
	struct process key = {.pid = pid}, **found = tfind(&key, &h->execs, compare);

	return found ? *found : NULL;
}

static struct process *process_get(struct history *h, uint32_t pid)
{
	struct process *p = process_find(h, pid);

	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	p->last = &p->first;
	if (tsearch(p, &h->execs, compare))
		return p;
	free(p);
	return NULL;
}

static void process_forget(struct history *h, struct process *p)
{
	tdelete(p, &h->execs, compare);
	process_free(p);
}

static struct opened *opened_new(const struct event *e, unsigned state, bool counted)
{
	struct opened *o = malloc(sizeof(*o) + e->path_len);

	if (!o)
		return NULL;
	*o = (struct opened){
	    .head = e->head, .state = state, .counted = counted, .len = e->path_len};
	if (e->path_len)
		memcpy(o->path, e->path, e->path_len);
	return o;
}

static int tell_open(struct history *h, const struct opened *o)
{
	struct asked q = {.subject = RV_SUBJECT_EXEC,
			  .access = RV_DO_EXEC,
			  .tag_state = RV_TAG_UNKNOWN,
			  .tag_unrecorded = true,
			  .untold = o->state != RV_PATH_OK && o->state != RV_PATH_DELETED &&
				    o->state != RV_PATH_ANON,
			  .text = o->path,
			  .len = o->len};
	struct rv_head head = o->head;

	head.kind = RV_KIND_EXEC;
	return o->counted ? h->each(h->arg, &head, &q) : 0;
}

/* The oldest of too many is of an exec that came to nothing. */
static int tell_oldest(struct history *h, struct process *p)
{
	struct opened *o = p->first;
	int r;

	if (p->opens <= OPENS_MAX)
		return 0;
	r = tell_open(h, o);
	p->first = o->next;
	p->opens--;
	free(o);
	return r;
}

static int keep_open(struct history *h, const struct event *e, bool counted)
{
	struct process *p = process_get(h, e->head.pid);
	struct opened *o = p ? opened_new(e, e->open.path_state, counted) : NULL;

	if (!o)
		return -ENOMEM;
	*p->last = o;
	p->last = &o->next;
	p->opens++;
	return tell_oldest(h, p);
}

static bool is_path(const struct opened *o, const char *path, size_t len)
{
	return o->len == len && memcmp(o->path, path, len) == 0;
}

/* The opens before the one of path, which with what lies behind is told by the exec's record. NULL:
 * the exec came to nothing, each of them was asked about. */
static int tell_opens(struct history *h, struct process *p, const struct event *e)
{
	const struct opened *end = NULL;
	int r = 0;

	for (const struct opened *o = p->first; e && o; o = o->next)
		if (is_path(o, e->path, e->path_len))
			end = o;
	for (const struct opened *o = p->first; r >= 0 && o && o != end; o = o->next)
		if (!e || (!is_path(o, e->path, e->path_len) &&
			   !is_path(o, e->strings[2].s, e->strings[2].len)))
			r = tell_open(h, o);
	return r;
}

static int tell(struct history *h, const struct event *e, const struct asked *q, unsigned n,
		bool counted)
{
	int r = 0;

	for (unsigned i = 0; counted && r >= 0 && i < n; i++)
		r = h->each(h->arg, &e->head, &q[i]);
	return r;
}

/* The check's record is of the file that was refused alone. One that would have been goes on, and
 * so may a second check of the same exec: its script's interpreter. */
static int add_refused(struct history *h, const struct event *e, bool counted)
{
	struct process *p = process_get(h, e->head.pid);
	struct opened *o = p ? opened_new(e, e->exec.path_state, counted) : NULL;
	struct asked q[ASKED_MAX];
	unsigned n = asked_of(e, q);
	int r;

	if (!o)
		return -ENOMEM;
	r = tell_opens(h, p, e);
	opened_free(&p->first);
	p->last = &p->first;
	p->opens = 0;
	o->next = p->refused;
	p->refused = o;
	if (e->head.verdict == RV_VERDICT_DENIED)
		process_forget(h, p);
	return r < 0 ? r : tell(h, e, &q[n - 1], 1, counted);
}

static bool was_refused(const struct process *p, const struct asked *q)
{
	for (const struct opened *o = p ? p->refused : NULL; o; o = o->next)
		if (is_path(o, q->text, q->len))
			return true;
	return false;
}

static int add_exec(struct history *h, const struct event *e, bool counted)
{
	struct process *p = process_find(h, e->head.pid);
	struct asked q[ASKED_MAX];
	unsigned n = asked_of(e, q);
	int r = 0;

	if (e->head.hook == RV_HOOK_EXEC_CHECK)
		return add_refused(h, e, counted);
	if (p)
		r = tell_opens(h, p, e);
	for (unsigned i = 0; r >= 0 && i < n; i++)
		if (!was_refused(p, &q[i]))
			r = tell(h, e, &q[i], 1, counted);
	if (p)
		process_forget(h, p);
	return r;
}

static int add_exit(struct history *h, const struct event *e)
{
	struct process *p = process_find(h, e->head.pid);
	int r = 0;

	if (p) {
		r = tell_opens(h, p, NULL);
		process_forget(h, p);
	}
	return r;
}

static int add_act(struct history *h, const struct event *e, bool counted)
{
	struct asked q[ASKED_MAX];
	unsigned n;

	if (e->head.kind == RV_KIND_EXEC)
		return add_exec(h, e, counted);
	if (e->head.kind == RV_KIND_OPEN && e->open.access & RV_ACCESS_EXEC) {
		int r = keep_open(h, e, counted);

		n = asked_of(e, q);
		return r < 0 ? r : tell(h, e, q, n, counted);
	}
	n = asked_of(e, q);
	h->not_asked[e->head.kind] += counted && !n;
	if (counted && e->head.kind == RV_KIND_RENAME && S_ISDIR(e->rename.mode))
		h->renamed++;
	return tell(h, e, q, n, counted);
}

int history_add(struct history *h, const struct event *e, bool counted)
{
	if (e->head.kind >= RV_KIND_MAX || !event_kind(e->head.kind)) {
		h->unknown += counted;
		return 0;
	}
	switch (e->head.kind) {
	case RV_KIND_ARMED:
		h->armed = true;
		h->recorded = e->armed.record;
		return 0;
	case RV_KIND_CHECKPOINT:
	case RV_KIND_CLOSE:
		h->notes = e->checkpoint.counters.errors[RV_ERROR_NOTE];
		return 0;
	case RV_KIND_REPEAT:
		h->repeated += counted;
		return 0;
	case RV_KIND_EXIT:
		return add_exit(h, e);
	}
	if (!asked_is_act(e)) {
		h->not_asked[e->head.kind] += counted && e->head.phase == RV_PHASE_ARMED;
		return 0;
	}
	return add_act(h, e, counted);
}

struct ending {
	struct history *h;
	int r;
};

static void tell_last(const void *node, VISIT when, void *arg)
{
	struct ending *end = arg;

	if ((when == postorder || when == leaf) && end->r >= 0)
		end->r = tell_opens(end->h, *(struct process *const *)node, NULL);
}

int history_end(struct history *h)
{
	struct ending end = {h, 0};

	twalk_r(h->execs, tell_last, &end);
	history_release(h);
	return end.r;
}

void history_release(struct history *h)
{
	tdestroy(h->execs, process_free);
	h->execs = NULL;
}
