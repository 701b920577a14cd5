/* SPDX-License-Identifier: Apache-2.0 */
/* reeve unload: leaves the host as if reeve had never run, the records excepted. Says what it took
 * away and what is still held by someone. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "cgroup/place.h"
#include "cgroup/tree.h"
#include "query.h"
#include "sidecar/common/kbpf.h"
#include "sidecar/common/log.h"
#include "sidecar/common/meta.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/pins.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/slot.h"
#include "sidecar/common/util.h"
#include "verbs.h"

#define LOCK_DEADLINE_MS 20000
#define GONE_DEADLINE_MS 5000 /* the kernel frees programs and cgroups behind our back */
#define GONE_RETRY_MS 20

/* What stands in PATH_PIN_CONTAINERS under one key. */
struct guarded {
	struct json *meta; /* NULL: its agent never got so far as to be ready */
	bool lives;
};

static struct guarded look_at(const char *key)
{
	struct place place _place_ = PLACE_NONE;
	struct guarded g = {0};
	_free_ char *data = NULL;
	char path[128], error[128];
	size_t len;

	g.lives =
	    place_of_id(strtoull(key, NULL, 16), &place) == 0 && place_populated(place.fd) == 1;
	snprintf(path, sizeof(path), PATH_RUN_CONTAINERS "/%.16s/meta", key);
	if (util_read_file(AT_FDCWD, path, META_SIZE_MAX, &data, &len) == 0)
		json_parse(data, len, false, &g.meta, error, sizeof(error));
	return g;
}

static void say_guarded(const char *key, const struct guarded *g)
{
	const char *name = json_get_string(g->meta, "name", "?");

	fprintf(stderr, "  %s ", json_get_string(g->meta, "id", key));
	quote_word(stderr, name, strlen(name));
	fputs(g->lives ? " is running\n"
		       : " has ended, its last records are not collected yet: start reeve-node\n",
	      stderr);
}

static int refuse_if_guarding(void)
{
	DIR *d = opendir(PATH_PIN_CONTAINERS);
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d))) {
		struct guarded g;

		if (e->d_name[0] == '.')
			continue;
		g = look_at(e->d_name);
		if (g.lives || g.meta) {
			if (n++ == 0)
				log_err(0, "containers are guarded; end them, or take the guard "
					   "off them with --force:");
			say_guarded(e->d_name, &g);
		}
		json_free(g.meta);
	}
	if (d)
		closedir(d);
	return n ? -EBUSY : 0;
}

/* Agents hold links and maps by fd: with --force they go first. */
static void kill_agents(void)
{
	static const char path[] = PATH_CGROUP_ROOT "/" CGROUP_AGENTS "/cgroup.kill";
	_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "1", 1) < 0)
		log_warn(-errno, "end the agents through %s", path);
}

/* Objects of ours the kernel still has, by name. */
static unsigned count_objects(int next_cmd, int fd_cmd)
{
	uint32_t id = 0;
	unsigned n = 0;

	while (kbpf_next_id(next_cmd, id, &id) == 0) {
		_close_ int fd = kbpf_fd_by_id(fd_cmd, id);
		union {
			struct bpf_prog_info prog;
			struct bpf_map_info map;
		} info;

		if (fd < 0)
			continue;
		if (next_cmd == BPF_PROG_GET_NEXT_ID) {
			if (kbpf_info(fd, &info.prog, sizeof(info.prog)) == 0)
				n += strncmp(info.prog.name, "reeve_", 6) == 0;
		} else if (kbpf_info(fd, &info.map, sizeof(info.map)) == 0) {
			n += strncmp(info.map.name, "reeve_", 6) == 0;
		}
	}
	return n;
}

static void count_all(unsigned *ret_progs, unsigned *ret_maps)
{
	*ret_progs = count_objects(BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID);
	*ret_maps = count_objects(BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID);
}

static int remove_cgroups(void)
{
	uint64_t until = util_now_ns() + GONE_DEADLINE_MS * 1000000ull;
	int r;

	while ((r = tree_remove()) == -EBUSY && util_now_ns() < until)
		poll(NULL, 0, GONE_RETRY_MS);
	return r;
}

/* Programs go with their last link and fd, a grace period later, one after the other: as long as they
 * become fewer, it is worth waiting. */
static int wait_for_objects(unsigned *ret_progs, unsigned *ret_maps)
{
	uint64_t until = util_now_ns() + GONE_DEADLINE_MS * 1000000ull;
	unsigned before = UINT_MAX;

	for (;;) {
		count_all(ret_progs, ret_maps);
		if (*ret_progs + *ret_maps == 0)
			return 0;
		if (*ret_progs + *ret_maps < before)
			until = util_now_ns() + GONE_DEADLINE_MS * 1000000ull;
		else if (util_now_ns() >= until)
			return -EBUSY;
		before = *ret_progs + *ret_maps;
		poll(NULL, 0, GONE_RETRY_MS);
	}
}

static int take_away(void)
{
	unsigned progs, maps, left_progs, left_maps;
	bool pinned = access(PATH_PINS, F_OK) == 0;
	bool cgroups = access(PATH_CGROUP_ROOT "/" CGROUP_REEVE, F_OK) == 0;
	int r;

	count_all(&progs, &maps);
	if (!pinned && !cgroups && progs + maps == 0) {
		puts("nothing is loaded");
		return 0;
	}
	r = pins_remove_all();
	if (r < 0)
		return log_err(r, "remove the pins below %s", PATH_PINS);
	if (pinned)
		puts("removed " PATH_PINS);
	r = remove_cgroups();
	if (r < 0)
		return log_err(r, "remove cgroup %s/%s: a process is left in it", PATH_CGROUP_ROOT,
			       CGROUP_REEVE);
	if (cgroups)
		puts("removed " PATH_CGROUP_ROOT "/" CGROUP_REEVE);
	r = wait_for_objects(&left_progs, &left_maps);
	printf("freed %u programs, %u maps\n", progs > left_progs ? progs - left_progs : 0,
	       maps > left_maps ? maps - left_maps : 0);
	if (r < 0)
		return log_err(0, "%u programs and %u maps are still held by a process: %s",
			       left_progs, left_maps,
			       query_probe() == 0 ? "stop reeve-node and run this again"
						  : "'bpftool prog show' names it"),
		       r;
	return 0;
}

/* Directories only when empty, and nothing a running node uses. */
static void remove_run_files(void)
{
	static const char *const files[] = {PATH_QUERY_SOCKET, PATH_AGENT_SOCKET, PATH_NODE_PID,
					    PATH_RUN "/bulk.lock", PATH_LOAD_LOCK};

	rmdir(PATH_RUN_CONTAINERS);
	rmdir(PATH_SPOOL_FALLBACK);
	if (query_probe() == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(files[i]);
	rmdir(PATH_RUN);
}

int verb_unload(int argc, char **argv)
{
	static const struct option options[] = {{"force", no_argument, NULL, 'f'}, {0}};
	_close_ int lock = -1;
	bool force = false;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'f')
			return verb_usage("unload");
		force = true;
	}
	if (optind != argc)
		return verb_usage("unload");
	if (geteuid() != 0)
		return log_err(-EPERM, "unload: run as root"), 1;
	r = slot_lock(LOCK_DEADLINE_MS, &lock);
	if (r < 0)
		return log_err(r, "take the lock %s", PATH_LOAD_LOCK), 1;
	if (force)
		kill_agents();
	else if (refuse_if_guarding() < 0)
		return 1;
	r = take_away();
	if (r == 0)
		remove_run_files();
	return r < 0;
}
