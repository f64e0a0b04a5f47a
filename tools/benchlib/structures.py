"""Hashes, sets, sorted sets, lists and streams, and how they get into a server quickly.

A structure is made of numbered commands. As in datasets.py, a block of them is formatted once
and only the upper digits of the numbers are put in again.
"""

import dataclasses
import typing

from benchlib.resp import Client, ServerError, encode

BLOCK = 1000
IN_FLIGHT_BLOCKS = 4


@dataclasses.dataclass(frozen=True)
class Structure:
    """words: from a number's digits to a command. share: the number of commands as a fraction of
    those asked for. elements: how many a command adds. needs: commands the server must have."""

    name: str
    words: typing.Callable
    share: float = 1.0
    elements: int = 1
    digits: int = 9
    setup: tuple = ()
    needs: tuple = ()

    def commands(self, count):
        return max(BLOCK, int(count * self.share) // BLOCK * BLOCK)


def block_of(structure, block):
    """(bytes of so many commands, the mark in them that stands for the upper digits)."""
    low_digits = len(str(block)) - 1
    assert block == 10**low_digits, "a block is a power of ten"
    mark = b"#" * (structure.digits - low_digits)
    commands = [encode(*structure.words(mark + b"%0*d" % (low_digits, low)))
                for low in range(block)]
    return b"".join(commands), mark


def fill(port, structure, commands, start=0, block=BLOCK, in_flight=IN_FLIGHT_BLOCKS):
    """Sends the commands start .. commands - 1. Raises if one of them is answered by an error."""
    template, mark = block_of(structure, block)
    with Client(port) as client:
        for words in structure.setup:
            client.command(*words)
        waiting = 0
        for index in range(start, commands, block):
            client.socket.sendall(template.replace(mark, b"%0*d" % (len(mark), index // block)))
            waiting += 1
            if waiting == in_flight or index + block >= commands:
                for _ in range(block * waiting):
                    read_line(client)
                waiting = 0


def read_line(client):
    """One reply that is a line, or a bulk string."""
    line = client.reader.readline()
    if line[:1] == b"$":
        client.reader.readline()
    elif line[:1] not in (b":", b"+"):
        raise ServerError(line.decode(errors="replace").strip() or "the connection was closed")


def knows(client, command):
    try:
        return client.command("COMMAND", "INFO", command)[0] is not None
    except ServerError:
        return False


def lacking(port, commands):
    """Those of the commands that a server does not have."""
    with Client(port) as client:
        return [command for command in commands if not knows(client, command)]


def pairs_of_ten(name, number):
    return [word for i in range(10) for word in (b"f%d" % i, b"value-" + number)]


# --- what workloads and measurements are made on ----------------------------------------------

VALUE = b"v" * 16
BIG = {structure.name: structure for structure in (
    Structure("hash", lambda n: [b"HSET", b"hash", n, b"value#v" + n], digits=9),
    Structure("set", lambda n: [b"SADD", b"set", b"member:" + n]),
    Structure("zset", lambda n: [b"ZADD", b"zset", n, b"member:" + n]),
)}

# Elements as benchmarks name them: twelve digits, as redis-benchmark writes its numbers.
BOARD = Structure("board", lambda n: [b"ZADD", b"board", n, b"member:" + n], digits=12)
LARGE_SET = Structure("set", lambda n: [b"SADD", b"set", b"member:" + n], digits=12)
LARGE_HASH = Structure("hash", lambda n: [b"HSET", b"hash", b"field:" + n, VALUE], digits=12)
USERS = Structure("users", lambda n: [b"HSET", b"user:" + n, *pairs_of_ten(b"user", n)],
                  share=0.1, elements=10, digits=12)
QUEUE = Structure("queue", lambda n: [b"RPUSH", b"queue", b"job:" + n], share=0.01, digits=12)
HUNDRED = Structure("hundred", lambda n: [b"HSET", b"hundred", b"f" + n[-2:], VALUE], share=0.001,
                    digits=12)
STREAM = Structure("stream", lambda n: [b"XADD", b"stream", b"1" + n + b"-1", b"field", VALUE],
                   digits=12, needs=("xadd",))
GROUPED = Structure("grouped", lambda n: [b"XADD", b"grouped", b"1" + n + b"-1", b"field", VALUE],
                    share=0.1, digits=12, needs=("xgroup", "xadd"),
                    setup=(("XGROUP", "CREATE", "grouped", "group", "0", "MKSTREAM"),))
SET_A = Structure("sets", lambda n: [b"SADD", b"a", b"member:" + n], share=0.1, digits=12)
SET_B = Structure("sets", lambda n: [b"SADD", b"b", b"member:" + (n if n[-2:] == b"00" else
                                                               b"x" + n)], share=0.1, digits=12)
ZSET_A = Structure("zsets", lambda n: [b"ZADD", b"za", n, b"member:" + n], share=0.1, digits=12)
ZSET_B = Structure("zsets", lambda n: [b"ZADD", b"zb", n, b"member:" + n[:-1] + b"x"], share=0.1,
                   digits=12)
NUMBERS = Structure("numbers", lambda n: [b"RPUSH", b"numbers", n[::-1]], share=0.1, digits=12)

# For memory: the elements of one big key, then those of many small ones.
MEMORY = {structure.name: structure for structure in (
    Structure("hash of a million", lambda n: [b"HSET", b"hash", n, b"v" * 10 + n], digits=6),
    Structure("set of a million", lambda n: [b"SADD", b"set", b"member:" + n]),
    Structure("sorted set of a million", lambda n: [b"ZADD", b"zset", n, b"member:" + n]),
    Structure("hashes of 10", lambda n: [b"HSET", b"h:" + n, *pairs_of_ten(b"h", n)], share=0.1,
              elements=10),
    Structure("sets of 10", lambda n: [b"SADD", b"s:" + n, *(b"m%d:%b" % (i, n)
                                                            for i in range(10))],
              share=0.1, elements=10),
    Structure("sorted sets of 10",
              lambda n: [b"ZADD", b"z:" + n, *(w for i in range(10)
                                               for w in (b"%d" % i, b"m%d:%b" % (i, n)))],
              share=0.1, elements=10),
    Structure("lists of 10", lambda n: [b"RPUSH", b"l:" + n, *(b"e%d:%b" % (i, n)
                                                              for i in range(10))],
              share=0.1, elements=10),
    Structure("sets of 10 integers", lambda n: [b"SADD", b"i:" + n, *(b"%d" % (i * 1000)
                                                                     for i in range(10))],
              share=0.1, elements=10),
)}
