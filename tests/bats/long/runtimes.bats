#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image: engines
# long/runtimes.bats: the rest of the matrix, and 200 containers in a row that live 10 ms.

load ../lib
load ../reeve
load ../engines

setup_file() {
	export BATS_TEST_TIMEOUT=3000
	start_node
	engines_up
}

teardown_file() {
	engines_down
}

setup() {
	dir=$BATS_TEST_TMPDIR/b
	start_node
}

@test "runtimes: crun and runc themselves, the hook in the bundle" {
	local rt id
	for rt in crun runc; do
		id=rt-$rt
		RUNTIME=$rt container "$dir-$rt" -- "${life[@]}"
		echo secret >"$dir-$rt/rootfs/etc/forbidden"
		(cd "$dir-$rt" && "$rt" create "$id" </dev/null >/dev/null 2>&1 3>&- 4>&-)
		"$rt" start "$id" 3>&- 4>&-
		cell "$rt" "$(version "$rt")" "$id" "$rt" exec "$id"
		"$rt" kill "$id" TERM
		retry 20 "$rt" delete "$id"
		cell_over 5
	done
}

@test "runtimes: podman with runc, by hooks.d" {
	podman_cell runc
}

@test "runtimes: containerd by ctr, with a spec that has the hook" {
	containerd_up
	RUNTIME=runc make_bundle "$dir" --hook createRuntime "$hook" --edit ".root.path = \"$dir/rootfs\"" -- "${life[@]}"
	echo secret >"$dir/rootfs/etc/forbidden"
	ctr_cell containerd+spec rt-ctr-spec --config "$dir/config.json" rt-ctr-spec
}

@test "runtimes: every cell was there" {
	[ "$(sort "$BATS_FILE_TMPDIR/cells" | xargs)" = "containerd+spec crun podman+runc runc" ]
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
	brief crun_brief 200
}

@test "runtimes: 200 containers in a row that live 10 ms, with podman" {
	brief podman_brief 200
}
