"""The hash commands. Values of 64 and 65 bytes and hashes of 512 and 513 fields are the limits of
the small form."""

from .grammar import Family, integer, key, keys, other_type, page_size, real, some, value

FIELDS = ["f%d" % i for i in range(10)] + ["", "1", "-7", "007", "9223372036854775807", "\x00\xff",
                                           "long " * 13, "longer " * 50]
PATTERNS = ["*", "f*", "f?", "f[0-4]", "[^f]*", "", "long*", "*7", "[", "\\*"]


def field(rng):
    return rng.choice(FIELDS)


def fields(rng, low=1, high=5):
    return [field(rng) for _ in range(rng.randint(low, high))]


def short(rng):
    """Mostly a value of the small form."""
    return value(rng) if rng.random() < 0.3 else rng.choice(["", "v", "12", "-3", "1.5", "a" * 64])


def pairs(rng):
    return [x for _ in range(rng.randint(1, 5)) for x in (field(rng), short(rng))]


def many(rng):
    """Up to the number where a hash turns large, in two commands, and down again now and then."""
    name, count = key(rng), rng.choice([510, 511, 512, 513, 700])
    numbered = ["n%d" % i for i in range(count)]
    half = [x for f in numbered[:300] for x in (f, "v" + f)]
    rest = [x for f in numbered[300:] for x in (f, f)]
    step = [["DEL", name], ["HSET", name, *half], ["HMSET", name, *rest],
            ["OBJECT", "ENCODING", name], ["HLEN", name]]
    if rng.random() < 0.5:
        step += [["HDEL", name, *numbered[:rng.choice([400, 509, count])]],
                 ["OBJECT", "ENCODING", name], ["HGETALL", name]]
    return step


def scan(rng):
    """A walk, which the differ goes to its end, or one that is an error."""
    words = ["HSCAN", key(rng), "0", "COUNT", page_size(rng)]
    if rng.random() < 0.5:
        words += ["MATCH", rng.choice(PATTERNS)]
    if rng.random() < 0.1:
        words += [rng.choice(["TYPE", "BOGUS", "COUNT"]), *some(rng, ["hash", "0"])]
    elif rng.random() < 0.1:
        words[2] = rng.choice(["x", "", "-1x", "1.5"])
    return [words]


def random_fields(rng):
    words = ["HRANDFIELD", key(rng)]
    if rng.random() < 0.8:
        words.append(rng.choice(["0", "1", "-1", "2", "-3", "5", "30", "-30", "1000000",
                                 "9223372036854775807", "-9223372036854775808", "x", "1.5"]))
        words += some(rng, ["WITHVALUES"], 0.4) + some(rng, ["withvalues", "BOGUS"], 0.03)
    return [words]


FAMILY = Family("hash", [
    (14, lambda r: [["HSET", key(r), *pairs(r)]]),
    (4, lambda r: [["HMSET", key(r), *pairs(r)]]),
    (5, lambda r: [["HSETNX", key(r), field(r), short(r)]]),
    (6, lambda r: [["HGET", key(r), field(r)]]),
    (5, lambda r: [["HMGET", key(r), *fields(r)]]),
    (8, lambda r: [["HDEL", key(r), *fields(r)]]),
    (3, lambda r: [["HLEN", key(r)]]),
    (3, lambda r: [["HEXISTS", key(r), field(r)]]),
    (3, lambda r: [["HSTRLEN", key(r), field(r)]]),
    (3, lambda r: [["HKEYS", key(r)]]),
    (3, lambda r: [["HVALS", key(r)]]),
    (4, lambda r: [["HGETALL", key(r)]]),
    (7, lambda r: [["HINCRBY", key(r), field(r), integer(r)]]),
    (7, lambda r: [["HINCRBYFLOAT", key(r), field(r), real(r)]]),
    (3, random_fields),
    (4, scan),
    (0.4, many),
    (3, lambda r: [["OBJECT", "ENCODING", key(r)]]),
    (2, lambda r: [["COPY", key(r), key(r), *some(r, ["REPLACE"])]]),
    (2, lambda r: [["RENAME", key(r), key(r)]]),
    (2, lambda r: [["TYPE", key(r)]]),
    (2, lambda r: [["SET", key(r), value(r)]]),
    (2, lambda r: [["DEBUG", "DIGEST-VALUE", *keys(r, 1, 3)]]),
    (1, other_type),
    (3, lambda r: [["DEL", *keys(r, 1, 3)]]),
    (1, lambda r: [["UNLINK", *keys(r, 1, 3)]]),
])
