# SPDX-License-Identifier: Apache-2.0
"""A client of the query socket, written from docs/protocol.md alone: nothing of reeve's own code is in it. It is what
that page says, tried. Uses nothing but Python."""
import json
import socket
import struct

HEAD = struct.Struct("<4sHHIIQQ")
QUERY, DATA, DONE = 32, 48, 49
PATH = "/run/reeve/query.sock"


class Refused(Exception):
    def __init__(self, done):
        super().__init__(f"{done['status']}: {done.get('error')}")
        self.status, self.error = done["status"], done.get("error")


def connect(timeout=60):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(timeout)
    s.connect(PATH)
    return s


def frame(kind, payload, version=1, magic=b"REVE", length=None):
    return HEAD.pack(magic, version, kind, len(payload) if length is None else length, 0, 0, 0) + payload


def exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            raise EOFError("the node closed before the end")
        data += more
    return data


def pieces(s):
    """The answer as it comes; the end is returned, or raised."""
    while True:
        magic, version, kind, length, *_ = HEAD.unpack(exactly(s, HEAD.size))
        assert (magic, version) == (b"REVE", 1) and length <= 8 << 20
        payload = exactly(s, length)
        if kind == DATA:
            yield payload
        elif kind == DONE:
            return json.loads(payload)


def lines_of(chunks):
    """Whole lines of what comes in pieces; what the chunks return, returned."""
    rest = b""
    while True:
        try:
            rest += next(chunks)
        except StopIteration as end:
            if rest:
                yield rest
            return end.value
        *whole, rest = rest.split(b"\n")
        yield from whole


def send(s, data):
    """Who is turned away is told why, whether or not he got to ask."""
    try:
        s.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def frames(question):
    """In frames: each line of the answer; raises Refused at its end."""
    with connect() as s:
        send(s, frame(QUERY, json.dumps(question).encode()))
        done = yield from lines_of(pieces(s))
    if done["status"]:
        raise Refused(done)


def lines(question):
    """The same in lines."""
    with connect() as s:
        send(s, json.dumps(question).encode() + b"\n")
        s.shutdown(socket.SHUT_WR)
        with s.makefile("rb") as f:
            for line in f:
                if line.startswith(b'{"status":'):
                    break
                yield line.removesuffix(b"\n")
            else:
                raise EOFError("the node closed before the end")
    done = json.loads(line)
    if done["status"]:
        raise Refused(done)


def ask(question, way=frames):
    """All of it: (lines, status, error)."""
    got = []
    try:
        for line in way(question):
            got.append(line)
    except Refused as r:
        return got, r.status, r.error
    return got, 0, None
