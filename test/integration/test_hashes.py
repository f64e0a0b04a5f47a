"""Hash commands with real clients: shapes in both protocols, both forms, errors, large hashes."""

import pytest

from harness.resp import NIL, OK, Error, Map
from harness.texts import NOT_INTEGER, OVERFLOW, SYNTAX, WRONG_TYPE, arity

ARITIES = [
    ("hset", ["k", "f"]), ("hmset", ["k", "f"]), ("hsetnx", ["k", "f"]), ("hget", ["k"]),
    ("hmget", ["k"]), ("hdel", ["k"]), ("hlen", []), ("hexists", ["k"]), ("hstrlen", ["k"]),
    ("hkeys", []), ("hvals", []), ("hgetall", []), ("hincrby", ["k", "f"]),
    ("hincrbyfloat", ["k", "f"]), ("hrandfield", []), ("hscan", ["k"]),
    ("hset", ["k", "f", "v", "g"]), ("hmset", ["k", "f", "v", "g"]),
]


@pytest.fixture(params=["listpack", "hashtable"])
def form(request, client):
    """Each test in both forms: the limit is put back after it."""
    if request.param == "hashtable":
        assert client("CONFIG", "SET", "hash-max-listpack-entries", "0") == OK
    return request.param


def as_dict(reply):
    flat = reply.flat() if isinstance(reply, Map) else reply
    return dict(zip(flat[::2], flat[1::2]))


def numbered(count):
    return [word for i in range(count) for word in ("field:%d" % i, "value:%d" % i)]


def expected(count):
    return {b"field:%d" % i: b"value:%d" % i for i in range(count)}


@pytest.mark.parametrize("command,few", ARITIES)
def test_the_number_of_arguments_is_checked(client, command, few):
    assert client(command, *few) == arity(command)


def test_fields_are_set_and_read(client, form):
    assert client("HSET", "h", "a", "1", "b", "", "", "x") == 3
    assert client("HSET", "h", "a", "2", "c", "3") == 1
    assert client("HMSET", "h", "d", "4") == OK
    assert client("HGET", "h", "a") == b"2"
    assert client("HGET", "h", "no") == NIL
    assert client("HMGET", "h", "b", "no", "") == [b"", NIL, b"x"]
    assert client("HLEN", "h") == 5
    assert client("HSETNX", "h", "a", "9") == 0
    assert client("HSETNX", "h", "e", "5") == 1
    assert client("HEXISTS", "h", "e") == 1
    assert client("HSTRLEN", "h", "a") == 1
    assert client("OBJECT", "ENCODING", "h") == form.encode()
    assert client("TYPE", "h") == "hash"


def test_binary_fields_and_values_come_back(client, form):
    pairs = {b"\x00\r\n\xff": b"\xff\x00", b"12": b"-0", b"x" * 300: b"y" * 70000,
             b"9223372036854775807": b"9223372036854775808", b"007": b"7"}
    for field, value in pairs.items():
        assert client("HSET", "h", field, value) == 1
    assert as_dict(client("HGETALL", "h")) == pairs
    assert {field: client("HGET", "h", field) for field in pairs} == pairs


def test_hgetall_is_a_map_in_resp3(connect):
    two, three = connect(protocol=2), connect(protocol=3)
    two("HSET", "h", "a", "1", "b", "2")
    assert two("HGETALL", "h") == [b"a", b"1", b"b", b"2"]
    reply = three("HGETALL", "h")
    assert isinstance(reply, Map) and as_dict(reply) == {b"a": b"1", b"b": b"2"}
    assert two("HGETALL", "no") == []
    assert isinstance(three("HGETALL", "no"), Map)
    assert three("HKEYS", "h") == [b"a", b"b"]
    assert three("HVALS", "h") == [b"1", b"2"]


def test_hrandfield_with_values_is_nested_in_resp3(connect, form):
    two, three = connect(protocol=2), connect(protocol=3)
    two("HSET", "h", "a", "1")
    assert two("HRANDFIELD", "h", "-2", "WITHVALUES") == [b"a", b"1", b"a", b"1"]
    assert three("HRANDFIELD", "h", "-2", "WITHVALUES") == [[b"a", b"1"], [b"a", b"1"]]
    assert three("HRANDFIELD", "h", "5", "WITHVALUES") == [[b"a", b"1"]]


def test_hrandfield_chooses_among_all(client, form):
    client("HSET", "h", *numbered(50))
    names = set(expected(50))
    assert {client("HRANDFIELD", "h") for _ in range(2000)} == names
    few = client("HRANDFIELD", "h", "10")
    assert len(set(few)) == len(few) == 10 and set(few) <= names
    assert set(client("HRANDFIELD", "h", "50")) == names
    assert len(client("HRANDFIELD", "h", "-200")) == 200
    assert client("HRANDFIELD", "h", "0") == []
    assert client("HRANDFIELD", "no") == NIL
    assert client("HRANDFIELD", "no", "5") == []


def test_removing_the_last_field_removes_the_key(client, form):
    client("HSET", "h", "a", "1", "b", "2")
    assert client("HDEL", "h", "a", "no", "a") == 1
    assert client("EXISTS", "h") == 1
    assert client("HDEL", "h", "b") == 1
    assert client("EXISTS", "h") == 0
    assert client("HDEL", "h", "b") == 0
    assert client("DBSIZE") == 0


def test_numbers_in_fields(client, form):
    assert client("HINCRBY", "h", "n", "5") == 5
    assert client("HINCRBY", "h", "n", "-7") == -2
    assert client("HINCRBYFLOAT", "h", "n", "0.25") == b"-1.75"
    assert client("HINCRBY", "h", "n", "1") == Error("ERR hash value is not an integer")
    assert client("HINCRBYFLOAT", "h", "big", "1e17") == b"100000000000000000"
    client("HSET", "h", "max", 2 ** 63 - 1, "text", "x")
    assert client("HINCRBY", "h", "max", "1") == OVERFLOW
    assert client("HINCRBY", "h", "max", "x") == NOT_INTEGER
    assert client("HINCRBYFLOAT", "h", "text", "1") == Error("ERR hash value is not a float")
    assert client("HINCRBYFLOAT", "h", "n", "inf") == Error("ERR value is NaN or Infinity")
    client("HSET", "h", "inf", "-inf")
    assert client("HINCRBYFLOAT", "h", "inf", "1") == Error(
        "ERR increment would produce NaN or Infinity")


@pytest.mark.parametrize("line", [
    "HSET s f v", "HSETNX s f v", "HGET s f", "HMGET s f", "HDEL s f", "HLEN s", "HGETALL s",
    "HINCRBY s f 1", "HINCRBYFLOAT s f 1", "HRANDFIELD s 1", "HSCAN s 0"])
def test_a_string_is_the_wrong_type_and_stays(client, line):
    client("SET", "s", "x")
    assert client.words(line) == WRONG_TYPE
    assert client("GET", "s") == b"x"


def test_a_hash_is_the_wrong_type_for_strings(client, form):
    client("HSET", "h", "f", "v")
    assert client("GET", "h") == WRONG_TYPE
    assert client("APPEND", "h", "x") == WRONG_TYPE
    assert client("HGET", "h", "f") == b"v"
    assert client("SET", "h", "x") == OK
    assert client("TYPE", "h") == "string"


def test_a_hash_turns_large_by_its_limits_and_stays_so(client):
    client("HSET", "h", *numbered(512))
    assert client("OBJECT", "ENCODING", "h") == b"listpack"
    client("HSET", "h", "one", "more")
    assert client("OBJECT", "ENCODING", "h") == b"hashtable"
    client("HDEL", "h", *["field:%d" % i for i in range(500)])
    assert client("OBJECT", "ENCODING", "h") == b"hashtable"
    client("HSET", "short", "f", "v" * 64)
    assert client("OBJECT", "ENCODING", "short") == b"listpack"
    client("HSET", "long", "f", "v" * 65)
    assert client("OBJECT", "ENCODING", "long") == b"hashtable"


def test_hscan_walks_over_all_fields_while_others_come_and_go(client):
    client("HSET", "h", *numbered(2000))
    seen, cursor, calls = {}, b"0", 0
    while True:
        cursor, part = client("HSCAN", "h", cursor, "COUNT", "20")
        seen.update(zip(part[::2], part[1::2]))
        client("HSET", "h", *["new:%d:%d" % (calls, i) for i in range(20)])
        if calls % 2:
            client("HDEL", "h", *["new:%d:%d" % (calls, i) for i in range(0, 20, 2)])
        calls += 1
        if cursor == b"0":
            break
        assert calls < 2000
    assert calls > 5
    assert expected(2000).items() <= seen.items()


def test_hscan_matches_and_checks_its_words(client, form):
    client("HSET", "h", *numbered(12))
    cursor, part = client("HSCAN", "h", "0", "MATCH", "field:1*", "COUNT", "1000")
    assert cursor == b"0"
    assert sorted(part[::2]) == [b"field:1", b"field:10", b"field:11"]
    assert client("HSCAN", "h", "x") == Error("ERR invalid cursor")
    assert client("HSCAN", "h", "0", "COUNT", "0") == SYNTAX
    assert client("HSCAN", "h", "0", "COUNT", "x") == NOT_INTEGER
    assert client("HSCAN", "no", "0") == [b"0", []]


def test_hashes_are_renamed_copied_and_moved_across_shards(client, form):
    for i in range(20):
        client("HSET", "from:%d" % i, *numbered(30))
        client("PEXPIRE", "from:%d" % i, "1000000")
        assert client("COPY", "from:%d" % i, "copy:%d" % i) == 1
        assert client("RENAME", "from:%d" % i, "to:%d" % i) == OK
        client("HSET", "to:%d" % i, "own", "x")
        assert as_dict(client("HGETALL", "copy:%d" % i)) == expected(30)
        assert client("HLEN", "to:%d" % i) == 31
        assert client("PTTL", "to:%d" % i) > 900000
        assert client("OBJECT", "ENCODING", "to:%d" % i) == form.encode()
        assert client("MOVE", "to:%d" % i, "3") == 1
    client("SELECT", "3")
    assert as_dict(client("HGETALL", "to:7")) == {**expected(30), b"own": b"x"}


def test_fields_are_changed_in_transactions(client, form):
    client("MULTI")
    for i in range(5):
        client("HSET", "h:%d" % i, "f", str(i))
        client("HINCRBY", "sum:%d" % i, "n", str(i))
    assert client("EXEC") == [x for i in range(5) for x in (1, i)]
    assert [client("HGET", "h:%d" % i, "f") for i in range(5)] == [b"%d" % i for i in range(5)]


def test_a_large_hash_is_unlinked_and_made_again(client):
    for start in range(0, 50000, 5000):
        client("HSET", "h", *[w for i in range(start, start + 5000) for w in ("f%d" % i, i)])
    assert client("HLEN", "h") == 50000
    assert client("MEMORY", "USAGE", "h") > 50000 * 16
    assert client("UNLINK", "h") == 1
    assert client("HSET", "h", "f", "v") == 1
    assert as_dict(client("HGETALL", "h")) == {b"f": b"v"}


def test_the_digest_does_not_depend_on_form_and_order(client):
    client("HSET", "a", "x", "1", "y", "2")
    client("HSET", "b", "y", "2", "x", "1")
    client("HSET", "large", "x", "1", "y", "2", "z", "z" * 100)
    client("HDEL", "large", "z")
    digests = client("DEBUG", "DIGEST-VALUE", "a", "b", "large")
    assert len(set(digests)) == 1
    client("HSET", "b", "x", "3")
    assert client("DEBUG", "DIGEST-VALUE", "b") != digests[:1]


def test_redis_py_reads_hashes(r):
    assert r.hset("h", mapping={"a": 1, "b": "x"}) == 2
    assert r.hgetall("h") == {b"a": b"1", b"b": b"x"}
    assert r.hmget("h", "a", "no") == [b"1", None]
    assert dict(r.hscan_iter("h")) == {b"a": b"1", b"b": b"x"}
    assert r.hincrbyfloat("h", "a", 0.5) == 1.5
    assert sorted(r.hrandfield("h", 2)) == [b"a", b"b"]
