"""The string commands."""

from .grammar import (Family, expiry_option, index, integer, key, keys, long_milliseconds,
                      long_seconds, other_type,
                      real, some, value)


def set_options(rng):
    words = some(rng, ["NX", "XX", "GET", "KEEPTTL"], 0.2)
    if rng.random() < 0.35:
        words += expiry_option(rng)
    if rng.random() < 0.03:
        words += expiry_option(rng)
    if rng.random() < 0.02:
        words.append(rng.choice(["BOGUS", "EX", "PXAT", "PERSIST"]))
    return [w.lower() if rng.random() < 0.1 else w for w in words]


def pairs(rng):
    return [x for _ in range(rng.randint(1, 5)) for x in (key(rng), value(rng))]


def getex_options(rng):
    roll = rng.random()
    if roll < 0.3:
        return []
    if roll < 0.5:
        return ["PERSIST"]
    if roll < 0.95:
        return expiry_option(rng)
    return ["PERSIST", *expiry_option(rng)]


def lcs_options(rng):
    words = some(rng, ["LEN", "IDX", "WITHMATCHLEN"], 0.4)
    if rng.random() < 0.3:
        words += ["MINMATCHLEN", integer(rng)]
    return words


def short_text(rng):
    return "".join(rng.choices("abc", k=rng.randint(0, 30)))


FAMILY = Family("string", [
    (14, lambda r: [["SET", key(r), value(r), *set_options(r)]]),
    (8, lambda r: [["GET", key(r)]]),
    (5, lambda r: [["APPEND", key(r), value(r)]]),
    (3, lambda r: [["INCR", key(r)]]),
    (3, lambda r: [["DECR", key(r)]]),
    (5, lambda r: [["INCRBY", key(r), integer(r)]]),
    (5, lambda r: [["DECRBY", key(r), integer(r)]]),
    (6, lambda r: [["INCRBYFLOAT", key(r), real(r)]]),
    (3, lambda r: [["GETDEL", key(r)]]),
    (4, lambda r: [["GETEX", key(r), *getex_options(r)]]),
    (4, lambda r: [["GETRANGE", key(r), index(r), index(r)]]),
    (1, lambda r: [["SUBSTR", key(r), index(r), index(r)]]),
    (3, lambda r: [["GETSET", key(r), value(r)]]),
    (4, lambda r: [["MGET", *keys(r)]]),
    (4, lambda r: [["MSET", *pairs(r)]]),
    (4, lambda r: [["MSETNX", *pairs(r)]]),
    (2, lambda r: [["PSETEX", key(r), long_milliseconds(r), value(r)]]),
    (2, lambda r: [["SETEX", key(r), long_seconds(r), value(r)]]),
    (3, lambda r: [["SETNX", key(r), value(r)]]),
    (5, lambda r: [["SETRANGE", key(r), index(r), value(r)]]),
    (4, lambda r: [["STRLEN", key(r)]]),
    (2, lambda r: [["LCS", key(r), key(r), *lcs_options(r)]]),
    (2, lambda r: [["MSET", "k0", short_text(r), "k1", short_text(r)],
                   ["LCS", "k0", "k1", *lcs_options(r)]]),
    (2, lambda r: [["INCRBYFLOAT", "k5", real(r)], ["INCRBY", "k5", integer(r)], ["GET", "k5"]]),
    (2, other_type),
    (4, lambda r: [["DEL", *keys(r, 1, 3)]]),
    (2, lambda r: [["OBJECT", "ENCODING", key(r)]]),
])
