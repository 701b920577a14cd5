/* SPDX-License-Identifier: Apache-2.0 */
/* Retention at work, in a loop as the node's, on a file system and with a configuration of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "sidecar/common/log.h"
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/node.h"
#include "sidecar/node/removal.h"
#include "tests/unit/node/apart.h"
#include "tests/unit/node/scene.h"
#include "tests/unit/tap.h"

static struct node node;

static void configure(const char *text)
{
	HOLDS(util_mkdir_p("/etc/reeve", 0755) == 0);
	HOLDS(util_write_file(PATH_CONFIG, text, strlen(text), 0644) == 0);
}

static void stop(void *arg)
{
	(void)arg;
	loop_stop(&node.loop);
}

/* Lets it work for so long; true: it has nothing to do any more. */
static bool work(unsigned ms)
{
	struct loop_timer end = {.expired = stop};

	node.loop.stopped = false;
	loop_timer_set(&node.loop, &end, ms);
	HOLDS(loop_run(&node.loop) == 0);
	return !node.retention.job.life;
}

static void comes_to_rest(void)
{
	unsigned n = 0;

	while (!work(600) && n < 200)
		n++;
	HOLDS(n < 200);
}

static void start(const char *config)
{
	HOLDS(crypt_init() == 0 && loop_init(&node.loop) == 0);
	HOLDS(util_mkdir_p(PATH_STORE, 0700) == 0 && util_mkdir_p(PATH_STORE_NODE, 0700) == 0);
	configure(config);
	store_init(&node.store, PATH_STORE, PATH_SEAL_CONTAINERS);
	store_init(&node.nodelog.store, PATH_STORE_NODE, PATH_SEAL_NODE);
	retention_init(&node);
	disk_init(&node);
}

static void finish(void)
{
	retention_release(&node);
	disk_release(&node);
	store_release(&node.store);
	lives_release(&node.lives);
	loop_release(&node.loop);
}

/* A life with so many records; what it has ended at, 0: it runs. */
static void fill(struct scene *s, const char *id, uint64_t generation, uint64_t records,
		 uint64_t ended_wall_ns)
{
	*s = (struct scene){.generation = generation};
	snprintf(s->dir.path, sizeof(s->dir.path), "%s", PATH_STORE);
	s->life = scene_admit(&node.lives, id, generation);
	s->store = node.store; /* lent */
	scene_come(s, 0, records - 1, false);
	if (ended_wall_ns) {
		scene_close(s, records);
		s->life->ended_wall_ns = ended_wall_ns;
		HOLDS(store_begin(&s->store, s->life) == 0 && store_put_meta(s->life) == 0 &&
		      store_commit(&s->store, s->life) == 0);
	}
	node.store = s->store;
}

static bool is_there(const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", PATH_STORE, file);
	return access(path, F_OK) == 0;
}

/* Exact, intact, and so large at most. */
static void is_well(struct scene *s, uint64_t bytes)
{
	struct ledger l;

	s->store = node.store;
	l = scene_ledger(s);
	HOLDS(l.exact);
	HOLDS(scene_intact(s));
	HOLDS(scene_file_size(s) <= bytes);
	node.store = s->store;
}

static void bounds_a_container(void)
{
	struct scene s;

	start("{\"retention\": {\"age\": null, \"container_bytes\": \"2MiB\", \"keep\": 1000}}");
	fill(&s, "web", 42, 20000, 0);
	HOLDS(scene_file_size(&s) > 4 << 20);
	comes_to_rest();
	HOLDS(s.life->cuts.denials == 0 && cuts_cut(&s.life->cuts) > 5000);
	HOLDS(scene_rows(&s, "events WHERE seq>=19000") == 1000 - 1); /* one was lost */
	is_well(&s, 2 << 20);
	/* A bound that cannot be kept: what always stays is more than that. */
	configure(
	    "{\"retention\": {\"age\": null, \"container_bytes\": \"1MiB\", \"keep\": 10000}}");
	retention_reload(&node);
	s.life->spared_ns = 0;
	comes_to_rest();
	HOLDS(scene_rows(&s, "events WHERE seq>=10000") <= 10000 - 10);
	is_well(&s, UINT64_MAX);
	finish();
}

/* So many records more from *n on, and what retention does then. */
static void more(struct scene *s, uint64_t *n, uint64_t records)
{
	s->store = node.store; /* lent */
	scene_come(s, *n, *n + records - 1, false);
	node.store = s->store;
	*n += records;
	s->life->spared_ns = 0;
	retention_reload(&node); /* looks around at once */
	comes_to_rest();
}

/* What of a chain is for records that are gone goes, too: else it would fill the bound. */
static void bounds_a_chain(void)
{
	uint64_t n = 1000, links;
	struct scene s;

	start("{\"retention\": {\"age\": null, \"container_bytes\": \"1MiB\", \"keep\": 100}}");
	fill(&s, "web", 42, n, 0);
	for (unsigned i = 0; i < 6; i++)
		more(&s, &n, 5000);
	links = scene_rows(&s, "chain");
	printf("# %d links left of %d\n", (int)links, (int)n / 100);
	HOLDS(links < n / 100 / 2 && !s.life->overfull);
	/* Also when all comes between two looks: the records of now are more than the bound, and the chain, too. */
	more(&s, &n, 20000);
	HOLDS(scene_rows(&s, "chain") < 200 && !s.life->overfull);
	printf("# %d links, %d records left, %d cut\n", (int)scene_rows(&s, "chain"), (int)scene_rows(&s, "events"), (int)cuts_cut(&s.life->cuts));
	HOLDS(scene_rows(&s, "events WHERE seq>0") > 400);
	is_well(&s, 1 << 20);
	/* A record that somebody has changed is not said again as if it were as it was. */
	scene_change(&s, "UPDATE events SET pid=1 WHERE seq=(SELECT max(seq) FROM events)");
	for (unsigned i = 0; i < 6 && !s.life->untrimmed_ns; i++)
		more(&s, &n, 5000);
	HOLDS(s.life->untrimmed_ns != 0);
	finish();
}

/* A chain that nobody has trimmed, and nobody can any more: acts pay for it, as far as they go, but no denial. */
static void spares_denials(void)
{
	uint64_t now = util_wall_ns();
	struct scene s;

	start("{\"retention\": {\"age\": null, \"container_bytes\": \"1MiB\", \"keep\": 100}}");
	fill(&s, "web", 42, 40000, now);
	comes_to_rest();
	printf("# %d bytes, %d records\n", (int)scene_file_size(&s), (int)scene_rows(&s, "events"));
	HOLDS(s.life->overfull && s.life->cuts.denials == 0);
	HOLDS(scene_rows(&s, "events WHERE verdict='denied'") == s.denied);
	HOLDS(scene_rows(&s, "events WHERE verdict<>'denied' AND kind='open' AND seq<39000") == 0);
	is_well(&s, 2 << 20);
	/* The same again: not a piece of them each time. */
	s.life->spared_ns = 0;
	retention_reload(&node);
	comes_to_rest();
	HOLDS(s.life->cuts.denials == 0);
	finish();
}

static void goes_by_age(void)
{
	uint64_t now = util_wall_ns(), hour = 3600000000000ull;
	struct scene old, young, runs;
	char said[256];

	start("{\"retention\": {\"age\": \"2h\"}}");
	fill(&old, "old", 1, 200, now - 3 * hour);
	fill(&young, "young", 2, 200, now - hour);
	fill(&runs, "runs", 3, 5000, 0); /* its records are of 1970 */
	comes_to_rest();
	HOLDS(node.lives.count == 2 && node.retention.removed == 1);
	HOLDS(!is_there("old@1.db") && is_there("young@2.db") && is_there("runs@3.db"));
	HOLDS(removal_find(PATH_REMOVED, "old", said, sizeof(said)) && strstr(said, "age"));
	HOLDS(scene_rows(&runs,
			 "events WHERE seq>0 AND seq<4000 AND kind='open' AND verdict!='denied'") ==
	      0);
	HOLDS(scene_rows(&runs, "events WHERE verdict='denied'") == runs.denied);
	HOLDS(cuts_cut(&young.life->cuts) == 0);
	is_well(&runs, UINT64_MAX);
	finish();
}

static void bounds_the_node(void)
{
	uint64_t now = util_wall_ns(), second = 1000000000ull;
	struct scene s[4];
	static const char *const ids[] = {"a", "b", "c", "d"};
	static const uint64_t ended[] = {20, 40, 30, 0}; /* seconds ago */

	start("{\"retention\": {\"age\": null, \"node_bytes\": \"10MiB\"}}");
	for (uint64_t i = 0; i < 4; i++)
		fill(&s[i], ids[i], i + 1, 8000, ended[i] ? now - ended[i] * second : 0);
	comes_to_rest();
	/* Those that ended first; what runs is not touched as long as there are any. */
	HOLDS(!is_there("b@2.db") && !is_there("c@3.db"));
	HOLDS(is_there("d@4.db") && cuts_cut(&s[3].life->cuts) == 0);
	is_well(&s[3], UINT64_MAX);
	configure("{\"retention\": {\"age\": null, \"node_bytes\": \"1MiB\"}}");
	retention_reload(&node);
	comes_to_rest();
	HOLDS(node.lives.count == 1 && cuts_cut(&s[3].life->cuts) > 0);
	is_well(&s[3], UINT64_MAX);
	finish();
}

static void guesses_nothing(void)
{
	struct scene s;

	start("{\"retention\": {\"age\": \"2 hours\"}}");
	fill(&s, "old", 1, 200, 1);
	HOLDS(work(1500));
	HOLDS(is_there("old@1.db") && strstr(node.retention.refused, PATH_CONFIG ":1:"));
	configure("{\"retention\": {\"age\": null}}");
	retention_reload(&node);
	HOLDS(node.retention.refused[0] == '\0' && work(1000) && is_there("old@1.db"));
	configure("{\"retention\": {\"age\": \"2h\"");
	retention_reload(&node);
	HOLDS(node.retention.refused[0] && work(1000) && is_there("old@1.db"));
	configure("{\"retention\": {\"age\": \"2h\"}}");
	retention_reload(&node);
	HOLDS(node.retention.refused[0] == '\0' && work(1000) && !is_there("old@1.db"));
	finish();
}

/* Somebody else fills the disk: room is made, but not of the newest part of the bound. */
static void gives_way_to_a_point(void)
{
	uint64_t now = util_wall_ns();
	struct scene s[4];
	static const char *const ids[] = {"a", "b", "c", "d"};

	start("{\"retention\": {\"age\": null, \"node_bytes\": \"16MiB\"}}");
	for (uint64_t i = 0; i < 4; i++)
		fill(&s[i], ids[i], i + 1, 8000, now - (9 - i) * 1000000000ull);
	HOLDS(work(1000) && node.lives.count == 4);
	for (unsigned i = 0; i < 8; i++) { /* and takes what is given up */
		apart_fill("/var/lib/ballast");
		HOLDS(work(800));
	}
	HOLDS(node.disk.level != DISK_FREE);
	HOLDS(!is_there("a@1.db") && is_there("d@4.db"));
	HOLDS(node.lives.count > 0 && node.lives.count < 4);
	HOLDS(unlink("/var/lib/ballast") == 0 && work(2000) && node.disk.level == DISK_FREE);
	is_well(&s[3], UINT64_MAX);
	finish();
}

TEST("retention: one container's bytes: the oldest go until it fits, and the file is smaller")
{
	apart(bounds_a_container);
}

TEST("retention: a container's chain keeps to its part of the bound, and proves what is left")
{
	apart(bounds_a_chain);
}

TEST("retention: for a chain that was not trimmed before the end no denial goes")
{
	apart(spares_denials);
}

TEST("retention: by age, what ended as a whole, what runs record by record")
{
	apart(goes_by_age);
}

TEST("retention: the node's bytes: what ended first goes first, then what runs gives some")
{
	apart(bounds_the_node);
}

TEST("retention: a configuration with a mistake deletes nothing; one that comes later changes "
     "nothing")
{
	apart(guesses_nothing);
}

TEST("retention: a full disk has the oldest removed, and never all of it")
{
	apart(gives_way_to_a_point);
}
