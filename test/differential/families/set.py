"""The set commands. What is random is asked for where only one answer is right, or its shape
alone is compared, so that both servers hold the same data."""

from .grammar import (Family, Pause, integer, key, keys, long_seconds, other_type, page_size, some,
                      value)

NUMBERS = ["0", "1", "-1", "7", "32767", "32768", "-32769", "2147483647", "2147483648",
           "-2147483649", "9223372036854775807", "-9223372036854775808"]
ALMOST_NUMBERS = ["01", "+1", "-0", " 1", "1.0", "9223372036854775808", ""]
PATTERNS = ["*", "a*", "?", "[0-9]*", "", "m1*"]


def member(rng):
    roll = rng.random()
    if roll < 0.5:
        return str(rng.randint(-5, 20))
    if roll < 0.6:
        return rng.choice(NUMBERS)
    if roll < 0.65:
        return rng.choice(ALMOST_NUMBERS)
    if roll < 0.85:
        return rng.choice("abcdefgh")
    return value(rng)


def members(rng, low=1, high=6):
    return [member(rng) for _ in range(rng.randint(low, high))]


def many(rng):
    """Enough members to leave a small form, or nearly."""
    prefix = rng.choice(["", "", "m"])
    start = rng.randint(0, 300)
    return [prefix + str(i) for i in range(start, start + rng.choice([100, 128, 129, 200]))]


def store(rng, name):
    return [[name, key(rng), *keys(rng, 1, 4)]]


def limit(rng):
    return ["LIMIT", integer(rng)] if rng.random() < 0.4 else []


def sintercard(rng):
    names = keys(rng, 1, 4)
    count = str(len(names)) if rng.random() < 0.85 else integer(rng)
    return [["SINTERCARD", count, *names, *limit(rng)]]


def pop(rng):
    """All there is, nothing, or the only member. The pause of nothing keeps the words as they
    are: with one more or less, the choice would be free."""
    name = key(rng)
    roll = rng.random()
    if roll < 0.4:
        pops = [["SPOP", name, rng.choice(["1000", "9223372036854775807"])]]
    elif roll < 0.6:
        pops = [["SPOP", name, rng.choice(["0", "-1", "x", "9223372036854775808"])]]
    else:
        pops = [["DEL", name], ["SADD", name, member(rng)], ["SPOP", name], ["SPOP", name]]
    return [*pops, Pause(0)]


def random_count(rng):
    return rng.choice(["0", "1", "3", "100", "1000", "9223372036854775807", "-1", "-3", "-40",
                       "-9223372036854775808", "x", ""])


def scan_options(rng):
    words = []
    if rng.random() < 0.4:
        words += ["MATCH", rng.choice(PATTERNS)]
    if rng.random() < 0.05:
        words += ["COUNT", rng.choice(["0", "-1", "x"])]
    if rng.random() < 0.03:
        words += [rng.choice(["BOGUS", "COUNT", "TYPE"])]
    return words


FAMILY = Family("set", [
    (16, lambda r: [["SADD", key(r), *members(r)]]),
    (3, lambda r: [["SADD", key(r), *many(r)]]),
    (9, lambda r: [["SREM", key(r), *members(r)]]),
    (1, lambda r: [["SREM", key(r), *many(r)]]),
    (4, lambda r: [["SCARD", key(r)]]),
    (5, lambda r: [["SISMEMBER", key(r), member(r)]]),
    (4, lambda r: [["SMISMEMBER", key(r), *members(r)]]),
    (5, lambda r: [["SMEMBERS", key(r)]]),
    (7, lambda r: [["SMOVE", key(r), key(r), member(r)]]),
    (4, pop),
    (4, lambda r: [["SRANDMEMBER", key(r), *some(r, [random_count(r)], 0.7)]]),
    (5, lambda r: [["SINTER", *keys(r)]]),
    (5, lambda r: [["SUNION", *keys(r)]]),
    (5, lambda r: [["SDIFF", *keys(r)]]),
    (4, lambda r: store(r, "SINTERSTORE")),
    (4, lambda r: store(r, "SUNIONSTORE")),
    (4, lambda r: store(r, "SDIFFSTORE")),
    (5, sintercard),
    (3, lambda r: [["SSCAN", key(r), "0", *scan_options(r), "COUNT", page_size(r)]]),
    (1, lambda r: [["SSCAN", key(r), r.choice(["x", "", "-1x", "1.5"]), *scan_options(r)]]),
    (3, lambda r: [["OBJECT", "ENCODING", key(r)]]),
    (2, lambda r: [["COPY", key(r), key(r), *some(r, ["REPLACE"], 0.5)]]),
    (2, lambda r: [["RENAME", key(r), key(r)]]),
    (1, lambda r: [["EXPIRE", key(r), long_seconds(r)]]),
    (1, lambda r: [["DEBUG", "DIGEST"]]),
    (1, lambda r: [["SET", key(r), value(r)]]),
    (1, other_type),
    (3, lambda r: [["DEL", *keys(r, 1, 2)]]),
])
