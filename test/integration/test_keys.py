"""Commands that take a key of any type: life, death, time, names, and walks over all keys."""

import threading
import time

import pytest

from harness.resp import NIL, OK, Error, Simple
from harness.texts import (DB_RANGE, NOT_INTEGER, NO_KEY, SAME_OBJECT, SYNTAX, arity, expire_time,
                           unknown_subcommand)

I64_MAX = 2 ** 63 - 1
I64_MIN = -2 ** 63

ARITIES = [("copy", ["a"]), ("del", []), ("exists", []), ("expire", ["k"]), ("pexpire", ["k"]),
           ("expireat", ["k"]), ("pexpireat", ["k"]), ("expiretime", []), ("pexpiretime", []),
           ("keys", []),
           ("move", ["k"]), ("object", []), ("persist", []), ("randomkey", ["x"]),
           ("rename", ["a"]),
           ("renamenx", ["a"]), ("scan", []), ("touch", []), ("ttl", []), ("pttl", []),
           ("type", []),
           ("unlink", []), ("dbsize", ["x"])]


@pytest.mark.parametrize("command,arguments", ARITIES, ids=[a[0] for a in ARITIES])
def test_the_number_of_arguments_is_checked(client, command, arguments):
    assert client(command, *arguments) == arity(command)


@pytest.mark.parametrize("command", ["expiretime", "keys", "move a 1", "persist", "rename a b",
                                     "renamenx a b", "ttl",
                                     "pttl", "type"])
def test_too_many_arguments_are_refused(client, command):
    name = command.split()[0]
    rest = command.split()[1:] or ["a"]
    assert client(name, *rest, "extra") == arity(name)


# --- DEL, UNLINK, EXISTS, TOUCH, TYPE ---------------------------------------------------------

@pytest.mark.parametrize("command", ["DEL", "UNLINK"])
def test_delete_counts_the_keys_that_were_there(client, command):
    client("MSET", "a", "1", "b", "2", "c", "3")
    assert client(command, "a", "b", "missing", "a") == 2
    assert client("EXISTS", "a", "b", "c", "c") == 2
    assert client("DBSIZE") == 1


def test_delete_of_many_keys_over_all_slots(client):
    keys = ["key:%d" % i for i in range(2000)]
    client("MSET", *[x for k in keys for x in (k, "v")])
    assert client("EXISTS", *keys) == 2000
    assert client("TOUCH", *keys, "missing") == 2000
    assert client("DEL", *keys[:1000]) == 1000
    assert client("UNLINK", *keys) == 1000
    assert client("DBSIZE") == 0


def test_expired_keys_count_as_missing(client):
    client("SET", "a", "1", "PX", "1")
    client("SET", "b", "1")
    time.sleep(0.01)
    assert client("EXISTS", "a", "b") == 1
    assert client("TOUCH", "a", "b") == 1
    client("SET", "c", "1", "PX", "1")
    time.sleep(0.01)
    assert client("DEL", "c") == 0
    assert client("TYPE", "c") == Simple("none")


def test_type(client):
    client("SET", "s", "1")
    assert client("TYPE", "s") == Simple("string")
    assert client("TYPE", "missing") == Simple("none")


# --- time to live -----------------------------------------------------------------------------

def test_expire_and_its_relatives(client):
    now = time.time()
    for command, value in [("EXPIRE", 100), ("PEXPIRE", 100000), ("EXPIREAT", int(now) + 100),
                           ("PEXPIREAT", int(now * 1000) + 100000)]:
        client("SET", "k", "v")
        assert client(command, "k", value) == 1
        assert 98 <= client("TTL", "k") <= 101
        assert 98000 <= client("PTTL", "k") <= 101000
        assert abs(client("EXPIRETIME", "k") - (now + 100)) < 3
        assert abs(client("PEXPIRETIME", "k") - (now * 1000 + 100000)) < 3000
        assert client(command, "missing", value) == 0


def test_ttl_of_missing_and_lasting_keys(client):
    client("SET", "k", "v")
    for command in ("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"):
        assert client(command, "missing") == -2
        assert client(command, "k") == -1


def test_ttl_rounds_to_the_nearest_second(client):
    client("SET", "k", "v", "PX", "1400")
    assert client("TTL", "k") == 1
    client("SET", "k", "v", "PX", "1900")
    assert client("TTL", "k") == 2


def test_pexpireat_is_exact(client):
    client("SET", "k", "v")
    client("PEXPIREAT", "k", "33177117420123")
    assert client("PEXPIRETIME", "k") == 33177117420123
    assert client("EXPIRETIME", "k") == 33177117420


def test_persist(client):
    client("SET", "k", "v", "EX", "100")
    assert client("PERSIST", "k") == 1
    assert client("PERSIST", "k") == 0
    assert client("PERSIST", "missing") == 0
    assert client("TTL", "k") == -1


@pytest.mark.parametrize("command,past", [("EXPIRE", "0"), ("EXPIRE", "-1"), ("PEXPIRE", "-100"),
                                          ("EXPIREAT", "1"),
                                          ("PEXPIREAT", "1"), ("EXPIREAT", "-5"),
                                          ("EXPIRE", "-1000000000")])
def test_a_time_in_the_past_deletes(client, command, past):
    client("SET", "k", "v")
    assert client(command, "k", past) == 1
    assert client("EXISTS", "k") == 0
    assert client("DBSIZE") == 0


def test_expire_nx_xx_gt_lt(client):
    client("SET", "k", "v")
    assert client("EXPIRE", "k", "100", "XX") == 0
    assert client("EXPIRE", "k", "100", "GT") == 0  # no time to live counts as endless
    assert client("TTL", "k") == -1
    assert client("EXPIRE", "k", "100", "NX") == 1
    assert client("EXPIRE", "k", "200", "NX") == 0
    assert client("EXPIRE", "k", "200", "XX") == 1
    assert client("EXPIRE", "k", "100", "GT") == 0
    assert client("EXPIRE", "k", "300", "gt") == 1
    assert client("EXPIRE", "k", "400", "LT") == 0
    assert client("EXPIRE", "k", "50", "LT") == 1
    assert 48 <= client("TTL", "k") <= 50
    client("PERSIST", "k")
    assert client("EXPIRE", "k", "500", "XX", "LT") == 0
    assert client("EXPIRE", "k", "500", "LT") == 1
    assert client("EXPIRE", "k", "600", "XX", "GT") == 1
    assert client("EXPIRE", "missing", "100", "LT") == 0


@pytest.mark.parametrize("command", ["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"])
def test_expire_errors(client, command):
    client("SET", "k", "v")
    together = Error("ERR NX and XX, GT or LT options at the same time are not compatible")
    for options in ["NX XX", "XX NX", "NX GT", "LT NX"]:
        assert client(command, "k", "100", *options.split()) == together
    assert client(command, "k", "100", "GT", "LT") == Error(
        "ERR GT and LT options at the same time are not compatible")
    assert client(command, "k", "100", "Bogus") == Error("ERR Unsupported option Bogus")
    for bad in ["x", "", "1.5", "9223372036854775808"]:
        assert client(command, "k", bad) == NOT_INTEGER
    if command != "PEXPIREAT":
        assert client(command, "k", I64_MAX) == expire_time(command.lower())
    if command not in ("PEXPIREAT", "PEXPIRE"):
        assert client(command, "k", I64_MIN) == expire_time(command.lower())
    assert client("TTL", "k") == -1


def test_writes_in_place_keep_the_time_to_live_and_replacing_ones_drop_it(client):
    for line, keeps in [("APPEND k x", True), ("SETRANGE k 0 x", True), ("SETBIT k 1 1", True),
                        ("INCR n", True),
                        ("SET k x", False), ("GETSET k x", False), ("MSET k x", False),
                        ("SETEX k 5 x", False)]:
        client("MSET", "k", "v", "n", "1")
        key = line.split()[1]
        client("EXPIRE", key, "1000")
        client.words(line)
        assert (client("TTL", key) > 900) == keeps, line


def test_expired_keys_are_freed_without_being_touched(client):
    before = int(client.info("stats")["expired_keys"])
    client.pipeline([("SET", "k:%d" % i, "v", "PX", "100") for i in range(2000)])
    client("SET", "stays", "v")
    deadline = time.monotonic() + 3
    while client("DBSIZE") > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client("DBSIZE") == 1
    assert client.info("keyspace")["db0"].startswith("keys=1,expires=0,")
    assert int(client.info("stats")["expired_keys"]) - before == 2000


def test_active_expiry_takes_about_a_second(client):
    client.pipeline([("SET", "k:%d" % i, "v", "PX", "200") for i in range(20000)])
    started = time.monotonic()
    while client("DBSIZE") > 0:
        assert time.monotonic() - started < 3.0
        time.sleep(0.02)


# --- COPY, RENAME, MOVE -----------------------------------------------------------------------

def test_copy(client):
    client("SET", "a", "1", "EX", "100")
    assert client("COPY", "a", "b") == 1
    assert client("GET", "b") == b"1"
    assert client("TTL", "b") > 90
    client("SET", "a", "2")
    assert client("COPY", "a", "b") == 0
    assert client("GET", "b") == b"1"
    assert client("COPY", "a", "b", "REPLACE") == 1
    assert client("GET", "b") == b"2"
    assert client("TTL", "b") == -1
    assert client("COPY", "missing", "c") == 0
    client("APPEND", "b", "x")
    assert client("MGET", "a", "b") == [b"2", b"2x"]


def test_copy_to_another_database(client):
    client("SET", "a", "1")
    assert client("COPY", "a", "a", "DB", "3") == 1
    assert client("COPY", "a", "b", "DB", "3", "REPLACE") == 1
    client("SELECT", "3")
    assert sorted(client("KEYS", "*")) == [b"a", b"b"]


def test_copy_errors(client):
    client("SET", "a", "1")
    assert client("COPY", "a", "a") == SAME_OBJECT
    assert client("COPY", "a", "a", "REPLACE") == SAME_OBJECT
    assert client("COPY", "missing", "missing") == SAME_OBJECT
    assert client("COPY", "a", "a", "DB", "0") == SAME_OBJECT
    assert client("COPY", "a", "b", "DB", "16") == DB_RANGE
    assert client("COPY", "a", "b", "DB", "-1") == DB_RANGE
    assert client("COPY", "a", "b", "DB", "x") == NOT_INTEGER
    assert client("COPY", "a", "b", "DB") == SYNTAX
    assert client("COPY", "a", "b", "BOGUS") == SYNTAX


@pytest.mark.needs("rpush")
def test_copies_and_renames_of_a_list_are_independent(client):
    client("RPUSH", "l", "a", "b")
    assert client("COPY", "l", "m") == 1
    client("RPUSH", "m", "c")
    assert client("LRANGE", "l", "0", "-1") == [b"a", b"b"]
    assert client("RENAME", "m", "n") == OK
    assert client("LRANGE", "n", "0", "-1") == [b"a", b"b", b"c"]


def test_rename(client):
    for i in range(50):  # many pairs, so that names fall on the same and on different shards
        source, dest = "a:%d" % i, "b:%d" % i
        client("SET", source, i, "EX", "100")
        client("SET", dest, "old")
        assert client("RENAME", source, dest) == OK
        assert client("EXISTS", source) == 0
        assert client("GET", dest) == b"%d" % i
        assert client("TTL", dest) > 90
    assert client("DBSIZE") == 50


def test_rename_drops_the_time_to_live_of_what_it_replaces(client):
    client("SET", "a", "1")
    client("SET", "b", "2", "EX", "100")
    assert client("RENAME", "a", "b") == OK
    assert client("TTL", "b") == -1


def test_rename_to_itself_and_of_nothing(client):
    assert client("RENAME", "missing", "b") == NO_KEY
    assert client("RENAMENX", "missing", "b") == NO_KEY
    assert client("RENAME", "missing", "missing") == NO_KEY
    client("SET", "a", "1", "EX", "100")
    assert client("RENAME", "a", "a") == OK
    assert client("RENAMENX", "a", "a") == 0
    assert client("GET", "a") == b"1"
    assert client("TTL", "a") > 90


def test_renamenx(client):
    client("MSET", "a", "1", "b", "2")
    assert client("RENAMENX", "a", "b") == 0
    assert client("MGET", "a", "b") == [b"1", b"2"]
    assert client("RENAMENX", "a", "c") == 1
    assert client("MGET", "a", "c") == [NIL, b"1"]


def test_move(client):
    client("SET", "a", "1", "EX", "100")
    assert client("MOVE", "a", "9") == 1
    assert client("EXISTS", "a") == 0
    client("SET", "a", "2")
    assert client("MOVE", "a", "9") == 0
    assert client("MOVE", "missing", "9") == 0
    client("SELECT", "9")
    assert client("GET", "a") == b"1"
    assert client("TTL", "a") > 90
    assert client("MOVE", "a", "9") == SAME_OBJECT
    assert client("MOVE", "a", "16") == DB_RANGE
    assert client("MOVE", "a", "-1") == DB_RANGE
    assert client("MOVE", "a", "x") == NOT_INTEGER


# --- KEYS, RANDOMKEY --------------------------------------------------------------------------

PATTERNS = ["*", "k*", "*y", "h?llo", "h[ae]llo", "h[^e]llo", "h[a-e]llo", "h[e-a]llo", "\\*",
            "a\\?", "[", "[a", "h**o", "",
            "?????", "*:*:*", "[^a-z]*", "h[\\e]llo", "h[]llo", "*\\", "[a-]*", "***"]
NAMES = ["hello", "hallo", "hxllo", "hllo", "key", "k", "*", "a?", "a:b:c", "Z", "[", "a", "1", "-",
         "\\", "h]llo"]


def test_keys_matches_globs(client):
    expected = {"*": sorted(NAMES), "k*": ["k", "key"], "*y": ["key"],
                "h?llo": ["h]llo", "hallo", "hello", "hxllo"],
                "h[ae]llo": ["hallo", "hello"], "h[^e]llo": ["h]llo", "hallo", "hxllo"],
                "h[a-e]llo": ["hallo", "hello"], "h[e-a]llo": ["hallo", "hello"], "\\*": ["*"],
                "a\\?": ["a?"],
                "h**o": sorted(["hello", "hallo", "hxllo", "hllo", "h]llo"]), "": [],
                "?????": sorted(["hello", "hallo", "hxllo", "h]llo", "a:b:c"]), "*:*:*": ["a:b:c"],
                "[^a-z]*": sorted(["*", "Z", "[", "1", "-", "\\"]), "h[\\e]llo": ["hello"],
                "***": sorted(NAMES)}
    for name in NAMES:
        client("SET", name, "v")
    for pattern, names in expected.items():
        assert sorted(k.decode() for k in client("KEYS", pattern)) == names, pattern


def test_scan_and_keys_agree_on_every_pattern(client):
    for name in NAMES:
        client("SET", name, "v")
    for pattern in PATTERNS:
        assert sorted(client("KEYS", pattern)) == sorted(_scan(client, "MATCH", pattern)), pattern


def test_a_pattern_of_many_stars_is_quick(client):
    client("SET", "a" * 60, "v")
    started = time.monotonic()
    assert client("KEYS", "*a" * 12 + "b") == []
    assert time.monotonic() - started < 5


def test_keys_and_randomkey_skip_expired_keys(client):
    client("SET", "gone", "v", "PX", "1")
    client("SET", "here", "v")
    time.sleep(0.01)
    assert client("KEYS", "*") == [b"here"]
    for _ in range(20):
        assert client("RANDOMKEY") == b"here"


def test_randomkey_reaches_every_key(client):
    assert client("RANDOMKEY") == NIL
    keys = {b"key:%d" % i for i in range(30)}
    client("MSET", *[x for k in keys for x in (k, "v")])
    seen = set(client.pipeline([("RANDOMKEY",)] * 3000))
    assert seen == keys


# --- SCAN -------------------------------------------------------------------------------------

def _scan(client, *options):
    """All elements of a full walk, with the repeats it gave."""
    cursor, found = b"0", []
    while True:
        cursor, keys = client("SCAN", cursor, *options)
        found += keys
        if cursor == b"0":
            return found


def test_scan_of_nothing(client):
    assert client("SCAN", "0") == [b"0", []]


@pytest.mark.parametrize("count", [1, 10, 1000, 100000])
def test_scan_finds_every_key_once_when_nothing_changes(client, count):
    keys = {b"key:%d" % i for i in range(3000)}
    client("MSET", *[x for k in keys for x in (k, "v")])
    found = _scan(client, "COUNT", count)
    assert sorted(found) == sorted(keys)


def test_scan_match_and_type(client):
    client("MSET", *[x for i in range(500) for x in ("key:%d" % i, "v")])
    client("MSET", "other", "1")
    assert len(_scan(client, "MATCH", "key:1*")) == 111
    assert _scan(client, "MATCH", "oth?r") == [b"other"]
    assert len(_scan(client, "TYPE", "string")) == 501
    assert len(_scan(client, "type", "STRING", "match", "key:1*", "count", "7")) == 111
    assert _scan(client, "TYPE", "list") == []


def test_scan_answers_about_as_many_as_asked(client):
    client("MSET", *[x for i in range(2000) for x in ("key:%d" % i, "v")])
    _, keys = client("SCAN", "0", "COUNT", "100")
    assert 50 <= len(keys) <= 1000


def test_scan_skips_expired_keys(client):
    client("SET", "here", "v")
    client.pipeline([("SET", "gone:%d" % i, "v", "PX", "1") for i in range(100)])
    time.sleep(0.01)
    assert _scan(client) == [b"here"]


def test_scan_deletes_the_expired_keys_it_meets(client):
    client("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    client("SET", "here", "v")
    client.pipeline([("SET", "gone:%d" % i, "v", "PX", "1") for i in range(100)])
    time.sleep(0.01)
    assert client("DBSIZE") == 101
    assert _scan(client, "TYPE", "string") == [b"here"]
    assert client("DBSIZE") == 1


def test_scan_walks_one_database(client):
    client("SET", "zero", "v")
    client("SELECT", "1")
    client("SET", "one", "v")
    assert _scan(client) == [b"one"]


def test_scan_errors(client):
    assert client("SCAN", "x") == Error("ERR invalid cursor")
    assert client("SCAN", "1x") == Error("ERR invalid cursor")
    assert client("SCAN", "0", "COUNT", "0") == SYNTAX
    assert client("SCAN", "0", "COUNT", "-1") == SYNTAX
    assert client("SCAN", "0", "COUNT", "x") == NOT_INTEGER
    assert client("SCAN", "0", "BOGUS", "x") == SYNTAX
    assert client("SCAN", "0", "MATCH") == SYNTAX


def test_scan_with_any_cursor_ends(client):
    client("MSET", *[x for i in range(100) for x in ("key:%d" % i, "v")])
    for cursor in ["1", "17", "4294967295", "18446744073709551615", "9223372036854775807"]:
        for _ in range(100000):
            reply = client("SCAN", cursor)
            assert not isinstance(reply, Error)
            cursor = reply[0]
            if cursor == b"0":
                break
        assert cursor == b"0"


@pytest.mark.parametrize("change", ["grow", "shrink", "churn"])
def test_scan_misses_no_key_that_stays_while_the_table_changes(client, connect, change):
    stable = {b"stable:%d" % i for i in range(1500)}
    client("MSET", *[x for k in stable for x in (k, "v")])
    if change != "grow":
        client.pipeline([("SET", "other:%d" % i, "v") for i in range(20000)])
    writer = connect()
    ended = threading.Event()

    def write():
        i = 0
        while not ended.is_set():
            if change == "grow" and i < 60000:
                writer.pipeline([("SET", "other:%d" % j, "v") for j in range(i, i + 200)])
            elif change == "shrink" and i < 20000:
                writer.pipeline([("DEL", "other:%d" % j) for j in range(i, i + 200)])
            elif change == "churn":
                writer.pipeline([("DEL" if i // 20000 % 2 == 0 else "SET", "other:%d" % (j % 20000),
                                  *(["v"] if i // 20000 % 2 else [])) for j in range(i, i + 200)])
            i += 200

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for count in (5, 50, 400):
            found = _scan(client, "COUNT", count)
            assert stable <= set(found)
            assert all(k.startswith((b"stable:", b"other:")) for k in found)
    finally:
        ended.set()
        thread.join()


# --- OBJECT -----------------------------------------------------------------------------------

@pytest.mark.parametrize("command, count", [
    (["LPOP", "{a}l"], 1), (["LMOVE", "{a}l", "b", "LEFT", "LEFT"], 1),
    (["LMOVE", "{a}l", "{a}m", "LEFT", "LEFT"], 1), (["SPOP", "{a}s"], 1),
    (["SMOVE", "{a}s", "b", "m"], 2), (["HDEL", "{a}h", "f"], 1), (["ZREM", "{a}z", "m"], 1),
    (["RENAME", "{a}l", "b"], 1), (["MOVE", "{a}l", "1"], 1), (["SET", "{a}l", "1", "EX", "9"], 1),
    (["DEL", "{a}l", "{a}s", "{a}h"], 3), (["GET", "{a}none"], 0),
    (["XADD", "{a}x", "MAXLEN", "1", "*", "f", "v"], 1)])
def test_changes_that_are_not_saved_count_as_in_redis(client, command, count):
    client("RPUSH", "{a}l", "e")
    client("SADD", "{a}s", "m")
    client("HSET", "{a}h", "f", "v")
    client("ZADD", "{a}z", "1", "m")
    client("XADD", "{a}x", "*", "f", "v")
    before = int(client.info("persistence")["rdb_changes_since_last_save"])
    client(*command)
    assert int(client.info("persistence")["rdb_changes_since_last_save"]) - before == count


def test_small_numbers_are_shared_unless_keys_are_evicted_by_use(client):
    client("SET", "k", "1")
    client("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    assert client("OBJECT", "REFCOUNT", "k") == 2147483647
    for policy, count in [("allkeys-lru", 1), ("volatile-lru", 1), ("allkeys-lfu", 1),
                          ("volatile-ttl", 2147483647), ("noeviction", 2147483647)]:
        client("CONFIG", "SET", "maxmemory", "10gb", "maxmemory-policy", policy)
        client("SET", "k", "1")
        assert client("OBJECT", "REFCOUNT", "k") == count
    client("CONFIG", "SET", "maxmemory", "0", "maxmemory-policy", "noeviction")


def test_object_refcount_idletime_and_help(client):
    client("SET", "k", "value of some length")
    assert client("OBJECT", "REFCOUNT", "k") == 1
    assert client("OBJECT", "IDLETIME", "k") in (0, 1)
    assert client("OBJECT", "REFCOUNT", "missing") == NIL
    assert client("OBJECT", "ENCODING", "missing") == NIL
    assert client("OBJECT", "IDLETIME", "missing") == NIL
    help_lines = client("OBJECT", "HELP")
    assert "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:" == help_lines[0]
    assert "ENCODING <key>" in help_lines


def test_object_errors(client):
    client("SET", "k", "v")
    assert client("OBJECT", "BOGUS", "k") == unknown_subcommand("OBJECT", "BOGUS")
    assert client("OBJECT", "ENCODING") == arity("object|encoding")
    reply = client("OBJECT", "FREQ", "k")
    assert reply.text.startswith("ERR An LFU maxmemory policy is not selected, access frequency")


def test_object_freq_needs_an_lfu_policy(client):
    assert client("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu") == OK
    client("SET", "k", "v")
    assert client("OBJECT", "FREQ", "k") == 5
    reply = client("OBJECT", "IDLETIME", "k")
    assert reply.text.startswith("ERR An LFU maxmemory policy is selected, idle time not tracked.")


def test_the_counter_of_uses_follows_its_settings(client):
    assert client("CONFIG", "SET", "maxmemory-policy", "volatile-lfu", "lfu-log-factor", "0",
                  "lfu-decay-time", "0") == OK
    keys = [f"k{i}" for i in range(16)]
    for key in keys:
        client("SET", key, "v")
        for _ in range(10):
            client("GET", key)
        client("TTL", key)
    assert [client("OBJECT", "FREQ", key) for key in keys] == [15] * 16
    assert client("CONFIG", "SET", "lfu-log-factor", "1000000000") == OK
    for key in keys:
        for _ in range(10):
            client("GET", key)
    assert [client("OBJECT", "FREQ", key) for key in keys] == [15] * 16


def test_switching_eviction_policies_makes_sense_of_old_uses(client):
    keys = [f"k{i}" for i in range(64)]
    for key in keys:
        client("SET", key, "v")
    assert client("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu") == OK
    assert {client("OBJECT", "FREQ", key) for key in keys} <= {4, 5}
    assert client("CONFIG", "SET", "maxmemory-policy", "allkeys-lru") == OK
    for key in keys:
        assert client("OBJECT", "IDLETIME", key) <= 60


def test_touch_resets_the_idle_time(client):
    client("SET", "k", "v")
    time.sleep(2.1)
    assert client("OBJECT", "IDLETIME", "k") >= 1
    assert client("TOUCH", "k") == 1
    assert client("OBJECT", "IDLETIME", "k") == 0
