#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""policy_ready.py REEVE SCHEMA DIRECTORY TABLES: the ready policies are good ones by `reeve policy check
--strict` and by the schema, and decide each act of their table (NAME.acts, "a+b.acts" of both together)
as it says.

A line of a table is "allowed QUESTION" or "RULE ERRNO QUESTION", as `reeve policy test` asks them; # begins
a comment. Every rule must decide some line. TAP on stdout; needs python3-fastjsonschema."""
import glob
import json
import os
import re
import subprocess
import sys

from policy_tap import Schema, end, result

reeve, schema_path, directory, tables = sys.argv[1:]
schema = Schema(schema_path)


def policy_of(path):
    return json.loads(re.sub(r"^\s*//.*$", "", open(path).read(), flags=re.M))


def said(line):
    """An answer of `policy test`, as the tables say it, and the rule it names."""
    rule = re.search(r"rule (\d+) ", line)
    rule = int(rule[1]) if rule else 0
    denied = re.match(r"denied (\w+)", line)
    return (f"{rule} {denied[1]}" if denied else line.split(":")[0].strip()), rule


def table_run(path):
    names = os.path.basename(path)[:-5].split("+")
    policies = [os.path.join(directory, n + ".json") for n in names]
    lines = [l.strip() for l in open(path) if l.strip() and l[0] != "#"]
    acts = [l.split(None, 1) if l.startswith("allowed ") else [" ".join(l.split()[:2]), l.split(None, 2)[2]]
            for l in lines]
    ran = subprocess.run([reeve, "policy", "test", *policies, "--", "-"], timeout=20, capture_output=True,
                         input="\n".join(q for _, q in acts) + "\n", text=True)
    answers = ran.stdout.splitlines()
    wrong = [f"{a}: {q}: {ran}" for (a, q), ran in zip(acts, answers) if said(ran)[0] != a]
    if len(answers) != len(acts):
        wrong.append(f"{len(answers)} answers to {len(acts)} questions: {ran.stderr.strip()}")
    denials = sum(a != "allowed" for a, _ in acts)
    result(not wrong and 0 < denials < len(acts), f"ready: {len(acts)} acts under {' and '.join(names)}, "
           f"{denials} of them refused", wrong)
    rules = sum(len(policy_of(p)["rules"]) for p in policies)
    idle = set(range(1, rules + 1)) - {said(a)[1] for a in answers}
    if len(names) == 1:
        result(not idle, f"ready: each of the {rules} rules of {names[0]} decides one of them",
               [f"rule {r} decides none" for r in sorted(idle)])


found = sorted(glob.glob(os.path.join(directory, "*.json")))
wrong = []
for one in found:
    policy = policy_of(one)
    ran = subprocess.run([reeve, "policy", "check", "--strict", one], capture_output=True, text=True, timeout=20)
    says = ran.stderr.strip() if ran.returncode else schema.says(policy)
    if says or policy["name"] + ".json" != os.path.basename(one) or policy["mode"] != "enforce":
        wrong.append(f"{one}: {says or 'called otherwise, or does not enforce'}")
    wrong += [f"{one}: rule {i + 1} denies without a reason" for i, r in enumerate(policy["rules"])
              if r["action"] == "deny" and "reason" not in r]
    if not os.path.exists(os.path.join(tables, policy["name"] + ".acts")):
        wrong.append(f"{one}: has no table in {tables}")
result(len(found) >= 3 and not wrong, f"ready: {len(found)} policies are good to check --strict and to the schema",
       wrong)
for one in sorted(glob.glob(os.path.join(tables, "*.acts"))):
    table_run(one)
end()
