/* SPDX-License-Identifier: Apache-2.0 */
/* See adopt.h. The lock is only probed, never kept: between probe and start another may take over,
 * then our successor finds it taken and leaves. */
#include "sidecar/node/adopt.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/spawn.h"
#include "sidecar/common/util.h"
#include "sidecar/node/node.h"
#include "sidecar/node/sweep.h"

struct attempt {
	struct attempt *next;
	char key[KEY_SIZE];
	pid_t pid; /* of the child that waits, 0 none */
	unsigned failures;
	uint64_t not_before_ns;
	bool seen; /* by the scan under way */
};

static struct attempt *find(struct adopt *a, const char *key)
{
	struct attempt *t = a->attempts;

	while (t && strcmp(t->key, key) != 0)
		t = t->next;
	return t;
}

static struct attempt *find_or_add(struct adopt *a, const char *key)
{
	struct attempt *t = find(a, key);

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	memcpy(t->key, key, KEY_SIZE);
	t->next = a->attempts;
	a->attempts = t;
	return t;
}

static void forget_unseen(struct adopt *a)
{
	struct attempt **at = &a->attempts;

	while (*at) {
		struct attempt *t = *at;

		if (t->seen || t->pid) {
			t->seen = false;
			at = &t->next;
			continue;
		}
		*at = t->next;
		free(t);
	}
}

/* The child: has a copy of everything and touches nothing but the start. */
static void wait_for_successor(const char *key)
{
	struct spawn_request request = {.adopt_key = key, .cgroup_fd = -1, .init_fd = -1};
	enum spawn_result result;
	char error[SPAWN_TEXT_MAX];
	sigset_t none;
	int r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	r = spawn_agent(&request, ADOPT_START_MS, &result, error, sizeof(error));
	if (r < 0)
		log_err(r, "start a successor for the agent of %s: %s", key, error);
	_exit(r < 0 ? 1 : 0);
}

static void start(struct node *n, struct attempt *t)
{
	pid_t pid;

	if (n->adopt.children >= ADOPT_CHILDREN_MAX)
		return;
	pid = fork();
	if (pid == 0)
		wait_for_successor(t->key);
	if (pid < 0) {
		log_err(-errno, "fork to start a successor for the agent of %s", t->key);
		return;
	}
	t->pid = pid;
	n->adopt.children++;
	n->adopt.started++;
}

static bool has_stream(const struct node *n, const char *key)
{
	const struct life *l = lives_running_by_key(&n->lives, key);

	return l && l->stream;
}

/* Nobody serves that container or spool: give it a successor. path: what was found. */
static void look_at(struct node *n, const char *key, const char *path)
{
	struct attempt *t;

	if (has_stream(n, key))
		return;
	t = find(&n->adopt, key);
	if (t) {
		t->seen = true;
		if (t->pid || util_now_ns() < t->not_before_ns)
			return;
	}
	if (!sweep_unattended(key, path))
		return;
	t = find_or_add(&n->adopt, key);
	if (!t)
		return;
	t->seen = true;
	log_info("nobody serves %s: starting a successor", path);
	start(n, t);
}

static void scan(struct node *n, const char *dir_path, const char *suffix)
{
	DIR *dir = opendir(dir_path);
	struct dirent *entry;
	char key[KEY_SIZE], path[PATH_MAX];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (!sweep_key(entry->d_name, suffix, key))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir_path, entry->d_name);
		look_at(n, key, path);
	}
	closedir(dir);
}

static void expired(void *arg)
{
	struct node *n = arg;

	scan(n, PATH_PIN_CONTAINERS, "");
	scan(n, PATH_SPOOL, ".spool");
	scan(n, PATH_SPOOL_FALLBACK, ".spool");
	forget_unseen(&n->adopt);
	sweep_all(n);
	loop_timer_set(&n->loop, &n->adopt.timer, ADOPT_SCAN_MS);
}

void adopt_init(struct node *n)
{
	n->adopt.timer.expired = expired;
	n->adopt.timer.arg = n;
	expired(n);
}

/* Successors being started go on without us. */
void adopt_release(struct node *n)
{
	loop_timer_stop(&n->loop, &n->adopt.timer);
	while (n->adopt.attempts) {
		struct attempt *t = n->adopt.attempts;

		n->adopt.attempts = t->next;
		free(t);
	}
}

void adopt_soon(struct node *n)
{
	if (!n->loop.stopped)
		loop_timer_set(&n->loop, &n->adopt.timer, ADOPT_SOON_MS);
}

static void note_end(struct adopt *a, pid_t pid, bool ok)
{
	unsigned wait_s = 1;

	for (struct attempt *t = a->attempts; t; t = t->next) {
		if (t->pid != pid)
			continue;
		t->pid = 0;
		a->children--;
		t->failures = ok ? 0 : t->failures + 1;
		for (unsigned i = 1; i < t->failures && wait_s < ADOPT_BACKOFF_MAX_S; i++)
			wait_s *= 2;
		t->not_before_ns = util_now_ns() + (ok ? 0 : wait_s * 1000000000ull);
		return;
	}
}

void adopt_reap(struct node *n)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		note_end(&n->adopt, pid, WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
