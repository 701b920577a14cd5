#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""policy_schema.py SCHEMA DOCUMENT.md EVENTS.h REEVE [LEARNED...]: the schema, the documentation and `reeve policy
check` agree.

TAP on stdout: every example of the document is a policy to both, what is changed in them beyond
recognition is one to neither, every word of the schema is one of the language, and what was learned in the
suites is a policy to both. Needs
python3-fastjsonschema."""
import copy
import json
import re
import subprocess
import sys

from policy_tap import Schema, end, result

schema_path, document, events, reeve, *learned = sys.argv[1:]
schema = Schema(schema_path)
definitions = schema.text["definitions"]


def check_says(policy, *options):
    ran = subprocess.run([reeve, "policy", "check", *options, "-"], input=json.dumps(policy).encode(),
                         capture_output=True, timeout=20)
    return "" if ran.returncode == 0 else f"{ran.returncode}: {ran.stderr.decode().strip()}"


def both(policies):
    """What one of them says of each, with the policy, when it is refused."""
    for p in policies:
        for who, says in (("schema", schema.says(p)), ("check", check_says(p))):
            if says:
                yield f"{who}: {says}: {json.dumps(p)[:200]}"


def with_rule(**rule):
    return {"name": "t", "mode": "audit", "rules": [{"action": "audit", **rule}]}


def places(value, path=()):
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield path + (key,)
            yield from places(value[key], path + (key,))


def changed(policy, path, new):
    policy = copy.deepcopy(policy)
    at = policy
    for key in path[:-1]:
        at = at[key]
    if new is None:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return policy


def spoiled(policy):
    """The policy with one thing in it that can be nothing: wherever it is."""
    for path in places(policy):
        yield changed(policy, path, {"no": [1]})
        yield changed(policy, path, -1)
        if isinstance(path[-1], str) and path[-1] not in ("name", "path", "tag", "exec", "reason") and (
                "match" not in path[:-1]):
            yield changed(policy, path, "no such word")
        if isinstance(path[-1], str):
            yield changed(policy, path[:-1] + ("extra",), 1)
    for key in ("name", "mode", "rules"):
        yield changed(policy, (key,), None)
    for i in range(len(policy["rules"])):
        for key in {"subject", "action", "path", "capability", "kind"} & policy["rules"][i].keys():
            if key != "path" or "tag" not in policy["rules"][i]:
                yield changed(policy, ("rules", i, key), None)
    yield {**policy, "name": "n" * 64}
    yield with_rule(subject="file", path="/a", errno="EIO")
    yield with_rule(subject="file", path="/a", access=[])
    yield with_rule(subject="file", path="/a", access=["read", "read"])
    yield with_rule(subject="file", path="/a", port=1)
    yield with_rule(subject="file", tag="a", access="delete")
    yield with_rule(subject="file", tag="a", access=["read", "create"])
    yield with_rule(subject="file", tag="")
    yield with_rule(subject="exec", tag=["a"])
    yield with_rule(subject="exec", tag="a", access="read")
    yield with_rule(subject="unix", path="/a", tag="a")
    yield with_rule(subject="network", cidr="::1", address="::1")
    yield with_rule(subject="network", port=65536)
    yield with_rule(subject="network", protocol=256)


blocks = re.findall(r"^```json\n(.*?)^```", open(document).read(), re.M | re.S)
examples = [json.loads(b) for b in blocks]
wrong = list(both(examples)) + [s for e in examples if (s := check_says(e, "--strict"))]
result(examples and not wrong, f"policy: the {len(examples)} examples of {document}", wrong)

bad = [p for e in examples for p in spoiled(e)]
let = [f"{who}: {json.dumps(p)[:300]}" for p in bad
       for who, says in (("schema", schema.says), ("check", check_says)) if not says(p)]
result(not let, f"policy: {len(bad)} spoiled ones are refused by the schema and by check", let)


def words(name):
    return definitions[name]["oneOf"][0]["enum"]


good = [with_rule(subject="kernel", kind=k) for k in definitions["kind"]["enum"]]
good += [with_rule(subject="file", path="/a", access=a) for a in words("file-access")]
good += [with_rule(subject="file", tag="a", access=a) for a in words("tag-access")]
good += [with_rule(subject=s, tag="{a,b}/**", **path) for s in ("exec", "file") for path in ({}, {"path": "/a"})]
good += [with_rule(subject="unix", path="@a", access=a) for a in words("socket-access")]
good += [with_rule(subject="network", direction=a) for a in words("socket-access")]
good += [with_rule(subject="memory", access=a) for a in words("memory-access")]
good += [with_rule(subject="network", protocol=p)
         for p in definitions["rule-network"]["properties"]["protocol"]["oneOf"][0]["enum"]]
good += [{**with_rule(subject="memory"), "defaults": {s: "audit"}}
         for s in schema.text["properties"]["defaults"]["properties"]]
capabilities = re.findall(r"#define (CAP_\w+)\s+\d+$", open("/usr/include/linux/capability.h").read(), re.M)
good += [with_rule(subject="capability", capability=c)
         for name in capabilities for c in (name, name.lower()[4:])]
wrong = list(both(good))
result(not wrong, f"policy: {len(good)} words of the schema are words of the language", wrong)

kinds = re.findall(r"^\tX\(\w+, \d+, (\w+),", open(events).read(), re.M)
other = [with_rule(subject="kernel", kind=k) for k in kinds if k not in definitions["kind"]["enum"]]
let = [p["rules"][0]["kind"] for p in other if not check_says(p) or not schema.says(p)]
result(len(kinds) > 50 and not let, f"policy: {len(other)} kinds that no rule decides", let)

documented = set(re.findall(r"`(\w+)`", open(document).read().split("**kernel**:")[1].split(".")[0]))
missing = documented ^ set(definitions["kind"]["enum"])
result(not missing, "policy: the document names the same kinds", sorted(missing))
if learned:
    wrong = [f"{f}: {s}" for f in learned for s in both([json.load(open(f))])]
    result(not wrong, f"policy: {len(learned)} that were learned", wrong)
end()
