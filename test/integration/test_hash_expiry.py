"""Fields of hashes that expire, with real clients: both forms, time, other commands, shards."""

import time

import pytest

from harness.resp import NIL, OK, PONG, QUEUED, Error
from harness.texts import NOT_INTEGER, WRONG_TYPE, arity, expire_time

pytestmark = pytest.mark.needs("HEXPIRE", "HSETEX", "HGETEX", "HGETDEL")

FORMS = {"listpackex": 512, "hashtable": 0}
ARITIES = [("hexpire", ["k", "1", "FIELDS", "1"]), ("hpexpire", ["k", "1", "FIELDS", "1"]),
           ("hexpireat", ["k", "1", "FIELDS", "1"]), ("hpexpireat", ["k", "1", "FIELDS", "1"]),
           ("httl", ["k", "FIELDS", "1"]), ("hpttl", ["k", "FIELDS", "1"]),
           ("hexpiretime", ["k", "FIELDS", "1"]), ("hpexpiretime", ["k", "FIELDS", "1"]),
           ("hpersist", ["k", "FIELDS", "1"]), ("hgetdel", ["k", "FIELDS", "1"]),
           ("hgetex", ["k", "FIELDS", "1"]), ("hsetex", ["k", "FIELDS", "1", "f"]),
           ("hsetex", ["k", "FIELDS", "1", "f", "v", "g"])]
SPREAD = ["key:%d" % i for i in range(12)]  # on all shards


@pytest.fixture(params=sorted(FORMS))
def form(request, client):
    """Each test in both forms: the limit is put back after it."""
    assert client("CONFIG", "SET", "hash-max-listpack-entries", str(FORMS[request.param])) == OK
    return request.param


def numbers(client, section, name):
    text = client("INFO", section).decode()
    return int(next(line.split(":")[1] for line in text.splitlines()
                    if line.startswith(name + ":")))


def until(true, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def now_ms(client):
    seconds, micros = client("TIME")
    return int(seconds) * 1000 + int(micros) // 1000


@pytest.mark.parametrize("command,few", ARITIES)
def test_the_number_of_arguments_is_checked(client, command, few):
    assert client(command, *few) == arity(command)


def test_expiries_are_set_told_and_taken_away(client, form):
    client("HSET", "h", "a", "1", "b", "2", "c", "3")
    assert client("HEXPIRE", "h", "100", "FIELDS", "2", "a", "no") == [1, -2]
    assert client("HPEXPIRE", "h", "200000", "NX", "FIELDS", "2", "a", "b") == [0, 1]
    assert client("OBJECT", "ENCODING", "h") == form.encode()
    assert client("HTTL", "h", "FIELDS", "4", "a", "b", "c", "no") == [100, 200, -1, -2]
    left = client("HPTTL", "h", "FIELDS", "2", "a", "c")
    assert 99000 < left[0] <= 100000 and left[1] == -1
    at = now_ms(client) + 50000
    assert client("HPEXPIREAT", "h", str(at), "LT", "FIELDS", "1", "a") == [1]
    assert client("HPEXPIRETIME", "h", "FIELDS", "1", "a") == [at]
    assert client("HEXPIRETIME", "h", "FIELDS", "1", "a") == [(at + 999) // 1000]
    assert client("HEXPIREAT", "h", str(at // 1000 + 9), "GT", "FIELDS", "2", "a", "b") == [1, 0]
    assert client("HPERSIST", "h", "FIELDS", "3", "a", "c", "no") == [1, -1, -2]
    assert client("HTTL", "h", "FIELDS", "1", "a") == [-1]
    assert client("HEXPIRE", "no", "1", "FIELDS", "2", "a", "b") == [-2, -2]
    assert client("HTTL", "no", "FIELDS", "2", "a", "b") == [-2, -2]


def test_a_time_that_has_passed_removes_the_field(client, form):
    client("HSET", "h", "a", "1", "b", "2")
    assert client("HEXPIRE", "h", "0", "FIELDS", "1", "a") == [2]
    assert client("HKEYS", "h") == [b"b"]
    assert client("HPEXPIREAT", "h", "1", "FIELDS", "1", "b") == [2]
    assert client("EXISTS", "h") == 0


def test_values_are_read_with_a_change_of_the_expiry(client, form):
    client("HSET", "h", "a", "1", "b", "2")
    assert client("HGETEX", "h", "EX", "100", "FIELDS", "2", "a", "no") == [b"1", NIL]
    assert client("HTTL", "h", "FIELDS", "2", "a", "b") == [100, -1]
    assert client("HGETEX", "h", "PERSIST", "FIELDS", "1", "a") == [b"1"]
    assert client("HTTL", "h", "FIELDS", "1", "a") == [-1]
    assert client("HGETEX", "h", "FIELDS", "1", "b") == [b"2"]
    assert client("HGETDEL", "h", "FIELDS", "2", "a", "no") == [b"1", NIL]
    assert client("HGETEX", "h", "EXAT", "1", "FIELDS", "1", "b") == [b"2"]
    assert client("EXISTS", "h") == 0
    assert client("HGETDEL", "h", "FIELDS", "1", "a") == [NIL]


def test_fields_are_set_with_an_expiry(client, form):
    assert client("HSETEX", "h", "EX", "100", "FIELDS", "2", "a", "1", "b", "2") == 1
    assert client("HSETEX", "h", "FNX", "FIELDS", "2", "a", "9", "c", "9") == 0
    assert client("HSETEX", "h", "FXX", "KEEPTTL", "FIELDS", "1", "a", "3") == 1
    assert client("HSETEX", "h", "FIELDS", "1", "b", "4") == 1
    assert client("HMGET", "h", "a", "b", "c") == [b"3", b"4", NIL]
    assert client("HTTL", "h", "FIELDS", "2", "a", "b") == [100, -1]
    assert client("HINCRBY", "h", "a", "2") == 5
    assert client("HINCRBYFLOAT", "h", "a", "0.5") == b"5.5"
    assert client("HTTL", "h", "FIELDS", "1", "a") == [100]
    assert client("HSET", "h", "a", "1") == 0
    assert client("HTTL", "h", "FIELDS", "1", "a") == [-1]


def test_errors(client):
    client("HSET", "h", "a", "1")
    client("SET", "s", "x")
    assert client("HEXPIRE", "s", "1", "FIELDS", "1", "a") == WRONG_TYPE
    assert client("HGETEX", "s", "FIELDS", "1", "a") == WRONG_TYPE
    assert client("HEXPIRE", "h", "x", "FIELDS", "1", "a") == NOT_INTEGER
    assert client("HEXPIRE", "h", str(2 ** 46 // 1000 + 1), "FIELDS", "1", "a") == \
        expire_time("hexpire")
    assert client("HPEXPIREAT", "h", str(2 ** 46), "FIELDS", "1", "a") == \
        expire_time("hpexpireat")
    assert client("HEXPIRE", "h", "-1", "FIELDS", "1", "a") == \
        Error("ERR invalid expire time, must be >= 0")
    assert client("HTTL", "h", "FIELDS", "2", "a") == \
        Error("ERR The `numfields` parameter must match the number of arguments")
    assert client("HTTL", "h", "a", "FIELDS", "1") == \
        Error("ERR Mandatory argument FIELDS is missing or not at the right position")
    assert client("HSETEX", "h", "FXX", "FNX", "FIELDS", "1", "a", "1") == \
        Error("ERR Only one of FXX or FNX arguments can be specified")


def test_an_expired_field_is_absent_at_once_and_gone_soon(client, form):
    before = numbers(client, "stats", "expired_subkeys")
    client("HSET", "h", *[x for i in range(20) for x in ("f%d" % i, "v")])
    client("HPEXPIRE", "h", "40", "FIELDS", "3", "f1", "f2", "f3")
    assert client("HLEN", "h") == 20
    time.sleep(0.05)
    assert client("HMGET", "h", "f1", "f0") == [NIL, b"v"]
    assert client("HEXISTS", "h", "f2") == 0
    assert client("HLEN", "h") == 17
    assert len(client("HKEYS", "h")) == 17
    assert len(client("HRANDFIELD", "h", "100")) == 17
    assert len(client("HSCAN", "h", "0", "COUNT", "100")[1]) == 34
    assert client("HSETNX", "h", "f3", "new") == 1
    assert client("HTTL", "h", "FIELDS", "2", "f2", "f3") == [-2, -1]
    until(lambda: numbers(client, "stats", "expired_subkeys") == before + 3)


def test_nobody_has_to_look_for_a_field_to_be_removed(client, form):
    before = numbers(client, "stats", "expired_subkeys")
    for key in SPREAD:
        client("HSETEX", key, "PX", "100", "FIELDS", "1", "a", "1")
        client("HSET", "with:" + key, "b", "2")
        client("HSETEX", "with:" + key, "PX", "100", "FIELDS", "1", "a", "1")
    until(lambda: numbers(client, "stats", "expired_subkeys") == before + 24)
    assert client("DBSIZE") == len(SPREAD)
    assert client("HGETALL", "with:" + SPREAD[0]) is not NIL
    assert client("HLEN", "with:" + SPREAD[0]) == 1


@pytest.mark.shoal_only  # Redis has the key until its last field is removed
def test_a_hash_whose_fields_have_all_expired_is_no_key(client, form):
    client("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        client("HSETEX", "h", "PX", "1", "FIELDS", "2", "a", "1", "b", "2")
        time.sleep(0.01)
        assert client("EXISTS", "h") == 0
        client("HSETEX", "h", "PX", "1", "FIELDS", "2", "a", "1", "b", "2")
        time.sleep(0.01)
        assert client("TYPE", "h") == "none"
        assert client("SET", "h", "x", "NX") == OK
    finally:
        client("DEBUG", "SET-ACTIVE-EXPIRE", "1")


def test_a_hundred_thousand_fields_expire_at_once_while_others_are_served(client, connect):
    before = numbers(client, "stats", "expired_subkeys")
    at = str(now_ms(client) + 6000)
    for start in range(0, 100000, 1000):
        words = [x for i in range(start, start + 1000) for x in ("field:%d" % i, "v")]
        assert client("HSETEX", "h", "PXAT", at, "FIELDS", "1000", *words) == 1
    client("HSET", "h", "stays", "1")
    assert client("HLEN", "h") == 100001
    other = connect()
    until(lambda: client("HLEN", "h") == 1, 30)
    assert other("HGETALL", "h") is not NIL
    assert other("HGET", "h", "field:77") == NIL
    assert other("HRANDFIELD", "h") == b"stays"
    until(lambda: numbers(client, "stats", "expired_subkeys") == before + 100000, 10)
    assert client("HSET", "h", "field:77", "again") == 1


@pytest.mark.parametrize("command", ["RENAME", "COPY"])
def test_fields_keep_their_expiry_on_other_shards(client, form, command):
    """From each key to each: on several shards the hash goes from one to another."""
    before = numbers(client, "stats", "expired_subkeys")
    copies = 0
    for i, key in enumerate(SPREAD):
        to = "to:" + SPREAD[-i - 1]
        client("HSET", key, "stays", "1")
        client("HSETEX", key, "PX", "900", "FIELDS", "1", "goes", "2")
        client("HEXPIRE", key, "100", "FIELDS", "1", "stays")
        assert client(command, key, to) in (OK, 1)
        assert client("HTTL", to, "FIELDS", "2", "stays", "goes") == [100, 1]
        assert client("OBJECT", "ENCODING", to) == form.encode()
        copies += 1 if command == "RENAME" else 2
    until(lambda: numbers(client, "stats", "expired_subkeys") == before + copies)
    for key in SPREAD:
        assert client("HKEYS", "to:" + key) == [b"stays"]
        assert client("HTTL", "to:" + key, "FIELDS", "1", "stays")[0] in (98, 99, 100)


def test_a_watched_hash_of_which_a_field_expires_aborts(client, form):
    client("HSET", "w", "a", "1", "b", "2")
    client("HPEXPIRE", "w", "30", "FIELDS", "1", "a")
    assert client("WATCH", "w") == OK
    time.sleep(0.05)
    assert client("MULTI") == OK
    assert client("PING") == QUEUED
    assert client("EXEC") == NIL
    assert client("WATCH", "w") == OK
    client("MULTI")
    client("HLEN", "w")
    assert client("EXEC") == [1]


@pytest.mark.parametrize("line", ["HEXPIRE w 10 FIELDS 1 a", "HPERSIST w FIELDS 1 t",
                                  "HGETDEL w FIELDS 1 a", "HGETEX w PERSIST FIELDS 1 t",
                                  "HSETEX w FIELDS 1 a 1", "HEXPIRE w 0 FIELDS 1 a"])
def test_a_watched_hash_that_is_changed_aborts(client, connect, line):
    client("HSET", "w", "a", "1")
    client("HSETEX", "w", "EX", "100", "FIELDS", "1", "t", "1")
    client("WATCH", "w")
    connect().words(line)
    client("MULTI")
    client("PING")
    assert client("EXEC") == NIL


@pytest.mark.parametrize("line", ["HEXPIRE w 10 FIELDS 1 no", "HPERSIST w FIELDS 1 a",
                                  "HTTL w FIELDS 1 t", "HGETEX w FIELDS 1 t",
                                  "HEXPIRE w 10 XX FIELDS 1 a", "HSETEX w FNX FIELDS 1 a 1"])
def test_a_watched_hash_that_is_only_looked_at_does_not_abort(client, connect, line):
    client("HSET", "w", "a", "1")
    client("HSETEX", "w", "EX", "100", "FIELDS", "1", "t", "1")
    client("WATCH", "w")
    connect().words(line)
    client("MULTI")
    client("PING")
    assert client("EXEC") == [PONG]


def test_nothing_expires_during_a_pause_though_nobody_sees_it(client, connect, form):
    other = connect()
    before = numbers(client, "stats", "expired_subkeys")
    client("HSET", "h", "b", "2")
    client("HSETEX", "h", "PX", "150", "FIELDS", "1", "a", "1")
    assert client("CLIENT", "PAUSE", "60000", "WRITE") == OK
    try:
        time.sleep(0.5)
        assert other("HGET", "h", "a") == NIL
        assert other("HLEN", "h") == 1
        assert numbers(client, "stats", "expired_subkeys") == before
    finally:
        client("CLIENT", "UNPAUSE")
    until(lambda: numbers(client, "stats", "expired_subkeys") == before + 1)


def test_the_digest_tells_whether_a_field_expires_but_not_when(client, form):
    client("HSET", "plain", "a", "1")
    client("HSETEX", "soon", "EX", "100", "FIELDS", "1", "a", "1")
    client("HSETEX", "late", "EX", "900", "FIELDS", "1", "a", "1")
    plain, soon, late = client("DEBUG", "DIGEST-VALUE", "plain", "soon", "late")
    assert soon == late != plain
    client("HPERSIST", "late", "FIELDS", "1", "a")
    assert client("DEBUG", "DIGEST-VALUE", "late") == [plain]


def test_in_a_transaction_time_stands_still(client, form):
    client("MULTI")
    client("HSETEX", "h", "PX", "1", "FIELDS", "1", "a", "1")
    for _ in range(50):
        client("HGET", "h", "a")
    assert client("EXEC") == [1] + [b"1"] * 50


def test_redis_py_knows_these_commands(r):
    if not hasattr(r, "hexpire"):
        pytest.skip("redis-py is too old for them")
    r.hset("h", mapping={"a": "1", "b": "2"})
    assert r.hexpire("h", 100, "a") == [1]
    assert r.httl("h", "a", "b") == [100, -1]
    assert r.hpersist("h", "a") == [1]
