/* SPDX-License-Identifier: Apache-2.0 */
/* How full a disk is, and one that is full: in a mount namespace of its own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "sidecar/common/paths.h"
#include "sidecar/common/util.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/intake.h"
#include "sidecar/node/node.h"
#include "tests/unit/node/apart.h"
#include "tests/unit/node/scene.h"
#include "tests/unit/tap.h"

TEST("disk: a level is entered at its part of the floor, and left with an eighth more")
{
	static const struct {
		uint64_t free;
		enum disk_level now, then;
	} cases[] = {
	    {800, DISK_FREE, DISK_FREE},   {799, DISK_FREE, DISK_TIGHT},
	    {850, DISK_TIGHT, DISK_TIGHT}, {900, DISK_TIGHT, DISK_FREE},
	    {399, DISK_TIGHT, DISK_SHORT}, {400, DISK_TIGHT, DISK_TIGHT},
	    {440, DISK_SHORT, DISK_SHORT}, {450, DISK_SHORT, DISK_TIGHT},
	    {199, DISK_FREE, DISK_SCARCE}, {99, DISK_FREE, DISK_FULL},
	    {0, DISK_FULL, DISK_FULL},	   {112, DISK_FULL, DISK_SCARCE},
	    {5000, DISK_FULL, DISK_FREE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_INT(disk_judge(cases[i].free, 800, cases[i].now), cases[i].then);
	CHECK_INT(disk_judge(0, 0, DISK_FREE), DISK_FREE);
	CHECK_INT((long long)disk_floor(CONFIG_FREE_AUTO, 4 << 20), (4 << 20) / 20);
	CHECK_INT((long long)disk_floor(CONFIG_FREE_AUTO, 1ull << 50), 1 << 30);
	CHECK_INT((long long)disk_floor(5, 1ull << 50), 5);
	CHECK_INT(disk_class(DISK_TIGHT), CLASS_ACTS);
	CHECK_INT(disk_class(DISK_FULL), CLASS_EVIDENCE);
}

/* As scene_come does it, through the disk's door: numbers that could not be stored stay in the
 * intake. */
static int deliver(struct node *n, struct scene *s, struct intake *in, uint64_t from, uint64_t to)
{
	uint8_t data[4096];
	int r = 0;
	bool bulk;

	for (uint64_t seq = from; seq <= to; seq++) {
		scene_give(s, seq);
		if (!scene_is_lost(seq))
			(void)intake_add(in, data, scene_put(s, data, seq, scene_kind(seq)), &bulk);
		in->meta = true;
		s->life->counters = s->given;
		if (seq % 100 == 0 || seq == to)
			r = disk_commit(n, in, s->life);
	}
	return r;
}

static void live_through(bool again)
{
	static struct node n;
	struct scene s = {.generation = GENERATION};
	struct intake in = {};
	struct ledger l;

	HOLDS(crypt_init() == 0);
	HOLDS(util_mkdir_p(PATH_STORE, 0700) == 0);
	config_default(&n.retention.config);
	store_init(&n.store, PATH_STORE, PATH_SEAL_CONTAINERS);
	snprintf(s.dir.path, sizeof(s.dir.path), "%s", PATH_STORE);
	s.life = scene_admit(&n.lives, "web", GENERATION);
	spill_init(&n.disk.spill);
	disk_look(&n);
	HOLDS(n.disk.level == DISK_FREE && n.disk.spill.fd >= 0);
	HOLDS(deliver(&n, &s, &in, 0, 2000) == 0);
	/* Full to the last byte, also of what is given up: what is denied is stored, in the
	 * reserve. */
	for (uint64_t at = 2001; at < 10000; at += 1000) {
		apart_fill("/var/lib/ballast");
		HOLDS(deliver(&n, &s, &in, at, at + 999) == 0 && in.len == 0);
	}
	HOLDS(n.disk.level == DISK_FULL && spill_any(&n.disk.spill));
	/* The node is ended, and another comes. */
	if (again) {
		spill_release(&n.disk.spill);
		store_release(&n.store);
		lives_release(&n.lives);
		apart_fill("/var/lib/ballast");
		HOLDS(store_load(&n.store, &n.lives) == 0 && n.lives.count == 1);
		s.life = n.lives.first;
		HOLDS(spill_open(&n.disk.spill, PATH_RESERVE, 0) == 0 && spill_any(&n.disk.spill));
	}
	/* That is full now, too: nothing is taken, nothing is lost. */
	for (uint64_t at = 10001; at < 200000 && in.len == 0; at += 100)
		(void)deliver(&n, &s, &in, at, at + 99);
	HOLDS(in.len > 0);
	HOLDS(disk_commit(&n, &in, s.life) == -ENOSPC);
	HOLDS(unlink("/var/lib/ballast") == 0);
	HOLDS(disk_commit(&n, &in, s.life) == 0 && in.len == 0);
	HOLDS(n.disk.level == DISK_FREE && !spill_any(&n.disk.spill));
	HOLDS(cuts_dropped(&s.life->cuts) > 7500);
	s.store = n.store;
	scene_close(&s, s.given.issued + 1);
	l = scene_ledger(&s);
	HOLDS(l.exact);
	HOLDS(s.denied == scene_rows(&s, "events WHERE verdict='denied'"));
	HOLDS(scene_intact(&s));
	store_release(&s.store);
	intake_release(&in);
	lives_release(&n.lives);
}

static void live_through_it(void)
{
	live_through(false);
}

static void live_through_twice(void)
{
	live_through(true);
}

static void start_while_full(void)
{
	struct scene s = {.generation = GENERATION};
	struct ledger l;

	HOLDS(crypt_init() == 0 && util_mkdir_p(PATH_STORE, 0700) == 0);
	snprintf(s.dir.path, sizeof(s.dir.path), "%s", PATH_STORE);
	store_init(&s.store, PATH_STORE, PATH_SEAL_CONTAINERS);
	s.life = scene_admit(&s.all, "web", GENERATION);
	scene_come(&s, 0, 499, false);
	store_release(&s.store); /* with its log, which it would have to make again to be read */
	lives_release(&s.all);
	apart_fill("/var/lib/ballast");
	HOLDS(store_load(&s.store, &s.all) == 0 && s.all.count == 1);
	s.life = s.all.first;
	l = scene_ledger(&s);
	HOLDS(l.exact && l.stored == 499);
	store_release(&s.store);
	lives_release(&s.all);
}

TEST("disk: what was stored is known and read by a node that starts while it is full")
{
	apart(start_while_full);
}

TEST("disk: full to the last byte under load; evidence is stored or waits, and then all goes on")
{
	apart(live_through_it);
}

TEST("disk: the same, and the node is another after it")
{
	apart(live_through_twice);
}
