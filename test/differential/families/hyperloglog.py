"""HyperLogLogs: the commands, and their values read and written as the strings they are.

Values stay byte for byte what redis-server makes of them, so GET is compared. The limit of the
sparse form is another now and then, so that short streams get to the dense form too.
"""

from . import grammar
from .grammar import Family, Pause, index, integer, other_type, value

HEADER = b"HYLL"
SPARSE_LIMITS = ["0", "16", "18", "30", "100", "600", "2047", "2100", "20000", "100000"]


KEYS = ["hll", "hll:2", "{hll}:3", "hll:4", "{hll}:5"]


def key(rng):
    """Mostly a key of this family, else one that all families use."""
    return rng.choice(KEYS) if rng.random() < 0.8 else grammar.key(rng)


def keys(rng, low, high):
    return [key(rng) for _ in range(rng.randint(low, high))]


def element(rng):
    roll = rng.random()
    if roll < 0.5:
        return "e%d" % rng.randrange(200)
    if roll < 0.95:
        return bytes(rng.choices(range(256), k=rng.randrange(40)))
    return value(rng)


def elements(rng, high=6):
    return [element(rng) for _ in range(rng.randint(0, high))]


def many(rng):
    """Enough elements to fill registers and to outgrow the sparse form."""
    low = rng.randrange(50000)
    return ["n%d" % n for n in range(low, low + rng.choice([20, 100, 400, 1500, 4000]))]


def runs(rng, total):
    """Sparse runs for so many registers, of any kind, not only those that servers write."""
    out = bytearray()
    while total > 0:
        roll = rng.random()
        if roll < 0.25:
            length = min(rng.randint(1, 4), total)
            out.append(0x80 | rng.randrange(32) << 2 | (length - 1))
        elif roll < 0.5:
            length = min(rng.randint(1, 64), total)
            out.append(length - 1)
        else:
            length = min(rng.choice([1, 2, 63, 64, 65, 100, 1000, 5000, 16384]), total)
            out += bytes([0x40 | (length - 1) >> 8, (length - 1) & 0xff])
        total -= length
    return bytes(out)


def header(rng, encoding):
    estimate = rng.choice([bytes(8), bytes(7) + b"\x80", bytes(7) + b"\x80",
                           b"\x05" + bytes(7), b"\xff" * 7 + b"\x7f", b"\xff" * 8])
    return HEADER + bytes([encoding]) + rng.choice([bytes(3), b"abc"]) + estimate


def sparse(rng):
    return header(rng, 1) + runs(rng, 16384)


def dense(rng):
    kind = rng.random()
    if kind < 0.2:
        body = rng.choice([b"\x00", b"\xff", b"\x41"]) * 12288
    elif kind < 0.6:
        body = rng.randbytes(12288)
    else:
        body = bytes(rng.choices([0, 1, 4, 16], k=12288))
    return header(rng, 0) + body


def damaged(rng):
    """What is no HyperLogLog, or one with too few or too many registers. A last run that lacks
    its second byte is left out: redis-server takes what lies behind for it."""
    return rng.choice([
        lambda: header(rng, 1),
        lambda: header(rng, 1) + runs(rng, 16383),
        lambda: header(rng, 1) + runs(rng, 16385),
        lambda: header(rng, 1) + runs(rng, rng.randint(1, 16000)),
        lambda: header(rng, 1) + runs(rng, 16384) + runs(rng, rng.randint(1, 300)),
        lambda: header(rng, 1) + b"\x7f\xff" * 9,
        lambda: header(rng, 1) + b"\x80" * 40000,
        lambda: header(rng, 0),
        lambda: header(rng, 0) + bytes(12287),
        lambda: header(rng, 0) + bytes(12289),
        lambda: header(rng, 2) + runs(rng, 16384),
        lambda: header(rng, 255) + bytes(12288),
        lambda: header(rng, 0)[:15],
        lambda: b"HYLM" + bytes(12),
        lambda: b"HYLL",
    ])()


def debug(rng):
    word = rng.choice(["ENCODING", "ENCODING", "TODENSE", "GETREG", "DECODE", "DECODE", "decode",
                       "BOGUS", ""])
    return [["PFDEBUG", word, key(rng)]]


def limited(rng):
    """Commands with another limit of the sparse form, which is put back in the same step; the
    pause keeps the step as it is."""
    out = [["CONFIG", "SET", "hll-sparse-max-bytes", rng.choice(SPARSE_LIMITS)]]
    for _ in range(rng.randint(1, 4)):
        out += rng.choice([
            lambda: [["PFADD", key(rng), *elements(rng)]],
            lambda: [["PFADD", key(rng), *many(rng)]],
            lambda: [["PFMERGE", key(rng), *keys(rng, 0, 3)]]])()
    return [*out, ["CONFIG", "SET", "hll-sparse-max-bytes", "3000"], Pause(0)]


def edited(rng):
    """A byte of the header changed: encoding, what is unused, estimate."""
    return [["SETRANGE", key(rng), str(rng.randrange(4, 16)), rng.choice(
        [b"\x00", b"\x01", b"\x02", b"\x7f", b"\x80"])]]


def watched(rng):
    """Whether counting tells those who watch."""
    name = key(rng)
    return [["WATCH", name], ["PFCOUNT", name], ["MULTI"], ["PFADD", name, element(rng)],
            ["PFCOUNT", name, key(rng)], ["EXEC"]]


FAMILY = Family("hyperloglog", [
    (22, lambda r: [["PFADD", key(r), *elements(r)]]),
    (5, lambda r: [["PFADD", key(r), *many(r)]]),
    (8, lambda r: [["PFCOUNT", key(r)]]),
    (6, lambda r: [["PFCOUNT", *keys(r, 2, 5)]]),
    (10, lambda r: [["PFMERGE", key(r), *keys(r, 0, 4)]]),
    (7, debug),
    (3, lambda r: [["SET", key(r), sparse(r)]]),
    (1, lambda r: [["SET", key(r), dense(r)]]),
    (2, lambda r: [["SET", key(r), damaged(r)]]),
    (1, lambda r: [["SET", key(r), value(r)]]),
    (8, lambda r: [["GET", key(r)]]),
    (4, lambda r: [["STRLEN", key(r)]]),
    (2, lambda r: [["OBJECT", "ENCODING", key(r)]]),
    (1, lambda r: [["APPEND", key(r), runs(r, r.randint(1, 100))]]),
    (1, lambda r: [["GETRANGE", key(r), index(r), integer(r)]]),
    (1, lambda r: [["COPY", key(r), key(r), "REPLACE"]]),
    (1, lambda r: [["RENAME", key(r), key(r)]]),
    (1, watched),
    (4, limited),
    (2, edited),
    (1, other_type),
    (4, lambda r: [["DEL", *keys(r, 1, 3)]]),
])
