/* SPDX-License-Identifier: Apache-2.0 */
/* Processes from records, also from those that are not all there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "sidecar/common/process_tree.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

#define HEAD(kind, seq, boot)                                                                      \
	"{\"kind\":\"" kind "\",\"seq\":" #seq ",\"time\":\"2026-11-21T12:00:00." #boot            \
	"00000Z\",\"boot_ns\":" #boot "00000"
#define BY(pid, ppid, start)                                                                       \
	",\"process.pid\":" #pid ",\"process.ppid\":" #ppid ",\"process.start_ns\":" #start "00000" \
	",\"process.ns_pid\":1,\"process.comm\":\"sh\""

static int add(struct process_tree *t, const char *line)
{
	return process_tree_add(t, line, strlen(line));
}

/* "0 pid origin end" of each, by depth. */
static const char *walk(const struct process_tree *t, char ret[static 1024])
{
	size_t depth = 0, at = 0;

	ret[0] = '\0';
	for (size_t i = PROCESS_NONE; (i = process_tree_next(t, i, &depth)) != PROCESS_NONE;)
		at += (size_t)snprintf(ret + at, 1024 - at, "%zu:%u:%s:%u ", depth, t->of[i].pid,
				       process_origin_name(t->of[i].origin), t->of[i].end);
	return ret;
}

TEST("tree: forks, execs and ends; who entered is a root; a refused exec ran nothing")
{
	struct process_tree t;
	char text[1024];

	process_tree_init(&t);
	CHECK_INT(add(&t, HEAD("armed", 0, 2000) BY(10, 1, 1000) ",\"record\":[\"exec\",\"fork\"]}"), 0);
	CHECK(t.forks);
	CHECK_INT(add(&t, HEAD("exec", 1, 2001) BY(10, 1, 1000) ",\"verdict\":\"allowed\",\"path\":\"/bin/sh\","
								"\"argv\":[\"sh\"]}"), 0);
	CHECK_INT(add(&t, HEAD("fork", 2, 2100) BY(10, 1, 1000) ",\"child_pid\":11,\"child_ns_pid\":2}"), 0);
	CHECK_INT(add(&t, HEAD("fork", 3, 2101) BY(10, 1, 1000) ",\"child_pid\":12,\"child_ns_pid\":3}"), 0);
	CHECK_INT(add(&t, HEAD("fork", 4, 2102) BY(11, 10, 2099) ",\"child_pid\":13,\"child_ns_pid\":4}"), 0);
	CHECK_INT(add(&t, HEAD("exec", 5, 2103) BY(12, 10, 2101) ",\"verdict\":\"denied\",\"argv\":null}"), 0);
	CHECK_INT(add(&t, HEAD("exec", 6, 2104) BY(12, 10, 2101) ",\"verdict\":\"would-deny\",\"argv\":null}"), 0);
	CHECK_INT(add(&t, HEAD("enter", 7, 2105) BY(900, 1, 5) ",\"opid\":14,\"ons_pid\":5}"), 0);
	CHECK_INT(add(&t, HEAD("exit", 8, 2200) BY(13, 11, 2102) ",\"code\":0,\"signal\":\"SIGKILL\",\"core\":true}"), 0);
	CHECK_INT(add(&t, HEAD("exit", 9, 2201) BY(11, 10, 2099) ",\"code\":7,\"signal\":null,\"core\":false}"), 0);
	CHECK_INT(add(&t, HEAD("leave", 10, 2202) BY(900, 1, 5) ",\"opid\":14,\"ons_pid\":5}"), 0);
	CHECK_STR(walk(&t, text), "0:10:init:0 1:11:forked:1 2:13:forked:1 1:12:forked:0 0:14:entered:2 ");
	CHECK_INT(t.of[0].execs_n, 1);
	CHECK_STR(t.of[0].execs[0].argv, "[\"sh\"]");
	CHECK_INT(t.of[0].begin_ns, 100000000);
	CHECK_INT(t.of[1].begin_ns, 209900000); /* its own account, not the fork's */
	CHECK_INT(t.of[1].code, 7);
	CHECK_INT(t.of[2].execs_n, 1);
	CHECK_STR(t.of[2].execs[0].argv, "null");
	CHECK_STR(t.of[3].signal, "SIGKILL");
	CHECK(t.of[3].core);
	process_tree_release(&t);
}

TEST("tree: numbers that come again, forks and ends that are missing")
{
	struct process_tree t;
	char text[1024];

	process_tree_init(&t);
	/* 20 was forked by somebody known, but that record is lost; of 21 the maker is not known. */
	CHECK_INT(add(&t, HEAD("armed", 0, 2000) BY(10, 1, 1000) "}"), 0);
	CHECK_INT(add(&t, HEAD("exit", 1, 2100) BY(20, 10, 2001) ",\"code\":0,\"signal\":null}"), 0);
	CHECK_INT(add(&t, HEAD("exec", 2, 2101) BY(21, 77, 2002) ",\"verdict\":\"allowed\",\"argv\":[]}"), 0);
	/* 21 again, with another start: its end was lost; then by a fork of 10. */
	CHECK_INT(add(&t, HEAD("exec", 3, 2301) BY(21, 10, 2300) ",\"verdict\":\"allowed\",\"argv\":[]}"), 0);
	CHECK_INT(add(&t, HEAD("fork", 4, 2400) BY(10, 1, 1000) ",\"child_pid\":21,\"child_ns_pid\":9}"), 0);
	CHECK_INT(add(&t, HEAD("exit", 5, 2500) BY(21, 10, 2400) ",\"code\":1,\"signal\":null}"), 0);
	CHECK_STR(walk(&t, text), "0:10:init:0 1:20:unknown:1 1:21:unknown:0 1:21:forked:1 0:21:unknown:0 ");
	/* Who leaves and comes back is the same process; who enters under an ended one's number is not. */
	CHECK_INT(add(&t, HEAD("leave", 6, 2600) BY(10, 1, 1000) ",\"opid\":10}"), 0);
	CHECK_INT(add(&t, HEAD("enter", 7, 2601) BY(10, 1, 1000) ",\"opid\":10}"), 0);
	CHECK_INT(add(&t, HEAD("enter", 8, 2602) BY(10, 1, 1000) ",\"opid\":20}"), 0);
	CHECK_INT(add(&t, HEAD("leave", 9, 2603) BY(10, 1, 1000) ",\"opid\":555}"), 0);
	CHECK_STR(walk(&t, text), "0:10:init:0 1:20:unknown:1 1:21:unknown:0 1:21:forked:1 "
				  "0:21:unknown:0 0:20:entered:0 ");
	/* All of that was recorded, forks with it: then 21, whose parent is nobody's, came from outside. */
	process_tree_settle(&t, true);
	CHECK_INT(t.of[2].origin, PROCESS_UNKNOWN);
	t.forks = true;
	process_tree_settle(&t, false);
	CHECK_INT(t.of[2].origin, PROCESS_UNKNOWN);
	process_tree_settle(&t, true);
	CHECK_INT(t.of[1].origin, PROCESS_UNKNOWN); /* below 10 */
	CHECK_INT(t.of[2].origin, PROCESS_ENTERED);
	process_tree_release(&t);
}

TEST("tree: what is no record of it is refused")
{
	static const char *const bad[] = {"", "{}", "[]", "{\"kind\":\"open\"}", HEAD("exec", 1, 2000) "}",
					  HEAD("exit", 1, 2000) BY(4194304, 1, 1) "}",
					  HEAD("enter", 1, 2000) BY(1, 1, 1) ",\"opid\":0}",
					  "{\"kind\":\"exit\",\"time\":\"never\"" BY(5, 1, 1) "}"};
	struct process_tree t;

	process_tree_init(&t);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(add(&t, bad[i]), -EINVAL);
	CHECK_INT(t.n, 0);
	CHECK_INT(add(&t, "{\"kind\":\"unreadable\"}"), 0);
	process_tree_release(&t);
}

static bool build(void)
{
	struct process_tree t;
	int r;

	process_tree_init(&t);
	r = add(&t, HEAD("armed", 0, 2000) BY(10, 1, 1000) "}");
	if (r == 0)
		r = add(&t, HEAD("fork", 2, 2100) BY(10, 1, 1000) ",\"child_pid\":11}");
	if (r == 0)
		r = add(&t, HEAD("exec", 3, 2101) BY(11, 10, 2100) ",\"verdict\":\"allowed\",\"path\":\"x\",\"argv\":[]}");
	process_tree_release(&t);
	return r == 0;
}

TEST("tree: without memory there is none, and nothing leaks")
{
	tap_each_malloc(build);
}

TEST("tree: in bounded memory what finds no room is counted, and is nobody else's")
{
	struct process_tree t;
	char text[1024];

	process_tree_init(&t);
	t.bytes_max = 2 * sizeof(struct process) + 400;
	CHECK_INT(add(&t, HEAD("armed", 0, 2000) BY(10, 1, 1000) ",\"record\":[\"exec\",\"fork\"]}"), 0);
	CHECK_INT(add(&t, HEAD("fork", 1, 2100) BY(10, 1, 1000) ",\"child_pid\":11,\"child_ns_pid\":2}"), 0);
	CHECK_INT(add(&t, HEAD("exec", 2, 2101) BY(11, 10, 2100) ",\"path\":\"/bin/a\",\"argv\":[\"a\"]}"), 0);
	for (unsigned i = 0; i < 5; i++)
		CHECK_INT(add(&t, HEAD("exec", 3, 2102) BY(11, 10, 2100) ",\"path\":\"/bin/b\",\"argv\":[\"b\"]}"), 0);
	CHECK(t.of[1].execs_n >= 1 && t.of[1].execs_n < 6);
	CHECK(t.of[1].cut);
	CHECK_INT(t.left_out, 6 - t.of[1].execs_n);
	/* the number comes back, for one there is no room for */
	CHECK_INT(add(&t, HEAD("exit", 4, 2200) BY(11, 10, 2100) ",\"code\":0,\"signal\":null,\"core\":false}"), 0);
	CHECK_INT(add(&t, HEAD("fork", 5, 2300) BY(10, 1, 1000) ",\"child_pid\":11,\"child_ns_pid\":2}"), 0);
	CHECK_INT(add(&t, HEAD("exit", 6, 2301) BY(11, 10, 2300) ",\"code\":9,\"signal\":null,\"core\":false}"), 0);
	CHECK_INT(t.of[1].code, 0);
	CHECK_STR(walk(&t, text), "0:10:init:0 1:11:forked:1 ");
	CHECK_INT(t.left_out, 8 - t.of[1].execs_n);
	process_tree_release(&t);
}
