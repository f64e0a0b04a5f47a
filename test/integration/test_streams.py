"""Streams with real clients: entries, ranges, trims, groups and their consumers over several
shards, what waits, what is told."""

import random
import threading
import time

import pytest

from harness.resp import NIL, OK, QUEUED, Error, Map
from harness.texts import NO_KEY, NOT_INTEGER, SYNTAX, WRONG_TYPE, arity, unknown_subcommand

pytestmark = pytest.mark.needs("XADD")

BAD_ID = Error("ERR Invalid stream ID specified as stream command argument")
TOO_LOW = Error("ERR The ID specified in XADD is equal or smaller than the target stream top item")
KEYS = ["s%d" % i for i in range(8)]  # on different shards, where there are several
BIG = b"x" * 300_000

ARITIES = [
    ("xack", ["s", "g"], None), ("xadd", ["s", "*", "f"], None),
    ("xautoclaim", ["s", "g", "c", "0"], None), ("xclaim", ["s", "g", "c", "0"], None),
    ("xdel", ["s"], None), ("xlen", [], ["s", "x"]), ("xpending", ["s"], None),
    ("xrange", ["s", "-"], None), ("xread", ["streams", "s"], None),
    ("xreadgroup", ["group", "g", "c", "streams", "s"], None), ("xrevrange", ["s", "+"], None),
    ("xsetid", ["s"], None), ("xtrim", ["s", "maxlen"], None),
]


def mapping(reply):
    """A map in either protocol."""
    pairs = reply if isinstance(reply, Map) else zip(reply[::2], reply[1::2])
    return {key.decode(): value for key, value in pairs}


def read(reply):
    """What XREAD answers, by key: the ids."""
    if reply == NIL:
        return None
    pairs = reply if isinstance(reply, Map) else [tuple(pair) for pair in reply]
    return {key.decode(): ids(entries) for key, entries in pairs}


def ids(entries):
    return [entry[0].decode() for entry in entries]


def fill(client, key, count, ms=1):
    for i in range(count):
        client("XADD", key, "%d-%d" % (ms, i + 1), "f", "%d" % i)


def group_of(client, key, name=b"g"):
    for group in map(mapping, client("XINFO", "GROUPS", key)):
        if group["name"] == name:
            return group
    return None


# --- Arguments ----------------------------------------------------------------------------------

@pytest.mark.parametrize("command,few,many", ARITIES, ids=[a[0] for a in ARITIES])
def test_the_number_of_arguments_is_checked(client, command, few, many):
    assert client(command, *few) == arity(command)
    if many is not None:
        assert client(command, *many) == arity(command)


@pytest.mark.parametrize("command,few", [
    ("xgroup|create", ["s", "g"]), ("xgroup|setid", ["s", "g"]), ("xgroup|destroy", ["s"]),
    ("xgroup|createconsumer", ["s", "g"]), ("xgroup|delconsumer", ["s", "g", "c", "x"]),
    ("xinfo|stream", []), ("xinfo|groups", []), ("xinfo|consumers", ["s"])])
def test_the_number_of_arguments_of_subcommands_is_checked(client, command, few):
    assert client(*command.split("|"), *few) == arity(command)


def test_containers_help_and_know_their_subcommands(client):
    for name in ("XGROUP", "XINFO"):
        lines = client(name, "HELP")
        assert lines[0].startswith(name + " <subcommand>") and len(lines) > 8
        assert client(name, "BOGUS") == unknown_subcommand(name, "BOGUS")
        assert client(name) == arity(name.lower())


@pytest.mark.parametrize("line", [
    "XADD k 1-1 f v", "XLEN k", "XRANGE k - +", "XREVRANGE k + -", "XDEL k 1", "XTRIM k MAXLEN 1",
    "XSETID k 1", "XREAD STREAMS s k 0 0", "XREADGROUP GROUP g c STREAMS s k > >", "XACK k g 1",
    "XPENDING k g", "XCLAIM k g c 0 1", "XAUTOCLAIM k g c 0 0", "XGROUP CREATE k g 0",
    "XGROUP DESTROY k g", "XINFO STREAM k", "XINFO GROUPS k", "XINFO CONSUMERS k g"])
def test_a_string_is_the_wrong_type(client, line):
    client("SET", "k", "text")
    client("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    assert client.words(line) == WRONG_TYPE
    assert client("GET", "k") == b"text"


def test_a_stream_is_the_wrong_type_for_others(client):
    fill(client, "s", 1)
    for line in ("GET s", "LPUSH s a", "SADD s a", "HGET s f", "ZADD s 1 a", "INCR s"):
        assert client.words(line) == WRONG_TYPE
    assert client("TYPE", "s") == "stream"
    assert client("OBJECT", "ENCODING", "s") == b"stream"


# --- Entries ------------------------------------------------------------------------------------

def test_entries_keep_their_bytes(client):
    fields = [b"", b"\x00\r\n\xff", b"7", b"-0", b"007", b"9223372036854775807", b"a" * 63,
              b"a" * 64, b"a" * 4095, b"a" * 4096, BIG, b"last"]
    assert client("XADD", "s", "1-1", *fields) == b"1-1"
    assert client("XADD", "s", "1-2", *fields[::-1]) == b"1-2"
    assert client("XADD", "s", "1-3", *fields) == b"1-3"
    assert client("XRANGE", "s", "-", "+") == [[b"1-1", fields], [b"1-2", fields[::-1]],
                                               [b"1-3", fields]]
    assert client("XREVRANGE", "s", "+", "(1-1") == [[b"1-3", fields], [b"1-2", fields[::-1]]]


def test_ids_are_made_from_the_clock_and_only_grow(client):
    before = int(time.time() * 1000) - 5000
    got = [client("XADD", "s", "*", "n", str(i)) for i in range(200)]
    numbers = [tuple(map(int, i.split(b"-"))) for i in got]
    assert numbers == sorted(set(numbers))
    assert before < numbers[0][0] < before + 60_000
    assert ids(client("XRANGE", "s", "-", "+")) == [i.decode() for i in got]
    assert client("XADD", "s", "1-1", "f", "v") == TOO_LOW


def test_options_of_adding(client):
    assert client("XADD", "s", "NOMKSTREAM", "*", "f", "v") == NIL
    assert client("EXISTS", "s") == 0
    fill(client, "s", 5)
    assert client("XADD", "s", "NOMKSTREAM", "MAXLEN", "=", "3", "2-*", "f", "v") == b"2-0"
    assert ids(client("XRANGE", "s", "-", "+")) == ["1-4", "1-5", "2-0"]
    assert client("XADD", "s", "MINID", "2", "2-*", "f", "v") == b"2-1"
    assert ids(client("XRANGE", "s", "-", "+")) == ["2-0", "2-1"]
    assert client("XADD", "s", "MAXLEN", "~", "1", "LIMIT", "10", "3-*", "f", "v") == b"3-0"
    assert client("XLEN", "s") == 3
    assert client("XADD", "s", "MAXLEN", "1", "LIMIT", "1", "4", "f", "v") == Error(
        "ERR syntax error, LIMIT cannot be used without the special ~ option")
    assert client("XADD", "s", "bogus", "f", "v") == BAD_ID


def test_ranges_begin_in_the_middle_of_large_streams(client):
    for i in range(0, 3000, 100):
        client.pipeline([["XADD", "s", "%d-0" % (j + 1), "f", str(j)] for j in range(i, i + 100)])
    rng = random.Random(3)
    for _ in range(50):
        low = rng.randrange(3002)
        high = low + rng.randrange(130)
        expected = ["%d-0" % n for n in range(max(low, 1), min(high, 3000) + 1)]
        assert ids(client("XRANGE", "s", str(low), str(high))) == expected
        assert ids(client("XREVRANGE", "s", str(high), str(low))) == expected[::-1]
        assert ids(client("XRANGE", "s", "(%d" % low, "+", "COUNT", "3")) == [
            "%d-0" % n for n in range(low + 1, min(low + 4, 3001))]


def test_trims_and_deletions(client):
    for i in range(0, 1000, 100):
        client.pipeline([["XADD", "s", "%d-0" % (j + 1), "f", str(j)] for j in range(i, i + 100)])
    assert client("XTRIM", "s", "MAXLEN", "~", "950") == 0
    assert client("XTRIM", "s", "MAXLEN", "~", "850") == 100
    assert client("XTRIM", "s", "MINID", "~", "350") == 200
    assert client("XTRIM", "s", "MINID", "350") == 49
    assert client("XDEL", "s", "350", "351-0", "1") == 2
    assert ids(client("XRANGE", "s", "-", "+", "COUNT", "1")) == ["352-0"]
    assert client("XTRIM", "s", "MAXLEN", "0") == 649
    info = mapping(client("XINFO", "STREAM", "s"))
    assert (info["length"], info["entries-added"], info["last-generated-id"],
            info["max-deleted-entry-id"], info["recorded-first-entry-id"]) == (
                0, 1000, b"1000-0", b"351-0", b"0-0")
    assert info["first-entry"] == NIL and info["radix-tree-keys"] == 0
    assert client("XADD", "s", "1000-*", "f", "v") == b"1000-1"


def test_the_last_id_can_be_set(client):
    assert client("XSETID", "s", "5") == NO_KEY
    fill(client, "s", 1)
    assert client("XSETID", "s", "9", "ENTRIESADDED", "7", "MAXDELETEDID", "8-1") == OK
    info = mapping(client("XINFO", "STREAM", "s"))
    assert (info["last-generated-id"], info["entries-added"], info["max-deleted-entry-id"]) == (
        b"9-0", 7, b"8-1")
    assert client("XADD", "s", "9-0", "f", "v") == TOO_LOW


# --- Reading ------------------------------------------------------------------------------------

def test_streams_of_several_shards_are_read_together(client):
    for n, key in enumerate(KEYS):
        fill(client, key, n)
    after = ["1-2"] * 4 + ["0"] * 3 + ["$"]
    got = read(client("XREAD", "COUNT", "2", "STREAMS", *KEYS, *after))
    assert got == {"s3": ["1-3"], "s4": ["1-1", "1-2"], "s5": ["1-1", "1-2"],
                   "s6": ["1-1", "1-2"]}
    assert client("XREAD", "STREAMS", *KEYS, *["$"] * 8) == NIL
    assert client("XREAD", "STREAMS", "s1", "s2", "0", "x") == BAD_ID


def waits(client, *waiting):
    """Until all of these clients wait."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        lines = client("CLIENT", "LIST").decode().splitlines()
        fields = [dict(f.split("=", 1) for f in line.split(" ")) for line in lines]
        if sum(int(f["id"]) in waiting and "b" in f["flags"] for f in fields) == len(waiting):
            return
        time.sleep(0.005)
    raise AssertionError("clients do not wait")


@pytest.fixture
def waiter(connect, client):
    """Opens a client that sends a command, and returns it once it waits."""

    def start(*command):
        c = connect()
        number = c("CLIENT", "ID")
        c.send(*command)
        waits(client, number)
        return c

    return start


def test_readers_wait_for_any_of_their_streams(client, waiter):
    fill(client, "s3", 2)
    for key in KEYS:
        c = waiter("XREAD", "BLOCK", "0", "STREAMS", *KEYS, *["$"] * 8)
        client("SADD", "other", "a")
        client("XADD", key, "5-*", "f", "v")
        assert list(read(c.receive(5))) == [key]


def test_all_readers_get_what_comes(client, waiter):
    readers = [waiter("XREAD", "BLOCK", "0", "STREAMS", "s", "$") for _ in range(5)]
    client("MULTI")
    client("XADD", "s", "1-1", "f", "v")
    client("XADD", "s", "1-2", "f", "v")
    client("EXEC")
    for c in readers:
        assert read(c.receive(5)) == {"s": ["1-1", "1-2"]}


def test_a_wait_ends_with_its_time(client, connect):
    started = time.monotonic()
    assert client("XREAD", "BLOCK", "100", "STREAMS", *KEYS, *["$"] * 8) == NIL
    client("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    assert client("XREADGROUP", "GROUP", "g", "c", "BLOCK", "100", "STREAMS", "s", ">") == NIL
    assert 0.2 <= time.monotonic() - started < 3
    client("MULTI")
    assert client("XREAD", "BLOCK", "0", "STREAMS", "s", "$") == QUEUED
    assert client("EXEC") == [NIL]


def test_a_trimmed_entry_wakes_nobody_for_nothing(client, waiter):
    c = waiter("XREAD", "BLOCK", "0", "STREAMS", "s", "$")
    client("XADD", "s", "MAXLEN", "0", "1-1", "f", "v")
    client("XADD", "s", "1-2", "f", "v")
    assert read(c.receive(5)) == {"s": ["1-2"]}


@pytest.mark.parametrize("ending,error", [
    (["DEL", "s"], Error("NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP "
                         "option")),
    (["XGROUP", "DESTROY", "s", "g"], Error("NOGROUP No such key 's' or consumer group 'g' in "
                                            "XREADGROUP with GROUP option")),
    (["SET", "s", "text"], WRONG_TYPE),
    (["FLUSHALL"], Error("NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP "
                         "option")),
])
def test_a_consumer_learns_of_the_end_of_its_group(client, waiter, ending, error):
    client("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    c = waiter("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">")
    client(*ending)
    assert c.receive(5) == error


def test_a_reader_without_group_goes_on_waiting_when_its_stream_goes(client, waiter):
    fill(client, "s", 2)
    c = waiter("XREAD", "BLOCK", "0", "STREAMS", "s", "$")
    client("DEL", "s")
    client("SET", "s", "text")
    client("DEL", "s")
    client("XADD", "s", "1-2", "f", "v")
    client("XADD", "s", "1-3", "f", "v")
    assert read(c.receive(5)) == {"s": ["1-3"]}


def test_waiting_consumers_share_what_comes(client, waiter):
    client("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM")
    consumers = [waiter("XREADGROUP", "GROUP", "g", "c%d" % i, "COUNT", "1", "BLOCK", "0",
                        "STREAMS", "s", ">") for i in range(4)]
    assert group_of(client, "s")["consumers"] == 4
    got = []
    for i, c in enumerate(consumers):
        client("XADD", "s", "1-%d" % (i + 1), "f", "v")
        got += read(c.receive(5))["s"]
    assert got == ["1-1", "1-2", "1-3", "1-4"]
    assert client("XPENDING", "s", "g")[0] == 4


# --- Groups -------------------------------------------------------------------------------------

def test_a_group_from_its_making_to_its_end(client):
    fill(client, "s", 6)
    assert client("XGROUP", "CREATE", "s", "g", "1-2") == OK
    assert client("XGROUP", "CREATE", "s", "g", "0") == Error(
        "BUSYGROUP Consumer Group name already exists")
    got = client("XREADGROUP", "GROUP", "g", "a", "COUNT", "2", "STREAMS", "s", ">")
    assert read(got) == {"s": ["1-3", "1-4"]}
    got = client("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">")
    assert read(got) == {"s": ["1-5", "1-6"]}
    assert client("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">") == NIL
    assert client("XPENDING", "s", "g") == [4, b"1-3", b"1-6", [[b"a", b"2"], [b"b", b"2"]]]
    assert client("XACK", "s", "g", "1-3", "1-5", "1-1") == 2
    assert read(client("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", "0")) == {"s": ["1-4"]}
    assert read(client("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", "1-4")) == {"s": []}
    rows = client("XPENDING", "s", "g", "-", "+", "10")
    assert [(r[0], r[1], r[3]) for r in rows] == [(b"1-4", b"a", 2), (b"1-6", b"b", 1)]
    assert client("XGROUP", "SETID", "s", "g", "0") == OK
    got = client("XREADGROUP", "GROUP", "g", "c", "COUNT", "4", "STREAMS", "s", ">")
    assert read(got) == {"s": ["1-1", "1-2", "1-3", "1-4"]}
    assert client("XPENDING", "s", "g")[3] == [[b"b", b"1"], [b"c", b"4"]]
    assert client("XGROUP", "DELCONSUMER", "s", "g", "c") == 4
    assert client("XGROUP", "CREATECONSUMER", "s", "g", "c") == 1
    assert client("XPENDING", "s", "g") == [1, b"1-6", b"1-6", [[b"b", b"1"]]]
    assert client("XGROUP", "DESTROY", "s", "g") == 1
    assert client("XGROUP", "DESTROY", "s", "g") == 0
    assert client("XPENDING", "s", "g") == Error("NOGROUP No such key 's' or consumer group 'g'")


def test_entries_that_are_not_acknowledged_are_claimed(client):
    fill(client, "s", 6)
    client("XGROUP", "CREATE", "s", "g", "0")
    client("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">")
    client("XDEL", "s", "1-2")
    assert client("XCLAIM", "s", "g", "b", "100000", "1-1") == []
    assert ids(client("XCLAIM", "s", "g", "b", "0", "1-1", "1-2", "9-9")) == ["1-1"]
    assert client("XCLAIM", "s", "g", "b", "0", "1-3", "JUSTID", "IDLE", "90000", "RETRYCOUNT",
                  "7") == [b"1-3"]
    row = client("XPENDING", "s", "g", "IDLE", "80000", "-", "+", "10")[0]
    assert (row[0], row[1], row[3]) == (b"1-3", b"b", 7) and row[2] >= 90000
    cursor, entries, gone = client("XAUTOCLAIM", "s", "g", "c", "0", "0", "COUNT", "3")
    assert (cursor, ids(entries), gone) == (b"1-5", ["1-1", "1-3", "1-4"], [])
    cursor, entries, gone = client("XAUTOCLAIM", "s", "g", "c", "0", cursor, "JUSTID")
    assert (cursor, entries, gone) == (b"0-0", [b"1-5", b"1-6"], [])
    client("XDEL", "s", "1-5")
    assert client("XAUTOCLAIM", "s", "g", "c", "900000", "0") == [b"0-0", [], [b"1-5"]]
    assert client("XCLAIM", "s", "g", "c", "0", "1-1", "RETRYCOUNT", "x") == Error(
        "ERR Invalid RETRYCOUNT option argument for XCLAIM")
    assert client("XAUTOCLAIM", "s", "g", "c", "0", "0", "COUNT", "0") == Error(
        "ERR COUNT must be > 0")


def test_groups_of_several_shards_are_read_together(client):
    for key in KEYS:
        client("XGROUP", "CREATE", key, "g", "0", "MKSTREAM")
        fill(client, key, 2)
    got = client("XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", *KEYS, *[">"] * 8)
    assert read(got) == {key: ["1-1"] for key in KEYS}
    got = client("XREADGROUP", "GROUP", "g", "c", "NOACK", "STREAMS", *KEYS, *[">"] * 8)
    assert read(got) == {key: ["1-2"] for key in KEYS}
    for key in KEYS:
        assert client("XPENDING", key, "g")[0] == 1
    client("XGROUP", "DESTROY", KEYS[5], "g")
    assert client("XREADGROUP", "GROUP", "g", "c", "STREAMS", *KEYS, *[">"] * 8) == Error(
        "NOGROUP No such key '%s' or consumer group 'g' in XREADGROUP with GROUP option" % KEYS[5])


def test_lag_and_entries_read(client):
    fill(client, "s", 5)
    client("XGROUP", "CREATE", "s", "g", "0")
    assert (group_of(client, "s")["entries-read"], group_of(client, "s")["lag"]) == (NIL, 5)
    client("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", ">")
    assert (group_of(client, "s")["entries-read"], group_of(client, "s")["lag"]) == (2, 3)
    client("XDEL", "s", "1-4")
    assert group_of(client, "s")["lag"] == NIL
    client("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
    assert (group_of(client, "s")["entries-read"], group_of(client, "s")["lag"]) == (5, 0)


@pytest.mark.redis72
def test_consumers_are_told(client):
    fill(client, "s", 1)
    client("XGROUP", "CREATE", "s", "g", "0")
    client("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">")
    client("XGROUP", "CREATECONSUMER", "s", "g", "a")
    time.sleep(0.05)
    client("XREADGROUP", "GROUP", "g", "b", "STREAMS", "s", ">")
    a, b = map(mapping, client("XINFO", "CONSUMERS", "s", "g"))
    assert (a["name"], a["pending"], a["inactive"]) == (b"a", 0, -1)
    assert (b["name"], b["pending"]) == (b"b", 1)
    assert a["idle"] >= 50 > b["idle"] and b["inactive"] >= 50
    full = mapping(client("XINFO", "STREAM", "s", "FULL"))
    group = mapping(full["groups"][0])
    assert group["pending"][0][0:2] == [b"1-1", b"b"] and group["pel-count"] == 1
    consumers = list(map(mapping, group["consumers"]))
    assert [c["pel-count"] for c in consumers] == [0, 1]
    assert consumers[0]["active-time"] == -1 and consumers[1]["active-time"] > 10 ** 12
    assert full["entries"] == [[b"1-1", [b"f", b"0"]]]


# --- As other keys ------------------------------------------------------------------------------

def test_streams_are_copied_renamed_and_freed(client):
    for i in range(0, 2000, 100):
        client.pipeline([["XADD", "s", "%d-0" % (j + 1), "f", str(j)] for j in range(i, i + 100)])
    client("XGROUP", "CREATE", "s", "g", "0")
    client("XREADGROUP", "GROUP", "g", "c", "COUNT", "1000", "STREAMS", "s", ">")
    for key in KEYS:
        assert client("COPY", "s", key, "REPLACE") == 1
        assert client("XPENDING", key, "g") == [1000, b"1-0", b"1000-0", [[b"c", b"1000"]]]
        assert client("RENAME", key, key + "x") == OK
        assert client("XACK", key + "x", "g", "1") == 1
        assert client("XLEN", key + "x") == 2000
        assert client("UNLINK", key + "x") == 1
    assert client("XPENDING", "s", "g")[0] == 1000
    assert client("MEMORY", "USAGE", "s") > 30_000


def test_a_watched_stream_that_changes_fails_the_transaction(client, connect):
    other = connect()
    client("WATCH", "s")
    other("XADD", "s", "1-1", "f", "v")
    client("MULTI")
    client("XLEN", "s")
    assert client("EXEC") == NIL
    client("MULTI")
    client("XADD", "s", "1-2", "f", "v")
    client("XRANGE", "s", "-", "+")
    assert client("EXEC") == [b"1-2", [[b"1-1", [b"f", b"v"]], [b"1-2", [b"f", b"v"]]]]


def test_workers_of_a_group_do_each_entry_once(server, connect):
    """Producers and consumers at the same time, all consumers waiting for two streams."""
    control, total = connect(), 400
    for key in ("s0", "s5"):
        control("XGROUP", "CREATE", key, "g", "0", "MKSTREAM")
    done, lock = [], threading.Lock()

    def produce(key):
        c = connect()
        for i in range(total // 2):
            c("XADD", key, "*", "n", str(i))

    def consume(name):
        c = connect()
        while True:
            reply = c("XREADGROUP", "GROUP", "g", name, "COUNT", "3", "BLOCK", "1500", "STREAMS",
                      "s0", "s5", ">", ">")
            got = read(reply)
            if got is None:
                return
            for key, entries in got.items():
                assert c("XACK", key, "g", *entries) == len(entries)
                with lock:
                    done.extend((key, i) for i in entries)

    threads = [threading.Thread(target=consume, args=("c%d" % i,)) for i in range(4)]
    threads += [threading.Thread(target=produce, args=(key,)) for key in ("s0", "s5")]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert len(done) == len(set(done)) == total
    assert control("XPENDING", "s0", "g")[0] == control("XPENDING", "s5", "g")[0] == 0


def test_redis_py(r):
    r.xadd("s", {"f": "v"}, id="1-1")
    r.xadd("s", {"f": "w", "g": "x"}, id="1-2", maxlen=10, approximate=True)
    assert r.xrange("s") == [(b"1-1", {b"f": b"v"}), (b"1-2", {b"f": b"w", b"g": b"x"})]
    assert r.xrevrange("s", count=1) == [(b"1-2", {b"f": b"w", b"g": b"x"})]
    assert r.xread({"s": "1-1"}) == [[b"s", [(b"1-2", {b"f": b"w", b"g": b"x"})]]]
    assert r.xgroup_create("s", "g", id="0")
    assert r.xreadgroup("g", "c", {"s": ">"}, count=1) == [[b"s", [(b"1-1", {b"f": b"v"})]]]
    assert r.xpending("s", "g") == {"pending": 1, "min": b"1-1", "max": b"1-1",
                                    "consumers": [{"name": b"c", "pending": 1}]}
    assert r.xpending_range("s", "g", "-", "+", 5)[0]["times_delivered"] == 1
    assert r.xclaim("s", "g", "d", 0, ["1-1"]) == [(b"1-1", {b"f": b"v"})]
    assert r.xautoclaim("s", "g", "c", 0)[1] == [(b"1-1", {b"f": b"v"})]
    assert r.xack("s", "g", "1-1") == 1
    assert r.xinfo_stream("s")["length"] == 2
    assert r.xinfo_groups("s")[0]["last-delivered-id"] == b"1-1"
    assert {c["name"] for c in r.xinfo_consumers("s", "g")} == {b"c", b"d"}
    assert r.xtrim("s", maxlen=1, approximate=False) == 1
    assert r.xdel("s", "1-2") == 1
    assert r.xlen("s") == 0


@pytest.mark.parametrize("line,event", [
    ("XADD s 2-1 f v", "xadd"), ("XDEL s 1-1", "xdel"), ("XTRIM s MAXLEN 1", "xtrim"),
    ("XSETID s 9-9", "xsetid"), ("XGROUP CREATE s h 0", "xgroup-create"),
    ("XGROUP SETID s g 0", "xgroup-setid"), ("XGROUP DESTROY s g", "xgroup-destroy"),
    ("XGROUP CREATECONSUMER s g c", "xgroup-createconsumer")])
@pytest.mark.needs("PSUBSCRIBE")
def test_events_are_told(client, connect, line, event):
    client("CONFIG", "SET", "notify-keyspace-events", "Kt")
    fill(client, "s", 2)
    client("XGROUP", "CREATE", "s", "g", "0")
    listener = connect()
    listener("PSUBSCRIBE", "__keyspace@*")
    client.words(line)
    assert listener.receive(5)[-1] == event.encode()
    client("CONFIG", "SET", "notify-keyspace-events", "")


def test_bad_arguments_change_nothing(client):
    fill(client, "s", 3)
    client("XGROUP", "CREATE", "s", "g", "0")
    client("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
    for line, error in [("XDEL s 1-1 x", BAD_ID), ("XACK s g 1-1 x", BAD_ID),
                        ("XRANGE s - + COUNT x", NOT_INTEGER), ("XRANGE s - + 1", SYNTAX),
                        ("XPENDING s g - +", SYNTAX), ("XPENDING s g - + x", NOT_INTEGER),
                        ("XAUTOCLAIM s g c 0 0 1", SYNTAX), ("XTRIM s MAXLEN x", NOT_INTEGER)]:
        assert client.words(line) == error
    assert client("XLEN", "s") == 3 and client("XPENDING", "s", "g")[0] == 3
