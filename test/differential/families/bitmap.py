"""Bitmaps and bit fields."""

from .grammar import Family, index, integer, key, keys, other_type, value

OFFSETS = [0, 1, 7, 8, 9, 63, 64, 65, 100, 511, 512, 4000, 100000]


def offset(rng):
    roll = rng.random()
    if roll < 0.9:
        return str(rng.choice(OFFSETS))
    return rng.choice(["-1", "x", "", "4294967296", "9223372036854775807", "1.0", "#1"])


def bit(rng):
    return rng.choice(["0", "1"]) if rng.random() < 0.95 else rng.choice(["2", "-1", "x", ""])


def bit_range(rng):
    roll = rng.random()
    if roll < 0.25:
        return []
    if roll < 0.4:
        return [index(rng)]
    words = [index(rng), index(rng)]
    if rng.random() < 0.5:
        words.append(rng.choice(["BIT", "BYTE", "bit", "BOGUS"]) if rng.random() < 0.9 else "")
    return words


def field_type(rng):
    if rng.random() < 0.05:
        return rng.choice(["u64", "i65", "u0", "x8", "8", "", "i", "u-1", "u08"])
    signed = rng.random() < 0.5
    return "%s%d" % ("i" if signed else "u",
                     rng.choice([1, 2, 3, 7, 8, 9, 16, 31, 32, 33, 62, 63, 64 if signed else 63]))


def field_offset(rng):
    return rng.choice(["#", ""]) + offset(rng) if rng.random() < 0.95 else "#x"


def field_value(rng):
    """Not the largest: beyond them the reference adds what overflows 64 bits to find out whether
    the field does, which C leaves undefined."""
    chosen = integer(rng)
    return chosen if len(chosen) < 18 else str(rng.choice([-1, 1]) * rng.randint(1 << 50, 1 << 61))


def operations(rng, only_get=False):
    words = []
    for _ in range(rng.randint(1, 5)):
        roll = rng.random()
        if only_get or roll < 0.3:
            words += ["GET", field_type(rng), field_offset(rng)]
        elif roll < 0.55:
            words += ["SET", field_type(rng), field_offset(rng), field_value(rng)]
        elif roll < 0.85:
            words += ["INCRBY", field_type(rng), field_offset(rng), field_value(rng)]
        elif roll < 0.99:
            words += ["OVERFLOW", rng.choice(["WRAP", "SAT", "FAIL", "fail"])]
        else:
            words += [rng.choice(["OVERFLOW", "BOGUS", "GET"])]
    return words


def bitop(rng):
    name = rng.choice(["AND", "OR", "XOR", "NOT", "xor", "NAND"]) if rng.random() < 0.9 else "NOT"
    sources = keys(rng, 1, 1) if name == "NOT" and rng.random() < 0.8 else keys(rng, 1, 9)
    return [["BITOP", name, key(rng), *sources]]


FAMILY = Family("bitmap", [
    (10, lambda r: [["SETBIT", key(r), offset(r), bit(r)]]),
    (6, lambda r: [["GETBIT", key(r), offset(r)]]),
    (7, lambda r: [["BITCOUNT", key(r), *bit_range(r)]]),
    (7, lambda r: [["BITPOS", key(r), bit(r), *bit_range(r)]]),
    (8, bitop),
    (12, lambda r: [["BITFIELD", key(r), *operations(r)]]),
    (4, lambda r: [["BITFIELD_RO", key(r), *operations(r, only_get=r.random() < 0.8)]]),
    (6, lambda r: [["SET", key(r), value(r)]]),
    (3, lambda r: [["GET", key(r)]]),
    (2, lambda r: [["SET", key(r), rng_ones(r)]]),
    (2, lambda r: [["STRLEN", key(r)]]),
    (3, lambda r: [["DEL", *keys(r, 1, 3)]]),
    (1, other_type),
])


def rng_ones(rng):
    """Runs of full and of empty bytes: what BITPOS skips over."""
    runs = bytes(rng.choice([0, 255]) for _ in range(3))
    return runs * rng.choice([1, 10, 100]) + bytes([rng.randrange(256)])
