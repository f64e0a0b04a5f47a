"""Connections that come and go, do not read, or move much data, while others are served."""

import contextlib
import random
import socket
import threading
import time

import pytest

from harness.resp import OK, PONG, Client, Closed, encode

ABORT = b"\x01\0\0\0\0\0\0\0"  # SO_LINGER that resets the connection when it is closed


class Watcher(threading.Thread):
    """Sends a PING and a write again and again and remembers the slowest answer."""

    def __init__(self, port):
        super().__init__()
        self.port = port
        self.ended = threading.Event()
        self.slowest = 0.0
        self.answers = 0
        self.problem = None

    def run(self):
        try:
            with Client(self.port) as client:
                while not self.ended.is_set():
                    started = time.monotonic()
                    assert client("PING") == PONG
                    assert client("SET", "watcher:%d" % (self.answers % 50), "x") == OK
                    self.slowest = max(self.slowest, time.monotonic() - started)
                    self.answers += 1
                    time.sleep(0.002)
        except Exception as problem:  # told by watched()
            self.problem = problem


@contextlib.contextmanager
def watched(port, seconds):
    """Asserts that another client is answered within so many seconds all the time."""
    watcher = Watcher(port)
    watcher.start()
    try:
        yield
    finally:
        watcher.ended.set()
        watcher.join()
    assert watcher.problem is None
    assert watcher.answers > 0
    assert watcher.slowest < seconds


def in_threads(count, work):
    """Runs work(number) in threads; the first exception is raised here."""
    problems = []

    def run(number):
        try:
            work(number)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def wait_for_clients(client, count):
    deadline = time.monotonic() + 10
    while int(client.info("clients")["connected_clients"]) != count:
        assert time.monotonic() < deadline, client.info("clients")["connected_clients"]
        time.sleep(0.02)


# --- coming and going -------------------------------------------------------------------------

def ask_and_leave(port, rng):
    with Client(port, rng.choice((2, 3))) as client:
        key = "churn:%d" % rng.randrange(100)
        assert client("SET", key, "v") == OK
        assert client("GET", key) == b"v"


def leave_without_reading(port, rng):
    with Client(port) as client:
        client.send_raw(encode(["GET", "big"]) * rng.randrange(1, 50))


def leave_in_a_transaction(port, rng):
    with Client(port) as client:
        client.send_raw(encode(["WATCH", "churn:1", "churn:2"]) + encode(["MULTI"]) +
                        encode(["SET", "churn:%d" % rng.randrange(100), "v"]))
        if rng.random() < 0.5:
            client.send_raw(encode(["EXEC"]))


def reset_in_the_middle(port, rng):
    with Client(port) as client:
        client.send_raw(rng.choice((b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$70000\r\nabc", b"*2\r\n$3",
                                    b"PI", encode(["MGET", "a", "b", "c", "big"]))))
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)


def quit_politely(port, rng):
    with Client(port) as client:
        client.send_raw(encode(["PING"]) + encode(["QUIT"]) + encode(["SET", "after", "v"]))
        assert client.receive() == PONG
        assert client.receive() == OK
        assert client.is_closed()


def test_connections_of_all_sorts_come_and_go_from_many_threads(start_server):
    server = start_server()
    sorts = [ask_and_leave, leave_without_reading, leave_in_a_transaction, reset_in_the_middle,
             quit_politely]
    with Client(server.port) as client:
        client("SET", "big", b"x" * 100000)
        end = time.monotonic() + 3

        def churn(number):
            rng = random.Random(number)
            while time.monotonic() < end:
                rng.choice(sorts)(server.port, rng)

        with watched(server.port, 3.0):
            in_threads(6, churn)
        wait_for_clients(client, 1)
        assert client("EXISTS", "a", "after") == 0
        assert client("SET", "churn:1", "v") == OK


@pytest.mark.plain_build
def test_connections_leave_no_memory_behind(start_server):
    server = start_server()
    with Client(server.port) as client:
        def used_after(rounds):
            for _ in range(rounds):
                clients = [Client(server.port) for _ in range(100)]
                for c in clients:
                    c.send_raw(encode(["SET", "k", b"x" * 20000]) + b"\r\n\r\nPING\r\n")
                for c in clients:
                    assert (c.receive(), c.receive()) == (OK, PONG)
                    c.close()
            wait_for_clients(client, 1)
            time.sleep(0.2)
            return int(client.info("memory")["used_memory"])

        before = used_after(5)
        assert used_after(40) < before + 2 * 1024 * 1024


# --- slow ones --------------------------------------------------------------------------------

def slow_socket(port):
    """A connection whose receive buffer is as small as the system allows."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    s.connect(("127.0.0.1", port))
    s.settimeout(20)
    return s


def test_a_reply_read_byte_by_byte_is_whole(server, client):
    value = bytes(random.Random(2).choices(range(256), k=300000))
    client("SET", "big", value)
    expected = b"$300000\r\n" + value + b"\r\n+PONG\r\n"
    with slow_socket(server.port) as s, watched(server.port, 3.0):
        s.sendall(encode(["GET", "big"]) + encode(["PING"]))
        got = b""
        while len(got) < 2000:
            got += s.recv(1)
        while len(got) < len(expected):
            piece = s.recv(1000)
            assert piece
            got += piece
    assert got == expected


def test_many_that_never_read_stall_nobody(server, client):
    client("MSET", *[x for i in range(20) for x in ("big:%d" % i, b"x" * 50000)])
    with contextlib.ExitStack() as stack:
        deaf = [stack.enter_context(slow_socket(server.port)) for _ in range(40)]
        request = b"".join(encode(["GET", "big:%d" % i]) for i in range(20))
        with watched(server.port, 3.0):
            for s in deaf:
                s.sendall(request * 2 + encode(["MGET"] + ["big:%d" % i for i in range(20)]))
            time.sleep(0.5)
        # One that reads at last finds everything in order.
        assert deaf[0].recv(7) == b"$50000\r"
    assert client("PING") == PONG


def test_many_halves_of_commands_stall_nobody(server, client):
    halves = [b"*", b"*3\r\n", b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$10", b"GET a", b"\"",
              b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$200000\r\n" + b"x" * 100000,
              encode(["PING"]) + b"*1\r\n$4\r\nPI"]
    with contextlib.ExitStack() as stack:
        with watched(server.port, 3.0):
            for _ in range(20):
                for half in halves:
                    s = stack.enter_context(slow_socket(server.port))
                    s.sendall(half)
            time.sleep(0.3)
        assert client("EXISTS", "a") == 0


# --- large values -----------------------------------------------------------------------------

def test_values_of_many_megabytes_go_in_and_out_while_others_are_served(server):
    size = 20 * 1024 * 1024
    values = [random.Random(n).randbytes(size + n) for n in range(3)]

    def move(number):
        value = values[number]
        with Client(server.port, timeout=60) as client:
            for round_number in range(2):
                key = "big:%d:%d" % (number, round_number)
                assert client("SET", key, value) == OK
                assert client("STRLEN", key) == len(value)
                assert client("GET", key) == value
                assert client("GETRANGE", key, 1000, 1999) == value[1000:2000]
                assert client("GETDEL", key) == value

    with watched(server.port, 5.0):
        in_threads(3, move)


def test_a_large_value_that_comes_slowly_holds_nobody_up(server):
    value = random.Random(5).randbytes(16 * 1024 * 1024)
    data = encode(["SET", "slow", value]) + encode(["STRLEN", "slow"])
    with Client(server.port, timeout=30) as client, watched(server.port, 3.0):
        for at in range(0, len(data), 1 << 18):
            client.send_raw(data[at:at + (1 << 18)])
            time.sleep(0.01)
        assert client.receive() == OK
        assert client.receive() == len(value)
        assert client("GET", "slow") == value


def test_a_client_that_leaves_in_the_middle_of_a_large_value_leaves_nothing(server, client):
    for _ in range(5):
        with contextlib.suppress(Closed), Client(server.port) as other:
            other.send_raw(b"*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$50000000\r\n" + b"x" * 3000000)
    assert client("EXISTS", "half") == 0
