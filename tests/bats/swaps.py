#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""swaps.py ID DIR N SEED [kill]: N changes of the policy of a running container in which processes open
/p/one, /p/two and /p/always all the time; then its record is read. Each policy has a name of its own that
says which of the first two it denies, /p/always all of them do. With "kill" every change is cut by kill -9
of it, of the agent or of the node at a random moment.
swaps.py each ID DIR STEP: changes, each cut at another of apply's system calls, every STEPth of them and every second
of the last ones.
swaps.py follow ID: the changes follow each other: none is without its record, and none has two.
swaps.py check ID: every verdict is the one of the version its record names; what a process meets never goes
back to a version before; behind the record of a change nothing is decided by what it replaced; the changes
follow each other."""
import collections
import json
import os
import random
import subprocess
import sys
import time

HALT = "/reeve/build/tests/halt"
PATHS = {"/p/one", "/p/two", "/p/always"}


def fail(text):
    print("FAILED: " + text)
    sys.exit(1)


def write_policy(directory, n, denied, big):
    at = os.path.join(directory, "p.json")
    rules = [{"subject": "file", "path": "/data/%d/**/x%d" % (i * 7919 % 1009, i), "action": "audit"} for i in range(400 if big else 0)]
    rules += [{"subject": "file", "path": path, "action": "deny"} for path in ("/p/" + denied, "/p/always")]
    with open(at, "w", encoding="utf-8") as f:
        json.dump({"name": "v%d-%s" % (n, denied), "mode": "enforce", "rules": rules}, f)
    return at


def in_force(name):
    said = subprocess.run(["reeve", "policy", "show", "--json", name], capture_output=True, check=False)
    if said.returncode:
        fail("policy show: %s%s" % (said.stdout.decode(), said.stderr.decode()))
    shown = json.loads(said.stdout)
    if not shown["text_enforced"]:
        fail("policy show: the text is not what is enforced: %s" % shown["name"])
    return shown["name"]


def pid_of(program):
    """Not of those that are dead and not yet buried."""
    said = subprocess.run(["pgrep", "-x", "-r", "R,S,D", program], capture_output=True, check=False).stdout.split()
    return [int(p) for p in said]


def node_back():
    for _ in range(100):
        if not pid_of("reeve-node"):
            break
        time.sleep(0.1)
    if not pid_of("reeve-node"):
        with open("/var/log/reeve-node.log", "ab") as log:
            subprocess.Popen(["reeve-node"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True)
    for _ in range(300):
        if subprocess.run(["reeve", "status"], capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)
    fail("the node does not come back")


def change(name, at, victim):
    apply = subprocess.Popen(["reeve", "policy", "apply", name, at], stderr=subprocess.PIPE)
    if not victim:
        said = apply.communicate()[1]
        if apply.returncode:
            fail("apply: %s" % said.decode())
        return
    time.sleep(random.random() ** 2 * 0.25)
    pids = [apply.pid] if victim == "apply" else pid_of(victim)
    if victim == "apply" and apply.poll() is not None:
        pids = []
    for pid in pids:
        os.kill(pid, 9)
    apply.communicate()
    # A change is of two: the container's own tables, and nobody else's help.
    if victim != "apply" and apply.returncode:
        fail("apply failed as the %s was killed: status %d" % (victim, apply.returncode))
    if victim == "reeve-node":
        node_back()
    return apply.returncode == 0


def swaps(name, directory, count, seed, kill):
    random.seed(seed)
    before, came = None, collections.Counter()
    for n in range(count):
        denied = random.choice(["one", "two"])
        at = write_policy(directory, n, denied, random.random() < 0.15)
        victim = random.choice(["apply", "apply", "reeve-agent", "reeve-node"]) if kill and n else None
        whole = change(name, at, victim)
        if not kill:
            continue
        now, new = in_force(name), "v%d-%s" % (n, denied)
        if now not in (before, new) or (whole and now != new):
            fail("change %d, %s killed: in force is %s, neither %s nor %s" % (n, victim, now, before, new))
        came[victim or "nobody", "new" if now == new else "old"] += 1
        before = now
    if kill:
        change(name, write_policy(directory, count, "one", False), None)
        if in_force(name) != "v%d-one" % count:
            fail("a change after all that is not in force")
    for (victim, what), n in sorted(came.items()):
        print("%4d times %s killed: the %s one in force" % (n, victim, what))


def halted(what, number, name, at, said):
    """reeve policy apply under halt: its status, and how many calls were told: with "kill" 1, or 0 behind its last one."""
    open(said, "w").close()
    status = subprocess.run([HALT, what, str(number), said, "reeve", "policy", "apply", name, at], capture_output=True, check=False).returncode
    with open(said, encoding="utf-8") as f:
        return status, sum(" call " in line for line in f)


def each(name, directory, step):
    said, cut = os.path.join(directory, "said"), collections.Counter()
    calls = halted("list", 0, name, write_policy(directory, 1, "two", False), said)[1]
    # What the one before left to be done comes first: there are more calls than in the list.
    before, n, reached = in_force(name), random.randint(1, step), True
    # Whoever is killed while it throws away what is kept of versions before leaves the next one more calls: not for ever.
    while reached and cut["new"] < 25:
        new = "v%d-two" % (n + 1)
        status, reached = halted("kill", n, name, write_policy(directory, n + 1, "two", False), said)
        if status not in (0, 137):
            fail("apply, to be killed at call %d: status %d" % (n, status))
        now = in_force(name)
        if now not in (before, new) or (status == 0 and now != new):
            fail("killed at call %d (status %d): in force is %s, neither %s nor %s" % (n, status, now, before, new))
        cut["new" if now == new else "old"] += 1
        # The change and its record are among the last 30.
        before, n = now, n + (step if n + step < calls - 30 else min(step, 2))
    print("apply killed at %d of some %d calls: %d times the old one in force, %d times the new one" % (sum(cut.values()), n, cut["old"], cut["new"]))
    change(name, write_policy(directory, 0, "one", False), None)
    if in_force(name) != "v0-one":
        fail("a change after all that is not in force")
    if cut["old"] < 60 // step or cut["new"] < 5:
        fail("too little of it to say anything")


def records_of(name):
    log = subprocess.run(["reeve", "logs", "--json", name], capture_output=True, check=True).stdout
    return sorted((json.loads(line) for line in log.splitlines()), key=lambda r: r["seq"])


def follow(records):
    changes = [r for r in records if r["kind"] == "policy"]
    for a, b in zip(changes, changes[1:]):
        if b["old_version"] != a["policy_version"]:
            fail("the change with number %d, from %d to %d, does not follow the one before, from %d to %d"
                 % (b["seq"], b["old_version"], b["policy_version"], a["old_version"], a["policy_version"]))
    print("%d changes follow each other" % len(changes))
    return changes


def check(name):
    records = records_of(name)
    changes = follow(records)
    denies = {r["policy_version"]: {"/p/" + r["policy_name"].split("-")[1], "/p/always"} for r in changes}
    order = {r["policy_version"]: i for i, r in enumerate(changes)}
    at, last, met = -1, {}, collections.Counter()
    for r in records:
        if r["kind"] == "policy":
            at += 1
        if r["kind"] != "open" or r["path"] not in PATHS or (at < 0 and r["policy_version"] not in denies):
            continue
        version, said = r["policy_version"], "number %d, %s, %s" % (r["seq"], r["path"], r["verdict"])
        if version not in denies:
            fail("%s: version %s is none that was put in force" % (said, version))
        if (r["verdict"] == "denied") != (r["path"] in denies[version]):
            fail("%s: version %d (%d) says otherwise" % (said, version, order[version]))
        if not at <= order[version] <= at + 1:
            fail("%s: decided by %d behind the record of %d" % (said, order[version], at))
        process = r["process"]["pid"]
        if order[version] < last.get(process, 0):
            fail("%s: process %d was at %d already" % (said, process, last[process]))
        last[process] = order[version]
        met[version, r["verdict"]] += 1
    seen = len({v for v, _ in met})
    total = collections.Counter()
    for (_, verdict), n in met.items():
        total[verdict] += n
    print("%d changes, %d of them met by opens: %d denied, %d allowed, by %d processes"
          % (len(changes), seen, total["denied"], total["allowed"], len(last)))
    if seen < len(changes) * 3 // 4 or total["allowed"] < seen or total["denied"] < 2 * seen or len(last) < 4:
        fail("too little of it to say anything")


def main():
    if sys.argv[1] == "check":
        return check(sys.argv[2])
    if sys.argv[1] == "follow":
        follow(records_of(sys.argv[2]))
        return None
    if sys.argv[1] == "each":
        return each(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    return swaps(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:] == ["kill"])


if __name__ == "__main__":
    sys.exit(main())
