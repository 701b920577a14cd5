/* SPDX-License-Identifier: Apache-2.0 */
/* What a question finds by the index is what it finds without. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"
#include "sidecar/node/exes.h"
#include "sidecar/node/index.h"
#include "sidecar/node/intake.h"
#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

#define GENERATION 42
#define RECORDS (3 * INDEX_PART + 1500)
#define SECOND 1000000000ull

static struct life *make_life(struct lives *all)
{
	struct meta meta = {.generation = GENERATION,
			    .cgroup_id = 7,
			    .started_wall_ns = 1000000,
			    .id = "web",
			    .name = "web",
			    .key = "0000000000000007"};
	struct life *l = NULL;

	CHECK_INT(lives_admit(all, &meta, &l), 0);
	return l;
}

static struct rv_head head_of(uint64_t seq, unsigned kind)
{
	return (struct rv_head){.kind = (uint16_t)kind,
				.seq = seq,
				.generation = GENERATION,
				.tai_ns = (seq + 1) * SECOND,
				.exec_seq = seq > 10 ? 1 + (uint64_t)rand() % 10 : 0,
				.pid = 1000 + (uint32_t)rand() % 300,
				.ns_pid = 1 + (uint32_t)rand() % 300,
				.uid = (uint32_t)rand() % 3 * 1000,
				.euid = rand() % 50 ? 0 : 33,
				.verdict = rand() % 500 ? RV_VERDICT_ALLOWED : RV_VERDICT_DENIED,
				.rule = rand() % 40 ? 0 : (uint32_t)rand() % 5};
}

/* Execs first, by whose executables the others are; then opens, renames, connects. */
static size_t put_record(uint8_t *at, uint64_t seq)
{
	char path[400], other[64];
	size_t len, n = (size_t)snprintf(path, sizeof(path), "/srv/%d/%d", rand() % 5, rand() % 2000);

	if (rand() % 100 == 0) {
		memset(path + n, 'x', 300);
		n += 300;
	}
	memset(at, 0, 1024);
	if (seq <= 10) {
		struct rv_exec r = {.head = head_of(seq, RV_KIND_EXEC)};

		n = (size_t)snprintf(path, sizeof(path), "/bin/%llu", (unsigned long long)seq);
		r.path_len = (uint32_t)n;
		r.head.len = (uint32_t)(len = sizeof(r) + n);
		memcpy(at, &r, sizeof(r));
		memcpy(at + sizeof(r), path, n);
	} else if (rand() % 5 == 0) {
		struct rv_rename r = {.head = head_of(seq, RV_KIND_RENAME), .path_len = (uint32_t)n};

		r.new_path_len = (uint32_t)snprintf(other, sizeof(other), "/new/%d", rand() % 3000);
		r.head.len = (uint32_t)(len = sizeof(r) + n + r.new_path_len);
		memcpy(at, &r, sizeof(r));
		memcpy(at + sizeof(r), path, n);
		memcpy(at + sizeof(r) + n, other, r.new_path_len);
	} else if (rand() % 5 == 0) {
		struct rv_connect r = {.head = head_of(seq, RV_KIND_CONNECT)};
		bool mapped = rand() % 2;

		r.peer.family = mapped ? AF_INET6 : AF_INET;
		r.peer.port = (uint32_t)rand() % 1000;
		memset(r.peer.addr + 10, 0xff, mapped ? 2 : 0);
		r.peer.addr[mapped ? 12 : 0] = 10;
		r.peer.addr[mapped ? 13 : 1] = (uint8_t)rand();
		r.head.len = (uint32_t)(len = sizeof(r));
		memcpy(at, &r, sizeof(r));
	} else {
		struct rv_open r = {.head = head_of(seq, RV_KIND_OPEN), .path_len = (uint32_t)n};

		r.tag_len = rand() % 200 ? 0 : 3;
		r.head.len = (uint32_t)(len = sizeof(r) + n + r.tag_len);
		memcpy(at, &r, sizeof(r));
		memcpy(at + sizeof(r), path, n);
		memcpy(at + sizeof(r) + n, "red", r.tag_len);
	}
	return (len + 7) & ~7ul;
}

static int store(struct store *s, struct life *l, uint64_t seq, struct intake *in)
{
	uint8_t data[1024];
	bool bulk;
	int r = intake_add(in, data, put_record(data, seq), &bulk);

	return r == 0 && (seq % 500 == 0 || seq == RECORDS) ? intake_commit(in, s, l) : r;
}

struct found {
	uint64_t seqs[RECORDS + 1];
	unsigned n;
};

static void judge(const struct filter *f, struct exes *x, struct store *s, struct life *l,
		  const struct store_row *row, struct found *ret)
{
	const struct exe *exe;
	struct event e;

	if (event_decode(row->record, row->record_len, &e) <= 0 ||
	    !filter_fits_row(f, e.head.kind, row->wall_ns))
		return;
	exe = exes_find(x, s, l, &e);
	if (filter_fits(f, &e, exe ? exe->path : NULL, exe ? exe->len : 0))
		ret->seqs[ret->n++] = row->seq;
}

static void find_all(const struct filter *f, struct store *s, struct life *l, struct found *ret)
{
	struct exes x = {};
	struct store_row row;

	ret->n = 0;
	CHECK_INT(store_rows(s, l, 0), 0);
	while (store_next(l, &row) == 1)
		judge(f, &x, s, l, &row, ret);
	store_end(l);
	exes_release(&x);
}

/* How many records were looked at in *looked. */
static void find_indexed(const struct filter *f, struct store *s, struct life *l, bool down,
			 struct found *ret, unsigned *looked)
{
	struct exes x = {};
	struct index_part p = {};
	struct store_row row;

	ret->n = 0;
	for (uint64_t part = 0; part <= RECORDS / INDEX_PART; part++) {
		uint64_t number = down ? RECORDS / INDEX_PART - part : part;
		uint64_t seq = number * INDEX_PART + (down ? INDEX_PART - 1 : 0);

		index_look(s, l, f, seq, &p);
		if (!p.indexed) /* most of it fits */
			memset(p.bits, 0xff, sizeof(p.bits));
		while (index_next(&p, down, seq, &seq)) {
			CHECK_INT(store_rows(s, l, seq), 0);
			if (store_next(l, &row) == 1 && row.seq == seq)
				judge(f, &x, s, l, &row, ret);
			store_end(l);
			++*looked;
			if (seq % INDEX_PART == (down ? 0 : INDEX_PART - 1))
				break;
			seq += down ? -1ull : 1;
		}
	}
	exes_release(&x);
}

static const char *const questions[] = {
    "{\"kinds\":[\"connect\"]}",
    "{\"kinds\":[\"exec\"]}",
    "{\"verdicts\":[\"denied\"]}",
    "{\"pid\":1001}",
    "{\"pid\":17}",
    "{\"uid\":33}",
    "{\"rule\":3}",
    "{\"path\":\"/srv/1/17\"}",
    "{\"path\":\"/srv/**/1?3\"}",
    "{\"path\":\"/new/*9\"}",
    "{\"path\":\"/srv/*/*x\"}",
    "{\"path\":\"/none\"}",
    "{\"exec\":\"/bin/3\"}",
    "{\"exec\":\"/bin/*\",\"verdicts\":[\"denied\"],\"kinds\":[\"open\",\"rename\"]}",
    "{\"tag\":\"red\"}",
    "{\"address\":\"10.16.0.0/12\"}",
    "{\"address\":\"10.0.0.0/8\",\"port\":80}",
    "{\"port\":443}",
    "{\"since\":6000000000000,\"until\":6100000000000}",
    "{\"since\":6000000000000,\"path\":\"/srv/**\",\"uid\":1000}",
};

static void compare(struct store *s, struct life *l)
{
	static struct found all, indexed;

	for (size_t q = 0; q < ARRAY_SIZE(questions); q++) {
		_json_ struct json *j = NULL;
		struct filter f;
		unsigned looked = 0;
		char error[256];
		bool same;

		CHECK_INT(json_parse(questions[q], strlen(questions[q]), false, &j, error, sizeof(error)), 0);
		CHECK_INT(filter_read(j, &f, error, sizeof(error)), 0);
		find_all(&f, s, l, &all);
		find_indexed(&f, s, l, false, &indexed, &looked);
		same = indexed.n == all.n && memcmp(indexed.seqs, all.seqs, all.n * 8) == 0;
		/* but for what is too long to be told apart, and what is asked for by time */
		same &= looked <= 2 * all.n + 400 || all.n > RECORDS / 10 || strstr(questions[q], "since");
		find_indexed(&f, s, l, true, &indexed, &looked);
		same &= indexed.n == all.n;
		for (unsigned i = 0; i < all.n && same; i++)
			same = indexed.seqs[i] == all.seqs[all.n - 1 - i];
		CHECK(same);
		if (!same)
			printf("# %s: %u of %u, %u looked at\n", questions[q], indexed.n, all.n, looked);
		filter_release(&f);
	}
}

TEST("index: what it finds is what there is, also after a late record and a new start")
{
	_dir_ struct dir d = dir_make();
	struct lives all = {}, again = {};
	struct intake in = {};
	struct store s;
	struct life *l = make_life(&all);
	uint64_t seq;
	int r = 0;

	srand(3);
	store_init(&s, d.path, d.path);
	in.meta = true;
	/* 5,000 comes late: it is one of the executables' others. */
	for (seq = 0; seq <= RECORDS && r == 0; seq++)
		r = seq == 5000 || seq == 5500 ? 0 : store(&s, l, seq, &in);
	CHECK_INT(r, 0);
	l->ended = true;
	in.meta = true;
	CHECK_INT(intake_commit(&in, &s, l), 0);
	while (l->indexed <= RECORDS / INDEX_PART && !l->index_failed)
		index_advance(&s, l);
	CHECK_INT(l->indexed, 4);
	compare(&s, l);

	CHECK_INT(store(&s, l, 5500, &in), 0);
	CHECK_INT(intake_commit(&in, &s, l), 0);
	compare(&s, l);
	store_release(&s);

	CHECK_INT(store_load(&s, &again), 0);
	REQUIRE(again.first);
	again.first->ended = true;
	CHECK_INT(store(&s, again.first, 5000, &in), 0);
	compare(&s, again.first);
	intake_release(&in);
	store_release(&s);
	lives_release(&all);
	lives_release(&again);
}

TEST("index: of a running container a part is indexed once its numbers have had their time")
{
	_dir_ struct dir d = dir_make();
	struct lives all = {};
	struct intake in = {};
	struct store s;
	struct life *l = make_life(&all);
	struct filter f = {.pid = 1000000, .uid = -1, .rule = -1, .port = -1};
	struct index_part p = {};

	srand(4);
	store_init(&s, d.path, d.path);
	in.meta = true;
	for (uint64_t seq = 0; seq <= INDEX_PART + 500; seq++)
		CHECK_INT(store(&s, l, seq, &in), 0);
	CHECK_INT(intake_commit(&in, &s, l), 0);
	l->settled = 10;
	l->settling_since_ns = util_now_ns();
	index_look(&s, l, &f, 1, &p);
	CHECK(p.known && !p.indexed);
	l->settled = INDEX_PART + 10;
	p.known = false;
	index_look(&s, l, &f, 1, &p);
	CHECK(p.indexed);
	index_look(&s, l, &f, INDEX_PART + 1, &p);
	CHECK(p.known && !p.indexed);
	intake_release(&in);
	store_release(&s);
	lives_release(&all);
}
