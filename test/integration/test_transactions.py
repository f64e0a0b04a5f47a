"""MULTI, EXEC, DISCARD, WATCH: atomic over any keys, whatever shard they live on."""

import itertools
import random
import threading
import time

import pytest

from harness.resp import NIL, OK, PONG, QUEUED, Error, encode_many
from harness.texts import EXEC_ABORT, NOT_INTEGER, WRONG_TYPE, arity


@pytest.mark.parametrize("command,arguments", [("multi", ["x"]), ("discard", ["x"]), ("watch", []),
                                               ("unwatch", ["x"])])
def test_the_number_of_arguments_is_checked(client, command, arguments):
    assert client(command, *arguments) == arity(command)


def test_a_bad_exec_aborts_and_ends_the_transaction(client):
    reason = ("EXECABORT Transaction discarded because of: "
              "wrong number of arguments for 'exec' command")
    assert client("EXEC", "x") == Error(reason)
    client("MULTI")
    client("SET", "a", "1")
    assert client("EXEC", "x") == Error(reason)
    assert client("EXEC") == Error("ERR EXEC without MULTI")
    assert client("EXISTS", "a") == 0


def test_a_transaction_queues_then_runs(client, connect):
    other = connect()
    assert client("MULTI") == OK
    assert client("SET", "a", "1") == QUEUED
    assert client("INCR", "a") == QUEUED
    assert client("GET", "missing") == QUEUED
    assert other("EXISTS", "a") == 0
    assert client("EXEC") == [OK, 2, NIL]
    assert other("GET", "a") == b"2"


def test_an_empty_transaction(client):
    assert client("MULTI") == OK
    assert client("EXEC") == []


def test_discard_forgets_commands_and_watches(client, connect):
    client("WATCH", "a")
    client("MULTI")
    client("SET", "a", "1")
    assert client("DISCARD") == OK
    assert client("EXISTS", "a") == 0
    connect()("SET", "a", "2")
    client("MULTI")
    client("GET", "a")
    assert client("EXEC") == [b"2"]


def test_exec_and_discard_without_multi(client):
    assert client("EXEC") == Error("ERR EXEC without MULTI")
    assert client("DISCARD") == Error("ERR DISCARD without MULTI")


def test_multi_and_watch_inside_multi_are_errors_that_do_not_abort(client):
    client("MULTI")
    assert client("MULTI") == Error("ERR MULTI calls can not be nested")
    assert client("WATCH", "a") == Error("ERR WATCH inside MULTI is not allowed")
    assert client("SET", "a", "1") == QUEUED
    assert client("EXEC") == [OK]


def test_unwatch_inside_multi_is_queued(client):
    client("MULTI")
    assert client("UNWATCH") == QUEUED
    assert client("EXEC") == [OK]


@pytest.mark.parametrize("bad,error", [
    (["NOSUCH"], Error("ERR unknown command 'NOSUCH', with args beginning with: ")),
    (["SET", "a"], arity("set")), (["GET"], arity("get")), (["OBJECT", "BOGUS"], None)])
def test_an_error_while_queueing_aborts_exec(client, bad, error):
    client("MULTI")
    assert client("SET", "a", "1") == QUEUED
    reply = client(*bad)
    assert isinstance(reply, Error)
    if error:
        assert reply == error
    assert client("SET", "b", "1") == QUEUED
    assert client("EXEC") == EXEC_ABORT
    assert client("EXISTS", "a", "b") == 0
    assert client("EXEC") == Error("ERR EXEC without MULTI")


def test_an_error_while_running_stops_nothing(client):
    client("SET", "text", "abc")
    client("MULTI")
    for line in ["SET a 1", "INCR text", "SET b 2"]:
        assert client.words(line) == QUEUED
    assert client("EXEC") == [OK, NOT_INTEGER, OK]
    assert client("MGET", "a", "b") == [b"1", b"2"]


@pytest.mark.needs("rpush")
def test_a_wrong_type_inside_a_transaction_is_a_reply(client):
    client("RPUSH", "l", "a")
    client("MULTI")
    client("GET", "l")
    client("SET", "x", "1")
    assert client("EXEC") == [WRONG_TYPE, OK]


def test_a_transaction_over_many_slots(client):
    client("MULTI")
    for i in range(300):
        assert client("SET", "key:%d" % i, i) == QUEUED
    assert client("EXEC") == [OK] * 300
    client("MULTI")
    client("MGET", *["key:%d" % i for i in range(300)])
    client("DEL", *["key:%d" % i for i in range(300)])
    client("DBSIZE")
    assert client("EXEC") == [[b"%d" % i for i in range(300)], 300, 0]


def test_commands_of_a_transaction_see_each_other_in_order(client):
    client("MULTI")
    for line in ["SET a 1", "RENAME a b", "APPEND b 2", "COPY b c", "GETDEL b", "MGET a b c",
                 "EXPIRE c 100", "TTL c",
                 "DEL c", "EXISTS a b c"]:
        assert client.words(line) == QUEUED
    assert client("EXEC") == [OK, OK, 2, 1, b"12", [NIL, NIL, b"12"], 1, 100, 1, 0]


def test_a_transaction_in_one_write(client):
    replies = client.pipeline([("MULTI",), ("SET", "a", "1"), ("SET", "b", "2"), ("MGET", "a", "b"),
                               ("EXEC",), ("PING",)])
    assert replies == [OK, QUEUED, QUEUED, QUEUED, [OK, OK, [b"1", b"2"]], PONG]


def test_connection_commands_inside_a_transaction(client):
    client("MULTI")
    for line in ["SELECT 2", "SET x two", "SELECT 0", "PING", "ECHO hi", "CLIENT GETNAME"]:
        assert client.words(line) == QUEUED
    assert client("EXEC") == [OK, OK, OK, PONG, b"hi", NIL]
    assert client("EXISTS", "x") == 0
    client("SELECT", "2")
    assert client("GET", "x") == b"two"


def test_flushall_and_dbsize_inside_a_transaction(client):
    client("MSET", *[x for i in range(50) for x in ("key:%d" % i, "v")])
    client("MULTI")
    for line in ["DBSIZE", "FLUSHALL", "DBSIZE", "SET a 1", "DBSIZE"]:
        client.words(line)
    assert client("EXEC") == [50, OK, 0, OK, 1]


# --- WATCH ------------------------------------------------------------------------------------

def test_exec_runs_when_the_watched_key_is_untouched(client):
    client("SET", "a", "1")
    assert client("WATCH", "a", "b") == OK
    client("MULTI")
    client("INCR", "a")
    assert client("EXEC") == [2]


@pytest.mark.parametrize("line", [
    "SET w 2", "SET w 1", "APPEND w x", "DEL w", "INCR w", "EXPIRE w 100", "RENAME w x",
    "RENAME other w", "SETBIT w 1 1",
    "FLUSHALL", "FLUSHDB", "GETDEL w", "COPY other w REPLACE", "MSET w 1 z 2", "MOVE w 1",
    "SWAPDB 0 1", "PEXPIRE w 1",
    "UNLINK w", "SETRANGE w 0 x", "BITOP NOT w other", "EXPIRE w -1", "SET w 9 GET",
    "GETEX w EX 100"])
def test_exec_answers_null_after_any_write_to_the_watched_key(client, connect, line):
    client("MSET", "w", "1", "other", "2")
    client("WATCH", "w")
    connect().words(line)
    client("MULTI")
    client("SET", "result", "1")
    assert client("EXEC") == NIL
    assert client("EXISTS", "result") == 0


@pytest.mark.parametrize("line", ["GET w", "TTL w", "SETNX w 5", "SET w 5 NX", "TOUCH w",
                                  "PERSIST w", "SET other 5",
                                  "EXISTS w", "DEL missing", "COPY w other", "EXPIRE w 5 XX",
                                  "FLUSHDB"])
def test_exec_runs_after_commands_that_do_not_change_the_key(client, connect, line):
    client("MSET", "w", "1", "other", "2")
    client("WATCH", "w")
    other = connect()
    if line == "FLUSHDB":
        other("SELECT", "5")
    other.words(line)
    client("MULTI")
    client("SET", "result", "1")
    assert client("EXEC") == [OK]


def test_half_a_pair_is_an_error_of_exec_not_of_the_queue(client):
    for line in ["MULTI", "SET x 1", "MSET a 1 b 2 c", "INCR x", "MSET b 3 c", "GET a"]:
        client.words(line)
    assert client("MSET", "x") == arity("mset")
    client("DISCARD")
    for line in ["MULTI", "SET x 1", "MSET a 1 b 2 c", "INCR x", "MSET b 3 c"]:
        client.words(line)
    assert client("EXEC") == [OK, arity("mset"), 2, arity("mset")]
    assert client("MGET", "a", "b", "c", "x") == [NIL, NIL, NIL, b"2"]


@pytest.mark.parametrize("before", ["nothing", "an expired key", "a key"])
def test_a_key_that_has_expired_is_as_good_as_none_when_databases_are_swapped(client, connect,
                                                                              before):
    other = connect()
    other("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        other("SELECT", "1")
        other("SET", "w", "stale", "PX", "1")
        if before == "a key":
            client("SET", "w", "fresh")
        elif before == "an expired key":
            client("SET", "w", "stale", "PX", "1")
        time.sleep(0.01)
        assert client("WATCH", "w") == OK
        assert other("SWAPDB", "0", "1") == OK
        client("MULTI")
        client("PING")
        assert client("EXEC") == (NIL if before == "a key" else [PONG])
    finally:
        other("DEBUG", "SET-ACTIVE-EXPIRE", "1")


def test_a_watched_missing_key_that_appears_aborts(client, connect):
    client("WATCH", "new")
    connect()("SET", "new", "1")
    client("MULTI")
    client("PING")
    assert client("EXEC") == NIL


def test_flushing_an_empty_database_touches_no_missing_key(client, connect):
    client("WATCH", "missing")
    connect()("FLUSHALL")
    client("MULTI")
    client("PING")
    assert client("EXEC") == [PONG]


def test_a_watched_key_that_expires_aborts(client):
    client("SET", "w", "1", "PX", "30")
    client("WATCH", "w")
    time.sleep(0.06)
    client("MULTI")
    client("PING")
    assert client("EXEC") == NIL


def test_a_key_that_was_expired_when_watched_does_not_abort(client):
    client("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        client("SET", "w", "1", "PX", "1")
        time.sleep(0.02)
        client("WATCH", "w")
        client("MULTI")
        client("PING")
        assert client("EXEC") == [PONG]
    finally:
        client("DEBUG", "SET-ACTIVE-EXPIRE", "1")


def test_unwatch_and_exec_end_a_watch(client, connect):
    other = connect()
    client("WATCH", "w")
    other("SET", "w", "1")
    assert client("UNWATCH") == OK
    client("MULTI")
    client("PING")
    assert client("EXEC") == [PONG]
    client("WATCH", "w")
    client("MULTI")
    client("EXEC")
    other("SET", "w", "2")
    client("MULTI")
    client("PING")
    assert client("EXEC") == [PONG]


def test_one_own_write_before_multi_counts_too(client):
    client("WATCH", "w")
    client("SET", "w", "1")
    client("MULTI")
    client("PING")
    assert client("EXEC") == NIL


def test_a_watch_of_one_database_does_not_see_the_other(client, connect):
    client("WATCH", "w")
    other = connect()
    other("SELECT", "1")
    other("SET", "w", "1")
    client("MULTI")
    client("PING")
    assert client("EXEC") == [PONG]


def test_exec_abort_beats_a_touched_watch(client, connect):
    client("WATCH", "w")
    connect()("SET", "w", "1")
    client("MULTI")
    client("NOSUCH")
    assert client("EXEC") == EXEC_ABORT


def test_a_closed_connection_takes_its_transaction_along(connect, client):
    other = connect()
    other("MULTI")
    other("SET", "a", "1")
    other.close()
    time.sleep(0.05)
    assert client("EXISTS", "a") == 0


def _while_running(work, check, rounds):
    """Runs `work()` over and over in a thread while `check()` is called `rounds` times."""
    ended = threading.Event()

    def run():
        while not ended.is_set():
            work()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        for _ in range(rounds):
            check()
    finally:
        ended.set()
        thread.join()


def test_watched_increments_from_many_connections_lose_nothing(client, connect):
    threads, rounds = 4, 100
    client("MSET", "x", "0", "y", "0")

    def work(own):
        done = 0
        while done < rounds:
            own("WATCH", "x", "y")
            x, y = own("MGET", "x", "y")
            own("MULTI")
            own("SET", "x", int(x) + 1)
            own("SET", "y", int(y) - 1)
            if own("EXEC") != NIL:
                done += 1

    workers = [threading.Thread(target=work, args=(connect(),)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert client("MGET", "x", "y") == [b"%d" % (threads * rounds), b"-%d" % (threads * rounds)]


def test_no_reader_sees_half_a_transaction(client, connect):
    keys = ["part:%d" % i for i in range(8)]
    client("MSET", *[x for k in keys for x in (k, "0")])
    writer, numbers = connect(), itertools.count()

    def write():
        number = next(numbers)
        writer.pipeline([("MULTI",), *[("SET", k, number) for k in keys], ("EXEC",)])

    def look():
        assert len(set(client("MGET", *keys))) == 1

    _while_running(write, look, 1500)


def test_mget_never_sees_half_an_mset(client, connect):
    keys = ["part:%d" % i for i in range(16)]
    client("MSET", *[x for k in keys for x in (k, "0")])
    writers = [connect() for _ in range(3)]
    numbers = itertools.count()

    def write():
        for writer in writers:
            value = next(numbers)
            writer.send("MSET", *[x for k in keys for x in (k, value)])
        for writer in writers:
            assert writer.receive() == OK

    def look():
        assert len(set(client("MGET", *keys))) == 1

    _while_running(write, look, 1000)


def test_a_key_on_its_way_to_another_name_is_never_in_two_places_or_none(client, connect):
    names = ["place:%d" % i for i in range(8)]
    client("SET", names[0], "traveller")
    mover = connect()

    def travel():
        for source, target in zip(names, names[1:] + names[:1]):
            assert mover("RENAME", source, target) == OK

    def look():
        assert client("EXISTS", *names) == 1
        assert [v for v in client("MGET", *names) if v != NIL] == [b"traveller"]

    _while_running(travel, look, 1000)


def test_of_many_msetnx_with_a_key_in_common_one_wins(client, connect):
    rivals = [connect() for _ in range(8)]
    for round_number in range(50):
        common = "common:%d" % round_number
        for i, rival in enumerate(rivals):
            rival.send("MSETNX", common, i, "own:%d:%d" % (round_number, i), i)
        won = [i for i, rival in enumerate(rivals) if rival.receive() == 1]
        assert len(won) == 1
        assert client("GET", common) == b"%d" % won[0]
        assert client("EXISTS", *["own:%d:%d" % (round_number, i) for i in range(8)]) == 1


def test_transfers_between_many_accounts_keep_the_sum(client, connect):
    accounts = ["account:%d" % i for i in range(20)]
    client("MSET", *[x for a in accounts for x in (a, "100")])
    tellers = [connect() for _ in range(4)]
    rng = random.Random(8)

    def transfer():
        for teller in tellers:
            source, target = rng.sample(accounts, 2)
            amount = rng.randint(1, 200)
            teller.send_raw(encode_many([("MULTI",), ("DECRBY", source, amount),
                                         ("INCRBY", target, amount), ("EXEC",)]))
        for teller in tellers:
            assert [teller.receive() for _ in range(3)] == [OK, QUEUED, QUEUED]
            assert len(teller.receive()) == 2

    def audit():
        assert sum(map(int, client("MGET", *accounts))) == 2000

    _while_running(transfer, audit, 1000)


def test_a_huge_transaction_answers_completely(client):
    replies = client.pipeline([("MULTI",), *[("INCR", "n:%d" % (i % 100)) for i in range(10000)],
                               ("EXEC",)])
    assert replies[1:-1] == [QUEUED] * 10000
    assert replies[-1] == [i // 100 + 1 for i in range(10000)]


def test_reset_leaves_a_transaction(client):
    client("MULTI")
    client("SET", "a", "1")
    assert client("RESET") == "RESET"
    assert client("EXEC") == Error("ERR EXEC without MULTI")
    assert client("EXISTS", "a") == 0


def test_time_stands_still_in_a_transaction(client):
    keys = [f"key{i}" for i in range(6)]
    for key in keys:
        client("SET", key, "v")
    client("MULTI")
    for key in keys:
        client("PEXPIRE", key, "5000")
    client("DEBUG", "SLEEP", "0.05")
    for key in keys:
        client("PTTL", key)
    assert client("EXEC") == [1] * len(keys) + [OK] + [5000] * len(keys)
