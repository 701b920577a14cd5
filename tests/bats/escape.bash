# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# escape.bash: starts of a container whose first act is denied: none may come through, and none may fail
# for another reason. `load lib` and `load reeve` first.

escape_policy() {
	policy noshadow '{"name":"noshadow","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
}

# starts_alone N: by reeve run; the policy and the file are the host's.
starts_alone() {
	local n status
	for ((n = 1; n <= $1; n++)); do
		status=0
		reeve run --output /dev/null --policy /etc/reeve/policies/noshadow.json -- "$act" open /etc/shadow || status=$?
		[ "$status" -eq 13 ] || { echo "start $n of $1: status $status, expected 13"; return 1; }
	done
}

# starts RUNTIME N
starts() {
	local rt=$1 n status
	RUNTIME=$rt container "$dir-$rt" --annotate io.reeve.policy noshadow -- /act open /etc/shadow
	echo x >"$dir-$rt/rootfs/etc/shadow"
	for ((n = 1; n <= $2; n++)); do
		status=0
		"$rt" run -b "$dir-$rt" "escape-$rt-$n" </dev/null >/dev/null 2>"$dir-$rt/errors" || status=$?
		[ "$status" -eq 13 ] || { echo "$rt, start $n of $2: status $status, expected 13"; cat "$dir-$rt/errors"; return 1; }
	done
}

# halted WHAT NUMBER: a start whose hook, or agent, is halted at its so-manieth system call. Sets $said.
halted() {
	local status=0 begin=$SECONDS
	rm -f "$dir/said"
	jq --arg what "$1" --arg n "$2" --arg said "$dir/said" --arg hook "$hook" '.hooks.createRuntime[0] |=
		(.path = "/reeve/build/tests/halt" | .timeout = ({stop: 3, kill: 8, "kill-all": 8}[$what] // 30) | .args = ["halt", $what, $n, $said, $hook, "--fail", "closed"])' \
		"$dir/config.json.plain" >"$dir/config.json"
	timeout -k 2 "$([ "$1" = stop ] && echo 15 || echo 60)" crun run -b "$dir" "halted-$1-$2" </dev/null >/dev/null 2>"$dir/errors" || status=$?
	said=$(cat "$dir/said")
	echo "$1 $2: status $status after $((SECONDS - begin)) s, ${said%%$'\n'*}"
	# Nothing of it is left that could run on.
	crun delete -f "halted-$1-$2" 2>/dev/null || true
	[ "$1" != stop ] || pkill -KILL -x halt || true
	case $status in
	13) held=$((held + 1)) ;;
	# It waits for all its descendants, and one of them is an agent that never goes on.
	124 | 137) [ "$1" = stop ] && [ ! -e "$dir/rootfs/escaped" ] && waits=$((waits + 1)) ;;
	0) echo "escaped"; return 1 ;;
	*) closed=$((closed + 1)) ;;
	esac
}

# unhalted WHAT: a start that goes as it should; sets $calls to how many there are, and of a list $said to which.
unhalted() {
	held=0 closed=0
	# On a busy machine the hook's four seconds may not be enough for it and its tracer.
	for _ in 1 2 3; do
		[ "$held" -eq 1 ] || halted "$1" 0
	done
	[ "$held" -eq 1 ] || { cat "$dir/errors"; return 1; }
	calls=$(sed -n 's/^calls //p' <<<"$said")
}

# halting: the container for it, and its first start.
halting() {
	container "$dir" --annotate io.reeve.policy noshadow -- /act open /etc/shadow /escaped
	echo x >"$dir/rootfs/etc/shadow"
	cp "$dir/config.json" "$dir/config.json.plain"
	unhalted fail
}

# halted_each WHAT STEP [FIRST]: at every STEPth call, from one of the first on, until the hook has ended without.
halted_each() {
	local n first=${3:-$((1 + RANDOM % $2))}
	held=0 closed=0 waits=0
	# Some of it depends on time, so a few more than were counted.
	for ((n = first; n < calls + 10; n += $2)); do
		halted "$1" "$n"
	done
	echo "# $1, every ${2}th of $calls calls from $first on: $closed did not start, $held were denied, $waits as well, whose agent stood still" >&3
	[ $((held + closed + waits)) -ge $(((calls - first) / $2)) ]
	# The dead have successors, which have nothing to stay for.
	retry 10 no_agents
}
