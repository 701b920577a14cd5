# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# load.bash: a build's load under each profile: tar x of many small files, execs, connects. The suite sets
# FILES, EXECS and CONNECTS. `load lib` and `load reeve` first.

# count ID KIND [JQ_CONDITION]
count() {
	logs "$1" "select(.kind == \"$2\" and (${3:-true}))" | wc -l
}

# build PROFILE: the load, as the container build-PROFILE.
build() {
	local i
	container "$dir" --edit ".hooks.createRuntime[0].args += [\"--record\", \"$1\"]" -- \
		/bin/sh -c "cd /tmp && tar -xf /files.tar && exec /act build $EXECS $CONNECTS"
	if [ ! -e "$BATS_FILE_TMPDIR/files.tar" ]; then
		mkdir -p "$BATS_FILE_TMPDIR/src"
		for ((i = 0; i < FILES; i++)); do
			echo "$i" >"$BATS_FILE_TMPDIR/src/$i.c"
		done
		tar -C "$BATS_FILE_TMPDIR/src" -cf "$BATS_FILE_TMPDIR/files.tar" .
	fi
	cp "$BATS_FILE_TMPDIR/files.tar" "$dir/rootfs/"
	crun run -b "$dir" "build-$1"
	retry 120 ended "build-$1"
	reeve ledger "build-$1" | sed "s/^/# /" >&3
}

in_quiet() {
	build quiet
	complete build-quiet
	[ "$(count build-quiet exec '.filename == "/act"')" -eq $((EXECS + 1)) ]
	[ "$(count build-quiet exit)" -ge $((EXECS + 1)) ]
	[ "$(count build-quiet open)" -eq 0 ]
	[ "$(count build-quiet connect)" -eq 0 ]
}

in_normal() {
	build normal
	complete build-normal
	[ "$(count build-normal exec '.filename == "/act"')" -eq $((EXECS + 1)) ]
	[ "$(count build-normal create '.path | test("^/tmp/[0-9]+[.]c$")')" -eq "$FILES" ]
	[ "$(count build-normal connect '.fport == 9')" -eq "$CONNECTS" ]
}

in_all() {
	build all
	reeve ledger --json build-all | jq -e '.exact and .closed'
}
