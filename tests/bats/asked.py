#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""asked.py BUNDLE ID SEED QUESTIONS: does the kernel decide as `reeve policy test` says?

Random policies are put in force in one running container, one after the other; in it tools/asked.c does
random acts in earnest. For each, `reeve policy test` is asked what would become of it. The errno it came
to, and the records of it (verdict, rule, version), must be that. What an act asks, in which order, stands
in the functions below, from docs/policy.md and the kernel's own order. A mismatch is printed with all that
repeats it. The end: a line with how many acts of which kind went which way."""
import collections
import json
import os
import random
import subprocess
import sys

PER_POLICY = 40
OUT = "/reeve/build/results/asked"
# No system call fails with these by itself, so a refusal is known by its errno.
ERRORS = {"EXFULL": 54, "ENOANO": 55, "EBADRQC": 56, "EBADSLT": 57, "EBFONT": 59}
EXES = ["/exe/a", "/exe/ab", "/exe/b/c"]
WHENS = ["/exe/*", "/exe/**", "/exe/a", "**", "/exe/b/c", "/exe/ab"]
ACCESS = {"file": ["read", "write", "create", "delete", "attributes", "ioctl", "link"],
          "unix": ["connect", "bind", "send"], "network": ["connect", "bind", "send"],
          "memory": ["exec", "write-exec", "anonymous"]}
ADDRESSES = ["127.0.0.1", "127.9.0.1", "10.0.0.1", "10.0.0.129", "192.168.1.7", "0.0.0.0", "::", "::1",
             "2001:db8::1", "2001:db8:0:1::5", "fe80::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"]
RANGES = ["127.0.0.0/8", "127.0.0.1", "127.9.0.0/16", "10.0.0.0/25", "10.0.0.128/25", "10.0.0.0/8", "0.0.0.0/0",
          "::/0", "::1", "2001:db8::/32", "2001:db8:0:1::/64", "fe80::/10", "192.168.1.7", "128.0.0.0/1"]
PORTS = [1, 22, 53, 80, 255, 256, 257, 443, 511, 512, 1024, 8080, 65535]

rng = random.Random()


def pick(of):
    return rng.choice(of)


def some(of):
    return sorted(rng.sample(of, rng.choice([1, 1, 2, rng.randint(1, len(of))]) if len(of) > 1 else 1))


# What a glob is made of, and what each part may stand for.
PARTS = {"a": ["a"], "b": ["b"], "ab": ["ab"], "c": ["c"], "*": ["", "a", "zb"], "**": ["", "c", "/a", "b/a", "/x1/c"],
         "?": ["a", "z", "\xff"], "[ab]": ["a", "b"], "[!a]": ["b", "\xff"], "[a-c]": ["c"], "{a,bc}": ["a", "bc"],
         "{,b}": ["", "b"], "\\*": ["*"], "x1": ["x1"], "é": ["\xc3\xa9"]}
globs = []  # of the policies in force, as lists of parts


def glob():
    parts = []
    for _ in range(rng.randint(1, 4)):
        parts += ["/", pick([p for p in PARTS if p != "{,b}"])]
        parts += [pick(list(PARTS)) for _ in range(pick([0, 0, 0, 1, 2]))]
    globs.append(parts)
    return "".join(parts)


def path():
    """Bytes, as a path is: some are not UTF-8. Most are what a rule names, or nearly."""
    while True:
        if globs and rng.random() < 0.8:
            parts = [pick(PARTS[p]) if p in PARTS else p for p in pick(globs)]
            if rng.random() < 0.3:
                parts[rng.randrange(len(parts))] += pick(["a", "b", "/c", "z"])
        else:
            parts = ["/" + "".join(pick(["a", "a", "b", "c", "x1", "*", "\xff", "z"]) for _ in range(rng.randint(1, 3)))
                     for _ in range(rng.randint(1, 4))]
        text = "".join(parts)
        # No name without a byte; none of the image's own.
        if "//" not in text and text[-1] != "/" and text.count("/") > 0 and text[0] == "/":
            return text.encode("latin-1")


def action(subject):
    if rng.random() < 0.5:
        return {"action": pick(["allow", "audit"])}
    return {"action": "deny", "errno": pick(list(ERRORS))}


def rule(unique):
    subject = pick(["exec", "file", "file", "file", "unix", "network", "memory", "capability", "kernel"])
    r = {"subject": subject, **action(subject)}
    if subject in ("exec", "file", "unix"):
        r["path"] = glob()
        if subject == "unix" and rng.random() < 0.5:
            r["path"] = "@" + r["path"][1:]
    if subject in ("file", "unix", "memory"):
        if subject == "memory" or rng.random() < 0.7:
            r["access"] = some(ACCESS[subject])
    if subject == "network":
        for key, value in (("cidr", pick(RANGES)), ("protocol", pick(["tcp", "udp"])), ("direction", some(ACCESS[subject])),
                           ("port", pick([pick(PORTS), "%d-%d" % tuple(sorted(rng.sample(PORTS, 2)))]))):
            if rng.random() < 0.5:
                r[key] = value
    if subject == "capability":
        r["capability"] = pick(["sys_admin", "sys_chroot", "chown", "all"])
    if subject == "kernel":
        r["kind"] = some(["mount", "chroot", "socket"])
    if rng.random() < 0.3:
        r["when"] = {"exec": "{%s,/never/%d}" % (pick(WHENS), unique), "children": rng.random() < 0.5}
    return r


def policy(name, unique):
    p = {"name": name, "mode": pick(["enforce", "enforce", "enforce", "audit"]), "rules": []}
    # How an act is known: it is never refused.
    p["rules"].append({"subject": "kernel", "kind": "prctl", "action": "allow"})
    # So that each has "when" of its own: a change of these holds from the next exec on.
    p["rules"].append({"subject": "exec", "path": "/never/%d" % unique, "action": "audit",
                       "when": {"exec": "/never/%d" % unique}})
    p["rules"] += [rule(unique) for _ in range(rng.randint(1, 12))]
    for subject in ("exec", "file", "unix", "network", "memory", "capability"):
        if rng.random() < 0.12:
            p.setdefault("defaults", {})[subject] = action(subject)
    return p


def remove_tree(at):
    for base, dirs, files in os.walk(at, topdown=False):
        for name in files:
            os.unlink(os.path.join(base, name))
        for name in dirs:
            gone = os.path.join(base, name)
            (os.unlink if os.path.islink(gone) else os.rmdir)(gone)
    os.rmdir(at)


class Root:
    """The container's files, made from the host before each act."""

    def __init__(self, root):
        self.root = os.fsencode(root)

    def at(self, name):
        return self.root + name

    def clear(self, name):
        top = self.at(b"/" + name.split(b"/")[1])
        if os.path.isdir(top) and not os.path.islink(top):
            remove_tree(top)
        elif os.path.lexists(top):
            os.unlink(top)

    def make(self, name, kind):
        at = self.at(name)
        os.makedirs(os.path.dirname(at), exist_ok=True)
        if kind == "dir":
            os.mkdir(at)
        elif kind == "device":
            os.mknod(at, 0o20666, os.makedev(1, 3))
        elif kind == "program":
            with open("/var/tmp/asked-program", "rb") as program, open(at, "wb") as f:
                f.write(program.read())
            os.chmod(at, 0o755)
        elif isinstance(kind, bytes):
            with open(at, "wb") as f:
                f.write(b"#!" + kind + b"\n")
            os.chmod(at, 0o755)
        elif kind == "file":
            with open(at, "wb") as f:
                f.write(b"x")


class Act:
    """words: for asked.c. steps: lists of questions; those of one step are of one hook, and the strictest
    answer counts, of equal ones the first. dies: from that step on a refusal kills the program."""

    def __init__(self, kind, words, steps, dies=None):
        self.kind, self.words, self.steps, self.dies = kind, words, steps, dies


def file(access, name):
    return b"file " + access.encode() + b" " + name


def two_paths():
    while True:
        one, other = path(), path()
        if one.split(b"/")[1] != other.split(b"/")[1]:
            return one, other


def act_open(root):
    name = path()
    how, flags, does = pick([("read", os.O_RDONLY, "read"), ("write", os.O_WRONLY, "write"), ("both", os.O_RDWR, "read,write"),
                             ("cut", os.O_WRONLY | os.O_TRUNC, "write"), ("cut", os.O_RDONLY | os.O_TRUNC, "read,write"),
                             ("append", os.O_WRONLY | os.O_APPEND, "write"),
                             ("make", os.O_WRONLY | os.O_CREAT, "write"), ("make", os.O_RDWR | os.O_CREAT | os.O_TRUNC, "read,write"),
                             ("make", os.O_RDONLY | os.O_CREAT, "read")])
    there = rng.random() < 0.6
    root.clear(name)
    root.make(name, pick(["file", "file", "dir"]) if there and how == "read" else "file" if there else None)
    if there:
        steps = [[file(does, name)]]
    elif how == "make":
        steps = [[file("create", name)], [file(does + ",create", name)]]
    else:
        steps = []
    return Act("open-" + how, ["open", str(flags), name], steps)


def act_make(root):
    name = path()
    root.clear(name)
    root.make(name, None)
    verb = pick(["mkdir", "fifo", "symlink"])
    return Act(verb, [verb, name], [[file("create", name)]])


def act_one(root):
    name = path()
    root.clear(name)
    verb, kind, does = pick([("unlink", "file", "delete"), ("rmdir", "dir", "delete"), ("chmod", "file", "attributes"),
                             ("chmod", "dir", "attributes"), ("xattr", "file", "attributes"), ("truncate", "file", "write")])
    root.make(name, kind)
    return Act(verb, [verb, name], [[file(does, name)]])


def act_ioctl(root):
    name = path()
    root.clear(name)
    root.make(name, "device")
    return Act("ioctl", ["ioctl", name], [[file("read", name)], [file("ioctl", name)]])


def act_rename(root):
    one, other = two_paths()
    there = rng.random() < 0.5
    exchange = there and rng.random() < 0.3
    for name in (one, other):
        root.clear(name)
    root.make(one, "file")
    root.make(other, "file" if there else None)
    new = "delete,read,write,create" if exchange else "create,delete" if there else "create"
    return Act("rename", ["rename", "2" if exchange else "0", one, other],
               [[file("delete,read,write", one), file(new, other)]])


def act_link(root):
    one, other = two_paths()
    for name in (one, other):
        root.clear(name)
    root.make(one, "file")
    root.make(other, None)
    return Act("link", ["link", one, other], [[file("link,read,write", one), file("create", other)]])


def act_exec(root):
    one, other = two_paths()
    for name in (one, other):
        root.clear(name)
    if rng.random() < 0.6:
        root.make(one, "program")
        return Act("exec", ["exec", one], [[b"exec " + one], [b"+" + one]], dies=1)
    root.make(one, other)
    root.make(other, "program")
    return Act("script", ["exec", one], [[b"exec " + one], [b"exec " + other], [b"+" + other]], dies=2)


SOCKET = [b"kernel socket"]


def act_unix(root):
    name = path()
    root.clear(name)
    root.make(name, None)
    if rng.random() < 0.5:
        name = b"@" + name[1:]
    verb = pick(["connect", "bind", "send"])
    steps = [SOCKET, [verb.encode() + b" unix:" + name]]
    if verb == "bind" and name[0:1] == b"/":
        steps.append([file("create", name)])
    return Act("unix-" + verb, ["unix", verb, name], steps)


def act_network(_):
    address, port, protocol = pick(ADDRESSES), pick(PORTS) + pick([-1, 0, 0, 1]), pick(["tcp", "udp"])
    port = min(max(port, 1), 65535)
    verb = pick(["connect", "bind", "send"] if protocol == "udp" else ["connect", "bind"])
    six = ":" in address
    said = "%s %s:%d/%s" % (verb, "[%s]" % address if six else address, port, protocol)
    return Act("net-" + verb, ["net", verb, protocol, "6" if six else "4", address, str(port)], [SOCKET, [said.encode()]])


def act_memory(_):
    later = rng.random() < 0.4
    of_file = rng.random() < 0.5
    prot = pick([5, 7, 4])
    does = "exec" if of_file else "anonymous"
    if prot & 2 or later:
        does += ",write-exec"
    return Act("memory", ["memory", str(prot), str(int(of_file)), str(int(later))], [[b"memory " + does.encode()]])


def act_kernel(root):
    name = path()
    root.clear(name)
    root.make(name, "dir")
    return pick([Act("chroot", ["chroot", name], [[b"capability sys_chroot"], [b"kernel chroot"]]),
                 Act("mount", ["mount", name], [[b"kernel mount"], [b"capability sys_admin"]]),
                 Act("hostname", ["hostname", "name"], [[b"capability sys_admin"]])])


ACTS = [act_open, act_open, act_open, act_make, act_one, act_one, act_ioctl, act_rename, act_link, act_exec,
        act_unix, act_network, act_network, act_memory, act_kernel]
SEVERITY = {"allowed": 0, "audited": 1, "would-deny": 2, "denied": 3}


class Policies:
    """Files of one round, and what `reeve policy test` says of them."""

    def __init__(self, directory, unique):
        self.files = []
        while True:
            globs.clear()
            names = ["p%d" % i for i in range(pick([1, 1, 1, 2, 3]))]
            self.files = [os.path.join(directory, n + ".json") for n in names]
            for name, at in zip(names, self.files):
                with open(at, "w", encoding="utf-8") as f:
                    json.dump(policy(name, unique), f, indent=1, ensure_ascii=False)
            # Rules that contradict each other are refused: then others.
            if subprocess.run(["reeve", "policy", "check", *self.files], capture_output=True, check=False).returncode == 0:
                return

    def ask(self, questions):
        said = subprocess.run(["reeve", "policy", "test", "--json", *self.files, "--", "-"], capture_output=True,
                              input=b"".join(q + b"\n" for q in questions), check=False)
        answers = [json.loads(line) for line in said.stdout.splitlines()]
        if len(answers) != len(questions):
            sys.exit("policy test: %s" % said.stderr.decode())
        return answers


class Container:
    def __init__(self, bundle, name):
        self.name = name
        self.runtime = subprocess.Popen(["crun", "run", "-b", bundle, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.hear()

    def say(self, *words):
        line = b"\t".join(w if isinstance(w, bytes) else w.encode() for w in words)
        self.runtime.stdin.write(line + b"\n")
        self.runtime.stdin.flush()

    def hear(self):
        line = self.runtime.stdout.readline()
        if not line:
            sys.exit("the container's program ended: status %s" % self.runtime.wait())
        return line.decode().split()

    def apply(self, files):
        subprocess.run(["reeve", "policy", "apply", self.name, *files], check=True, stderr=subprocess.DEVNULL)
        said = subprocess.run(["reeve", "policy", "show", "--json", self.name], check=True, capture_output=True)
        return json.loads(said.stdout)["version"]


def exes(chain):
    return b"".join(b"--as " + e + b" " for e in chain)


def become(container, policies, check, version):
    """Perhaps another executable; returns what "when" knows it by. One that may not be mapped is not tried."""
    chain = []
    for _ in range(pick([0, 1, 1, 2])):
        exe = pick(EXES).encode()
        may, mapped = policies.ask([exes(chain) + b"exec " + exe, exes(chain + [exe]) + b"memory exec"])
        if may["verdict"] == "denied" or mapped["verdict"] == "denied":
            continue
        if may["verdict"] == "audited":
            check.audits[version, may.get("rule", 0)] += 1
        container.say("0", "become", exe)
        if container.hear() != ["become"]:
            sys.exit("exec of %s came to nothing though it is allowed" % exe.decode())
        chain.append(exe)
    return chain


def line_of(chain, question):
    """"+PATH": memory of a program that is being executed, as that one."""
    if question[0:1] == b"+":
        return exes(chain + [question[1:]]) + b"memory exec"
    return exes(chain) + question


def expect(act, answers):
    """The records (verdict, rule) it must have, and the errno (0: any that is no policy's)."""
    records = []
    for i, step in enumerate(act.steps):
        said = max((answers[q] for q in step), key=lambda a: SEVERITY[a["verdict"]])  # max: the first of equals
        # The new program's name is no number of ours; who executes it is told when that is certain.
        if step[0].startswith(b"exec ") and said["verdict"] == "audited":
            continue
        if said["verdict"] == "allowed" or act.dies == i:
            if said["verdict"] == "denied":
                return records, "killed"
            continue
        records.append(("allowed" if said["verdict"] == "audited" else said["verdict"], said.get("rule", 0)))
        if said["verdict"] == "denied":
            # The kernel asks whether it may; the errno is then its own.
            if step[0].startswith(b"capability"):
                return records, "EPERM"
            return records, said["error"]
    return records, None


def audited_rule(act, answers):
    """The rule that audits this exec; None: none does, or it comes to nothing."""
    first = None
    for i, step in enumerate(act.steps):
        said = answers[step[0]]
        if act.dies == i or not step[0].startswith(b"exec "):
            return first
        if said["verdict"] == "denied":
            return None
        if said["verdict"] == "audited" and first is None:
            first = said.get("rule", 0)
    return first


class Check:
    def __init__(self):
        self.audits = collections.Counter()  # execs, by version and rule
        self.expected = {}
        self.bad = 0
        self.kinds = collections.Counter()

    def fault(self, number, why):
        self.bad += 1
        if self.bad > 20:
            return
        act, records, error, version, files, lines, _ = self.expected[number]
        keep = "%s/%d" % (OUT, number)
        os.makedirs(keep, exist_ok=True)
        for at in files:
            with open(os.path.join(keep, at[0]), "w", encoding="utf-8") as f:
                f.write(at[1])
        print("MISMATCH %d: %s" % (number, why))
        print("  act:      %s" % " ".join(w.decode("utf-8", "backslashreplace") if isinstance(w, bytes) else w for w in act.words))
        print("  expected: %s, records %s, version %d" % (error or "no refusal", records, version))
        for line in lines:
            print("  reeve policy test %s/*.json -- - <<< '%s'" % (keep, line.decode("utf-8", "backslashreplace")))

    def result(self, number, said):
        error = self.expected[number][2]
        killed, came = said[0] == "signal", int(said[-1])
        if error == "killed":
            good = killed
        elif error == "EPERM":
            good = came == 1
        elif error:
            good = not killed and came == ERRORS[error]
        else:
            good = not killed and came not in ERRORS.values() and not (self.expected[number][0].kind == "exec" and came)
        if not good:
            self.fault(number, "it came to %s" % " ".join(said))

    def records(self, name):
        found = collections.defaultdict(list)
        log = subprocess.Popen(["reeve", "logs", "--json", name], stdout=subprocess.PIPE)
        for line in log.stdout:
            r = json.loads(line)
            comm = (r.get("process") or {}).get("comm", "")
            if r["kind"] == "exec" and r["phase"] != "setup" and r["verdict"] == "allowed":
                self.audits[r["policy_version"], r["rule"] or 0] -= 1
                continue
            if not (comm[:1] == "q" and comm[1:].isdigit()):
                continue
            found[int(comm[1:])].append((r["seq"], r["kind"], r["verdict"], r.get("rule") or 0, r["policy_version"]))
        if log.wait():
            sys.exit("reeve logs failed")
        for (version, rule), n in self.audits.items():
            if n and version:
                self.bad += 1
                print("MISMATCH: version %d, rule %d audits: %+d execs without record" % (version, rule, n))
        for number, (act, records, _, version, _, _, only) in self.expected.items():
            have = sorted(found.get(number, []))
            if act.kind not in ("chroot", "mount", "hostname"):
                have = [h for h in have if h[1] != "capability"]
            said = [(h[2], h[3]) for h in have]
            if said != records:
                self.fault(number, "its records are %s" % have)
            elif any(h[4] != version for h in have):
                self.fault(number, "its records are of another version: %s" % have)
            self.kinds[act.kind, records[-1][0] if records else "allowed"] += 1


def main():
    bundle, name, seed, questions = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    rng.seed(seed)
    print("seed %d, %d acts, %d a policy" % (seed, questions, PER_POLICY))
    root, check = Root(bundle + "/rootfs"), Check()
    directory = bundle + "/policies"
    os.makedirs(directory, exist_ok=True)
    container = Container(bundle, name)
    number = 0
    while number < questions:
        for at in os.listdir(directory):
            os.unlink(os.path.join(directory, at))
        policies = Policies(directory, number)
        version = container.apply(policies.files)
        texts = [(os.path.basename(at), open(at, encoding="utf-8").read()) for at in policies.files]
        chain = become(container, policies, check, version)
        # The files are made right before the act, so the same dice are thrown twice.
        before, acts = rng.getstate(), []
        quiet = Root("/nonexistent")
        quiet.clear = quiet.make = lambda *_: None
        for _ in range(PER_POLICY):
            acts.append(pick(ACTS)(quiet))
        lines = {q: line_of(chain, q) for a in acts for s in a.steps for q in s}
        answers = dict(zip(lines, policies.ask(lines.values())))
        rng.setstate(before)
        for planned in acts:
            act = pick(ACTS)(root)
            assert act.words == planned.words
            number += 1
            check.expected[number] = (act, *expect(act, answers), version, texts,
                                      [lines[q] for s in act.steps for q in s], chain)
            audits = audited_rule(act, answers)
            if audits is not None:
                check.audits[version, audits] += 1
            container.say(str(number), *act.words)
            said = container.hear()
            if said[0] != str(number):
                sys.exit("act %d: heard %s" % (number, said))
            check.result(number, said[1:])
    container.runtime.stdin.close()
    container.runtime.wait()
    subprocess.run(["bash", "-c", "for i in {1..100}; do reeve ps -a --json | jq -e --arg id %s 'any(.[]; .id == $id and .state == \"ended\")' "
                    ">/dev/null && exit 0; sleep 0.1; done; exit 1" % name], check=True)
    check.records(name)
    for (kind, verdict), n in sorted(check.kinds.items()):
        print("%6d %-14s %s" % (n, kind, verdict))
    print("%d acts, %d mismatches" % (number, check.bad))
    return check.bad != 0


if __name__ == "__main__":
    sys.exit(main())
