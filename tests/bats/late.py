#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""late.py ID PREFIX: follows that container to its end and prints how many creations of paths with that prefix
it has seen, from the first on that came within a second (then `on` goes to stderr), and after how many
milliseconds the latest of them came; each that came later than a second, to stderr. A processor that is busy must
not make this program the late one: it does little for a line."""
import subprocess
import sys
import time

follow = subprocess.Popen(["reeve", "logs", "--json", "--follow", "--kind", "create", sys.argv[1]], stdout=subprocess.PIPE)
path = f'"path":"{sys.argv[2]}'.encode()
seen, latest, day, midnight = 0, 0, b"", 0
late = []
on = False
for line in follow.stdout:
    now = time.time_ns()
    if path not in line:
        continue
    # 2026-11-21T22:33:39.123456789Z; the guest's time is UTC
    at = line.index(b'"time":"') + 8
    if line[at:at + 10] != day:
        day = line[at:at + 10]
        midnight = int(time.mktime(time.strptime(day.decode(), "%Y-%m-%d")))
    clock = line[at + 11:at + 29]
    act = (midnight + int(clock[:2]) * 3600 + int(clock[3:5]) * 60 + int(clock[6:8])) * 10**9 + int(clock[9:])
    # What was before it began is late by its own doing.
    if not on and now - act > 10**9:
        continue
    if not on:
        on = True
        print("on", file=sys.stderr, flush=True)
    seen += 1
    latest = max(latest, now - act)
    if now - act > 10**9:
        late.append(f"{clock.decode()}: after {(now - act) // 10**6} ms")
print(seen, latest // 10**6)
print(*late, sep="\n", file=sys.stderr)
sys.exit(follow.wait())
