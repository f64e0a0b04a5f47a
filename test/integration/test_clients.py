"""Clients as others see and handle them: CLIENT LIST, KILL, PAUSE and REPLY.

With several threads the clients of a test are spread over the shards, and so are its
keys: `spread` is enough of either to reach all of them.
"""

import time

import pytest

from harness.resp import NIL, OK, PONG, QUEUED, Client, Closed, Error, Map, encode_many
from harness.texts import arity

SPREAD = 24
KEYS = ["key:%d" % i for i in range(SPREAD)]

FIELDS = ("id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem "
          "multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name "
          "lib-ver").split()


def entries(text):
    return [dict(word.split("=", 1) for word in line.split(" "))
            for line in text.decode().splitlines()]


def entry_of(client, who):
    """How CLIENT LIST of `client` shows the client `who` (a number)."""
    found = entries(client("CLIENT", "LIST", "ID", who))
    assert len(found) == 1
    return found[0]


def waits_for(condition, timeout=5):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def spread(connect):
    return [connect() for _ in range(SPREAD)]


@pytest.fixture
def unpaused(client):
    """Ends a pause that a failed test left behind."""
    yield client
    client("CLIENT", "UNPAUSE")


# --- CLIENT LIST ------------------------------------------------------------------------------

def test_qbuf_holds_the_command_that_asks(client):
    sent = b"*2\r\n$6\r\nCLIENT\r\n$4\r\nLIST\r\n"
    who = str(client("CLIENT", "ID"))
    entry, = (e for e in entries(client("CLIENT", "LIST")) if e["id"] == who)
    assert (entry["qbuf"], entry["argv-mem"]) == (str(len(sent)), "10")
    entry, = entries(client("CLIENT", "INFO"))
    assert (entry["qbuf"], entry["argv-mem"]) == (str(len(sent)), "10")


def test_qbuf_holds_what_is_not_complete(client, connect):
    other = connect()
    who = other("CLIENT", "ID")
    assert entry_of(client, who)["qbuf"] == "0"
    other.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nab")
    waits_for(lambda: 2 <= int(entry_of(client, who)["qbuf"]) <= 26)
    other.send_raw(b"cde\r\n")
    assert other.receive() == OK
    assert entry_of(client, who)["qbuf"] == "0"


@pytest.mark.parametrize("missing", [1000, 200000])
def test_qbuf_and_its_room_hold_a_large_argument(client, connect, missing):
    other = connect()
    who = other("CLIENT", "ID")
    other.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n")
    other.send_raw(b"x" * (300000 - missing))

    def total():
        entry = entry_of(client, who)
        return int(entry["qbuf"]) + int(entry["qbuf-free"])

    waits_for(lambda: 300000 <= total() < 400000)
    other.send_raw(b"x" * missing + b"\r\n")
    assert other.receive() == OK
    assert entry_of(client, who)["qbuf"] == "0"


@pytest.mark.redis72
def test_a_line_has_its_fields_in_order(client):
    line = client("CLIENT", "INFO").decode()
    assert line.endswith("\n")
    assert [word.split("=")[0] for word in line[:-1].split(" ")] == FIELDS


@pytest.mark.shoal_only
def test_the_list_is_ordered_by_id_over_all_threads(client, spread):
    ids = [int(entry["id"]) for entry in entries(client("CLIENT", "LIST"))]
    assert ids == sorted(set(ids))
    assert {c("CLIENT", "ID") for c in spread} <= set(ids)


def test_chosen_ids_come_in_the_order_asked_for(client, spread):
    ids = [c("CLIENT", "ID") for c in spread]
    wanted = ids[::-2] + ids[:2] + [ids[0], 999999999, -1]
    found = [int(entry["id"]) for entry in entries(client("CLIENT", "LIST", "ID", *wanted))]
    assert found == ids[::-2] + ids[:2] + [ids[0]]


def test_the_list_tells_what_others_do(client, connect):
    other = connect(protocol=3)
    number = other("CLIENT", "ID")
    other("SELECT", "7")
    assert entry_of(client, number)["cmd"] == "select"
    other("CLIENT", "SETNAME", "worker")
    entry = entry_of(client, number)
    assert (entry["cmd"], entry["name"], entry["db"]) == ("client|setname", "worker", "7")
    assert (entry["resp"], entry["flags"], entry["multi"]) == ("3", "N", "-1")
    other("MULTI")
    other("SET", "a", "x" * 100)
    entry = entry_of(client, number)
    assert (entry["flags"], entry["multi"], entry["cmd"]) == ("x", "1", "set")
    assert int(entry["multi-mem"]) >= 100
    other("EXEC")
    assert entry_of(client, number)["flags"] == "N"
    other("NOSUCH")
    assert entry_of(client, number)["cmd"] == "NULL"


def test_the_list_counts_seconds_of_silence(client, connect):
    other = connect()
    number = other("CLIENT", "ID")
    time.sleep(1.3)
    entry = entry_of(client, number)
    assert int(entry["idle"]) >= 1 and int(entry["age"]) >= 1
    other("PING")
    entry = entry_of(client, number)
    assert int(entry["idle"]) == 0 and int(entry["age"]) >= 1


def test_the_list_inside_a_transaction(client, spread):
    client("MULTI")
    for key in KEYS:
        client("SET", key, "1")
    assert client("CLIENT", "LIST") == QUEUED
    assert client("MGET", *KEYS) == QUEUED
    assert client("CLIENT", "LIST", "TYPE", "bogus") == QUEUED
    assert client("CLIENT", "INFO") == QUEUED
    replies = client("EXEC")
    assert replies[:SPREAD] == [OK] * SPREAD
    seen = entries(replies[SPREAD])
    assert len(seen) >= SPREAD + 1
    own = [entry for entry in seen if entry["flags"] == "x"]
    assert [entry["multi"] for entry in own] == [str(SPREAD + 4)]
    assert replies[SPREAD + 1] == [b"1"] * SPREAD
    assert replies[SPREAD + 2] == Error("ERR Unknown client type 'bogus'")
    assert entries(replies[SPREAD + 3])[0]["id"] == own[0]["id"]


def test_lists_from_everywhere_at_once(spread):
    for c in spread:
        c.send_raw(encode_many([("CLIENT", "LIST"), ("SET", "a", "1"), ("MULTI",), ("GET", "a"),
                                ("CLIENT", "LIST"), ("EXEC",)] * 10))
    for c in spread:
        for _ in range(10):
            assert len(entries(c.receive())) >= SPREAD
            assert [c.receive() for _ in range(4)] == [OK, OK, QUEUED, QUEUED]
            value, text = c.receive()
            assert value == b"1" and len(entries(text)) >= SPREAD


# --- CLIENT KILL ------------------------------------------------------------------------------

def test_any_client_can_be_killed_from_any_thread(client, spread):
    for victim in spread[:-1]:
        killer = spread[-1]
        assert killer("CLIENT", "KILL", "ID", victim("CLIENT", "ID")) == 1
        assert victim.is_closed()
    assert client("PING") == PONG


def test_kill_counts_those_it_closed(client, spread):
    assert client("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES") == SPREAD
    assert all(victim.is_closed() for victim in spread)
    assert len(entries(client("CLIENT", "LIST"))) == 1


def test_all_filters_have_to_fit(client, connect):
    victim, other = connect(), connect()
    number = victim("CLIENT", "ID")
    address = "%s:%d" % victim.sock.getsockname()
    elsewhere = "%s:%d" % other.sock.getsockname()
    assert client("CLIENT", "KILL", "ID", number, "ADDR", elsewhere) == 0
    assert client("CLIENT", "KILL", "ID", number, "TYPE", "replica") == 0
    assert client("CLIENT", "KILL", "ID", number, "LADDR", "127.0.0.1:1") == 0
    assert client("CLIENT", "KILL", "ADDR", address + "x" * 100) == 0
    assert victim("PING") == PONG
    assert client("CLIENT", "KILL", "ID", number, "ADDR", address, "TYPE", "normal", "USER",
                  "default", "LADDR", "%s:%d" % victim.sock.getpeername()) == 1
    assert victim.is_closed() and other("PING") == PONG


def test_a_killer_of_itself_gets_its_reply_first(connect):
    for arguments, answer in (("ID {id} SKIPME no", 1), ("{addr}", OK)):
        suicide = connect()
        filled = arguments.format(id=suicide("CLIENT", "ID"),
                                  addr="%s:%d" % suicide.sock.getsockname())
        suicide.send_raw(encode_many([("PING",), ("CLIENT", "KILL", *filled.split()),
                                      ("SET", "after", "1")]))
        assert suicide.receive() == PONG
        assert suicide.receive() == answer
        assert suicide.is_closed()
    assert connect()("EXISTS", "after") == 0


def test_kill_inside_a_transaction(client, spread):
    numbers = [c("CLIENT", "ID") for c in spread]
    client("MULTI")
    for key, number in zip(KEYS, numbers):
        client("SET", key, "1")
        client("CLIENT", "KILL", "ID", number)
    client("DEL", *KEYS)
    assert client("EXEC") == [OK, 1] * SPREAD + [SPREAD]
    assert all(victim.is_closed() for victim in spread)


def test_clients_that_kill_each_other(connect):
    for _ in range(20):
        one, two = connect(), connect()
        numbers = [one("CLIENT", "ID"), two("CLIENT", "ID")]
        one.send("CLIENT", "KILL", "ID", numbers[1])
        two.send("CLIENT", "KILL", "ID", numbers[0])
        outcomes = []
        for c in (one, two):
            try:
                outcomes.append(c.receive())
            except Closed:
                outcomes.append(None)
        assert outcomes.count(None) >= 1 or outcomes.count(0) >= 1
        assert connect()("PING") == PONG


def test_killed_in_mid_transaction_a_client_leaves_no_lock(client, connect):
    """Transactions that reach for other clients are cut off; what they locked is free."""
    block = [("MULTI",), *[("INCR", key) for key in KEYS], ("CLIENT", "LIST"),
             *[("INCR", key) for key in KEYS], ("CLIENT", "LIST"), ("EXEC",)]
    for _ in range(15):
        victims = [connect() for _ in range(4)]
        for victim in victims:
            victim.send_raw(encode_many(block * 5))
        assert client("CLIENT", "KILL", "TYPE", "normal") >= 4
        values = set(client("MGET", *KEYS))
        assert len(values) == 1, "half a transaction was executed"
    for key in KEYS:
        assert client("SET", key, "0") == OK
    assert client("MGET", *KEYS) == [b"0"] * SPREAD


# --- CLIENT PAUSE -----------------------------------------------------------------------------

def test_a_write_pause_holds_writes_of_all_clients_and_lets_reads_pass(unpaused, spread):
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    for c, key in zip(spread[::2], KEYS):
        c.send("SET", key, "1")
    for c in spread[1::2]:
        assert c("MGET", *KEYS) == [NIL] * SPREAD
        assert c("PING") == PONG
        assert c("DBSIZE") == 0
    assert all(c.is_silent(0.01) for c in spread[::2])
    assert b"blocked_clients:%d\r\n" % (SPREAD // 2) in unpaused("INFO", "clients")
    assert unpaused("CLIENT", "UNPAUSE") == OK
    assert b"blocked_clients:0\r\n" in unpaused("INFO", "clients")
    assert [c.receive() for c in spread[::2]] == [OK] * (SPREAD // 2)
    assert unpaused("DBSIZE") == SPREAD // 2


def test_a_write_pause_and_transactions(unpaused, connect):
    reader, writer, queueing = connect(), connect(), connect()
    for line in ["MULTI", "GET a", "PING"]:
        reader.words(line)
    for line in ["MULTI", "GET a", "SET b 1"]:
        writer.words(line)
    queueing("MULTI")
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    assert reader("EXEC") == [NIL, PONG]
    writer.send("EXEC")
    queueing.send("SET", "c", "1")
    assert writer.is_silent(0.1) and queueing.is_silent(0.1)
    assert unpaused("EXISTS", "b") == 0
    unpaused("CLIENT", "UNPAUSE")
    assert writer.receive() == [NIL, OK]
    assert queueing.receive() == QUEUED
    assert queueing("EXEC") == [OK]


def test_a_pause_of_everything_holds_what_can_be_executed(client, connect):
    others = [connect() for _ in range(6)]
    assert client("CLIENT", "PAUSE", "400") == OK
    started = time.monotonic()
    for other, line in zip(others, ["PING", "GET a", "MULTI", "SET a 1", "CLIENT ID", "DBSIZE"]):
        other.send(*line.split())
    assert others[0].is_silent(0.1)
    assert others[0].receive() == PONG
    assert time.monotonic() - started > 0.3
    assert others[1].receive() in (NIL, b"1")
    assert [other.receive() for other in others[2:4]] == [OK, OK]
    assert isinstance(others[4].receive(), int) and others[5].receive() in (0, 1)


def test_what_cannot_be_executed_is_refused_during_a_pause(unpaused, connect):
    other = connect()
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    assert other("NOSUCH").text.startswith("ERR unknown command")
    assert other("SET", "a") == arity("set")
    assert other("CLIENT", "BOGUS").text.startswith("ERR unknown subcommand")


@pytest.mark.shoal_only
def test_any_pause_can_be_changed_and_ended(unpaused, connect):
    one, two = connect(), connect()
    assert one("CLIENT", "PAUSE", "60000", "ALL") == OK
    two.send("PING")
    assert two.is_silent(0.1)
    assert one("CLIENT", "PAUSE", "50000") == OK
    assert one("CLIENT", "UNPAUSE") == OK
    assert two.receive() == PONG


def test_a_second_pause_neither_shortens_nor_weakens_the_first(unpaused, connect):
    reader, writer = connect(), connect()
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    unpaused("CLIENT", "PAUSE", "10", "WRITE")
    writer.send("SET", "a", "1")
    assert writer.is_silent(0.15)
    unpaused("CLIENT", "UNPAUSE")
    assert writer.receive() == OK
    started = time.monotonic()
    assert unpaused.pipeline([("CLIENT", "PAUSE", "300", "ALL"),
                              ("CLIENT", "PAUSE", "1", "WRITE")]) == [OK, OK]
    assert reader("GET", "a") == b"1"
    assert time.monotonic() - started > 0.2


def test_a_pause_of_no_time_holds_nothing(client, connect):
    assert client("CLIENT", "PAUSE", "0") == OK
    other = connect()
    assert other("SET", "a", "1") == OK
    assert client("CLIENT", "UNPAUSE") == OK


def test_a_pause_ends_on_time_for_everybody(client, spread):
    client("PING")
    started = time.monotonic()
    client("CLIENT", "PAUSE", "250", "WRITE")
    for c, key in zip(spread, KEYS):
        c.send("SET", key, "1")
    assert [c.receive() for c in spread] == [OK] * SPREAD
    assert 0.2 < time.monotonic() - started < 1.5


def test_paused_commands_keep_their_order(unpaused, connect):
    writer = connect()
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    writer.send_raw(encode_many(
        [("GET", "key:0")] + [("SET", key, "v:" + key) for key in KEYS]
        + [("GET", key) for key in KEYS] + [("MGET", *KEYS), ("PING",)]))
    assert writer.receive() == NIL
    assert writer.is_silent(0.1)
    writer.send("DEL", *KEYS)
    unpaused("CLIENT", "UNPAUSE")
    values = [b"v:" + key.encode() for key in KEYS]
    assert [writer.receive() for _ in range(2 * SPREAD + 3)] == (
        [OK] * SPREAD + values + [values, PONG, SPREAD])


def test_a_pause_inside_a_transaction_lets_the_transaction_end(unpaused, connect):
    other = connect()
    unpaused("MULTI")
    unpaused("SET", "a", "1")
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    for key in KEYS:
        unpaused("SET", key, "1")
    assert unpaused("EXEC") == [OK] * (SPREAD + 2)
    other.send("SET", "b", "1")
    assert other.is_silent(0.1)
    unpaused("MULTI")
    unpaused("CLIENT", "UNPAUSE")
    assert unpaused("EXEC") == [OK]
    assert other.receive() == OK


def test_no_key_expires_during_a_pause(unpaused, connect):
    other = connect()
    for ms in (40, 400, 4000): # the pause has to come before the first key expires
        started = time.monotonic()
        for key in KEYS:
            other("SET", key, "1", "PX", ms)
        unpaused("CLIENT", "PAUSE", "60000", "WRITE")
        if time.monotonic() - started < ms / 1000:
            break
        unpaused("CLIENT", "UNPAUSE")
    else:
        pytest.fail("too slow")
    time.sleep(ms / 1000 + 0.3)
    assert other("MGET", *KEYS) == [NIL] * SPREAD
    assert other("GET", KEYS[0]) == NIL
    assert other("EXISTS", *KEYS) == 0
    assert other("DBSIZE") == SPREAD
    unpaused("CLIENT", "UNPAUSE")
    waits_for(lambda: other("DBSIZE") == 0)
    assert other("SET", KEYS[0], "2") == OK
    assert other("GET", KEYS[0]) == b"2"


def test_a_paused_client_shows_as_blocked_and_can_be_killed(unpaused, connect):
    victim = connect()
    number = victim("CLIENT", "ID")
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    victim.send("SET", "a", "1")
    waits_for(lambda: entry_of(unpaused, number)["flags"] == "b")
    assert unpaused("CLIENT", "KILL", "ID", number) == 1
    assert victim.is_closed()
    unpaused("CLIENT", "UNPAUSE")
    assert unpaused("EXISTS", "a") == 0


@pytest.mark.redis72
def test_more_pause_errors(client):
    assert client("CLIENT", "PAUSE", "9223372036854775807") == Error(
        "ERR timeout is out of range")
    assert client("CLIENT", "PAUSE", "1", "ALL", "x").text.startswith("ERR ")
    assert client("CLIENT", "UNPAUSE", "x") == arity("client|unpause")


# --- CLIENT REPLY -----------------------------------------------------------------------------

def test_replies_that_are_off_stay_away_from_any_shard(client):
    client.send_raw(encode_many(
        [("PING",), ("CLIENT", "REPLY", "OFF")] + [("SET", key, key) for key in KEYS]
        + [("GET", key) for key in KEYS] + [("MGET", *KEYS), ("NOSUCH",), ("GET",), ("MULTI",)]
        + [("INCR", "n:" + key) for key in KEYS] + [("EXEC",), ("CLIENT", "LIST"),
                                                    ("CLIENT", "REPLY", "SKIP"),
                                                    ("CLIENT", "REPLY", "ON"), ("ECHO", "end")]))
    assert client.receive() == PONG
    assert client.receive() == OK
    assert client.receive() == b"end"
    assert client("MGET", *KEYS) == [key.encode() for key in KEYS]
    assert client("MGET", *["n:" + key for key in KEYS]) == [b"1"] * SPREAD


@pytest.mark.parametrize("skipped", [
    ("GET", "{key}"), ("SET", "{key}", "x"), ("MGET", *KEYS), ("NOSUCH",), ("GET",),
    ("CLIENT", "LIST"), ("CLIENT", "ID"), ("CLIENT", "PAUSE", "0"), ("DBSIZE",),
    ("CLIENT", "BOGUS"), ("WATCH", "{key}")])
def test_a_skipped_reply_is_just_one_whatever_the_command(client, skipped):
    commands, expected = [], []
    for key in KEYS:
        commands += [("SET", key, "v"), ("ECHO", key), ("CLIENT", "REPLY", "SKIP"),
                     tuple(word.format(key=key) for word in skipped), ("ECHO", "after " + key),
                     ("SET", key, "w"), ("GET", key)]
        expected += [OK, key.encode(), b"after " + key.encode(), OK, b"w"]
    client.send_raw(encode_many(commands))
    assert [client.receive() for _ in expected] == expected
    for command in commands[:70]:  # the same, one write each
        client.send(*command)
    assert [client.receive() for _ in expected[:50]] == expected[:50]
    assert client("PING") == PONG


def test_skips_in_a_row_and_the_replies_of_a_transaction(client):
    skip = ("CLIENT", "REPLY", "SKIP")
    client.send_raw(encode_many([skip, skip, ("PING",), ("ECHO", "1"), skip, ("MULTI",),
                                 ("INCR", "a"), skip, ("ECHO", "2")]))
    assert [client.receive() for _ in range(2)] == [b"1", QUEUED]
    assert [client.receive() for _ in range(2)] == [QUEUED, QUEUED]
    client.send("DISCARD")
    assert client.receive() == OK
    client.send_raw(encode_many([("MULTI",), *[("INCR", key) for key in KEYS], skip, ("EXEC",)]))
    assert [client.receive() for _ in range(SPREAD + 2)] == [OK] + [QUEUED] * (SPREAD + 1)


def test_a_skipped_write_that_is_paused_stays_skipped(unpaused, connect):
    writer = connect()
    unpaused("CLIENT", "PAUSE", "60000", "WRITE")
    writer.send_raw(encode_many([("CLIENT", "REPLY", "SKIP"), ("SET", "a", "1"), ("GET", "a")]))
    assert writer.is_silent(0.1)
    unpaused("CLIENT", "UNPAUSE")
    assert writer.receive() == b"1"


def test_a_protocol_error_after_a_skipped_reply_is_told(client):
    client.send_raw(encode_many([("CLIENT", "REPLY", "SKIP"), ("GET", "a")]) + b"*x\r\n")
    assert client.receive() == Error("ERR Protocol error: invalid multibulk length")
    assert client.is_closed()


# --- NO-TOUCH ---------------------------------------------------------------------------------

@pytest.mark.redis72
def test_no_touch_concerns_every_way_to_read(client, connect):
    watcher = connect()
    watcher("MSET", *[word for key in KEYS for word in (key, "1")])
    time.sleep(2.1)
    assert client("CLIENT", "NO-TOUCH", "on") == OK
    assert "T" in entry_of(watcher, client("CLIENT", "ID"))["flags"]
    client("MGET", *KEYS)
    client.pipeline([("GET", key) for key in KEYS])
    client("MULTI")
    client("GET", KEYS[0])
    client("MGET", *KEYS)
    client("EXEC")
    assert all(watcher("OBJECT", "IDLETIME", key) >= 1 for key in KEYS)
    assert client("TOUCH", *KEYS) == SPREAD
    assert all(watcher("OBJECT", "IDLETIME", key) <= 1 for key in KEYS)
    assert client("CLIENT", "NO-TOUCH", "maybe") == Error("ERR syntax error")


# --- HELLO, AUTH and RESET --------------------------------------------------------------------

@pytest.mark.redis72
def test_a_hello_that_fails_changes_nothing(connect):
    client = connect(protocol=2)
    for options in ["AUTH nobody x SETNAME y", "SETNAME y AUTH nobody x", "SETNAME y BOGUS"]:
        assert isinstance(client("HELLO", "3", *options.split()), Error)
    assert client("GET", "missing").kind == "bulk"
    assert client("CLIENT", "GETNAME") == NIL


def test_hello_inside_a_transaction_changes_the_replies_behind_it(connect):
    client = connect(protocol=2)
    client("MULTI")
    for line in ["GET a", "HELLO 3", "GET a"]:
        client.words(line)
    first, hello, second = client("EXEC")
    assert first.kind == "bulk" and isinstance(hello, Map) and second.kind == "resp3"


def test_a_name_of_hello_may_be_empty(client):
    client("CLIENT", "SETNAME", "x")
    client("HELLO", "2", "SETNAME", "")
    assert client("CLIENT", "GETNAME") == NIL


def test_what_follows_auth_in_the_same_write_is_not_limited(start_server):
    server = start_server(requirepass="secret")
    words = [word for key in KEYS for word in (key, "v" * 20000)]
    for login in [("AUTH", "secret"), ("HELLO", "2", "AUTH", "default", "secret")]:
        with Client(server.port) as client:
            client.send_raw(encode_many([login, ("MSET", *words), ("GET", KEYS[3])]))
            assert not isinstance(client.receive(), Error)
            assert client.receive() == OK
            assert client.receive() == b"v" * 20000


def test_passwords_are_compared_whole(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        for wrong in ["", "s", "secre", "secretsecret", "secret\0", "Secret", "secreT"]:
            assert client("AUTH", wrong).code == "WRONGPASS"
            assert client("AUTH", "default", wrong).code == "WRONGPASS"
        assert client("PING").code == "NOAUTH"
        assert client("AUTH", "DEFAULT", "secret").code == "WRONGPASS"
        assert client("AUTH", "secret") == OK


def test_a_stranger_may_leave_and_reset_only(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        for line in ["CLIENT LIST", "CLIENT REPLY OFF", "WATCH a", "MULTI", "SET a 1", "ECHO x"]:
            assert client.words(line).code == "NOAUTH"
        assert client("EXEC") == Error(
            "EXECABORT Transaction discarded because of: NOAUTH Authentication required.")
        assert client("RESET") == "RESET"
        assert client("PING").code == "NOAUTH"
        assert client("QUIT") == OK
        assert client.is_closed()


def test_strangers_are_let_in_when_the_password_goes(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as stranger, Client(server.port) as friend:
        assert stranger("PING").code == "NOAUTH"
        assert friend("AUTH", "secret") == OK
        assert friend("CONFIG", "SET", "requirepass", "") == OK
        assert stranger("PING") == PONG


def test_reset_turns_replies_on_again(client):
    client.send("CLIENT", "REPLY", "OFF")
    client.send("GET", "a")
    assert client("RESET") == "RESET"
    assert client("PING") == PONG


@pytest.mark.redis72
def test_reset_keeps_the_name_of_the_library(client):
    client("CLIENT", "SETINFO", "lib-name", "shelf")
    client("CLIENT", "NO-TOUCH", "ON")
    client("CLIENT", "NO-EVICT", "ON")
    assert client("RESET") == "RESET"
    info = entries(client("CLIENT", "INFO"))[0]
    assert (info["lib-name"], info["flags"]) == ("shelf", "N")
    assert client("CLIENT", "SETINFO", "lib-name", "") == OK
    assert entries(client("CLIENT", "INFO"))[0]["lib-name"] == ""
