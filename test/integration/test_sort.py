"""SORT and SORT_RO with real clients, beside a model in Python.

Keys that BY and GET reach are on any shard.
"""

import random

import pytest

from harness.resp import NIL, Client, Error
from harness.texts import NOT_INTEGER, SYNTAX, WRONG_TYPE, arity

NOT_NUMBERS = Error("ERR One or more scores can't be converted into double")


def texts(*words):
    return [word.encode() for word in words]


@pytest.fixture(params=["list", "set", "zset"])
def numbers(request, client):
    """s: 10 numbers of which no two are the same, as a value of each type."""
    members = ["3", "-1", "2.5", "10", "0", "1e3", "-20", "7", "8", "0.5"]
    if request.param == "list":
        client("RPUSH", "s", *members)
    elif request.param == "set":
        client("SADD", "s", *members)
    else:
        client("ZADD", "s", *(word for i, m in enumerate(members) for word in (str(i % 4), m)))
    return members


def test_numbers_are_sorted(client, numbers):
    want = texts(*sorted(numbers, key=float))
    assert client("SORT", "s") == want
    assert client("SORT", "s", "asc") == want
    assert client("SORT", "s", "DESC") == want[::-1]
    assert client("SORT_RO", "s", "DESC", "ASC") == want


def test_alpha_sorts_by_bytes(client, numbers):
    want = texts(*sorted(numbers))
    assert client("SORT", "s", "ALPHA") == want
    assert client("SORT_RO", "s", "ALPHA", "DESC") == want[::-1]


def test_limit_takes_a_part(client, numbers):
    want = texts(*sorted(numbers, key=float))
    for offset, count in [(0, 3), (2, 4), (8, 5), (10, 1), (50, 1), (-3, 2), (0, 0), (4, -1),
                          (0, -7), (3, 2 ** 62)]:
        start = max(offset, 0)
        part = want[start:] if count < 0 else want[start:start + count]
        assert client("SORT", "s", "LIMIT", str(offset), str(count)) == part


def test_by_sorts_by_other_keys(client, numbers):
    for i, member in enumerate(numbers):
        client("SET", "sw" + member, str(i * 7 % 10))
        client("HSET", "sh" + member, "f", str(-i), "g", "name%d" % i)
    by_weight = texts(*sorted(numbers, key=lambda m: numbers.index(m) * 7 % 10))
    assert client("SORT", "s", "BY", "sw*") == by_weight
    assert client("SORT", "s", "BY", "sw*", "DESC", "LIMIT", "1", "3") == by_weight[::-1][1:4]
    assert client("SORT", "s", "BY", "sh*->f") == texts(*numbers[::-1])
    assert client("SORT_RO", "s", "BY", "sh*->g", "ALPHA") == texts(*numbers)
    assert client("SORT", "s", "BY", "sh*->g") == NOT_NUMBERS


def test_get_answers_what_other_keys_hold(client, r):
    client("RPUSH", "s", "2", "1", "3")
    client("MSET", "sa1", "one", "sa3", "3")
    client("HSET", "sh2", "f", "two", "n", "22")
    client("RPUSH", "sl1", "x")
    got = client("SORT", "s", "GET", "sa*", "GET", "#", "GET", "sh*->f", "GET", "nothing",
                 "GET", "sl*")
    assert got == [b"one", b"1", NIL, NIL, NIL,
                   NIL, b"2", b"two", NIL, NIL,
                   b"3", b"3", NIL, NIL, NIL]
    assert client("SORT", "s", "GET", "sh*->n") == [NIL, b"22", NIL]
    assert client("SORT", "s", "GET", "sh*->") == [NIL] * 3
    assert r.sort("s", get=["#", "sa*"], groups=True) == [
        (b"1", b"one"), (b"2", None), (b"3", b"3")]


def test_by_without_a_star_asks_for_no_order(client):
    client("RPUSH", "sl", "c", "1", "b")
    client("ZADD", "sz", "3", "c", "1", "a", "2", "b")
    client("SADD", "ss", "2", "1", "3")
    assert client("SORT", "sl", "BY", "nosort") == [b"c", b"1", b"b"]
    assert client("SORT", "sl", "BY", "nosort", "DESC") == [b"b", b"1", b"c"]
    assert client("SORT", "sl", "BY", "nosort", "DESC", "LIMIT", "1", "5") == [b"1", b"c"]
    assert client("SORT", "sz", "BY", "") == [b"a", b"b", b"c"]
    assert client("SORT", "sz", "BY", "x", "DESC", "LIMIT", "0", "2") == [b"c", b"b"]
    assert sorted(client("SORT", "ss", "BY", "x")) == [b"1", b"2", b"3"]
    assert client("SORT", "ss", "BY", "x", "DESC", "STORE", "sd") == 3
    assert client("LRANGE", "sd", "0", "-1") == [b"3", b"2", b"1"]


def test_store_makes_a_list(client):
    client("RPUSH", "s", "3", "1", "2")
    client("SET", "sa2", "two")
    client("SET", "sd", "text", "EX", "1000")
    assert client("SORT", "s", "STORE", "sd") == 3
    assert client("LRANGE", "sd", "0", "-1") == [b"1", b"2", b"3"]
    assert client("TTL", "sd") == -1
    assert client("SORT", "s", "GET", "#", "GET", "sa*", "STORE", "sd") == 6
    assert client("LRANGE", "sd", "0", "-1") == [b"1", b"", b"2", b"two", b"3", b""]
    assert client("SORT", "s", "DESC", "STORE", "s") == 3
    assert client("LRANGE", "s", "0", "-1") == [b"3", b"2", b"1"]
    assert client("SORT", "s", "LIMIT", "5", "1", "STORE", "sd") == 0
    assert client("EXISTS", "sd") == 0
    assert client("SORT", "none", "STORE", "s") == 0
    assert client("EXISTS", "s") == 0


def test_the_destination_may_be_anywhere(client):
    """On another shard, that is; so may the source."""
    for i in range(20):
        client("RPUSH", f"from{i}", "3", "1", "2")
        assert client("SORT", f"from{i}", "STORE", f"to{i}") == 3
        assert client("LRANGE", f"to{i}", "0", "-1") == [b"1", b"2", b"3"]
        assert client("SORT", "none", "STORE", f"to{i}") == 0
        assert client("EXISTS", f"to{i}", f"from{i}") == 1


def test_errors(client):
    client("RPUSH", "l", "a", "1")
    client("SET", "s", "x")
    client("HSET", "h", "f", "v")
    assert client("SORT") == arity("sort")
    assert client("SORT_RO") == arity("sort_ro")
    assert client("SORT", "s") == WRONG_TYPE
    assert client("SORT", "h", "BY", "nosort") == WRONG_TYPE
    assert client("SORT", "l") == NOT_NUMBERS
    assert client("SORT", "l", "STORE", "d") == NOT_NUMBERS
    assert client("EXISTS", "d") == 0
    assert client("SORT", "none", "LIMIT", "1", "x") == NOT_INTEGER
    for words in ["LIMIT 1", "BY", "GET", "STORE", "UP", "ALPHA x", "ASC STORE"]:
        assert client("SORT", "s", *words.split()) == SYNTAX
    assert client("SORT_RO", "l", "STORE", "d") == SYNTAX
    assert client("SORT", "none") == []


def test_big_sorts_agree_with_python(client):
    rng = random.Random(5)
    values = [rng.choice([rng.randint(-10 ** 6, 10 ** 6), rng.randint(0, 50), rng.random()])
              for _ in range(20000)]
    words = [str(v) for v in values]
    client("RPUSH", "big", *words)
    want = texts(*sorted(words, key=lambda w: (float(w), w)))
    assert client("SORT", "big") == want
    assert client("SORT", "big", "DESC", "LIMIT", "700", "20") == want[::-1][700:720]
    assert client("SORT", "big", "ALPHA", "LIMIT", "15000", "100") == texts(
        *sorted(words)[15000:15100])
    assert client("SORT", "big", "STORE", "stored") == 20000
    assert client("LRANGE", "stored", "0", "-1") == want


def test_the_keys_of_sort(client):
    assert client("COMMAND", "GETKEYS", "SORT", "a", "BY", "w_*", "STORE", "b") == [b"a", b"b"]
    assert client("COMMAND", "GETKEYS", "SORT_RO", "a", "GET", "w_*") == [b"a"]


def test_sort_in_a_transaction(client):
    client("RPUSH", "s", "2", "1")
    assert client("MULTI") == "OK"
    client("RPUSH", "s", "0")
    client("SORT", "s", "STORE", "other")
    client("LRANGE", "other", "0", "-1")
    assert client("EXEC") == [3, 3, [b"0", b"1", b"2"]]


def test_a_source_that_expires_is_the_first_to_be_brought_together(start_server):
    server = start_server()
    with Client(server.port) as client:
        for key in "abcdef":
            client("RPUSH", key, "2", "1")
            client("EXPIRE", key, "100")
        for member in "12":
            client("SET", "w" + member, member, "EX", "100")
        for key in "abcdef":
            assert client("SORT", key, "BY", "w*") == texts("1", "2")
            assert client("TTL", key) in (99, 100)
        assert client("TTL", "w1") in (99, 100)
