# SPDX-License-Identifier: Apache-2.0
"""many.py, by tests/node/check.sh: what CONTAINERS (500) at once cost the node, each with RATE (10) records a second for
SECONDS (20). Their agents are made up (tests/node/agent.py); no kernel program takes part. Prints the node's own
metrics before, while they come, and behind it; status 1 if a record was not stored."""
import os
import re
import selectors
import subprocess
import sys
import time

here = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(here, "../node")]
import agent  # noqa: E402
import client  # noqa: E402

count, rate, seconds = (int(os.environ.get(name, n)) for name, n in (("CONTAINERS", 500), ("RATE", 10), ("SECONDS", 20)))


def look():
    time.sleep(1.1)  # the text is made anew once a second
    text = subprocess.run(["reeve", "metrics"], capture_output=True, text=True, check=True).stdout
    now = {m[1]: float(m[2]) for m in re.finditer(r"^(\w+(?:\{.*\})?) ([\d.]+)$", text, re.M)}
    now["peak"] = int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{os.environ['NODE_PID']}/status").read())[1])
    now["at"] = time.monotonic()
    return now


def tell(what, a, b=None):
    b = b or a
    s = b["at"] - a["at"]
    stored = sum(b[k] - a[k] for k in b if k.startswith("reeve_records_stored_total"))
    rates = "" if a is b else (f"  {stored / s:8.0f} {(b['reeve_store_commit_seconds_count'] - a['reeve_store_commit_seconds_count']) / s:8.0f} "
                               f"{(b['reeve_store_syncs_total'] - a['reeve_store_syncs_total']) / s:8.0f} "
                               f"{100 * (b['process_cpu_seconds_total'] - a['process_cpu_seconds_total']) / s:6.0f}")
    print(f"{what:22} {b['process_resident_memory_bytes'] / 1024:10.0f} {b['process_open_fds']:6.0f} {b['reeve_stores_open']:6.0f}{rates}")


print(f"{count} containers, {rate} records a second each, for {seconds} s")
print(f"{'':22} {'memory KiB':>10} {'files':>6} {'stores':>6}  {'records/s':>8} {'commits/s':>8} {'fsyncs/s':>8} {'cpu %':>6}")
tell("nobody", look())
began = time.monotonic()
agents = [agent.Agent(f"many-{i}", i).begin() for i in range(count)]
for a in agents:
    a.send(1)
connected = time.monotonic() - began
start = look()
tell(f"{count} agents, idle", start)
waits, sent, batches = [], {}, 0
with selectors.DefaultSelector() as ready:
    for a in agents:
        ready.register(a.sock, selectors.EVENT_READ, a)
    began = time.monotonic()
    due = [began + i / count * (1 / rate) for i in range(count)]
    left = [rate * seconds] * count
    while any(left) or sent:
        now = time.monotonic()
        for i, a in enumerate(agents):
            if left[i] and due[i] <= now and a not in sent:
                # Those that fell due while it waited come together, as from a ring.
                n = min(left[i], 1 + int((now - due[i]) * rate))
                data = b"".join(a.record(a.seq + k) for k in range(n))
                a.seq, a.position, left[i], due[i] = a.seq + n, a.position + len(data), left[i] - n, due[i] + n / rate
                a.sock.sendall(client.HEAD.pack(b"REVE", 1, agent.RECORDS, len(data), 0, a.number, a.position) + data)
                sent[a] = now
        for key, _ in ready.select(0.005):
            a = key.data
            kind, _ = a.answer(a.sock)
            if kind == agent.ACK and a in sent:
                waits.append(time.monotonic() - sent.pop(a))
took = time.monotonic() - began
stop = look()
tell("while they come", start, stop)
waits.sort()
print(f"connected in {connected:.1f} s; sent in {took:.1f} s; acknowledged after {1000 * waits[len(waits) // 2]:.0f} ms (median), "
      f"{1000 * waits[len(waits) * 99 // 100]:.0f} ms (99 of 100), {1000 * waits[-1]:.0f} ms (all); peak memory {stop['peak']} KiB")
stored = stop['reeve_records_stored_total{kind="exit"}'] - 0
want = sum(a.seq for a in agents)
for a in agents:
    a.sock.close()
time.sleep(1)
tell("they are gone", look())
if stored != want:
    sys.exit(f"many: {stored:.0f} records stored of {want}")
