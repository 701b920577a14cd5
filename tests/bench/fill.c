/* SPDX-License-Identifier: Apache-2.0 */
/* fill DIR RECORDS [no-index]: a database of one ended container "bench" in DIR, made by the node's own
 * code from records as a build and a web server make them: one exec in 1,000, one connect in 20, opens of
 * 20,000 files; one record in 2,000 a denial. With no-index without the index. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/intake.h"

#define GENERATION 1000
#define BEGIN_NS 1700000000000000000ull
#define STEP_NS 1000000ull
#define BATCH 2000

union record {
	struct rv_head head;
	struct rv_checkpoint armed;
	struct rv_exec exec;
	struct rv_open open;
	struct rv_connect connect;
	uint8_t bytes[sizeof(struct rv_checkpoint) + 256];
};

static unsigned draw(unsigned below)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x >> 16) % below;
}

static size_t with_path(union record *r, size_t size, __u32 *path_len, const char *path)
{
	*path_len = (__u32)strlen(path);
	memcpy(r->bytes + size, path, *path_len);
	return size + *path_len;
}

static size_t make(union record *r, uint64_t seq)
{
	char path[128];
	size_t len;

	memset(r, 0, sizeof(*r));
	r->head = (struct rv_head){.seq = seq,
				   .generation = GENERATION,
				   .tai_ns = BEGIN_NS + seq * STEP_NS,
				   .exec_seq = seq / 1000 * 1000 + 1,
				   .pid = 1000 + draw(200),
				   .ns_pid = 1 + draw(200),
				   .uid = draw(5) ? 0 : 33,
				   .verdict = draw(2000) ? RV_VERDICT_ALLOWED : RV_VERDICT_DENIED};
	if (seq == 0) {
		r->head.kind = RV_KIND_ARMED;
		len = sizeof(r->armed);
	} else if (seq % 1000 == 1) {
		r->head.kind = RV_KIND_EXEC;
		snprintf(path, sizeof(path), "/usr/bin/program%u", draw(300));
		len = with_path(r, sizeof(r->exec), &r->exec.path_len, path);
	} else if (draw(20) == 0) {
		r->head.kind = RV_KIND_CONNECT;
		r->connect.peer.family = AF_INET;
		r->connect.peer.port = draw(2) ? 443 : 80;
		r->connect.peer.addr[0] = 10;
		for (unsigned i = 1; i < 4; i++)
			r->connect.peer.addr[i] = (uint8_t)draw(256);
		len = sizeof(r->connect);
	} else {
		r->head.kind = RV_KIND_OPEN;
		snprintf(path, sizeof(path), "/usr/share/app/module%u/data%u/file%u.js", draw(50),
			 draw(20), draw(20));
		len = with_path(r, sizeof(r->open), &r->open.path_len, path);
	}
	r->head.len = (__u32)len;
	return (len + 7) & ~7ul;
}

int main(int argc, char **argv)
{
	struct meta meta = {.key = "0000000000000001", .id = "bench", .name = "bench",
			    .generation = GENERATION, .cgroup_id = 1, .started_wall_ns = BEGIN_NS,
			    .bundle = "/bench", .cgroup = "/bench", .runtime = "crun"};
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	struct intake in = {.meta = true};
	struct life *l = life_new(&meta);
	char seals[4096];
	struct store s;
	int r = 0;

	if (!l || count == 0) {
		fprintf(stderr, "usage: fill DIR RECORDS [no-index]\n");
		return 2;
	}
	snprintf(seals, sizeof(seals), "%s/../seal/containers", argv[1]);
	store_init(&s, argv[1], seals);
	r = crypt_init();
	l->index_failed = argc > 3;
	for (uint64_t seq = 0; seq < count && r == 0; seq++) {
		union record record;
		bool bulk;

		r = intake_add(&in, record.bytes, make(&record, seq), &bulk);
		if (r < 0 || (seq % BATCH != BATCH - 1 && seq != count - 1))
			continue;
		/* They have all come. */
		l->settled = l->settling = seq;
		l->settling_since_ns = util_now_ns();
		l->closed = l->ended = in.meta = seq == count - 1;
		l->ended_wall_ns = l->ended ? util_wall_ns() : 0;
		r = intake_commit(&in, &s, l);
	}
	if (r < 0)
		fprintf(stderr, "fill: %s\n", strerror(-r));
	store_release(&s);
	intake_release(&in);
	return r < 0;
}
