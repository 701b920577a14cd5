#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: 6.12-engines
# brief.bats: 200 containers in a row that live 10 ms, or as many as BRIEF says.

load ../lib
load ../reeve
load ../engines

export BATS_TEST_TIMEOUT=3000

setup() {
	dir=$BATS_TEST_TMPDIR/b
}

# brief RUNNER COUNT: so many containers, one after the other, that live about 10 ms and end with a code of their
# own. RUNNER ID CODE starts one and returns its code.
brief() {
	local runner=$1 count=$2 n code rc
	for ((n = 1; n <= count; n++)); do
		code=$((n % 200 + 1)) rc=0
		"$runner" "brief-$runner-$n" "$code" || rc=$?
		[ "$rc" -eq "$code" ] || { echo "container $n: status $rc, not $code"; return 1; }
	done
	retry 15 no_agents
	# One question for all of them: one for each takes as long as their lives.
	for ((n = 1; n <= count; n++)); do
		complete "brief-$runner-$n" >"$BATS_TEST_TMPDIR/ledger" || { cat "$BATS_TEST_TMPDIR/ledger"; return 1; }
	done
	reeve logs --all --json | jq -es --arg of "brief-$runner-" --argjson count "$count" '
		map(select(.container.name // .container.id // "" | startswith($of))) | group_by(.container.id) | length == $count
		and all(.[]; sort_by(.seq) | ((.[0].container | .name // .id)[($of | length):] | tonumber % 200 + 1) as $code
			| .[0].kind == "armed" and .[0].seq == 0 and last.kind == "close"
			and any(.[]; .kind == "exec" and .phase == "armed" and .argv[0] == "/bin/sh")
			and any(.[]; .kind == "exit" and .process.ns_pid == 1 and .code == $code))'
	printf '# brief %s: %d containers, each armed, with its exec, exit code and closing ledger, 0 lost\n' \
		"$runner" "$count" >&3
}

crun_brief() {
	timeout 60 crun run -b "$dir-$2" "$1" </dev/null 3>&- 4>&-
}
podman_brief() {
	timeout 60 podman run --rm --name "$1" --network=none localhost/bb /bin/sh -c "usleep 10000; exit $2" </dev/null 3>&- 4>&-
}

@test "runtimes: 200 containers in a row that live 10 ms, with crun" {
	local code
	container "$dir" -- /bin/true
	for ((code = 1; code <= 200; code++)); do
		mkdir -p "$dir-$code"
		jq --arg code "$code" --arg root "$dir/rootfs" '.root.path = $root
			| .process.args = ["/bin/sh", "-c", "usleep 10000; exit \($code)"]' \
			"$dir/config.json" >"$dir-$code/config.json"
	done
	brief crun_brief "${BRIEF:-200}"
}

@test "runtimes: 200 containers in a row that live 10 ms, with podman" {
	brief podman_brief "${BRIEF:-200}"
}
