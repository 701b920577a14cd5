#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""page.py DIR: TAP. What `reeve report` says of the records that made.c made, against what `reeve logs`, `tree` and
`ledger` say of them; and what a browser makes of it. Pages and pictures go to DIR."""
import json
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import sys
import time
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from browser import Browser

OUT = pathlib.Path(sys.argv[1])
HIDDEN = r"/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\udc80-\udcff]/"
PAGE_MAX = 4 << 20
PLAN = 17
STORY = "c0", "c1", "c2", "c4", "c6", "c7"  # processes, files, network, memory, denied, would be denied
FILE_KINDS = set("""open exec create unlink rename link symlink chmod chown utime truncate setxattr removexattr mount
    umount move_mount pivot_root ioctl chroot mmap mprotect module kexec""".split())
HOST_KINDS = set("connect send accept bind listen".split())
number = 0
failed = False


def result(name, wrong):
    global number, failed
    number += 1
    failed |= bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
    for line in list(wrong)[:12]:
        print(f"# {str(line)[:500]}")
    sys.stdout.flush()


def differ(**pairs):
    return [f"{name}: {got!r}, expected {want!r}" for name, (got, want) in pairs.items() if got != want]


def reeve(*words, **options):
    return subprocess.run(["reeve", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def lines(*words):
    return [json.loads(line) for line in reeve("logs", "--json", *words).stdout.splitlines()]


def trouble(b):
    """Whatever the browser complained of, and whatever it asked a network for."""
    said = []
    for e in b.events:
        method, p = e.get("method"), e.get("params", {})
        if method in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Audits.issueAdded"):
            said.append(f"{method}: {json.dumps(p)[:400]}")
        elif method == "Network.requestWillBeSent" and p.get("type") != "Document":
            said.append(f"request: {p['request']['url'][:200]}")
    return said


def pixels(png):
    """Colours of a picture and how often each is there."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    size = {2: 3, 6: 4}[kind]
    data, at = b"", 8
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at:at + 8])
        data += png[at + 8:at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    raw, before, count, stride = zlib.decompress(data), bytes(width * size), {}, width * size
    for y in range(height):
        how, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride if how else 0):
            left, up = row[i - size] if i >= size else 0, before[i]
            corner = before[i - size] if i >= size else 0
            if how == 4:
                p = left + up - corner
                near = min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))[2]
            else:
                near = (0, left, up, (left + up) // 2)[how]
            row[i] = (row[i] + near) & 255
        before = bytes(row)
        for i in range(0, stride, size):
            colour = before[i:i + 3]
            count[colour] = count.get(colour, 0) + 1
    return count


def box(b, selector):
    return b.run(f"(() => {{ const r = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
                 "return {x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height}; })()")


def visible(b):
    return b.run("""(() => { const wrong = [];
        for (const [what, least] of [["#plot rect", 100], ["#plot circle", 2], ["#denials .each tbody tr", 10],
                ["#denials .sort tbody tr", 4], [".tree tbody tr", 12], ["#files tbody tr", 30], ["#hosts tbody tr", 10],
                [".findings li", 4], ["#ledger pre", 1], ["#chain pre", 1]]) {
            const seen = Array.from(document.querySelectorAll(what)).filter((e) => {
                const r = e.getBoundingClientRect(), s = getComputedStyle(e);
                return !e.matches(".pick") && r.width > 0 && r.height > 0 && s.visibility === "visible" && s.opacity > 0; });
            if (seen.length < least) wrong.push(what + ": " + seen.length + " to be seen, expected " + least);
        } return wrong; })()""")


def painted(b, selector, colours, share):
    """What is drawn there differs from its background, in so many colours."""
    count = pixels(b.picture(clip=box(b, selector)))
    total, most = sum(count.values()), max(count.values())
    many = sum(1 for n in count.values() if n >= 12)
    return ([f"{selector}: {many} colours, expected {colours}"] if many < colours else []) + \
        ([f"{selector}: {total - most} of {total} pixels are no background"] if (total - most) / total < share else [])


def drawn(b, classes):
    """What has those classes in the timeline is there in its own colour."""
    count, wrong = pixels(b.picture(clip=box(b, "#plot"))), []
    for name in classes:
        fill = b.run(f"getComputedStyle(document.querySelector('#plot .{name}')).fill")
        rgb = bytes(int(n) for n in re.findall(r"\d+", fill)[:3])
        if len(rgb) != 3 or count.get(rgb, 0) < 20:
            wrong.append(f"#plot .{name}: {count.get(rgb, 0)} pixels of {fill}")
    return wrong


def sums(b, section):
    """Times of all lines of a section's table, and the refusals in it."""
    return b.run(f"""Array.from(document.querySelectorAll("#{section} tbody tr")).map((r) => {{
        const n = (c) => Number(c.textContent.replace(/[^0-9]/g, "")), cells = r.querySelectorAll("td.n");
        return n(cells[cells.length - 2]); }}).reduce((a, b) => a + b, 0)""")


def expected_sums(records):
    repeats = sum(e["count"] for e in records if e["kind"] == "repeat" and e["of_kind"] in FILE_KINDS)
    paths = sum(1 for e in records if e["kind"] in FILE_KINDS for p in ("path", "new_path", "script") if e.get(p))
    return paths + repeats, sum(1 for e in records if e["kind"] in HOST_KINDS)


def check_story(b, url):
    records, tree = lines("web-7d4b9c"), json.loads(reeve("tree", "--json", "web-7d4b9c").stdout)
    ledger = json.loads(reeve("ledger", "--json", "web-7d4b9c").stdout)
    verified = json.loads(reeve("verify", "--json", "web-7d4b9c").stdout)
    files, hosts = expected_sums(records)
    refused = [e for e in records if e["verdict"] in ("denied", "would-deny")]

    b.open(url)
    result("story: the browser complains of nothing and asks no network", trouble(b))
    result("story: timeline, denials, tree, files, hosts, ledger and chain are to be seen", visible(b))
    result("story: timeline, denials and tree are painted",
           drawn(b, STORY) + painted(b, "#denials .each", 3, .02) + painted(b, ".tree", 3, .02))
    text = b.run("document.documentElement.innerText")
    result("story: what the container chose is text and nothing else", differ(
        title=(b.run("document.title"), "web-7d4b9c - reeve report"), scripts=(b.run("document.scripts.length"), 1),
        styles=(b.run("document.querySelectorAll('style').length"), 1),
        others=(b.run("document.querySelectorAll('img,iframe,object,embed,link,form,base,video,audio').length"), 0),
        handlers=(b.run("Array.from(document.querySelectorAll('*')).filter((e) => Array.from(e.attributes).some("
                        "(a) => a.name.startsWith('on') || a.name === 'style')).length"), 0),
        headings=(b.run("document.querySelectorAll('h1').length"), 1),
        hidden=(b.run(f"(document.documentElement.textContent.match({HIDDEN}) || []).length"), 0)) +
        [f"not on the page: {name}" for name in (
            "'/srv/up/</script><script>document.title='\\''OWNED'\\''</script>'",
            "$'/srv/up/invoice\\xe2\\x80\\xaefdp.exe'", "$'/srv/up/not \\xff\\xfe utf-8 \\xc3'",
            "$'/srv/up/two\\x0alines\\x09and \\x1b[31mred\\x1b[0m'", "'/srv/up/&lt;not&gt;&amp;an entity;'",
            "'</td><h1>OWNED'", "'web</h1><script>document.title='\\''OWNED'\\''</script>'",
            "note = '</dd></dl><script>document.title='\\''OWNED'\\''</script>'", "$'\\xe2\\x80\\xaereversed'") if name not in text])
    cells = b.run("Array.from(document.querySelectorAll('#denials .each tbody tr')).map((r) => "
                  "[r.cells[0].querySelector('time').dateTime, r.cells[0].innerText.match(/record (\\d+)/)[1], "
                  "r.cells[1].innerText.split('\\n')[0], r.cells[3].querySelector('small').innerText])")
    result("story: every refusal is there, in order, with its time, number, verdict and process", differ(
        refusals=([c[:3] for c in cells], [[e["time"], str(e["seq"]), {"denied": "denied", "would-deny": "would be denied"}[
            e["verdict"]]] for e in refused]),
        processes=([re.match(r"pid (\d+)", c[3])[1] for c in cells], [str(e["process"]["pid"]) for e in refused]),
        linked=(b.run("Array.from(document.querySelectorAll('#denials .each a')).every((a) => document.querySelector("
                      "a.hash).cells[1].textContent === a.textContent.slice(4))"), True),
        rules=(b.run("Array.from(document.querySelectorAll('#denials .each tbody tr')).map((r) => r.cells[4].innerText)"), [
            f"rule {e['rule']} of {e['policy']}, line {e['policy_line']}" + (f"\n'{e['reason']}'" if e["reason"] else "")
            for e in refused]),
        grouped=(sums(b, "denials .sort"), len(refused))))
    rows = b.run("Array.from(document.querySelectorAll('.tree tbody tr')).map((r) => [r.cells[1].innerText, "
                 "Number(r.dataset.d), r.cells[7].innerText])")
    depth = {}
    for p in tree["processes"]:
        depth[p["id"]] = depth[p["parent"]] + 1 if p["parent"] is not None else 0
    result("story: the tree is that of `reeve tree`, with what each was refused", differ(
        processes=(sorted((r[0], r[1]) for r in rows), sorted((str(p["pid"]), depth[p["id"]]) for p in tree["processes"])),
        refused=(sum(int(n) for r in rows for n in r[2].split()), len(refused))))
    result("story: files and hosts add up to the record; the verdict is the ledger's and the chain's", differ(
        files=(sums(b, "files"), files), hosts=(sums(b, "hosts"), hosts),
        bars=(b.run("Array.from(document.querySelectorAll('#buckets td:not(:nth-last-child(-n+2))')).reduce((a, c) => a + "
                    "Number(c.textContent), 0)"), sum(1 for e in records if e["kind"] not in (
                        "armed", "checkpoint", "close", "repeat", "policy"))),
        lost=(f"{ledger['lost']} lost, all counted" in text, True), unaltered=("Unaltered" in text, True),
        head=(verified["head"] in text, True), sentence=("This record is unaltered and has gaps; every gap is known." in text, True),
        cut=(re.search(r"and ([\d,]+) bytes more", text) is not None, True)))
    check_hands(b)
    with_script = b.run("Array.from(document.querySelectorAll('h2, h3, tbody tr')).map((e) => e.getBoundingClientRect().y + scrollY)")
    b.picture(str(OUT / "light.png"))
    b.open(url, script=False)
    places = b.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    nodes = b.call("DOM.querySelectorAll", nodeId=places, selector="h2, h3, tbody tr")["nodeIds"]
    tops = []
    for node in nodes:
        try:
            tops.append(min(b.call("DOM.getBoxModel", nodeId=node)["model"]["border"][1::2]))
        except RuntimeError:
            tops.append(None)  # in what is closed
    seen = [(a, z) for a, z in zip(tops, with_script) if a is not None]
    result("story: without a script everything stands where it stands with one", [
        f"{a} instead of {z}" for a, z in seen if abs(a - z) > 1] + differ(rows=(len(tops), len(with_script))) +
        ([f"{len(seen)} places"] if len(seen) < 100 else []) + painted(b, ".tree", 3, .02) + trouble(b))


def check_hands(b):
    """The script: a range by mouse and keys, finding, folding, sorting."""
    shown = "Array.from(document.querySelectorAll('%s tbody tr')).filter((r) => !r.hidden).length"
    plot, mark = box(b, "#plot svg"), box(b, "#plot circle")
    b.run("document.getElementById('timeline').scrollIntoView({behavior: 'instant'})")
    y = b.run("document.querySelector('#plot svg').getBoundingClientRect().y") + 60
    wrong = []
    all_denials, all_rows = b.run(shown % ".each"), b.run(shown % ".tree")
    b.drag(plot["x"] + 5, mark["x"] - 40, y)
    wrong += differ(before_them=(b.run(shown % ".each"), 0))
    b.drag(mark["x"] + 5, mark["x"] + 40, y)
    wrong += differ(with_them=(b.run(shown % ".each") > 0, True), said=("rows" in b.run("said.textContent"), True))
    b.key("Escape")
    wrong += differ(after_escape=(b.run(shown % ".each"), all_denials), said=(b.run("said.textContent"), ""))
    b.run("plot.focus()")
    b.key("End")
    wrong += differ(focus=(b.run("document.activeElement.id"), "plot"), last_bar=(b.run(shown % ".each"), 0))
    b.key("Home", 8)
    wrong += differ(all_bars=(b.run(shown % ".each"), all_denials))
    b.key("Escape")
    b.run("const f = document.getElementById('find'); f.value = 'ps aux'; f.dispatchEvent(new Event('input'))")
    wrong += differ(found=(b.run(shown % ".tree"), 2), elsewhere=(b.run(shown % "#hosts"), 0))
    b.run("const g = document.getElementById('find'); g.value = ''; g.dispatchEvent(new Event('input')); document.querySelector('.fold').click()")
    wrong += differ(folded=(b.run(shown % ".tree") < all_rows, True))
    b.run("document.querySelector('.fold').click(); document.querySelector('#hosts th:nth-child(5) button').click()")
    times = b.run("Array.from(document.querySelectorAll('#hosts tbody tr')).map((r) => Number(r.cells[4].textContent.replace(',', '')))")
    wrong += differ(unfolded=(b.run(shown % ".tree"), all_rows), sorted=(times, sorted(times, reverse=True)))
    result("story: a range by mouse and by keys, finding, folding and sorting work", wrong + trouble(b))


def check_looks(b, url):
    b.open(url, dark=True)
    b.picture(str(OUT / "dark.png"))
    back = b.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    result("story: dark where that is asked for", ([f"background {back}"] if max(back) > 60 else []) +
           visible(b) + drawn(b, STORY) + trouble(b))
    b.open(url, width=390, height=800)
    b.picture(str(OUT / "narrow.png"))
    result("story: on a phone nothing stands beyond the edge", differ(
        width=(b.run("document.documentElement.scrollWidth"), 390)) + visible(b) + drawn(b, STORY) + trouble(b))
    b.open(url, dark=True, media="print")
    b.picture(str(OUT / "print.png"))
    ink = b.run("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")
    paper = pixels(b.picture())
    b.pdf(str(OUT / "story.pdf"))
    result("story: printed it is dark on white, whole, and without what is for a screen", differ(
        nav=(b.run("getComputedStyle(document.querySelector('nav')).display"), "none"), ink=(max(ink[:3]) < 80, True),
        paper=(min(max(paper, key=paper.get)) > 240, True),
        pages=(len(re.findall(rb"/Type\s*/Page\b", (OUT / "story.pdf").read_bytes())) >= 3, True)))


def check_flood(b, page):
    records = lines("--fields", "kind,verdict,path,of_kind,count", "flood")
    files, hosts = expected_sums(records)
    b.open("file://" + str(page))
    text = b.run("document.documentElement.innerText")
    result("flood: a page of bounded size, and the sums are whole", trouble(b) + differ(
        files=(sums(b, "files"), files), hosts=(sums(b, "hosts"), hosts),
        refusals=(sums(b, "denials .sort"), sum(1 for e in records if e["verdict"] == "denied")),
        said=([w for w in ("for several files that begin alike", "for several addresses that begin alike",
                           "more are counted above and not shown one by one", "are left out here") if w not in text], [])) +
        ([f"{page.stat().st_size} bytes"] if page.stat().st_size > PAGE_MAX else []))


def check_policy(b, page):
    """The test of the test: what a page must not do is refused by its own policy, and is seen."""
    more = page.with_name("more.html")
    more.write_bytes(page.read_bytes().replace(
        b"</main>", b"<script>document.title='OWNED'</script><img src=https://example.invalid/x.png><p style='color:red'>x</main>"))
    b.open("file://" + str(more))
    time.sleep(.3)
    b.run("1")
    said = " ".join(trouble(b))
    result("a page with a script, an image or a style more: the browser refuses each and says so", differ(
        title=(b.run("document.title"), "web-7d4b9c - reeve report")) +
        [f"nothing about {w}: {said}" for w in ("script-src", "img-src", "style-src") if w not in said and w.replace("img", "default") not in said])


def terminal(*command, out=None, stop=0):
    """Runs it with standard error (and, unless out, output) on a terminal; it is held up for stop seconds."""
    ours, its = pty.openpty()
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out or its, stderr=its, env={**os.environ, "TERM": "xterm"})
    os.close(its)
    if stop:
        time.sleep(.05)
        p.send_signal(signal.SIGSTOP)
        time.sleep(stop)
        p.send_signal(signal.SIGCONT)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:  # nobody has the other end any more
        pass
    os.close(ours)
    return p.wait(), said.decode()


def check_command():
    there = OUT / "there.html"
    wrong = []
    status, said = terminal("reeve", "report", "web-7d4b9c")
    wrong += differ(terminal=(status, 2), why=("not for a terminal" in said and "<html" not in said, True))
    there.write_text("before")
    r = reeve("report", "--output", str(there), "--title", "<i>Case & 7\x1b", "web-7d4b9c")
    page = there.read_text()
    wrong += differ(output=(r.returncode, 0), titled=("<h1>&lt;i&gt;Case &amp; 7\\x1b</h1>" in page, True), mode=(there.stat().st_mode & 0o777, 0o600))
    r = reeve("report", "--output", str(OUT / "no/such"), "web-7d4b9c")
    wrong += differ(no_directory=(r.returncode, 1), no_rest=([p.name for p in OUT.glob("*.tmp")], []))
    r = reeve("report", "no-such")
    wrong += differ(unknown=(r.returncode, 1), unknown_why=(b"no container 'no-such' is known" in r.stderr, True), nothing=(r.stdout, b""))
    r = reeve("report", "--since", "soon", "web-7d4b9c")
    wrong += differ(since=(r.returncode, 2), since_why=(b"expected" in r.stderr, True))
    yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))  # as made.c has it
    page = reeve("report", "--since", f"{yesterday}T02:52:22.4Z", "--until", f"{yesterday}T02:52:23Z", "web-7d4b9c").stdout
    wrong += differ(range=(len(re.findall(rb"<span class=denied>denied", page)), 2), tree=(page.count(b" data-d="), 12),
                    said=(b"Acts shown are those since" in page, True))
    result("the command: a terminal, a file, a title, a range, and what it refuses", wrong)
    with open(OUT / "export", "wb") as export:
        status, said = terminal("reeve", "logs", "flood", out=export, stop=1.2)
    with open(OUT / "again", "wb") as export:
        quiet = subprocess.run(["reeve", "logs", "flood"], stdout=export, stderr=subprocess.PIPE).stderr
    same = (OUT / "export").read_bytes() == (OUT / "again").read_bytes() != b""
    result("an export that takes longer than a second tells a person at a terminal, and nobody else", differ(
        status=(status, 0), told=("logs: " in said and " lines, " in said, True), gone=(said.endswith("\r\x1b[K"), True),
        quiet=(quiet, b""), same=(same, True)))


def check_altered(b):
    """A record that was tampered with says so at the top."""
    import sqlite3
    path = next(pathlib.Path("/var/lib/reeve/containers").glob("web-7d4b9c@*.db"))
    db = sqlite3.connect(path)
    with db:
        db.execute("DELETE FROM events WHERE seq = 2234")
    db.close()
    page = OUT / "altered.html"
    page.write_bytes(reeve("report", "web-7d4b9c").stdout)
    b.open("file://" + str(page))
    text = b.run("document.querySelector('header').innerText")
    result("a record with one row deleted: the page says at its top that it is neither whole nor proven", trouble(b) + differ(
        sentence=("neither complete nor proven" in text, True), heads=("Does not add up" in text and "Not as it was stored" in text, True),
        marked=(b.run("document.querySelectorAll('.findings .bad').length"), 3)))


def main():
    print(f"1..{PLAN}")  # first: one that breaks off has not fulfilled it
    story, flood = OUT / "story.html", OUT / "flood.html"
    for page, name in (story, "web-7d4b9c"), (flood, "flood"):
        r = reeve("report", name)
        page.write_bytes(r.stdout)
        if r.returncode:
            print(f"Bail out! reeve report {name}: {r.stderr.decode()}")
            sys.exit(1)
    b = Browser(str(OUT))
    check_story(b, "file://" + str(story))
    check_looks(b, "file://" + str(story))
    check_flood(b, flood)
    check_policy(b, story)
    check_command()
    check_altered(b)
    b.close()
    sys.exit(failed or number != PLAN)


main()
