"""SORT and SORT_RO; BY and GET reach keys of any slot."""

from .grammar import Family, Pause, integer, key, real, some, value

SOURCES = ["a", "b", "c", "d"]
NUMBERS = ["0", "-0", "1", "1.0", "01", "-1", "2", "2.5", "-7", "10", "100", "1e2", "0x10", "3",
           "4", "9223372036854775807", "9007199254740993"]
WORDS = ["a", "b", "ab", "abcdefgh", "abcdefghi", "abcdefg", "", "B", "*", "z"]
PATTERNS = ["w_*", "*", "h_*->f", "h_*->g", "h_*->", "h_*->f->g", "w_*->*",
            "*_*"]


def source(rng):
    """A key that is sorted."""
    return rng.choice(SOURCES) if rng.random() < 0.9 else key(rng)


def element(rng):
    roll = rng.random()
    if roll < 0.85:
        return rng.choice(NUMBERS)
    return rng.choice(WORDS) if roll < 0.93 else real(rng) if roll < 0.97 else value(rng)


def name(rng):
    """An element that is looked up: sources that hold these are sorted without error."""
    return rng.choice(NUMBERS)


def fill(rng):
    source_key, roll = source(rng), rng.random()
    pick = name if rng.random() < 0.9 else element
    many = [pick(rng) for _ in range(rng.choice([1, 3, 8, 30]))]
    if roll < 0.4:
        return [["DEL", source_key], ["RPUSH", source_key, *many]]
    if roll < 0.7:
        return [["DEL", source_key], ["SADD", source_key, *many]]
    return [["DEL", source_key],
            ["ZADD", source_key, *(w for m in many for w in (str(rng.randint(-5, 5)), m))]]


def weight(rng):
    who = name(rng)
    roll = rng.random()
    if roll < 0.5:
        return [["SET", "w_" + who, rng.choice(NUMBERS[:9] if roll < 0.4 else WORDS)]]
    if roll < 0.9:
        return [["HSET", "h_" + who, rng.choice("fg"), rng.choice(NUMBERS[:9]),
                 "f->g", rng.choice(WORDS)]]
    return [["DEL", "w_" + who, "h_" + who]]


def limit(rng):
    if rng.random() < 0.05:
        return ["LIMIT", integer(rng), integer(rng)]
    return ["LIMIT", str(rng.randint(-2, 12)), str(rng.randint(-2, 12))]


def options(rng, patterns):
    """Some options, with patterns or without."""
    target = "e" if rng.random() < 0.7 else source(rng)
    gets = PATTERNS if patterns else ["nothing"]
    words = some(rng, [[rng.choice(["ASC", "DESC", "desc"])], limit(rng), ["STORE", target],
                       ["GET", rng.choice([*gets, "#"])], ["GET", rng.choice([*gets, "#"])]], 0.3)
    return words, target


def command(name, key_name, words, target):
    """A score that is read first puts right the errno of the reference, which takes a number that
    was out of range in an earlier command for one of the sorted. The pause keeps the step from
    being changed at random into one that shows the order of a set."""
    sorting = [name, key_name, *(word for option in words for word in option)]
    return [Pause(0), ["ZADD", "errno", "1", "m"], sorting, ["LRANGE", target, "0", "-1"]]


def sort(rng):
    """Numbers, or ALPHA without BY: where the order is told in full."""
    patterns, roll = rng.random() < 0.7, rng.random()
    words, target = options(rng, patterns)
    if roll < 0.3:
        words.append(["ALPHA"])
    elif roll < 0.6 and patterns:
        words.append(["BY", rng.choice(PATTERNS)])
    if rng.random() < 0.02:
        words.append([rng.choice(["BY", "GET", "LIMIT", "BOGUS", "STORE"])])
    name = rng.choice(["SORT", "SORT", "SORT_RO"])
    return command(name, source(rng), words, target)


def unsorted(rng):
    """In the order of the source, which sets have not: those are stored."""
    patterns = rng.random() < 0.5
    words, _ = options(rng, patterns)
    words += [["BY", rng.choice(["nosort", "", "x->f"])], ["STORE", "e"]]
    return command("SORT", source(rng), words, "e")


FAMILY = Family("sort", [
    (6, fill),
    (6, weight),
    (14, sort),
    (3, unsorted),
    (1, lambda r: [["DEL", source(r)]]),
    (1, lambda r: [["SET", source(r), element(r)]]),
    (1, lambda r: [["TYPE", "e"], ["LLEN", "e"]]),
])
