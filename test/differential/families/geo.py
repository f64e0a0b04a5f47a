"""Geo sets: positions near each other and far apart, every search and way to store.

Answers without an order are compared too: they come in the order of the cells searched.
"""

from . import grammar
from .grammar import BAD_FLOATS, Family, some

MEMBERS = ["m%d" % i for i in range(60)]
DISTANCES = "{t}distances"


# Their own. On the keys of all families only what has one answer is asked for: members at equal
# distances, as scores of other families make them, come in the order of a sort that is not stable
# in the reference, so there is no COUNT, and the differ compares them without their order.
KEYS = ["geo", "{t}geo", "geo:3", "{geo}:4"]


def key(rng):
    return rng.choice(KEYS)


def shared(rng):
    """Commands on the keys of all families."""
    name = grammar.key(rng)
    circle = [*point(rng), length(rng), unit(rng)]
    return [rng.choice([
        lambda: ["GEOADD", name, *(x for _ in range(rng.randint(1, 8))
                                   for x in (*point(rng), rng.choice("abcdefgh")))],
        lambda: ["GEOSEARCHSTORE", name, key(rng), "FROMLONLAT", *circle[:2], "BYRADIUS",
                 *circle[2:]],
        lambda: ["GEORADIUS", key(rng), *circle, "STORE", name],
        lambda: ["GEOPOS", name, "a", "b", "m1"],
        lambda: ["GEOHASH", name, "a", "b", "m1"],
        lambda: ["GEODIST", name, "a", "b"],
        lambda: ["GEOSEARCH", name, "FROMLONLAT", *circle[:2], "BYRADIUS", *circle[2:],
                 *some(rng, ["WITHDIST", "WITHCOORD", "WITHHASH", "ASC"], 0.3)],
        lambda: ["GEORADIUSBYMEMBER", name, "a", *circle[2:]]])()]


def member(rng):
    return rng.choice(MEMBERS)


def number(rng, low, high):
    roll = rng.random()
    if roll < 0.01:
        return rng.choice(BAD_FLOATS)
    return "%.6f" % rng.uniform(low, high)


def point(rng):
    roll = rng.random()
    if roll < 0.02:
        return [number(rng, -190, 190), number(rng, -95, 95)]
    if roll < 0.55:
        return [number(rng, 13, 16), number(rng, 37, 39)]
    return [number(rng, -180, 180), number(rng, -85.05, 85.05)]


def unit(rng):
    return "furlong" if rng.random() < 0.01 else rng.choice(["m", "km", "ft", "mi", "KM"])


def length(rng):
    roll = rng.random()
    if roll < 0.02:
        return rng.choice(["-1", "x", "0", ""])
    return "%g" % (10 ** rng.uniform(0, 5))


def add(rng):
    words = some(rng, ["NX", "XX", "CH"], 0.1)
    return [["GEOADD", key(rng), *words, *(x for _ in range(rng.randint(1, 12))
                                           for x in (*point(rng), member(rng)))]]


def options(rng, stores=False):
    words = some(rng, ["ASC", "DESC"], 0.3)
    if not stores or rng.random() < 0.05:
        words += some(rng, ["WITHDIST", "WITHCOORD", "WITHHASH"], 0.3)
    if rng.random() < 0.3:
        words += ["COUNT", str(rng.choice([1, 2, 5, 10, 100, 0, -1]))]
        words += ["ANY"] if rng.random() < 0.4 else []
    return words + (["ANY"] if rng.random() < 0.01 else [])


def store(rng):
    """Distances are no positions: where they were searched, many members would be equally far."""
    if rng.random() > 0.3:
        return []
    return ["STORE", key(rng)] if rng.random() < 0.5 else ["STOREDIST", DISTANCES]


def shape(rng):
    words = (["FROMMEMBER", member(rng)] if rng.random() < 0.5 else ["FROMLONLAT", *point(rng)])
    words += (["BYRADIUS", length(rng), unit(rng)] if rng.random() < 0.5
              else ["BYBOX", length(rng), length(rng), unit(rng)])
    return words[:rng.randint(0, len(words))] if rng.random() < 0.02 else words


def search_store(rng):
    dist = rng.random() < 0.3
    return [["GEOSEARCHSTORE", DISTANCES if dist else key(rng), key(rng), *shape(rng),
             *options(rng, True), *(["STOREDIST"] if dist else [])]]


def radius(rng):
    kept = store(rng)
    return [["GEORADIUS", key(rng), *point(rng), length(rng), unit(rng),
             *options(rng, bool(kept)), *kept]]


def radius_by_member(rng):
    kept = store(rng)
    return [["GEORADIUSBYMEMBER", key(rng), member(rng), length(rng), unit(rng),
             *options(rng, bool(kept)), *kept]]


FAMILY = Family("geo", [
    (14, add),
    (5, lambda r: [["GEODIST", key(r), member(r), member(r), *([unit(r)] if r.random() < 0.6
                                                               else [])]]),
    (4, lambda r: [["GEOHASH", key(r), member(r), member(r)]]),
    (4, lambda r: [["GEOPOS", key(r), member(r), member(r)]]),
    (12, lambda r: [["GEOSEARCH", key(r), *shape(r), *options(r)]]),
    (4, search_store),
    (4, radius),
    (4, radius_by_member),
    (2, lambda r: [["GEORADIUS_RO", key(r), *point(r), length(r), unit(r), *options(r)]]),
    (2, lambda r: [["GEORADIUSBYMEMBER_RO", key(r), member(r), length(r), unit(r), *options(r)]]),
    (1, lambda r: [["ZADD", key(r), str(r.randint(2 ** 40, 2 ** 53)), member(r)]]),
    (1, lambda r: [["ZRANGE", key(r), "0", "-1", "WITHSCORES"]]),
    (4, shared),
    (1, lambda r: [["SET", key(r), "x"]]),
    (1, lambda r: [["DEL", key(r)]]),
])
