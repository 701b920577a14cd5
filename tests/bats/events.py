# SPDX-License-Identifier: Apache-2.0
"""events.py EXPECTED RECORDS TABLE: does the record hold what a program says it did?

EXPECTED: JSON lines as the programs in tests/bats/tools/events/ print them from what the kernel told
them: {"kind": ..., FIELD: VALUE, ...}. Every field of the kind (TABLE: `reeve events --json`) must
be there, unless "any" lists it; "process" and "namespaces" may name some of their members; "argv",
"verdict", "error" and the like may be given as well. Each line wants exactly "times" records (1) that
agree in all of it; 0: none. Other lines (not starting with {) are ignored.
RECORDS: `reeve logs --json`. Prints what is missing or too many, with the nearest record; status 1."""
import json
import sys

NOT_FIELDS = {"times", "any"}


def agrees(want, have):
    if isinstance(want, dict):
        return isinstance(have, dict) and all(k in have and agrees(v, have[k]) for k, v in want.items())
    return type(want) is type(have) and want == have


def differences(want, have):
    return {k: have.get(k) for k, v in want.items() if not agrees(v, have.get(k))}


def check(want, records, table):
    kind = want.get("kind")
    if kind not in table:
        return [f"no kind {kind!r}: {want}"]
    missing = table[kind] - set(want) - set(want.get("any", []))
    if missing and want.get("times") != 0:
        return [f"the expectation leaves out {sorted(missing)}: {want}"]
    body = {k: v for k, v in want.items() if k not in NOT_FIELDS}
    have = [r for r in records.get(kind, []) if agrees(body, r)]
    times = want.get("times", 1)
    if len(have) == times:
        return []
    lines = [f"expected {times} of, found {len(have)}: {json.dumps(body)}"]
    near = sorted(records.get(kind, []), key=lambda r: len(differences(body, r)))
    for r in near[:3]:
        lines.append(f"  #{r['seq']} differs in {json.dumps(differences(body, r))}")
    return lines


def main():
    expected = [json.loads(l) for l in open(sys.argv[1], errors="surrogateescape") if l.startswith("{")]
    records = {}
    for r in map(json.loads, open(sys.argv[2])):
        records.setdefault(r["kind"], []).append(r)
    table = {k["kind"]: {f["name"] for f in k["fields"]} for k in json.load(open(sys.argv[3]))}
    if not expected:
        sys.exit("events.py: nothing is expected")
    wrong = [line for want in expected for line in check(want, records, table)]
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


main()
