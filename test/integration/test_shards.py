"""Commands whose keys live on several shards, while clients come, go and cross each other."""

import contextlib
import socket
import threading
import time

import pytest

from harness.resp import NIL, OK, PONG, QUEUED, Client, Closed, Error, encode, encode_many
from harness.server import Server

KEYS = ["key:%d" % i for i in range(24)]  # on all shards
BIG = 200_000  # bytes: worth a memory of its own that replies refer to


@pytest.fixture(scope="module", params=["uring", "epoll"])
def four_shards(request):
    server = Server(threads=4, io_backend=request.param)
    yield server
    server.stop()


@pytest.fixture
def join(four_shards):
    """Opens connections to the server of four shards, which is emptied first."""
    with contextlib.ExitStack() as opened:
        def open_client(timeout=60.0):
            return opened.enter_context(Client(four_shards.port, timeout=timeout))
        assert open_client()("FLUSHALL") == OK
        yield open_client
    four_shards.check_log()


@contextlib.contextmanager
def meanwhile(*functions):
    """Runs functions again and again until the block is left; their errors are raised there."""
    stop, problems = threading.Event(), []

    def repeat(function):
        try:
            while not stop.is_set():
                function()
        except Exception as problem:  # to be raised in the test's own thread
            problems.append(problem)
    threads = [threading.Thread(target=repeat, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    if problems:
        raise problems[0]


def exec_of(client, *commands):
    assert client("MULTI") == OK
    for command in commands:
        assert client(*command) == QUEUED, command
    return client("EXEC")


def scan_all(client):
    seen, cursor = set(), b"0"
    while True:
        cursor, keys = client("SCAN", cursor, "COUNT", "1000")
        seen |= set(keys)
        if cursor == b"0":
            return seen


@pytest.mark.one_cell
class TestTransactions:
    def test_an_exec_of_nothing_compares_watched_keys_wherever_they_are(self, join):
        client, other = join(), join()
        for key in KEYS:
            client("WATCH", key)
            assert exec_of(client) == []
        client("WATCH", *KEYS)
        other("SET", KEYS[5], "1")
        assert exec_of(client) == NIL

    def test_session_commands_between_keys_of_all_shards(self, join):
        client = join()
        sets = [["SET", key, key] for key in KEYS]
        gets = [["GET", key] for key in KEYS]
        replies = exec_of(client, *sets, ["SELECT", "1"], ["MGET", *KEYS], ["PING"],
                          ["SELECT", "0"], *gets, ["ECHO", "x"])
        assert replies == ([OK] * len(KEYS) + [OK, [NIL] * len(KEYS), PONG, OK]
                           + [key.encode() for key in KEYS] + [b"x"])
        assert exec_of(client, ["PING"], ["SELECT", "3"]) == [PONG, OK]
        assert client("DBSIZE") == 0

    def test_a_command_that_fails_does_not_stop_the_others(self, join):
        client = join()
        client("SET", KEYS[0], "text")
        replies = exec_of(client, ["SET", KEYS[1], "1"], ["INCR", KEYS[0]],
                          ["RENAME", "no", KEYS[2]], ["MSET", KEYS[3], "3", KEYS[4], "4"],
                          ["INCR", KEYS[1]])
        assert replies == [OK, Error("ERR value is not an integer or out of range"),
                           Error("ERR no such key"), OK, 2]

    def test_an_unknown_command_in_the_queue_discards_it(self, join):
        client, other = join(), join()
        client("WATCH", *KEYS)
        client("MULTI")
        client("MSET", KEYS[0], "1", KEYS[1], "2")
        assert client("NOSUCH").code == "ERR"
        assert client("EXEC").code == "EXECABORT"
        assert other("MGET", *KEYS[:2]) == [NIL, NIL]
        assert other("MSET", KEYS[0], "1", KEYS[1], "2") == OK

    def test_a_key_that_expires_after_watch_is_a_change_one_before_is_not(self, join):
        client = join()
        for key in KEYS[:8]:
            client("SET", key, "1", "PX", "30")
            client("WATCH", key)
            time.sleep(0.05)
            assert exec_of(client, ["PING"], ["EXISTS", *KEYS]) == NIL
            client("SET", key, "1", "PX", "1")
            time.sleep(0.01)
            client("WATCH", key)
            time.sleep(0.15)
            assert exec_of(client, ["EXISTS", key]) == [0]

    def test_watching_under_contention_ends_with_the_transaction(self, join):
        """A WATCH that one shard has turned away leaves nothing behind on the others."""
        def contend(client):
            client("WATCH", *KEYS)
            exec_of(client, ["MSET", KEYS[0], "1", KEYS[1], "1", KEYS[2], "1", KEYS[3], "1"])
        clients = [join() for _ in range(4)]
        with meanwhile(*[lambda c=c: contend(c) for c in clients]):
            time.sleep(2)
        client = join()
        client("WATCH", *KEYS)
        assert exec_of(client, ["MSET", *[word for key in KEYS for word in (key, "2")]]) == [OK]

    def test_the_queue_of_multi_is_bounded(self):
        server = Server(threads=4, options={"client-query-buffer-limit": "1mb"})
        try:
            with Client(server.port) as client:
                client("MULTI")
                with pytest.raises((Closed, OSError)):
                    for _ in range(300):
                        client("SET", "k", b"x" * 10_000)
            with Client(server.port) as client:
                assert client("PING") == PONG
        finally:
            server.stop()


@pytest.mark.one_cell
class TestBigValues:
    def test_many_shards_read_a_value_that_is_replaced_all_the_time(self, join):
        def value(i):
            return bytes([65 + i]) * BIG
        writer, readers = join(), [join() for _ in range(6)]
        writer("MSET", *[w for k in KEYS[:6] for w in (k, value(0))])

        def write():
            for i in range(5):
                writer.pipeline([["SET", key, value(i)] for key in KEYS[:6]])

        def read(client):
            replies = client.pipeline([["GET", key] for key in KEYS[:6]] + [["MGET", *KEYS[:6]]])
            for reply in replies[:6] + replies[6]:
                assert len(reply) == BIG and reply == reply[:1] * BIG
        with meanwhile(write, *[lambda c=c: read(c) for c in readers]):
            time.sleep(3)

    def test_values_change_shards_and_are_counted_once(self, join):
        client = join()
        client("SET", KEYS[0], b"x" * BIG)
        for i in range(1, len(KEYS)):
            assert client("COPY", KEYS[i - 1], KEYS[i]) == 1
            client("APPEND", KEYS[i - 1], "tail")
        for i in range(len(KEYS) - 1):
            assert client("STRLEN", KEYS[i]) == BIG + 4
        assert client("STRLEN", KEYS[-1]) == BIG

    @pytest.mark.plain_build
    def test_names_as_long_as_values_are_given_back(self, join, four_shards):
        client = join()
        names = [b"%d" % i + b"n" * BIG for i in range(10)]

        def everything():
            assert client("MSET", *[w for name in names for w in (name, b"v")]) == OK
            assert client("MGET", *names) == [b"v"] * 10
            assert client("EXISTS", *names) == 10
            assert client("DEL", *names) == 10
        for _ in range(10):
            everything()
        before = four_shards.rss_bytes()
        for _ in range(40):
            everything()
        assert four_shards.rss_bytes() < before + 100 * BIG


@pytest.mark.one_cell
class TestCrowds:
    def test_scan_does_not_miss_a_key_that_is_being_copied(self, join):
        scanner, copiers = join(), [join() for _ in range(4)]
        scanner("MSET", *[word for key in KEYS for word in (key, "v")])

        def copy(client, i):
            client.pipeline([["COPY", key, "copy:%d" % i, "REPLACE"] for key in KEYS])

        def scan(command):
            seen, cursor = set(), b"0"
            while True:
                reply = command(cursor)
                seen |= set(reply[1])
                cursor = reply[0]
                if cursor == b"0":
                    return seen
        with meanwhile(*[lambda c=c, i=i: copy(c, i) for i, c in enumerate(copiers)]):
            for _ in range(30):
                missed = set(k.encode() for k in KEYS) - scan(
                    lambda cursor: scanner("SCAN", cursor, "COUNT", "1000"))
                assert not missed
                missed = set(k.encode() for k in KEYS) - scan(
                    lambda cursor: exec_of(scanner, ["SCAN", cursor, "COUNT", "1000"])[0])
                assert not missed

    def test_scan_does_not_pass_over_a_shard_whose_only_key_is_lent(self, join):
        scanner, copier, other = join(), join(), join()
        for source, target in zip(KEYS[:8], KEYS[8:]):
            scanner("FLUSHALL")
            scanner("MSET", source, "v", target, "v")
            with meanwhile(lambda: copier.pipeline([["COPY", source, target, "REPLACE"]] * 20),
                           lambda: other.pipeline([["SET", "x", "1"], ["DEL", "x"]] * 20)):
                for _ in range(100):
                    assert scan_all(scanner) >= {source.encode(), target.encode()}

    def test_scan_finds_a_first_key_as_soon_as_it_is_acknowledged(self, join):
        scanner, writers = join(), [join() for _ in range(4)]
        for i in range(400):
            writer, key = writers[i % 4], KEYS[i % len(KEYS)]
            assert writer("SET", key, "v") == OK
            assert scan_all(scanner) == {key.encode()}
            assert writer("DEL", key) == 1
            assert scan_all(scanner) == set()

    def test_clients_that_leave_in_the_middle_hold_nobody_up(self, join, four_shards):
        commands = [["MSET", *[w for k in KEYS for w in (k, "1")]], ["RENAME", KEYS[0], KEYS[1]],
                    ["WATCH", *KEYS], ["MULTI"], ["MGET", *KEYS], ["PING"],
                    ["COPY", KEYS[2], KEYS[3], "REPLACE"], ["EXEC"], ["DEL", *KEYS]]
        data = encode_many(commands)
        for i in range(0, len(data), 7):
            with socket.create_connection(("127.0.0.1", four_shards.port)) as sock:
                sock.sendall(data if i % 2 else data[:i])
                if i % 3:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
        client = join()
        deadline = time.monotonic() + 20  # the last of them may still be at work
        while exec_of(client, ["MSET", *[w for k in KEYS for w in (k, "2")]]) == [OK]:
            time.sleep(0.1)
            if client("MGET", *KEYS) == [b"2"] * len(KEYS):
                break
            assert time.monotonic() < deadline

    def test_who_does_not_read_holds_no_lock(self):
        server = Server(threads=4, options={"client-reply-pause": "64kb"})
        try:
            with contextlib.ExitStack() as opened:
                client = opened.enter_context(Client(server.port))
                client("SET", "big", b"x" * 20_000)
                flood = encode_many([["GET", "big"], ["INCR", "n"], ["INCR", "m"]] * 2000)
                for _ in range(8):
                    deaf = opened.enter_context(Client(server.port))
                    deaf.sock.settimeout(0.05)
                    with contextlib.suppress(OSError):
                        deaf.sock.sendall(flood)
                others = [opened.enter_context(Client(server.port)) for _ in range(4)]
                with meanwhile(*[lambda c=c: c("MSET", "n", "1", "m", "1", "big", "y" * 20_000)
                                 for c in others]):
                    time.sleep(2)
                assert client("MSET", "n", "1", "m", "1") == OK
        finally:
            server.stop()

    def test_expired_keys_go_while_transactions_come_without_end(self, join):
        clients = [join() for _ in range(4)]
        client = join()
        client.pipeline([["SET", "gone:%d" % i, "v", "PX", "200"] for i in range(500)])
        pairs = [word for key in KEYS for word in (key, "v")]
        with meanwhile(*[lambda c=c: c.pipeline([["MSET", *pairs]] * 8) for c in clients]):
            deadline = time.monotonic() + 30
            while client("DBSIZE") > len(KEYS) and time.monotonic() < deadline:
                time.sleep(0.1)
            assert client("DBSIZE") == len(KEYS)


@pytest.mark.one_cell
class TestEdges:
    def test_a_protocol_error_behind_a_command_of_many_shards_comes_second(self, join):
        client = join()
        for command in (["MGET", *KEYS], ["DEL", *KEYS], ["RENAME", *KEYS[:2]], ["WATCH", *KEYS]):
            client = join()
            client.send_raw(encode(command) + b"*bad\r\n")
            assert client.receive() != Error("ERR Protocol error: invalid multibulk length")
            assert client.receive() == Error("ERR Protocol error: invalid multibulk length")
            assert client.is_closed()

    def test_rename_to_itself_and_to_every_other_shard(self, join):
        client = join()
        client("SET", KEYS[0], "v", "EX", "100")
        assert client("RENAME", KEYS[0], KEYS[0]) == OK
        assert client("RENAMENX", KEYS[0], KEYS[0]) == 0
        for i in range(1, len(KEYS)):
            assert client("RENAME", KEYS[i - 1], KEYS[i]) == OK
            assert client("RENAME", KEYS[i], KEYS[i]) == OK
            assert client("RENAME", "missing", KEYS[i]) == Error("ERR no such key")
        assert client("GET", KEYS[-1]) == b"v" and 0 < client("TTL", KEYS[-1]) <= 100
        assert client("DBSIZE") == 1
        assert client("COPY", KEYS[-1], KEYS[0], "DB", "3") == 1
        assert client("COPY", KEYS[-1], KEYS[0], "DB", "3") == 0
        assert exec_of(client, ["SELECT", "3"], ["TTL", KEYS[0]])[1] > 0

    def test_the_same_key_many_times_in_one_command(self, join):
        client = join()
        assert client("MSET", *[w for i in range(50) for k in KEYS for w in (k, str(i))]) == OK
        assert client("MGET", *KEYS * 50) == [b"49"] * (50 * len(KEYS))
        assert client("EXISTS", *KEYS * 3) == 3 * len(KEYS)
        assert client("DEL", *KEYS * 3) == len(KEYS)

    def test_a_hundred_thousand_keys_read_at_once(self, join):
        client = join()
        names = ["many:%d" % i for i in range(100_000)]
        assert client("MSET", *[w for name in names for w in (name, name)]) == OK
        assert client("MGET", *names) == [name.encode() for name in names]

    @pytest.mark.plain_build
    def test_a_million_keys_deleted_at_once_leave_no_memory_behind(self, join, four_shards):
        client = join()
        names = ["m:%d" % i for i in range(1_000_000)]
        client("DEL", *names)
        before = four_shards.rss_bytes()
        for _ in range(3):
            assert client("DEL", *names) == 0
        assert four_shards.rss_bytes() < before + (64 << 20)


def test_a_scan_waits_for_what_was_sent_before_it(client):
    for turn in range(20):
        keys = {b"key:%d:%d" % (turn, i) for i in range(12)}
        replies = client.pipeline([("SET", key, "v") for key in sorted(keys)] +
                                  [("SCAN", "0", "COUNT", "100000")])
        cursor, found = replies[-1]
        while cursor != b"0":
            cursor, more = client("SCAN", cursor, "COUNT", "100000")
            found += more
        assert set(found) == keys
        assert client("FLUSHALL") == OK
