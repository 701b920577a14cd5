# SPDX-License-Identifier: Apache-2.0
"""hostile.py, by check.sh: local users who mean harm, at both sockets. Whatever they do, an honest agent's records are stored
in time, an honest client has its answer, and what happened is counted and said in a few lines of log."""
import grp
import json
import os
import re
import socket
import subprocess
import sys
import time

here = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [here, os.path.join(here, "..")]
import agent  # noqa: E402
import client  # noqa: E402
from policy_tap import end, result  # noqa: E402

node = f"/proc/{os.environ['NODE_PID']}"
honest = agent.Agent("host-honest", 1).begin()
evil = agent.Agent("host-evil", 2)
slowest = 0.0


def count(name, **labels):
    """A counter as it is now; the text is made anew once a second."""
    time.sleep(1.1)
    text = subprocess.run(["reeve", "metrics"], capture_output=True, text=True, check=True).stdout
    label = "{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + "}" if labels else ""
    return int(re.search(rf"^{re.escape(name + label)} (\d+)$", text, re.M)[1])


def memory():
    return int(re.search(r"VmRSS:\s+(\d+)", open(node + "/status").read())[1])


def connected():
    """Agents and, beside ourselves, clients."""
    status = json.loads(client.ask({"verb": "status", "format": "json"})[0][0])
    return status["agents"], status["clients"] - 1


def log_lines(word):
    return [line for line in open(os.path.join(os.environ["NODE_WORK"], "node.log")) if word in line]


def others_are_well():
    """The honest: 40 records stored, a question answered. Each time it is looked how long that took."""
    global slowest
    began = time.monotonic()
    for _ in range(4):
        honest.send(10)
    got, status, error = client.ask({"verb": "ledger", "id": "host-honest", "format": "json"})
    slowest = max(slowest, time.monotonic() - began)
    ledger = json.loads(got[0])
    assert status == 0 and ledger["exact"] and ledger["stored"] == honest.seq, (status, error, ledger, honest.seq)


class As:
    """As another user, who is in group reeve or not. Root again behind it."""

    def __init__(self, uid, group):
        self.uid, self.gid = uid, grp.getgrnam("reeve").gr_gid if group else 65534

    def __enter__(self):
        os.setegid(self.gid)
        os.seteuid(self.uid)

    def __exit__(self, *_):
        os.seteuid(0)
        os.setegid(0)


def flood(path, n, send=b""):
    """Connections that are still open, and how many were closed on us."""
    held, gone = [], 0
    for _ in range(n):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(5)
        s.connect(path)
        try:
            if send:
                s.sendall(send)
        except OSError:
            pass
        held.append(s)
    time.sleep(1)
    for s in held:
        s.setblocking(False)
        try:
            gone += s.recv(1 << 20) is not None
        except BlockingIOError:
            pass
        except OSError:
            gone += 1
    return held, gone


def close(held):
    for s in held:
        s.close()
    time.sleep(0.5)


os.setgroups([])
others_are_well()
quiet = slowest
slowest = 0.0
idle_memory = memory()

# The query socket.
denied = []
for path in (client.PATH, agent.PATH):
    with As(64999, False):
        try:
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(path)
            denied.append(path)
        except PermissionError:
            pass
with As(64999, True):
    try:
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(agent.PATH)
        denied.append(agent.PATH)
    except PermissionError:
        pass
result(not denied, "hostile: who is not in the group reaches no socket, who is does not reach the agents'", denied)

refused = count("reeve_query_clients_refused_total", why="too_many")
with As(64999, True):
    held, gone = flood(client.PATH, 1000)
others = connected()
others_are_well()
turned = count("reeve_query_clients_refused_total", why="too_many") - refused
lines = log_lines("was turned away")
result(gone == turned == 984 and others == (1, 16) and 1 <= len(lines) < 30,
       "hostile: 1,000 connections of one user: 16 are kept, root and the agents do not notice",
       [f"{gone} closed, {turned} counted, {others} connected, {len(lines)} lines"])
close(held)
silent = count("reeve_query_clients_refused_total", why="silent")
with As(64999, True):
    held, gone = flood(client.PATH, 10, client.frame(client.QUERY, b"x" * 100)[:60])
time.sleep(5.5)
others_are_well()
result(gone == 0 and count("reeve_query_clients_refused_total", why="silent") == silent + 10 and connected() == (1, 0),
       "hostile: half a frame is waited for 5 s", [f"{gone} closed on us, {connected()} connected"])
close(held)

# They ask for everything and read nothing; who comes later, and would read, takes their place.
everything = client.frame(client.QUERY, b'{"verb":"logs","all":true,"format":"json"}')
with As(64999, True):
    held = [client.connect() for _ in range(16)]
    for s in held:
        s.sendall(everything)
for _ in range(3):
    others_are_well()
grown = memory() - idle_memory
with As(64999, True):
    early = client.ask({"verb": "status"})
    told = subprocess.run(["reeve", "status"], capture_output=True, text=True).stderr
others_are_well()
time.sleep(11)
with As(64999, True):
    late = client.ask({"verb": "status"})
result(early[1] == 16 and "too many ask at the same time" in told and late[1] == 0 and grown < 16 * 1024 and count("reeve_query_clients_refused_total", why="stalled") == 1,
       f"hostile: 16 who read nothing hold {grown} KiB, and after 10 s one of their places is somebody else's",
       [f"{early} {late} {told}"])
close(held)

malformed = count("reeve_query_clients_refused_total", why="malformed")
rubbish = [os.urandom(5000).replace(b"{", b"x"), client.frame(client.QUERY, b"", length=0xffffffff), client.frame(7, b"x" * 5000),
           b"GET / HTTP/1.1\r\n\r\n" + bytes(40), b"{" * 70000, client.frame(client.QUERY, b"{}", version=9)]
with As(64999, True):
    for data in rubbish * 20:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(client.PATH)
        try:
            s.sendall(data)
            s.settimeout(5)
            while s.recv(65536):
                pass
        except ConnectionError:
            pass
        s.close()
deep = [client.ask({"verb": "ps", "all": json.loads("[" * n + "]" * n)}, way)[1] for n in (60, 900) for way in (client.frames, client.lines)]
others_are_well()
got = count("reeve_query_clients_refused_total", why="malformed") - malformed
result(got == 120 and deep == [0, 0, 7, 7], "hostile: rubbish, giant lengths and 900 deep nesting cost their own connection",
       [f"{got} counted, {deep}"])

# The agents' socket: root, but no agent.
refused = count("reeve_agents_refused_total")
before = len(log_lines("is no agent of ours"))
held, gone = flood(agent.PATH, 1000, client.frame(agent.HELLO, json.dumps(honest.meta).encode()))
others_are_well()
lines = len(log_lines("is no agent of ours")) - before
got = count("reeve_agents_refused_total") - refused
result(gone == got == 1000 and 1 <= lines < 10, "hostile: 1,000 that are no agents are refused, counted, and said in a few lines",
       [f"{gone} closed, {got} counted, {lines} lines"])
close(held)

# An agent that its container took over: it may speak for that container alone.
refused = count("reeve_agents_refused_total")
hello = client.frame(agent.HELLO, json.dumps(honest.meta).encode())
own = client.frame(agent.HELLO, json.dumps(evil.meta).encode())
tries = {"another's hello": hello, "another's hello behind its own": own + hello,
         "records before the hello": client.frame(agent.RECORDS, honest.record(honest.seq)),
         "rubbish": own + os.urandom(5000), "a giant length": own + client.frame(agent.RECORDS, b"", length=0xfffffff0),
         "counters of another size": own + client.frame(agent.STATE, bytes(9)),
         "no whole record": own + client.frame(agent.RECORDS, evil.record(0)[:100]),
         "a deep hello": client.frame(agent.HELLO, b"[" * 1000), "a long hello": client.frame(agent.HELLO, b" " * 500000)}
wrong = []
for what, data in tries.items():
    kinds = []
    with evil.inside(), evil.connect() as s:
        try:
            s.sendall(data)
            while True:
                kinds.append(evil.answer(s)[0])
        except (EOFError, ConnectionError):
            pass
    if agent.REFUSED not in kinds:
        wrong.append(f"{what}: {kinds}")
got = count("reeve_agents_refused_total") - refused
if got != len(tries):
    wrong.append(f"{got} counted of {len(tries)}")
others_are_well()
result(not wrong, f"hostile: {len(tries)} ways to speak for another, or not at all, end its own stream", wrong)

refused = count("reeve_records_refused_total")
evil.begin()
evil.send(3)
evil.send(500, generation=honest.number)
forged = json.loads(client.ask({"verb": "ledger", "id": "host-evil", "format": "json"})[0][0])
refused_streams = count("reeve_agents_refused_total")
with evil.inside():
    held, gone = flood(agent.PATH, 100)
others_are_well()
result(count("reeve_records_refused_total") - refused == 500 and forged["records_refused"] == 500 and forged["stored"] == 3 and
       gone == 97 == count("reeve_agents_refused_total") - refused_streams,
       "hostile: 500 forged records of another container are refused and counted as its own doing; it has 4 streams at most",
       [str(forged), f"{gone} closed"])
close([*held, evil.sock])
logs = client.ask({"verb": "logs", "id": "host-honest", "format": "json"})[0]
verified = client.ask({"verb": "verify", "id": "host-honest", "format": "json"})
result([json.loads(line)["seq"] for line in logs] == list(range(honest.seq)) and verified[1] == 0 and connected() == (1, 0),
       f"hostile: of the honest one all {honest.seq} records are there, each once, and verified; nothing is left open",
       [f"{len(logs)} {verified} {connected()}"])
result(slowest < 3, f"hostile: 40 records and an answer took {quiet * 1000:.0f} ms before, at most {slowest * 1000:.0f} ms meanwhile")
end()
