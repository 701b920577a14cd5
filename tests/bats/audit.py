# SPDX-License-Identifier: Apache-2.0
"""Compares audit lines with the JSON of the same record, byte for byte, by a decoder of its own.

usage: audit.py AUDIT_FILE < json-lines. Says how many events agreed; exit status 1 at the first
that does not. Strings: "..." is itself, anything else is hex; aN[k] are the parts of aN.
"""
import json
import re
import sys

ACCOUNT = ("armed", "checkpoint", "close", "repeat")
LINE = re.compile(rb"^type=([A-Z_]+|UNKNOWN\[1427\]) msg=audit\((\d+)\.(\d{3}):(\d+)\): ([ -~]+)$")


def value(raw):
    if raw.startswith(b'"'):
        return raw[1:-1]
    return None if raw == b"(null)" else bytes.fromhex(raw.decode())


def raw(text):
    return text.encode("utf-8", "surrogateescape")


events = {}
order = []
with open(sys.argv[1], "rb") as f:
    data = f.read()
assert data.endswith(b"\n")
for line in data[:-1].split(b"\n"):
    m = LINE.match(line)
    if not m or len(line) > 8969:
        sys.exit(f"not an audit line: {line!r}")
    kind, sec, ms, serial, rest = m.groups()
    fields = dict(w.split(b"=", 1) for w in rest.split(b" "))
    if serial not in events:
        order.append(serial)
        events[serial] = []
    elif order[-1] != serial:
        sys.exit(f"lines of event {serial!r} are not together")
    events[serial].append((kind.decode(), sec + b"." + ms, fields))


def of(event, kind):
    return [fields for k, _, fields in event if k == kind]


def argv_of(event):
    whole = {}
    for fields in of(event, "EXECVE"):
        for key, v in fields.items():
            m = re.match(rb"a(\d+)(\[\d+\])?$", key)
            if m:
                whole[int(m[1])] = whole.get(int(m[1]), b"") + value(v)
    return [whole[i] for i in sorted(whole)]


def same(what, seq, got, want):
    if got != want:
        sys.exit(f"{what} of {seq}: {got!r} in audit, {want!r} in json")


for n, line in enumerate(sys.stdin):
    j = json.loads(line)
    seq = str(j["seq"]).encode()
    event = events.get(seq)
    if not event or order[n] != seq:
        sys.exit(f"no event {seq!r} in its place")
    same("time", seq, {t for _, t, _ in event}, {event[0][1]})
    same("milliseconds", seq, event[0][1][-3:], j["time"][20:23].encode())
    fields = {}
    for part in of(event, "UNKNOWN[1427]"):
        fields.update(part)
    same("kind", seq, fields[b"kind"], j["kind"].encode())
    same("container", seq, value(fields[b"container"]), j["container"]["id"].encode())
    same("comm", seq, value(fields[b"comm"]), raw(j["process"]["comm"]))
    same("verdict", seq, fields[b"verdict"], j["verdict"].encode())
    syscall = of(event, "SYSCALL")
    same("SYSCALL lines", seq, len(syscall), j["kind"] not in ACCOUNT)
    if syscall:
        same("comm", seq, value(syscall[0][b"comm"]), raw(j["process"]["comm"]))
        same("pid", seq, int(syscall[0][b"pid"]), j["process"]["pid"])
        same("items", seq, int(syscall[0][b"items"]), len(of(event, "PATH")))
    if j.get("path") and not j["path"].startswith("\0"):
        same("path", seq, value(of(event, "PATH")[0][b"name"]), raw(j["path"]))
    same("argv", seq, argv_of(event), [raw(a) for a in j.get("argv") or []])
same("events", "all", len(events), n + 1)
print(len(events))
