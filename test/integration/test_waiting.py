"""Commands that wait: who is served, when, in which order, and how a wait ends."""

import random
import signal
import threading
import time

import pytest

from harness.resp import NIL, OK, QUEUED, Client, Error, Null
from harness.texts import WRONG_TYPE

# With several threads these are on different shards; each is tried as the one that gets data.
KEYS = [f"q{i}" for i in range(8)]


def waits(*clients):
    """Until all of these clients wait, as the server sees it."""
    deadline = time.monotonic() + 5
    control = clients[0].control
    ids = {c.id for c in clients}
    while time.monotonic() < deadline:
        lines = control("CLIENT", "LIST").decode().splitlines()
        fields = [dict(f.split("=", 1) for f in line.split(" ")) for line in lines]
        if sum(int(f["id"]) in ids and "b" in f["flags"] for f in fields) == len(ids):
            return
        time.sleep(0.005)
    raise AssertionError("clients do not wait")


@pytest.fixture
def waiter(connect, client):
    """Opens a client, has it send a command, and returns once it waits."""

    def start(*command):
        c = connect()
        c.id = c("CLIENT", "ID")
        c.control = client
        c.send(*command)
        waits(c)
        return c

    return start


def served(c, timeout=5):
    return c.receive(timeout)


# --- What is there is taken at once -------------------------------------------------------------

def test_what_is_there_is_taken_at_once(client):
    for key in KEYS:
        client("RPUSH", key, "a", "b", "c", "d", "e", "f")
        assert client("BLPOP", key, "0") == [key.encode(), b"a"]
        assert client("BRPOP", key, "0") == [key.encode(), b"f"]
        assert client("BLMPOP", "0", "1", key, "LEFT", "COUNT", "2") == [key.encode(), [b"b", b"c"]]
        assert client("BLMOVE", key, key, "LEFT", "RIGHT", "0") == b"d"
        assert client("BRPOPLPUSH", key, "dest", "0") == b"d"
        assert client("LRANGE", key, "0", "-1") == [b"e"]


def test_the_first_key_that_has_something_is_taken(client):
    for full in KEYS[1:]:
        client("RPUSH", full, "x")
    for full in KEYS[1:]:
        assert client("BLPOP", *KEYS, "0") == [full.encode(), b"x"]
    assert client("BLPOP", *KEYS, "0.01") == NIL


# --- Waiting ------------------------------------------------------------------------------------

@pytest.mark.parametrize("key", KEYS)
def test_a_push_serves_who_waits_before_anybody_sees_it(client, waiter, key):
    c = waiter("BLPOP", key, "0")
    assert client("RPUSH", key, "a") == 1
    assert client("LLEN", key) == 0
    assert client("EXISTS", key) == 0
    assert served(c) == [key.encode(), b"a"]


@pytest.mark.parametrize("key", KEYS)
def test_waiting_for_keys_of_several_shards(client, waiter, key):
    c = waiter("BRPOP", *KEYS, "0")
    client("LPUSH", key, "a", "b")
    assert served(c) == [key.encode(), b"a"]
    client("DEL", key)
    # The other keys are not waited for any more.
    for other in KEYS:
        client("RPUSH", other, "x")
        assert client("LLEN", other) == 1


@pytest.mark.parametrize("source", KEYS[:4])
def test_moves_between_shards(client, waiter, source):
    for dest in KEYS[4:]:
        c = waiter("BLMOVE", source, dest, "LEFT", "RIGHT", "0")
        client("RPUSH", source, "a", "b")
        assert served(c) == b"a"
        assert client("LRANGE", source, "0", "-1") == [b"b"]
        assert client("LRANGE", dest, "0", "-1") == [b"a"]
        client("DEL", source, dest)
        c.close()


def test_a_chain_of_moves(client, waiter):
    links = [waiter("BRPOPLPUSH", KEYS[i], KEYS[i + 1], "0") for i in range(len(KEYS) - 1)]
    client("RPUSH", KEYS[0], "a")
    assert [served(c) for c in links] == [b"a"] * len(links)
    assert client("LRANGE", KEYS[-1], "0", "-1") == [b"a"]
    assert client("EXISTS", *KEYS[:-1]) == 0


def test_a_list_that_is_moved_to_itself(client, waiter):
    c = waiter("BRPOPLPUSH", "q", "q", "0")
    client("RPUSH", "q", "a", "b")
    assert served(c) == b"b"
    assert client("LRANGE", "q", "0", "-1") == [b"b", b"a"]


def test_several_elements_at_once(client, waiter):
    c = waiter("BLMPOP", "0", "8", *KEYS, "RIGHT", "COUNT", "2")
    client("RPUSH", KEYS[5], "a", "b", "c")
    assert served(c) == [KEYS[5].encode(), [b"c", b"b"]]
    assert client("LRANGE", KEYS[5], "0", "-1") == [b"a"]


def test_a_large_element(client, waiter):
    big = b"x" * 300_000
    for keys in (KEYS[:1], KEYS):
        c = waiter("BLPOP", *keys, "0")
        client("RPUSH", keys[0], big)
        assert served(c) == [keys[0].encode(), big]


def test_a_key_named_twice(client, waiter):
    c = waiter("BLPOP", "q", "q", "other", "0")
    client("RPUSH", "q", "a", "b")
    assert served(c) == [b"q", b"a"]
    assert client("LRANGE", "q", "0", "-1") == [b"b"]


@pytest.mark.parametrize("keys", [["q0"], ["q1"], ["q2"], ["q3"], KEYS])
def test_first_come_first_served(client, waiter, keys):
    queue = [waiter("BLPOP", *keys, "0") for _ in range(6)]
    client("RPUSH", keys[-1], *"abcd")
    client("RPUSH", keys[-1], "e")
    client("RPUSH", keys[-1], "f")
    assert [served(c)[1] for c in queue] == [b"a", b"b", b"c", b"d", b"e", b"f"]


def test_the_order_holds_between_commands_of_different_kinds(client, waiter):
    queue = [waiter("BLPOP", "q", "0"), waiter("BRPOP", "x", "q", "y", "0"),
             waiter("BLMOVE", "q", "dest{9}", "LEFT", "LEFT", "0"),
             waiter("BLMPOP", "0", "2", "q", "z", "LEFT")]
    for value in "abcd":
        client("RPUSH", "q", value)
    replies = [served(c) for c in queue]
    assert replies == [[b"q", b"a"], [b"q", b"b"], b"c", [b"q", [b"d"]]]


def test_the_rest_stays_for_who_comes_next(client, waiter):
    c = waiter("BLPOP", "q", "0")
    client("RPUSH", "q", "a", "b")
    assert served(c) == [b"q", b"a"]
    assert client("BLPOP", "q", "0") == [b"q", b"b"]


def test_a_pipeline_goes_on_behind_a_wait(client, waiter):
    c = waiter("BLPOP", "q", "0")
    c.send("SET", "after", "1")
    c.send("GET", "after")
    time.sleep(0.02)
    assert client("EXISTS", "after") == 0
    client("RPUSH", "q", "a")
    assert [served(c) for _ in range(3)] == [[b"q", b"a"], OK, b"1"]


def test_waits_in_one_pipeline(client, connect):
    c = connect()
    for key in KEYS:
        c.send("BLPOP", key, "0")
    for key in reversed(KEYS):
        client("RPUSH", key, "x")
    assert [served(c)[0] for _ in KEYS] == [k.encode() for k in KEYS]


# --- Transactions -------------------------------------------------------------------------------

def test_in_a_transaction_nothing_waits(client):
    client("MULTI")
    commands = [("BLPOP", "q0", "0"), ("BRPOP", *KEYS, "0"), ("BLMPOP", "0", "1", "q1", "LEFT"),
                ("BLMOVE", "q1", "q2", "LEFT", "LEFT", "0"), ("BRPOPLPUSH", "q1", "q2", "0")]
    for command in commands:
        assert client(*command) == QUEUED
    reply = client("EXEC")
    assert reply[:3] == [NIL] * 3 and all(not r for r in reply)
    assert len(reply) == len(commands)


@pytest.mark.parametrize("key", KEYS[:4])
def test_wake_ups_come_after_the_whole_transaction(client, waiter, key):
    c = waiter("BLPOP", key, "0")
    commands = [("RPUSH", key, "a"), ("LLEN", key), ("SET", "other", "1"), ("LPUSH", key, "b"),
                ("LRANGE", key, "0", "-1")]
    client("MULTI")
    for command in commands:
        client(*command)
    assert client("EXEC") == [1, 1, OK, 2, [b"b", b"a"]]
    assert served(c) == [key.encode(), b"b"]


def test_what_a_transaction_takes_back_wakes_nobody(client, waiter):
    c = waiter("BLPOP", *KEYS, "0")
    client("MULTI")
    for key in KEYS:
        client("RPUSH", key, "a")
    client("DEL", *KEYS)
    client("EXEC")
    assert c.is_silent()
    client("RPUSH", "q3", "b")
    assert served(c) == [b"q3", b"b"]


def test_one_transaction_that_fills_several_keys_serves_one_element(client, waiter):
    c = waiter("BLPOP", *KEYS, "0")
    client("MULTI")
    for key in KEYS:
        client("RPUSH", key, "a")
    client("EXEC")
    assert served(c)[1] == b"a"
    assert sum(client("LLEN", key) for key in KEYS) == len(KEYS) - 1


def test_a_served_key_counts_as_changed_for_watch(client, connect, waiter):
    c = waiter("BLPOP", "q", "0")
    w = connect()
    w("WATCH", "q")
    client("RPUSH", "q", "a")
    assert served(c) == [b"q", b"a"]
    w("MULTI")
    w("PING")
    assert w("EXEC") == NIL


# --- What makes a key ready ---------------------------------------------------------------------

def test_every_way_to_make_a_list(client, waiter):
    makers = [("RPUSH", "q0", "a"), ("LPUSH", "q0", "a"), ("RENAME", "list", "q0"),
              ("RENAMENX", "list", "q0"), ("COPY", "list", "q0"),
              ("LMOVE", "list", "q0", "LEFT", "LEFT"), ("RPOPLPUSH", "list", "q0")]
    for maker in makers:
        for keys in (["q0"], KEYS):
            client("FLUSHALL")
            client("RPUSH", "list", "a")
            c = waiter("BLPOP", *keys, "0")
            client(*maker)
            assert served(c) == [b"q0", b"a"], maker
            c.close()


def test_a_list_that_came_from_another_database(client, waiter):
    client("SELECT", "1")
    client("RPUSH", "q", "a")
    client("SELECT", "0")
    c = waiter("BLPOP", "q", "0")
    client("SELECT", "1")
    assert client("MOVE", "q", "0") == 1
    assert served(c) == [b"q", b"a"]


@pytest.mark.parametrize("keys", [["q0"], ["q1"], KEYS])
def test_swapped_databases(client, waiter, keys):
    client("SELECT", "1")
    client("RPUSH", keys[0], "a", "b")
    client("SELECT", "0")
    c = waiter("BLPOP", *keys, "0")
    assert client("SWAPDB", "0", "1") == OK
    assert served(c) == [keys[0].encode(), b"a"]
    assert client("LRANGE", keys[0], "0", "-1") == [b"b"]


def test_other_databases_do_not_count(client, waiter):
    c = waiter("BLPOP", "q", "0")
    client("SELECT", "1")
    client("RPUSH", "q", "a")
    assert c.is_silent()
    client("SELECT", "0")
    client("RPUSH", "q", "b")
    assert served(c) == [b"q", b"b"]


def test_another_type_is_waited_out(client, waiter):
    for keys in (["q"], ["q", *KEYS]):
        client("FLUSHALL")
        c = waiter("BLPOP", *keys, "0")
        client("SET", "q", "text")
        client("DEL", "q")
        client("ZADD", "q", "1", "m")
        assert c.is_silent(0.05)
        client("DEL", "q")
        client("SADD", "q", "m")
        client("FLUSHALL")
        client("RPUSH", "q", "a")
        assert served(c) == [b"q", b"a"]
        c.close()


def test_pushed_and_deleted_and_made_anew_in_a_transaction(client, waiter):
    c = waiter("BLPOP", "q", "0")
    client("MULTI")
    client("LPUSH", "q", "a")
    client("DEL", "q")
    client("SET", "q", "text")
    client("EXEC")
    assert c.is_silent(0.05)
    client("DEL", "q")
    client("LPUSH", "q", "b")
    assert served(c) == [b"q", b"b"]


def test_a_destination_of_the_wrong_type(client, waiter):
    for dest in KEYS:
        client("FLUSHALL")
        client("SET", dest, "text")
        c = waiter("BRPOPLPUSH", "q", dest, "0")
        client("RPUSH", "q", "a")
        assert served(c) == WRONG_TYPE
        assert client("LRANGE", "q", "0", "-1") == [b"a"]
        c.close()


# --- The end ------------------------------------------------------------------------------------

@pytest.mark.parametrize("command", [
    ("BLPOP", "q", "0.1"), ("BRPOP", *KEYS, "0.1"), ("BLMPOP", "0.1", "1", "q0", "LEFT"),
    ("BLMPOP", "0.1", "8", *KEYS, "LEFT"), ("BLMOVE", "q0", "q1", "LEFT", "LEFT", "0.1"),
    ("BLMOVE", "q0", "q5", "LEFT", "LEFT", "0.1"), ("BRPOPLPUSH", "q2", "q3", "0.1")],
    ids=lambda c: " ".join(c[:3]))
def test_time_outs_have_parts_of_a_second(client, cell, command):
    begin = time.monotonic()
    assert client(*command) == Null("array" if cell.protocol == 2 else "resp3")
    assert 0.1 <= time.monotonic() - begin < 5
    # Nobody waits any more.
    for key in KEYS:
        client("RPUSH", key, "x")
        assert client("LLEN", key) >= 1


def test_bad_time_outs(client):
    client("RPUSH", "q", "a")
    for command in (["BLPOP", "q"], ["BLPOP", *KEYS], ["BRPOPLPUSH", "q", "d"],
                    ["BLMOVE", "q", "d", "LEFT", "LEFT"]):
        assert client(*command, "-1") == Error("ERR timeout is negative")
        assert client(*command, "x") == Error("ERR timeout is not a float or out of range")
    assert client("LLEN", "q") == 1


def test_client_unblock(client, waiter):
    for keys in (["q0"], ["q1"], ["q2"], KEYS):
        for words, reply in ((["TIMEOUT"], NIL), ([], NIL),
                             (["ERROR"], Error("UNBLOCKED client unblocked via CLIENT UNBLOCK"))):
            c = waiter("BLPOP", *keys, "0")
            assert client("CLIENT", "UNBLOCK", c.id, *words) == 1
            assert served(c) == reply
            assert client("CLIENT", "UNBLOCK", c.id) == 0
            client("RPUSH", keys[0], "a")
            assert client("LLEN", keys[0]) == 1
            client("DEL", keys[0])
            assert c("PING") == "PONG"
            c.close()


def test_who_is_gone_takes_nothing(client, waiter):
    for keys in (["q0"], ["q1"], ["q2"], KEYS):
        gone, stays = waiter("BLPOP", *keys, "0"), waiter("BLPOP", *keys, "0")
        gone.close()
        until = time.monotonic() + 5
        while client.info("clients")["blocked_clients"] != "1" and time.monotonic() < until:
            time.sleep(0.005)
        client("RPUSH", keys[0], "a")
        assert served(stays) == [keys[0].encode(), b"a"]
        stays.close()


def test_who_is_killed_takes_nothing(client, waiter):
    for keys in (["q0"], ["q1"], ["q2"], KEYS):
        c = waiter("BLPOP", *keys, "0")
        assert client("CLIENT", "KILL", "ID", c.id) == 1
        client("RPUSH", keys[0], "a")
        assert client("LRANGE", keys[0], "0", "-1") == [b"a"]
        client("DEL", keys[0])
        assert c.is_closed()


def test_clients_that_wait_are_counted(client, waiter):
    before = client.info("clients")
    assert before["blocked_clients"] == "0"
    c = [waiter("BLPOP", key, "0") for key in KEYS]
    assert client.info("clients")["blocked_clients"] == str(len(KEYS))
    for key in KEYS:
        client("RPUSH", key, "a")
    for one in c:
        served(one)
    assert client.info("clients")["blocked_clients"] == "0"


@pytest.mark.redis72
def test_what_has_expired_when_an_exec_ends_serves_nobody(client, waiter):
    for key in KEYS[:4]:
        c = waiter("BLPOP", key, "0.4")
        replies = client.pipeline([("MULTI",), ("RPUSH", key, "a"), ("PEXPIRE", key, "50"),
                                   ("DEBUG", "SLEEP", "0.1"), ("EXEC",)])
        assert replies[-1] == [1, 1, OK]
        assert served(c) == NIL
        c.close()


@pytest.mark.redis72
def test_keys_that_clients_wait_for_are_counted(client, waiter):
    def figures():
        info = client.info("clients")
        return [info[name] for name in ("total_blocking_keys", "total_blocking_keys_on_nokey",
                                        "clients_in_timeout_table")]

    def become(*want):
        """A shard hears a little later that a client waits no more, or for whom it waits."""
        until = time.monotonic() + 5
        while figures() != list(want) and time.monotonic() < until:
            time.sleep(0.005)
        assert figures() == list(want)

    assert figures() == ["0", "0", "0"]
    clients = [waiter("BLPOP", *KEYS, "0"), waiter("BLPOP", *KEYS[1:4], "60")]
    client("XGROUP", "CREATE", "q0", "g", "$", "MKSTREAM")
    clients += [
        waiter("XREADGROUP", "GROUP", "g", "me", "BLOCK", "60000", "STREAMS", "q0", ">"),
        waiter("XREAD", "BLOCK", "0", "STREAMS", "q1", "$")]
    become("8", "1", "2")
    clients[2].close()
    clients[0].close()
    become("3", "0", "1")
    client("RPUSH", "q1", "a")
    assert served(clients[1]) == [b"q1", b"a"]
    become("1", "0", "0")


@pytest.mark.redis72
def test_a_command_that_waited_is_in_the_slow_log_when_it_is_answered(client, waiter):
    def logged(name):
        return [(e[3], e[2]) for e in client("SLOWLOG", "GET", "-1") if e[3][0] == name]

    client("CONFIG", "SET", "slowlog-log-slower-than", "0")
    try:
        for keys in [[key] for key in KEYS] + [KEYS]:
            client("SLOWLOG", "RESET")
            c = waiter("BLPOP", *keys, "0")
            time.sleep(0.05)
            assert logged(b"BLPOP") == []
            client("RPUSH", keys[-1], "a")
            assert served(c) == [keys[-1].encode(), b"a"]
            (arguments, us), = logged(b"BLPOP")
            assert arguments == [b"BLPOP"] + [key.encode() for key in keys] + [b"0"]
            assert us < 50000
            c.close()
        for source in KEYS:
            client("SLOWLOG", "RESET")
            c = waiter("BLMOVE", source, "dest", "LEFT", "LEFT", "0")
            client("RPUSH", source, "a")
            assert served(c) == b"a"
            assert len(logged(b"BLMOVE")) == 1
            c.close()
        client("SLOWLOG", "RESET")
        assert waiter("BLPOP", *KEYS, "0.05").receive() == NIL
        assert len(logged(b"BLPOP")) == 1
    finally:
        client("CONFIG", "SET", "slowlog-log-slower-than", "10000")


def test_a_command_that_waited_is_counted_once(client, waiter):
    client("CONFIG", "RESETSTAT")
    c = waiter("BLPOP", *KEYS, "0")
    client("RPUSH", "q3", "a")
    served(c)
    assert client.info("commandstats")["cmdstat_blpop"].startswith("calls=1,")
    c.send("BLPOP", "q", "0.01")
    assert served(c) == NIL
    assert client.info("commandstats")["cmdstat_blpop"].startswith("calls=2,")


def test_reply_off_is_kept(client, connect, waiter):
    c = connect()
    c("CLIENT", "ID")
    c.send("CLIENT", "REPLY", "OFF")
    c.send("BLPOP", "q", "0")
    time.sleep(0.05)
    client("RPUSH", "q", "a")
    c.send("CLIENT", "REPLY", "ON")
    assert served(c) == OK
    assert client("LLEN", "q") == 0


@pytest.mark.slow
def test_many_wait_for_one_key(client, connect):
    clients = [connect() for _ in range(500)]
    for c in clients:
        c.send("BLPOP", "q", "0")
    time.sleep(0.5)
    client("RPUSH", "q", *range(500))
    assert sorted(int(served(c)[1]) for c in clients) == list(range(500))


# --- Everything at once -------------------------------------------------------------------------

class Consumer(threading.Thread):
    """Takes elements in ever other ways; now and then goes away while it waits."""

    def __init__(self, port, seed, stop):
        super().__init__()
        self.port, self.rng, self.stop = port, random.Random(seed), stop
        self.got, self.error = [], None

    def command(self):
        keys = self.rng.sample(KEYS, self.rng.choice((1, 1, 2, 3)))
        timeout = self.rng.choice(("0.001", "0.01", "0.1"))
        kind = self.rng.randrange(4)
        if kind == 0:
            return ("BLMPOP", timeout, len(keys), *keys, "LEFT", "COUNT", self.rng.randint(1, 3))
        if kind == 1:
            return ("BLMOVE", keys[0], self.rng.choice(KEYS), "LEFT", "RIGHT", timeout)
        return ("BLPOP" if kind == 2 else "BRPOP", *keys, timeout)

    def note(self, reply, command):
        if isinstance(reply, Error):
            self.error = reply
        elif reply and command[0] == "BLMPOP":
            self.got += reply[1]
        elif reply and command[0] != "BLMOVE":
            self.got.append(reply[1])

    def run(self):
        try:
            client = Client(self.port)
            while not self.stop.is_set():
                command = self.command()
                self.note(client(*command), command)
            client.close()
        except Exception as error:  # pylint: disable=broad-except
            self.error = error


def test_nothing_is_lost_and_nothing_comes_twice(client, start_server, cell):
    server = start_server()
    stop = threading.Event()
    consumers = [Consumer(server.port, seed, stop) for seed in range(6)]
    for consumer in consumers:
        consumer.start()
    rng = random.Random(1)
    pushed = []
    with Client(server.port) as producer, Client(server.port) as visitor:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            batch = [str(len(pushed) + i).encode() for i in range(rng.randint(1, 4))]
            pushed += batch
            if rng.random() < 0.3:
                producer("MULTI")
                for value in batch:
                    producer("RPUSH", rng.choice(KEYS), value)
                producer("EXEC")
            else:
                producer(rng.choice(("RPUSH", "LPUSH")), rng.choice(KEYS), *batch)
            if rng.random() < 0.2:  # comes, waits, and goes
                gone = Client(server.port)
                gone.send("BLMOVE", rng.choice(KEYS), rng.choice(KEYS), "LEFT", "LEFT", "0")
                gone.close()
            if rng.random() < 0.2:
                visitor("RENAMENX", rng.choice(KEYS), "aside")
                visitor("LMOVE", "aside", rng.choice(KEYS), "LEFT", "RIGHT")
        stop.set()
        for consumer in consumers:
            consumer.join(10)
        left = [e for key in (*KEYS, "aside") for e in producer("LRANGE", key, "0", "-1")]
        assert [c.error for c in consumers] == [None] * len(consumers)
        got = [e for c in consumers for e in c.got] + left
        assert len(got) == len(set(got))
        assert set(got) == set(pushed)


def test_who_goes_while_it_waits_swallows_nothing(start_server):
    """The server has seen them wait, and go, before there is anything to be had."""
    server = start_server()
    rng = random.Random(2)
    with Client(server.port) as producer:

        def become(name, want):
            until = time.monotonic() + 5
            while producer.info("clients")[name] != want and time.monotonic() < until:
                time.sleep(0.002)
            assert producer.info("clients")[name] == want

        for _ in range(40):
            gone = [Client(server.port) for _ in range(3)]
            for c in gone:
                keys = rng.sample(KEYS, rng.choice((1, 3)))
                c.send(rng.choice(("BLPOP", "BRPOP")), *keys, "0")
            become("blocked_clients", "3")
            for c in gone:
                c.close()
            become("connected_clients", "1")
            key = rng.choice(KEYS)
            producer("RPUSH", key, "a")
            assert producer("LRANGE", key, "0", "-1") == [b"a"]
            producer("DEL", key)
        assert producer.info("clients")["blocked_clients"] == "0"


def test_the_server_stops_though_clients_wait(start_server):
    server = start_server()
    clients = [Client(server.port) for _ in range(12)]
    for i, c in enumerate(clients):
        c.send(*(("BLPOP", f"q{i}", "0"), ("BLPOP", *KEYS, "0"),
                 ("BLMOVE", f"q{i}", "dest", "LEFT", "LEFT", "0"))[i % 3])
    with Client(server.port) as control:
        until = time.monotonic() + 5
        while control.info("clients")["blocked_clients"] != "12" and time.monotonic() < until:
            time.sleep(0.01)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(10) == 0
    assert all(c.is_closed() for c in clients)
