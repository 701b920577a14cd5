# SPDX-License-Identifier: Apache-2.0
"""query.py, by check.sh: the query protocol as docs/protocol.md has it, spoken by an independent client."""
import json
import os
import subprocess
import sys
import threading

sys.path[:0] = [os.path.dirname(os.path.realpath(__file__)), os.path.join(os.path.dirname(os.path.realpath(__file__)), "..")]
import agent  # noqa: E402
import client  # noqa: E402
from policy_tap import end, result  # noqa: E402


def reeve(*words):
    ran = subprocess.run(["reeve", *words], capture_output=True)
    return ran.stdout.split(b"\n")[:-1]


def compare(name, questions):
    """Each question in both ways, and by the command line."""
    wrong = []
    for question, words, least in questions:
        framed = client.ask({**question, "format": question.get("format", "json")})
        lined = client.ask(question, client.lines)
        said = reeve(*words)
        if framed != lined:
            wrong.append(f"{question}: frames {framed[1:]} {len(framed[0])} lines, lines {lined[1:]} {len(lined[0])}")
        if framed[1] or framed[0] != said:
            wrong.append(f"{question}: status {framed[1:]}, {len(framed[0])} lines; reeve says {len(said)}")
        if len(said) < least:
            wrong.append(f"{question}: {len(said)} lines, expected at least {least}")
        for line in framed[0] if question.get("format", "json") == "json" else ():
            json.loads(line)
    result(not wrong, name, wrong)


live = agent.Agent("proto-live", 1, pod='web-"7\\x', namespace="shop").begin()
live.send(50)
live.send(3, verdict=agent.DENIED)
logs = {"verb": "logs", "id": "bench"}
day = 1700000000 * 10**9
compare("protocol: every verb, in frames and in lines, as reeve has it", [
    ({"verb": "ps", "all": True}, ["ps", "-a", "--json"], 1),
    ({"verb": "ps"}, ["ps", "--json"], 1),
    ({"verb": "stats"}, ["stats", "--json"], 2),
    ({"verb": "stats", "id": "bench"}, ["stats", "--json", "bench"], 1),
    ({"verb": "ledger", "id": "proto-live"}, ["ledger", "--json", "proto-live"], 1),
    ({"verb": "verify", "id": "bench"}, ["verify", "--json", "bench"], 1),
    ({"verb": "anchor", "id": "bench"}, ["anchor", "bench"], 1),
])
compare("protocol: what is asked of logs", [
    ({**logs, "last": 5}, ["logs", "--json", "--tail", "5", "bench"], 5),
    ({**logs, "last": 5, "reverse": True}, ["logs", "--json", "--tail", "5", "--reverse", "bench"], 5),
    ({**logs, "verdicts": ["denied"]}, ["logs", "--json", "--verdict", "denied", "bench"], 3),
    ({**logs, "kinds": ["exec", "armed"]}, ["logs", "--json", "--kind", "exec,armed", "bench"], 20),
    ({**logs, "path": "/usr/share/app/module7/**", "uid": 33}, ["logs", "--json", "--path", "/usr/share/app/module7/**", "--uid", "33", "bench"], 10),
    ({**logs, "exec": "/usr/bin/program1*", "pid": 1007}, ["logs", "--json", "--exec", "/usr/bin/program1*", "--pid", "1007", "bench"], 3),
    ({**logs, "address": "10.0.0.0/9", "port": 443}, ["logs", "--json", "--addr", "10.0.0.0/9:443", "bench"], 100),
    ({**logs, "since": day + 10**9, "until": day + 2 * 10**9}, ["logs", "--json", "--since", "2023-11-14T22:13:21Z", "--until", "2023-11-14T22:13:22Z", "bench"], 900),
    ({**logs, "fields": ["seq", "kind"], "last": 9}, ["logs", "--json", "--fields", "seq,kind", "--tail", "9", "bench"], 9),
    ({**logs, "format": "csv", "last": 3}, ["logs", "--format", "csv", "--tail", "3", "bench"], 4),
    ({**logs, "format": "audit", "last": 3}, ["logs", "--format", "audit", "--tail", "3", "bench"], 3),
    ({**logs, "format": "text"}, ["logs", "bench"], 20000),
    ({"verb": "logs", "all": True, "last": 60}, ["logs", "--all", "--json", "--tail", "60"], 60),
    ({"verb": "logs", "id": "shop/web-\"7\\x"}, ["logs", "--json", "proto-live"], 53),
])
status, _, _ = client.ask({"verb": "status"}, client.lines)
metrics, _, _ = client.ask({"verb": "metrics"}, client.lines)
ledger = client.ask({"verb": "ledger", "id": "bench"}, client.lines)
result(json.loads(status[0])["containers"] == 2 and metrics[0].startswith(b"# HELP") and ledger[1] == 117 and
       json.loads(ledger[0][0])["stored"] == 20000, "protocol: status, metrics; a ledger that does not add up says so behind its answer",
       [str(x) for x in (status, metrics[:1], ledger)])

# Following: what comes while it listens, in order, and nothing twice.
def follow(way, seen, want):
    for line in way({"verb": "logs", "id": "proto-live", "follow": True, "format": "json"}):
        seen.append(json.loads(line)["seq"])
        if len(seen) == want:
            return


for way in (client.frames, client.lines):
    seen, want = [], live.seq + 200
    listener = threading.Thread(target=follow, args=(way, seen, want), daemon=True)
    listener.start()
    for _ in range(20):
        live.send(10)
    listener.join(20)
    result(seen == list(range(want)), f"protocol: follow in {way.__name__} tells 200 records as they come", [str(seen[-5:])])

# What is no question, and what is said of it.
deep = b'{"verb":' + b"[" * 1000 + b"]" * 1000 + b"}"
asked = [(b'{"verb":"logs","id":"none"}', 2, "no container"), (b'{"verb":"see"}', 22, "no verb 'see'"), (b'{}', 22, "no verb"),
         (b'{"verb":"logs","id":"bench","verdict":["denied"]}', 22, 'logs has no "verdict"; it has: id'),
         (b'{"verb":"ps","format":"xml"}', 22, "no format"), (b'{"verb":"metrics","format":"json"}', 22, "Prometheus"),
         (b'{"verb":"logs","id":"bench","last":1000001}', 22, "1000000"), (b'{"verb":"logs","id":"bench","kinds":["x"]}', 22, "reeve events"),
         (b'{"verb":"ps"', 22, "1:"), (b'{"verb":"ps"}{"verb":"ps"}', 22, "1:"), (b'{"a":1,"a":2}', 22, "1:"),
         (b'{"verb":"\xff"}', 84, "UTF-8"), (deep, 7, "64")]
wrong = []
for text, number, word in asked:
    for framed in (True, False):
        with client.connect() as s:
            s.sendall(client.frame(client.QUERY, text) if framed else text + b"\n")
            try:
                if framed:
                    chunks = client.pieces(s)
                    while True:
                        next(chunks)
                done = json.loads(s.makefile("rb").read().splitlines()[-1])
            except StopIteration as e:
                done = e.value
        if done["status"] != number or word not in done["error"]:
            wrong.append(f"{text[:60]} {'framed' if framed else ''}: {done}")
raw = [(client.frame(client.QUERY, b"{}", version=2), 93), (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + bytes(9), 71), (client.frame(client.DATA, b"{}"), 71),
       (client.frame(client.QUERY, b"", length=0xffffffff), 90), (client.frame(client.QUERY, b" " * 66000), 90),
       (client.frame(client.QUERY, b'{"verb":"logs","id":"proto-live","follow":true}'), None)]
for data, number in raw:
    with client.connect() as s:
        s.sendall(data)
        try:
            chunks = client.pieces(s)
            if number is None: # one question a connection
                next(chunks)
                number = 71
                s.sendall(data)
            while True:
                next(chunks)
        except StopIteration as e:
            done = e.value
        except (EOFError, ConnectionResetError) as e:
            done = {"status": str(e)}
    if done["status"] != number:
        wrong.append(f"{data[:40]}: {done}, expected {number}")
with client.connect() as s:
    s.sendall(b'{"verb":"' + b"x" * 66000)
    done = json.loads(s.makefile("rb").read())
    if done["status"] != 90:
        wrong.append(f"a line without an end: {done}")
result(not wrong, f"protocol: {len(asked) + len(raw) + 1} mistakes are told, each by its number", wrong)
end()
