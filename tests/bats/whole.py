# SPDX-License-Identifier: Apache-2.0
"""Compares an exec record's argv and env, as reeve logs --json gives them, with what the kernel said.

usage: whole.py ROOTFS < json-lines; looks at the last exec record whose argv[1] is "report".
Invalid UTF-8 comes as lone surrogates (U+DC80..U+DCFF), which Python calls surrogateescape.
"""
import hashlib
import json
import sys


def block(strings):
    return b"".join(s.encode("utf-8", "surrogateescape") + b"\0" for s in strings)


record = None
for line in sys.stdin:
    r = json.loads(line)
    if r["kind"] == "exec" and r["argv"] and r["argv"][1:2] == ["report"]:
        record = r
if record is None:
    sys.exit("no exec record with argv[1] = report")
if record["args_state"] != "whole" or record["args_missing"] != 0:
    sys.exit(f"args_state {record['args_state']}, {record['args_missing']} bytes missing")
for name, strings in (("cmdline", record["argv"]), ("environ", record["env"])):
    with open(f"{sys.argv[1]}/tmp/{name}", "rb") as f:
        want = f.read()
    got = block(strings)
    print(name, len(want), hashlib.sha256(want).hexdigest(), hashlib.sha256(got).hexdigest())
    if got != want:
        sys.exit(f"{name}: {len(got)} bytes recorded, {len(want)} bytes in the kernel")
