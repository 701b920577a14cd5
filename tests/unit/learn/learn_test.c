/* SPDX-License-Identifier: Apache-2.0 */
/* Records to questions, questions to a policy, and that policy against the same records. */
#include "sidecar/learn/learn.h"
#include <errno.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "sidecar/common/util.h"
#include "sidecar/learn/dry.h"
#include "sidecar/policy/shadow.h"
#include "tests/unit/learn/made.h"
#include "tests/unit/policy/text.h"
#include "tests/unit/tap.h"

/* What a history told, a line each. */
struct told {
	char text[4096];
};

static int tell(void *arg, const struct rv_head *head, const struct asked *q)
{
	struct told *t = arg;
	size_t n = strlen(t->text);

	snprintf(t->text + n, sizeof(t->text) - n, "%s %s %u %.*s%s\n", event_kind_name(head->kind),
		 policy_subject_name(q->subject), q->access, (int)q->len, q->text ? q->text : "",
		 q->untold ? "?" : "");
	return 0;
}

static const char *story(const struct event *events, size_t n)
{
	static struct told told;
	struct history h = {.each = tell, .arg = &told};

	told.text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		CHECK(history_add(&h, &events[i], true) == 0);
	CHECK(history_end(&h) == 0);
	history_release(&h);
	return told.text;
}

TEST("learn: an exec is asked about each file but the loader, also when it fails")
{
	struct event whole[] = {
	    made_open(2, 7, "/a.sh", RV_ACCESS_EXEC), made_open(3, 7, "/b.sh", RV_ACCESS_EXEC),
	    made_open(4, 7, "/bin/sh", RV_ACCESS_EXEC),
	    made_open(5, 7, "/lib/ld.so", RV_ACCESS_EXEC), made_exec(6, 7, "/bin/sh", "/a.sh")};
	struct event failed[] = {
	    made_open(2, 7, "/text", RV_ACCESS_EXEC), made_open(3, 8, "/bin/ls", RV_ACCESS_EXEC),
	    made_open(4, 8, "/lib/ld.so", RV_ACCESS_EXEC), made_exec(5, 8, "/bin/ls", NULL)};

	CHECK_STR(story(whole, ARRAY_SIZE(whole)), "exec exec 1 /b.sh\nexec exec 1 /a.sh\n"
						   "exec exec 1 /bin/sh\n");
	CHECK_STR(story(failed, ARRAY_SIZE(failed)), "exec exec 1 /bin/ls\nexec exec 1 /text\n");
}

TEST("learn: many execs that fail are told, whatever their number")
{
	struct event e[100];
	char names[100][16];
	struct learn *l = learn_new();
	struct history h = {.each = learn_add, .arg = l};
	struct learn_options o = {
	    .name = "t", .subjects = 1u << RV_SUBJECT_EXEC, .recorded = ~0ull};
	char error[POLICY_ERROR_MAX] = "", *text = NULL;

	for (unsigned i = 0; i < 100; i++) {
		snprintf(names[i], sizeof(names[i]), "/bin/%c%c", 'a' + i / 26, 'a' + i % 26);
		e[i] = made_open(i + 2, 7, names[i], RV_ACCESS_EXEC);
		CHECK(history_add(&h, &e[i], true) == 0);
	}
	CHECK(history_end(&h) == 0);
	CHECK(learn_policy(l, &o, &text, error, sizeof(error)) == 0);
	CHECK_STR(error, "");
	CHECK_INT(learn_counts(l).rules, 100);
	free(text);
	learn_free(l);
}

TEST("learn: a list that no policy can hold is refused, with the numbers")
{
	struct learn *l = learn_new();
	struct learn_options o = {
	    .name = "t", .subjects = 1u << RV_SUBJECT_EXEC, .recorded = ~0ull};
	char error[POLICY_ERROR_MAX] = "", name[32], *text = NULL;
	struct rv_head head = {.kind = RV_KIND_EXEC, .verdict = RV_VERDICT_ALLOWED};
	struct asked q = {.subject = RV_SUBJECT_EXEC, .access = RV_DO_EXEC, .text = name};

	for (unsigned i = 0; i < POLICY_RULES_MAX; i++) {
		for (unsigned k = 0; k < 4; k++)
			name[1 + k] = (char)('a' + (i >> 4 * k & 15));
		name[0] = '/';
		q.len = 5;
		CHECK(learn_add(l, &head, &q) == 0);
	}
	CHECK_INT(learn_policy(l, &o, &text, error, sizeof(error)), -E2BIG);
	CHECK_STR(error, "16384 different acts need 16384 rules, and a policy has at most 16384; "
			 "--since or --subjects take fewer");
	learn_free(l);
}

TEST("learn: what was refused, or would have been, is told as that and not again by its exec")
{
	struct event e[] = {
	    made_open(2, 7, "/a.sh", RV_ACCESS_EXEC), made_exec(3, 7, "/a.sh", "/a.sh"),
	    made_open(4, 7, "/bin/sh", RV_ACCESS_EXEC),
	    made_open(5, 7, "/lib/ld.so", RV_ACCESS_EXEC), made_exec(6, 7, "/bin/sh", "/a.sh")};
	struct learn *l = learn_new();
	struct history h = {.each = learn_add, .arg = l};

	e[1].head.hook = RV_HOOK_EXEC_CHECK;
	e[1].head.verdict = RV_VERDICT_WOULD_DENY;
	CHECK_STR(story(e, ARRAY_SIZE(e)), "exec exec 1 /a.sh\nexec exec 1 /bin/sh\n");
	for (size_t i = 0; i < ARRAY_SIZE(e); i++)
		CHECK(history_add(&h, &e[i], true) == 0);
	CHECK_INT(learn_counts(l).would_deny, 1);
	CHECK_INT(learn_counts(l).denied, 0);
	history_release(&h);
	learn_free(l);
}

TEST("learn: each kind asks what the programs ask")
{
	struct event rename = made(RV_KIND_RENAME, 2, 1, "/a", "/b", NULL);
	struct event over = rename, exchange = rename,
		     map = made(RV_KIND_MMAP, 2, 1, NULL, NULL, NULL);
	struct event un = made(RV_KIND_CONNECT, 2, 1, "rel", NULL, NULL),
		     lost = made_open(2, 1, "/x", 1);
	struct event trunc = made_open(2, 1, "/x", RV_ACCESS_WRITE | RV_ACCESS_CREATE);
	struct event setup = made_exec(1, 1, "/bin/runc", NULL), gone = map;

	CHECK_STR(story(&rename, 1), "rename file 11 /a\nrename file 4 /b\n");
	over.rename.new_ino = 5;
	CHECK_STR(story(&over, 1), "rename file 11 /a\nrename file 12 /b\n");
	exchange.rename.flags = 2;
	CHECK_STR(story(&exchange, 1), "rename file 11 /a\nrename file 15 /b\n");
	map.mmap.protection = PROT_EXEC | PROT_WRITE;
	CHECK_STR(story(&map, 1), "mmap memory 6 \n");
	map.mmap.ino = 7;
	CHECK_STR(story(&map, 1), "mmap memory 3 \n");
	gone.head.kind = RV_KIND_MPROTECT;
	gone.mprotect.protection = PROT_EXEC;
	gone.mprotect.was = PROT_WRITE;
	CHECK_STR(story(&gone, 1), "mprotect memory 6 \n");
	un.connect.family = AF_UNIX;
	CHECK_STR(story(&un, 1), "connect unix 1 rel?\n");
	lost.open.path_state = RV_PATH_OUTSIDE;
	CHECK_STR(story(&lost, 1), "open file 1 /x?\n");
	CHECK_STR(story(&trunc, 1), "open file 2 /x\n");
	setup.head.phase = RV_PHASE_SETUP;
	CHECK_STR(story(&setup, 1), "");
}

static struct event made_socket(unsigned kind, const char *address, uint16_t port,
				uint32_t protocol)
{
	struct event e = made(kind, 2, 1, NULL, NULL, NULL);
	struct rv_address a = {.family = AF_INET, .port = port};
	struct in_addr in;

	if (!CHECK(inet_aton(address, &in)))
		return e;
	memcpy(a.addr, &in, 4);
	e.connect.family = AF_INET;
	e.connect.protocol = protocol;
	e.connect.type = SOCK_DGRAM;
	*(kind == RV_KIND_BIND ? &e.connect.local : &e.connect.peer) = a;
	return e;
}

struct learning {
	struct learn *learn;
	struct history history;
	char *text;
	char error[POLICY_ERROR_MAX];
	int r;
};

static void learning_end(struct learning *g)
{
	history_release(&g->history);
	learn_free(g->learn);
	free(g->text);
}

static void learn_from(struct learning *g, const struct event *events, size_t n, unsigned subjects)
{
	struct learn_options o = {
	    .name = "t", .enforce = true, .subjects = subjects, .recorded = ~0ull};

	memset(g, 0, sizeof(*g));
	g->learn = learn_new();
	g->history = (struct history){.each = learn_add, .arg = g->learn};
	g->r = g->learn ? 0 : -ENOMEM;
	for (size_t i = 0; g->r == 0 && i < n; i++)
		g->r = history_add(&g->history, &events[i], true);
	if (g->r == 0)
		g->r = history_end(&g->history);
	if (g->r == 0)
		g->r = learn_policy(g->learn, &o, &g->text, g->error, sizeof(g->error));
}

static int never(void *arg, const struct policy_rule *rule, const struct policy_rule *by)
{
	unsigned *n = arg;

	*n += rule != by;
	return 0;
}

/* Denials of that policy by those events. Each of its rules decides about something. */
static uint64_t denials(const char *text, const struct event *events, size_t n)
{
	char error[POLICY_ERROR_MAX] = "";
	struct policy_image image = {0};
	_policy_ struct policy *p = NULL;
	struct dry_counts c = {0};
	struct dry *d;
	struct history h;

	policy_parse(text, strlen(text), "t", &p, error, sizeof(error));
	unsigned idle = 0;

	CHECK_STR(error, "");
	CHECK(p && policy_shadowed(p, never, &idle) == 0);
	CHECK_INT(idle, 0);
	if (!p || !CHECK(policy_compile((const struct policy *const *)&p, 1, &image, error,
					sizeof(error)) == 0))
		return UINT64_MAX;
	d = dry_new(&image);
	h = (struct history){.each = dry_add, .arg = d};
	for (size_t i = 0; i < n; i++)
		CHECK(dry_see(d, &events[i], true) == 0 && history_add(&h, &events[i], true) == 0);
	CHECK(history_end(&h) == 0);
	c = dry_counts(d);
	history_release(&h);
	dry_free(d);
	policy_image_release(&image);
	return c.denied;
}

TEST("learn: the policy of a few acts, word for word")
{
	struct event e[] = {made_open(2, 1, "/proc/17/stat", RV_ACCESS_READ),
			    made_open(3, 1, "/proc/4/stat", RV_ACCESS_READ),
			    made_open(4, 1, "/srv/a\"*", RV_ACCESS_WRITE | RV_ACCESS_CREATE),
			    made_exec(5, 1, "/bin/x", NULL),
			    made_socket(RV_KIND_CONNECT, "10.0.0.1", 443, IPPROTO_TCP)};
	struct learning g;

	learn_from(&g, e, ARRAY_SIZE(e),
		   1u << RV_SUBJECT_FILE | 1u << RV_SUBJECT_EXEC | 1u << RV_SUBJECT_NETWORK);
	CHECK_STR(g.error, "");
	CHECK_STR(
	    g.text,
	    "{\n  \"name\": \"t\",\n  \"mode\": \"enforce\",\n"
	    "  \"defaults\": { \"exec\": \"deny\", \"file\": \"deny\", \"network\": \"deny\" },\n"
	    "  \"on_unresolvable\": \"deny\",\n  \"rules\": [\n"
	    "    {\"subject\":\"exec\",\"path\":\"/bin/x\",\"action\":\"allow\",\"reason\":\"1 "
	    "record\"},\n"
	    "    {\"subject\":\"file\",\"path\":\"/proc/[0-9]*/stat\",\"access\":[\"read\"],"
	    "\"action\":\"allow\",\"reason\":\"2 records, as of /proc/17/stat\"},\n"
	    "    "
	    "{\"subject\":\"file\",\"path\":\"/srv/a\\\"\\\\*\",\"access\":[\"write\",\"create\"],"
	    "\"action\":\"allow\",\"reason\":\"1 record\"},\n"
	    "    {\"subject\":\"network\",\"cidr\":\"10.0.0.1\",\"port\":443,\"protocol\":\"tcp\","
	    "\"direction\":[\"connect\"],\"action\":\"allow\",\"reason\":\"1 record\"}\n  ]\n}\n");
	CHECK_INT(denials(g.text, e, ARRAY_SIZE(e)), 0);
	e[0].strings[0] = (struct event_string){"/etc/shadow", 11};
	CHECK_INT(denials(g.text, e, ARRAY_SIZE(e)), 1);
	learning_end(&g);
}

TEST("learn: many addresses become their network, many ports the unprivileged ones, few do not")
{
	struct event e[LEARN_PORTS_MIN + LEARN_ADDRESSES_MIN];
	struct learning g;
	char address[32];

	for (unsigned i = 0; i < LEARN_PORTS_MIN; i++)
		e[i] =
		    made_socket(RV_KIND_BIND, "127.0.0.1", (uint16_t)(2000 + 17 * i), IPPROTO_UDP);
	for (unsigned i = 0; i < LEARN_ADDRESSES_MIN; i++) {
		snprintf(address, sizeof(address), "192.0.2.%u", 40 + 50 * i);
		e[LEARN_PORTS_MIN + i] = made_socket(RV_KIND_CONNECT, address, 80, IPPROTO_TCP);
	}
	learn_from(&g, e, ARRAY_SIZE(e), 1u << RV_SUBJECT_NETWORK);
	REQUIRE(g.text);
	CHECK(
	    strstr(g.text, "\"cidr\":\"127.0.0.1\",\"port\":\"1024-65535\",\"protocol\":\"udp\""));
	CHECK(strstr(g.text, "\"cidr\":\"192.0.2.0/24\",\"port\":80"));
	CHECK_INT(learn_counts(g.learn).rules, 2);
	CHECK_INT(denials(g.text, e, ARRAY_SIZE(e)), 0);
	learning_end(&g);
	learn_from(&g, e + 1, ARRAY_SIZE(e) - 2, 1u << RV_SUBJECT_NETWORK);
	CHECK_INT(learn_counts(g.learn).rules, ARRAY_SIZE(e) - 2);
	learning_end(&g);
}

TEST("learn: what cannot be told or said is omitted and counted, not allowed")
{
	struct event e[] = {made_open(2, 1, "/x", RV_ACCESS_READ),
			    made_open(3, 1, "/y", RV_ACCESS_READ),
			    made(RV_KIND_CONNECT, 4, 1, "/run/../s", NULL, NULL),
			    made_open(5, 1, "/z", RV_ACCESS_READ)};
	struct learning g;

	e[0].open.path_state = RV_PATH_OUTSIDE;
	e[2].connect.family = AF_UNIX;
	e[3].head.verdict = RV_VERDICT_DENIED;
	learn_from(&g, e, ARRAY_SIZE(e), LEARN_SUBJECTS);
	CHECK_STR(g.error, "");
	CHECK_INT(learn_counts(g.learn).omitted, 2);
	CHECK_INT(learn_counts(g.learn).learned, 1);
	CHECK_INT(learn_counts(g.learn).denied, 1);
	CHECK(g.text && !strstr(g.text, "/z") && !strstr(g.text, "run"));
	CHECK_INT(denials(g.text, e, ARRAY_SIZE(e)), 2);
	learning_end(&g);
}

static void random_name(char out[static 64])
{
	char *at = out;

	for (unsigned n = 1 + made_below(4); n > 0; n--) {
		*at++ = '/';
		for (unsigned k = made_below(5); k > 0; k--)
			*at++ = "aabbcx1*"[made_below(8)];
	}
	*at = '\0';
}

/* Records of all kinds with names of any bytes. */
static void random_events(struct event *e, char (*names)[2][64], size_t n)
{
	static const unsigned kinds[] = {
	    RV_KIND_OPEN,	RV_KIND_OPEN,	RV_KIND_EXEC, RV_KIND_CREATE,  RV_KIND_RENAME,
	    RV_KIND_UNLINK,	RV_KIND_CHMOD,	RV_KIND_MMAP, RV_KIND_CONNECT, RV_KIND_BIND,
	    RV_KIND_CAPABILITY, RV_KIND_SIGNAL, RV_KIND_MOUNT};

	for (size_t i = 0; i < n; i++) {
		unsigned kind = kinds[made_below(ARRAY_SIZE(kinds))];

		for (unsigned k = 0; k < 2; k++) {
			random_name(names[i][k]);
			for (char *at = names[i][k]; *at; at++)
				if (*at != '/' && made_below(4) == 0)
					*at = "*?[]{}\\,\xff\xc3 1Aa"[made_below(14)];
		}
		if ((kind == RV_KIND_CONNECT || kind == RV_KIND_BIND) && made_below(2)) {
			e[i] = made_socket(kind, made_below(2) ? "10.0.0.7" : "127.0.0.1",
					   (uint16_t)made_below(3000), 6 + 11 * made_below(2));
			continue;
		}
		e[i] = made(kind, i + 1, 1 + made_below(3), names[i][0], names[i][1], NULL);
		if (kind == RV_KIND_OPEN)
			e[i].open.access = made_below(64);
		if (kind == RV_KIND_MMAP)
			e[i].mmap.protection = PROT_EXEC | made_below(4);
		if (kind == RV_KIND_CAPABILITY)
			e[i].capability.capability = made_below(41);
		if (kind == RV_KIND_CONNECT || kind == RV_KIND_BIND)
			e[i].connect.family = AF_UNIX;
		if (kind == RV_KIND_EXEC)
			e[i].head.hook = RV_HOOK_EXEC_DONE;
	}
}

TEST("learn: random records: nothing of them is denied by what was learned from them")
{
	static struct event e[600];
	static char names[600][2][64];

	for (unsigned round = 0; round < 40; round++) {
		size_t n = 1 + made_below(600);
		struct learning g, again;

		random_events(e, names, n);
		learn_from(&g, e, n, LEARN_SUBJECTS);
		learn_from(&again, e, n, LEARN_SUBJECTS);
		CHECK_STR(g.error, "");
		REQUIRE(g.text && again.text);
		CHECK_STR(g.text, again.text);
		CHECK_INT(denials(g.text, e, n), learn_counts(g.learn).omitted);
		learning_end(&g);
		learning_end(&again);
	}
}

static bool learn_some(void)
{
	struct event e[] = {made_open(2, 1, "/proc/17/stat", RV_ACCESS_READ),
			    made_open(3, 1, "/bin/x", RV_ACCESS_EXEC),
			    made_exec(4, 1, "/bin/x", NULL),
			    made_open(5, 2, "/bin/y", RV_ACCESS_EXEC),
			    made_socket(RV_KIND_CONNECT, "10.0.0.1", 443, IPPROTO_TCP)};
	struct learning g;
	bool good;

	learn_from(&g, e, ARRAY_SIZE(e), LEARN_SUBJECTS);
	good = g.r == 0;
	learning_end(&g);
	return good;
}

TEST("learn: without memory it fails and leaks nothing")
{
	tap_each_malloc(learn_some);
}

TEST("learn: a dry run counts repetitions, tells rules and conditions")
{
	static const char text[] =
	    "{'name':'w','mode':'enforce','rules':["
	    "{'subject':'file','path':'/s','action':'allow','when':{'exec':'/bin/a'}},"
	    "{'subject':'file','path':'/s','action':'deny'}]}";
	_policy_ struct policy *p = text_read(text);
	struct policy_image image = {0};
	char error[POLICY_ERROR_MAX];
	struct event e[] = {made_exec(1, 1, "/bin/a", NULL),
			    made_open(2, 1, "/s", RV_ACCESS_READ),
			    made_exec(3, 2, "/bin/b", NULL),
			    made_open(4, 2, "/s", RV_ACCESS_READ),
			    made(RV_KIND_REPEAT, 5, 0, NULL, NULL, NULL),
			    made_open(6, 3, "/s", RV_ACCESS_READ),
			    made_open(7, 3, "/s", RV_ACCESS_READ)};
	struct dry_counts c;
	struct history h;
	struct dry *d;

	REQUIRE(p && policy_compile((const struct policy *const *)&p, 1, &image, error,
				    sizeof(error)) == 0);
	e[0].head.exec_seq = e[2].head.exec_seq = 0;
	e[1].head.exec_seq = 1;
	e[3].head.exec_seq = 3;
	e[4].repeat.of_seq = 4;
	e[4].repeat.of_kind = RV_KIND_OPEN;
	e[4].repeat.count = 10;
	e[5].head.exec_seq = 0; /* whose, is not known */
	e[6].head.exec_seq = 3;
	e[6].head.verdict = RV_VERDICT_DENIED;
	d = dry_new(&image);
	h = (struct history){.each = dry_add, .arg = d};
	for (size_t i = 0; i < ARRAY_SIZE(e); i++)
		CHECK(dry_see(d, &e[i], true) == 0 && history_add(&h, &e[i], true) == 0);
	CHECK(history_end(&h) == 0);
	c = dry_counts(d);
	CHECK_INT(c.denied, 11);
	CHECK_INT(c.unknown[RV_KIND_OPEN], 1);
	CHECK_INT(c.refused_then, 1);
	CHECK_INT(c.refused_now, 1);
	CHECK_INT(dry_blind(&image, ~0ull), 0);
	CHECK(dry_blind(&image, ~(1ull << RV_KIND_CHMOD)) == 1ull << RV_KIND_CHMOD);
	history_release(&h);
	dry_free(d);
	policy_image_release(&image);
}

TEST("learn: a dry run goes by the records' tags; what no record tells is not known, or cannot be told")
{
	static const char text[] = "{'name':'t','mode':'enforce','rules':["
				   "{'subject':'file','tag':'sec*','action':'deny'},"
				   "{'subject':'exec','tag':'bad','action':'deny'}]}";
	_policy_ struct policy *p = text_read(text);
	struct policy_image image = {0};
	char error[POLICY_ERROR_MAX];
	struct event e[] = {made_open(1, 1, "/a", RV_ACCESS_READ),
			    made_open(2, 1, "/b", RV_ACCESS_READ),
			    made_open(3, 1, "/c", RV_ACCESS_WRITE),
			    made(RV_KIND_TRUNCATE, 4, 1, "/d", NULL, NULL),
			    made(RV_KIND_TRUNCATE, 5, 1, "/d", NULL, NULL),
			    made(RV_KIND_RENAME, 6, 1, "/a", "/e", NULL),
			    made_exec(7, 1, "/bin/sh", "/script"),
			    made_exec(8, 1, "/bin/bad", NULL)};
	struct dry_counts c;
	struct history h;
	struct dry *d;

	REQUIRE(p && policy_compile((const struct policy *const *)&p, 1, &image, error,
				    sizeof(error)) == 0);
	e[0].open.tag_source = RV_TAG_USER;
	e[0].strings[1] = (struct event_string){"secret", 6};
	e[2].open.tag_source = RV_TAG_UNREADABLE;
	e[3].head.hook = RV_HOOK_TRUNCATE;
	e[4].head.hook = RV_HOOK_FTRUNCATE;
	e[7].exec.tag_source = RV_TAG_SECURITY;
	e[7].strings[3] = (struct event_string){"bad", 3};
	d = dry_new(&image);
	h = (struct history){.each = dry_add, .arg = d};
	for (size_t i = 0; i < ARRAY_SIZE(e); i++)
		CHECK(dry_see(d, &e[i], true) == 0 && history_add(&h, &e[i], true) == 0);
	CHECK(history_end(&h) == 0);
	c = dry_counts(d);
	CHECK_INT(c.denied, 4); /* 1, 3, 4, 8 */
	CHECK_INT(c.unknown[RV_KIND_EXEC], 1);
	CHECK_INT(c.asked, 9); /* a rename asks two questions */
	CHECK(dry_blind(&image, ~(1ull << RV_KIND_OPEN)) & 1ull << RV_KIND_OPEN);
	history_release(&h);
	dry_free(d);
	policy_image_release(&image);
}
