#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""guide.py REEVE: the guide and the threat model name what is there: doctor's lines, each of them explained; suites;
`kubectl reeve` verbs; kustomizations; and every page is linked to. TAP on stdout; run in the worktree."""
import glob
import json
import os
import re
import subprocess
import sys

from policy_tap import end, result

pages = {p: open(p).read() for p in ["README.md", *sorted(glob.glob("docs/*.md"))]}
guide = pages["docs/guide.md"]


def complain(what, wrong):
    result(not wrong, "guide: " + what, sorted(set(wrong)))


def named(pattern, least):
    """Who names what; fewer than that many means that the pattern no longer finds them."""
    found = [(p, m) for p, text in pages.items() for m in re.findall(pattern, text, flags=re.M)]
    return found if len(found) >= least else [("guide.py", f"only {len(found)} of {pattern}")]


said = subprocess.run([sys.argv[1], "doctor", "--json"], capture_output=True, text=True)
lines = {c["name"] for c in json.loads(said.stdout)["checks"]}
told = set(re.findall(r"^\| `([a-z-]+)` \|", guide, flags=re.M))
complain(f"each of doctor's {len(lines)} lines is explained, and no other", [f"{l}: not explained" for l in lines - told] +
         [f"{l}: doctor has no such line" for l in told - lines])
complain("suites that are named are there", [f"{p}: {s}" for p, s in named(r"\b((?:long/)?[\w-]+\.bats)\b", 20)
                                             if not os.path.exists("tests/bats/" + s)])
complain("directories and files of deploy/ that are named are there",
         [f"{p}: {s}" for p, s in named(r"\b(deploy/[\w./-]*\w)", 10) if not os.path.exists(s)])
usage = subprocess.run(["deploy/kubernetes/kubectl-reeve", "help"], capture_output=True, text=True, check=True).stdout
verbs = set(re.findall(r"^  ([a-z]+)", usage, flags=re.M)) | set(re.findall(r", ([a-z]+) \[--host", usage))
complain("verbs of kubectl reeve that are named are there",
         [f"{p}: {v}" for p, v in named(r"kubectl reeve ([a-z]+)", 5) if v not in verbs])
complain("each page is linked to", [p for p in pages if p != "README.md" and not any(
    f"({os.path.basename(p)}" in text or f"({p}" in text for other, text in pages.items() if other != p)])
end()
