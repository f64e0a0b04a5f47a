"""MULTI, EXEC, DISCARD, WATCH, with a second connection that touches what is watched."""

from . import bitmap, expiry, generic, geo, hash, hyperloglog, list, set, string, zset
from .grammar import Family, Pause, Say, key, keys, value

INNER = [module.FAMILY for module in (string, bitmap, generic, expiry, list, set, hash, zset,
                                      hyperloglog, geo)]
# What may not be inside: what it does to the connection would outlive the transaction.
OUTSIDE = {"SELECT", "SWAPDB"}


def inner(rng):
    """A few commands of the other families, with no pause among them."""
    commands = []
    for _ in range(rng.randint(0, 6)):
        step = rng.choice(INNER).step(rng)
        if not any(isinstance(c, Pause) or c[0] in OUTSIDE for c in step):
            commands += step
    return commands


def spoiled(rng):
    """Something that fails while it is queued."""
    return rng.choice([[], [], [], [["NOSUCH", "a"]], [["GET"]], [["SET", "a"]], [["MULTI"]],
                       [["WATCH", "k0"]]])


def plain(rng):
    return [["MULTI"], *inner(rng), *spoiled(rng), *inner(rng),
            [rng.choice(["EXEC"] * 8 + ["DISCARD"])]]


def touch(rng, watched):
    """What another client does meanwhile: a write to a watched key, or something harmless."""
    target = rng.choice(watched)
    return rng.choice([
        ["SET", target, value(rng)], ["GET", target], ["DEL", target], ["APPEND", target, ""],
        ["EXPIRE", target, "1000"],
        ["PERSIST", target], ["SETNX", target, "x"], ["RENAME", target, key(rng)],
        ["COPY", key(rng), target, "REPLACE"],
        ["MSETNX", target, "a", key(rng), "b"], ["SETRANGE", target, "0", ""], ["FLUSHDB"],
        ["SET", key(rng), "x"],
        ["GETEX", target, "PERSIST"], ["BITOP", "OR", target, key(rng)],
        ["SETBIT", target, "3", "0"], ["INCR", target],
        ["SWAPDB", "0", "3"], ["TOUCH", target], ["MOVE", target, "3"], ["GETSET", target, "q"],
        ["UNLINK", target]])


def watched(rng):
    names = keys(rng, 1, 3)
    others = [Say(1, touch(rng, names)) for _ in range(rng.randint(0, 2))]
    middle = [["UNWATCH"]] if rng.random() < 0.1 else []
    early = others if rng.random() < 0.5 else []
    late = [] if early else others
    return [["WATCH", *names], *early, *middle, ["MULTI"], *inner(rng), *late, ["EXEC"],
            ["GET", names[0]]]


FAMILY = Family("transactions", [
    (6, plain),
    (6, watched),
    (0.5, lambda r: [["EXEC"]]),
    (0.5, lambda r: [["DISCARD"]]),
    (0.5, lambda r: [["UNWATCH"]]),
    (0.5, lambda r: [["MULTI"], ["SELECT", "1"], ["SET", key(r), value(r)], ["SELECT", "0"],
                     ["EXEC"]]),
    (0.5, lambda r: [["MULTI"], *inner(r), ["RESET"], ["EXEC"]]),
])
