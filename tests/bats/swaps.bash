# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# swaps.bash: a container whose processes open three paths all the time, while its policy is changed
# (swaps.py). `load lib` and `load reeve` first.

# swinging ID PAUSE_MS
swinging() {
	container "$dir" --annotate io.reeve.repeat each --edit '.hooks.createRuntime[0].args += ["--record", "open"]' -- /bin/sh -c \
		'for n in 1 2 3 4; do /act swing '"$2"' /p/one /p/two /p/always & done; while [ ! -e /go ]; do usleep 10000; done; exec /act guard 3 /p/always /escaped'
	mkdir -p "$dir/rootfs/p" "$dir/policies"
	touch "$dir"/rootfs/p/{one,two,always}
	started "$1"
}

# swapped ID N SEED [kill]: that many changes; then all of it is true, and nothing was lost.
swapped() {
	echo "seed $3"
	# The first is whole, so that from here on /p/always is never open.
	python3 -I -S /reeve/tests/bats/swaps.py "$1" "$dir/policies" 1 "$3"
	touch "$dir/rootfs/go"
	python3 -I -S /reeve/tests/bats/swaps.py "$1" "$dir/policies" "$2" "$3" "${@:4}"
	crun kill "$1" KILL
	retry 30 ended "$1"
	crun delete -f "$1" || true
	[ ! -e "$dir/rootfs/escaped" ]
	exact "$1"
	python3 -I -S /reeve/tests/bats/swaps.py check "$1" >"$BATS_TEST_TMPDIR/said" || { cat "$BATS_TEST_TMPDIR/said"; return 1; }
	sed 's/^/# /' "$BATS_TEST_TMPDIR/said" >&3
}

# applied_in_part ID STEP
applied_in_part() {
	container "$dir" -- /bin/sleep 10000
	mkdir -p "$dir/policies"
	started "$1"
	python3 -I -S /reeve/tests/bats/swaps.py "$1" "$dir/policies" 1 1
	python3 -I -S /reeve/tests/bats/swaps.py each "$1" "$dir/policies" "$2" >"$BATS_TEST_TMPDIR/said" || { cat "$BATS_TEST_TMPDIR/said"; return 1; }
	sed 's/^/# /' "$BATS_TEST_TMPDIR/said" >&3
	crun delete -f "$1"
	await_end "$1"
	exact "$1"
	python3 -I -S /reeve/tests/bats/swaps.py follow "$1"
}
