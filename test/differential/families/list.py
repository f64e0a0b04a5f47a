"""The list commands, on lists of both forms."""

from .grammar import Family, integer, key, keys, some, value

ENDS = ["LEFT", "RIGHT"]
ELEMENTS = ["a", "b", "c", "0", "1", "-1", "4096", "9223372036854775807", "007", ""]


def element(rng):
    """Mostly one that a list may have already."""
    roll = rng.random()
    if roll < 0.7:
        return rng.choice(ELEMENTS)
    if roll < 0.75:
        return rng.choice("xyz") * rng.choice([300, 2000, 5000, 9000, 70000])
    return value(rng)


def elements(rng, low=1, high=6):
    return [element(rng) for _ in range(rng.randint(low, high))]


def many(rng):
    """Enough for several nodes."""
    size = rng.choice([1, 10, 100, 700])
    return [rng.choice(ELEMENTS) + rng.choice("pq") * rng.randint(0, size)
            for _ in range(rng.randint(10, 60))]


def place(rng):
    """An index of a list of some length, now and then none."""
    roll = rng.random()
    if roll < 0.6:
        return str(rng.randint(-8, 8))
    if roll < 0.9:
        return str(rng.randint(-150, 150))
    return integer(rng)


def end(rng):
    word = rng.choice(ENDS) if rng.random() < 0.97 else rng.choice(["MIDDLE", "", "L"])
    return word.lower() if rng.random() < 0.1 else word


def count(rng):
    return str(rng.randint(0, 5)) if rng.random() < 0.8 else integer(rng)


def pop(rng):
    words = [rng.choice(["LPOP", "RPOP"]), key(rng)]
    if rng.random() < 0.5:
        words.append(count(rng))
    if rng.random() < 0.02:
        words.append("1")
    return [words]


def pos(rng):
    words = ["LPOS", key(rng), element(rng)]
    if rng.random() < 0.5:
        words += ["RANK", place(rng)]
    if rng.random() < 0.5:
        words += ["COUNT", count(rng)]
    if rng.random() < 0.3:
        words += ["MAXLEN", count(rng)]
    if rng.random() < 0.03:
        words.append(rng.choice(["BOGUS", "RANK", "COUNT"]))
    return [words]


def lmpop(rng):
    names = keys(rng, 1, 4)
    number = str(len(names)) if rng.random() < 0.93 else rng.choice(["0", "-1", "x", "9"])
    words = ["LMPOP", number, *names, end(rng)]
    if rng.random() < 0.5:
        words += ["COUNT", count(rng)]
    if rng.random() < 0.05:
        words += some(rng, ["COUNT", "1", "BOGUS", "0"], 0.5)
    return [words]


FAMILY = Family("list", [
    (8, lambda r: [["LPUSH", key(r), *elements(r)]]),
    (8, lambda r: [["RPUSH", key(r), *elements(r)]]),
    (6, lambda r: [[r.choice(["LPUSH", "RPUSH"]), key(r), *many(r)]]),
    (3, lambda r: [[r.choice(["LPUSHX", "RPUSHX"]), key(r), *elements(r)]]),
    (8, pop),
    (2, lambda r: [["LLEN", key(r)]]),
    (8, lambda r: [["LRANGE", key(r), place(r), place(r)]]),
    (6, lambda r: [["LINDEX", key(r), place(r)]]),
    (8, lambda r: [["LSET", key(r), place(r), element(r)]]),
    (8, lambda r: [["LINSERT", key(r), r.choice(["BEFORE", "AFTER", "after", "AT"]),
                    element(r), element(r)]]),
    (6, lambda r: [["LREM", key(r), place(r), element(r)]]),
    (4, lambda r: [["LTRIM", key(r), place(r), place(r)]]),
    (6, pos),
    (7, lambda r: [["LMOVE", key(r), key(r), end(r), end(r)]]),
    (4, lambda r: [["RPOPLPUSH", key(r), key(r)]]),
    (5, lmpop),
    (1, lambda r: [["EXPIRE", key(r), "100000"], ["RPUSH", key(r), "a"], ["PERSIST", key(r)]]),
    (2, lambda r: [["COPY", key(r), key(r), *some(r, ["REPLACE"])]]),
    (2, lambda r: [["RENAME", key(r), key(r)]]),
    (1, lambda r: [[r.choice(["DEL", "UNLINK"]), key(r)]]),
    (1, lambda r: [["TYPE", key(r)], ["OBJECT", "ENCODING", key(r)]]),
    (1, lambda r: [["SET", key(r), value(r)]]),
    (1, lambda r: [["DEBUG", "DIGEST-VALUE", *keys(r, 1, 3)]]),
])
