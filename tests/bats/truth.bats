#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernels: 7.2; full: all
# truth.bats: the truth table of paths. tests/bats/truth.table says what becomes of each access by each
# way; tools/ways.c tries them all. A cell more or less is a failure, as is a denial without a record.

load lib
load reeve

setup() {
	start_node
	dir=$BATS_TEST_TMPDIR/b
	policy truth '{"name":"truth","mode":"enforce","rules":[
		{"subject":"file","path":"/d/deleted/**","access":"delete","action":"allow"},
		{"subject":"file","path":"{/d{,/**},/memfd:d*}","action":"deny","errno":"EXFULL"},
		{"subject":"exec","path":"{/d/**,/memfd:d*}","action":"deny","errno":"EXFULL"},
		{"subject":"unix","path":"/d/**","action":"deny","errno":"EXFULL"}]}'
}

teardown() {
	crun list -q | xargs -r -n 1 crun delete -f
	pkill -x ways || true
	! mountpoint -q "$dir/rootfs" || umount -l "$dir/rootfs"
	rm -rf /etc/reeve
}

# bundle: the container, its root still without the files.
bundle() {
	local base
	container "$dir" --annotate io.reeve.policy truth --annotate io.reeve.repeat each \
		--edit "$(with CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_DAC_READ_SEARCH CAP_DAC_OVERRIDE CAP_CHOWN CAP_FOWNER)" \
		--edit '.mounts += [["d", "e"][] as $b | ["move", "move-mount"][] | {destination: "/\($b)/\(.)/mount", type: "bind", source: "mount-\($b)", options: ["bind"]}]' \
		-- /bin/sh -c '/ways run d && /ways run e'
	cp /reeve/build/tests/ways "$dir/rootfs/"
	for base in d e; do
		mkdir -p "$dir/mount-$base"
		touch "$dir/mount-$base"/{read,write,truncate}
	done
}

# table [OTHER]: the expected cells; rows of the file OTHER stand in the place of the same ones.
table() {
	cat "$@" /reeve/tests/bats/truth.table | awk '/^#/ { next } /^[de]( |$)/ { base = $1; tables += base == "d" }
		tables <= '$#' { other[base " " $1] = $0; next }
		!/^[de] / && (base " " $1) in other { $0 = other[base " " $1] } { $1 = $1; print }'
}

# agree ID [OTHER]: the cells are the table's, and what is refused has a record with the row's and column's name.
agree() {
	"$dir/rootfs/ways" sockets "$dir/rootfs" </dev/null 3>&- 4>&-
	crun run -b "$dir" "$1" >"$BATS_TEST_TMPDIR/cells" </dev/null
	diff <(table "${@:2}") <(tr -s ' ' <"$BATS_TEST_TMPDIR/cells") ||
		{ cp "$BATS_TEST_TMPDIR/cells" "/reeve/build/results/$1-$KERNEL.table"; return 1; }
	await_end "$1"
	exact "$1"
	logs "$1" 'select(.verdict == "denied") | .process.comm' -r | sort -u >"$BATS_TEST_TMPDIR/denied"
	awk '/^[de]( |$)/ { base = $1; row = -1; next }
		{ row++; for (i = 2; i <= NF; i++) if ($i ~ /EXFULL|EACCES/) print base row "." i - 2 }' "$BATS_TEST_TMPDIR/cells" | sort -u |
		diff - "$BATS_TEST_TMPDIR/denied"
}

# bats test_tags=full
@test "truth: every access by every way" {
	bundle
	"$dir/rootfs/ways" prepare "$dir/rootfs"
	mkdir "$dir/rootfs"/{d,e}/{move,move-mount}/mount
	agree truth-plain
}

@test "truth: every access by every way on overlayfs, copied up or not" {
	local layers=$BATS_TEST_TMPDIR/layers
	bundle
	mkdir -p "$layers"/{upper,work}
	"$dir/rootfs/ways" prepare "$dir/rootfs"
	mkdir "$dir/rootfs"/{d,e}/{move,move-mount}/mount
	mv "$dir/rootfs" "$layers/lower"
	mkdir "$dir/rootfs"
	mount -t overlay overlay -o "lowerdir=$layers/lower,upperdir=$layers/upper,workdir=$layers/work" "$dir/rootfs"
	find "$dir/rootfs"/{d,e}/* -maxdepth 1 -type f | awk 'NR % 2' | xargs chmod 0755
	find "$layers/upper"/{d,e} -type f | grep -q .
	agree truth-overlay /reeve/tests/bats/truth-overlay.table
}
