/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: what each subject's keys mean, and every refusal with its place. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "sidecar/common/event_table.h"
#include "sidecar/common/util.h"
#include "tests/unit/policy/text.h"
#include "tests/unit/tap.h"

#define DENY "'action':'deny'"
#define FILES(path, more) "{'subject':'file','path':'" path "'," DENY more "}"
#define NET(more) POLICY("{'subject':'network'," DENY "," more "}")

TEST("rule: exec, file, unix")
{
	_policy_ struct policy *p = text_read(
	    POLICY("{'subject':'exec','path':'/bin/*','action':'allow','reason':'a reason'},\n"
		   "  {'subject':'file','path':'**.pem','action':'deny','errno':'ENOENT',"
		   "'access':['read','link']},"
		   "{'subject':'file','path':'/x{/y,}/**','action':'audit','access':'delete'},"
		   "{'subject':'file','path':'/','action':'deny'},"
		   "{'subject':'unix','path':'@a//b/..','action':'deny','access':['bind']},"
		   "{'subject':'unix','path':'/run/*.sock','action':'deny'}"));

	REQUIRE(p && p->rules_n == 6);
	CHECK_INT(p->rules[0].subject, POLICY_EXEC);
	CHECK_INT(p->rules[0].action, POLICY_ALLOW);
	CHECK_INT(p->rules[0].access, RV_DO_EXEC);
	CHECK_INT(p->rules[0].error, 0);
	CHECK_STR(p->rules[0].path, "/bin/*");
	CHECK_STR(p->rules[0].reason, "a reason");
	CHECK_INT(p->rules[0].line, 2);
	CHECK_INT(p->rules[0].column, 1);
	CHECK_INT(p->rules[1].line, 3);
	CHECK_INT(p->rules[1].column, 3);
	CHECK_INT(p->rules[1].error, ENOENT);
	CHECK_INT(p->rules[1].access, RV_DO_READ | RV_DO_LINK);
	CHECK(p->rules[1].reason == NULL);
	CHECK_INT(p->rules[2].action, POLICY_AUDIT);
	CHECK_INT(p->rules[2].access, RV_DO_DELETE);
	CHECK_INT(p->rules[3].access, RV_DO_FILE_ALL);
	CHECK_INT(p->rules[3].error, EACCES);
	CHECK_STR(p->rules[4].path, "@a//b/..");
	CHECK_INT(p->rules[4].access, RV_DO_BIND);
	CHECK_INT(p->rules[5].access, RV_DO_SOCKET_ALL);
}

TEST("rule: memory, capability, kernel")
{
	_policy_ struct policy *p = text_read(
	    POLICY("{'subject':'memory','action':'deny'},"
		   "{'subject':'memory','access':['write-exec','anonymous'],'action':'deny'},"
		   "{'subject':'capability','capability':['CAP_SYS_ADMIN','bpf','Cap_Chown'],"
		   "'action':'deny'},"
		   "{'subject':'capability','capability':'all','action':'audit'},"
		   "{'subject':'kernel','kind':['module','ptrace'],'action':'deny'}"));
	REQUIRE(p && p->rules_n == 5);
	CHECK_INT(p->rules[0].access, RV_DO_MAP_ALL);
	CHECK_INT(p->rules[0].error, EACCES);
	CHECK_INT(p->rules[1].access, RV_DO_MAP_WRITE_EXEC | RV_DO_MAP_ANONYMOUS);
	CHECK(p->rules[2].which == (1ull << CAP_SYS_ADMIN | 1ull << CAP_BPF | 1ull << CAP_CHOWN));
	CHECK_INT(p->rules[2].error, EPERM);
	CHECK_INT(p->rules[2].access, RV_DO_ANY);
	CHECK(p->rules[3].which == ~0ull);
	CHECK(p->rules[4].which == (1ull << RV_KIND_MODULE | 1ull << RV_KIND_PTRACE));
	CHECK_INT(p->rules[4].error, EPERM);
	CHECK_INT(p->rules[4].access, RV_DO_ANY);
}

static const struct policy_rule *network(const struct policy *p, size_t i, int family,
					 unsigned prefix, const char *addr)
{
	const struct policy_rule *rule = &p->rules[i];

	CHECK_INT(rule->family, family);
	CHECK_INT(rule->prefix, prefix);
	CHECK(memcmp(rule->addr, addr, 16) == 0);
	return rule;
}

TEST("rule: network: CIDRs, bare and mapped addresses, ports, protocols, directions")
{
#define N(more) "{'subject':'network'," DENY more "}"
	_policy_ struct policy *p = text_read(POLICY(
	    N("") "," N(",'cidr':'10.32.0.0/11','port':'8000-8080'") "," N(",'cidr':'192.0.2.1','"
									   "port':0,'protocol':'"
									   "udp','direction':'"
									   "send'") "," N(",'cidr':"
											  "'2001:"
											  "db8::/"
											  "33','"
											  "protocol"
											  "':255") "," N(",'address':'::ffff:10.0.0.1','port':53,'direction':['connect','bind']") "," N(
		",'cidr':'::ffff:10.1.0.0/112'") "," N(",'cidr':'::/0'") "," N(",'cidr':'0.0.0.0/"
									       "0'") "," N(",'cidr'"
											   ":'::"
											   "1'")));
	const struct policy_rule *r;

	REQUIRE(p && p->rules_n == 9);
	r = network(p, 0, 0, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	CHECK_INT(r->port_min, 0);
	CHECK_INT(r->port_max, 65535);
	CHECK_INT(r->protocol, 0);
	CHECK_INT(r->access, RV_DO_SOCKET_ALL);
	r = network(p, 1, AF_INET, 11, "\x0a\x20\0\0\0\0\0\0\0\0\0\0\0\0\0");
	CHECK_INT(r->port_min, 8000);
	CHECK_INT(r->port_max, 8080);
	r = network(p, 2, AF_INET, 32, "\xc0\0\2\1\0\0\0\0\0\0\0\0\0\0\0");
	CHECK_INT(r->port_max, 0);
	CHECK_INT(r->protocol, 17);
	CHECK_INT(r->access, RV_DO_SEND);
	r = network(p, 3, AF_INET6, 33, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0");
	CHECK_INT(r->protocol, 255);
	r = network(p, 4, AF_INET, 32, "\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0");
	CHECK_INT(r->port_min, 53);
	CHECK_INT(r->port_max, 53);
	CHECK_INT(r->access, RV_DO_CONNECT | RV_DO_BIND);
	network(p, 5, AF_INET, 16, "\x0a\1\0\0\0\0\0\0\0\0\0\0\0\0\0");
	network(p, 6, AF_INET6, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	network(p, 7, AF_INET, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
	network(p, 8, AF_INET6, 128, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
}

TEST("rule: equal conditions are one, whether children count makes two")
{
	_policy_ struct policy *p =
	    text_read(POLICY(FILES("/a", ",'when':{'exec':'/x'}") "," FILES("/b", "") "," FILES(
		"/c", ",'when':{'exec':'/x','children':true}") ","
							       "\n" FILES("/d",
									  ",'when':{'exec':'/"
									  "x','children':false}")));

	REQUIRE(p && p->rules_n == 4);
	CHECK_INT(p->whens_n, 2);
	CHECK_INT(p->rules[0].when, 1);
	CHECK_INT(p->rules[1].when, 0);
	CHECK_INT(p->rules[2].when, 2);
	CHECK_INT(p->rules[3].when, 1);
	CHECK_STR(p->whens[1].exec, "/x");
	CHECK(!p->whens[0].children && p->whens[1].children);
	CHECK_INT(p->whens[0].line, 2);
	CHECK_INT(p->whens[0].column, (int)strlen(FILES("/a", ",'when':")));
}

TEST("rule: mistakes in what all rules have, with their place")
{
	text_refused(POLICY("~[]"), "found an array, expected a rule: "
				    "{\"subject\": ..., \"action\": ..., ...}");
	text_refused(POLICY("~{}"), "found no \"subject\", expected \"subject\": what the rule is "
				    "about, as \"file\"");
	text_refused(POLICY("{'subject':~'fil'}"),
		     "found \"fil\", expected a known one; did you mean \"file\"?");
	text_refused(POLICY("{'subject':~'socket'}"), "found \"socket\", expected one of: exec, "
						      "file, unix, network, memory, capability, "
						      "kernel");
	text_refused(POLICY("{'subject':~1}"), "found 1, expected one of: exec, file, unix, "
					       "network, memory, capability, kernel");
	text_refused(POLICY("{'subject':'file','pth':~'/a'}"),
		     "found key \"pth\", expected a known one; did you mean \"path\"?");
	text_refused(POLICY("{'subject':'file','path':'/a','port':~80}"),
		     "found key \"port\" in a rule of subject \"file\", expected it only with: "
		     "network");
	text_refused(POLICY("{'subject':'network','path':~'/a'}"),
		     "found key \"path\" in a rule of subject \"network\", expected it only with: "
		     "exec, file, unix");
	text_refused(POLICY("~{'subject':'file','path':'/a'}"),
		     "found no \"action\", expected \"action\": \"allow\", \"audit\" or \"deny\"");
	text_refused(POLICY("{'subject':'file','path':'/a','action':~'dney'}"),
		     "found \"dney\", expected a known one; did you mean \"deny\"?");
	text_refused(POLICY(FILES("/a", ",'errno':~'13'")),
		     "found \"13\", expected the name of an errno, as \"EACCES\" or \"EPERM\"");
	text_refused(POLICY(FILES("/a", ",'errno':~13")),
		     "found 13, expected the name of an errno, as \"EACCES\" or \"EPERM\"");
	text_refused(POLICY("{'subject':'file','path':'/a','action':'allow','errno':~'EIO'}"),
		     "found \"errno\" with \"action\": \"allow\", expected it with \"deny\" alone");
	text_refused(POLICY(FILES("/a", ",'reason':~7")),
		     "found 7, expected a text of 1 to 255 bytes");
	text_refused(POLICY(FILES("/a", ",'reason':~''")),
		     "found \"\", expected a text of 1 to 255 bytes");
	text_refused(POLICY(FILES("/a", ",'reason':~'a\\u001b'")),
		     "found \"a\\x1b\", expected a text without control characters");
	text_refused(POLICY(FILES("/a", ",'reason':~'\\u0085'")),
		     "found \"\\xc2\\x85\", expected a text without control characters");
}

TEST("rule: a reason of 255 bytes is read, one of 256 refused")
{
	char text[512], reason[POLICY_REASON_MAX + 1];

	memset(reason, 'r', POLICY_REASON_MAX);
	reason[POLICY_REASON_MAX] = '\0';
	snprintf(text, sizeof(text), POLICY(FILES("/a", ",'reason':~'%s'")), reason);
	text_refused(text, "found \"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr...\", expected "
			   "a text of 1 to 255 bytes");
	snprintf(text, sizeof(text), POLICY(FILES("/a", ",'reason':'%s'")), reason + 1);
	policy_free(text_read(text));
}

TEST("rule: mistakes in when, with their place")
{
	text_refused(POLICY(FILES("/a", ",'when':~'/x'")),
		     "found \"/x\", expected {\"exec\": \"/a/program\", \"children\": true or "
		     "false}");
	text_refused(POLICY(FILES("/a", ",'when':~{}")),
		     "found no \"exec\", expected \"exec\": \"/a/program\"");
	text_refused(POLICY(FILES("/a", ",'when':{'exec':~7}")),
		     "found 7, expected \"exec\": \"/a/program\"");
	text_refused(
	    POLICY(FILES("/a", ",'when':{'exec':~'x'}")),
	    "found \"x\", expected a path that starts with '/' or \"**\", as the container "
	    "sees it");
	text_refused(POLICY(FILES("/a", ",'when':{'exec':'/x','children':~1}")),
		     "found 1, expected true or false");
	text_refused(POLICY(FILES("/a", ",'when':{'exec':'/x','child':~true}")),
		     "found key \"child\", expected one of: exec, children");
}

#define PATH(path) POLICY("{'subject':'file','path':~" path ",'action':'deny'}")

TEST("rule: paths no path can be, and globs that are none, with their place")
{
	text_refused(POLICY("~{'subject':'file','action':'deny'}"),
		     "found no \"path\", expected \"path\": \"/absolute/path\"");
	text_refused(POLICY("~{'subject':'unix','action':'deny'}"),
		     "found no \"path\", expected \"path\": \"/a/socket\" or \"@name\"");
	text_refused(PATH("['/a','/b']"),
		     "found an array, expected one glob in a string; several are one, \"{/a,/b}\"");
	text_refused(PATH("'etc'"), "found \"etc\", expected a path that starts with '/' or "
				    "\"**\", as the container sees it");
	text_refused(PATH("'*/a'"), "found \"*/a\", expected a path that starts with '/' or "
				    "\"**\", as the container sees it");
	text_refused(PATH("'@a'"), "found \"@a\", expected a path that starts with '/' or \"**\", "
				   "as the container sees it");
	text_refused(PATH("'{/a,b}'"), "found \"{/a,b}\", expected a path that starts with '/' or "
				       "\"**\", as the container sees it");
	text_refused(POLICY("{'subject':'unix','path':~'a','action':'deny'}"),
		     "found \"a\", expected a path that starts with '/' or \"**\", or an abstract "
		     "name that starts with '@'");
	text_refused(PATH("'/a/'"), "found \"/a/\", expected a path without '/' at its end; for "
				    "everything below it write \"/**\"");
	text_refused(PATH("'/a//b'"), "found \"/a//b\", expected a path without \"//\"");
	text_refused(PATH("'/a/./b'"), "found \"/a/./b\", expected a path without \"/./\"");
	text_refused(PATH("'/.'"), "found \"/.\", expected a path without \"/./\"");
	text_refused(PATH("'/a/..'"), "found \"/a/..\", expected a path without \"..\"");
	text_refused(PATH("'/a/{b,..}/c'"),
		     "found \"/a/{b,..}/c\", expected a path without \"..\"");
	text_refused(PATH("'/a/{b,}/c'"), "found \"/a/{b,}/c\", expected a path without \"//\"");
	text_refused(PATH("'/\\\\.\\\\./c'"),
		     "found \"/\\.\\./c\", expected a path without \"..\"");
	text_refused(PATH("''"),
		     "found \"\", expected 1 to 4095 bytes without NUL (at byte 1 of it)");
	text_refused(PATH("'/a[b'"),
		     "found \"/a[b\", expected a ']' to end the set (at byte 3 of it)");
	text_refused(
	    PATH("'/a{b,c[d}'"),
	    "found \"/a{b,c[d}\", expected a '}' to end the alternatives (at byte 3 of it)");
	text_refused(PATH("'/{a,b}/{c,d}/[z-a]'"),
		     "found \"/{a,b}/{c,d}/[z-a]\", expected a range whose first byte is not after "
		     "its last (at byte 14 of it)");
	text_refused(PATH("'/{a,b[/]}/c'"),
		     "found \"/{a,b[/]}/c\", expected a set with a byte in it that is not '/' (at "
		     "byte 6 of it)");
	text_refused(PATH("'/a\\\\'"),
		     "found \"/a\\\", expected a byte behind '\\' (at byte 3 of it)");
	text_refused(PATH("'/{0,1,2,3}{0,1,2,3}{0,1,2,3}{0,1,2,3,4}'"),
		     "found \"/{0,1,2,3}{0,1,2,3}{0,1,2,3}{0,1,2,3,4}\", expected a glob of at "
		     "most 256 alternatives; use several rules");
}

TEST("rule: paths that only look wrong")
{
	policy_free(text_read(POLICY(
	    FILES("/", "") "," FILES("/...", "") "," FILES("/.a/..b/c.", "") "," FILES("/a/.*", "") "," FILES(
		"**",
		"") "," FILES("/a\\n",
			      "") "," FILES("/[{,}]",
					    "") "," FILES("/{[,}],x}",
							  "") "," FILES("{/a,/b,**/c}",
									"") "," FILES("/a/[.]b",
										      ""))));
}

TEST("rule: a glob of 4095 bytes is read, one of 4096 refused; braces 64 deep, not 65")
{
	char glob[4097 + 64], text[sizeof(glob) + 128];

	for (size_t len = 4095; len <= 4096; len++) {
		memset(glob, 'a', len);
		glob[0] = '/';
		glob[len] = '\0';
		snprintf(text, sizeof(text), PATH("'%s'"), glob);
		if (len == 4096)
			text_refused(text,
				     "found \"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
				     "\", expected 1 to 4095 bytes without NUL (at byte 1 of "
				     "it)");
		else
			policy_free(text_read(text));
	}
	for (size_t n = 64; n <= 65; n++) {
		glob[0] = '/';
		for (size_t i = 0; i < n; i++)
			memcpy(glob + 1 + 3 * i, "{a}", 4);
		snprintf(text, sizeof(text), PATH("'%s'"), glob);
		if (n == 65)
			text_refused(text,
				     "found \"/{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{a}{..."
				     "\", expected fewer braces (at byte 194 of it)");
		else
			policy_free(text_read(text));
	}
}

TEST("rule: mistakes in access, with their place")
{
	text_refused(POLICY(FILES("/a", ",'access':~'rw'")),
		     "found \"rw\", expected one of: read, write, create, delete, attributes, "
		     "ioctl, link");
	text_refused(POLICY(FILES("/a", ",'access':['read',~'writ']")),
		     "found \"writ\", expected a known one; did you mean \"write\"?");
	text_refused(POLICY(FILES("/a", ",'access':~[]")),
		     "found an empty array, expected a name in it");
	text_refused(POLICY(FILES("/a", ",'access':['read','link',~'read']")),
		     "found \"read\", expected each name once");
	text_refused(POLICY("{'subject':'exec','path':'/a','access':~'exec','action':'deny'}"),
		     "found key \"access\" in a rule of subject \"exec\", expected it only with: "
		     "file, unix, memory");
	text_refused(POLICY("{'subject':'memory','access':~{},'action':'deny'}"),
		     "found an object, expected one of: exec, write-exec, anonymous");
}

TEST("rule: mistakes in addresses, ports, protocols, directions, with their place")
{
#define ADDRESS "an address or CIDR, as \"10.0.0.0/8\" or \"2001:db8::1\"; names are not looked up"
#define PREFIX "a prefix of 0 to 32 bits (IPv4) or 128 (IPv6) behind the '/'"
	text_refused(NET("'cidr':~'example.org'"), "found \"example.org\", expected " ADDRESS);
	text_refused(NET("'cidr':~'010.0.0.1'"), "found \"010.0.0.1\", expected " ADDRESS);
	text_refused(NET("'cidr':~''"), "found \"\", expected " ADDRESS);
	text_refused(NET("'cidr':~7"), "found 7, expected " ADDRESS);
	text_refused(NET("'cidr':~'10.0.0.0/33'"), "found \"10.0.0.0/33\", expected " PREFIX);
	text_refused(NET("'cidr':~'10.0.0.0/08'"), "found \"10.0.0.0/08\", expected " PREFIX);
	text_refused(NET("'cidr':~'10.0.0.0/'"), "found \"10.0.0.0/\", expected " PREFIX);
	text_refused(NET("'cidr':~'::/129'"), "found \"::/129\", expected " PREFIX);
	text_refused(NET("'cidr':~'10.0.0.1/8'"), "found an address with bits behind its prefix, "
						  "expected none; did you mean \"10.0.0.0/8\"?");
	text_refused(NET("'cidr':~'2001:db8:ffff::/33'"),
		     "found an address with bits behind its prefix, expected none; did you mean "
		     "\"2001:db8:8000::/33\"?");
	text_refused(NET("'cidr':~'::ffff:0:0/95'"),
		     "found an address with bits behind its prefix, expected none; did you mean "
		     "\"::fffe:0:0/95\"?");
	text_refused(NET("'address':~'10.0.0.0/8'"), "found \"10.0.0.0/8\", expected one IPv4 or "
						     "IPv6 address; ranges are \"cidr\"");
	text_refused(NET("'cidr':'::1','address':~'::1'"),
		     "found \"address\" beside \"cidr\", expected one");
#define PORT "a port from 0 to 65535, or \"LOW-HIGH\""
	text_refused(NET("'port':~65536"), "found 65536, expected " PORT);
	text_refused(NET("'port':~-1"), "found -1, expected " PORT);
	text_refused(NET("'port':~'80'"), "found \"80\", expected " PORT);
	text_refused(NET("'port':~'90-80'"), "found \"90-80\", expected " PORT);
	text_refused(NET("'port':~'1-65536'"), "found \"1-65536\", expected " PORT);
	text_refused(NET("'port':~'1-'"), "found \"1-\", expected " PORT);
	text_refused(NET("'port':~[80]"), "found an array, expected " PORT);
	text_refused(NET("'protocol':~'tpc'"),
		     "found \"tpc\", expected a known one; did you mean \"tcp\"?");
	text_refused(NET("'protocol':~'mptcp'"),
		     "found \"mptcp\", expected \"tcp\", which is MPTCP, too");
	text_refused(NET("'protocol':~0"),
		     "found 0, expected a protocol from 1 to 255, or its name");
	text_refused(NET("'protocol':~256"),
		     "found 256, expected a protocol from 1 to 255, or its name");
	text_refused(NET("'direction':~'accept'"),
		     "found \"accept\", expected one of: connect, bind, send");
}

TEST("rule: mistakes in capabilities and kinds, with their place")
{
	text_refused(POLICY("~{'subject':'capability','action':'deny'}"),
		     "found no \"capability\", expected \"capability\": \"CAP_...\" or \"all\"");
	text_refused(POLICY("{'subject':'capability','action':'deny','capability':~'sys_admn'}"),
		     "found \"SYS_ADMN\", expected a known one; did you mean \"SYS_ADMIN\"?");
	text_refused(
	    POLICY("{'subject':'capability','action':'deny','capability':['chown',~'all']}"),
	    "found \"all\", expected each name once");
	text_refused(POLICY("{'subject':'capability','action':'deny','capability':~'cap_all'}"),
		     "found \"ALL\", expected a known one; did you mean \"KILL\"?");
	text_refused(POLICY("~{'subject':'kernel','action':'deny'}"),
		     "found no \"kind\", expected \"kind\": a kind of event, as \"ptrace\"");
	text_refused(POLICY("{'subject':'kernel','action':'deny','kind':~'modul'}"),
		     "found \"modul\", expected a known one; did you mean \"module\"?");
	text_refused(POLICY("{'subject':'kernel','action':'deny','kind':~'open'}"),
		     "found \"open\", expected \"subject\": \"file\"");
	text_refused(POLICY("{'subject':'kernel','action':'deny','kind':~'bpf_load'}"),
		     "found \"bpf_load\", expected \"kind\": \"bpf\", which loads it");
	text_refused(POLICY("{'subject':'kernel','action':'deny','kind':['bpf',~'io_uring']}"),
		     "found \"io_uring\", expected another kind: the kernel has no hook there that "
		     "can refuse");
}

TEST("rule: the kinds that can be decided are these")
{
	static const char *const can[] = {
	    "setuid", "setgid", "setgroups", "capset", "ptrace",     "inspect",
	    "signal", "prctl",	"mount",     "umount", "move_mount", "pivot_root",
	    "chroot", "socket", "listen",    "module", "bpf",	     "perf_event",
	    "key",    "syslog", "kexec",     "settime"};
	uint64_t want = 0, got = 0;

	for (size_t i = 0; i < ARRAY_SIZE(can); i++)
		want |= 1ull << event_kind_number(can[i], strlen(can[i]));
	for (unsigned k = 1; k < RV_KIND_MAX; k++) {
		char text[128], error[POLICY_ERROR_MAX];
		_policy_ struct policy *p = NULL;

		if (!event_kind(k))
			continue;
		snprintf(text, sizeof(text),
			 "{\"name\":\"k\",\"mode\":\"audit\",\"rules\":[{\"subject\":\"kernel\","
			 "\"action\":\"deny\",\"kind\":\"%s\"}]}",
			 event_kind(k)->name);
		if (policy_parse(text, strlen(text), "p", &p, error, sizeof(error)) == 0)
			got |= 1ull << k;
	}
	CHECK(got == want);
	if (got != want)
		printf("#   got %#llx, expected %#llx\n", (unsigned long long)got,
		       (unsigned long long)want);
}

TEST("rule: the same rule twice, and two that contradict each other")
{
	text_refused(
	    POLICY(FILES("/a", "") ",\n" FILES("/b", "") ",\n ~" FILES("/a", ",'errno':'EIO'")),
	    "found rule 1 a second time, expected it once; it is in line 2");
	text_refused(
	    POLICY(FILES("/b", "") ",\n" FILES(
		"/a", "") ",\n~{'subject':'file','path':'/a','action':'allow'},\n" FILES("/b", "")),
	    "found a rule that contradicts rule 2 in line 3, expected one of them; only "
	    "the first would decide");
	text_refused(NET("'cidr':'::ffff:10.0.0.1'},~{'subject':'network','action':'deny',"
			 "'cidr':'10.0.0.1/32','port':'0-65535'"),
		     "found rule 1 a second time, expected it once; it is in line 2");
	text_refused(POLICY("{'subject':'memory','action':'deny'},\n~{'subject':'memory','action':"
			    "'allow','access':['anonymous','exec','write-exec']}"),
		     "found a rule that contradicts rule 1 in line 2, expected one of them; only "
		     "the first would decide");
	policy_free(text_read(POLICY(FILES("/a", "") "," FILES("/a", ",'access':'read'") "," FILES(
	    "/a", ",'when':{'exec':'/x'}") ",{'subject':'exec','path':'/a','action':'deny'}")));
}

TEST("rule: as many different conditions as there may be, and one more")
{
	char text[4096];

	for (int n = POLICY_WHEN_MAX; n <= POLICY_WHEN_MAX + 1; n++) {
		int at = sprintf(text, "{'name':'w','mode':'audit','rules':[");

		for (int i = 0; i < n; i++)
			at += sprintf(text + at,
				      "%s{'subject':'file','path':'/a','action':'deny','when':%s"
				      "{'exec':'/x%d'}}",
				      i ? "," : "", i == POLICY_WHEN_MAX ? "~" : "", i);
		strcpy(text + at, "]}");
		if (n > POLICY_WHEN_MAX)
			text_refused(text,
				     "found one more different \"when\", expected at most 31; "
				     "name several executables in one glob, {a,b}");
		else
			policy_free(text_read(text));
	}
}

#define TAG(more) POLICY("{'subject':'file'," DENY "," more "}")
TEST("rule: tag, with a path or without")
{
	_policy_ struct policy *p = text_read(
	    POLICY("{'subject':'file','tag':'secret','action':'deny'},"
		   "{'subject':'file','tag':'s*','path':'/a','access':'read','action':'deny'},"
		   "{'subject':'exec','tag':'secret','action':'audit'},"
		   "{'subject':'exec','path':'/a','action':'audit'}"));

	REQUIRE(p && p->rules_n == 4);
	CHECK_INT(p->tags_n, 2);
	CHECK_STR(p->tags[0].glob, "secret");
	CHECK_STR(p->tags[1].glob, "s*");
	CHECK(p->rules[0].path == NULL);
	CHECK_INT(p->rules[0].tag, 1);
	CHECK_INT(p->rules[0].access, RV_DO_READ | RV_DO_WRITE);
	CHECK_STR(p->rules[1].path, "/a");
	CHECK_INT(p->rules[1].tag, 2);
	CHECK_INT(p->rules[1].access, RV_DO_READ);
	CHECK_INT(p->rules[2].tag, 1);
	CHECK_INT(p->rules[2].access, RV_DO_EXEC);
	CHECK_INT(p->rules[3].tag, 0);
	CHECK(policy_tag_rule(p) == &p->rules[0]);
}

TEST("rule: tag refused, with the place")
{
	text_refused(TAG("'tag':~1"), "found 1, expected one glob in a string; several are one, "
				      "\"{a,b}\"");
	text_refused(TAG("'tag':~''"),
		     "found \"\", expected 1 to 4095 bytes without NUL (at byte 1 of it)");
	text_refused(TAG("'tag':~'{a,}'"),
		     "found \"{a,}\", expected a glob of tags, which have 1 to 256 bytes");
	text_refused(TAG("'tag':~'a[b'"),
		     "found \"a[b\", expected a ']' to end the set (at byte 2 of it)");
	text_refused(TAG("'tag':'a','access':~['read','delete']"),
		     "found an array, expected \"read\", \"write\" or both with \"tag\", which the "
		     "kernel lets reeve read only where a file is opened or executed");
	text_refused(POLICY("{'subject':'unix'," DENY ",'path':'/a','tag':~'a'}"),
		     "found key \"tag\" in a rule of subject \"unix\", expected it only with: exec, "
		     "file");
	text_refused(POLICY("{'subject':'file','tag':'a'," DENY "},~{'subject':'file','tag':'a'," DENY
			    "}"),
		     "found rule 1 a second time, expected it once; it is in line 2");
}

TEST("rule: names of the numbers")
{
	CHECK_STR(policy_subject_name(POLICY_UNIX), "unix");
	CHECK_STR(policy_subject_name(RV_SUBJECT_WHEN), NULL);
	CHECK_STR(policy_subject_name(RV_SUBJECT_TAG), NULL);
	CHECK_STR(policy_subject_name(RV_SUBJECT_MAX), NULL);
	CHECK_STR(policy_action_name(POLICY_AUDIT), "audit");
	CHECK_STR(policy_action_name(POLICY_DENY + 1), NULL);
	CHECK_STR(policy_access_name(POLICY_FILE, RV_DO_LINK), "link");
	CHECK_STR(policy_access_name(POLICY_FILE, RV_DO_LINK << 1), NULL);
	CHECK_STR(policy_access_name(POLICY_FILE, RV_DO_READ | RV_DO_WRITE), NULL);
	CHECK_STR(policy_access_name(POLICY_NETWORK, RV_DO_BIND), "bind");
	CHECK_STR(policy_access_name(POLICY_MEMORY, RV_DO_MAP_WRITE_EXEC), "write-exec");
	CHECK_STR(policy_access_name(0, 1), NULL);
}
