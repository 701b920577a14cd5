#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""powercut.py LOG ...: what a disk would hold after a power cut, from the log of dm-log-writes (a device or file).

powercut.py LOG cuts N SEED       N moments between the marks "begin" and "end", a line each: ENTRY OPEN PROMISED; OPEN is how
                                  many writes were under way, PROMISED the number of the last mark "stored-NUMBER"
powercut.py LOG disk ENTRY SEED IMAGE
                                  makes IMAGE, a file of the disk's size, as it may be then

What a flush has confirmed is there, and what was written through (FUA). Of the other writes any may be there or not,
or a part of one, by whole blocks: a disk has a cache, and writes from it in the order it likes. A block of 4 KiB is
written at once, as disks of today do and ext4 needs: it reads its superblock before its journal."""
import os
import random
import struct
import sys

FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
SECTOR, BLOCK = 512, 4096


class Log:
    def __init__(self, path):
        self.file = open(path, "rb")
        magic, version, self.count, self.block = struct.unpack("<QQQI", self.file.read(28))
        if magic != 0x6A736677736872 or version != 1:
            sys.exit(f"{path}: no log of dm-log-writes of version 1")

    def entries(self):
        """(sector, sectors, flags, offset of the data, mark) of each."""
        at = self.block
        for _ in range(self.count):
            self.file.seek(at)
            sector, sectors, flags, length = struct.unpack("<QQQQ", self.file.read(32))
            mark = self.file.read(length).decode() if flags & MARK else None
            at += self.block
            yield sector, sectors, flags, at, mark
            if not flags & (DISCARD | MARK):
                at += sectors * SECTOR

    def data(self, at, sectors):
        self.file.seek(at)
        return self.file.read(sectors * SECTOR)


def confirmed(entries, end):
    """The number of the last flush before end: all before it is on the disk."""
    return max((i for i in range(end) if entries[i][2] & FLUSH), default=0)


def is_write(entry):
    return entry[1] > 0 and not entry[2] & (DISCARD | MARK)


def cuts(log, n, seed):
    entries = list(log.entries())
    begin, end = (next(i for i, e in enumerate(entries) if e[4] == mark) for mark in ("begin", "end"))
    chosen = random.Random(seed).sample(range(begin + 1, end), n)
    for cut in sorted(chosen):
        under_way = sum(is_write(e) and not e[2] & FUA for e in entries[confirmed(entries, cut):cut])
        promised = max((int(e[4][7:]) for e in entries[:cut] if e[4] and e[4].startswith("stored-")), default=0)
        print(cut, under_way, promised)


def disk(log, cut, seed, image):
    entries = list(log.entries())
    safe = confirmed(entries, cut)
    chance = random.Random(f"{seed} {cut}")
    with open(image, "r+b") as out:
        for i, (sector, sectors, flags, at, _) in enumerate(entries[:cut]):
            if not is_write(entries[i]):
                continue
            data = log.data(at, sectors)
            if i > safe and not flags & FUA:
                fate = chance.choice(["there", "lost", "torn"])
                if fate == "torn":
                    data = data[:chance.randrange(len(data)) // BLOCK * BLOCK]
                elif fate == "lost":
                    continue
            out.seek(sector * SECTOR)
            out.write(data)
        out.flush()
        os.fsync(out.fileno())


def main():
    log = Log(sys.argv[1])
    if sys.argv[2] == "cuts":
        cuts(log, int(sys.argv[3]), int(sys.argv[4]))
    else:
        disk(log, int(sys.argv[3]), sys.argv[4], sys.argv[5])


main()
