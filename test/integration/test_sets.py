"""Set commands, compared with Python's sets."""

import random
import time

import pytest

from harness.resp import NIL, OK, Error, Set
from harness.texts import NOT_INTEGER, SYNTAX, WRONG_TYPE, arity

POSITIVE = Error("ERR value is out of range, must be positive")
SMALL, LARGE = 6, 1000  # members


def numbers(n):
    return {b"%d" % i for i in range(n)}


def words(n):
    return {b"word:%d" % i for i in range(n)}


def add(client, name, members):
    assert client("SADD", name, *members) == len(members)


def is_set(client, reply):
    """The reply's members; it is a set in RESP3 and an array in RESP2."""
    assert type(reply) is (Set if client.protocol == 3 else list)
    assert len(set(reply)) == len(reply)
    return set(reply)


@pytest.mark.parametrize("command,few,many", [
    ("sadd", ["k"], None), ("srem", ["k"], None), ("scard", [], ["k", "x"]),
    ("sismember", ["k"], ["k", "a", "b"]), ("smismember", ["k"], None),
    ("smembers", [], ["k", "x"]), ("spop", [], None), ("srandmember", [], None),
    ("smove", ["a", "b"], ["a", "b", "m", "x"]), ("sinter", [], None), ("sunion", [], None),
    ("sdiff", [], None), ("sinterstore", ["d"], None), ("sunionstore", ["d"], None),
    ("sdiffstore", ["d"], None), ("sintercard", ["1"], None), ("sscan", ["k"], None)])
def test_the_number_of_arguments_is_checked(client, command, few, many):
    assert client(command, *few) == arity(command)
    if many:
        assert client(command, *many) == arity(command)


@pytest.mark.parametrize("line", [
    "SADD s a", "SREM s a", "SCARD s", "SISMEMBER s a", "SMISMEMBER s a", "SMEMBERS s", "SPOP s",
    "SPOP s 1", "SRANDMEMBER s", "SRANDMEMBER s 1", "SMOVE s k a", "SMOVE k s a", "SINTER k s",
    "SINTER missing s", "SUNION k s", "SDIFF k s", "SDIFF missing s", "SINTERSTORE d k s",
    "SUNIONSTORE d k s", "SDIFFSTORE d s k", "SINTERCARD 2 k s", "SSCAN s 0"])
def test_a_string_is_the_wrong_type_and_stays(client, line):
    client("SET", "s", "text")
    client("SADD", "k", "a")
    assert client.words(line) == WRONG_TYPE
    assert client("GET", "s") == b"text"
    assert client("SMEMBERS", "k") == [b"a"]
    assert client("EXISTS", "d") == 0


def test_a_set_is_the_wrong_type_for_a_string_command(client):
    client("SADD", "k", "a")
    assert client("GET", "k") == WRONG_TYPE
    assert client("APPEND", "k", "x") == WRONG_TYPE
    assert client("TYPE", "k") == "set"
    assert client("SET", "k", "x") == OK


@pytest.mark.parametrize("make", [numbers, words])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_members_are_added_found_and_removed(client, make, size):
    members = make(size)
    add(client, "k", members)
    assert client("SADD", "k", *members) == 0
    assert client("SCARD", "k") == size
    assert is_set(client, client("SMEMBERS", "k")) == members
    assert client("SMISMEMBER", "k", "nothing", *members) == [0] + [1] * size
    half = list(members)[:size // 2]
    assert client("SREM", "k", *half, *half, "nothing") == len(half)
    assert is_set(client, client("SMEMBERS", "k")) == members - set(half)
    assert client("SREM", "k", *members) == size - len(half)
    assert client("EXISTS", "k") == 0


def test_any_bytes_are_members(client):
    members = {b"", b"\0", b"\r\n", b"\xff" * 254, b"x" * 255, b"x" * 256, b"y" * 100000, b"-0",
               b"0", b"9223372036854775808"}
    add(client, "k", members)
    assert is_set(client, client("SMEMBERS", "k")) == members
    for member in members:
        assert client("SISMEMBER", "k", member) == 1
        assert client("SREM", "k", member) == 1


def test_random_operations_agree_with_a_python_set(client):
    rng = random.Random(7)
    model, requests, expected = set(), [], []
    for _ in range(3000):
        form = b"%d" if rng.random() < 0.8 else b"m%d"
        member = form % rng.randint(-300, 300)
        command = rng.choice(["SADD", "SADD", "SREM", "SISMEMBER"])
        requests.append([command, "k", member])
        expected.append(int((member in model) != (command == "SADD")))
        if command == "SADD":
            model.add(member)
        elif command == "SREM":
            model.discard(member)
    assert [client(*request) for request in requests] == expected
    assert is_set(client, client("SMEMBERS", "k")) == model


@pytest.mark.redis72
def test_small_sets_are_intsets_and_listpacks(client):
    add(client, "n", numbers(512))
    assert client("OBJECT", "ENCODING", "n") == b"intset"
    client("SADD", "n", "512")
    assert client("OBJECT", "ENCODING", "n") == b"hashtable"
    add(client, "w", words(128))
    assert client("OBJECT", "ENCODING", "w") == b"listpack"
    client("SADD", "w", "one more")
    assert client("OBJECT", "ENCODING", "w") == b"hashtable"
    assert client("CONFIG", "SET", "set-max-listpack-entries", "2", "set-max-listpack-value",
                  "3") == OK
    client("SADD", "a", "abc", "de")
    assert client("OBJECT", "ENCODING", "a") == b"listpack"
    client("SADD", "a", "f")
    assert client("OBJECT", "ENCODING", "a") == b"hashtable"
    client("SADD", "b", "abcd")
    assert client("OBJECT", "ENCODING", "b") == b"hashtable"


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_spop_takes_members_until_the_key_is_gone(client, size):
    members = words(size)
    add(client, "k", members)
    one = client("SPOP", "k")
    assert one in members
    some = is_set(client, client("SPOP", "k", size // 2))
    assert len(some) == size // 2 and some < members - {one}
    assert is_set(client, client("SPOP", "k", "0")) == set()
    rest = is_set(client, client("SPOP", "k", "1000000"))
    assert rest == members - some - {one}
    assert client("EXISTS", "k") == 0
    assert client("SPOP", "k") == NIL
    assert is_set(client, client("SPOP", "k", "3")) == set()
    assert client("SPOP", "k", "-1") == client("SPOP", "k", "x") == POSITIVE
    assert client("SPOP", "k", "1", "1") == SYNTAX


@pytest.mark.parametrize("make", [numbers, words])
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_srandmember_answers_different_members_or_as_many_as_asked(client, make, size):
    members = make(size)
    add(client, "k", members)
    assert client("SRANDMEMBER", "k") in members
    for count in (1, 5, size // 2, size, size + 10):
        some = client("SRANDMEMBER", "k", count)
        assert type(some) is list
        assert len(some) == len(set(some)) == min(count, size)
        assert set(some) <= members
    some = client("SRANDMEMBER", "k", -3 * size)
    assert len(some) == 3 * size and set(some) <= members
    assert client("SCARD", "k") == size
    assert client("SRANDMEMBER", "missing") == NIL
    assert client("SRANDMEMBER", "missing", "5") == client("SRANDMEMBER", "missing", "-5") == []
    assert client("SRANDMEMBER", "k", "x") == NOT_INTEGER
    assert client("SRANDMEMBER", "k", "1", "x") == SYNTAX


def test_each_member_comes_about_as_often(client):
    add(client, "k", words(200))
    times = dict.fromkeys(words(200), 0)
    for member in client("SRANDMEMBER", "k", "-40000"):
        times[member] += 1
    assert 120 < min(times.values()) and max(times.values()) < 290  # 200 on average


def test_smove_between_keys_of_different_threads(client):
    for i in range(20):
        source, destination = "source:%d" % i, "destination:%d" % i
        client("SADD", source, "a", "1")
        assert client("SMOVE", source, destination, "a") == 1
        assert client("SMOVE", source, destination, "a") == 0
        assert client("SMOVE", source, destination, "1") == 1
        assert client("EXISTS", source) == 0
        assert is_set(client, client("SMEMBERS", destination)) == {b"a", b"1"}
        assert client("SMOVE", destination, destination, "a") == 1
        assert client("SMOVE", destination, destination, "z") == 0


@pytest.mark.parametrize("sizes", [(5, 10, 20), (100, 400, 2000), (2000, 5, 50)])
def test_combinations_of_sets_on_different_threads(client, sizes):
    rng = random.Random(11)
    pool = sorted(numbers(max(sizes)) | words(max(sizes)))
    sets = [set(rng.sample(pool, size)) for size in sizes]
    names = ["set:%d" % i for i in range(len(sets))]
    for name, members in zip(names, sets):
        add(client, name, members)
    wanted = {"SINTER": set.intersection(*sets), "SUNION": set.union(*sets),
              "SDIFF": sets[0] - sets[1] - sets[2]}
    for command, expected in wanted.items():
        assert is_set(client, client(command, *names)) == expected
        assert client(command + "STORE", "to", *names) == len(expected)
        assert is_set(client, client("SMEMBERS", "to")) == expected
    assert client("SINTERCARD", "3", *names) == len(wanted["SINTER"])
    assert is_set(client, client("SUNION", *names, *names, "missing")) == wanted["SUNION"]
    assert is_set(client, client("SINTER", *names, "missing")) == set()
    for name, members in zip(names, sets):
        assert is_set(client, client("SMEMBERS", name)) == members


def test_the_destination_may_be_a_source_and_is_overwritten(client):
    client("SADD", "a", "1", "2", "3")
    client("SADD", "b", "2", "3", "4")
    client("EXPIRE", "a", "100")
    assert client("SINTERSTORE", "a", "a", "b") == 2
    assert client("TTL", "a") == -1
    assert client("SUNIONSTORE", "b", "b", "a", "b") == 3
    assert client("SDIFFSTORE", "b", "b", "b") == 0
    assert client("EXISTS", "b") == 0
    client("SET", "text", "x")
    assert client("SUNIONSTORE", "text", "a") == 2
    assert client("TYPE", "text") == "set"
    client("SET", "text", "x")
    assert client("SINTERSTORE", "text", "missing") == 0
    assert client("EXISTS", "text") == 0


def test_sintercard_options(client):
    add(client, "a", numbers(700))
    add(client, "b", numbers(900))
    assert client("SINTERCARD", "2", "a", "b") == 700
    assert client("SINTERCARD", "2", "a", "b", "LIMIT", "10") == 10
    assert client("SINTERCARD", "2", "a", "b", "limit", "0") == 700
    assert client("SINTERCARD", "2", "a", "b", "LIMIT", "-1") == Error(
        "ERR LIMIT can't be negative")
    assert client("SINTERCARD", "2", "a", "b", "BOGUS", "1") == SYNTAX
    assert client("SINTERCARD", "0", "a") == Error("ERR numkeys should be greater than 0")
    assert client("SINTERCARD", "3", "a", "b") == Error(
        "ERR Number of keys can't be greater than number of args")


def scan(client, name, *options):
    cursor, members, pages = b"0", [], 0
    while pages == 0 or cursor != b"0":
        cursor, page = client("SSCAN", name, cursor, *options)
        members += page
        pages += 1
    return members, pages


@pytest.mark.parametrize("make", [numbers, words])
@pytest.mark.parametrize("size", [SMALL, LARGE, 20000])
def test_sscan_walks_over_all_members(client, make, size):
    members = make(size)
    add(client, "k", members)
    found, pages = scan(client, "k", "COUNT", "50")
    assert set(found) == members
    assert size == SMALL or size / 200 < pages < size / 20
    found, _ = scan(client, "k", "MATCH", "*7", "COUNT", "1000")
    assert set(found) == {m for m in members if m.endswith(b"7")}
    assert client("SSCAN", "missing", "0") == [b"0", []]
    assert client("SSCAN", "k", "x") == Error("ERR invalid cursor")
    assert client("SSCAN", "k", "0", "COUNT", "0") == SYNTAX


def test_sscan_misses_nothing_while_the_set_grows_and_shrinks(client):
    stay = words(3000)
    add(client, "k", stay)
    cursor, found, page_number = b"0", set(), 0
    while page_number == 0 or cursor != b"0":
        cursor, page = client("SSCAN", "k", cursor)
        found |= set(page)
        if page_number < 100:
            client("SADD", "k", *["more:%d:%d" % (page_number, i) for i in range(100)])
        elif page_number < 200:
            client("SREM", "k", *["more:%d:%d" % (page_number - 100, i) for i in range(100)])
        page_number += 1
    assert stay <= found


def test_a_big_set_is_copied_renamed_measured_and_unlinked(client):
    members = words(50000)
    add(client, "k", members)
    assert client("MEMORY", "USAGE", "k") > 50000 * 16
    assert client("COPY", "k", "copy") == 1
    assert client("RENAME", "k", "renamed:elsewhere") == OK
    assert client("UNLINK", "renamed:elsewhere") == 1
    assert client("EXISTS", "renamed:elsewhere") == 0
    assert client("SCARD", "copy") == 50000
    assert client("SUNIONSTORE", "other", "copy") == 50000
    assert client("DEL", "copy") == 1
    assert is_set(client, client("SMEMBERS", "other")) == members
    assert client("FLUSHALL") == OK
    assert client("DBSIZE") == 0


def test_sets_in_transactions_and_expiry(client):
    client("MULTI")
    client("SADD", "a", "1", "2")
    client("SADD", "b", "2", "3")
    client("SINTER", "a", "b")
    client("PEXPIRE", "a", "20")
    assert client("EXEC") == [2, 2, [b"2"], 1]
    time.sleep(0.03)
    assert client("SCARD", "a") == 0
    assert client("SADD", "a", "9") == 1
    assert client("SMEMBERS", "a") == [b"9"]
    assert client("TTL", "a") == -1


def test_redis_py_sees_sets(r):
    assert r.sadd("k", "a", "b") == 2
    assert r.smembers("k") == {b"a", b"b"}
    assert r.sunion("k", "missing") == {b"a", b"b"}
    assert r.smismember("k", ["a", "z"]) == [1, 0]
    assert set(r.sscan_iter("k")) == {b"a", b"b"}
    assert r.sintercard(1, ["k"]) == 2
