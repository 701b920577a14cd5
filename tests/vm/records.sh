#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# records.sh NAME: in the guest, after the suites: the whole record of every container the node knows,
# as JSON lines at the end of build/results/records/NAME.jsonl, for tests/schema.py. A suite that removes what is stored
# runs it before: $RECORDS is the NAME.
set -u
dir=/reeve/build/results/records
mkdir -p "$dir"
if ! reeve status >/dev/null 2>&1; then
	setsid reeve-node </dev/null >>/var/log/reeve-node.log 2>&1 &
	for _ in {1..50}; do
		reeve status >/dev/null 2>&1 && break
		sleep 0.1
	done
fi
{
	reeve logs --json --all
	reeve logs --json --node
} >>"$dir/$1.jsonl" 2>>"$dir/$1.errors"
