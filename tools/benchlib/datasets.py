"""The keys a benchmark works on, and how they get into a server quickly.

A key is a four-byte prefix and a twelve-digit number: sixteen bytes. Numbers start at
FIRST_KEY[generator], because memtier_benchmark does not pad numbers with zeros while
redis-benchmark always does: either way every key has the same length.
"""

import dataclasses

from benchlib.resp import Client

FIRST_KEY = {"memtier": 100_000_000_000, "redis-benchmark": 0}

# Commands sent before their replies are read; small enough that replies never fill a socket.
BLOCK = 1000
IN_FLIGHT_BLOCKS = 4


@dataclasses.dataclass(frozen=True)
class DataSet:
    """What one prefix holds. value_bytes 0 means a ten-digit integer below 2^31.

    share: the number of keys as a fraction of the profile's (1.0: all of them).
    """

    prefix: str
    value_bytes: int
    share: float = 1.0
    expire_s: int = 0

    def key_count(self, keys):
        return max(BLOCK, int(keys * self.share) // BLOCK * BLOCK)


STRINGS = DataSet("key:", 32)
COUNTERS = DataSet("ctr:", 0)
KILOBYTES = DataSet("kib:", 1024, share=0.1)
BIG = DataSet("big:", 16384, share=0.01)
EXPIRING = DataSet("key:", 32, expire_s=3600)


def set_block(data_set, first_key, block):
    """SET commands of `block` consecutive keys, their numbers' upper digits left as a mark.

    Returns (template, mark): replacing the mark by the digits of (index // block) yields the
    commands for the keys index .. index + block - 1, which is far cheaper than formatting each.
    """
    low_digits = len(str(block)) - 1
    assert block == 10**low_digits, "a block is a power of ten"
    mark = b"#" * (9 - low_digits)
    head = b"%03d" % (first_key // 10**9)
    commands = []
    for low in range(block):
        number = mark + b"%0*d" % (low_digits, low)
        key = data_set.prefix.encode() + head + number
        if data_set.value_bytes == 0:
            value = b"1" + number
        else:
            value = b"v" * (data_set.value_bytes - len(number)) + number
        fields = [b"SET", key, value]
        if data_set.expire_s:
            fields += [b"EX", b"%d" % data_set.expire_s]
        commands.append(b"*%d\r\n" % len(fields))
        commands += [b"$%d\r\n%s\r\n" % (len(field), field) for field in fields]
    return b"".join(commands), mark


def prefill(port, data_set, keys, first_key, start=0, block=BLOCK, in_flight=IN_FLIGHT_BLOCKS):
    """Sets the keys start .. keys - 1 of the data set, in order. Raises if a reply is not OK."""
    template, mark = set_block(data_set, first_key, block)
    good = b"+OK\r\n" * block
    with Client(port) as client:
        waiting = 0
        for index in range(start, keys, block):
            client.socket.sendall(template.replace(mark, b"%0*d" % (len(mark), index // block)))
            waiting += 1
            if waiting == in_flight or index + block >= keys:
                answer = client.reader.read(len(good) * waiting)
                if answer != good * waiting:
                    bad = next((s for s in answer.split(b"\r\n") if s != b"+OK"), b"")
                    raise RuntimeError(f"prefill failed: {bad[:200]!r}")
                waiting = 0
