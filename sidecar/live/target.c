/* SPDX-License-Identifier: Apache-2.0 */
/* See target.h. What a container is called stands beside its agent's lock; which slot is its, and
 * whether it lives, the kernel's maps alone say. */
#include "target.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "cgroup/place.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/log.h"
#include "sidecar/common/util.h"

#define PROCS_MAX (1u << 20) /* bytes of a cgroup.procs */
#define NEST_MAX 8	     /* cgroups below a container's that are looked into */

void target_release(struct target *t)
{
	if (t->state)
		munmap(t->state, 4096);
	tables_close(&t->tables);
	meta_release(&t->meta);
	*t = (struct target)TARGET_NONE;
}

static int read_meta(const char *key, struct meta *ret)
{
	_json_ struct json *j = NULL;
	_free_ char *text = NULL;
	char path[PATH_MAX], error[256];
	size_t len;
	int r;

	snprintf(path, sizeof(path), "%s/%s/meta", PATH_RUN_CONTAINERS, key);
	r = util_read_file(AT_FDCWD, path, META_SIZE_MAX, &text, &len);
	if (r == 0)
		r = json_parse(text, len, false, &j, error, sizeof(error));
	if (r == 0)
		r = meta_from_json(j, ret, error, sizeof(error));
	if (r == 0 && strcmp(ret->key, key) != 0) {
		meta_release(ret);
		r = -EBADMSG;
	}
	return r;
}

static int place_of(uint64_t cgroup_id, struct rv_place *ret)
{
	_close_ int fd = kbpf_obj_get(PATH_PIN_MAPS "/reeve_cgroups");

	return fd < 0 ? fd : kbpf_map_lookup(fd, &cgroup_id, ret);
}

static int map_state(uint32_t slot, struct rv_state **ret)
{
	_close_ int states = kbpf_obj_get(PATH_PIN_MAPS "/reeve_states");
	_close_ int fd = -1;
	uint32_t id;
	void *page;
	int r = states < 0 ? states : kbpf_map_lookup(states, &slot, &id);

	if (r < 0)
		return r;
	fd = kbpf_fd_by_id(BPF_MAP_GET_FD_BY_ID, id);
	if (fd < 0)
		return fd;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	*ret = page;
	return 0;
}

bool target_alive(const struct target *t)
{
	return __atomic_load_n(&t->state->prepared, __ATOMIC_ACQUIRE) == RV_PREPARED &&
	       t->state->generation == t->id.generation &&
	       t->state->cgroup_id == t->meta.cgroup_id;
}

int target_open(const char *key, struct target *t)
{
	struct rv_place place;
	int r = read_meta(key, &t->meta);

	if (r == 0)
		r = place_of(t->meta.cgroup_id, &place);
	if (r < 0)
		return r;
	memcpy(t->id.key, key, KEY_SIZE);
	t->id.generation = place.generation;
	t->slot = place.slot;
	r = map_state(place.slot, &t->state);
	if (r == 0)
		r = tables_open(&t->tables);
	if (r < 0)
		return r;
	return target_alive(t) && t->meta.generation == place.generation ? 0 : -ESTALE;
}

int target_each(int (*each)(void *arg, const char *key), void *arg)
{
	DIR *dir = opendir(PATH_PIN_CONTAINERS);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (strspn(entry->d_name, "0123456789abcdef") == KEY_SIZE - 1 &&
		    entry->d_name[KEY_SIZE - 1] == '\0')
			r = each(arg, entry->d_name);
	closedir(dir);
	return r;
}

int target_table(const struct target *t, struct rv_table **ret)
{
	return tables_get(&t->tables, t->slot, t->state->policy, ret);
}

/* In the cgroup or the nearest below it. */
static int first_process(int cgroup, unsigned depth)
{
	_free_ char *procs = NULL;
	size_t len;
	int r = -ESRCH, dir_fd;
	struct dirent *entry;
	DIR *dir;

	if (util_read_file(cgroup, "cgroup.procs", PROCS_MAX, &procs, &len) == 0 && len > 0)
		r = (int)syscall(SYS_pidfd_open, (pid_t)strtol(procs, NULL, 10), 0);
	if (r >= 0 || depth == 0)
		return r >= 0 ? r : -ESRCH;
	dir_fd = openat(cgroup, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	if (!dir)
		return util_close_p(&dir_fd), -ESRCH;
	while (r < 0 && (entry = readdir(dir))) {
		_close_ int below = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		below = openat(cgroup, entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (below >= 0)
			r = first_process(below, depth - 1);
	}
	closedir(dir);
	return r;
}

int target_process(const struct target *t)
{
	_place_ struct place place = PLACE_NONE;
	int r = place_of_id(t->meta.cgroup_id, &place);

	return r < 0 ? r : first_process(place.fd, NEST_MAX);
}

struct search {
	const char *word;
	char key[KEY_SIZE];
	enum meta_fit fit;
	unsigned n; /* that fit as well */
	char names[1024];
	size_t names_len;
};

/* One that has ended may still have its pins. */
static bool has_ended(const char *key)
{
	_target_ struct target t = TARGET_NONE;
	int r = target_open(key, &t);

	return r == -ESTALE || r == -ENOENT;
}

static int look_at(void *arg, const char *key)
{
	struct search *s = arg;
	struct meta m = {};
	enum meta_fit fit;

	if (read_meta(key, &m) < 0)
		return 0;
	fit = meta_fits(&m, s->word);
	if (fit != META_FIT_NONE && fit >= s->fit && has_ended(key))
		fit = META_FIT_NONE;
	if (fit > s->fit)
		s->n = s->names_len = 0;
	if (fit != META_FIT_NONE && fit >= s->fit) {
		s->n++;
		s->fit = fit;
		s->names_len = meta_put_candidate(&m, fit, s->names, sizeof(s->names), s->names_len);
		memcpy(s->key, key, KEY_SIZE);
	}
	meta_release(&m);
	return 0;
}

int target_find(const char *word, struct target *t)
{
	struct search s = {.word = word};
	int r = target_each(look_at, &s);

	if (r < 0)
		return log_err(r, "look for containers in %s: this needs root", PATH_PIN_CONTAINERS);
	if (s.n > 1)
		return log_err(0, "'%s' %s:%s", word, meta_fits_several(s.fit), s.names), -EEXIST;
	if (s.n == 0)
		return log_err(0, "no running container '%s' is guarded here; 'reeve ps' lists them",
			       word),
		       -ENOENT;
	r = target_open(s.key, t);
	return r < 0 ? log_err(r, "open container %s in the kernel", word) : 0;
}
