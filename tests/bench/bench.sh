#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench.sh KERNEL...: one counting guest per kernel, one table each, and the sizes of the programs.
# Fails only when something could not be measured.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/vm/cache.sh
. tests/vm/cache.sh

programs=(reeve reeve-hook reeve-agent reeve-node reeve-load)

sizes() {
	local p stripped
	stripped=$(mktemp)
	for p in "${programs[@]}"; do
		strip -o "$stripped" "build/$p"
		printf 'size.%s\t%s\nsize_stripped.%s\t%s\n' "$p" "$(stat -c %s "build/$p")" \
			"$p" "$(stat -c %s "$stripped")"
	done
	rm -f "$stripped"
}

rc=0
for kernel in "$@"; do
	tsv=build/results/bench-$kernel.tsv
	mkdir -p build/results
	rm -f "$tsv"
	VM_PACKAGES="$(engines_packages) " KERNEL=$kernel ICOUNT=1 NODE=0 TIMEOUT=${TIMEOUT:-2400} tests/vm/guest.sh tests/bench/guest.sh || {
		echo "bench: the guest $kernel did not measure to the end" >&2
		rc=1
		continue
	}
	sizes >>"$tsv"
	awk -F'\t' -f tests/bench/report.awk "$tsv" || rc=1
done
exit $rc
