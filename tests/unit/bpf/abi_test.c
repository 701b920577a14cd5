// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "tests/unit/bpf/layout.h"
#include "tests/unit/tap.h"

TEST("a record's head as bytes")
{
	static const unsigned char golden[] = {
	    0xd0, 0,	0,    0,    4,	  0,	0,    0,    0x08, 0x07, 0x06, 0x05,
	    0x04, 0x03, 0x02, 0x01, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11,
	};
	struct rv_head h = {
	    .len = sizeof(struct rv_head),
	    .kind = RV_KIND_OPEN,
	    .seq = 0x0102030405060708u,
	    .boot_ns = 0x1112131415161718u,
	    .exe_dev = 0x00800001,
	    .comm = "sh",
	    .verdict = RV_VERDICT_DENIED,
	    .error = 13,
	};
	const unsigned char *b = (const unsigned char *)&h;

	CHECK(memcmp(b, golden, sizeof(golden)) == 0);
	CHECK(memcmp(b + 80, "\x01\x00\x80\x00", 4) == 0);
	CHECK(memcmp(b + __builtin_offsetof(struct rv_head, comm), "sh\0", 3) == 0);
	CHECK_INT(b[__builtin_offsetof(struct rv_head, verdict)], 2);
	CHECK_INT(b[__builtin_offsetof(struct rv_head, error)], 13);
}

TEST("numbers of kinds and hooks: each once, in range, the same by name and in the table")
{
	unsigned long long kinds = 0;
	bool hooks[RV_HOOK_MAX] = {};
	unsigned slots = 0;

#define KIND(NAME, number, name, cause, profile, doc)                                              \
	CHECK(number > 0 && number < RV_KIND_MAX && !(kinds & 1ull << number));                    \
	kinds |= 1ull << number;
	RV_KINDS(KIND)
#define HOOK(NAME, number, attach, prog, kind, since)                                              \
	CHECK(number > 0 && number < RV_HOOK_MAX && !hooks[number]);                               \
	CHECK(strlen(prog) < 16); /* the kernel keeps 15 characters */                             \
	hooks[number] = true;
#define SLOT(NAME, number, attach, prog, kind, since) slots++;
#define NONE(NAME, number, attach, prog, kind, since)
	RV_HOOKS(HOOK, HOOK)
	RV_HOOKS(SLOT, NONE)
	CHECK(slots <= RV_SLOTS_KERNEL);
}

TEST("bounds fit each other")
{
	CHECK(RV_INLINE_MAX < RV_RING_SIZE && RV_ARGS_MAX <= RV_BULK_QUOTA);
	CHECK(RV_BULK_QUOTA <= RV_BULK_SIZE);
	/* A ring's size is a power of two pages. */
	CHECK((RV_RING_SIZE & (RV_RING_SIZE - 1)) == 0 && (RV_LANE_SIZE & (RV_LANE_SIZE - 1)) == 0);
	CHECK((RV_BULK_SIZE & (RV_BULK_SIZE - 1)) == 0);
}

TEST("a table's sizes: powers of two, ascending; what a masked offset reads stays inside")
{
	unsigned before = 0, at = 0;

#define TABLE(name, number, size)                                                                  \
	CHECK((number) == ++at && (size) > before && ((size) & ((size)-1)) == 0);                  \
	before = (size);
	RV_TABLES(TABLE)
	/* Steps and entries at a multiple of 4, rules of 8. */
	CHECK(sizeof(struct rv_step) <= 4 + RV_TABLE_SLACK);
	CHECK(sizeof(struct rv_entry) <= 4 + RV_TABLE_SLACK);
	CHECK(sizeof(struct rv_rule) <= 8 + RV_TABLE_SLACK);
}

TEST("the argument hash is the one the records carry")
{
	unsigned long long h = RV_HASH_SEED;

	h = RV_HASH_STEP(h, 0x0000006f6c6c6568ull); /* "hello" */
	CHECK(h == ((0x9e3779b97f4a7c15ull ^ 0x6f6c6c6568ull) * 0xff51afd7ed558ccdull ^
		    (0x9e3779b97f4a7c15ull ^ 0x6f6c6c6568ull) >> 29));
}
