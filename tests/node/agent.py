# SPDX-License-Identifier: Apache-2.0
"""An agent without a container: what stands behind it at the agents' socket is a process in an agent's cgroup, as
the node wants it, and records it makes up. Also what somebody who took over an agent can do. Uses nothing but Python."""
import atexit
import contextlib
import json
import os
import socket
import struct
import time

import client

PATH = "/run/reeve/agent.sock"
CGROUPS = os.environ.get("CGROUP2", "/sys/fs/cgroup") + "/reeve/agents"
HELLO, RECORDS, STATE, END, WELCOME, ACK, REFUSED = 1, 2, 3, 4, 16, 17, 18
EXIT, DENIED, COUNTERS = 3, 2, 154
# struct rv_head and rv_exit of bpf/abi.h
RECORD = struct.Struct("<IHHQQQQQQQQQI" + "19I16sIHBB8siIII" + "iIII")
made = []


def enter(path):
    with open(os.path.join(path, "cgroup.procs"), "w") as f:
        f.write(str(os.getpid()))


def leave():
    enter(os.path.dirname(os.path.dirname(CGROUPS)))


class Agent:
    def __init__(self, name, number, **meta):
        self.id, self.number = name, os.getpid() * 1000 + number
        self.key = f"{self.number:016x}"
        self.cgroup = os.path.join(CGROUPS, self.key)
        os.makedirs(self.cgroup, exist_ok=True)
        made.append(self.cgroup)
        self.meta = {"id": name, "name": name, "key": self.key, "cgroup_id": self.number, "generation": self.number,
                     "started_wall_ns": time.time_ns(), **meta}
        self.seq = self.position = 0
        self.sock = None

    @contextlib.contextmanager
    def inside(self):
        """The node looks where its peer is when it accepts the connection."""
        enter(self.cgroup)
        try:
            yield
        finally:
            leave()

    @staticmethod
    def connect():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(20)
        s.connect(PATH)
        return s

    def begin(self):
        with self.inside():
            self.sock = self.connect()
            self.sock.sendall(client.frame(HELLO, json.dumps(self.meta).encode()))
            kind, said = self.answer(self.sock)
        assert kind == WELCOME, said
        return self

    @staticmethod
    def answer(s):
        head = client.HEAD.unpack(client.exactly(s, client.HEAD.size))
        return head[2], client.exactly(s, head[3])

    def record(self, seq, generation=None, verdict=0):
        head = [RECORD.size, EXIT, 0, seq, 0, time.time_ns() + 37_000_000_000, generation or self.number, self.number,
                self.number, 0, 0, 0, 0] + [1] * 19
        return RECORD.pack(*head, b"made up", 0, 0, verdict, 2, bytes(8), 0, 0, 0, 0, 0, 0, 0, 0)

    def send(self, count, generation=None, verdict=0):
        """That many records more, and waits until they are stored."""
        data = b"".join(self.record(self.seq + i, generation, verdict) for i in range(count))
        self.position += len(data)
        self.sock.sendall(client.HEAD.pack(b"REVE", 1, RECORDS, len(data), 0, self.number, self.position) + data)
        if generation is None:
            self.seq += count
        while True:
            head = client.HEAD.unpack(client.exactly(self.sock, client.HEAD.size))
            client.exactly(self.sock, head[3])
            if head[2] == ACK and head[6] >= self.position:
                return

    def counters(self, lost):
        """The kernel's word: that many exits were lost so far."""
        numbers = [0] * COUNTERS
        numbers[0], numbers[1] = self.seq - 1 + lost, 1
        numbers[2 + EXIT], numbers[2 + 64 + EXIT] = self.seq - 1 + lost, lost
        self.sock.sendall(client.frame(STATE, struct.pack(f"<{COUNTERS}Q", *numbers)))


@atexit.register
def remove_all():
    leave()
    for path in made:
        os.rmdir(path)
    for path in (CGROUPS, os.path.dirname(CGROUPS)):
        try:
            os.rmdir(path)
        except OSError:  # somebody else's are in it
            break
