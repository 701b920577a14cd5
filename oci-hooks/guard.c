// SPDX-License-Identifier: Apache-2.0
/* See guard.h. Input first, then the host, then what costs time. */
#include "guard.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include "cgroup/place.h"
#include "identity.h"
#include "policy_files.h"
#include "sidecar/common/log.h"
#include "sidecar/common/host.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/record.h"
#include "sidecar/common/spawn.h"
#include "sidecar/common/util.h"
#include "sidecar/live/list.h"

static int check_bundle(const struct state *s, char *why)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/config.json", s->bundle);
	if (access(path, R_OK) == 0)
		return 0;
	return util_refuse(-errno, why, GUARD_TEXT_MAX,
			   "cannot read %.400s (%s): expected the bundle that the state names",
			   path, strerror(errno));
}

static int open_init(const struct state *s, int *ret_pidfd, char *why)
{
	long fd;

	if (s->pid <= 0)
		return util_refuse(-EINVAL, why, GUARD_TEXT_MAX,
				   "the state has %s: expected the container's init, is the hook "
				   "registered as createRuntime?",
				   s->pid == 0 ? "pid 0" : "no \"pid\"");
	fd = syscall(SYS_pidfd_open, s->pid, 0);
	if (fd < 0)
		return util_refuse(-errno, why, GUARD_TEXT_MAX,
				   "no process %d (%s): expected the container's init, alive",
				   s->pid, strerror(errno));
	*ret_pidfd = (int)fd;
	return 0;
}

static int find_place(const struct state *s, int pidfd, struct place *ret, char *why)
{
	char text[GUARD_TEXT_MAX / 2] = "";
	int r = place_of_pid(s->pid, pidfd, ret, text, sizeof(text));

	if (r < 0)
		return util_refuse(r, why, GUARD_TEXT_MAX, "%s (%s)", text, strerror(-r));
	if (place_has_caller(ret->path) != 0)
		return util_refuse(-EPERM, why, GUARD_TEXT_MAX,
				   "its cgroup %.400s holds the runtime as well: expected a cgroup "
				   "of its own",
				   ret->path);
	return 0;
}

/* The host's own: its default and those of the hook's arguments. */
static int choose_policies(const struct options *o, struct policy_files *ret, char *why)
{
	int r = policy_files_add_file(ret, PATH_DEFAULT_POLICY, 1, why, GUARD_TEXT_MAX);

	for (size_t i = 0; r == 0 && i < o->policies_count; i++) {
		const char *p = o->policies[i];

		r = strchr(p, '/')
			? policy_files_add_file(ret, p, 0, why, GUARD_TEXT_MAX)
			: policy_files_add_name(ret, PATH_POLICIES, p, why, GUARD_TEXT_MAX);
	}
	return r;
}

/* The program that called us ("crun"); NULL when that cannot be told. crun can run from a copy of itself
 * whose path is "/": then its own name for itself. */
static char *runtime_name(void)
{
	char link[64], path[PATH_MAX];
	_free_ char *comm = NULL;
	size_t len;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)getppid());
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	if (strrchr(path, '/') && strrchr(path, '/')[1])
		return strdup(strrchr(path, '/') + 1);
	snprintf(link, sizeof(link), "/proc/%d/comm", (int)getppid());
	if (util_read_file(AT_FDCWD, link, sizeof(path), &comm, &len) < 0)
		return NULL;
	comm[strcspn(comm, "\n")] = '\0';
	return TAKE_PTR(comm);
}

/* The host's words and the container's, which can only add to them: a mistake in those adds nothing.
 * NULL: the default. */
static const char *recorded(const struct options *o, const struct state *s, char *buf, size_t size)
{
	struct record record;
	char error[256];

	if (!s->record)
		return o->record;
	if (strlen(s->record) >= RECORD_TEXT_MAX / 2 ||
	    record_parse(s->record, &record, error, sizeof(error)) < 0 ||
	    strcmp(s->record, "none") == 0) {
		log_warn(0, "container %s: its annotation " REEVE_ANNOTATION_RECORD
			    " is not used: it is no --record that adds to the host's",
			 s->id);
		return o->record;
	}
	if (o->record && strcmp(o->record, "none") == 0)
		return s->record;
	snprintf(buf, size, "%s,%s", o->record ? o->record : "normal", s->record);
	return buf;
}

/* What the container's annotation asks for: a file, or a policy. */
struct asked {
	const char *path, *text;
};

static int start_agent(struct options *o, const struct state *s, const struct place *place,
		       int pidfd, const struct policy_files *files, struct asked asked,
		       uint64_t until_ns, char *why)
{
	_free_ char *runtime = runtime_name();
	char record[RECORD_TEXT_MAX];
	struct meta meta = s->annotated; /* borrowed */
	struct spawn_request request = {
	    .cgroup_fd = place->fd,
	    .init_fd = pidfd,
	    .meta = &meta,
	    .fail_closed = o->fail_closed,
	    .policies = (const char *const *)files->paths,
	    .policies_count = files->count,
	    .annotated = asked.path,
	    .annotated_text = asked.text,
	    .record = recorded(o, s, record, sizeof(record)),
	    .repeat = s->repeat_each ? "each" : o->repeat,
	};
	enum spawn_result result = SPAWN_READY;
	int r;

	meta.cgroup_id = place->id;
	meta.cgroup = (char *)place->path;
	meta.bundle = s->bundle;
	meta.runtime = runtime;
	strcpy(meta.id, s->id);
	strcpy(meta.name, s->name);
	snprintf(meta.key, sizeof(meta.key), "%016" PRIx64, place->id);
	r = spawn_load(util_left_ms(until_ns), why, GUARD_TEXT_MAX);
	if (r == 0)
		r = spawn_agent(&request, util_left_ms(until_ns), &result, why, GUARD_TEXT_MAX);
	if (r < 0 && result == SPAWN_CLOSED)
		o->fail_closed = true;
	return r;
}

/* own: keeps the path. */
static int find_asked(const struct state *s, struct policy_files *own, struct asked *ret, char *why)
{
	int r;

	if (s->policy[strspn(s->policy, " \t\r\n")] == '{') {
		if (strlen(s->policy) > LIST_INLINE_MAX)
			return util_refuse(-E2BIG, why, GUARD_TEXT_MAX,
					   "its annotation " REEVE_ANNOTATION_POLICY
					   " has %zu bytes, expected at most %u; put the policy into "
					   "a file of " PATH_POLICIES " and name it",
					   strlen(s->policy), LIST_INLINE_MAX);
		ret->text = s->policy;
		return 0;
	}
	r = policy_files_add_name(own, PATH_POLICIES, s->policy, why, GUARD_TEXT_MAX);
	if (r < 0)
		return r;
	ret->path = own->paths[0];
	return 0;
}

/* So that there is time for the host's policies alone, however long the tenant's takes. */
static uint64_t half_way(uint64_t until_ns)
{
	return until_ns - (uint64_t)util_left_ms(until_ns) * 1000000 / 2;
}

/* With the container's own policy on top. The annotation is the tenant's word: a mistake in it must
 * not lift the host's policy, so under --fail open the container is guarded without it. */
static int start_annotated(struct options *o, const struct state *s,
			   const struct place *place, int pidfd, const struct policy_files *files,
			   uint64_t until_ns, char *why)
{
	_policy_files_ struct policy_files own = {};
	struct asked asked = {};
	int r = find_asked(s, &own, &asked, why);

	if (r == 0)
		r = start_agent(o, s, place, pidfd, files, asked, half_way(until_ns), why);
	if (r == 0 || o->fail_closed)
		return r;
	log_err(0, "container %s: %s; it is guarded without the policy its annotation names", s->id,
		why);
	return start_agent(o, s, place, pidfd, files, (struct asked){}, until_ns, why);
}

int guard(struct options *o, struct state *s, uint64_t until_ns, char *why)
{
	_policy_files_ struct policy_files files = {};
	_place_ struct place place = PLACE_NONE;
	_close_ int pidfd = -1;
	int r;

	if (strcmp(s->status, "running") == 0)
		return util_refuse(
		    -EALREADY, why, GUARD_TEXT_MAX,
		    "container %s runs already, its entrypoint's exec cannot be seen any "
		    "more: register the hook as createRuntime or prestart",
		    s->id);
	r = open_init(s, &pidfd, why);
	if (r == 0)
		r = check_bundle(s, why);
	if (r == 0)
		r = host_ready(why);
	if (r == 0)
		r = find_place(s, pidfd, &place, why);
	if (r == 0)
		r = choose_policies(o, &files, why);
	if (r == 0 && (r = identity_find(s)) < 0)
		(void)util_refuse(r, why, GUARD_TEXT_MAX, "out of memory");
	if (r == 0)
		r = s->policy ? start_annotated(o, s, &place, pidfd, &files, until_ns, why)
			      : start_agent(o, s, &place, pidfd, &files, (struct asked){},
					    until_ns, why);
	return r;
}
