#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs.py REEVE: what README and docs name is there: files that are linked to, `reeve` and `kubectl reeve` verbs, make
targets, suites, kustomizations, doctor's lines (each of them explained). TAP on stdout; run in the worktree."""
import glob
import json
import os
import re
import subprocess
import sys

from policy_tap import end, result

reeve = sys.argv[1]
pages = {p: open(p).read() for p in ["README.md", *sorted(glob.glob("docs/*.md")), *sorted(glob.glob("deploy/**/*.md", recursive=True)),
                                     "tests/vm/README.md"]}


def anchors(text):
    heads = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.S), flags=re.M)
    return {re.sub(r"[^a-z0-9 _-]", "", h.lower()).replace(" ", "-") for h in heads}


def code(text):
    """What is set as code: blocks, indented lines, words in backticks."""
    yield from re.findall(r"```\w*\n(.*?)```", text, flags=re.S)
    yield from re.findall(r"^    (.*)$", text, flags=re.M)
    yield from re.findall(r"`([^`\n]+)`", text)


def complain(what, wrong):
    result(not wrong, "docs: " + what, sorted(set(wrong)))


wrong, links = [], 0
for page, text in pages.items():
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if re.match(r"\w+:", path):
            continue
        links += 1
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(target):
            wrong.append(f"{page}: {link}: no such file")
        elif anchor and anchor not in anchors(open(target).read()):
            wrong.append(f"{page}: {link}: no such heading")
complain(f"{links} links lead somewhere", wrong)

helped = subprocess.run([reeve, "help"], capture_output=True, text=True, check=True).stdout
verbs = set(re.findall(r"^  (\w+)  ", helped, flags=re.M)) | {"help"}
policy = subprocess.run([reeve, "policy", "help"], capture_output=True, text=True, check=True).stdout
policy_verbs = set(re.findall(r"^  (\w+) ", policy, flags=re.M)) | {"help"}
plugin = open("deploy/kubernetes/kubectl-reeve").read()
plugin_verbs = set(re.findall(r"^  (\w+)", re.search(r"usage: .*?\nEND", plugin, flags=re.S)[0], flags=re.M)) | \
    {"status", "doctor", "help"}
targets = set(re.findall(r"^([\w-]+):", "\n".join(open(m).read() for m in ["Makefile", *glob.glob("tests/*/*.mk")]),
                         flags=re.M))
wrong, named = [], 0
for page, text in pages.items():
    for piece in code(text):
        for before, verb, after in re.findall(r"(?:^|[;&|(]) *(kubectl )?reeve ([a-z]+)\b(?: ([a-z]+)\b)?", piece,
                                               flags=re.M):
            named += 1
            if verb not in (plugin_verbs if before else verbs):
                wrong.append(f"{page}: {before}reeve {verb}")
            elif verb == "policy" and after and after not in policy_verbs:
                wrong.append(f"{page}: reeve policy {after}")
        for target in re.findall(r"(?:^|[;&] )make ((?!-)[a-z][\w-]*)(?![\w.-]*=)", piece, flags=re.M):
            named += 1
            if target not in targets and not target.startswith("vm-suite-"):
                wrong.append(f"{page}: make {target}")
        for path in re.findall(r"\bdeploy/[\w./-]+", piece):
            named += 1
            if not os.path.exists(path):
                wrong.append(f"{page}: {path}")
        for suite in re.findall(r"\b(?:long/)?[\w-]+\.bats\b", piece):
            named += 1
            if not os.path.exists("tests/bats/" + suite):
                wrong.append(f"{page}: {suite}")
complain(f"{named} commands, targets, suites and files that are named are there", wrong)

checks = json.loads(subprocess.run([reeve, "doctor", "--json"], capture_output=True, text=True).stdout)["checks"]
lines = {c["name"] for c in checks}
told = set(re.findall(r"^\| `([a-z-]+)` \|", pages["docs/guide.md"], flags=re.M))
complain(f"each of doctor's {len(lines)} lines is explained in the guide, and no other",
         [f"{l}: not explained" for l in lines - told] + [f"{l}: doctor has no such line" for l in told - lines])
alone = [p for p in pages if p.startswith("docs/") and not any(f"({os.path.basename(p)}" in t or f"({p}" in t for q, t in pages.items() if q != p)]
complain("each page is linked to", alone)
end()
