"""Times to live: set, changed, kept, dropped, and keys that are gone when they are up."""

from .grammar import (Family, Pause, far_milliseconds, far_seconds, integer, key, keys,
                      long_milliseconds, long_seconds,
                      some, value)

FLAGS = ["NX", "XX", "GT", "LT", "nx", "gt"]


def flags(rng):
    words = some(rng, FLAGS, 0.12)
    return words + ["BOGUS"] if rng.random() < 0.02 else words


def expire(rng):
    name, time = rng.choice([("EXPIRE", long_seconds), ("PEXPIRE", long_milliseconds),
                             ("EXPIREAT", far_seconds),
                             ("PEXPIREAT", far_milliseconds)])
    return [[name, key(rng), time(rng), *flags(rng)]]


def short_life(rng):
    """A key that dies in the pause, then what commands make of it. DISCARD, since a spoiled
    EXEC may have left a transaction open, whose commands would run after the pause."""
    doomed = key(rng)
    after = rng.choice([
        ["GET", doomed], ["EXISTS", doomed], ["TTL", doomed], ["TYPE", doomed],
        ["SETNX", doomed, "new"], ["INCR", doomed],
        ["APPEND", doomed, "x"], ["RENAME", doomed, key(rng)], ["COPY", doomed, key(rng)],
        ["PERSIST", doomed],
        ["SET", doomed, "x", "XX"], ["SET", doomed, "x", "GET"], ["DEL", doomed],
        ["EXPIRE", doomed, "1000"],
        ["MSETNX", doomed, "a", key(rng), "b"], ["GETDEL", doomed], ["SETRANGE", doomed, "2", "z"],
        ["KEYS", "*"],
        ["SET", doomed, "x", "KEEPTTL"], ["BITCOUNT", doomed], ["OBJECT", "ENCODING", doomed],
        ["MOVE", doomed, "1"]])
    return [["DISCARD"], ["SET", doomed, value(rng), "PX", "30"], Pause(0.045), after,
            ["TTL", doomed]]


FAMILY = Family("expiry", [
    (10, expire),
    (6, lambda r: [["SET", key(r), value(r)]]),
    (4, lambda r: [["SET", key(r), value(r), "PX", long_milliseconds(r)]]),
    (4, lambda r: [["TTL", key(r)]]),
    (4, lambda r: [["PTTL", key(r)]]),
    (3, lambda r: [["EXPIRETIME", key(r)]]),
    (3, lambda r: [["PEXPIRETIME", key(r)]]),
    (3, lambda r: [["PERSIST", key(r)]]),
    (2, lambda r: [["SET", key(r), value(r), "KEEPTTL"]]),
    (2, lambda r: [["GETEX", key(r), *r.choice([["PERSIST"], ["EX", long_seconds(r)],
                                                ["PXAT", far_milliseconds(r)]])]]),
    (2, lambda r: [["APPEND", key(r), "x"]]),
    (2, lambda r: [["INCRBY", key(r), integer(r)]]),
    (2, lambda r: [["RENAME", key(r), key(r)]]),
    (2, lambda r: [["COPY", key(r), key(r), "REPLACE"]]),
    (2, lambda r: [["SETBIT", key(r), "5", "1"]]),
    (2, lambda r: [["GETSET", key(r), value(r)]]),
    (2, lambda r: [["MSET", key(r), value(r), key(r), value(r)]]),
    (2, lambda r: [["DEL", *keys(r, 1, 3)]]),
    (0.25, short_life),
])
