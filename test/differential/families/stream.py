"""The stream commands. Streams have keys of their own for the most part. Ids are given, so that
both sides have the same; `*` is used where nothing that follows depends on it. What tells a time
is left out: the full form of XINFO, and idle times other than 0 and huge ones. (XPENDING's are not
compared.)"""

from .grammar import Family, Pause, key, some

STREAMS = ["s0", "s1", "s2", "s3", "{t}s0", "{t}s1"]
GROUPS = ["g0", "g1", "g2", ""]
CONSUMERS = ["c0", "c1", "c2", "\x00\xff"]
FIELDS = ["f", "g", "temperature", "", "1", "-7", "\x00\xff"]
BAD_IDS = ["x", "", "-", "+", "1-", "-1", "1-1-1", "1-x", "$", ">", "18446744073709551616",
           "1-18446744073709551616", "5-*", "(1-1", "-1-1", "1--1", " 1", "+1", "01-02", "1 -1",
           "1" * 130]
ODD_IDS = ["0", "0-0", "0-1", "18446744073709551615-18446744073709551615",
           "18446744073709551615", "9223372036854775807-9223372036854775808"]
EXACT = Pause(0)  # what is not changed at random: no id of a command that adds becomes "*"
COUNTS = ["0", "1", "2", "3", "10", "-1", "-5", "1000"]
BAD_COUNTS = ["x", "", "1.5", "9223372036854775808"]


def stream(rng):
    return key(rng) if rng.random() < 0.06 else rng.choice(STREAMS)


def seq(rng):
    return "%d-%d" % (rng.randint(0, 60), rng.randint(0, 3))


def any_id(rng):
    roll = rng.random()
    if roll < 0.8:
        return seq(rng)
    if roll < 0.93:
        return str(rng.randint(0, 60))
    return rng.choice(ODD_IDS if roll < 0.96 else BAD_IDS)


def border(rng):
    roll = rng.random()
    if roll < 0.35:
        return rng.choice(["-", "+"])
    return ("(" if roll < 0.55 else "") + any_id(rng)


def count(rng):
    return rng.choice(BAD_COUNTS if rng.random() < 0.06 else COUNTS)


def group(rng):
    return rng.choice(GROUPS) if rng.random() < 0.15 else "g0"


def consumer(rng):
    return rng.choice(CONSUMERS)


def counted(rng, chance=0.4):
    return ["COUNT", count(rng)] if rng.random() < chance else []


def trimming(rng):
    words = []
    if rng.random() < 0.5:
        words += ["MAXLEN", *some(rng, [rng.choice("=~")], 0.5), rng.choice(["0", "1", "3", "5",
                  "20", "1000", "-1", "x"])]
    else:
        words += ["MINID", *some(rng, [rng.choice("=~")], 0.5), any_id(rng)]
    if rng.random() < 0.15:
        words += ["LIMIT", count(rng)]
    if rng.random() < 0.03:
        words += rng.choice([["MAXLEN", "5"], ["MINID", "4"], ["BOGUS"]])
    return words


def pairs(rng):
    if rng.random() < 0.6:
        names = ["f", "g"]
    else:
        names = [rng.choice(FIELDS) for _ in range(rng.randint(1, 4))]
    return [x for f in names for x in (f, rng.choice(["v", "1", "-300000", "", "v" * 70,
                                                      "w" * 5000 if rng.random() < 0.05 else "7"]))]


def add(rng):
    words = ["XADD", stream(rng), *some(rng, ["NOMKSTREAM"], 0.08)]
    if rng.random() < 0.15:
        words += trimming(rng)
    roll = rng.random()
    words.append("%d-*" % rng.randint(0, 60) if roll < 0.15 else any_id(rng))
    words += pairs(rng)
    if rng.random() < 0.02:
        words.pop()
    return [words, EXACT]


def rising(rng):
    """Several entries whose ids are sure to be new, unless there was a higher one."""
    name, ms = stream(rng), rng.randint(0, 60)
    return [["XADD", name, "%d-*" % (ms + i // 3), *pairs(rng)]
            for i in range(rng.randint(2, 8))] + [EXACT]


def many(rng):
    """More than a node holds, then a range, trims, and holes."""
    name = rng.choice(STREAMS)
    step = [["DEL", name], ["XGROUP", "CREATE", name, "g0", "0", "MKSTREAM"]]
    n = rng.choice([99, 100, 101, 250, 320])
    step += [["XADD", name, "%d-%d" % (i // 7 + 1, i % 7), "f", "v%d" % i, "g", str(i)]
             for i in range(n)]
    step += [["XREADGROUP", "GROUP", "g0", "c0", "COUNT", str(rng.choice([50, 130, 1000])),
              "STREAMS", name, ">"]]
    for _ in range(rng.randint(2, 6)):
        start = rng.randint(0, n)
        step.append(rng.choice([
            ["XTRIM", name, "MAXLEN", rng.choice("=~"), str(rng.randint(0, n))],
            ["XTRIM", name, "MINID", rng.choice("=~"), str(rng.randint(0, n // 7))],
            ["XTRIM", name, "MAXLEN", "~", str(rng.randint(0, n)), "LIMIT",
             str(rng.choice([0, 50, 100, 150, 200]))],
            ["XDEL", name] + ["%d-%d" % (i // 7 + 1, i % 7) for i in range(start, start + 120)],
            ["XRANGE", name, str(start // 7), str(start // 7 + 3)],
            ["XREVRANGE", name, "+", "(%d" % (start // 7), "COUNT", "20"],
            ["XINFO", "GROUPS", name],
        ]))
    return step + [["XLEN", name], ["XRANGE", name, "-", "+"], ["XINFO", "GROUPS", name],
                   ["XPENDING", name, "g0"], ["XAUTOCLAIM", name, "g0", "c1", "0", "0", "COUNT",
                                              "20", "JUSTID"], EXACT]


def read(rng):
    n = rng.choice([1, 1, 2, 3])
    words = ["XREAD", *counted(rng), *some(rng, ["NOACK"], 0.02), "STREAMS",
             *(stream(rng) for _ in range(n)),
             *(rng.choice(["0", "$", any_id(rng), any_id(rng)]) for _ in range(n))]
    if rng.random() < 0.03:
        words.append("extra")
    if rng.random() < 0.05:
        words[1:1] = ["BLOCK", rng.choice(["x", "-1", "1.5"])]
    return [words]


def read_group(rng):
    n = rng.choice([1, 1, 1, 2])
    words = ["XREADGROUP", "GROUP", group(rng), consumer(rng), *counted(rng),
             *some(rng, ["NOACK"], 0.1), "STREAMS", *(stream(rng) for _ in range(n)),
             *(rng.choice([">", ">", ">", "0", any_id(rng)]) for _ in range(n))]
    if rng.random() < 0.02:
        words.append("extra")
    return [words]


def create(rng):
    words = ["XGROUP", "CREATE", stream(rng), group(rng), rng.choice(["0", "$", any_id(rng)]),
             *some(rng, ["MKSTREAM"], 0.7)]
    if rng.random() < 0.2:
        words += ["ENTRIESREAD", count(rng)]
    if rng.random() < 0.03:
        words += ["BOGUS"]
    return [words]


def set_group(rng):
    words = ["XGROUP", "SETID", stream(rng), group(rng), rng.choice(["0", "$", any_id(rng)])]
    if rng.random() < 0.3:
        words += ["ENTRIESREAD", count(rng)]
    return [words]


def idle(rng):
    return rng.choice(["0", "0", "0", "0", "99999999", "-1", "x"])


def claim(rng):
    words = ["XCLAIM", stream(rng), group(rng), consumer(rng), idle(rng),
             *(any_id(rng) for _ in range(rng.randint(1, 4)))]
    words += some(rng, ["FORCE"], 0.4) + some(rng, ["JUSTID"], 0.3)
    if rng.random() < 0.2:
        words += rng.choice([["RETRYCOUNT", count(rng)], ["IDLE", rng.choice(["1000000", "x"])],
                             ["TIME", rng.choice(["1", "0", "x"])], ["LASTID", any_id(rng)],
                             ["BOGUS"], ["IDLE"]])
    return [words]


def auto_claim(rng):
    words = ["XAUTOCLAIM", stream(rng), group(rng), consumer(rng), idle(rng),
             rng.choice(["0", "-", border(rng)]), *counted(rng), *some(rng, ["JUSTID"], 0.3)]
    if rng.random() < 0.03:
        words.append("BOGUS")
    return [words]


def pending(rng):
    words = ["XPENDING", stream(rng), group(rng)]
    roll = rng.random()
    if roll < 0.5:
        return [words]
    if roll < 0.6:
        return [words + ["IDLE", rng.choice(["99999999", "x"]), border(rng), border(rng), "10",
                         *some(rng, [consumer(rng)])]]
    if roll < 0.7:
        return [words + [border(rng), border(rng), rng.choice(["0", "-1", "x"])]]
    if roll < 0.95:
        return [words + [border(rng), border(rng), rng.choice(["1", "3", "10"]),
                         *some(rng, [consumer(rng), "x"], 0.3)]]
    return [words + rng.choice([["-"], ["-", "+"], ["IDLE", "5", "-"], ["IDLE", "0", "-", "+"],
                                ["-", "+", "1", "c0", "x", "y", "z"]])]


def set_id(rng):
    """Redis 7.2 checks more than the reference (7.0): what passes there is above all deleted ids,
    or is followed by nothing that would tell."""
    name, high = stream(rng), rng.random() < 0.7
    words = ["XSETID", name, str(rng.randint(61, 90)) if high else any_id(rng)]
    if rng.random() < 0.4:
        words += ["ENTRIESADDED", count(rng)]
    if rng.random() < 0.4:
        words += ["MAXDELETEDID", any_id(rng)]
    look = [["XINFO", "STREAM", name], ["XINFO", "GROUPS", name],
            ["XADD", name, "91-*", "f", "v"], ["XINFO", "GROUPS", name]]
    return [words, *(look if high else []), ["DEL", name], EXACT]


def automatic(rng):
    """An id of the server's clock, not compared: the stream goes at once."""
    return [["XADD", "auto", "NOMKSTREAM", "*", "f", "v"], ["DEL", "auto"], EXACT]


FAMILY = Family("stream", [
    (16, add),
    (10, rising),
    (0.5, many),
    (4, lambda r: [["XLEN", stream(r)]]),
    (8, lambda r: [["XRANGE", stream(r), border(r), border(r), *counted(r)]]),
    (8, lambda r: [["XREVRANGE", stream(r), border(r), border(r), *counted(r)]]),
    (8, lambda r: [["XDEL", stream(r), *(any_id(r) for _ in range(r.randint(1, 5)))]]),
    (4, lambda r: [["XTRIM", stream(r), *trimming(r)]]),
    (2, set_id),
    (8, read),
    (14, read_group),
    (8, create),
    (3, set_group),
    (1, lambda r: [["XGROUP", "DESTROY", stream(r), group(r)]]),
    (3, lambda r: [["XGROUP", "CREATECONSUMER", stream(r), group(r), consumer(r)]]),
    (2, lambda r: [["XGROUP", "DELCONSUMER", stream(r), group(r), consumer(r)]]),
    (8, lambda r: [["XACK", stream(r), group(r), *(any_id(r) for _ in range(r.randint(1, 5)))]]),
    (8, pending),
    (8, claim),
    (6, auto_claim),
    (6, lambda r: [["XINFO", "GROUPS", stream(r)]]),
    (4, lambda r: [["XINFO", "STREAM", stream(r)]]),
    (1, lambda r: [["XINFO", "STREAM", stream(r), "BOGUS", *some(r, ["COUNT", "x"])]]),
    (1, automatic),
    (1, lambda r: [["OBJECT", "ENCODING", stream(r)]]),
    (1, lambda r: [["TYPE", stream(r)]]),
    (2, lambda r: [["COPY", stream(r), stream(r), *some(r, ["REPLACE"])]]),
    (1, lambda r: [["RENAME", stream(r), stream(r)]]),
    (2, lambda r: [["DEBUG", "DIGEST-VALUE", stream(r)]]),
    (2, lambda r: [["DEL", stream(r)]]),
    (1, lambda r: [["UNLINK", stream(r)]]),
    (0.3, lambda r: [["SET", stream(r), "text"]]),
])
