#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs.py BUILD: TAP. The manual says what the programs say; what the documents name exists."""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(sys.argv[1])
OPTION = re.compile(r"(?<![\w/.-])(--?[a-z][a-z-]*)(?![\w/])")
number = 0
failed = False


def result(name, wrong):
    global number, failed
    number += 1
    failed |= bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
    for line in wrong:
        print(f"# {line}")


def run(*command, **options):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def page(path):
    """As a reader sees it, on one line, hyphens as they are."""
    said = run("man", "-l", "--warnings", "-E", "UTF-8", "--no-hyphenation", "--no-justification", path,
               env={"MANWIDTH": "10000", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    return re.sub(r".\b", "", said.stdout) if "\b" in said.stdout else said.stdout, said.stderr


def section(text, *names):
    return "\n".join(m[2] for m in re.finditer(r"^(\S[A-Z ]*)\n((?:(?:   .*)?\n)+)", text, re.M) if m[1] in names)


def helped(program, *verb):
    return run(BUILD / program, *verb).stdout


VERBS = re.findall(r"^  (\w+)  +\S", helped("reeve", "help"), re.M)
POLICY = dict(re.findall(r"^  (\w+)( .*\n(?:      .*\n)+)", helped("reeve", "policy", "help"), re.M))
PROGRAMS = sorted(re.search(r"^PROGRAMS := (.*)", (TOP / "Makefile").read_text(), re.M)[1].split())
HELP = {verb: helped("reeve", "help", verb) for verb in VERBS}
HELP["policy"] += "".join(POLICY.values())


def check_page(name, section_number, said):
    path = BUILD / "man" / f"{name}.{section_number}"
    if not path.exists():
        return [f"{path} is not there"]
    text, warnings = page(path)
    # What else a page names are other programs' options, in its examples.
    ours = set(OPTION.findall(section(text, "SYNOPSIS", "DESCRIPTION", "OPTIONS", "VERBS")))
    theirs = set(OPTION.findall(said))
    return ([f"{path}: {line}" for line in warnings.splitlines()] +
            [f"{path}: {o} is in --help and not in the page" for o in sorted(theirs - ours)] +
            [f"{path}: {o} is in the page and not in --help" for o in sorted(ours - theirs)])


def check_manual():
    for verb in VERBS:
        result(f"reeve-{verb}(1) has the options of --help, and no others", check_page(f"reeve-{verb}", 1, HELP[verb]))
    for program in PROGRAMS:
        if program != "reeve":
            result(f"{program}(8) has the options of --help, and no others",
                   check_page(program, 8, helped(program, "--help") if program != "reeve-runc" else ""))
    text, warnings = page(BUILD / "man/reeve.1")
    listed = re.findall(r"^       (\w+)(?:\s|$)", section(text, "VERBS"), re.M)
    result("reeve(1) lists every verb, and no other", warnings.splitlines() + sorted(set(VERBS) ^ set(listed)))
    known = {f"reeve-{v}.1" for v in VERBS} | {f"{p}.8" for p in PROGRAMS} - {"reeve.8"} | {
        "reeve.1", "reeve-policy.5", "reeve-events.7"}
    found = {p.name for p in (BUILD / "man").glob("*.[1-9]")}
    result("there is a page for every verb and program, and no other", sorted(known ^ found))
    # Their lines are as wide as a document's tables: no page may be empty.
    result("every page can be formatted, without a warning",
           [f"{n}: {w or 'is empty'}" for n in sorted(found) for t, w in [page(BUILD / "man" / n)] if w or len(t) < 400])
    away = [f"{n}: {other}({s})" for n in sorted(found) for other, s in
            re.findall(r"\b(reeve[\w-]*)\((\d)\)", page(BUILD / "man" / n)[0]) if f"{other}.{s}" not in found]
    result("every page that a page names is there", away)


def commands(text):
    """What stands as code, a command a line."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S):
        yield from block.split("\n")
    text = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.M | re.S)
    yield from re.findall(r"^    (\S.*)", text, re.M)
    yield from re.findall(r"`([^`\n]+)`", text)


def simple(line):
    """The simple commands of a line that begin with one of ours."""
    for part in re.split(r"\||;|&&|\$\(", re.sub(r"\s# .*", "", line)):
        words = part.strip().removeprefix("$ ").removeprefix("sudo ").split()
        if words and (words[0] == "make" or re.fullmatch(r"reeve(-[a-z]+)?", words[0])):
            yield words


def check_command(words, targets):
    name, rest = words[0], words[1:]
    if name == "make":
        return [f"no target {w}" for w in rest if re.fullmatch(r"[a-z][\w.-]*", w) and w not in targets]
    if name != "reeve":
        return [] if name in PROGRAMS or name == "reeve-node.service" else [f"no program {name}"]
    rest = [w for w in rest if not re.fullmatch(r"-[fv]|--version|--help", w)] or ["help"]
    verb = rest[0]
    if not re.fullmatch(r"[a-z-]+", verb) or verb == "help":
        return []
    if verb not in VERBS:
        return [f"no verb {verb}"]
    said = HELP[verb]
    if verb == "policy" and len(rest) > 1 and re.fullmatch(r"[a-z]+", rest[1]) and rest[1] != "help":
        if rest[1] not in POLICY:
            return [f"no verb policy {rest[1]}"]
        said = POLICY[rest[1]]
    own = rest[1:rest.index("--")] if "--" in rest else rest[1:]
    return [f"{verb} has no {w}" for w in own if re.fullmatch(r"--[a-z-]+", w) and w not in OPTION.findall(said)]


def check_commands(documents):
    targets = set()
    for mk in [TOP / "Makefile", *TOP.glob("tests/**/*.mk")]:
        for line in re.findall(r"^([a-z][\w.% -]*):(?!=)", mk.read_text(), re.M):
            targets |= set(line.split())
        targets |= set(" ".join(re.findall(r"\.PHONY: (.*)", mk.read_text())).split())
    targets |= {f"vm-suite-{k}{e}" for k in ("6.1", "6.12", "7.2") 
                for e in ("", "-engines", "-systemd", "-bookworm-engines", "-bookworm-systemd")}
    wrong = [f"{d.relative_to(TOP)}: '{' '.join(w)}': {e}" for d in documents
             for line in commands(d.read_text()) for w in simple(line) for e in check_command(w, targets)]
    result("every command the documents name exists, with its options", wrong)


def anchor(title):
    return re.sub(r"[^\w\- ]", "", re.sub(r"`|\*", "", title.lower())).replace(" ", "-")


def check_links(documents):
    wrong = []
    for d in documents:
        plain = re.sub(r"^```.*?^```", "", d.read_text(), flags=re.M | re.S)
        for to in re.findall(r"\]\(([^)\s]+)\)", plain):
            if re.match(r"[a-z]+:", to):
                continue
            path, _, fragment = to.partition("#")
            target = (d.parent / path).resolve() if path else d
            if not target.exists():
                wrong.append(f"{d.relative_to(TOP)}: {to} leads nowhere")
            elif fragment and fragment not in map(anchor, re.findall(r"^#+ (.*)", target.read_text(), re.M)):
                wrong.append(f"{d.relative_to(TOP)}: {to}: no such heading")
        for named in re.findall(r"(?<![\w/])(?:docs|deploy|tests|bpf|sidecar|cgroup|oci-hooks)/[\w./-]*\w\.(?:md|json|sh|c|h|py|bats|bash|mk)\b", plain):
            if not (TOP / named).exists():
                wrong.append(f"{d.relative_to(TOP)}: {named} is not there")
    result("every relative link and every file of ours that the documents name is there", wrong)


def main():
    documents = [TOP / p for p in run("git", "-C", TOP, "ls-files", "-co", "--exclude-standard", "*.md").stdout.split()]
    documents = [d for d in documents if d.exists()]
    check_manual()
    check_commands(documents)
    check_links(documents)
    print(f"1..{number}")
    sys.exit(failed)


main()
