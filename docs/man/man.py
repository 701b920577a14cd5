#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""man.py BUILD VERSION OUT: the manual pages. What a program says of itself with --help is a page's name,
synopsis and options; what there is more to say stands in NAME.SECTION.md here. reeve-policy(5) and
reeve-events(7) are docs/policy.md and docs/events.md. Nothing is written twice. Uses nothing but Python."""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


def inline(text):
    """Code and strong in bold, a link as its text, with what it leads to if that is elsewhere."""
    out = ""
    for part in re.split(r"(\*\*`?[^*`]+`?\*\*|`[^`]*`|\[[^\]]*\]\([^)]*\))", text):
        if part.startswith("`"):
            out += "\\fB" + escape(part[1:-1]).replace("\\&", "") + "\\fR"
        elif part.startswith("**"):
            out += "\\fB" + escape(part[2:-2].strip("`")).replace("\\&", "") + "\\fR"
        elif link := re.fullmatch(r"\[([^\]]*)\]\(([^)]*)\)", part):
            name, to = link.groups()
            out += inline(name) + (f" ({escape(to)})" if re.match(r"https?:", to) else "")
        else:
            out += escape(part).replace("\\&", "")
    return re.sub(r"^([.'])", r"\\&\1", out)


def cells(row):
    row = row.strip().strip("|").replace("\\|", "\0")
    return [c.strip().replace("\0", "|") for c in row.split("|")]


def table(rows):
    """The first column is what the others are about."""
    head, out = cells(rows[0]), []
    for row in map(cells, rows[2:]):
        out += [".TP", inline(row[0]) or "\\&"]
        if len(row) == 2:
            out.append(inline(row[1]) or "\\&")
        else:
            parts = [f"{h}: {c}" if h else c for h, c in zip(head[1:], row[1:]) if c]
            out.append(inline(". ".join(parts)) or "\\&")
    return out


def code(lines):
    return [".PP", ".RS 4", ".nf", *[escape(l) or "\\&" for l in lines], ".fi", ".RE", ".PP"]


def markdown(text):
    """What our documents are made of: headings, paragraphs, lists, tables, code."""
    lines, out, at = text.split("\n"), [], 0
    levels = 1 if sum(l.startswith("# ") for l in lines) > 1 else 2
    fenced = False
    titled = False
    while at < len(lines):
        line = lines[at]
        if line.startswith("```"):
            end = lines.index("```", at + 1)
            out += code(lines[at + 1:end])
            at = end + 1
        elif line.startswith("    ") and (not out or out[-1] == ".PP" or out[-1].startswith((".SH", ".SS"))):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            body = [l[4:] for l in lines[at:end]]
            while body and not body[-1].strip():
                body.pop()
            out += code(body)
            at = end
        elif heading := re.match(r"(#+) (.*)", line):
            level, title = len(heading[1]), heading[2]
            if titled or level > 1:
                out += [(".SH " if level <= levels else ".SS ") + inline(title).upper() if level <= levels
                        else ".SS " + inline(title)]
            titled = True
            at += 1
        elif line.startswith("|"):
            end = at
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            out += table(lines[at:end]) + [".PP"]
            at = end
        elif item := re.match(r"( *)([-*]|\d+\.) (.*)", line):
            body = [item[3]]
            at += 1
            while at < len(lines) and re.match(r" +\S", lines[at]) and not re.match(r" *([-*]|\d+\.) ", lines[at]):
                body.append(lines[at].strip())
                at += 1
            out += [".IP \\(bu 2" if item[2] in "-*" else f".IP {item[2]} 4", inline(" ".join(body))]
        elif not line.strip():
            if out and out[-1] != ".PP" and not out[-1].startswith((".SH", ".SS")):
                out.append(".PP")
            at += 1
        else:
            body = []
            while at < len(lines) and lines[at].strip() and not re.match(r"#|\||```|[-*] |\d+\. ", lines[at]):
                body.append(lines[at])
                at += 1
            out.append(inline(" ".join(l.strip() for l in body)))
    return out


def options(text):
    """Help's own shape: "  -x, --long ARG  what" lines are options, lines deeper below them belong to them."""
    out, paragraph = [], []

    def flush():
        if paragraph:
            out.extend([".PP", inline(" ".join(paragraph))])
            paragraph.clear()

    for line in text.split("\n"):
        if option := re.match(r"  (-\S.*?)  +(\S.*)", line):
            flush()
            out += [".TP", "\\fB" + escape(option[1]) + "\\fR", inline(option[2])]
        elif line.startswith("   ") and out and not paragraph:
            out.append(inline(line.strip()))
        elif line.strip():
            paragraph.append(line.strip())
        else:
            flush()
    flush()
    return out


def verbs_of(text):
    """The lists of `reeve help` (name, line) and `reeve policy help` (usage, indented lines)."""
    return re.findall(r"^  (\w+)  +(\S.*)", text, re.M)


class Pages:
    def __init__(self, build, version, out):
        self.build, self.version, self.out = pathlib.Path(build), version, pathlib.Path(out)
        self.names = []

    def say(self, program, *arguments):
        return subprocess.run([self.build / program, *arguments], check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    def write(self, name, section, line, body):
        head = [f'.TH {name.upper()} {section} "" "reeve {self.version}" "reeve"', ".SH NAME",
                f"{escape(name)} \\- {inline(line)}"]
        (self.out / f"{name}.{section}").write_text("\n".join(head + body) + "\n")
        self.names.append(f"{name}({section})")

    def extra(self, name, section):
        path = HERE / f"{name}.{section}.md"
        return markdown(path.read_text()) if path.exists() else []

    def synopsis(self, usages):
        out = [".SH SYNOPSIS", ".nf"]
        for usage in usages:
            words = re.match(r"((?:reeve[\w-]*)(?: (?!VERB)[a-z]+)?)(.*)", usage)
            out.append(f"\\fB{escape(words[1])}\\fR{escape(words[2])}")
        return out + [".fi"]

    def see(self, *others):
        return [".SH SEE ALSO", ", ".join(re.sub(r"^([^(]+)", lambda m: "\\fB" + escape(m[1]) + "\\fR", o) for o in others)]

    def policy_verbs(self):
        out = [".SH VERBS"]
        for usage, said in re.findall(r"^  (\w+.*)\n((?:      .*\n)+)", self.say("reeve", "policy", "help"), re.M):
            out += [".TP", "\\fBreeve policy " + escape(usage) + "\\fR", inline(" ".join(said.split()))]
        return out

    def verb(self, verb, line):
        text = self.say("reeve", "help", verb)
        usage, rest = text.split("\n", 1)
        described = rest.split(".\n", 1)[1].strip("\n") if ".\n" in rest else ""
        body = self.synopsis([usage.removeprefix("usage: ")]) + [".SH DESCRIPTION"]
        body += options(described) or [inline(line[0].upper() + line[1:] + ".")]
        if verb == "policy":
            body += self.policy_verbs()
        extra = self.extra(f"reeve-{verb}", 1)
        if not any(l.startswith(".SH EXIT STATUS") for l in extra):
            status = [".SH EXIT STATUS", "0; 1 for a failure, which is explained on standard error; 2 for wrong usage."]
            cut = next((i for i, l in enumerate(extra) if l == ".SH EXAMPLES"), len(extra))
            extra[cut:cut] = status
        body += extra
        other = {"policy": ["reeve-policy(5)"], "events": ["reeve-events(7)"], "logs": ["reeve-events(7)"]}
        self.write(f"reeve-{verb}", 1, line, body + self.see("reeve(1)", *other.get(verb, [])))

    def main(self):
        listed = verbs_of(self.say("reeve", "help"))
        body = self.synopsis(["reeve VERB [ARGUMENTS]", "reeve help VERB", "reeve --version"])
        text = self.extra("reeve", 1)
        cut = next(i for i, l in enumerate(text) if l.startswith(".SH FILES"))
        body += text[:cut] + [".SH VERBS"]
        for verb, line in listed:
            body += [".TP", f"\\fB{verb}\\fR", inline(line) + f"; \\fBreeve\\-{verb}\\fR(1)"]
        self.write("reeve", 1, "guards containers and records what they do",
                   body + text[cut:] + self.see("reeve-node(8)", "reeve-hook(8)", "reeve-policy(5)", "reeve-events(7)"))
        for verb, line in listed:
            self.verb(verb, line)

    def program(self, name, line, usage=()):
        usage = usage or [l.removeprefix("usage: ") for l in self.say(name, "--help").split("\n")
                          if l.startswith("usage: ")]
        self.write(name, 8, line, self.synopsis(usage) + self.extra(name, 8) + self.see("reeve(1)"))

    def document(self, name, section, line, source):
        body = markdown((DOCS / source).read_text())
        self.write(name, section, line, ([] if body[0].startswith(".SH") else [".SH DESCRIPTION"]) + body + self.see("reeve(1)"))


def main():
    build, version, out = sys.argv[1:]
    pages = Pages(build, version, out)
    pages.out.mkdir(parents=True, exist_ok=True)
    for old in pages.out.glob("*.[1-9]"):
        old.unlink()
    pages.main()
    pages.program("reeve-node", "the daemon that keeps the records of a host's containers")
    pages.program("reeve-hook", "OCI hook that puts a container under guard")
    pages.program("reeve-load", "loads reeve's programs into the kernel")
    pages.program("reeve-agent", "guards one container and brings its records to the node")
    if (pages.build / "reeve-runc").exists():  # --help is the real runtime's
        pages.program("reeve-runc", "container runtime that adds reeve's hook", ["reeve-runc [ARGUMENTS]"])
    pages.document("reeve-policy", 5, "what a container may do, as a file", "policy.md")
    pages.document("reeve-events", 7, "what is in a record, and the forms it is printed in", "events.md")


main()
