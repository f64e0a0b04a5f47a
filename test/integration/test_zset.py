"""Sorted sets with real clients: shapes in both protocols, keys of several shards, large sets."""

import random
import time

import pytest

from harness.resp import NIL, Double, Error
from harness.texts import NOT_FLOAT, SYNTAX, WRONG_TYPE, arity

ARITIES = [
    ("zadd", ["k", "1"], None), ("zcard", [], ["k", "x"]),
    ("zcount", ["k", "0"], ["k", "0", "1", "2"]),
    ("zdiff", ["1"], None), ("zincrby", ["k", "1"], ["k", "1", "m", "x"]), ("zinter", ["1"], None),
    ("zintercard", ["1"], None), ("zlexcount", ["k", "-"], ["k", "-", "+", "x"]),
    ("zmpop", ["1", "k"], None), ("zmscore", ["k"], None), ("zpopmax", [], None),
    ("zpopmin", [], None), ("zrandmember", [], None), ("zrange", ["k", "0"], None),
    ("zrangestore", ["d", "k", "0"], None), ("zrem", ["k"], None),
    ("zremrangebyrank", ["k", "0"], ["k", "0", "1", "2"]), ("zscan", ["k"], None),
    ("zscore", ["k"], ["k", "m", "x"]), ("zunionstore", ["d", "1"], None),
]


@pytest.mark.parametrize("command,few,many", ARITIES, ids=[a[0] for a in ARITIES])
def test_the_number_of_arguments_is_checked(client, command, few, many):
    assert client(command, *few) == arity(command)
    if many is not None:
        assert client(command, *many) == arity(command)


def score(cell, value):
    """A score as the cell's protocol has it."""
    return Double(value) if cell.protocol == 3 else b"%g" % value


def with_scores(cell, *pairs):
    """Members with scores: pairs in RESP3, flat in RESP2."""
    if cell.protocol == 3:
        return [[member, Double(value)] for member, value in pairs]
    return [x for member, value in pairs for x in (member, b"%g" % value)]


def fill(client, key, **scores):
    words = [x for member, value in scores.items() for x in (str(value), member)]
    return client("ZADD", key, *words)


def test_members_are_in_the_order_of_scores_and_bytes(client, cell):
    assert fill(client, "z", b=2, a=2, c=1.5) == 3
    assert client("ZRANGE", "z", "0", "-1") == [b"c", b"a", b"b"]
    assert client("ZRANGE", "z", "0", "-1", "WITHSCORES") == with_scores(
        cell, (b"c", 1.5), (b"a", 2), (b"b", 2))
    assert client("ZREVRANGE", "z", "0", "0", "WITHSCORES") == with_scores(cell, (b"b", 2))
    assert client("TYPE", "z") == "zset"


def test_a_score_is_a_double_in_resp3(client, cell):
    fill(client, "z", a=2.5)
    assert client("ZSCORE", "z", "a") == score(cell, 2.5)
    assert client("ZINCRBY", "z", "1", "a") == score(cell, 3.5)
    assert client("ZADD", "z", "INCR", "1", "a") == score(cell, 4.5)
    assert client("ZMSCORE", "z", "a", "b") == [score(cell, 4.5), NIL]
    assert client("ZSCORE", "z", "b") == NIL


@pytest.mark.redis72
def test_a_score_has_as_few_digits_as_it_needs(connect):
    client = connect(protocol=2)
    client("ZADD", "z", "0.1", "a")
    assert client("ZSCORE", "z", "a") == b"0.1"
    assert client("ZINCRBY", "z", "0.2", "a") == b"0.30000000000000004"


@pytest.mark.redis72
def test_a_rank_may_come_with_the_score(client, cell):
    fill(client, "z", a=1, b=2)
    assert client("ZRANK", "z", "b", "WITHSCORE") == [1, score(cell, 2)]
    assert client("ZREVRANK", "z", "b", "WITHSCORE") == [0, score(cell, 2)]
    assert client("ZRANK", "z", "c", "WITHSCORE") == NIL


def test_pops_are_pairs_in_resp3_where_a_count_is_given(client, cell):
    fill(client, "z", a=1, b=2, c=3)
    assert client("ZPOPMIN", "z") == [b"a", score(cell, 1)]
    assert client("ZPOPMAX", "z", "5") == with_scores(cell, (b"c", 3), (b"b", 2))
    assert client("EXISTS", "z") == 0
    assert client("ZPOPMIN", "z") == []


def test_the_first_set_with_members_is_popped(client, cell):
    names = ["z%d" % i for i in range(8)]
    fill(client, "z5", a=1, b=2)
    assert client("ZMPOP", "8", *names, "MAX") == [b"z5", [[b"b", score(cell, 2)]]]
    assert client("ZMPOP", "8", *names, "MIN", "COUNT", "9") == [b"z5", [[b"a", score(cell, 1)]]]
    assert client("ZMPOP", "8", *names, "MIN") == NIL


def test_sets_of_several_shards_are_combined(client, cell):
    for i in range(10):
        fill(client, "k%d" % i, **{"m%d" % i: i, "all": 1})
    names = ["k%d" % i for i in range(10)]
    assert client("ZUNIONSTORE", "sum", "10", *names) == 11
    assert client("ZSCORE", "sum", "all") == score(cell, 10)
    assert client("ZINTER", "10", *names, "WITHSCORES") == with_scores(cell, (b"all", 10))
    assert client("ZINTERCARD", "10", *names) == 1
    assert client("ZDIFF", "2", "k3", "k4") == [b"m3"]
    assert client("ZDIFFSTORE", "k0", "2", "sum", "k1") == 9
    assert client("ZCARD", "sum") == 11
    assert client("ZINTERSTORE", "sum", "2", "k1", "missing") == 0
    assert client("EXISTS", "sum") == 0


def test_weights_and_aggregates(client, cell):
    fill(client, "a", x=1, y=2)
    fill(client, "b", x=10)
    assert client.words("ZUNION 2 a b WEIGHTS 2 3 AGGREGATE MAX WITHSCORES") == with_scores(
        cell, (b"y", 4), (b"x", 30))
    assert client.words("ZUNION 2 a b WEIGHTS 1 x") == Error("ERR weight value is not a float")
    assert client.words("ZUNION 2 a b AGGREGATE AVG") == SYNTAX


def test_a_range_is_stored_on_another_shard(client):
    fill(client, "from", a=1, b=2, c=3)
    for i in range(8):
        assert client("ZRANGESTORE", "to%d" % i, "from", "(1", "+inf", "BYSCORE") == 2
        assert client("ZRANGE", "to%d" % i, "0", "-1") == [b"b", b"c"]
    assert client("ZRANGESTORE", "to1", "missing", "0", "-1") == 0
    assert client("EXISTS", "to1") == 0
    assert client("ZRANGE", "from", "0", "-1") == [b"a", b"b", b"c"]


def test_storing_replaces_what_was_there_with_its_time_to_live(client):
    client("SET", "d", "text", "EX", "1000")
    fill(client, "z", a=1)
    assert client("ZUNIONSTORE", "d", "1", "z") == 1
    assert client("TYPE", "d") == "zset"
    assert client("TTL", "d") == -1


def test_additions_keep_the_time_to_live(client):
    fill(client, "z", a=1)
    client("EXPIRE", "z", "1000")
    fill(client, "z", **{"m%d" % i: i for i in range(300)})
    assert 990 < client("TTL", "z") <= 1000
    assert client("OBJECT", "ENCODING", "z") == b"skiplist"


@pytest.mark.parametrize("line", [
    "ZADD s 1 a", "ZINCRBY s 1 a", "ZCARD s", "ZRANGE s 0 -1", "ZRANGESTORE d s 0 -1", "ZPOPMIN s",
    "ZMPOP 2 missing s MIN", "ZUNIONSTORE d 2 missing s", "ZINTER 2 missing s", "ZSCAN s 0"])
def test_a_string_is_the_wrong_type(client, line):
    client("SET", "s", "text")
    assert client.words(line) == WRONG_TYPE
    assert client("EXISTS", "d") == 0
    assert client("GET", "s") == b"text"


def test_wrong_scores_and_ranges(client):
    assert client("ZADD", "z", "1", "a", "x", "b") == NOT_FLOAT
    assert client("EXISTS", "z") == 0
    assert client("ZADD", "z", "1", "a", "2") == SYNTAX
    assert client("ZADD", "z", "inf", "a") == 1
    assert client("ZINCRBY", "z", "-inf", "a") == Error(
        "ERR resulting score is not a number (NaN)")
    assert client("ZCOUNT", "z", "x", "1") == Error("ERR min or max is not a float")
    assert client("ZLEXCOUNT", "z", "x", "+") == Error(
        "ERR min or max not valid string range item")


def test_the_encoding_follows_the_settings(start_server, connect):
    server = start_server(zset_max_listpack_entries=2, zset_max_listpack_value=3)
    client = connect(port=server.port)
    client("ZADD", "z", "1", "a", "2", "b")
    assert client("OBJECT", "ENCODING", "z") == b"listpack"
    client("ZADD", "z", "3", "c")
    assert client("OBJECT", "ENCODING", "z") == b"skiplist"
    client("ZADD", "long", "1", "abcd")
    assert client("OBJECT", "ENCODING", "long") == b"skiplist"
    client("CONFIG", "SET", "zset-max-listpack-entries", "10")
    client("ZADD", "y", "1", "a", "2", "b", "3", "c")
    assert client("OBJECT", "ENCODING", "y") == b"listpack"


def test_random_changes_agree_with_a_model(client):
    rng = random.Random(3)
    model = {}
    for _ in range(3000):
        member, value = b"m%d" % rng.randrange(300), rng.randrange(-50, 50)
        if rng.random() < 0.7:
            assert client("ZADD", "z", value, member) == (member not in model)
            model[member] = value
        else:
            assert client("ZREM", "z", member) == (model.pop(member, None) is not None)
    order = sorted(model, key=lambda m: (model[m], m))
    assert client("ZRANGE", "z", "0", "-1") == order
    assert client.pipeline([("ZRANK", "z", m) for m in order]) == list(range(len(order)))
    for low in range(-50, 50, 7):
        found = [m for m in order if low < model[m] <= low + 10]
        assert client("ZRANGE", "z", "(%d" % low, low + 10, "BYSCORE") == found
        assert client("ZCOUNT", "z", "(%d" % low, low + 10) == len(found)


def test_a_walk_meets_every_member_while_others_come_and_go(client):
    client.pipeline([("ZADD", "z", i, "stays%d" % i) for i in range(2000)])
    met, cursor, step = set(), b"0", 0
    while True:
        cursor, page = client("ZSCAN", "z", cursor, "COUNT", "50")
        met.update(page[::2])
        client.pipeline([("ZADD", "z", i, "new%d" % (step * 10 + i)) for i in range(10)])
        client("ZREM", "z", *("new%d" % (step * 10 + i) for i in range(5)))
        step += 1
        if cursor == b"0":
            break
    assert step > 10
    assert met >= {b"stays%d" % i for i in range(2000)}


def test_a_big_set_is_deleted_without_a_pause(client):
    for first in range(0, 200000, 10000):
        words = [x for i in range(first, first + 10000) for x in (i % 977, "member:%d" % i)]
        client("ZADD", "big", *words)
    assert client("ZCARD", "big") == 200000
    assert client("MEMORY", "USAGE", "big") > 200000 * 16
    assert client("ZREMRANGEBYRANK", "big", "0", "99999") == 100000
    assert client("ZCOUNT", "big", "-inf", "+inf") == 100000
    start = time.monotonic()
    assert client("UNLINK", "big") == 1
    assert time.monotonic() - start < 0.5
    assert client("EXISTS", "big") == 0


def test_sets_in_a_transaction(client, cell):
    client("MULTI")
    client("ZADD", "a", "1", "x")
    client("ZADD", "b", "2", "x", "3", "y")
    client("ZUNIONSTORE", "c", "2", "a", "b")
    client("ZRANGE", "c", "0", "-1", "WITHSCORES")
    assert client("EXEC") == [1, 2, 2, with_scores(cell, (b"x", 3), (b"y", 3))]


def test_a_client_library_reads_the_replies(r):
    assert r.zadd("z", {"a": 1, "b": 2.5}) == 2
    assert r.zrange("z", 0, -1, withscores=True) == [(b"a", 1.0), (b"b", 2.5)]
    assert r.zpopmax("z") == [(b"b", 2.5)]
    assert r.zrangebylex("z", "-", "+") == [b"a"]
    assert r.zunion(["z", "y"], withscores=True) == [(b"a", 1.0)]
    assert list(r.zscan_iter("z")) == [(b"a", 1.0)]
