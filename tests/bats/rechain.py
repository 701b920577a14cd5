#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rechain.py DB NUMBER: what somebody does who changed that record and knows docs/store.md, but has no key: prints
the SQL that makes every link from its own on say what is there now, heads and all. The signatures stay what they
are. The first line is a comment, that link's number. Written from the document alone. python3-minimal has no sqlite: the program is asked."""
import hashlib
import json
import struct
import subprocess
import sys


def ask(sql):
    program = ["sqlite3", "-json", "-cmd", ".timeout 60000", sys.argv[1], sql]  # the node may be closing it
    said = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(said or "[]")


def digest(event):
    path, record = bytes.fromhex(event["path"] or ""), bytes.fromhex(event["record"])
    kind, verdict = event["kind"].encode(), event["verdict"].encode()
    head = struct.pack("<qQQQQQ", event["wall_ns"], event["pid"], len(kind), len(verdict), len(path), len(record))
    return hashlib.blake2b(head + kind + verdict + path + record, digest_size=16).digest()


def main():
    changed = int(sys.argv[2])
    events = {e["seq"]: e for e in ask("SELECT seq,kind,wall_ns,verdict,pid,hex(path) AS path,hex(record) AS record FROM events")}
    links = ask("SELECT link,wall_ns,records,hex(key) AS key,hex(next) AS next,hex(entries) AS entries FROM chain ORDER BY link")
    first = next(l["link"] for l in links if struct.pack("<BQ", 8, changed) in bytes.fromhex(l["entries"]))
    previous = bytes(32)
    print(f"-- {first}\nBEGIN;")
    for link in links:
        old = bytes.fromhex(link["entries"])
        entries = b""
        for at in range(0, len(old), 25):
            kind, number = struct.unpack_from("<BQ", old, at)
            if kind == 8 and number in events:
                entries += old[at:at + 9] + digest(events[number])
            else:
                entries += old[at:at + 25]
        # What was not touched comes out as it was: the document is right.
        if link["link"] < first and entries != old:
            sys.exit(f"link {link['link']}: the entries are {old.hex()}, by the document {entries.hex()}")
        if link["link"] >= first:
            print(f"UPDATE chain SET entries=x'{entries.hex()}',previous=x'{previous.hex()}' WHERE link={link['link']};")
        head = b"reeve chain, link 1\0" + struct.pack("<QqQQ", link["link"], link["wall_ns"], link["records"], len(entries))
        head += bytes.fromhex(link["key"]) + bytes.fromhex(link["next"]) + previous + entries
        previous = hashlib.sha256(head).digest()
    print("COMMIT;")


main()
