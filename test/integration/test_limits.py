"""Limits of clients, the order of pipelines, what the server says of itself at start and end."""

import re
import signal
import socket
import time

import pytest

from harness.resp import Client, Error, NIL

OK = "OK"


def test_time_is_read_after_waiting_also_for_commands_in_pieces(client):
    """An expiry counts from when its command came, not from when the shard fell asleep."""
    for i in range(5):
        time.sleep(0.15)
        client.send_raw(b"SET k:%d v PX 150\r\n" % i)
        assert client.receive() == OK
        began = time.monotonic()
        while client("GET", "k:%d" % i) != NIL:
            assert time.monotonic() - began < 3
        assert time.monotonic() - began > 0.1


def test_what_is_received_into_its_own_memory_counts_as_input(start_server):
    server = start_server(client_query_buffer_limit="1mb")
    with Client(server.port) as client:
        try:
            client.send_raw(b"*2\r\n$3\r\nGET\r\n$9000000\r\n" + b"x" * 2_000_000)
        except OSError:
            pass  # closed before all was sent
        assert client.read_until_closed() == b""
    with Client(server.port) as client:
        command = b"*1000\r\n$4\r\nMSET\r\n"
        client.send_raw(command)
        try:
            for _ in range(30):
                client.send_raw(b"$100000\r\n" + b"x" * 100000 + b"\r\n")
        except OSError:
            pass
        client.is_closed()
    with Client(server.port) as client:
        assert client("SET", "k", "x" * 500000) == OK
    assert server.log().count("max query buffer length") == 2


def test_the_hard_output_limit_holds_at_once(start_server):
    server = start_server(client_output_buffer_limit="normal 1mb 0 0", client_reply_pause="64mb")
    with Client(server.port) as client:
        assert client("SET", "k", "x" * 10000) == OK
        began = time.monotonic()
        try:
            client.send_raw(b"GET k\r\n" * 20000)
        except OSError:
            pass
        while "overcoming of output buffer limits" not in server.log():
            assert time.monotonic() - began < 5
            time.sleep(0.01)
        assert server.rss_bytes() < 200_000_000


def test_a_reply_above_the_hard_output_limit_is_not_sent(start_server):
    server = start_server(client_output_buffer_limit="normal 100000 0 0")
    with Client(server.port) as client:
        keys = ["k:%d" % i for i in range(40)]
        for key in keys:
            assert client("SET", key, "x" * 9000) == OK
        assert client("RPUSH", "list", *["x" * 1000] * 150) == 150
        assert len(client("MGET", *keys[:10])) == 10
        for command in [("LRANGE", "list", "0", "-1"), ("MGET", *keys)]:
            with Client(server.port) as other:
                other.send(*command)
                assert other.read_until_closed() == b""
        with Client(server.port) as other:
            other.send("MULTI")
            for command in [("SET", "done", "1"), ("LRANGE", "list", "0", "-1"), ("INCR", "done")]:
                other.send(*command)
            other.send("EXEC")
            other.read_until_closed()
        assert client("GET", "done") == b"2"
    assert server.log().count("overcoming of output buffer limits") == 3


@pytest.mark.shoal_only
def test_values_freed_bit_by_bit_are_counted(client):
    client("CONFIG", "RESETSTAT")
    client("SADD", "small", "1")
    client("SADD", "large", *range(1, 1001), "x")
    assert client("DEL", "large", "small") == 2
    deadline = time.monotonic() + 5
    while client.info("memory")["lazyfree_pending_objects"] != "0":
        assert time.monotonic() < deadline
    assert client.info("memory")["lazyfreed_objects"] == "1"
    client("CONFIG", "RESETSTAT")
    assert client.info("memory")["lazyfreed_objects"] == "0"


@pytest.mark.parametrize("order", ["shard", "strict"])
def test_pipelines_are_answered_in_order_whatever_their_order_of_effect(start_server, order):
    server = start_server(pipeline_order=order, threads=4)
    with Client(server.port) as client:
        commands = []
        for i in range(300):
            commands += [("INCR", "n:%d" % (i % 7)), ("APPEND", "log", str(i % 10)),
                         ("MSET", "a", i, "b", i), ("GET", "a")]
        replies = client.pipeline(commands)
        assert [int(r) for r in replies[3::4]] == list(range(300))
        assert replies[1::4] == list(range(1, 301))
        assert client("GET", "log") == b"".join(b"%d" % (i % 10) for i in range(300))


def test_strict_pipelines_take_effect_one_command_after_the_other(start_server):
    """Whoever sees a later command's effect sees those of the earlier ones: two keys of
    different shards are raised in turn by one pipeline."""
    server = start_server(pipeline_order="strict", threads=4)
    keys = ["k:%d" % i for i in range(8)]
    with Client(server.port) as writer, Client(server.port) as reader:
        for key in keys:
            assert writer("SET", key, "0") == OK
        rounds = 400
        writer.send_raw(b"".join(b"SET %s %d\r\n" % (key.encode(), n)
                                 for n in range(1, rounds + 1) for key in keys))
        seen = 0
        while seen < rounds:
            values = [int(v) for v in reader("MGET", *keys)]
            # At one moment the keys before some place have the new number, the others the old.
            assert values == sorted(values, reverse=True)
            assert values[0] - values[-1] <= 1
            seen = values[-1]
        for _ in range(rounds * len(keys)):
            assert writer.receive() == OK


def test_replies_of_what_was_executed_are_sent_before_the_end(start_server):
    server = start_server()
    clients = [Client(server.port) for _ in range(5)]
    for client in clients:
        client.send_raw(b"INCR n\r\n" * 500)
    for client in clients:
        client.receive()
    server.process.send_signal(signal.SIGTERM)
    assert server.wait() == 0
    for client in clients:
        rest = client.read_until_closed()
        assert rest == b"" or rest.endswith(b"\r\n")
        client.close()


def test_a_client_that_does_not_read_does_not_hold_up_the_end(start_server):
    server = start_server(client_reply_pause="64mb")
    with Client(server.port) as client:
        assert client("SET", "k", "x" * 1_000_000) == OK
        client.send_raw(b"GET k\r\n" * 30)
        time.sleep(0.1)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0
        assert time.monotonic() - began < 5


@pytest.mark.one_cell
def test_settings_without_effect_are_named_at_start(start_server):
    server = start_server(conf="activedefrag yes\n")
    assert "'activedefrag' is accepted but" in server.log()


@pytest.mark.one_cell
@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_that_the_server_is_ready(start_server, tmp_path, abstract):
    path = "\0shoal-ready-%d" % time.monotonic_ns() if abstract else str(tmp_path / "ready")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(path)
        told.settimeout(5)
        server = start_server(supervised="systemd", daemonize="yes",
                              env={"NOTIFY_SOCKET": path.replace("\0", "@")})
        assert b"READY=1" in told.recv(1000).split(b"\n")
        with Client(server.port) as client:
            info = client("INFO", "server")
            assert b"process_supervised:systemd\r\n" in info
            # The one that was started is the one that serves, whatever daemonize says.
            assert b"process_id:%d\r\n" % server.process.pid in info


def turns(client):
    return sum(int(n) for n in re.findall(rb",turns=(\d+)", client("INFO", "shards")))


def test_spinning_begins_and_ends_while_the_server_runs(start_server):
    server = start_server()
    with Client(server.port) as client:
        def turns_of_pings():
            before = turns(client)
            for _ in range(200):
                assert client("PING") == "PONG"
            return turns(client) - before
        resting = turns_of_pings()
        assert client("CONFIG", "SET", "spin-us", "1000") == OK
        spinning = turns_of_pings()
        assert client("CONFIG", "SET", "spin-us", "0") == OK
        assert spinning > 2 * resting
        assert spinning > 2 * turns_of_pings()


def test_spinning_serves_as_well(start_server):
    server = start_server(spin_us=200)
    with Client(server.port) as client:
        assert all(client("INCR", "n") == i for i in range(1, 500))
        assert client.pipeline([("GET", "n")] * 100) == [b"499"] * 100
        assert client("NOSUCH") == Error("ERR unknown command 'NOSUCH', with args beginning with: ")
