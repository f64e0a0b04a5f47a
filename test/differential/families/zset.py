"""Sorted sets: every command, small and large forms, ranges of all kinds, sets combined.

Ranges of names have a meaning only where all scores are the same, so they have keys of their
own, whose scores are 0.
"""

from .grammar import BAD_FLOATS, Family, Pause, integer, key, keys, other_type, page_size, some

LEX_KEYS = ["lex0", "lex1", "{t}lex"]

SCORES = ["0", "1", "-1", "2", "3", "3", "5", "10", "-2.25", "0.5", "0.1", "1e17", "-0",
          "9007199254740993", "1e300", "3.0", "inf", "-inf", "+inf", "1e-7", "0x10"]
LONG = ["m" * 64, "m" * 65, "x" * 300]


def member(rng):
    roll = rng.random()
    if roll < 0.75:
        return rng.choice("abcdefgh")
    if roll < 0.85:
        return rng.choice(["", "1", "-5", "007", "aa", "ab", "b\x00", "\xff", "10"])
    return rng.choice(LONG) if roll < 0.88 else "m%d" % rng.randint(0, 150)


def score(rng):
    roll = rng.random()
    if roll < 0.5:
        return str(rng.randint(-4, 8))
    return rng.choice(BAD_FLOATS) if roll > 0.97 else rng.choice(SCORES)


def pairs(rng, most=6):
    return [x for _ in range(rng.randint(1, most)) for x in (score(rng), member(rng))]


def add_options(rng):
    words = some(rng, ["NX", "XX", "GT", "LT", "CH", "INCR"], 0.12)
    return [w.lower() if rng.random() < 0.1 else w for w in words]


def add(rng):
    words = add_options(rng)
    most = 1 if "INCR" in words and rng.random() < 0.9 else 6
    return [["ZADD", key(rng), *words, *pairs(rng, most)]]


def add_many(rng):
    """Enough members for the large form, or just not."""
    count = rng.choice([100, 127, 128, 129, 200, 400])
    same = rng.random() < 0.4
    words = [x for i in range(count)
             for x in ("0" if same else str(rng.randint(-50, 50)), "m%d" % i)]
    return [["ZADD", key(rng), *words]]


def lex_key(rng):
    return rng.choice(LEX_KEYS)


def add_lex(rng):
    count = rng.choice([1, 2, 3, 5, 8, 20, 127, 129, 300])
    # A pause keeps the words as they are, so that no other score comes in.
    return [["ZADD", lex_key(rng), *(x for _ in range(count) for x in ("0", member(rng)))],
            Pause(0)]


def score_bound(rng):
    roll = rng.random()
    if roll < 0.06:
        return rng.choice(["", "(", "x", "(x", " 1", "1 ", "nan", "1e400", "((1", "[1"])
    return ("(" if rng.random() < 0.25 else "") + (
        str(rng.randint(-6, 10)) if roll < 0.6 else rng.choice(SCORES))


def lex_bound(rng):
    roll = rng.random()
    if roll < 0.04:
        return rng.choice(["", "x", "++", "-x", "1"])
    return rng.choice("-+") if roll < 0.4 else rng.choice("[(") + member(rng)


def rank(rng):
    if rng.random() < 0.05:
        return integer(rng)
    return str(rng.randint(-9, 9) if rng.random() < 0.8 else rng.randint(-220, 220))


def limit(rng, chance=0.4):
    if rng.random() > chance:
        return []
    words = ["LIMIT", str(rng.randint(-1, 5)), str(rng.randint(-2, 6))]
    if rng.random() < 0.05:
        words[rng.randint(1, 2)] = integer(rng)
    return words


def with_scores(rng, chance=0.4):
    return ["WITHSCORES"] if rng.random() < chance else []


def ranged(rng):
    """The key, bounds and options of ZRANGE."""
    kind = rng.choice(["rank", "rank", "score", "score", "lex"])
    name = lex_key(rng) if kind == "lex" else key(rng)
    rev = ["REV"] if rng.random() < 0.4 else []
    if kind == "rank":
        return [name, rank(rng), rank(rng), *rev, *limit(rng, 0.05)]
    bound = score_bound if kind == "score" else lex_bound
    return [name, bound(rng), bound(rng), "BYSCORE" if kind == "score" else "BYLEX", *rev,
            *limit(rng)]


def either(rng, name):
    """ZRANGEBYSCORE or ZREVRANGEBYSCORE, and so on."""
    return name if rng.random() < 0.5 else name.replace("ZR", "ZREVR")


def sources(rng):
    names = keys(rng, 1, 4)
    count = len(names) if rng.random() < 0.96 else rng.choice([0, -1, 9, "x"])
    return [str(count), *names], len(names)


def combining(rng, weighs):
    words, count = sources(rng)
    if weighs and rng.random() < 0.4:
        words += ["WEIGHTS", *(score(rng) for _ in range(count))]
    if weighs and rng.random() < 0.4:
        words += ["AGGREGATE", rng.choice(["SUM", "MIN", "MAX", "min", "AVG"])]
    return words


def combine(rng):
    name = rng.choice(["ZUNION", "ZINTER", "ZDIFF"])
    return [[name, *combining(rng, name != "ZDIFF"), *with_scores(rng, 0.6)]]


def combine_store(rng):
    name = rng.choice(["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"])
    return [[name, key(rng), *combining(rng, name != "ZDIFFSTORE")]]


def inter_card(rng):
    words, _ = sources(rng)
    if rng.random() < 0.5:
        words += ["LIMIT", integer(rng) if rng.random() < 0.2 else str(rng.randint(0, 4))]
    return [["ZINTERCARD", *words]]


def pop_some(rng):
    words, _ = sources(rng)
    words.append(rng.choice(["MIN", "MAX", "max", "MID"]) if rng.random() < 0.2 else "MIN")
    if rng.random() < 0.5:
        words += ["COUNT", integer(rng) if rng.random() < 0.1 else str(rng.randint(1, 5))]
    return [["ZMPOP", *words]]


def pop(rng):
    words = [rng.choice(["ZPOPMIN", "ZPOPMAX"]), key(rng)]
    roll = rng.random()
    if roll < 0.6:
        words.append(integer(rng) if roll < 0.05 else str(rng.randint(0, 6)))
    return [words]


def random_members(rng):
    words = ["ZRANDMEMBER", key(rng)]
    if rng.random() < 0.8:
        words.append(rng.choice(["0", "1", "-3", "5", "100", "1000", "-9223372036854775808",
                                 "9223372036854775807", "x"]))
        words += with_scores(rng)
    return [words]


def scan(rng):
    words = ["ZSCAN", key(rng), rng.choice(["0", "0", "0", "0", "x", ""]), "COUNT", page_size(rng)]
    if rng.random() < 0.3:
        words += ["MATCH", rng.choice(["*", "m1*", "[a-c]", ""])]
    return [words]


FAMILY = Family("zset", [
    (16, add),
    (3, add_many),
    (4, add_lex),
    (2, lambda r: [["ZREM", lex_key(r), *(member(r) for _ in range(3))]]),
    (5, lambda r: [["ZINCRBY", key(r), score(r), member(r)]]),
    (5, lambda r: [["ZREM", key(r), *(member(r) for _ in range(r.randint(1, 4)))]]),
    (2, lambda r: [["ZCARD", key(r)]]),
    (3, lambda r: [["ZSCORE", key(r), member(r)]]),
    (3, lambda r: [["ZMSCORE", key(r), member(r), member(r), member(r)]]),
    (4, lambda r: [["ZCOUNT", key(r), score_bound(r), score_bound(r)]]),
    (4, lambda r: [["ZLEXCOUNT", lex_key(r), lex_bound(r), lex_bound(r)]]),
    (4, lambda r: [[r.choice(["ZRANK", "ZREVRANK"]), key(r), member(r)]]),
    (8, lambda r: [["ZRANGE", *ranged(r), *with_scores(r)]]),
    (4, lambda r: [["ZRANGESTORE", key(r), *ranged(r)]]),
    (4, lambda r: [[either(r, "ZRANGEBYSCORE"), key(r), score_bound(r), score_bound(r),
                    *with_scores(r), *limit(r)]]),
    (4, lambda r: [[either(r, "ZRANGEBYLEX"), lex_key(r), lex_bound(r), lex_bound(r), *limit(r)]]),
    (2, lambda r: [["ZREVRANGE", key(r), rank(r), rank(r), *with_scores(r)]]),
    (3, lambda r: [["ZREMRANGEBYRANK", key(r), rank(r), rank(r)]]),
    (3, lambda r: [["ZREMRANGEBYSCORE", key(r), score_bound(r), score_bound(r)]]),
    (2, lambda r: [["ZREMRANGEBYLEX", lex_key(r), lex_bound(r), lex_bound(r)]]),
    (5, pop),
    (3, pop_some),
    (2, random_members),
    (2, scan),
    (6, combine),
    (6, combine_store),
    (3, inter_card),
    (1, lambda r: [["SET", key(r), "a string"]]),
    (1, other_type),
    (3, lambda r: [["DEL", *keys(r, 1, 3)]]),
    (2, lambda r: [["OBJECT", "ENCODING", key(r)]]),
    (1, lambda r: [["DEBUG", "DIGEST"]]),
])
