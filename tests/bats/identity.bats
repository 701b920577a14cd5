#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 6.12
# identity.bats: what Kubernetes' runtimes call a container is in ps, in logs and in every record, and people
# can name it by that; a word that fits two is refused with both. (podman and docker: runtimes.bats.)

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
}

teardown() {
	crun list -q 2>/dev/null | xargs -r -n 1 crun delete -f
	rm -rf /etc/reeve
}

# in_pod ID POD NAME: a container that waits, as containerd's CRI would make it.
in_pod() {
	container "$dir-$1" --annotate io.kubernetes.cri.sandbox-namespace pay --annotate io.kubernetes.cri.sandbox-name "$2" \
		--annotate io.kubernetes.cri.container-name "$3" --annotate io.kubernetes.cri.image-name "reg.example/$3:1" \
		--annotate io.kubernetes.cri.container-type container -- /bin/sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
	crun run -d -b "$dir-$1" "$1" >/dev/null 2>&1 </dev/null 3>&- 4>&-
}

@test "identity: containers by namespace/pod/name, as the node and as the kernel's maps have them" {
	policy default '{"name": "default", "mode": "audit", "rules": [ { "subject": "exec", "path": "/bin/nc", "action": "deny" } ]}'
	in_pod idn-app1 web-1 app
	in_pod idn-log1 web-1 log
	in_pod idn-app2 web-2 app
	reeve ps --json | jq -e 'map(select(.id == "idn-app1"))[0] | .name == "app" and .image == "reg.example/app:1"
		and .pod == "web-1" and .namespace == "pay" and .labels == {} and .labels_cut == false'
	reeve ps | grep -E '^idn-app1 +pay/web-1/app .* reg.example/app:1$'
	# Every record, and the line for people.
	[ "$(reeve logs --json pay/web-1/app | jq -r '.container | "\(.id) \(.namespace)/\(.pod)/\(.name) \(.image) \(.labels)"' | sort -u)" = \
		"idn-app1 pay/web-1/app reg.example/app:1 null" ]
	reeve logs idn-app2 | head -1 | grep -F ' pay/web-2/app #0'
	# The node's verbs: a name in one pod, a pod with one container; what is not one is refused by name.
	[ "$(reeve ledger --json log | jq -r .id)" = idn-log1 ]
	[ "$(reeve ledger --json pay/web-2 | jq -r .id)" = idn-app2 ]
	for word in app pay/web-1 idn; do
		run reeve ledger "$word"
		[ "$status" -ne 0 ]
		[[ $output == *"'$word' fits several containers"*"idn-app1 (pay/web-1/app)"* ]]
	done
	[[ $output == *"idn-app2 (pay/web-2/app)"*  && $output == *"idn-log1 (pay/web-1/log)"* ]]
	# The verbs that ask the kernel.
	reeve policy show pay/web-1/log | grep -F /bin/nc
	reeve policy show pay/web-2 | grep -F /bin/nc
	run reeve policy show app
	[ "$status" -ne 0 ]
	[[ $output == *"idn-app1 (pay/web-1/app)"* && $output == *"idn-app2 (pay/web-2/app)"* && $output != *idn-log1* ]]
	# Made again under its name: what runs is meant.
	crun kill idn-log1 TERM
	retry 10 complete idn-log1
	in_pod idn-log9 web-1 log
	retry 20 reeve ledger idn-log9
	[ "$(reeve ledger --json pay/web-1/log | jq -r .id)" = idn-log9 ]
}
