"""Commands on keys of any type, and on whole databases."""

from . import geo, hyperloglog, zset
from .grammar import (DATABASES, JUNK, KEYS, Family, key, keys, integer, long_seconds, other_type,
                      page_size, some, value)

PATTERNS = ["*", "k*", "k?", "k[0-3]", "k[^0-3]", "[a-z]*", "\\*", "", "{t}*", "*:*", "k[3-0]", "[",
            "k[0", "user:\\1", "**1"]
# What any family calls a key: EXISTS of them all meets the dead ones, so that DBSIZE is exact.
EVERY_KEY = list(dict.fromkeys([*KEYS, *JUNK, *zset.LEX_KEYS, *geo.KEYS, geo.DISTANCES,
                                *hyperloglog.KEYS]))
TYPES = ["string", "list", "set", "hash", "zset", "stream", "STRING", "none"]


def database(rng):
    if rng.random() < 0.85:
        return str(rng.choice([0, 0, 1, 2, 15]))
    return rng.choice([str(DATABASES), "-1", "x", "", "9223372036854775807", "1.0"])


def copy(rng):
    words = ["COPY", key(rng), key(rng)]
    words += some(rng, ["REPLACE"], 0.4)
    if rng.random() < 0.3:
        words += ["DB", database(rng)]
    if rng.random() < 0.03:
        words += [rng.choice(["BOGUS", "DB"])]
    return [words]


def scan(rng):
    """A walk, which the differ goes to its end, or one that is an error."""
    words = ["SCAN", "0", "COUNT", page_size(rng)]
    if rng.random() < 0.5:
        words += ["MATCH", rng.choice(PATTERNS)]
    if rng.random() < 0.3:
        words += ["TYPE", rng.choice(TYPES[:-1])]
    if rng.random() < 0.15:
        words = ["SCAN", rng.choice(["x", "", "-1x", "1.5"])]
    elif rng.random() < 0.1:
        words = ["SCAN", "0", "COUNT", rng.choice(["0", "-1", "x", ""])]
    return [words]


def in_another_database(rng):
    inside = [rng.choice([["SET", key(rng), value(rng)], ["GET", key(rng)], ["DBSIZE"],
                          ["KEYS", "*"], ["MOVE", key(rng), "0"],
                          ["DEL", key(rng)]]) for _ in range(rng.randint(1, 3))]
    return [["SELECT", database(rng)], *inside, ["SELECT", "0"]]


FAMILY = Family("generic", [
    (8, lambda r: [["SET", key(r), value(r)]]),
    (3, lambda r: [["SET", key(r), value(r), "EX", long_seconds(r)]]),
    (5, lambda r: [["DEL", *keys(r)]]),
    (4, lambda r: [["UNLINK", *keys(r)]]),
    (4, lambda r: [["EXISTS", *keys(r)]]),
    (2, lambda r: [["TOUCH", *keys(r)]]),
    (4, lambda r: [["TYPE", key(r)]]),
    (8, copy),
    (7, lambda r: [["RENAME", key(r), key(r)]]),
    (6, lambda r: [["RENAMENX", key(r), key(r)]]),
    (4, lambda r: [["MOVE", key(r), database(r)]]),
    (4, in_another_database),
    (3, lambda r: [["KEYS", r.choice(PATTERNS)]]),
    (4, scan),
    (2, lambda r: [["RANDOMKEY"]]),
    (3, lambda r: [["EXISTS", *EVERY_KEY], ["DBSIZE"]]),
    (1, lambda r: [["EXISTS", *EVERY_KEY], ["DEBUG", "DIGEST"]]),
    (3, lambda r: [["OBJECT", r.choice(["ENCODING", "REFCOUNT", "BOGUS", "FREQ"]), key(r)]]),
    (4, lambda r: [["MGET", *keys(r)]]),
    (2, lambda r: [["SWAPDB", database(r), database(r)]]),
    (1, lambda r: [["FLUSHDB", *some(r, ["ASYNC", "SYNC", "BOGUS"], 0.2)]]),
    (0.3, lambda r: [["FLUSHALL", *some(r, ["ASYNC", "SYNC", "BOGUS"], 0.2)]]),
    (2, lambda r: [["PING", *some(r, ["hello", "there"], 0.3)], ["ECHO", value(r)]]),
    (1, lambda r: [[r.choice(["NOSUCH", "GETT", "SET\r\n", "x" * 200]), *keys(r, 0, 3)]]),
    (1, lambda r: [["COMMAND", "GETKEYS",
                    r.choice(["GET", "MSET", "DEL", "PING", "NOSUCH", "BITOP"]), *keys(r, 2, 5)]]),
    (1, lambda r: [["MEMORY", "USAGE", "no-such-key", *some(r, ["SAMPLES"], 0.5), integer(r)]]),
    (2, other_type),
])
