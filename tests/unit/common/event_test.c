/* SPDX-License-Identifier: Apache-2.0 */
/* Records are built here as the kernel lays them out, never by the decoder's own code. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/event.h"
#include "sidecar/common/meta.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

struct buffer {
	_Alignas(8) uint8_t data[16384];
	size_t len;
};

static void put(struct buffer *b, const void *data, size_t len)
{
	memcpy(b->data + b->len, data, len);
	b->len += len;
	((struct rv_head *)b->data)->len = (uint32_t)b->len;
}

static struct rv_head head_of(unsigned kind, uint64_t seq)
{
	return (struct rv_head){
	    .kind = (__u16)kind,
	    .seq = seq,
	    .boot_ns = 5000000000,
	    .tai_ns = 1795228980123456789 + 37000000000,
	    .generation = 77,
	    .cgroup_id = 4242,
	    .task_cgroup_id = 4243,
	    .exec_seq = 1,
	    .start_ns = 4999,
	    .exe_ino = 9,
	    .exe_dev = 8u << 20 | 1,
	    .pid = 100,
	    .tid = 101,
	    .ppid = 99,
	    .ns_pid = 1,
	    .ns_tid = 2,
	    .uid = 1000,
	    .gid = 1001,
	    .euid = 1002,
	    .egid = 1003,
	    .loginuid = UINT32_MAX,
	    .sessionid = 3,
	    .mnt_ns = 11,
	    .pid_ns = 12,
	    .net_ns = 13,
	    .user_ns = 14,
	    .uts_ns = 15,
	    .ipc_ns = 16,
	    .cgroup_ns = 17,
	    .time_ns = 18,
	    .comm = "cat",
	    .prog_id = 321,
	    .hook = RV_HOOK_FILE_OPEN,
	    .verdict = RV_VERDICT_ALLOWED,
	    .phase = RV_PHASE_ARMED,
	    .prog_tag = {0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3},
	    .policy_version = 7,
	};
}

static const struct event_context context = {
    .container = "abc", .name = "web", .tai_offset_ns = 37000000000};

static struct meta_annotation labels[] = {{"tier", "front"}, {"odd", NULL}};
static const struct meta meta = {.name = "web",
				 .image = "reg/web:1",
				 .pod = "web-7",
				 .labels = labels,
				 .labels_n = 2};

static void make_open(struct buffer *b, const char *path, size_t path_len)
{
	struct rv_open o = {.head = head_of(RV_KIND_OPEN, 12),
			    .ino = 5,
			    .dev = 8u << 20 | 2,
			    .access = RV_ACCESS_READ | RV_ACCESS_WRITE,
			    .flags = 2,
			    .mode = 0100644,
			    .path_len = (__u32)path_len};

	b->len = 0;
	put(b, &o, sizeof(o));
	put(b, path, path_len);
}

/* argv "sh" "-c" "echo hi", environment "A=1". */
static const char block[] = "sh\0-c\0echo hi\0A=1";

static void make_exec(struct buffer *b, unsigned state, size_t stored)
{
	struct rv_exec x = {.head = head_of(RV_KIND_EXEC, 3),
			    .ino = 6,
			    .args_len = sizeof(block),
			    .dev = 1,
			    .mode = 0100755,
			    .argc = 3,
			    .envc = 1,
			    .args_state = state,
			    .args_stored = (__u32)stored,
			    .path_len = 7,
			    .filename_len = 2,
			    .origin = RV_ORIGIN_FD};

	b->len = 0;
	put(b, &x, sizeof(x));
	put(b, "/bin/sh", 7);
	put(b, "sh", 2);
	put(b, block, stored);
}

static void check_json(const struct event *e, const struct event_context *c, const char *want)
{
	_json_out_ struct json_out *o = json_out_new();
	const char *text;
	size_t len;

	event_to_json(e, c, o);
	REQUIRE(json_out_text(o, &text, &len) == 0);
	if (!strstr(text, want))
		CHECK_STR(text, want);
}

static void check_text(const struct event *e, const char *want)
{
	_free_ char *text = event_to_text(e, &context);

	CHECK_STR(text, want);
}

TEST("open: every member, in order")
{
	struct event_context c = context;
	struct buffer b;
	struct event e;

	c.meta = &meta;
	make_open(&b, "/etc/passwd", 11);
	c.exe = "/bin/cat";
	c.exe_len = 8;
	REQUIRE(event_decode(b.data, b.len, &e) == (long)b.len);
	check_json(&e, &c,
		   "{\"kind\":\"open\",\"cause\":\"file\",\"seq\":12,\"time\":\"2026-11-21T02:43:00.123456789Z\","
		   "\"boot_ns\":5000000000,\"container\":{\"id\":\"abc\",\"name\":\"web\","
		   "\"image\":\"reg/web:1\",\"pod\":\"web-7\",\"namespace\":null,"
		   "\"labels\":{\"tier\":\"front\",\"odd\":null},\"cgroup_id\":4242,\"generation\":77},\"process\":{\"pid\":100,\"tid\":101,"
		   "\"ppid\":99,\"ns_pid\":1,\"ns_tid\":2,\"uid\":1000,\"gid\":1001,\"euid\":1002,"
		   "\"egid\":1003,\"loginuid\":null,\"session\":3,\"comm\":\"cat\","
		   "\"start_ns\":4999,\"exec_seq\":1,\"exe\":\"/bin/cat\",\"exe_dev\":\"8:1\","
		   "\"exe_ino\":9,\"cgroup_id\":4243},\"namespaces\":{\"mnt\":11,\"pid\":12,"
		   "\"net\":13,\"user\":14,\"uts\":15,\"ipc\":16,\"cgroup\":17,\"time\":18},"
		   "\"hook\":\"file_open\",\"prog_id\":321,\"prog_tag\":\"deadbeef00010203\","
		   "\"verdict\":\"allowed\",\"error\":null,\"rule\":null,\"policy_version\":7,"
		   "\"policy\":null,\"policy_line\":null,\"reason\":null,"
		   "\"phase\":\"armed\",\"ino\":5,\"dev\":\"8:2\","
		   "\"access\":[\"read\",\"write\"],\"flags\":2,\"mode\":\"0100644\","
		   "\"path_state\":\"ok\",\"tag_source\":null,\"path\":\"/etc/passwd\",\"tag\":null}");
	check_text(&e, "2026-11-21T02:43:00.123456789Z web #12    open       allowed        "
		       "pid=100    comm=cat read,write /etc/passwd");
}

TEST("a denial stands out and names error and rule")
{
	struct rv_open *o;
	struct buffer b;
	struct event e;

	make_open(&b, "/etc/sha\ndow", 12);
	o = (struct rv_open *)b.data;
	o->head.verdict = RV_VERDICT_DENIED;
	o->head.error = EACCES;
	o->head.rule = 2;
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context, "\"verdict\":\"denied\",\"error\":\"EACCES\",\"rule\":2,");
	check_text(&e, "2026-11-21T02:43:00.123456789Z web #12    open       DENIED(EACCES) "
		       "pid=100    comm=cat read,write $'/etc/sha\\x0adow' rule=2");
}

TEST("for a terminal a denial has a colour, and the columns stay")
{
	struct rv_open o = {.head = head_of(RV_KIND_OPEN, 12)};
	struct event_context plain = context, coloured = context;
	static const struct {
		unsigned verdict;
		const char *on;
	} verdicts[] = {{RV_VERDICT_DENIED, "\033[1;31m"}, {RV_VERDICT_WOULD_DENY, "\033[33m"},
			{RV_VERDICT_ALLOWED, NULL}};

	coloured.colour = true;
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		struct event e = {};
		char *with, *without, *at, *end;

		o.head.len = sizeof(o);
		o.head.verdict = (__u8)verdicts[i].verdict;
		REQUIRE(event_decode((const uint8_t *)&o, sizeof(o), &e) > 0);
		with = event_to_text(&e, &coloured);
		without = event_to_text(&e, &plain);
		at = verdicts[i].on ? strstr(with, verdicts[i].on) : NULL;
		end = at ? strstr(at, "\033[m") : NULL;
		CHECK(!at == !verdicts[i].on && !end == !at);
		if (at && end) {
			memmove(end, end + 3, strlen(end + 3) + 1);
			memmove(at, at + strlen(verdicts[i].on), strlen(at + strlen(verdicts[i].on)) + 1);
		}
		CHECK_STR(with, without);
		free(with);
		free(without);
	}
}

TEST("a rule that is known is named, and gives its reason")
{
	struct event_context known = context;
	struct buffer b;
	struct event e;
	char *text;

	make_open(&b, "/x", 2);
	((struct rv_open *)b.data)->head.rule = 2;
	known.policy = "web";
	known.policy_line = 7;
	known.reason = "no\nway";
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &known, "\"policy\":\"web\",\"policy_line\":7,\"reason\":\"no\\nway\",");
	text = event_to_text(&e, &known);
	CHECK_STR(strstr(text, "/x"), "/x rule=2 (web:7) reason=$'no\\x0away'");
	free(text);
}

TEST("exec: argv and environment come apart as the kernel counted them")
{
	struct buffer b;
	struct event e;

	make_exec(&b, RV_ARGS_WHOLE, sizeof(block));
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context,
		   "\"ino\":6,\"args_len\":18,\"args_missing\":0,\"dev\":\"0:1\",\"argc\":3,"
		   "\"envc\":1,\"args_state\":\"whole\",\"path_state\":\"ok\",\"origin\":[\"fd\"],"
		   "\"script_state\":\"ok\",\"mode\":\"0100755\",\"tag_source\":null,"
		   "\"path\":\"/bin/sh\",\"filename\":\"sh\",\"script\":null,"
		   "\"tag\":null,\"argv\":[\"sh\",\"-c\",\"echo hi\"],\"env\":[\"A=1\"]}");
	check_text(&e, "2026-11-21T02:43:00.123456789Z web #3     exec       allowed        "
		       "pid=100    comm=cat /bin/sh argv=(sh -c 'echo hi') env=1 origin=fd");
}

/* By the words of abi.h: whole blocks of little-endian words, zeros behind the end. */
static uint64_t hash_of_block(void)
{
	uint64_t words[RV_HASH_BLOCK / 8] = {0};
	uint64_t h = RV_HASH_SEED;

	memcpy(words, block, sizeof(block));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		h = RV_HASH_STEP(h, words[i]);
	return h;
}

TEST("exec: a bulk block is missing until it is attached, and only the right one is")
{
	struct rv_exec *x;
	struct buffer b;
	struct event e;

	make_exec(&b, RV_ARGS_BULK, 0);
	x = (struct rv_exec *)b.data;
	x->args_hash = hash_of_block();
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context, "\"argv\":null,\"env\":null}");
	check_json(&e, &context, "\"args_state\":\"bulk\"");
	CHECK_INT(event_set_args(&e, block, sizeof(block) - 1), -EBADMSG);
	CHECK_INT(event_set_args(&e, "sh\0-c\0echo ho\0A=1", sizeof(block)), -EBADMSG);
	CHECK_INT(event_set_args(&e, block, sizeof(block)), 0);
	check_json(&e, &context, "\"argv\":[\"sh\",\"-c\",\"echo hi\"]");
	check_json(&e, &context, "\"args_state\":\"whole\"");
}

TEST("sockets: families and their addresses")
{
	struct rv_connect n = {.head = head_of(RV_KIND_CONNECT, 4),
			       .family = AF_INET6,
			       .peer = {.family = AF_INET6, .port = 443, .addr = {[15] = 1}},
			       .protocol = 6,
			       .type = 1};
	struct buffer b = {.len = 0};
	struct event e;
	uint32_t cid = 3;

	put(&b, &n, sizeof(n));
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context,
		   "\"laddr\":null,\"lport\":null,\"faddr\":\"::1\",\"fport\":443,"
		   "\"family\":\"inet6\",\"type\":\"stream\",\"protocol\":6,\"netif\":0,"
		   "\"groups\":\"0x0\",\"opid\":0,\"backlog\":0,\"size\":0,\"path\":null,"
		   "\"from_path\":null}");
	check_text(&e, "2026-11-21T02:43:00.123456789Z web #4     connect    allowed        "
		       "pid=100    comm=cat inet6 stream [::1]:443");
	n.family = AF_UNIX;
	n.peer = (struct rv_address){.family = AF_UNIX};
	n.path_len = 4;
	b.len = 0;
	put(&b, &n, sizeof(n));
	put(&b, "\0abc", 4);
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context, "\"faddr\":null,\"fport\":null,\"family\":\"unix\"");
	check_json(&e, &context, "\"path\":\"\\u0000abc\",\"from_path\":null}");
	check_text(&e, "2026-11-21T02:43:00.123456789Z web #4     connect    allowed        "
		       "pid=100    comm=cat unix stream abstract:abc");
	n.family = AF_VSOCK;
	n.path_len = 0;
	n.peer = (struct rv_address){.family = AF_VSOCK, .port = 1024};
	memcpy(n.peer.addr, &cid, sizeof(cid));
	b.len = 0;
	put(&b, &n, sizeof(n));
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context, "\"faddr\":\"3\",\"fport\":1024,\"family\":\"vsock\"");
}

TEST("exit, armed, checkpoint: what they add")
{
	struct rv_exit x = {.head = head_of(RV_KIND_EXIT, 5), .signal = 9, .core = 1};
	struct rv_armed a = {.head = head_of(RV_KIND_ARMED, 0),
			     .policy_sha256 = {{1}},
			     .policy_flags = RV_POLICY_ENFORCE,
			     .record = 1u << RV_KIND_EXEC,
			     .policy_name = {"web"}};
	struct rv_checkpoint c = {.head = head_of(RV_KIND_CLOSE, 9),
				  .counters = {.issued = 9, .armed = 1}};
	struct buffer b = {.len = 0};
	struct event e;

	put(&b, &x, sizeof(x));
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context, "\"code\":0,\"signal\":\"SIGKILL\",\"core\":true}");
	b.len = 0;
	put(&b, &a, sizeof(a));
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context, "\"record\":[\"exec\"],\"policy_sha256\":\"0100");
	check_json(&e, &context, "\"policy_name\":\"web\",\"policy_flags\":[\"enforce\"]}");
	c.counters.taken[RV_KIND_OPEN] = 6;
	c.counters.lost[RV_KIND_OPEN] = 2;
	c.counters.merged[5] = 3;
	c.counters.errors[RV_ERROR_PATH] = 1;
	b.len = 0;
	put(&b, &c, sizeof(c));
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &context,
		   "\"issued\":9,\"armed\":true,\"taken\":{\"open\":6},\"lost\":{\"open\":2},"
		   "\"merged\":{\"send\":3},\"merged_lost\":{},"
		   "\"errors\":{\"scratch\":0,\"path\":1,\"storage\":0,\"args\":0,\"ring\":0,"
		   "\"note\":0,\"loaded\":0}}");
}

TEST("of the node's own log, and no task's act")
{
	const struct event_context node = {.tai_offset_ns = 37000000000};
	struct rv_bpf_unload u = {.head = head_of(RV_KIND_BPF_UNLOAD, 5),
				  .name = {"x"},
				  .id = 7,
				  .type = 1,
				  .loader_pid = 9};
	struct buffer b = {.len = 0};
	_free_ char *text = NULL;
	struct event e;

	u.head.phase = RV_PHASE_NONE;
	u.head.uid = u.head.gid = u.head.euid = u.head.egid = RV_ID_NONE;
	u.head.loginuid = u.head.sessionid = RV_ID_NONE;
	put(&b, &u, sizeof(u));
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	check_json(&e, &node,
		   "\"container\":{\"id\":null,\"name\":null,\"image\":null,\"pod\":null,"
		   "\"namespace\":null,\"labels\":null,\"cgroup_id\":4242,");
	check_json(&e, &node,
		   "\"uid\":null,\"gid\":null,\"euid\":null,\"egid\":null,\"loginuid\":null,"
		   "\"session\":null,");
	check_json(&e, &node, "\"phase\":null,\"loader_start_ns\":0,");
	text = event_to_text(&e, &node);
	REQUIRE(text);
	CHECK(strstr(text, "Z (node) #5     bpf_unload") != NULL);
}

TEST("the closing record: the number after the last, itself counted")
{
	struct rv_state state = {
	    .generation = 3, .cgroup_id = 4, .slot = 2, .counters = {.issued = 9}};
	struct rv_checkpoint c;
	struct event e;

	state.counters.lost[RV_KIND_OPEN] = 1;
	event_make_close(&c, &state, "somebody");
	REQUIRE(event_decode((const uint8_t *)&c, sizeof(c), &e) == (long)sizeof(c));
	CHECK_INT(e.head.kind, RV_KIND_CLOSE);
	CHECK_INT((long long)e.head.seq, 10);
	CHECK_INT((long long)e.head.generation, 3);
	CHECK_INT((long long)e.head.cgroup_id, 4);
	CHECK_INT(e.head.phase, RV_PHASE_SETUP);
	CHECK_INT((long long)e.checkpoint.counters.taken[RV_KIND_CLOSE], 1);
	CHECK_INT((long long)e.checkpoint.counters.lost[RV_KIND_OPEN], 1);
	state.slot = RV_SLOT_NODE;
	event_make_close(&c, &state, "somebody");
	CHECK_INT(c.head.phase, RV_PHASE_NONE);
}

TEST("cut anywhere: no record yet, never an error, nothing touched")
{
	struct buffer b;
	struct event e;

	make_exec(&b, RV_ARGS_WHOLE, sizeof(block));
	for (size_t len = 0; len < b.len; len++) {
		/* A copy of just that size, for the address sanitizer. */
		_free_ uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, b.data, len);
		memset(&e, 0x5a, sizeof(e));
		CHECK_INT(event_decode(cut, len, &e), 0);
		CHECK_INT(e.head.kind, 0x5a5a);
	}
}

TEST("contradictions are refused")
{
	struct rv_exec *x;
	struct rv_open *o;
	struct buffer b;
	struct event e;

	make_open(&b, "/a", 2);
	o = (struct rv_open *)b.data;
	o->path_len = 3;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	o->path_len = UINT32_MAX;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	o->path_len = 2;
	o->head.kind = 0;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	o->head.kind = RV_KIND_ARGS;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	o->head.kind = RV_KIND_CLOSE;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	o->head.kind = RV_KIND_OPEN;
	o->head.len = sizeof(o->head) - 1;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	o->head.len = UINT32_MAX;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	make_exec(&b, RV_ARGS_WHOLE, sizeof(block));
	x = (struct rv_exec *)b.data;
	x->args_stored--;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	x->args_stored++;
	x->args_missing = x->args_len + 1;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	make_exec(&b, RV_ARGS_CLAIMED, sizeof(block));
	x->args_stored--;
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
	make_exec(&b, RV_ARGS_CLAIMED, 0);
	CHECK_INT(event_decode(b.data, b.len, &e), -EBADMSG);
}

TEST("a denied exec's arguments are the caller's claim, in the record or in bulk")
{
	struct rv_exec *x;
	struct buffer b;
	struct event e;

	make_exec(&b, RV_ARGS_CLAIMED, sizeof(block));
	x = (struct rv_exec *)b.data;
	x->args_missing = 4;
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	CHECK(!event_args_in_bulk(&e));
	check_json(&e, &context, "\"args_missing\":4,");
	check_json(&e, &context, "\"args_state\":\"claimed\"");
	check_json(&e, &context, "\"argv\":[\"sh\",\"-c\",\"echo hi\"],\"env\":[\"A=1\"]");
	make_exec(&b, RV_ARGS_CLAIMED_BULK, 0);
	REQUIRE(event_decode(b.data, b.len, &e) > 0);
	CHECK(event_args_in_bulk(&e));
	check_json(&e, &context, "\"args_state\":\"claimed-bulk\"");
	check_json(&e, &context, "\"argv\":null");
	CHECK_INT(event_set_args(&e, block, sizeof(block)), 0);
	check_json(&e, &context, "\"args_state\":\"claimed\"");
	check_json(&e, &context, "\"argv\":[\"sh\",\"-c\",\"echo hi\"]");
}

TEST("records follow each other at multiples of 8; an unknown kind keeps its head")
{
	struct buffer b;
	struct event e;

	make_open(&b, "/abc", 4);
	CHECK(b.len % 8 != 0);
	CHECK_INT(event_decode(b.data, sizeof(b.data), &e), (long)((b.len + 7) / 8 * 8));
	((struct rv_head *)b.data)->kind = RV_KIND_MAX - 1;
	CHECK(event_decode(b.data, b.len, &e) > 0);
	CHECK_STR(event_kind_name(e.head.kind), "unknown");
	check_json(&e, &context, "{\"kind\":\"unknown\",\"cause\":null,\"seq\":12,");
}

TEST("names of numbers that do not exist")
{
	CHECK_STR(event_kind_name(RV_KIND_OPEN), "open");
	CHECK_STR(event_kind_name(99999), "unknown");
	CHECK_STR(event_verdict_name(RV_VERDICT_WOULD_DENY), "would-deny");
	CHECK_STR(event_verdict_name(200), "unknown");
	CHECK_STR(event_hook_name(RV_HOOK_EXIT), "sched_process_exit");
	CHECK_STR(event_hook_name(12345), "unknown");
}
