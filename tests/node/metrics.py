# SPDX-License-Identifier: Apache-2.0
"""metrics.py, by check.sh: what the node says of itself, by every way to it, read by Prometheus' own strict parser;
docs/metrics.md has all of it; sums say what happened and never shrink. Needs python3-prometheus-client, python3-yaml."""
import os
import re
import socket
import subprocess
import sys
import time

import yaml
from prometheus_client.parser import text_string_to_metric_families

here = os.path.dirname(os.path.realpath(__file__))
top = os.path.join(here, "..", "..")
sys.path[:0] = [here, os.path.join(here, "..")]
import agent  # noqa: E402
import client  # noqa: E402
from policy_tap import end, result  # noqa: E402

PORT = 9464
seen = []  # every scrape of this run, for what must never shrink


def parse(text):
    families = {}
    for f in text_string_to_metric_families(text):
        name = f.name + ("_total" if f.type == "counter" else "")
        assert name not in families, f"{name} comes twice"
        assert f.documentation and f.type != "unknown", f"{name} says too little of itself"
        for s in f.samples:
            assert f.type in ("gauge", "histogram") or s.name.endswith("_total"), f"{s.name} is no counter's name"
        keys = [(s.name, tuple(sorted(s.labels.items()))) for s in f.samples]
        assert len(set(keys)) == len(keys), f"{name} has a series twice"
        families[name] = f
    return families


def values(families):
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families.values() for s in f.samples
            if f.type in ("counter", "histogram")}


def get(target="/metrics", method="GET"):
    with socket.create_connection(("127.0.0.1", PORT), 10) as s:
        s.sendall(f"{method} {target} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        head, _, body = s.makefile("rb").read().partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    fields = dict(f.split(": ", 1) for f in fields)
    assert method == "HEAD" or int(fields["Content-Length"]) == len(body)
    return int(status.split()[1]), fields, body.decode()


def scrape():
    """Not the text of a second ago."""
    time.sleep(1.1)
    status, fields, text = get()
    assert status == 200 and fields["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", fields
    families = parse(text)
    seen.append(values(families))
    return families


def value(families, name, **labels):
    return next(s.value for s in families[name].samples if s.labels == labels)


def reeve(*words):
    return subprocess.run(["reeve", *words], capture_output=True, text=True, check=True).stdout


def documented():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) \|", open(os.path.join(top, "docs/metrics.md")).read(), re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


one = agent.Agent("count-one", 1, pod='we"b\\7', namespace="shop", image="reg/x:1").begin()
two = agent.Agent("count-two", 2).begin()
before = scrape()
told = parse(reeve("metrics", "--containers"))
said = {n: (f.type, {l for s in f.samples for l in s.labels}) for n, f in told.items()}
page = documented()
wrong = [f"{n}: said {said.get(n)}, documented {page.get(n)}" for n in sorted(set(said) | set(page)) if said.get(n) != page.get(n)]
result(not wrong and len(page) > 30, f"metrics: the page has all {len(page)}, with type and labels, and no other", wrong)
result(set(before) == {n for n in page if not n.startswith("reeve_container_") and n != "reeve_containers_left_out"},
       "metrics: the port names no container", sorted(set(before) ^ set(page)))
info = [s.labels for s in told["reeve_container_info"].samples if s.labels["id"] == "count-one"]
result([(i["pod"], i["namespace"], i["image"]) for i in info] == [('we"b\\7', "shop", "reg/x:1")],
       "metrics: a container's owner's words are one label's value, whatever they are", [str(info)])

# What happens is what is said of it.
one.send(100)
one.send(7, verdict=agent.DENIED)
two.send(20, generation=one.number)  # it forges another container's records
two.send(5)
one.counters(lost=4)
time.sleep(1.5)
after = scrape()
want = [("reeve_records_stored_total", {"kind": "exit"}, 112), ("reeve_denied_total", {}, 7), ("reeve_records_refused_total", {}, 20),
        ("reeve_records_lost_total", {"kind": "exit", "where": "ring"}, 4), ("reeve_record_bytes_stored_total", {}, 112 * agent.RECORD.size)]
wrong = [f"{n} {l}: {value(after, n, **l) - value(before, n, **l)}, expected {w}" for n, l, w in want
         if value(after, n, **l) - value(before, n, **l) != w]
for name, state, n in (("reeve_agents", {}, 2), ("reeve_containers", {"state": "not_armed"}, 0), ("reeve_containers", {"state": "armed"}, 2),
                       ("reeve_containers", {"state": "ended"}, 1), ("reeve_programs_loaded", {}, 0), ("reeve_agents_waiting", {}, 0)):
    if value(after, name, **state) != n:
        wrong.append(f"{name} {state}: {value(after, name, **state)}, expected {n}")
commits = next(s.value for s in after["reeve_store_commit_seconds"].samples if s.name.endswith("_count"))
syncs = value(after, "reeve_store_syncs_total")
if not 0 < commits <= syncs:
    wrong.append(f"{commits} transactions with {syncs} syncs: each is written through")
if value(after, "reeve_store_bytes") < 20000 * 200:
    wrong.append(f"reeve_store_bytes: {value(after, 'reeve_store_bytes')}")
rss = int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{os.environ['NODE_PID']}/status").read())[1]) * 1024
if not 0.5 < value(after, "process_resident_memory_bytes") / rss < 2:
    wrong.append(f"process_resident_memory_bytes: {value(after, 'process_resident_memory_bytes')}, {rss} by its status")
if abs(value(after, "process_start_time_seconds") - os.stat(f"/proc/{os.environ['NODE_PID']}").st_mtime) > 60:
    wrong.append("process_start_time_seconds")
# The scrape's own connection is one of them, and may be closed by now.
if not 0 <= value(after, "process_open_fds") - len(os.listdir(f"/proc/{os.environ['NODE_PID']}/fd")) <= 1:
    wrong.append(f"process_open_fds: {value(after, 'process_open_fds')}")
result(not wrong, "metrics: what is stored, denied, lost and refused is counted, to the last one", wrong)

# An end takes nothing away, nor does a database that is removed.
one.sock.sendall(client.frame(agent.END, b""))
one.sock.close()
two.sock.close()
time.sleep(1)
later = scrape()
for _ in range(3):
    seen.append(values(parse(reeve("metrics"))))
wrong = [f"{k}: {a[k]} then {b.get(k)}" for a, b in zip(seen, seen[1:]) for k in a if not k[0].startswith("process") and b.get(k, -1) < a[k]]
result(not wrong and value(later, "reeve_containers", state="ended") == 2 and value(later, "reeve_agents") == 0,
       f"metrics: {len(seen[0])} series over {len(seen)} looks never shrink, also when a container ends", wrong)

# The rules speak of what there is.
rules = yaml.safe_load(open(os.path.join(top, "deploy/prometheus/reeve.rules.yml")))
wrong = []
for rule in [r for g in rules["groups"] for r in g["rules"]]:
    names = set(re.findall(r"\b(reeve_\w+|process_\w+|up)\b", rule["expr"]))
    wrong += [f"{rule['alert']}: {n} is no metric" for n in names - set(later) - {"up"}]
    for name, matcher in re.findall(r"(reeve_\w+)\{(.*?)\}", rule["expr"]):
        for label, text in re.findall(r'(\w+)="(.*?)"', matcher):
            if not any(s.labels.get(label) == text for s in later[name].samples):
                wrong.append(f"{rule['alert']}: {name} has no {label}={text}")
    for label in {w.strip() for by in re.findall(r"by \((.*?)\)", rule["expr"]) for w in by.split(",")} - {"instance"}:
        if not all(label in s.labels for n in names for s in later[n].samples):
            wrong.append(f"{rule['alert']}: not all have label {label}")
    if not names or {"alert", "expr", "labels", "annotations"} - set(rule) or "severity" not in rule["labels"]:
        wrong.append(f"{rule['alert']}: {sorted(rule)}")
result(not wrong, f"metrics: {sum(len(g['rules']) for g in rules['groups'])} rules for alerts speak of metrics and labels that there are", wrong)

# HTTP, as far as it goes.
wrong = []
for target, method, status in (("/metrics?x=1", "GET", 200), ("/metrics", "HEAD", 200), ("/", "GET", 404), ("/metricsx", "GET", 404), ("/metrics", "POST", 405)):
    got = get(target, method)
    if got[0] != status or (method == "HEAD" and (got[2] or int(got[1]["Content-Length"]) < 1000)):
        wrong.append(f"{method} {target}: {got[0]}")
for sent, status in ((b"\r\n\r\n", b"400"), (b"GET\r\n\r\n", b"400"), (b"GET /metrics\r\n\r\n", b"400"), (b"GET /metrics HTTP/2\r\n\r\n", b"400"), (b"GET  HTTP/1.1\r\n\r\n", b"400"),
                     (bytes(100), b"400"), (b"GET /metrics HTTP/1.0\n\n", b"200"), (b"GET /" + b"x" * 9000, b"431"), (b"GET /metrics HTTP/1.1\r\nA: " + b"x" * 8000 + b"\r\n\r\n", b"200")):
    with socket.create_connection(("127.0.0.1", PORT), 10) as s:
        s.sendall(sent)
        if s.makefile("rb").read()[9:12] != status:
            wrong.append(f"{sent[:40]}: expected {status}")
with socket.create_connection(("127.0.0.1", PORT), 10) as s:
    for byte in b"GET /metrics HTTP/1.1\r\nHost: slow\r\n\r\n":
        s.send(bytes([byte]))
        time.sleep(0.01)
    if s.makefile("rb").read()[9:12] != b"200":
        wrong.append("byte by byte")
result(not wrong, "metrics: requests of every kind have their answer", wrong)
# Those who hold on to what they have cost nobody anything.
before = len(os.listdir(f"/proc/{os.environ['NODE_PID']}/fd"))
held = [socket.create_connection(("127.0.0.1", PORT), 10) for _ in range(1000)]
for s in held[::3]:
    try:
        s.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
    except OSError:
        pass
held += [socket.create_connection(("127.0.0.1", PORT), 10) for _ in range(20)]
most = len(os.listdir(f"/proc/{os.environ['NODE_PID']}/fd"))
began = time.monotonic()
got, took = get(), time.monotonic() - began
time.sleep(6)
left = len(os.listdir(f"/proc/{os.environ['NODE_PID']}/fd"))
result(got[0] == 200 and took < 2 and most <= before + 16 and left <= before, "metrics: 1,020 connections that say nothing: at most 16 are held, for 5 s, and a scrape goes through",
       [f"{got[0]} in {took:.2f} s, files {before}, {most}, {left}"])
end()
