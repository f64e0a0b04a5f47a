"""What all families share: the small key space, values near the limits, the shape of a step.

A family is a list of weighted rules. A rule takes a random.Random and answers a step: a
list of commands, each a list of words, a Say (a command on another connection) or a Pause.
Times to live are either long, or past, or short and followed by a Pause at once, so that
two servers never disagree just because one is a millisecond ahead.
"""

import collections

Say = collections.namedtuple("Say", "connection words")
Pause = collections.namedtuple("Pause", "seconds")

KEYS = ["k%d" % i for i in range(8)] + ["{t}a", "{t}b", "user:1", ""]
DATABASES = 16
I64_MAX = 2 ** 63 - 1
I64_MIN = -2 ** 63

INTEGERS = [0, 1, -1, 2, 7, 10, -10, 99, 255, 256, 1000, 65535, 65536, 2 ** 31 - 1, 2 ** 31,
            2 ** 32, -2 ** 31,
            I64_MAX, I64_MAX - 1, I64_MIN, I64_MIN + 1]
BAD_INTEGERS = ["", "x", "1.5", " 1", "1 ", "+1", "01", "-0", "9223372036854775808",
                "-9223372036854775809", "0x10",
                "1e3", "99999999999999999999999", "-", "1\x00", "\u00bd"]
FLOATS = ["0", "1", "-1", "0.1", "1.5", "-2.25", "3.0", "10.50", "5e3", "1e-7", "17179869184.5",
          "123456789.123456789",
          "1e17", "1e300", "-1e300", "0.30000000000000004", "100.00"]
BAD_FLOATS = ["", "x", " 1", "1 ", "1,5", "inf", "-inf", "nan", "1.5.5", "1e400", "--1", "0x1p3"]
JUNK = ["", "x", "0", "-1", "1.5", "9223372036854775808", "-9223372036854775808", "NX", "GET",
        "\x00\xff", "*", "k0"]

# Commands that make keys of other types, left out while the server under test lacks them.
OTHER_TYPES = [["RPUSH", "a", "b", "c"], ["SADD", "a", "b", "1"], ["HSET", "f", "v", "g", "w"],
               ["ZADD", "1", "a", "2", "b"]]


class Family:
    """A name and its weighted rules; `heads` tells which commands it stands for."""

    def __init__(self, name, rules):
        self.name = name
        self.weights = [weight for weight, _ in rules]
        self.rules = [rule for _, rule in rules]

    def step(self, rng):
        return rng.choices(self.rules, self.weights)[0](rng)


def key(rng):
    return rng.choice(KEYS)


def keys(rng, low=1, high=5):
    return [key(rng) for _ in range(rng.randint(low, high))]


def integer(rng):
    """Mostly a good integer, now and then one that is none."""
    roll = rng.random()
    if roll < 0.5:
        return str(rng.randint(-20, 20))
    if roll < 0.9:
        return str(rng.choice(INTEGERS))
    return rng.choice(BAD_INTEGERS)


def index(rng):
    """A position in a short string, from either end."""
    roll = rng.random()
    if roll < 0.85:
        return str(rng.randint(-12, 70))
    return integer(rng)


def real(rng):
    return rng.choice(BAD_FLOATS) if rng.random() < 0.1 else rng.choice(FLOATS)


def value(rng):
    roll = rng.random()
    if roll < 0.3:
        return str(rng.choice(INTEGERS))
    if roll < 0.45:
        return rng.choice(FLOATS)
    if roll < 0.55:
        return rng.choice(BAD_INTEGERS)
    if roll < 0.7:
        return bytes(rng.choices(range(256), k=rng.randint(0, 12)))
    return rng.choice("ab") * rng.choice([0, 1, 3, 20, 43, 44, 45, 63, 64, 65, 255, 256, 1000,
                                          17000])


def long_seconds(rng):
    """A time to live that outlasts the run, or one that is refused, or past."""
    roll = rng.random()
    if roll < 0.75:
        # No two alike, so that GT and LT do not hang on a millisecond.
        return str(rng.randint(1000, 10 ** 9))
    if roll < 0.85:
        return rng.choice(["0", "-1", "-1000"])
    return str(rng.choice([I64_MAX, I64_MIN, I64_MAX // 1000, I64_MAX // 1000 + 1, *BAD_INTEGERS]))


def long_milliseconds(rng):
    roll = rng.random()
    if roll < 0.75:
        return str(rng.randint(10 ** 6, 10 ** 12))
    if roll < 0.85:
        return rng.choice(["0", "-1", "-100000"])
    return str(rng.choice([I64_MAX, I64_MIN, *BAD_INTEGERS]))


def far_seconds(rng):
    """An absolute time: years ahead, or past."""
    return str(rng.choice([4102444800, 4102444801, 33177117420, 1, 0, -1, I64_MAX, I64_MAX // 1000,
                           rng.choice(BAD_INTEGERS)]))


def far_milliseconds(rng):
    return str(rng.choice([4102444800000, 4102444800001, 33177117420123, 1, 0, -1, I64_MAX - 1000,
                           rng.choice(BAD_INTEGERS)]))


def page_size(rng):
    """How much of a walk to ask for at a time."""
    return rng.choice(["100000"] * 5 + ["1000", "100", "10", "3"])


def expiry_option(rng):
    """One of EX, PX, EXAT, PXAT with its time."""
    return rng.choice([lambda: ["EX", long_seconds(rng)], lambda: ["PX", long_milliseconds(rng)],
                       lambda: ["EXAT", far_seconds(rng)],
                       lambda: ["PXAT", far_milliseconds(rng)]])()


def some(rng, options, chance=0.4):
    """Each option with a chance, in any order; often none."""
    taken = [o for o in options if rng.random() < chance]
    rng.shuffle(taken)
    return taken


def other_type(rng):
    """A key that is no string."""
    name, *rest = rng.choice(OTHER_TYPES)
    return [[name, key(rng), *rest]]
