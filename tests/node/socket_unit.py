# SPDX-License-Identifier: Apache-2.0
"""socket_unit.py, by check.sh with NODE=0: a socket that systemd opened and passed, as reeve-metrics.socket does: the node
serves it from a network namespace of its own, with nothing in it. Needs systemd's systemd-socket-activate."""
import os
import re
import socket
import subprocess
import sys
import time

here = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [os.path.join(here, "..")]
from policy_tap import end, result  # noqa: E402

unit = open(os.path.join(here, "../../deploy/systemd/reeve-metrics.socket")).read()
host, port = re.search(r"^ListenStream=(\S+):(\d+)$", unit, re.M).groups()
name = re.search(r"^FileDescriptorName=(\w+)$", unit, re.M)[1]
log = open(os.path.join(os.environ["NODE_WORK"], "node.log"), "w+")
manager = subprocess.Popen(["systemd-socket-activate", f"--listen={host}:{port}", f"--fdname={name}", "unshare", "--net",
                            "reeve-node"], stdout=log, stderr=log)
answer = b""
deadline = time.monotonic() + 20
while not answer and time.monotonic() < deadline:
    try:
        with socket.create_connection((host, int(port)), 10) as s:
            s.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            answer = s.makefile("rb").read()
    except OSError:
        time.sleep(0.1)
# systemd-socket-activate becomes unshare, which becomes the node.
links = open(f"/proc/{manager.pid}/net/dev").read()
log.seek(0)
said = log.read()
result(b"200 OK" in answer and b"\nreeve_build_info" in answer and "on a socket of the service manager's" in said,
       "metrics: a socket that systemd passed is served", [said, answer[:200].decode()])
result(links.count(":") == 1 and " lo:" in links and re.search(r"lo: +0 ", links), "metrics: also by a node that has no network", [links])
manager.terminate()
result(manager.wait(10) == 0, "metrics: and ends in order", [str(manager.returncode)])
end()
