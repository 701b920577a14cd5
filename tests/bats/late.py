#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""late.py ID PREFIX: follows that container to its end and prints how many creations of paths with that prefix it has
seen, and after how many milliseconds the latest of them came."""
import json
import re
import subprocess
import sys
import time

follow = subprocess.Popen(["reeve", "logs", "--json", "--follow", "--kind", "create", sys.argv[1]], stdout=subprocess.PIPE)
seen, latest = 0, 0
for line in follow.stdout:
    now = time.time_ns()
    record = json.loads(line)
    if not record["path"].startswith(sys.argv[2]):
        continue
    # 2026-11-21T22:33:39.123456789Z; the guest's time is UTC
    numbers = [int(n) for n in re.split("[-T:.]", record["time"].rstrip("Z"))]
    act = int(time.mktime((*numbers[:6], 0, 0, 0))) * 10**9 + numbers[6]
    seen += 1
    latest = max(latest, (now - act) // 10**6)
    if now - act > 10**9:
        print(f"{record['path']} of {record['time']}: after {(now - act) // 10**6} ms", file=sys.stderr)
print(seen, latest)
sys.exit(follow.wait())
