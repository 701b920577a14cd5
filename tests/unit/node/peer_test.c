/* SPDX-License-Identifier: Apache-2.0 */
/* Whose stream it is, by the text of /proc/PID/cgroup. */
#include <errno.h>
#include "sidecar/node/peer.h"
#include "tests/unit/tap.h"

TEST("an agent's cgroup names its container")
{
	char key[KEY_SIZE];

	CHECK_INT(peer_key("0::/reeve/agents/0000000000000abc\n", key), 0);
	CHECK_STR(key, "0000000000000abc");
	CHECK_INT(peer_key("1:name=systemd:/x\n0::/reeve/agents/00000000deadbeef", key), 0);
	CHECK_STR(key, "00000000deadbeef");
}

TEST("anything else is no agent")
{
	static const char *const texts[] = {
	    "",
	    "\n",
	    "0::/\n",
	    "0::/reeve/agents\n",
	    "0::/reeve/agents/\n",
	    "0::/reeve/agents/abc\n",
	    "0::/reeve/agents/0000000000000abcd\n",
	    "0::/reeve/agents/0000000000000ABC\n",
	    "0::/reeve/agents/0000000000000abc/nested\n",
	    "0::/reeve/agents/0000000000000abc (deleted)\n",
	    "0::/machine/evil/reeve/agents/0000000000000abc\n",
	    "0::/../reeve/agents/0000000000000abc\n",
	    "1:name=0::/reeve/agents/0000000000000abc\n",
	    "5:pids:/reeve/agents/0000000000000abc\n",
	    "0::/x\n0::/reeve/agents/0000000000000abc\n",
	};
	char key[KEY_SIZE] = "unchanged";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		CHECK_INT(peer_key(texts[i], key), -EACCES);
		CHECK_STR(key, "unchanged");
	}
}
