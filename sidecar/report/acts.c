/* SPDX-License-Identifier: Apache-2.0 */
/* See acts.h. A line's members come in the order they were asked for: each is looked at once. */
#include "acts.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "bpf/abi.h"
#include "sidecar/common/event_table.h"
#include "sidecar/common/quote.h"
#include "sidecar/common/util.h"
#include "sidecar/common/when.h"

enum {
	KIND,
	SEQ,
	TIME,
	BOOT,
	VERDICT,
	PID,
	PATH,
	NEW_PATH,
	SCRIPT,
	ACCESS,
	FAMILY,
	TYPE,
	LADDR,
	LPORT,
	FADDR,
	FPORT,
	OF_SEQ,
	OF_KIND,
	COUNT,
	FIELDS
};

static const char *const fields[] = {ACTS_FIELDS};
_Static_assert(ARRAY_SIZE(fields) == FIELDS, "one name each");

const char *acts_way_name(unsigned way)
{
	static const char *const names[] = {
#define NAME(NAME, rank, word) [WAY_##NAME] = word,
	    ACTS_WAYS(NAME)};

	return way < WAY_COUNT ? names[way] : "";
}

static unsigned rank_of(uint32_t ways)
{
	static const uint8_t ranks[] = {
#define RANK(NAME, rank, word) [WAY_##NAME] = rank,
	    ACTS_WAYS(RANK)};
	unsigned rank = 0;

	for (unsigned i = 0; i < WAY_COUNT; i++)
		if (ways >> i & 1 && ranks[i] > rank)
			rank = ranks[i];
	return rank;
}

int acts_init(struct acts *a, struct whose *whose)
{
	int r;

	*a = (struct acts){.whose = whose};
	r = buckets_init(&a->buckets);
	if (r == 0)
		r = touched_init(&a->files, '/');
	if (r == 0)
		r = touched_init(&a->hosts, ACTS_PART);
	if (r < 0)
		acts_release(a);
	return r;
}

void acts_release(struct acts *a)
{
	buckets_release(&a->buckets);
	touched_release(&a->files);
	touched_release(&a->hosts);
}

static bool lists(struct json_piece v, const char *word)
{
	struct json_piece at, element;

	if (v.len == 0 || v.s[0] != '[' || !json_scan_open(v, &at))
		return false;
	while (json_scan_element(&at, &element))
		if (json_scan_is(element, word))
			return true;
	return false;
}

/* "2026-11-21T12:00:" stays the same for many of them. */
int64_t acts_time(struct acts *a, struct json_piece time)
{
	char text[WHEN_SIZE];
	int64_t ns;

	if (time.len != 32 || time.s[0] != '"')
		return 0;
	if (memcmp(a->minute, time.s + 1, sizeof(a->minute)) != 0) {
		snprintf(text, sizeof(text), "%.17s00Z", time.s + 1);
		if (when_parse(text, 0, &a->minute_ns) < 0)
			return 0;
		memcpy(a->minute, time.s + 1, sizeof(a->minute));
	}
	ns = (int64_t)json_scan_number((struct json_piece){time.s + 18, 2}) * 1000000000;
	return a->minute_ns + ns + (int64_t)json_scan_number((struct json_piece){time.s + 21, 9});
}

static uint32_t ways_of_open(struct json_piece access)
{
	uint32_t ways = 0;

	if (lists(access, "read"))
		ways |= 1u << WAY_READ;
	if (lists(access, "exec"))
		ways |= 1u << WAY_EXECUTED;
	if (lists(access, "write") || lists(access, "truncate") || lists(access, "append"))
		ways |= 1u << WAY_WRITTEN;
	if (lists(access, "create"))
		ways |= 1u << WAY_CREATED;
	return ways ? ways : 1u << WAY_READ;
}

/* 0: of no file. */
static uint32_t ways_of(unsigned kind, struct json_piece access)
{
	switch (kind) {
	case RV_KIND_OPEN:
		return ways_of_open(access);
	case RV_KIND_EXEC:
		return 1u << WAY_EXECUTED;
	case RV_KIND_MMAP:
	case RV_KIND_MPROTECT:
		return 1u << WAY_MAPPED;
	case RV_KIND_IOCTL:
		return 1u << WAY_DEVICE;
	case RV_KIND_TRUNCATE:
		return 1u << WAY_WRITTEN;
	case RV_KIND_CREATE:
	case RV_KIND_SYMLINK:
		return 1u << WAY_CREATED;
	case RV_KIND_UNLINK:
		return 1u << WAY_REMOVED;
	case RV_KIND_RENAME:
		return 1u << WAY_RENAMED;
	case RV_KIND_LINK:
		return 1u << WAY_LINKED;
	case RV_KIND_CHMOD:
	case RV_KIND_CHOWN:
	case RV_KIND_UTIME:
	case RV_KIND_SETXATTR:
	case RV_KIND_REMOVEXATTR:
		return 1u << WAY_CHANGED;
	case RV_KIND_MOUNT ... RV_KIND_PIVOT_ROOT:
	case RV_KIND_CHROOT:
		return 1u << WAY_MOUNTED;
	case RV_KIND_MODULE:
	case RV_KIND_KEXEC:
		return 1u << WAY_LOADED;
	default:
		return 0;
	}
}

static int add_file(struct acts *a, struct json_piece path, const struct touch *act, uint64_t seq)
{
	_free_ char *bytes = NULL;
	size_t len;

	if (path.len == 0 || path.s[0] != '"')
		return 0;
	bytes = json_scan_bytes(path, &len);
	return bytes ? touched_add(&a->files, bytes, len, act, seq) : -ENOMEM;
}

static int add_files(struct acts *a, const struct json_piece *v, unsigned kind, struct touch act)
{
	static const unsigned paths[] = {NEW_PATH, SCRIPT};
	int r;

	act.ways = ways_of(kind, v[ACCESS]);
	if (act.ways == 0)
		return 0;
	if (act.rank == 0)
		act.rank = (uint8_t)rank_of(act.ways);
	/* Acts whose repetitions are told have one path. */
	r = add_file(a, v[PATH], &act, json_scan_number(v[SEQ]));
	for (unsigned i = 0; i < ARRAY_SIZE(paths) && r == 0; i++)
		r = add_file(a, v[paths[i]], &act, 0);
	return r;
}

/* The net that an address is folded into. */
static void put_network(FILE *f, const char *address)
{
	struct in6_addr a;
	char text[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, address, &a) == 1) {
		((uint8_t *)&a)[3] = 0;
		fprintf(f, "%s/24", inet_ntop(AF_INET, &a, text, sizeof(text)));
	} else if (inet_pton(AF_INET6, address, &a) == 1) {
		memset(a.s6_addr + 8, 0, 8);
		fprintf(f, "%s/64", inet_ntop(AF_INET6, &a, text, sizeof(text)));
	} else {
		fputc('-', f);
	}
}

static void put_string(FILE *f, struct json_piece v)
{
	size_t len = 0;
	_free_ char *bytes = json_scan_bytes(v, &len);

	if (bytes)
		quote_word(f, bytes, len);
	else if (v.s[0] == 'n')
		fputc('-', f);
	else
		fprintf(f, "%.*s", (int)v.len, v.s);
}

static const char *protocol(const struct json_piece *v)
{
	bool inet = json_scan_is(v[FAMILY], "inet") || json_scan_is(v[FAMILY], "inet6");

	if (inet && json_scan_is(v[TYPE], "stream"))
		return "tcp";
	if (inet && json_scan_is(v[TYPE], "dgram"))
		return "udp";
	return NULL;
}

static void put_host(FILE *f, const char *what, const struct json_piece *v, unsigned address,
		     unsigned port)
{
	const char *name = protocol(v);
	size_t len = 0;
	_free_ char *bytes = json_scan_bytes(v[address], &len);
	char text[64];

	snprintf(text, sizeof(text), "%.*s", (int)(bytes ? len : 0), bytes ? bytes : "");
	fprintf(f, "%s%c", what, ACTS_PART);
	if (name)
		fputs(name, f);
	else
		put_string(f, v[FAMILY]);
	fputc(ACTS_PART, f);
	put_network(f, text);
	fputc(ACTS_PART, f);
	put_string(f, v[PATH].len > 0 && v[PATH].s[0] == '"' ? v[PATH] : v[address]);
	fputc(ACTS_PART, f);
	put_string(f, v[port]);
}

static int add_host(struct acts *a, const struct json_piece *v, unsigned kind, struct touch act)
{
	static const char *const whats[] = {[RV_KIND_CONNECT] = "connected to",
					    [RV_KIND_SEND] = "sent to",
					    [RV_KIND_ACCEPT] = "accepted from",
					    [RV_KIND_BIND] = "bound",
					    [RV_KIND_LISTEN] = "listened on"};
	/* Where the container serves, the port that it serves at. */
	bool here = kind == RV_KIND_BIND || kind == RV_KIND_LISTEN,
	     serves = here || kind == RV_KIND_ACCEPT;
	_free_ char *name = NULL;
	size_t len = 0;
	FILE *f;

	if (kind >= ARRAY_SIZE(whats) || !whats[kind])
		return 0;
	if (act.rank == 0 && !serves)
		act.rank = 1; /* whom it turned to by itself */
	f = open_memstream(&name, &len);
	if (!f)
		return -ENOMEM;
	put_host(f, whats[kind], v, here ? LADDR : FADDR, serves ? LPORT : FPORT);
	if (fclose(f) != 0)
		return -ENOMEM;
	return touched_add(&a->hosts, name, len, &act, json_scan_number(v[SEQ]));
}

static void count(struct acts *a, const struct json_piece *v, unsigned kind,
		  const struct touch *act)
{
	struct whose_process *p =
	    whose_find(a->whose, (uint32_t)json_scan_number(v[PID]), json_scan_number(v[BOOT]));
	enum report_class class = report_class_of(kind);

	a->denied += act->denied;
	a->would_deny += act->would_deny;
	if (class == CLASS_ACCOUNT) {
		a->account++;
		return;
	}
	buckets_add(&a->buckets, act->first_ns, class, 1);
	if (act->denied)
		buckets_add(&a->buckets, act->first_ns, CLASS_DENIED, 1);
	if (act->would_deny)
		buckets_add(&a->buckets, act->first_ns, CLASS_WOULD_DENY, 1);
	if (p) {
		p->acts++;
		p->denied += act->denied;
		p->would_deny += act->would_deny;
	} else {
		a->whose->unknown += act->denied + act->would_deny;
	}
}

static int split(const char *line, size_t len, struct json_piece *v)
{
	struct json_piece at;
	struct json_member m;
	size_t n = 0;

	if (!json_scan_open((struct json_piece){line, len}, &at))
		return -EPROTO;
	for (; json_scan_member(&at, &m); n++) {
		if (n == FIELDS || m.value.len == 0 || m.key.len != strlen(fields[n]) ||
		    memcmp(m.key.s, fields[n], m.key.len) != 0)
			return -EPROTO;
		v[n] = m.value;
	}
	return n == FIELDS ? 0 : -EPROTO;
}

/* Those of other kinds are of no file and no address. */
static void add_repeat(struct acts *a, const struct json_piece *v, int64_t wall_ns)
{
	unsigned kind = event_kind_number(v[OF_KIND].s + 1, v[OF_KIND].len - 2);

	if (ways_of(kind, v[ACCESS]))
		touched_repeat(&a->files, json_scan_number(v[OF_SEQ]), json_scan_number(v[COUNT]),
			       wall_ns);
	else if (kind == RV_KIND_SEND)
		touched_repeat(&a->hosts, json_scan_number(v[OF_SEQ]), json_scan_number(v[COUNT]),
			       wall_ns);
}

int acts_add(void *acts, const char *line, size_t len)
{
	struct acts *a = acts;
	struct json_piece v[FIELDS];
	struct touch act = {.n = 1};
	unsigned kind;
	int r = split(line, len, v);

	if (r < 0)
		return r;
	a->records++;
	if (json_scan_is(v[KIND], "unreadable")) {
		a->unreadable++;
		return 0;
	}
	kind = event_kind_number(v[KIND].s + 1, v[KIND].len - 2);
	a->last_seq = json_scan_number(v[SEQ]);
	act.denied = json_scan_is(v[VERDICT], "denied");
	act.would_deny = json_scan_is(v[VERDICT], "would-deny");
	act.rank = act.denied || act.would_deny ? TOUCH_RANKS - 1 : 0;
	act.first_ns = act.last_ns = acts_time(a, v[TIME]);
	count(a, v, kind, &act);
	if (kind == RV_KIND_REPEAT) {
		add_repeat(a, v, act.last_ns);
		return 0;
	}
	r = add_files(a, v, kind, act);
	return r < 0 ? r : add_host(a, v, kind, act);
}
