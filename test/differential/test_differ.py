"""The differ itself: silent about equal servers, finds a planted difference and shrinks it."""

import pathlib
import random
import re
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import families  # noqa: E402
from dead import DeadKeys  # noqa: E402
from differ import (SMALL_FORMS, Accepted, Differ, Place, Say, make_settings,  # noqa: E402
                    make_stream, quote, report, same, same_walk, script, shrink, wrapped)
from families.grammar import Pause  # noqa: E402
from harness.resp import OK, Client, Error, Null  # noqa: E402
from harness.server import Server  # noqa: E402

REDIS = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(not REDIS, reason="redis-server is not installed")


def redis(**options):
    return lambda: Server(binary=REDIS, options=options)


@pytest.fixture
def pair():
    """Makes a Differ of two redis-servers, the second with settings of its own."""
    made = []

    def make(protocol=2, **options):
        options = {name.replace("_", "-"): value for name, value in options.items()}
        made.append(Differ(redis(), redis(**options), Accepted(HERE / "accepted.tsv"), protocol))
        return made[-1]

    yield make
    for each in made:
        each.close()


def says(*lines):
    return [Say(0, [w.encode() for w in line.split()]) for line in lines]


@needs_redis
@pytest.mark.parametrize("protocol", [2, 3])
def test_two_equal_servers_do_not_differ(pair, protocol):
    differ = pair(protocol)
    for number in range(10):
        assert differ.run(make_stream("equal", number, list(families.load().values()), 500,
                                      set())) is None
    assert differ.commands_run > 4000


@needs_redis
def test_a_missing_command_is_found_and_shrunk_to_one_line(pair):
    differ = pair(rename_command=["GETDEL", ""])
    string = families.load()["string"]
    items = make_stream("missing", 0, [string], 800, set())
    found = differ.run(items)
    assert found.command[0].upper() == b"GETDEL"
    lines = []
    shrunk = report(differ, items, found, lines.append)
    assert len(shrunk) == 1 and shrunk[0].words[0].upper() == b"GETDEL"
    assert "Shrunk to 1 commands:" in lines


@needs_redis
def test_a_difference_that_needs_a_history_keeps_what_it_needs(pair):
    differ = pair(list_max_listpack_size="1", proto_max_bulk_len="1mb")
    filler = says(*["SET k%d %d" % (i % 5, i) for i in range(200)])
    items = [*filler[:100], *says("SET big x"), *filler[100:], *says("SETRANGE big 1048576 x"),
             *filler]
    found = differ.run(items)
    assert found.command == [b"SETRANGE", b"big", b"1048576", b"x"]
    lines = []
    report(differ, items, found, lines.append)
    assert "SETRANGE" in lines[-4] and len(lines[-4].splitlines()) <= 2


@needs_redis
def test_a_difference_in_the_data_alone_is_found(pair):
    differ = pair()
    differ.run(says("SET a 1"))
    with Client(differ.tested.server.port) as other:
        for change, noticed_by in [("SET a 2", "GET a"), ("SET a 1 EX 100", "PTTL a"),
                                   ("SET b 1", "KEYS *")]:
            other.words(change)
            assert differ.compare_data(1).command == noticed_by.encode().split()


@needs_redis
def test_a_server_that_dies_is_a_difference_and_is_started_again(pair):
    differ = pair()
    differ.run([])
    differ.tested.server.process.kill()
    differ.tested.server.process.wait()
    assert differ.compare_data(0).command == [b"RESET"]
    assert differ.run(says("SET a 1")) is None


def test_the_same_seed_makes_the_same_stream_and_another_seed_another():
    chosen = list(families.load().values())
    one = make_stream("s", 3, chosen, 300, set())
    assert one == make_stream("s", 3, chosen, 300, set())
    assert one != make_stream("s", 4, chosen, 300, set())
    assert one != make_stream("t", 3, chosen, 300, set())


@pytest.mark.parametrize("name", sorted(families.load()))
def test_every_rule_of_a_family_makes_commands(name):
    rng = random.Random(1)
    for rule in families.load()[name].rules:
        for _ in range(20):
            for part in rule(rng):
                assert isinstance(part, (Say, Pause)) or all(isinstance(w, (str, bytes))
                                                             for w in part)


def test_replies_are_compared_with_their_types():
    get = [b"GET", b"a"]
    assert same(get, b"1", b"1")
    assert not same(get, b"1", 1)
    assert not same(get, Null("bulk"), Null("array"))
    assert not same(get, Error("ERR a"), Error("ERR b"))


def test_times_to_live_may_differ_a_little_but_not_in_kind():
    assert same([b"ttl", b"a"], 100, 101)
    assert not same([b"TTL", b"a"], 100, 110)
    assert not same([b"TTL", b"a"], -1, 1)
    assert not same([b"PTTL", b"a"], -2, -1)


def test_the_order_of_keys_does_not_matter_but_of_mget_it_does():
    assert same([b"KEYS", b"*"], [b"a", b"b"], [b"b", b"a"])
    assert not same([b"KEYS", b"*"], [b"a", b"b"], [b"a", b"a"])
    assert not same([b"MGET", b"a", b"b"], [b"a", b"b"], [b"b", b"a"])


def test_fields_come_in_any_order_but_with_their_values():
    walk = [b"HSCAN", b"h", b"0", b"COUNT", b"100000"]
    assert same(walk, [b"0", [b"a", b"1", b"b", b"2"]], [b"0", [b"b", b"2", b"a", b"1"]])
    assert not same(walk, [b"0", [b"a", b"1", b"b", b"2"]], [b"0", [b"a", b"2", b"b", b"1"]])
    assert not same(walk, [b"0", [b"a", b"1"]], [b"7", [b"a", b"1"]])


def test_fields_at_random_are_compared_where_all_were_asked_for():
    assert same([b"HRANDFIELD", b"h"], b"a", b"b")
    assert not same([b"HRANDFIELD", b"h"], b"a", Null("bulk"))
    assert same([b"HRANDFIELD", b"h", b"2"], [b"a", b"b"], [b"c", b"a"])
    assert not same([b"HRANDFIELD", b"h", b"2"], [b"a", b"b"], [b"a"])
    every = [b"HRANDFIELD", b"h", b"1000000"]
    assert same(every, [b"a", b"b"], [b"b", b"a"])
    assert not same(every, [b"a", b"b"], [b"a", b"c"])
    with_values = [*every, b"WITHVALUES"]
    assert same(with_values, [b"a", b"1", b"b", b"2"], [b"b", b"2", b"a", b"1"])
    assert not same(with_values, [b"a", b"1", b"b", b"2"], [b"a", b"2", b"b", b"1"])
    assert not same(with_values, [[b"a", b"1"]], [b"a", b"1"])


def test_digests_are_compared_unless_the_key_is_gone():
    ask = [b"DEBUG", b"DIGEST-VALUE", b"a"]
    assert same(ask, ["1" * 40], ["0" * 40])
    assert not same(ask, ["1" * 40], ["2" * 40])


def test_shrinking_finds_the_two_that_matter():
    items = says(*["NOISE %d" % i for i in range(100)])
    items[17:17] = says("FIRST")
    items[80:80] = says("SECOND")

    def fails(stream):
        names = [s.words[0] for s in stream]
        return b"FIRST" in names and b"SECOND" in names[names.index(b"FIRST"):]

    assert shrink(items, fails) == says("FIRST", "SECOND")


def test_a_script_can_be_pasted_into_redis_cli():
    items = [Say(0, [b"SET", b"a b", b"\x00\"\\"]), Pause(0.05), Say(1, [b"GET", b""])]
    assert script(items) == 'SET "a b" "\\x00\\x22\\x5c"\n# wait 50 ms\n# connection 1\nGET ""'
    assert quote(b"x" * 1000).endswith("...(1000 bytes)")


def test_an_accepted_difference_needs_a_reason(tmp_path):
    table = tmp_path / "accepted.tsv"
    table.write_text("GET .*\tb'1'\tb'2'\t\n")
    with pytest.raises(SystemExit):
        Accepted(table)
    table.write_text("# comment\nGET .*\tb'1'\tb'2'\tsince\n")
    accepted = Accepted(table)
    assert accepted.covers([b"get", b"a"], b"1", b"2")
    assert not accepted.covers([b"get", b"a"], b"1", b"3")


def test_the_table_of_accepted_differences_is_well_formed():
    rows = [line for line in (HERE / "accepted.tsv").read_text().splitlines() if line
            and not line.startswith("#")]
    assert len(Accepted(HERE / "accepted.tsv").rows) == len(rows)
    assert all(re.search(r"\w+", line.split("\t")[3]) for line in rows)


def test_the_limits_of_small_forms_come_from_the_seed():
    assert all(not make_settings("s", n, "usual") for n in range(20))
    small = [make_settings("s", n, "small") for n in range(20)]
    assert all(set(each) == set(SMALL_FORMS) for each in small)
    assert small == [make_settings("s", n, "small") for n in range(20)] and small[0] != small[1]
    mixed = [make_settings("s", n, "mixed") for n in range(20)]
    assert 0 < sum(map(bool, mixed)) < 20


@needs_redis
def test_low_limits_are_set_on_both_sides_and_put_back(pair):
    differ = pair()
    ask = says("HSET h a 1 b 2", "OBJECT ENCODING h")
    differ.settings = {**make_settings("s", 1, "small"), "hash-max-listpack-entries": 1}
    for wanted in (b"hashtable", b"listpack"):
        assert differ.run(ask) is None
        for side in (differ.reference, differ.tested):
            with Client(side.server.port) as other:
                assert other.words("OBJECT ENCODING h") == wanted
        differ.settings = {}


@needs_redis
def test_another_limit_of_a_small_form_is_a_difference(pair):
    differ = pair(hash_max_listpack_entries="1")
    assert differ.run(says("HSET h a 1 b 2", "OBJECT ENCODING h")).command[1] == b"ENCODING"


@needs_redis
def test_walks_are_gone_to_their_end_and_compared(pair):
    differ = pair()
    filler = says(*["SET k%d %d" % (i, i) for i in range(40)])
    for walk in ("SCAN 0 COUNT 1", "SCAN 0 COUNT 100000 MATCH k1*", "SCAN 0 TYPE string"):
        assert differ.run([*filler, *says(walk, "FLUSHALL")]) is None
    differ.run(filler)
    with Client(differ.tested.server.port) as other:
        other.words("SET extra 1")
    assert differ._batch(says("SELECT 0"), 0, 1) is None
    for walk in ("SCAN 0 COUNT 1", "SCAN 0 COUNT 100000"):
        assert differ._batch(says(walk), 0, 1).command == walk.encode().split()
    assert differ._batch(says("SCAN 0 MATCH k* COUNT 3"), 0, 1) is None


def test_walks_are_sets_but_of_pairs_where_there_are_values():
    assert same_walk([b"SCAN", b"0"], [b"0", [b"a", b"b"]], [b"0", [b"b", b"a", b"b"]])
    assert not same_walk([b"SCAN", b"0"], [b"0", [b"a", b"b"]], [b"0", [b"a"]])
    walk = [b"HSCAN", b"h", b"0"]
    assert same_walk(walk, [b"0", [b"a", b"1", b"b", b"2"]], [b"0", [b"b", b"2", b"a", b"1"]])
    assert not same_walk(walk, [b"0", [b"a", b"1", b"b", b"2"]], [b"0", [b"a", b"2", b"b", b"1"]])
    scores = [b"ZSCAN", b"z", b"0"]
    assert same_walk(scores, [b"0", [b"a", b"0.10000000000000001"]], [b"0", [b"a", b"0.1"]])
    assert not same_walk(scores, [b"0", [b"a", b"1"]], [b"0", [b"a", b"2"]])


def test_counts_of_keys_are_compared_unless_a_dead_one_may_be_about():
    ask, dead = [b"dbsize"], Place(False, True)
    assert same(ask, 3, 3) and not same(ask, 3, 4) and same(ask, 3, 4, dead)
    assert not same(ask, 3, Error("ERR"), dead)
    ask = [b"OBJECT", b"REFCOUNT", b"a"]
    assert not same(ask, 1, 2) and same(ask, 1, 2, Place(True, False))


def test_keys_that_may_have_died_are_remembered_until_they_are_met():
    dead = DeadKeys()

    def saw(line, reply=OK, connection=0):
        dead.saw(connection, line.encode().split(), reply)

    saw("SET a 1 EX 5000")
    saw("SET a 1 EXAT 4102444800")
    saw("EXPIRE a 5000 NX", 1)
    saw("SET a 1 PX 10", Error("ERR"))
    assert dead.keys == set()
    saw("SET a 1 PX 30")
    saw("SET b 1 exat 1")
    saw("PEXPIRE c 10", 1)
    assert dead.keys == {(0, b"a"), (0, b"b"), (0, b"c")}
    saw("SELECT 2", connection=1)
    saw("EXISTS a b c", 0, connection=1)
    saw("EXISTS a x", 0)
    assert dead.keys == {(0, b"b"), (0, b"c")}
    saw("SWAPDB 0 2")
    saw("EXISTS b", 0, connection=1)
    assert dead.keys == {(2, b"c")}
    saw("FLUSHDB")
    assert dead.keys
    saw("FLUSHDB", connection=1)
    assert not dead.keys


def test_a_round_wraps_steps_in_transactions_now_and_then():
    chosen = [families.load()["list"]]
    streams = [make_stream("s", n, chosen, 300, set()) for n in range(12)]
    counts = [sum(s.words == [b"MULTI"] for s in stream) for stream in streams]
    assert min(counts) == 0 and max(counts) > 50
    rng = random.Random(1)
    assert wrapped(rng, [["MULTI"], ["EXEC"]], 1) == [["MULTI"], ["EXEC"]]
    assert wrapped(rng, [["GET", "a"], Pause(0)], 1) == [["GET", "a"], Pause(0)]
    assert wrapped(rng, [["GET", "a"]], 1) == [["MULTI"], ["GET", "a"], ["EXEC"]]
