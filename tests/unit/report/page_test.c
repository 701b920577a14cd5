/* SPDX-License-Identifier: Apache-2.0 */
/* A page from a few lines: who did it, what it was done to, what is said of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sidecar/common/util.h"
#include "sidecar/report/report.h"
#include "tests/unit/tap.h"

#define TIME(ms) "\"2026-11-21T02:43:00." ms "000000Z\""
#define TREE(kind, seq, ms, pid, rest)                                                             \
	"{\"kind\":\"" kind "\",\"seq\":" seq ",\"time\":" TIME(ms) ",\"boot_ns\":5000" ms "000000,"    \
	"\"verdict\":\"allowed\",\"process.pid\":" pid ",\"process.ppid\":1,\"process.start_ns\":5000000000000," \
	"\"process.comm\":\"<b>\"" rest "}"
#define ACT(kind, seq, ms, verdict, pid, path, access, rest)                                       \
	"{\"kind\":\"" kind "\",\"seq\":" seq ",\"time\":" TIME(ms) ",\"boot_ns\":5000" ms "000000,"    \
	"\"verdict\":\"" verdict "\",\"process.pid\":" pid ",\"path\":" path ",\"new_path\":null,"     \
	"\"script\":null,\"access\":" access "," rest "}"
#define NO_SOCKET                                                                                  \
	"\"family\":null,\"type\":null,\"laddr\":null,\"lport\":null,\"faddr\":null,\"fport\":null"
#define NO_REPEAT ",\"of_seq\":null,\"of_kind\":null,\"count\":null"

static int act(struct report *r, const char *line)
{
	return acts_add(&r->acts, line, strlen(line));
}

static void begin(struct report *r)
{
	static const char *const tree[] = {
	    TREE("armed", "0", "000", "10", ",\"record\":[\"fork\"]"),
	    TREE("exec", "1", "001", "10", ",\"path\":\"/bin/sh\",\"argv\":[\"sh\",\"</table>\"]"),
	};

	*r = (struct report){.asked = "a b", .since_ns = INT64_MIN, .until_ns = INT64_MAX, .build = "1"};
	CHECK_INT(report_init(r), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(tree); i++)
		CHECK_INT(process_tree_add(&r->tree, tree[i], strlen(tree[i])), 0);
	CHECK_INT(report_begin_acts(r), 0);
}

static void set(char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
}

static char *page_of(struct report *r)
{
	char *page = NULL;
	size_t len = 0;

	CHECK_INT(report_page(r, &page, &len), 0);
	CHECK(page && strlen(page) == len);
	return page;
}
#define HAS(page, words) CHECK(page && strstr(page, words))

TEST("report: acts by process, file and host; repetitions to their file")
{
	_free_ char *page = NULL;
	struct report r;

	begin(&r);
	CHECK_INT(act(&r, ACT("open", "2", "010", "allowed", "10", "\"/etc/<p>\"", "[\"read\",\"write\"]", NO_SOCKET NO_REPEAT)), 0);
	CHECK_INT(act(&r, ACT("open", "3", "020", "denied", "10", "\"/etc/shadow\"", "[\"read\"]", NO_SOCKET NO_REPEAT)), 0);
	CHECK_INT(act(&r, ACT("repeat", "4", "030", "none", "0", "null", "null", NO_SOCKET ",\"of_seq\":2,\"of_kind\":\"open\",\"count\":7")), 0);
	CHECK_INT(act(&r, ACT("connect", "5", "040", "would-deny", "77", "null", "null",
			      "\"family\":\"inet\",\"type\":\"stream\",\"laddr\":null,\"lport\":null,\"faddr\":\"10.1.2.3\",\"fport\":443" NO_REPEAT)), 0);
	CHECK_INT(act(&r, ACT("connect", "6", "041", "allowed", "10", "\"\\u0000x</code>\"", "null",
			      "\"family\":\"unix\",\"type\":\"stream\",\"laddr\":null,\"lport\":null,\"faddr\":null,\"fport\":null" NO_REPEAT)), 0);
	CHECK_INT(act(&r, ACT("send", "7", "042", "allowed", "10", "null", "null",
			      "\"family\":\"inet6\",\"type\":\"dgram\",\"laddr\":null,\"lport\":null,\"faddr\":\"2001:db8::7\",\"fport\":53" NO_REPEAT)), 0);
	CHECK_INT(act(&r, ACT("repeat", "8", "043", "none", "0", "null", "null", NO_SOCKET ",\"of_seq\":7,\"of_kind\":\"send\",\"count\":4")), 0);
	CHECK_INT(act(&r, ACT("repeat", "9", "044", "none", "0", "null", "null", NO_SOCKET ",\"of_seq\":1,\"of_kind\":\"capability\",\"count\":4")), 0);
	CHECK_INT(act(&r, ACT("repeat", "10", "045", "none", "0", "null", "null", NO_SOCKET ",\"of_seq\":1,\"of_kind\":\"mmap\",\"count\":5")), 0);
	CHECK_INT(r.acts.records, 9);
	CHECK_INT(r.acts.files.unplaced, 5);
	CHECK_INT(r.acts.denied, 1);
	CHECK_INT(r.acts.would_deny, 1);
	CHECK_INT(r.whose.of[0].denied, 1);
	CHECK_INT(r.whose.unknown, 1); /* of process 77 */
	CHECK_INT(r.acts.files.n, 2);
	CHECK_INT(r.acts.files.of[0].n, 8);
	CHECK_INT(r.acts.files.of[0].rank, 2);
	CHECK_INT(r.acts.hosts.n, 3);
	CHECK_STR(r.acts.hosts.of[2].key, "sent to\nudp\n2001:db8::/64\n2001:db8::7\n53");
	CHECK_INT(r.acts.hosts.of[2].n, 5);
	CHECK_STR(r.acts.hosts.of[0].key, "connected to\ntcp\n10.1.2.0/24\n10.1.2.3\n443");
	CHECK_STR(r.acts.hosts.of[1].key, "connected to\nunix\n-\n$'\\x00x</code>'\n-");
	page = page_of(&r);
	HAS(page, "<code>sh</code> <code>&#39;&lt;/table&gt;&#39;</code>");
	HAS(page, "&#39;/etc/&lt;p&gt;&#39;");
	HAS(page, "$&#39;\\x00x&lt;/code&gt;&#39;");
	HAS(page, "reeve ledger &#39;a b&#39;");
	HAS(page, "Of the refusals 1 were of processes that are not in this tree.");
	HAS(page, "default-src 'none'; style-src 'sha256-");
	report_release(&r);
}

TEST("report: a line that is not what was asked for is refused; a record that cannot be read is said")
{
	_free_ char *page = NULL;
	struct report r;

	begin(&r);
	CHECK_INT(act(&r, "{\"kind\":\"open\"}"), -EPROTO);
	CHECK_INT(act(&r, "[]"), -EPROTO);
	CHECK_INT(act(&r, ""), -EPROTO);
	CHECK_INT(act(&r, "{\"seq\":1,\"kind\":\"open\"}"), -EPROTO);
	CHECK_INT(act(&r, ACT("unreadable", "null", "010", "null", "null", "null", "null", NO_SOCKET NO_REPEAT)), 0);
	page = page_of(&r);
	HAS(page, "1 record could not be read.");
	report_release(&r);
}

TEST("report: what the node did not say is not good")
{
	_free_ char *nothing = NULL, *good = NULL, *lost = NULL;
	struct report r;

	begin(&r);
	set(&r.verify_error, "no <b>key");
	nothing = page_of(&r);
	HAS(nothing, "neither complete nor proven");
	HAS(nothing, "no &lt;b&gt;key");
	HAS(nothing, "Not armed");
	CHECK(!strstr(nothing, "<li class=good><span class=mark aria-hidden=true>&#10003;</span><h3>Integrity"));
	report_release(&r);

	begin(&r);
	set(&r.ledger, "{\"id\":\"x\",\"exact\":true,\"ended\":true,\"armed\":true,\"expected\":9,\"stored\":9,\"lost\":0,\"missing\":0}");
	set(&r.verify, "{\"intact\":true,\"records\":9,\"head\":\"ab\",\"cuts\":[],\"findings\":[]}");
	good = page_of(&r);
	HAS(good, "This record is complete and unaltered.");
	report_release(&r);

	begin(&r);
	set(&r.ledger, "{\"id\":\"x\",\"exact\":true,\"ended\":false,\"armed\":true,\"expected\":9,\"stored\":7,\"lost\":2,\"missing\":2}");
	set(&r.verify, "{\"intact\":true,\"records\":7,\"head\":\"ab\",\"cuts\":[{\"from\":1,\"to\":2}],\"findings\":[]}");
	lost = page_of(&r);
	HAS(lost, "2 lost, all counted");
	HAS(lost, "Unaltered, but cut");
	HAS(lost, "was running when this page was made");
	report_release(&r);
}

#define REFUSED(seq, env)                                                                          \
	"{\"kind\":\"exec\",\"cause\":\"file\",\"seq\":" seq ",\"time\":" TIME("500") ",\"boot_ns\":5000500000000,"  \
	"\"process\":{\"pid\":10,\"ns_pid\":1,\"uid\":0,\"comm\":\"</td>\",\"exe\":null},\"verdict\":\"denied\","   \
	"\"error\":\"EACCES\",\"rule\":3,\"policy\":\"web\",\"policy_line\":5,\"reason\":\"no \\u001b <shells>\"," \
	"\"ino\":7,\"path\":\"/bin/<x>\",\"filename\":\"/bin/<x>\",\"argv\":[\"\\udcff\"],\"env\":[" env "]}"

TEST("report: a refusal in full, its environment left alone; the first and the last of too many")
{
	struct refusals g;
	struct report r;
	char line[1024];
	_free_ char *page = NULL;

	begin(&r);
	CHECK_INT(refusals_add(&r.refusals, REFUSED("8", "\"SECRET=1\""), strlen(REFUSED("8", "\"SECRET=1\""))), 0);
	page = page_of(&r);
	HAS(page, "rule 3 of <code>web</code>, line 5<br><code>$&#39;no \\x1b &lt;shells&gt;&#39;</code>");
	HAS(page, "<b>exec</b> <code>&#39;/bin/&lt;x&gt;&#39;</code><small>ino <code>7</code>, argv <code>$&#39;\\xff&#39;</code></small>");
	HAS(page, "<a href=#p0>pid 10</a>, 1 inside, uid 0, comm <code>&#39;&lt;/td&gt;&#39;</code>");
	CHECK(!strstr(page, "SECRET"));
	report_release(&r);

	begin(&r);
	REQUIRE(refusals_init(&g, 4, 1u << 20, &r.acts) == 0);
	for (unsigned i = 0; i < 100; i++) {
		int len = snprintf(line, sizeof(line), "{\"seq\":%u,\"kind\":\"open\",\"verdict\":\"denied\",\"path\":\"/f%u\"}", i, i);

		CHECK_INT(refusals_add(&g, line, (size_t)len), 0);
	}
	CHECK_INT(g.n, 100);
	CHECK_INT(g.first_n + g.last_n, 8);
	CHECK(strstr(refusals_row(&g, 0)->line, "\"seq\":0,"));
	CHECK(strstr(refusals_row(&g, 3)->line, "\"seq\":3,"));
	CHECK(strstr(refusals_row(&g, 4)->line, "\"seq\":96,"));
	CHECK(strstr(refusals_row(&g, 7)->line, "\"seq\":99,"));
	CHECK_INT(g.groups.n, 100);
	g.up_to = 50;
	CHECK_INT(refusals_add(&g, line, strlen(line)), 0);
	CHECK_INT(g.n, 100);
	refusals_release(&g);

	REQUIRE(refusals_init(&g, 4, 100, &r.acts) == 0); /* bytes: one row at each end */
	for (unsigned i = 0; i < 5; i++) {
		int len = snprintf(line, sizeof(line), "{\"seq\":%u,\"kind\":\"open\",\"verdict\":\"would-deny\",\"path\":\"/f%u\"}", i, i);

		CHECK_INT(refusals_add(&g, line, (size_t)len), 0);
	}
	CHECK_INT(g.first_n, 1);
	CHECK_INT(g.last_n, 1);
	CHECK(strstr(refusals_row(&g, 1)->line, "\"seq\":4,"));
	refusals_release(&g);
	report_release(&r);
}

TEST("report: a chain of forks deeper than a page, and more of them than it has room for")
{
	_free_ char *page = NULL;
	struct report r;
	char line[512];

	begin(&r);
	whose_release(&r.whose);
	for (unsigned i = 0; i < 3 * REPORT_PROCESSES_MAX; i++) {
		int len = snprintf(line, sizeof(line),
				   "{\"kind\":\"fork\",\"seq\":%u,\"time\":" TIME("100") ",\"boot_ns\":5000100000000,"
				   "\"process.pid\":%u,\"process.start_ns\":0,\"process.comm\":\"f\",\"child_pid\":%u,"
				   "\"child_ns_pid\":%u}", i + 2, 10 + i, 11 + i, 11 + i);

		if (i == 0)
			len = snprintf(line, sizeof(line), TREE("fork", "2", "100", "10", ",\"child_pid\":11,\"child_ns_pid\":11"));
		CHECK_INT(process_tree_add(&r.tree, line, (size_t)len), 0);
	}
	CHECK_INT(r.tree.n, 3 * REPORT_PROCESSES_MAX + 1);
	CHECK_INT(whose_init(&r.whose, &r.tree), 0);
	whose_find(&r.whose, 10 + 3 * REPORT_PROCESSES_MAX, UINT64_MAX)->denied = 1; /* the deepest */
	page = page_of(&r);
	HAS(page, "6,001 processes");
	HAS(page, "<em>(+");
	HAS(page, "more below it not shown");
	HAS(page, "<tr id=p6000 data-d=");
	HAS(page, "4,001 are left out here");
	report_release(&r);
}
