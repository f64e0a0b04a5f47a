"""The wire: malformed requests and their exact errors, inline commands, pipelines, slow readers."""

import random
import socket
import threading
import time

import pytest

from harness.resp import NIL, OK, PONG, Client, Error, encode, encode_many

CRLF = b"\r\n"


def protocol_error(text):
    return b"-ERR Protocol error: " + text + CRLF


# What is sent, and the text of the error after which the server closes.
MALFORMED = [
    (b"*x\r\n", b"invalid multibulk length"),
    (b"*3x\r\n", b"invalid multibulk length"),
    (b"*01\r\n$4\r\nPING\r\n", b"invalid multibulk length"),
    (b"*+1\r\n$4\r\nPING\r\n", b"invalid multibulk length"),
    (b"*1\r\n$04\r\nPING\r\n", b"invalid bulk length"),
    (b"* 1\r\n", b"invalid multibulk length"),
    (b"*2147483648\r\n", b"invalid multibulk length"),
    (b"*99999999999999999999\r\n", b"invalid multibulk length"),
    (b"*1\r\nPING\r\n", b"expected '$', got 'P'"),
    (b"*1\r\n:1\r\n", b"expected '$', got ':'"),
    (b"*1\r\n*1\r\n", b"expected '$', got '*'"),
    (b"*1\r\n\r\n", b"expected '$', got '\r'"),
    (b"*1\r\n$x\r\n", b"invalid bulk length"),
    (b"*1\r\n$-1\r\n", b"invalid bulk length"),
    (b"*1\r\n$\r\n", b"invalid bulk length"),
    (b"*1\r\n$1x\r\n", b"invalid bulk length"),
    (b"*1\r\n$536870913\r\n", b"invalid bulk length"),
    (b"*1\r\n$9223372036854775807\r\n", b"invalid bulk length"),
    (b"*1\r\n$99999999999999999999\r\n", b"invalid bulk length"),
    (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", b"expected '$', got 'f'"),
    (b"*" + b"1" * 70000, b"too big mbulk count string"),
    (b"*1\r\n$" + b"1" * 70000, b"too big bulk count string"),
    (b"a" * 70000, b"too big inline request"),
    (b"SET a \"b\r\n", b"unbalanced quotes in request"),
    (b"SET a 'b\r\n", b"unbalanced quotes in request"),
    (b"SET a \"b\"c\r\n", b"unbalanced quotes in request"),
    (b"SET a 'b'c\r\n", b"unbalanced quotes in request"),
]


@pytest.mark.parametrize("data,text", MALFORMED, ids=[repr(m[0][:24]) for m in MALFORMED])
def test_a_malformed_request_is_named_and_ends_the_connection(server, client, data, text):
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.settimeout(10)
        s.sendall(b"PING\r\n")
        assert s.recv(100) == b"+PONG\r\n"
        s.sendall(data)
        got = b""
        try:
            while True:
                piece = s.recv(65536)
                if not piece:
                    break
                got += piece
        except ConnectionResetError:
            pass
    assert got == protocol_error(text.replace(b"\r", b" "))
    assert client("PING") == PONG


@pytest.mark.parametrize("data,text", MALFORMED, ids=[repr(m[0][:24]) for m in MALFORMED])
def test_a_malformed_request_that_comes_in_pieces_gets_the_same_error(connect, data, text):
    client = connect(protocol=2)
    size = max(1, len(data) // 50)
    try:
        for at in range(0, len(data), size):
            client.send_raw(data[at:at + size])
            time.sleep(0.0005)
    except ConnectionError:
        pass  # the answer came before the end
    assert client.read_until_closed() == protocol_error(text.replace(b"\r", b" "))


def test_a_malformed_request_ends_a_transaction_with_the_connection(connect):
    client = connect()
    assert client.pipeline([("MULTI",), ("SET", "a", "1")]) == [OK, "QUEUED"]
    client.send_raw(b"*2\r\n$3\r\nSET\r\n$-5\r\n" + encode(["EXEC"]))
    assert client.receive() == Error("ERR Protocol error: invalid bulk length")
    assert client.is_closed()
    assert connect()("EXISTS", "a") == 0


def test_a_malformed_request_behind_commands_for_every_shard_comes_last(connect):
    client = connect()
    client.send_raw(encode_many([("SET", "k:%d" % i, i) for i in range(500)]) + b"*1\r\n$x\r\n")
    assert [client.receive() for _ in range(500)] == [OK] * 500
    assert client.receive() == Error("ERR Protocol error: invalid bulk length")
    assert client.is_closed()


def test_commands_before_a_malformed_one_are_answered(connect):
    client = connect()
    client.send_raw(b"PING\r\n*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n*1\r\n$x\r\n")
    assert client.receive() == PONG
    assert client.receive() == b"hi"
    assert client.receive() == Error("ERR Protocol error: invalid bulk length")
    assert client.is_closed()


def test_commands_after_a_malformed_one_are_not_run(connect):
    client = connect()
    client.send_raw(b"*x\r\n" + encode(["SET", "a", "1"]))
    assert client.receive() == Error("ERR Protocol error: invalid multibulk length")
    assert client.is_closed()
    assert connect()("EXISTS", "a") == 0


def test_empty_requests_are_ignored(client):
    client.send_raw(b"*0\r\n*-1\r\n*-10\r\n\r\n\r\nPING\r\n\n\nPING\n")
    assert client.receive() == PONG
    assert client.receive() == PONG
    assert client.is_silent(0.1)


def test_what_follows_a_bulk_is_taken_for_its_line_end(client):
    client.send_raw(b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n")
    assert client.receive() == PONG
    assert client.receive() == PONG


def test_junk_never_kills_the_server(server, client):
    rng = random.Random(11)
    pieces = [b"*", b"$", b"\r\n", b"3", b"-1", b"SET", b"GET", b"a", b"\"", b"'", b"\\x", b"\0",
              b"*1\r\n", b"$4\r\nPING\r\n",
              b"99999999999", b"\xff", b" ", b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", b":", b"+OK\r\n"]
    for _ in range(300):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            try:
                s.sendall(b"".join(rng.choices(pieces, k=rng.randrange(1, 30))))
            except ConnectionError:
                pass
    assert client("PING") == PONG


# --- inline commands --------------------------------------------------------------------------

@pytest.mark.parametrize("line,reply", [
    (b"PING\r\n", PONG), (b"PING\n", PONG), (b"  ping  \r\n", PONG), (b"ECHO hello\r\n", b"hello"),
    (b"ECHO \"a b\"\r\n", b"a b"), (b"ECHO 'a b'\r\n", b"a b"),
    (b"ECHO \"\\x41\\n\\r\\t\\b\\a\\\\\\\"\"\r\n", b"A\n\r\t\b\a\\\""),
    (b"ECHO 'it\\'s \\n'\r\n", b"it's \\n"), (b"ECHO \"\"\r\n", b""), (b"ECHO ''\r\n", b""),
    (b"ECHO \"\\q\\xzz\"\r\n", b"qxzz"),
    (b"ECHO\ta\r\n", b"a"), (b"ECHO a\\x41\r\n", b"a\\x41"), (b"ECHO \xff\xfe\r\n", b"\xff\xfe"),
    (b"'ECHO' \"x\"\r\n", b"x")])
def test_inline_commands_and_their_quoting(client, line, reply):
    client.send_raw(line)
    assert client.receive() == reply


def test_inline_and_multibulk_mix_in_one_write(client):
    client.send_raw(b"SET a 1\r\n" + encode(["GET", "a"]) + b"INCR a\n" + encode(["GET", "a"]))
    assert [client.receive() for _ in range(4)] == [OK, b"1", 2, b"2"]


def test_a_long_inline_command_below_the_limit_works(client):
    value = b"v" * 60000
    client.send_raw(b"SET a " + value + CRLF)
    assert client.receive() == OK
    assert client("GET", "a") == value


# --- pieces and pipelines ---------------------------------------------------------------------

def test_a_command_sent_byte_by_byte(client):
    for byte in encode(["SET", "key", "value"]) + b"GET key\r\n":
        client.send_raw(bytes([byte]))
    assert client.receive() == OK
    assert client.receive() == b"value"


def test_a_command_cut_at_every_place(client):
    data = encode(["SET", "key", b"a\r\nb"]) + encode(["GET", "key"])
    for cut in range(1, len(data)):
        client.send_raw(data[:cut])
        time.sleep(0.001)
        client.send_raw(data[cut:])
        assert client.receive() == OK
        assert client.receive() == b"a\r\nb"


def test_half_a_command_then_silence_stalls_nobody(client, connect):
    silent = connect()
    silent.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$10\r\nabc")
    assert client("SET", "b", "1") == OK
    assert client("EXISTS", "a") == 0
    silent.send_raw(b"defghij\r\n")
    assert silent.receive() == OK
    assert client("GET", "a") == b"abcdefghij"


def test_a_pipeline_of_thousands_is_answered_in_order(client):
    rng = random.Random(12)
    commands, expected = [], []
    for i in range(20000):
        key = "n:%d" % rng.randrange(200)
        choice = rng.randrange(4)
        if choice == 0:
            commands.append(("ECHO", i))
            expected.append(b"%d" % i)
        elif choice == 1:
            commands.append(("SET", key, i))
            expected.append(OK)
        elif choice == 2:
            commands.append(("ECHO", key))
            expected.append(key.encode())
        else:
            commands.append(("STRLEN", "missing:%d" % i))
            expected.append(0)
    assert client.pipeline(commands) == expected


def test_a_pipeline_on_one_key_takes_effect_in_order(client):
    replies = client.pipeline([("INCR", "n")] * 10000)
    assert replies == list(range(1, 10001))


def test_multi_key_commands_wait_for_the_ones_before_them(client):
    keys = ["k:%d" % i for i in range(100)]
    for round_number in range(30):
        commands = [("SET", k, round_number) for k in keys]
        replies = client.pipeline([*commands, ("MGET", *keys), ("DEL", *keys), ("EXISTS", *keys),
                                   ("DBSIZE",)])
        assert replies[100:] == [[b"%d" % round_number] * 100, 100, 0, 0]


def test_select_in_a_pipeline_holds_for_what_follows(client):
    replies = client.pipeline([("SET", "a", "0"), ("SELECT", "1"), ("GET", "a"), ("SET", "a", "1"),
                               ("SELECT", "0"),
                               ("GET", "a")])
    assert replies == [OK, OK, NIL, OK, OK, b"0"]


def test_many_clients_pipeline_at_once(connect):
    def work(number, failures):
        client = connect()
        for i in range(20):
            keys = ["c%d:%d:%d" % (number, i, j) for j in range(100)]
            replies = client.pipeline([("SET", k, k) for k in keys] + [("GET", k) for k in keys])
            if replies != [OK] * 100 + [k.encode() for k in keys]:
                failures.append((number, i))

    failures = []
    threads = [threading.Thread(target=work, args=(n, failures)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_large_values_in_a_pipeline_with_small_ones(client):
    big = random.Random(1).randbytes(300000)
    commands = []
    for i in range(20):
        commands += [("SET", "big:%d" % i, big), ("INCR", "n"), ("GET", "big:%d" % i)]
    sender = threading.Thread(target=client.send_raw, args=(encode_many(commands),))
    sender.start()
    replies = [client.receive() for _ in commands]
    sender.join()
    for i in range(20):
        assert replies[3 * i:3 * i + 3] == [OK, i + 1, big]


# --- limits -----------------------------------------------------------------------------------

def test_a_command_of_very_many_arguments(client):
    keys = ["k:%d" % i for i in range(50000)]
    assert client("EXISTS", *keys) == 0
    assert client("MSET", *[x for k in keys for x in (k, "v")]) == OK
    assert client("DBSIZE") == 50000


def test_proto_max_bulk_len_bounds_an_argument(client, connect):
    assert client("CONFIG", "SET", "proto-max-bulk-len", "1mb") == OK
    other = connect()
    assert other("SET", "a", b"x" * 1048576) == OK
    other.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1048577\r\n")
    assert other.receive() == Error("ERR Protocol error: invalid bulk length")
    assert other.is_closed()


@pytest.mark.plain_build
def test_announcing_much_and_sending_little_takes_no_memory(server, client, connect):
    before = server.rss_bytes()
    others = [connect() for _ in range(20)]
    for other in others:
        other.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$500000000\r\nabc")
    more = [connect() for _ in range(20)]
    for other in more:
        other.send_raw(b"*1000000\r\n$3\r\nSET\r\n")
    time.sleep(0.3)
    assert client("PING") == PONG
    assert server.rss_bytes() - before < 300 * 1024 * 1024


@pytest.mark.plain_build
def test_a_client_that_never_reads_is_bounded_and_stalls_nobody(start_server):
    server = start_server(**{"client-output-buffer-limit": ["normal", "16mb", "0", "0"]})
    with Client(server.port) as client, Client(server.port) as deaf:
        client("SET", "big", b"x" * 100000)
        before = server.rss_bytes()
        deaf.sock.settimeout(0.5)
        request = encode_many([("GET", "big")] * 1000)
        slowest = 0.0
        for _ in range(30):
            try:
                deaf.send_raw(request)
            except (OSError, TimeoutError):
                break
            started = time.monotonic()
            assert client("PING") == PONG
            slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.2)
        assert server.rss_bytes() - before < 256 * 1024 * 1024
        assert slowest < 3.0
        assert client("INCR", "n") == 1


@pytest.mark.plain_build
@pytest.mark.shoal_only
def test_a_client_that_writes_and_never_reads_is_not_read_from_any_more(server, client, connect):
    """With no output buffer limit set, back pressure bounds the memory."""
    before = server.rss_bytes()
    deaf = connect()
    deaf.sock.settimeout(1.0)
    request = encode(["ECHO", b"x" * 100000])
    stuck = False
    for _ in range(3000):
        try:
            deaf.send_raw(request)
        except (OSError, TimeoutError):
            stuck = True
            break
    assert stuck
    assert client("PING") == PONG
    assert server.rss_bytes() - before < 128 * 1024 * 1024


@pytest.mark.plain_build
@pytest.mark.shoal_only
def test_short_requests_with_long_replies_are_not_all_run_at_once(server, client, connect):
    value = b"x" * 100000
    client("SET", "big", value)
    before = server.rss_bytes()
    deaf, count = connect(), 3000
    deaf.send_raw(encode(["GET", "big"]) * count)
    time.sleep(0.5)
    assert client("PING") == PONG
    assert server.rss_bytes() - before < 128 * 1024 * 1024
    for _ in range(count):
        assert deaf.receive() == value


@pytest.mark.shoal_only
def test_a_pipeline_larger_than_all_buffers_is_answered_when_the_client_reads_at_last(client):
    value = b"x" * 10000
    client("SET", "k", value)
    count = 20000
    sender = threading.Thread(target=client.sock.sendall, args=(encode(["GET", "k"]) * count,))
    sender.start()
    time.sleep(0.5)
    for _ in range(count):
        assert client.receive() == value
    sender.join()


def test_an_idle_pipeline_does_not_hold_back_replies(client):
    """The reply to a whole command comes although half of the next one is there."""
    client.send_raw(encode(["SET", "a", "1"]) + b"*2\r\n$3\r\nGET")
    assert client.receive() == OK
    client.send_raw(b"\r\n$1\r\na\r\n")
    assert client.receive() == b"1"
