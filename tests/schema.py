#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""schema.py SCHEMA RECORDS.jsonl...: every record the suites made is one of the documented ones.

TAP on stdout: per file, every line validates, and in a plain boot every kind of the schema was seen (but for those a
kernel cannot make, listed in the file beside it, RECORDS.absent); the schema itself refuses what it
must. Needs python3-fastjsonschema."""
import copy
import json
import pathlib
import re
import sys

import fastjsonschema

schema = json.load(open(sys.argv[1]))
kinds = [ref["$ref"].rsplit("/", 1)[1] for ref in schema["oneOf"]]
# A record's kind says which of the oneOf it must be: ask that one alone, it is fifty times faster.
of_kind = {
    k: fastjsonschema.compile({**schema["definitions"][k], "definitions": {
        n: d for n, d in schema["definitions"].items() if n.startswith("part-")}})
    for k in kinds
}
number = 0
failed = False


def result(ok, name, detail=""):
    global number, failed
    number += 1
    failed |= not ok
    print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    if detail and not ok:
        print("# " + detail.replace("\n", "\n# "))


def problem(record):
    validate = of_kind.get(record.get("kind"))
    if not validate:
        return f"kind {record.get('kind')!r}"
    try:
        validate(record)
    except fastjsonschema.JsonSchemaException as e:
        return str(e)
    return None


def mutations(record):
    """What no schema of ours may let through."""
    for key in record:
        less = copy.deepcopy(record)
        del less[key]
        yield f"without {key}", less
        if key != "kind":
            yield f"{key} of another type", {**record, key: {"no": [1]}}
    yield "one member more", {**record, "extra": 1}
    yield "another kind", {**record, "kind": "open" if record["kind"] != "open" else "exec"}


samples = {}
for path in map(pathlib.Path, sys.argv[2:]):
    count, wrong, seen = 0, [], set()
    for line in path.open():
        count += 1
        record = json.loads(line)
        seen.add(record.get("kind"))
        samples.setdefault(record.get("kind"), record)
        why = problem(record)
        if why:
            wrong.append(f"#{record.get('seq')} {record.get('kind')}: {why}")
    result(count > 0 and not wrong, f"schema: {path.stem}: all of {count} records validate", "\n".join(wrong[:20]))
    if not re.fullmatch(r"[0-9.]+(-bookworm)?", path.stem):
        continue  # of the runtimes, or of what runs alone: not for every kind
    absent = path.with_suffix(".absent")
    excused = set(absent.read_text().split()) if absent.exists() else set()
    missing = set(kinds) - seen - excused
    result(not missing, f"schema: {path.stem}: {len(seen)} kinds were made", f"never: {sorted(missing)}")
let_through = [f"{kind} {what}" for kind, record in samples.items() if not problem(record)
               for what, bad in mutations(record) if not problem(bad)]
result(bool(samples) and not let_through, "schema: refuses what is missing, more, or of another type", "\n".join(let_through[:20]))
print(f"1..{number}")
sys.exit(failed)
