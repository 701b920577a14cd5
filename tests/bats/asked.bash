# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# asked.bash: random policies and acts, the kernel's word against `reeve policy test` (asked.py). `load lib`
# and `load reeve` first.

# asked ID SEED ACTS RECORD
asked() {
	local exe
	container "$dir" --edit ".hooks.createRuntime[0].args += [\"--record\", \"$4\"]" --annotate io.reeve.repeat each \
		--edit "$(with CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_MKNOD)" -- /exe/a
	mkdir -p "$dir/rootfs/exe/b"
	for exe in a ab b/c; do
		cp /reeve/build/tests/asked "$dir/rootfs/exe/$exe"
	done
	/reeve/build/tests/ways program >/var/tmp/asked-program
	python3 -I -S /reeve/tests/bats/asked.py "$dir" "$1" "$2" "$3"
	exact "$1"
}
