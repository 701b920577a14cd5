# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # dir is the bundle's, set by who loads it
# traffic.bash: a container that is busy and never let through, for suites that kill what guards it. `load reeve` first.

noshadow() {
	policy noshadow '{"name":"noshadow","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
}

# traffic ID [PAUSE_US]: a container that tries a denied open and makes some hundred records a second.
traffic() {
	container "$dir" --annotate io.reeve.policy noshadow --annotate io.reeve.repeat each -- /bin/sh -c \
		"/act guard 5 /etc/shadow /tmp/out & while :; do /act opens 20 /etc/passwd; usleep ${2:-50000}; done"
	echo x >"$dir/rootfs/etc/shadow"
	started "$1"
	retry 5 more_than "$1" 0
}

stored() {
	reeve ledger --json "$1" | jq .stored
}
more_than() {
	[ "$(stored "$1")" -gt "$2" ]
}

# finish ID: ends it and checks the record.
finish() {
	[ ! -e "$dir/rootfs/tmp/out" ] || { echo "a denied open went through"; return 1; }
	crun kill "$1" KILL
	await_end "$1"
	crun delete -f "$1" || true
	exact "$1"
	retry 20 no_agents
}
