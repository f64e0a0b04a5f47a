"""Lists with real clients: shapes of replies, keys on several shards, both forms, errors."""

import random

import pytest

from harness.resp import NIL, OK, QUEUED, Error, Null
from harness.texts import NO_KEY, NOT_INTEGER, SYNTAX, WRONG_TYPE, arity

NOT_POSITIVE = Error("ERR value is out of range, must be positive")
BIG = b"x" * 300_000  # in memory of its own, referred to by replies

ARITIES = [
    ("lindex", ["l"], ["l", "0", "1"]),
    ("linsert", ["l", "before", "a"], ["l", "a", "b", "c", "d"]),
    ("llen", [], ["l", "x"]), ("lmove", ["a", "b", "left"], ["a", "b", "left", "left", "x"]),
    ("lmpop", ["1", "a"], None), ("lpop", [], ["l", "1", "2"]), ("lpos", ["l"], None),
    ("lpush", ["l"], None), ("lpushx", ["l"], None), ("lrange", ["l", "0"], ["l", "0", "1", "2"]),
    ("lrem", ["l", "0"], ["l", "0", "1", "2"]), ("lset", ["l", "0"], ["l", "0", "1", "2"]),
    ("ltrim", ["l", "0"], ["l", "0", "1", "2"]), ("rpop", [], ["l", "1", "2"]),
    ("rpoplpush", ["a"], ["a", "b", "c"]), ("rpush", ["l"], None), ("rpushx", ["l"], None),
]


@pytest.mark.parametrize("command,few,many", ARITIES, ids=[a[0] for a in ARITIES])
def test_the_number_of_arguments_is_checked(client, command, few, many):
    assert client(command, *few) == arity(command)
    if many is not None:
        assert client(command, *many) == arity(command)


@pytest.mark.parametrize("line", [
    "LPUSH s a", "RPUSH s a", "LPUSHX s a", "RPUSHX s a", "LPOP s", "RPOP s 1", "LLEN s",
    "LRANGE s 0 1", "LINDEX s 0", "LSET s 0 a", "LINSERT s BEFORE a b", "LREM s 0 a", "LTRIM s 0 0",
    "LPOS s a", "LMOVE s l LEFT LEFT", "LMOVE l s LEFT LEFT", "RPOPLPUSH s l", "RPOPLPUSH l s",
    "LMPOP 2 none s LEFT"])
def test_a_string_is_the_wrong_type(client, line):
    client("SET", "s", "text")
    client("RPUSH", "l", "a")
    assert client.words(line) == WRONG_TYPE
    assert client("GET", "s") == b"text"
    assert client("LRANGE", "l", "0", "-1") == [b"a"]


def test_elements_come_back_in_order(client):
    assert client("RPUSH", "l", "b", "c") == 2
    assert client("LPUSH", "l", "a", "0") == 4
    assert client("LRANGE", "l", "0", "-1") == [b"0", b"a", b"b", b"c"]
    assert client("LLEN", "l") == 4
    assert client("TYPE", "l") == "list"
    assert client("LINDEX", "l", "-1") == b"c"


def test_elements_keep_their_bytes(client):
    elements = [b"", b"\x00\r\n\xff", b"7", b"-0", b"007", b"9223372036854775807",
                b"9223372036854775808", b"a" * 63, b"a" * 64, b"a" * 4095, b"a" * 4096, BIG]
    client("RPUSH", "l", *elements)
    assert client("LRANGE", "l", "0", "-1") == elements
    assert [client("LPOP", "l") for _ in elements] == elements
    assert client("EXISTS", "l") == 0


def test_pops_without_and_with_a_count(client):
    client("RPUSH", "l", "a", "b", "c", "d")
    assert client("LPOP", "l") == b"a"
    assert client("RPOP", "l", "2") == [b"d", b"c"]
    assert client("LPOP", "l", "0") == []
    assert client("LPOP", "l", "10") == [b"b"]
    assert client("EXISTS", "l") == 0
    assert client("LPOP", "l", "-1") == NOT_POSITIVE


def test_nulls_have_the_shape_of_the_protocol(connect):
    two, three = connect(protocol=2), connect(protocol=3)
    for words, kind in [(["LPOP", "l"], "bulk"), (["LPOP", "l", "1"], "array"),
                        (["LINDEX", "l", "0"], "bulk"), (["LPOS", "l", "a"], "bulk"),
                        (["LMOVE", "l", "m", "LEFT", "LEFT"], "bulk"),
                        (["LMPOP", "2", "l", "m", "LEFT"], "array")]:
        assert two(*words) == Null(kind), words
        assert three(*words) == Null("resp3"), words


def test_set_insert_rem_and_trim(client):
    assert client("LSET", "l", "0", "x") == NO_KEY
    client("RPUSH", "l", "a", "x", "b", "x", "c", "x")
    assert client("LSET", "l", "0", "A") == OK
    assert client("LSET", "l", "9", "A") == Error("ERR index out of range")
    assert client("LINSERT", "l", "AFTER", "b", "b2") == 7
    assert client("LINSERT", "l", "BEFORE", "no", "n") == -1
    assert client("LREM", "l", "-2", "x") == 2
    assert client("LRANGE", "l", "0", "-1") == [b"A", b"x", b"b", b"b2", b"c"]
    assert client("LTRIM", "l", "1", "-2") == OK
    assert client("LRANGE", "l", "0", "-1") == [b"x", b"b", b"b2"]
    assert client("LTRIM", "l", "1", "x") == NOT_INTEGER
    assert client("LTRIM", "l", "1", "0") == OK
    assert client("EXISTS", "l") == 0


def test_pos(client):
    client("RPUSH", "l", *"abcabcabc")
    assert client("LPOS", "l", "c") == 2
    assert client("LPOS", "l", "c", "RANK", "-1") == 8
    assert client("LPOS", "l", "c", "COUNT", "0") == [2, 5, 8]
    assert client("LPOS", "l", "c", "COUNT", "0", "RANK", "-2", "MAXLEN", "6") == [5]
    assert client("LPOS", "l", "c", "COUNT") == SYNTAX


def test_moves_between_lists_of_different_shards(client):
    """Twelve lists, so that some pair of neighbours is of two shards."""
    for i in range(12):
        client("RPUSH", "list:%d" % i, "first", "middle %d" % i, "last")
    for i in range(12):
        target = "list:%d" % ((i + 1) % 12)
        assert client("LMOVE", "list:%d" % i, target, "LEFT", "RIGHT") == b"first"
        assert client("RPOPLPUSH", target, "list:%d" % i) == b"first"
    assert client("RPOPLPUSH", "list:0", "other") == b"last"
    assert client("LMPOP", "3", "none", "other", "list:1", "LEFT") == [b"other", [b"last"]]
    assert client("EXISTS", "other") == 0
    assert client("LRANGE", "list:0", "0", "-1") == [b"first", b"middle 0"]


def test_moves_of_large_lists_and_elements(client):
    client("RPUSH", "big", *["element %d" % i for i in range(5000)], BIG)
    for i in range(8):
        source = "big" if i == 0 else "to:%d" % (i - 1)
        assert client("RPOPLPUSH", source, "to:%d" % i) == BIG
    assert client("LLEN", "big") == 5000
    assert client("LMPOP", "2", "none", "to:7", "RIGHT") == [b"to:7", [BIG]]
    assert client("LMPOP", "2", "none", "big", "RIGHT", "COUNT", "2") == [
        b"big", [b"element 4999", b"element 4998"]]


def test_a_list_may_be_moved_onto_itself(client):
    client("RPUSH", "l", "a", "b", "c")
    assert client("LMOVE", "l", "l", "LEFT", "RIGHT") == b"a"
    assert client("LRANGE", "l", "0", "-1") == [b"b", b"c", b"a"]
    client("LTRIM", "l", "0", "0")
    assert client("RPOPLPUSH", "l", "l") == b"b"
    assert client("LRANGE", "l", "0", "-1") == [b"b"]


def test_in_a_transaction(client):
    client("MULTI")
    for words in (["RPUSH", "a", "1", "2"], ["LMOVE", "a", "b", "LEFT", "LEFT"],
                  ["LPOP", "b"], ["LPOP", "b"], ["LRANGE", "a", "0", "-1"]):
        assert client(*words) == QUEUED
    assert client("EXEC") == [2, b"1", b"1", NIL, [b"2"]]


def test_a_pop_wakes_a_watcher_and_an_empty_one_does_not(client, connect):
    other = connect()
    client("RPUSH", "l", "a")
    for words, result in ((["LPOP", "l", "0"], ["PONG"]), (["LPOP", "l"], NIL)):
        client("WATCH", "l")
        other(*words)
        client("MULTI")
        client("PING")
        assert client("EXEC") == result


@pytest.mark.redis72
def test_the_form_follows_the_setting(client):
    client("CONFIG", "SET", "list-max-listpack-size", "8")
    client("RPUSH", "l", *"abcdefgh")
    assert client("OBJECT", "ENCODING", "l") == b"listpack"
    client("RPUSH", "l", "i")
    assert client("OBJECT", "ENCODING", "l") == b"quicklist"
    client("LTRIM", "l", "0", "3")
    assert client("OBJECT", "ENCODING", "l") == b"listpack"
    assert client("LRANGE", "l", "0", "-1") == [b"a", b"b", b"c", b"d"]
    client("CONFIG", "SET", "list-max-listpack-size", "-1")
    client("RPUSH", "m", "x" * 5000)
    assert client("OBJECT", "ENCODING", "m") == b"quicklist"


def test_memory_usage_grows_with_the_list(client):
    client("RPUSH", "l", "a")
    small = client("MEMORY", "USAGE", "l")
    client("RPUSH", "l", *["x" * 100] * 5000)
    assert client("MEMORY", "USAGE", "l", "SAMPLES", "0") > 500_000 + small
    assert client("MEMORY", "USAGE", "l") > 250_000


def test_random_edits_of_a_large_list(client):
    rng = random.Random(8)
    model = [b"%d" % i for i in range(3000)]
    client("RPUSH", "l", *model)
    for i in range(300):
        at = rng.randrange(len(model))
        word = b"w%d" % i
        roll = rng.randrange(3)
        if roll == 0:
            assert client("LSET", "l", str(at), word) == OK
            model[at] = word
        elif roll == 1:
            assert client("LINSERT", "l", "AFTER", model[at], word) == len(model) + 1
            model.insert(model.index(model[at]) + 1, word)
        else:
            assert client("LREM", "l", "1", model[at]) == 1
            model.remove(model[at])
        assert client("LINDEX", "l", str(at - len(model))) == model[at - len(model)]
    assert client("LRANGE", "l", "0", "-1") == model


def test_a_large_list_is_unlinked_copied_and_renamed(client):
    for _ in range(10):
        client("RPUSH", "l", *["element"] * 10_000)
    assert client("COPY", "l", "copy") == 1
    assert client("RENAME", "l", "elsewhere") == OK
    assert client("UNLINK", "elsewhere") == 1
    assert client("LLEN", "copy") == 100_000
    assert client("LINDEX", "copy", "50000") == b"element"
    assert client("DEL", "copy", "elsewhere") == 1
    assert client("PING") == "PONG"


def test_the_digest_does_not_depend_on_the_form(client):
    client("RPUSH", "l", "a", "1", "b")
    small = client("DEBUG", "DIGEST-VALUE", "l")
    if isinstance(small, Error):
        pytest.skip("DEBUG is not allowed here")
    client("CONFIG", "SET", "list-max-listpack-size", "1")
    client("DEL", "l")
    client("RPUSH", "l", "a", "1", "b")
    assert client("DEBUG", "DIGEST-VALUE", "l") == small
    client("LSET", "l", "0", "b")
    assert client("DEBUG", "DIGEST-VALUE", "l") != small


def test_redis_py_speaks_with_lists(r):
    assert r.rpush("l", "a", "b", "c") == 3
    assert r.lrange("l", 0, -1) == [b"a", b"b", b"c"]
    assert r.lmove("l", "m", "LEFT", "RIGHT") == b"a"
    assert r.lpos("l", "c") == 1
    assert r.lmpop(2, "none", "l", direction="RIGHT", count=1) == [b"l", [b"c"]]
    assert r.lpop("l", 5) == [b"b"]
    assert r.lpop("l") is None
