# SPDX-License-Identifier: Apache-2.0
"""formats.py text|json|csv|audit OUTPUT HEX STORED: hostile strings broke no line and forged none.

HEX: the strings, one a line in hex, as tests/bats/tools/events/hostile.c printed them. STORED: how many
records the ledger says there are. Exit 1 with what is wrong."""
import csv
import json
import re
import sys

kind, output, hexes, stored = sys.argv[1], open(sys.argv[2], "rb").read(), open(sys.argv[3]).read().split(), int(sys.argv[4])
strings = [bytes.fromhex(h) for h in hexes]
assert len(strings) >= 15
lines = output.split(b"\n")
assert lines.pop() == b"", "the last line has no end"
INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def printable(line):
    text = line.decode()  # fails on what is not UTF-8
    bad = INVISIBLE.search(text)
    assert not bad, f"{bad.group()!r} in {line!r}"
    return text


def bytes_of(s):
    return s.encode(errors="surrogateescape")


def of_cell(s):
    """What docs/events.md says undoes a cell of CSV."""
    assert not re.match("[=+@\uff1d\uff0b\uff0d\uff20-]", s), ("a formula", s)
    return bytes_of(json.loads('"' + s.removeprefix("'").replace('"', '\\"') + '"'))


if kind == "text":
    assert len(lines) == stored, f"{len(lines)} lines, {stored} records"
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]{18}Z hostile #\d+ ", printable(line)), line
elif kind == "json":
    assert len(lines) == stored, f"{len(lines)} lines, {stored} records"
    records = [json.loads(line.decode()) for line in lines]
    assert [r["seq"] for r in records] == sorted({r["seq"] for r in records}), "numbers twice or out of order"
    for line in lines:
        assert not re.search(rb"[\x00-\x1f\x7f]", line), line
    for s in strings:
        name = s.replace(b"/", b"_")
        assert any(bytes_of(r["process"]["comm"]) == s[:15] for r in records), ("comm", s)
        for what in ("open", "unlink"):
            assert any(r["kind"] == what and bytes_of(r["path"] or "") == b"/tmp/" + name for r in records), (what, s)
        assert any(r["kind"] == "exec" and bytes_of(r["argv"][-1]) == s and bytes_of(r["env"][-1]) == s
                   for r in records if r["kind"] == "exec" and r["argv"] and r["env"]), ("exec", s)
        # sun_path: cut at 107 bytes by the caller itself
        path = (b"/tmp/" + name)[:107]
        assert any(r["kind"] == "connect" and bytes_of(r["path"] or "") == path for r in records), ("connect", s)
        assert any(r["kind"] == "connect" and bytes_of(r["path"] or "").startswith(b"\0" + path[1:])
                   for r in records), ("abstract", s)
elif kind == "csv":
    assert all(line.endswith(b"\r") for line in lines), "a line without its end"
    lines = [printable(line[:-1]) for line in lines]
    assert len(lines) == stored + 1, f"{len(lines)} lines, {stored} records"
    rows = list(csv.DictReader(lines, strict=True))
    assert len(rows) == stored and not any(None in row or None in row.values() for row in rows), "columns"
    for s in strings:
        name = s.replace(b"/", b"_")
        assert any(of_cell(r["process.comm"]) == s[:15] for r in rows), ("comm", s)
        assert any(r["kind"] == "open" and of_cell(r["path"]) == b"/tmp/" + name for r in rows), ("open", s)
        assert any(r["kind"] == "exec" and r["argv"] and bytes_of(json.loads(r["argv"])[-1]) == s for r in rows), ("exec", s)
else:
    serials = set()
    for line in lines:
        m = re.match(r"type=[A-Z_]+(?:\[\d+\])? msg=audit\((\d+\.\d{3}:\d+)\): ", printable(line))
        assert m, line
        serials.add(m.group(1))
    assert len(serials) == stored, f"{len(serials)} events, {stored} records"
