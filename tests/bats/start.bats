#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2; full: all
# start.bats: a container from its first record to its last, under both runtimes, started in every
# way a hook can be registered; and the runtime's own set-up left alone.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	holder=
}

teardown() {
	for rt in crun runc; do
		$rt list -q 2>/dev/null | xargs -r -n 1 $rt delete -f
	done
	rm -rf /etc/reeve
	[ -z "$holder" ] || kill "$holder" 2>/dev/null || true
}

# Every container's record: armed first, then its entrypoint as the first exec not marked setup.
check_record() {
	local id=$1
	retry 10 complete "$id"
	reeve logs --json "$id" | jq -es '
		(map(select(.kind == "armed")) | length) == 1 and
		.[0].seq == 0 and .[0].kind == "armed" and
		(first(.[] | select(.kind == "exec" and .phase != "setup")) | .argv) == ["/bin/sh", "-c", "exit 3"] and
		any(.[]; .kind == "exit" and .process.ns_pid == 1 and .code == 3) and
		last.kind == "close" and last.seq == (map(.seq) | max)' >/dev/null ||
		{ reeve logs "$id"; return 1; }
}

known() {
	reeve ps --json | jq -e --arg id "$1" 'any(.[]; .id == $id)'
}

# start RUNTIME WAY STAGES: one container, its record checked.
start() {
	local rt=$1 way=$2 stages=$3 id="c-$1-$2-${3//,/-}" stage opts=()
	RUNTIME=$rt
	for stage in ${stages//,/ }; do
		opts+=(--hook "$stage" "$hook")
	done
	make_bundle "$dir-$id" "${opts[@]}" -- /bin/sh -c 'exit 3'
	if [ "$way" = run ]; then
		run timeout 20 "$rt" run -b "$dir-$id" "$id" </dev/null
		[ "$status" -eq 3 ]
	else
		retry 20 no_agents
		(cd "$dir-$id" && timeout 20 "$rt" create "$id" </dev/null >/dev/null 2>&1 3>&- 4>&-)
		[ "$(agents)" -eq 1 ]
		retry 20 known "$id"
		[ "$(reeve ps --json | jq -r --arg id "$id" '.[] | select(.id == $id) | .armed')" = false ]
		"$rt" start "$id" 3>&- 4>&-
	fi
	check_record "$id"
	retry 20 no_agents
}

@test "start: crun and runc, run and create+start, createRuntime, prestart and both" {
	local rt way stages some="crun run createRuntime, runc create prestart, crun create both,"
	for rt in crun runc; do
		for way in run create; do
			for stages in createRuntime prestart both; do
				# each with each on one kernel, each at least once on the others
				[[ $(uname -r) == 6.12.* || $some == *"$rt $way $stages,"* ]] || continue
				echo "$rt $way $stages"
				start $rt $way ${stages/both/prestart,createRuntime}
			done
		done
	done
}

@test "start: many containers at once, each with its own complete record" {
	local n rt many=8 pids=()
	[ "$KERNEL" != 7.2 ] || many=20
	for rt in crun runc; do
		RUNTIME=$rt make_bundle "$dir-$rt" --hook createRuntime $hook -- /bin/sh -c 'exit 3'
	done
	for n in $(seq $many); do
		rt=$([ $((n % 2)) = 0 ] && echo crun || echo runc)
		cp -al "$dir-$rt" "$dir-$n"
		(timeout 100 $rt run -b "$dir-$n" "many-$n" </dev/null >/dev/null 2>&1 3>&- 4>&- || true) &
		pids+=($!)
	done
	wait "${pids[@]}"
	for n in $(seq $many); do
		check_record "many-$n"
	done
	retry 20 no_agents
}

@test "start: somebody else has the lock: with a slot ready nobody waits; without one a container is guarded behind it, or refused in time" {
	local slot
	container "$dir" -- /bin/sh -c 'exit 3'
	stop_node # it would make slots
	flock -F /run/reeve/load.lock sh -c "echo >$BATS_TEST_TMPDIR/held; exec sleep 100" 3>&- 4>&- &
	holder=$!
	retry 20 test -e "$BATS_TEST_TMPDIR/held"
	run timeout 20 crun run -b "$dir" lock-ready </dev/null
	[ "$status" -eq 3 ]
	slot=$(ls -d /sys/fs/bpf/reeve/pool/[1-9]*)
	rm -r $slot
	container "$dir-late" --edit '.hooks.createRuntime[0].args += ["--fail", "closed"]' -- /bin/sh -c 'exit 3'
	run timeout 20 crun run -b "$dir-late" lock-late </dev/null
	[ "$status" -ne 3 ]
	in_syslog 'claim a slot for container lock-late'
	kill "$holder"
	flock -F /run/reeve/load.lock sleep 1 3>&- 4>&- &
	run timeout 20 crun run -b "$dir" lock-wait </dev/null
	[ "$status" -eq 3 ]
	start_node
	check_record lock-ready
	check_record lock-wait
	retry 20 no_agents
}

@test "start: a container that never starts says NOT ARMED" {
	container "$dir" -- /bin/true
	(cd "$dir" && crun create never </dev/null >/dev/null 2>&1 3>&- 4>&-)
	crun delete -f never
	await_end never
	reeve ledger never | grep -q 'NOT ARMED'
	[ "$(reeve ps -a --json | jq '.[] | select(.id == "never") | .armed')" = false ]
	retry 20 no_agents
}

@test "setup: the runtime's own doings are never denied, whatever the policy says" {
	local rt
	policy all '{"name":"all","mode":"enforce","rules":[
		{"subject":"file","path":"/proc/**","action":"deny"},
		{"subject":"file","path":"/dev/**","action":"deny"},
		{"subject":"file","path":"/sys/**","action":"deny"},
		{"subject":"file","path":"/usr/**","action":"deny"},
		{"subject":"file","path":"/etc/**","action":"deny"}]}'
	for rt in crun runc; do
		RUNTIME=$rt container "$dir-$rt" --annotate io.reeve.policy all -- /act open /etc/passwd
		run timeout 20 $rt run -b "$dir-$rt" "setup-$rt" </dev/null
		echo "$output"
		[ "$status" -eq 13 ]
		await_end "setup-$rt"
		[ "$(logs "setup-$rt" 'select(.kind == "open" and .verdict == "denied") | .path')" = '"/etc/passwd"' ]
	done
}

@test "setup: a denied entrypoint does not run, and the runtime says so" {
	local rt
	policy noact '{"name":"noact","mode":"enforce","rules":[{"subject":"exec","path":"/act","action":"deny"}]}'
	for rt in crun runc; do
		RUNTIME=$rt container "$dir-$rt" --annotate io.reeve.policy noact -- /act create /tmp/ran
		run timeout 20 $rt run -b "$dir-$rt" "denied-$rt" </dev/null
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *[Pp]ermission\ denied* ]]
		[ ! -e "$dir-$rt/rootfs/tmp/ran" ]
		await_end "denied-$rt"
		exact "denied-$rt"
		[ "$(logs "denied-$rt" 'select(.kind == "exec") | [.verdict, .path, .error]')" = '["denied","/act","EACCES"]' ]
		[ "$(logs "denied-$rt" .kind | head -n 1)" = '"armed"' ]
	done
}

@test "setup: a script whose interpreter is denied, a memfd, an exec from a thread" {
	policy nosh '{"name":"nosh","mode":"enforce","rules":[{"subject":"exec","path":"/bin/interp","action":"deny"}]}'
	container "$dir" --annotate io.reeve.policy nosh -- /bin/sh -c '/script; echo "script $?"; /act memfd; echo "memfd $?"; /act thread-exec x exit 5; echo "thread $?"'
	cp "$act" "$dir/rootfs/bin/interp"
	printf '#!/bin/interp exit\n' >"$dir/rootfs/script"
	chmod +x "$dir/rootfs/script"
	run crun run -b "$dir" odd </dev/null
	echo "$output"
	[[ $output == *"script 126"* ]]
	[[ $output == *"memfd 7"* ]]
	[[ $output == *"thread 5"* ]]
	await_end odd
	exact odd
	[ "$(logs odd 'select(.kind == "exec" and .verdict == "denied") | .path')" = '"/bin/interp"' ]
	[ "$(logs odd 'select(.kind == "exec" and .path_state == "anonymous") | .path' | wc -l)" = 1 ]
}

@test "join: an exec'ed helper is not judged, what it execs is, whichever way it entered" {
	local rt
	policy joined '{"name":"joined","mode":"enforce","rules":[
		{"subject":"file","path":"/etc/shadow","action":"deny"},
		{"subject":"file","path":"/proc/**","action":"deny"},
		{"subject":"exec","path":"/bin/forbidden","action":"deny"}]}'
	for rt in crun runc; do
		RUNTIME=$rt container "$dir-$rt" --annotate io.reeve.policy joined -- /act pause
		cp "$act" "$dir-$rt/rootfs/bin/forbidden"
		echo x >"$dir-$rt/rootfs/etc/shadow"
		(cd "$dir-$rt" && $rt create "j-$rt" </dev/null >/dev/null 2>&1 3>&- 4>&- && $rt start "j-$rt" 3>&- 4>&-)
		run $rt exec "j-$rt" /act open /etc/shadow
		[ "$status" -eq 13 ]
		run $rt exec "j-$rt" /act open /etc/passwd
		[ "$status" -eq 0 ]
		run $rt exec "j-$rt" /bin/forbidden exit 0
		echo "$output"
		[ "$status" -ne 0 ]
		$rt kill "j-$rt" KILL
		await_end "j-$rt"
		$rt delete -f "j-$rt" || true
		exact "j-$rt"
		[ "$(logs "j-$rt" 'select(.kind == "exec" and .verdict == "denied") | .path')" = '"/bin/forbidden"' ]
		[ "$(logs "j-$rt" 'select(.kind == "open" and .verdict == "denied") | .path')" = '"/etc/shadow"' ]
	done
}

@test "join: CLONE_INTO_CGROUP from outside" {
	policy joined '{"name":"joined","mode":"enforce","rules":[{"subject":"file","path":"/etc/shadow","action":"deny"}]}'
	RUNTIME=crun container "$dir" --cgroup /join --annotate io.reeve.policy joined -- /act pause
	started clone
	# The child opens the host's /etc/shadow as a helper, then execs; /etc/shadow then lies outside
	# the container's root, which the policy does not resolve and so denies.
	run "$act" clone-into /sys/fs/cgroup/join "$act" open /etc/shadow
	echo "$output"
	[ "$status" -eq 13 ]
	crun delete -f clone
	await_end clone
	exact clone
	[ "$(logs clone 'select(.kind == "open" and .verdict == "denied") | .path_state')" = '"outside"' ]
}

@test "start: a hook that comes too late says so instead of looking like a guard" {
	make_bundle "$dir" --hook poststart "$hook" -- /bin/sh -c 'sleep 1; exit 3'
	run timeout 20 crun run -b "$dir" late </dev/null
	[ "$status" -eq 3 ]
	grep -q 'container late runs already' /var/log/messages
	run reeve logs late
	[ "$status" -ne 0 ]
}
