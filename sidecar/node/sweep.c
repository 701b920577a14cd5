/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep.h. */
#include "sidecar/node/sweep.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"
#include "sidecar/node/client.h"
#include "sidecar/node/names.h"
#include "sidecar/node/node.h"

#define AGENTS_DIR PATH_CGROUP_ROOT "/" CGROUP_AGENTS
#define ALONE_NS (10 * 1000000000ull) /* without agent, pins or spool: its end was not seen */

bool sweep_key(const char *name, const char *suffix, char ret_key[KEY_SIZE])
{
	if (strspn(name, "0123456789abcdef") != KEY_SIZE - 1 ||
	    strcmp(name + KEY_SIZE - 1, suffix) != 0)
		return false;
	memcpy(ret_key, name, KEY_SIZE - 1);
	ret_key[KEY_SIZE - 1] = '\0';
	return true;
}

/* Seconds since the inode last changed; a clock set back makes everything old. */
static bool older_than(const struct stat *st, time_t age_s)
{
	time_t now = time(NULL);

	return now < st->st_ctime || now - st->st_ctime >= age_s;
}

bool sweep_unattended(const char *key, const char *path)
{
	char lock[PATH_MAX];
	_close_ int fd = -1;
	struct stat st;

	snprintf(lock, sizeof(lock), "%s/%s/lock", PATH_RUN_CONTAINERS, key);
	fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT && lstat(path, &st) == 0 &&
		       older_than(&st, ADOPT_ABANDONED_S);
	if (fstat(fd, &st) < 0 || !older_than(&st, ADOPT_FRESH_S))
		return false;
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static bool exists(const char *dir, const char *key, const char *suffix)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s", dir, key, suffix);
	return access(path, F_OK) == 0;
}

static bool left_behind(const char *key)
{
	return exists(PATH_PIN_CONTAINERS, key, "") || exists(PATH_SPOOL, key, ".spool") ||
	       exists(PATH_SPOOL_FALLBACK, key, ".spool");
}

static void sweep_cgroup(const char *key)
{
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", AGENTS_DIR, key);
	if (lstat(path, &st) < 0 || !older_than(&st, ADOPT_ABANDONED_S) || left_behind(key) ||
	    !sweep_unattended(key, path))
		return;
	if (rmdir(path) == 0) /* EBUSY: somebody is in it */
		log_info("removed the empty cgroup %s", path);
}

static void sweep_run(const char *key)
{
	static const char *const files[] = {"meta", "lock"};
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", PATH_RUN_CONTAINERS, key);
	if (lstat(path, &st) < 0 || !older_than(&st, ADOPT_ABANDONED_S) || left_behind(key) ||
	    !sweep_unattended(key, path))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", PATH_RUN_CONTAINERS, key, files[i]);
		(void)unlink(path);
	}
	snprintf(path, sizeof(path), "%s/%s", PATH_RUN_CONTAINERS, key);
	if (rmdir(path) == 0)
		log_info("removed %s, its agent is gone", path);
}

static void each_key(const char *dir_path, void (*sweep)(const char *key))
{
	DIR *dir = opendir(dir_path);
	struct dirent *entry;
	char key[KEY_SIZE];

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (sweep_key(entry->d_name, "", key))
			sweep(key);
	closedir(dir);
}

/* A later life in the same cgroup id: after a boot the numbers start again. */
static bool followed(const struct node *n, const struct life *l)
{
	for (const struct life *o = n->lives.first; o; o = o->next)
		if (strcmp(o->meta.key, l->meta.key) == 0 &&
		    o->meta.started_wall_ns > l->meta.started_wall_ns)
			return true;
	return false;
}

/* Running by its store, but no agent, no pins and no spool: the host went down under it. Its
 * ledger shows that the closing record is missing. */
static void end_life(struct node *n, struct life *l)
{
	if (store_put_end(&n->store, l) == 0)
		log_warn(0, "container %s has gone without a closing record", l->meta.id);
	l->alone_since_ns = 0;
	clients_notify(l, NULL, 0);
}

static void end_lives(struct node *n)
{
	uint64_t now = util_now_ns();

	for (struct life *l = n->lives.first; l; l = l->next) {
		if (l->ended)
			continue;
		if (l->stream || (left_behind(l->meta.key) && !followed(n, l)))
			l->alone_since_ns = 0;
		else if (!l->alone_since_ns)
			l->alone_since_ns = now;
		else if (now - l->alone_since_ns >= ALONE_NS)
			end_life(n, l);
	}
}

void sweep_all(struct node *n)
{
	each_key(AGENTS_DIR, sweep_cgroup);
	each_key(PATH_RUN_CONTAINERS, sweep_run);
	end_lives(n);
	names_sweep(n);
}
