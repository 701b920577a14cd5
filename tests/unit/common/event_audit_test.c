/* SPDX-License-Identifier: Apache-2.0 */
/* Golden lines: what they mean to the real ausearch is tried in tests/bats/audit.bats. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/event.h"
#include "sidecar/common/event_audit.h"
#include "sidecar/common/util.h"
#include "tests/unit/tap.h"

#if defined(__x86_64__)
#define ARCH "arch=c000003e syscall="
#define STAMP "msg=audit(1795228980.123:12):"

struct buffer {
	_Alignas(8) uint8_t data[65536];
	size_t len;
};

static struct buffer buffer;

static void put(const void *data, size_t len)
{
	memcpy(buffer.data + buffer.len, data, len);
	buffer.len += len;
	((struct rv_head *)buffer.data)->len = (uint32_t)buffer.len;
}

static void start(const void *record, size_t len)
{
	buffer.len = 0;
	put(record, len);
}

static struct rv_head head_of(unsigned kind)
{
	return (struct rv_head){
	    .kind = (__u16)kind,
	    .seq = 12,
	    .tai_ns = 1795228980123456789 + 37000000000,
	    .cgroup_id = 4242,
	    .exe_dev = 8u << 20 | 1,
	    .pid = 100,
	    .tid = 101,
	    .ppid = 99,
	    .uid = 1000,
	    .gid = 1001,
	    .euid = 1002,
	    .egid = 1003,
	    .loginuid = UINT32_MAX,
	    .sessionid = 3,
	    .comm = "cat",
	    .prog_id = 321,
	    .hook = RV_HOOK_FILE_OPEN,
	    .verdict = RV_VERDICT_ALLOWED,
	    .phase = RV_PHASE_ARMED,
	    .prog_tag = {0xde, 0xad, 0xbe, 0xef, 0, 1, 2, 3},
	};
}
#define HEAD_TAIL                                                                                  \
	" phase=armed prog-hook=file_open prog-tag=deadbeef00010203 exe-dev=08:01 cgroup-id=4242"  \
	" tid=101"
#define WHO(items) WITH("0", "0", "0", items)
#define OPENED(items) WITH("ffffff9c", "0", "2", items)
#define WITH(a0, a1, a2, items)                                                                    \
	" a0=" a0 " a1=" a1 " a2=" a2 " a3=0 items=" items                                         \
	" ppid=99 pid=100 auid=4294967295 uid=1000 gid=1001"                                       \
	" euid=1002 egid=1003 tty=(none) ses=3 comm=\"cat\" exe="
#define FIELDS(cause)                                                                              \
	"type=UNKNOWN[1427] " STAMP " prog-id=321 pid=100 comm=\"cat\" cause=\"" cause "\""
#define CONTAINER " container=\"abc\" container-name=\"web\""

static const struct event_context context = {
    .container = "abc", .name = "web", .tai_offset_ns = 37000000000};

static char *audit_of(const struct event_context *c)
{
	struct event e;

	if (!CHECK(event_decode(buffer.data, buffer.len, &e) > 0))
		return NULL;
	return event_to_audit(&e, c);
}

static void check(const char *want)
{
	_free_ char *got = audit_of(&context);

	CHECK_STR(got ? got : "none", want);
}

/* Of the event's lines, those of a type; the stamp left out. */
static void check_lines(const char *type, const char *want)
{
	_free_ char *got = audit_of(&context), *found = NULL;
	char *rest = got, *line;
	size_t size;
	FILE *f = open_memstream(&found, &size);

	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, "type=", 5) == 0 && strncmp(line + 5, type, strlen(type)) == 0)
			fprintf(f, "%s\n", strstr(line, "): ") + 3);
	fclose(f);
	CHECK_STR(found, want);
}

static void make_open(const char *path, size_t len)
{
	struct rv_open o = {.head = head_of(RV_KIND_OPEN),
			    .ino = 5,
			    .dev = 8u << 20 | 18,
			    .access = RV_ACCESS_READ | RV_ACCESS_WRITE,
			    .flags = 2,
			    .mode = 0100644,
			    .path_len = (__u32)len};

	start(&o, sizeof(o));
	put(path, len);
}

TEST("audit: an open is SYSCALL, 1427 and PATH")
{
	struct event_context c = context;
	_free_ char *got = NULL;

	make_open("/etc/passwd", 11);
	c.exe = "/bin/cat";
	c.exe_len = 8;
	got = audit_of(&c);
	CHECK_STR(got,
		  "type=SYSCALL " STAMP " " ARCH "257 success=yes exit=0" OPENED(
		      "1") "\"/bin/cat\""
			   " key=(null)\n" FIELDS(
			       "file") " ino=5 dev=08:12 path=\"/etc/passwd\"" CONTAINER
				       " kind=open verdict=allowed seq=12" HEAD_TAIL
				       " open-access=read,write open-flags=2 open-mode=0100644 "
				       "open-path-state=ok\n"
				       "type=PATH " STAMP
				       " item=0 name=\"/etc/passwd\" inode=5 dev=08:12 mode=0100644"
				       " nametype=NORMAL\n");
}

TEST("audit: a denial has its errno and its rule as key, a would-be one succeeds")
{
	struct rv_open *o = (void *)buffer.data;

	make_open("/a", 2);
	o->head.verdict = RV_VERDICT_DENIED;
	o->head.error = EACCES;
	o->head.rule = 2;
	check_lines("SYSCALL",
		    ARCH "257 success=no exit=-13" OPENED("1") "(null) key=\"reeve-rule-2\"\n");
	o->head.verdict = RV_VERDICT_WOULD_DENY;
	check_lines("SYSCALL",
		    ARCH "257 success=yes exit=0" OPENED("1") "(null) key=\"reeve-rule-2\"\n");
}

TEST("audit: arguments that ausearch tells stories by are the record's")
{
	struct rv_setuid u = {.head = head_of(RV_KIND_SETUID), .new_id = 1000, .new_eid = 10};
	struct rv_signal s = {.head = head_of(RV_KIND_SIGNAL), .opid = 17, .signal = 9};
	struct rv_socket n = {
	    .head = head_of(RV_KIND_SOCKET), .family = 10, .type = 2, .protocol = 17};

	start(&u, sizeof(u));
	check_lines("SYSCALL",
		    ARCH "117 success=yes exit=0" WITH("3e8", "a", "0", "0") "(null) key=(null)\n");
	start(&s, sizeof(s));
	check_lines("SYSCALL",
		    ARCH "62 success=yes exit=0" WITH("11", "9", "0", "0") "(null) key=(null)\n");
	start(&n, sizeof(n));
	check_lines("SYSCALL",
		    ARCH "41 success=yes exit=0" WITH("a", "2", "11", "0") "(null) key=(null)\n");
}

TEST("audit: hostile bytes are hex: no line, record or field is forged")
{
	static const struct {
		const char *name, *want;
	} cases[] = {
	    {"a b", "612062"},
	    {"a\nb", "610A62"},
	    {"a\"b", "612262"},
	    {"\xff", "FF"},
	    {"\x1b[2J", "1B5B324A"},
	    {"\xe2\x80\xae", "E280AE"},
	    {"\xc3\xa9", "C3A9"},
	    {"\x7f", "7F"},
	    {"\x1d", "1D"},
	    {"exe=/bin/sh", "6578653D2F62696E2F7368"},
	    {"key=\"x\" name=y", "6B65793D227822206E616D653D79"},
	    {"x\ntype=PATH msg=audit(1.000:1): item=0 name=\"/\"",
	     "780A747970653D50415448206D73673D617564697428312E3030303A31293A206974656D3D30"
	     "206E616D653D222F22"},
	    {"plain'$\\(null)", "\"plain'$\\(null)\""},
	    {"(null)", "\"(null)\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct event_context c = context;
		_free_ char *got = NULL;
		char want[256];
		struct rv_open *o = (void *)buffer.data;

		make_open(cases[i].name, strlen(cases[i].name));
		snprintf(want, sizeof(want),
			 "item=0 name=%s inode=5 dev=08:12 mode=0100644 nametype=NORMAL\n",
			 cases[i].want);
		check_lines("PATH", want);
		/* Whatever else a container or its owner may choose. */
		memset(o->head.comm, 0, sizeof(o->head.comm));
		memcpy(o->head.comm, cases[i].name,
		       strlen(cases[i].name) < 16 ? strlen(cases[i].name) : 16);
		c.name = c.container = c.exe = cases[i].name;
		c.exe_len = strlen(c.exe);
		got = audit_of(&c);
		REQUIRE(got);
		snprintf(want, sizeof(want), " exe=%s key=(null)\n", cases[i].want);
		CHECK(strstr(got, want));
		snprintf(want, sizeof(want), " container=%s container-name=%s kind=", cases[i].want,
			 cases[i].want);
		CHECK(strstr(got, want));
		if (strlen(cases[i].name) <= 16) {
			snprintf(want, sizeof(want), " ses=3 comm=%s exe=", cases[i].want);
			CHECK(strstr(got, want));
		}
	}
}

TEST("audit: an exec has its argv, and as title the first 128 bytes of it")
{
	static const char block[] = "sh\0-c\0echo hi\0A=1";
	struct rv_exec x = {.head = head_of(RV_KIND_EXEC),
			    .ino = 6,
			    .dev = 1,
			    .args_len = sizeof(block),
			    .args_stored = sizeof(block),
			    .argc = 3,
			    .envc = 1,
			    .origin = RV_ORIGIN_FD,
			    .path_len = 7,
			    .filename_len = 4,
			    .script_len = 3};

	start(&x, sizeof(x));
	put("/bin/sh/a b/x y", 14);
	put(block, sizeof(block));
	((struct rv_head *)buffer.data)->hook = RV_HOOK_EXEC_DONE;
	check_lines("SYSCALL", ARCH "59 success=yes exit=0" WHO("2") "\"/bin/sh\" key=(null)\n");
	((struct rv_head *)buffer.data)->hook = RV_HOOK_FILE_OPEN;
	check("type=SYSCALL " STAMP " " ARCH
	      "59 success=yes exit=0" WHO("2") "(null) key=(null)\n" FIELDS(
		  "file") " ino=6 dev=00:01 path=\"/bin/sh\"" CONTAINER
			  " kind=exec verdict=allowed seq=12" HEAD_TAIL
			  " exec-args-len=18 exec-args-missing=0"
			  " exec-argc=3 exec-envc=1 exec-args-state=whole exec-path-state=ok "
			  "exec-origin=fd exec-script-state=ok exec-mode=0"
			  " exec-filename=2F612062 exec-script=2F7820\n"
			  "type=EXECVE " STAMP " argc=3 a0=\"sh\" a1=\"-c\" a2=6563686F206869\n"
			  "type=PATH " STAMP
			  " item=0 name=\"/bin/sh\" inode=6 dev=00:01 mode=0 nametype=NORMAL\n"
			  "type=PATH " STAMP " item=1 name=2F7820 nametype=NORMAL\n"
			  "type=PROCTITLE " STAMP " proctitle=7368002D63006563686F206869\n");
}

TEST("audit: long arguments go on in further lines, nothing is cut, no line is too long")
{
	static char block[40000];
	struct rv_exec x = {.head = head_of(RV_KIND_EXEC),
			    .args_len = sizeof(block),
			    .args_stored = sizeof(block),
			    .argc = 4};
	_free_ char *got = NULL;
	char *at, *rest;
	size_t digits = 0, quoted = 0;

	/* one of 7,000 clean bytes, twice; one of 20,000; an empty one */
	memset(block, 'x', 34000);
	block[7000] = block[14001] = block[34002] = block[34003] = 0;
	block[34000] = block[34001] = ' ';
	memset(block + 34004, 'E', sizeof(block) - 34004);
	start(&x, sizeof(x));
	put(block, sizeof(block));
	rest = got = audit_of(&context);
	while ((at = strsep(&rest, "\n"))) {
		CHECK(strlen(at) <= AUDIT_LINE_MAX);
		if (strncmp(at, "type=EXECVE " STAMP, sizeof("type=EXECVE " STAMP) - 1) != 0)
			continue;
		for (char *word; (word = strsep(&at, " "));) {
			if (strncmp(word, "a2[", 3) == 0)
				digits += strspn(strchr(word, '=') + 1, "0123456789ABCDEF");
			if (strncmp(word, "a0=\"", 4) == 0 || strncmp(word, "a1=\"", 4) == 0)
				quoted += strspn(word + 4, "x");
			if (strncmp(word, "a2_len", 6) == 0)
				CHECK_STR(word, "a2_len=40000");
			if (strncmp(word, "a3", 2) == 0)
				CHECK_STR(word, "a3=\"\"");
		}
	}
	CHECK_INT(quoted, 14000);
	CHECK_INT(digits, 40000);
}

TEST("audit: an argument block that is not there has no EXECVE, and 1427 says why")
{
	struct rv_exec x = {.head = head_of(RV_KIND_EXEC),
			    .args_len = 70000,
			    .argc = 1,
			    .args_state = RV_ARGS_LOST};

	start(&x, sizeof(x));
	check_lines("EXECVE", "");
	check_lines("PROCTITLE", "");
	check_lines("PATH", "");
	_free_ char *got = audit_of(&context);
	CHECK(strstr(got, " exec-args-len=70000 exec-args-missing=0 exec-argc=1 exec-envc=0 "
			  "exec-args-state=lost "));
}

static void check_socket(const struct rv_connect *n, const char *path, size_t len, const char *want)
{
	struct rv_connect copy = *n;

	copy.path_len = (__u32)len;
	start(&copy, sizeof(copy));
	put(path, len);
	check_lines("SOCKADDR", want);
}

TEST("audit: sockets have the caller's sockaddr, bind its own side")
{
	struct rv_connect n = {.head = head_of(RV_KIND_CONNECT),
			       .family = AF_INET,
			       .type = 1,
			       .local = {.family = AF_INET, .port = 1, .addr = {10, 0, 0, 1}},
			       .peer = {.family = AF_INET, .port = 443, .addr = {127, 0, 0, 1}}};
	uint32_t cid = 3;

	check_socket(&n, "", 0, "saddr=020001BB7F0000010000000000000000\n");
	check_lines("UNKNOWN[1427]",
		    "prog-id=321 pid=100 comm=\"cat\" cause=\"socket\""
		    " laddr=10.0.0.1 lport=1 faddr=127.0.0.1 fport=443" CONTAINER
		    " kind=connect verdict=allowed seq=12" HEAD_TAIL " connect-family=inet"
		    " connect-type=stream connect-protocol=0 connect-groups=0x0 connect-backlog=0 connect-size=0\n");
	n.head.kind = RV_KIND_BIND;
	check_socket(&n, "", 0, "saddr=020000010A0000010000000000000000\n");
	n.head.kind = RV_KIND_CONNECT;
	n.peer =
	    (struct rv_address){.family = AF_INET6, .port = 80, .addr = {[15] = 1}, .scope_id = 2};
	check_socket(&n, "", 0, "saddr=0A000050000000000000000000000000000000000000000102000000\n");
	n.peer = (struct rv_address){.family = AF_NETLINK, .port = 7};
	n.groups = 1;
	check_socket(&n, "", 0, "saddr=100000000700000001000000\n");
	n.groups = 0;
	n.peer = (struct rv_address){.family = AF_VSOCK, .port = 1024};
	memcpy(n.peer.addr, &cid, sizeof(cid));
	check_socket(&n, "", 0, "saddr=28000000000400000300000000000000\n");
	n.family = AF_UNIX;
	n.peer = (struct rv_address){.family = AF_UNIX};
	check_socket(&n, "/s", 2, "saddr=01002F7300\n");
	check_lines("PATH", "item=0 name=\"/s\" nametype=NORMAL\n");
	check_socket(&n, "\0ab", 3, "saddr=0100006162\n");
	check_lines("PATH", "");
	/* ausearch loses an event with one of these. */
	check_socket(&n, "", 0, "");
	check_socket(&n, "\0", 1, "");
	check_socket(&n, "\0\0x", 3, "");
}

TEST("audit: programs loaded and unloaded are BPF events as the kernel's own")
{
	struct rv_bpf_load b = {.head = head_of(RV_KIND_BPF_UNLOAD), .id = 76, .name = {"p q"}};

	start(&b, sizeof(b));
	check_lines("BPF", "prog-id=76 op=UNLOAD\n");
	((struct rv_head *)buffer.data)->kind = RV_KIND_BPF_LOAD;
	check_lines("BPF", "prog-id=76 op=LOAD\n");
	check_lines("SYSCALL", ARCH "321 success=yes exit=0" WHO("0") "(null) key=(null)\n");
}

TEST("audit: both names of a rename, the attribute's name of setxattr is not the file's")
{
	struct rv_rename r = {.head = head_of(RV_KIND_RENAME),
			      .ino = 7,
			      .dev = 1,
			      .mode = 040755,
			      .path_len = 2,
			      .new_path_len = 2};
	struct rv_setxattr x = {.head = head_of(RV_KIND_SETXATTR), .path_len = 2, .name_len = 6};
	_free_ char *got = NULL;

	start(&r, sizeof(r));
	put("/a/b", 4);
	check_lines("PATH", "item=0 name=\"/a\" inode=7 dev=00:01 mode=040755 nametype=DELETE\n"
			    "item=1 name=\"/b\" inode=7 dev=00:01 mode=040755 nametype=CREATE\n");
	start(&x, sizeof(x));
	put("/auser.x", 8);
	got = audit_of(&context);
	CHECK(strstr(got, " cause=\"dentry\" name=\"/a\" container="));
	CHECK(strstr(got, " setxattr-name=\"user.x\""));
	CHECK(!strstr(got, " path="));
}

TEST("audit: the record's own account is 1427 alone; an unknown kind and a lost record stay events")
{
	struct rv_checkpoint c = {.head = head_of(RV_KIND_CHECKPOINT),
				  .counters = {.issued = 9, .armed = 1}};
	struct event unreadable = {.head = {.seq = 12, .tai_ns = head_of(1).tai_ns}};
	_free_ char *got = NULL, *none = NULL;

	c.counters.taken[RV_KIND_OPEN] = 6;
	c.counters.lost[RV_KIND_OPEN] = 2;
	c.counters.lost[RV_KIND_MAX - 1] = 1;
	c.counters.merged[0] = 3;
	start(&c, sizeof(c));
	check(FIELDS("none") CONTAINER
	      " kind=checkpoint verdict=allowed seq=12" HEAD_TAIL
	      " issued=9 armed=yes taken-open=6 lost-open=2 lost-kind-63=1 merged-open=3"
	      " errors-scratch=0 errors-path=0 errors-storage=0 errors-args=0 errors-ring=0 errors-note=0 errors-loaded=0\n");
	((struct rv_head *)buffer.data)->kind = RV_KIND_MAX - 1;
	got = audit_of(&context);
	CHECK(strncmp(got, "type=SYSCALL " STAMP " " ARCH "-1 ", 50) == 0);
	CHECK(strstr(got, " kind=unknown kind-number=63 "));
	none = event_to_audit(&unreadable, &context);
	CHECK(strstr(none, "kind=unreadable verdict=none seq=12"));
	CHECK(!strstr(none, "SYSCALL"));
}

TEST("audit: fields that do not fit go on in a further 1427 with the same stamp")
{
	struct rv_rename r = {
	    .head = head_of(RV_KIND_RENAME), .path_len = 4095, .new_path_len = 4095};
	static char path[4095];
	_free_ char *got = NULL;
	char *line, *rest;
	unsigned fields = 0, paths = 0;

	memset(path, '\n', sizeof(path));
	start(&r, sizeof(r));
	put(path, sizeof(path));
	put(path, sizeof(path));
	rest = got = audit_of(&context);
	while ((line = strsep(&rest, "\n")) && *line) {
		CHECK(strlen(line) <= AUDIT_LINE_MAX);
		fields += strncmp(line, FIELDS("x"), sizeof("type=UNKNOWN[1427] " STAMP) - 1) == 0;
		paths += strncmp(line, "type=PATH " STAMP, sizeof("type=PATH " STAMP) - 1) == 0;
	}
	CHECK_INT(fields, 2);
	CHECK_INT(paths, 2);
}
#endif
