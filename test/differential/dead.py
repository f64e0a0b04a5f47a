"""Which keys may have died without anybody having met them.

Such a key still counts for DBSIZE and the digest on one server and no longer on the other. While
there is none, both are compared exactly.
"""

import collections
import time

from harness.resp import Error

SECONDS = {b"SETEX": 1, b"EXPIRE": 1, b"EX": 1, b"EXPIREAT": 1, b"EXAT": 1}
RELATIVE = {b"SETEX", b"PSETEX", b"EXPIRE", b"PEXPIRE", b"EX", b"PX"}
TIMED = {b"SETEX", b"PSETEX", b"EXPIRE", b"PEXPIRE", b"EXPIREAT", b"PEXPIREAT"}
OPTIONS = {b"EX", b"PX", b"EXAT", b"PXAT"}
LONG_SECONDS = 600  # no round lasts that long


def lifetimes(words, now):
    """The times to live that a command gives, in seconds; words that are no numbers give none."""
    name = words[0].upper()
    if name in TIMED:
        found = [(name, words[2:3])]
    elif name in (b"SET", b"GETEX"):
        found = [(word.upper(), words[i + 1:i + 2]) for i, word in enumerate(words)
                 if i > 1 and word.upper() in OPTIONS]
    else:
        return []
    lives = []
    for unit, number in found:
        try:
            seconds = int(number[0]) * SECONDS.get(unit, 0.001)
        except (IndexError, ValueError):
            continue
        lives.append(seconds if unit in RELATIVE else seconds - now)
    return lives


class DeadKeys:
    """Follows what the connections do; `keys` holds (database, name)."""

    def __init__(self):
        self.database = collections.defaultdict(int)
        self.keys = set()

    def saw(self, connection, words, reply):
        """A command was executed with that reply."""
        if isinstance(reply, Error) or reply == "QUEUED":
            return
        name = words[0].upper()
        if name == b"SELECT":
            self.database[connection] = int(words[1])
        elif name == b"RESET":
            self.database[connection] = 0
        elif name == b"SWAPDB":
            places = {int(words[1]): int(words[2]), int(words[2]): int(words[1])}
            self.keys = {(places.get(db, db), key) for db, key in self.keys}
        elif name == b"FLUSHALL":
            self.keys.clear()
        elif name == b"FLUSHDB":
            self.keys = {each for each in self.keys if each[0] != self.database[connection]}
        elif name == b"EXISTS":  # both servers have met these
            self.keys -= {(self.database[connection], key) for key in words[1:]}
        elif any(life < LONG_SECONDS for life in lifetimes(words, time.time())):
            self.keys.add((self.database[connection], words[1]))
