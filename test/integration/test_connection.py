"""What concerns the connection itself: HELLO, AUTH, CLIENT, RESET, SELECT, QUIT, PING."""

import socket
import time

import pytest

from harness.resp import (NIL, OK, PONG, Client, Closed, Error, Map, Null, Verbatim,
                          encode_many)
from harness.texts import DB_RANGE, NOT_INTEGER, SYNTAX, arity, unknown_subcommand

NOAUTH = Error("NOAUTH Authentication required.")
WRONGPASS = Error("WRONGPASS invalid username-password pair or user is disabled.")


def fields(line):
    """One line of CLIENT LIST as a dict."""
    text = line.decode() if isinstance(line, bytes) else line
    return dict(word.split("=", 1) for word in text.strip().split(" "))


def client_list(client, *options):
    return [fields(line) for line in client("CLIENT", "LIST", *options).decode().splitlines()]


@pytest.mark.parametrize("command,arguments", [
    ("echo", []), ("echo", ["a", "b"]), ("ping", ["a", "b"]), ("select", []),
    ("select", ["1", "2"]), ("auth", []),
    ("reset", ["x"]), ("client", [])])
def test_the_number_of_arguments_is_checked(client, command, arguments):
    assert client(command, *arguments) == arity(command)


def test_ping_and_echo(client):
    assert client("PING") == PONG
    assert client("ping", "hello") == b"hello"
    assert client("ECHO", b"\x00\r\n") == b"\x00\r\n"
    assert client("ECHO", "") == b""


def test_quit_answers_ok_and_closes(client):
    assert client("QUIT") == OK
    assert client.is_closed()


def test_commands_after_quit_in_the_same_write_are_not_run(client, connect):
    client.send_raw(b"*1\r\n$4\r\nQUIT\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n")
    assert client.receive() == OK
    assert client.is_closed()
    assert connect()("EXISTS", "a") == 0


def test_unknown_commands_are_named_with_the_start_of_their_arguments(client):
    assert client("foo") == Error("ERR unknown command 'foo', with args beginning with: ")
    assert client("foo", "a",
                  "b c") == Error("ERR unknown command 'foo', with args beginning with: 'a' 'b c' ")
    reply = client("x" * 300, "y" * 300)
    assert reply == Error("ERR unknown command '%s', with args beginning with: '%s' "
                          % ("x" * 128, "y" * 128))
    reply = client("foo", *["abcdefghij"] * 50)
    assert reply == Error("ERR unknown command 'foo', with args beginning with: "
                          + "'abcdefghij' " * 10)


def test_line_ends_in_an_unknown_command_do_not_break_the_reply(client):
    reply = client("foo\r\n+OK", "a\nb")
    assert reply == Error("ERR unknown command 'foo  +OK', with args beginning with: 'a b' ")
    assert client("PING") == PONG


# --- SELECT -----------------------------------------------------------------------------------

def test_select_changes_the_database(client, connect):
    client("SET", "a", "0")
    assert client("SELECT", "1") == OK
    assert client("GET", "a") == NIL
    client("SET", "a", "1")
    other = connect()
    assert other("GET", "a") == b"0"
    assert client("SELECT", "15") == OK
    assert client("SELECT", "0") == OK
    assert client("GET", "a") == b"0"


def test_select_errors(client):
    for bad in ["16", "-1", "99999"]:
        assert client("SELECT", bad) == DB_RANGE
    for bad in ["x", "", "1.0", "9223372036854775808"]:
        assert client("SELECT", bad) == NOT_INTEGER
    for bad in ["2147483648", "-9223372036854775808"]:
        assert client("SELECT", bad) == Error(
            "ERR value is out of range, value must between -2147483648 and 2147483647")


def test_the_number_of_databases_is_a_setting(start_server):
    server = start_server(databases=2)
    with Client(server.port) as client:
        assert client("SELECT", "1") == OK
        assert client("SELECT", "2") == DB_RANGE


# --- HELLO ------------------------------------------------------------------------------------

def test_hello_switches_the_protocol(connect):
    client = connect(protocol=2)
    reply = client("HELLO")
    assert type(reply) is list and reply[reply.index(b"proto") + 1] == 2
    reply = client("HELLO", "3")
    assert isinstance(reply, Map)
    assert reply[b"server"] == b"redis"
    assert reply[b"proto"] == 3
    assert reply[b"mode"] == b"standalone"
    assert reply[b"role"] == b"master"
    assert reply[b"modules"] == []
    assert reply[b"version"].count(b".") == 2
    assert reply[b"id"] == client("CLIENT", "ID")
    assert client("GET", "missing").kind == "resp3"
    assert type(client("HELLO", "2")) is list
    assert client("GET", "missing").kind == "bulk"


@pytest.mark.shoal_only
def test_hello_names_a_version_of_redis_7_2(client):
    client("HELLO", "3")
    assert client("HELLO")[b"version"].startswith(b"7.2.")


def test_hello_errors(client):
    assert client("HELLO", "4") == Error("NOPROTO unsupported protocol version")
    assert client("HELLO", "1") == Error("NOPROTO unsupported protocol version")
    assert client("HELLO", "x") == Error("ERR Protocol version is not an integer or out of range")
    assert client("HELLO", "3", "BOGUS") == Error("ERR Syntax error in HELLO option 'BOGUS'")
    assert client("HELLO", "3", "SETNAME") == Error("ERR Syntax error in HELLO option 'SETNAME'")
    assert client("HELLO", "3", "AUTH",
                  "default") == Error("ERR Syntax error in HELLO option 'AUTH'")
    assert client("HELLO", "3", "SETNAME", "a b") == Error(
        "ERR Client names cannot contain spaces, newlines or special characters.")
    assert client("HELLO", "3", "AUTH", "nobody", "x") == WRONGPASS


def test_hello_sets_the_name(client):
    client("HELLO", "2", "SETNAME", "bob")
    assert client("CLIENT", "GETNAME") == b"bob"


def test_nulls_of_both_protocols(connect):
    two, three = connect(protocol=2), connect(protocol=3)
    assert two("GET", "missing").kind == "bulk"
    assert three("GET", "missing").kind == "resp3"
    for client, kind in ((two, "array"), (three, "resp3")):
        client("WATCH", "w")
        client("SET", "w", "1")
        client("MULTI")
        reply = client("EXEC")
        assert isinstance(reply, Null) and reply.kind == kind


# --- AUTH -------------------------------------------------------------------------------------

def test_a_password_is_asked_for(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        for line in ["GET a", "PING", "CONFIG GET *", "CLIENT ID", "MULTI", "SELECT 0", "COMMAND"]:
            assert client.words(line) == NOAUTH
        assert client("HELLO", "3").code == "NOAUTH"
        assert client("AUTH", "wrong") == WRONGPASS
        assert client("AUTH", "nobody", "secret") == WRONGPASS
        assert client("GET", "a") == NOAUTH
        assert client("AUTH", "secret") == OK
        assert client("GET", "a") == NIL
        assert client("AUTH", "default", "secret") == OK
        assert client("AUTH", "wrong") == WRONGPASS
        assert client("GET", "a") == NIL


@pytest.mark.redis72
def test_hello_tells_a_stranger_how_to_authenticate(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        assert client("HELLO", "3") == Error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and "
            "select the RESP protocol version at the same time")


def test_unknown_commands_and_bad_arity_come_before_the_question_for_a_password(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        assert client("NOSUCH") == Error("ERR unknown command 'NOSUCH', with args beginning with: ")
        assert client("GET") == arity("get")
        assert client("RESET") == "RESET"
        assert client("QUIT") == OK


def test_hello_can_authenticate(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        assert client("HELLO", "3", "AUTH", "default", "wrong") == WRONGPASS
        assert isinstance(client("HELLO", "3", "AUTH", "default", "secret", "SETNAME", "x"), Map)
        assert client("CLIENT", "GETNAME") == b"x"


def test_reset_forgets_the_authentication(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        client("AUTH", "secret")
        assert client("RESET") == "RESET"
        assert client("GET", "a") == NOAUTH


def test_a_password_may_hold_any_bytes(start_server):
    server = start_server()
    with Client(server.port) as client:
        for secret in (b"abc\x00def", b"\x00", b"\xff\n\r ' \""):
            assert client("CONFIG", "SET", "requirepass", secret) == OK
            assert client("CONFIG", "GET", "requirepass") == [b"requirepass", secret]
            with Client(server.port) as other:
                assert other("PING") == NOAUTH
                for wrong in (secret + b"\x00", secret[:-1], secret[:-1] + b"x"):
                    assert isinstance(other("AUTH", wrong), Error)
                assert other("AUTH", secret) == OK
                assert other("PING") == PONG


def test_the_password_can_be_changed_while_running(start_server):
    server = start_server()
    with Client(server.port) as client, Client(server.port) as other:
        assert client("CONFIG", "SET", "requirepass", "new") == OK
        assert client("PING") == PONG
        assert other("PING") == PONG
        with Client(server.port) as third:
            assert third("PING") == NOAUTH
            assert third("AUTH", "new") == OK
        assert client("CONFIG", "SET", "requirepass", "") == OK
        with Client(server.port) as third:
            assert third("PING") == PONG


def test_auth_without_a_password_set(client):
    assert client("AUTH", "x") == Error(
        "ERR AUTH <password> called without any password configured for the default user. "
        "Are you sure your configuration is correct?")
    assert client("AUTH", "default", "anything") == OK
    assert client("AUTH", "nobody", "x") == WRONGPASS
    assert client("AUTH", "a", "b", "c") == SYNTAX


def test_a_stranger_may_not_send_much(start_server):
    server = start_server(requirepass="secret")
    with Client(server.port) as client:
        client.send_raw(b"*11\r\n")
        assert client.receive() == Error("ERR Protocol error: unauthenticated multibulk length")
        assert client.is_closed()
    with Client(server.port) as client:
        client.send_raw(b"*1\r\n$16385\r\n")
        assert client.receive() == Error("ERR Protocol error: unauthenticated bulk length")
        assert client.is_closed()


# --- RESET ------------------------------------------------------------------------------------

def test_reset_puts_everything_back(connect):
    client = connect(protocol=3)
    client("CLIENT", "SETNAME", "x")
    client("SELECT", "3")
    client("WATCH", "a")
    client("MULTI")
    client("SET", "a", "1")
    assert client("RESET") == "RESET"
    assert client("GET", "missing").kind == "bulk"
    assert client("CLIENT", "GETNAME") == NIL
    client("SET", "a", "0")
    assert fields(client("CLIENT", "INFO"))["db"] == "0"


# --- CLIENT -----------------------------------------------------------------------------------

def test_client_ids_grow(connect):
    ids = [connect()("CLIENT", "ID") for _ in range(5)]
    assert ids == sorted(set(ids))


def test_client_setname_and_getname(client):
    assert client("CLIENT", "GETNAME") == NIL
    assert client("CLIENT", "SETNAME", "worker-1") == OK
    assert client("CLIENT", "GETNAME") == b"worker-1"
    for bad in ["a b", "a\n", "\x01"]:
        assert client("CLIENT", "SETNAME", bad) == Error(
            "ERR Client names cannot contain spaces, newlines or special characters.")
    assert client("CLIENT", "GETNAME") == b"worker-1"
    assert client("CLIENT", "SETNAME", "") == OK
    assert client("CLIENT", "GETNAME") == NIL


def test_client_info_has_the_fields_that_tools_read(client):
    client("CLIENT", "SETNAME", "x")
    client("SELECT", "2")
    info = fields(client("CLIENT", "INFO"))
    for name in ["id", "addr", "laddr", "fd", "name", "age", "idle", "flags", "db", "sub", "psub",
                 "ssub", "multi", "qbuf",
                 "qbuf-free", "argv-mem", "multi-mem", "obl", "oll", "omem", "tot-mem", "events",
                 "cmd", "user",
                 "redir", "resp"]:
        assert name in info, name
    assert info["name"] == "x"
    assert info["db"] == "2"
    assert info["cmd"] == "client|info"
    assert info["user"] == "default"
    assert info["multi"] == "-1"
    assert info["flags"] == "N"
    assert info["addr"] == "%s:%d" % client.sock.getsockname()
    assert info["laddr"] == "%s:%d" % client.sock.getpeername()
    assert int(info["id"]) == client("CLIENT", "ID")


@pytest.mark.redis72
def test_client_setinfo_names_the_library(client):
    assert client("CLIENT", "SETINFO", "lib-name", "redis-py(x)") == OK
    assert client("CLIENT", "SETINFO", "LIB-VER", "1.2.3") == OK
    info = fields(client("CLIENT", "INFO"))
    assert info["lib-name"] == "redis-py(x)" and info["lib-ver"] == "1.2.3"
    assert client("CLIENT", "SETINFO", "bogus", "x") == Error("ERR Unrecognized option 'bogus'")
    assert client("CLIENT", "SETINFO", "lib-name", "a b") == Error(
        "ERR lib-name cannot contain spaces, newlines or special characters.")


def test_client_list_shows_every_connection(client, connect):
    others = [connect() for _ in range(5)]
    for i, other in enumerate(others):
        other("CLIENT", "SETNAME", "other-%d" % i)
    names = {entry["name"] for entry in client_list(client)}
    assert {"other-%d" % i for i in range(5)} <= names
    ids = [other("CLIENT", "ID") for other in others]
    picked = client_list(client, "ID", *ids[:2], "99999999")
    assert sorted(int(e["id"]) for e in picked) == sorted(ids[:2])
    assert len(client_list(client, "TYPE", "normal")) >= 6
    assert client_list(client, "TYPE", "pubsub") == []


def test_client_list_errors(client):
    assert client("CLIENT", "LIST", "TYPE", "bogus") == Error("ERR Unknown client type 'bogus'")
    assert client("CLIENT", "LIST", "BOGUS") == SYNTAX
    assert client("CLIENT", "LIST", "ID", "x") == Error("ERR Invalid client ID")
    assert client("CLIENT", "BOGUS") == unknown_subcommand("CLIENT", "BOGUS")
    assert client("CLIENT", "GETNAME", "x") == arity("client|getname")


def test_client_kill_by_id_and_address(client, connect):
    victim = connect()
    assert client("CLIENT", "KILL", "ID", victim("CLIENT", "ID")) == 1
    assert victim.is_closed()
    victim = connect()
    assert client("CLIENT", "KILL", "%s:%d" % victim.sock.getsockname()) == OK
    assert victim.is_closed()
    victim = connect()
    assert client("CLIENT", "KILL", "ADDR", "%s:%d" % victim.sock.getsockname(), "SKIPME",
                  "yes") == 1
    assert victim.is_closed()
    assert client("CLIENT", "KILL", "ID", "99999999") == 0
    assert client("CLIENT", "KILL", "TYPE", "pubsub") == 0


def test_client_kill_skips_its_caller_unless_told(client, connect):
    other = connect()
    assert client("CLIENT", "KILL", "TYPE", "normal") >= 1
    assert other.is_closed()
    assert client("PING") == PONG
    assert client("CLIENT", "KILL", "ID", client("CLIENT", "ID"), "SKIPME", "no") == 1
    assert client.is_closed()


def test_client_kill_errors(client):
    assert client("CLIENT", "KILL", "1.2.3.4:5") == Error("ERR No such client")
    assert client("CLIENT", "KILL", "ID", "x") == Error("ERR client-id should be greater than 0")
    assert client("CLIENT", "KILL", "TYPE", "bogus") == Error("ERR Unknown client type 'bogus'")
    assert client("CLIENT", "KILL", "USER", "nobody") == Error("ERR No such user 'nobody'")
    assert client("CLIENT", "KILL", "SKIPME", "maybe") == SYNTAX
    assert client("CLIENT", "KILL", "BOGUS", "x") == SYNTAX


def test_client_reply_off_on_skip(client):
    client.send("CLIENT", "REPLY", "OFF")
    client.send("SET", "a", "1")
    client.send("NOSUCH")
    assert client("CLIENT", "REPLY", "ON") == OK
    assert client("GET", "a") == b"1"
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("SET", "a", "2")
    assert client("GET", "a") == b"2"
    assert client("CLIENT", "REPLY", "BOGUS") == SYNTAX


def test_client_reply_skip_in_one_pipeline(client):
    client.send_raw(encode_many([("CLIENT", "REPLY", "SKIP"), ("PING",)] * 50))
    assert client("ECHO", "end") == b"end"


def test_client_no_evict_and_no_touch(client):
    assert client("CLIENT", "NO-EVICT", "on") == OK
    assert "e" in fields(client("CLIENT", "INFO"))["flags"]
    assert client("CLIENT", "NO-EVICT", "OFF") == OK
    assert client("CLIENT", "NO-EVICT", "maybe") == SYNTAX


@pytest.mark.redis72
def test_client_no_touch_leaves_the_idle_time(client):
    client("SET", "k", "v")
    time.sleep(2.1)
    assert client("CLIENT", "NO-TOUCH", "ON") == OK
    client("GET", "k")
    assert client("OBJECT", "IDLETIME", "k") >= 1
    assert client("CLIENT", "NO-TOUCH", "OFF") == OK
    client("GET", "k")
    assert client("OBJECT", "IDLETIME", "k") == 0


def test_client_pause_holds_writes_and_unpause_lets_them_go(client, connect):
    writer, reader = connect(), connect()
    assert client("CLIENT", "PAUSE", "10000", "WRITE") == OK
    writer.send("SET", "a", "1")
    assert writer.is_silent(0.2)
    assert reader("GET", "a") == NIL
    assert client("CLIENT", "UNPAUSE") == OK
    assert writer.receive() == OK
    assert reader("GET", "a") == b"1"


def test_client_pause_all_ends_by_itself(client, connect):
    reader = connect()
    assert client("CLIENT", "PAUSE", "300") == OK
    started = time.monotonic()
    reader.send("GET", "a")
    assert reader.receive() == NIL
    assert 0.15 < time.monotonic() - started < 2


def test_client_pause_errors(client):
    assert client("CLIENT", "PAUSE", "x") == Error("ERR timeout is not an integer or out of range")
    assert client("CLIENT", "PAUSE", "-1") == Error("ERR timeout is negative")
    assert client("CLIENT", "PAUSE", "1",
                  "BOGUS") == Error("ERR CLIENT PAUSE mode must be WRITE or ALL")


def test_client_unblock_of_what_does_not_block(client):
    assert client("CLIENT", "UNBLOCK", "99999999") == 0
    assert client("CLIENT", "UNBLOCK", client("CLIENT", "ID")) == 0
    assert client("CLIENT", "UNBLOCK", "1", "BOGUS") == Error(
        "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    assert client("CLIENT", "UNBLOCK", "x") == NOT_INTEGER


def test_client_help_lists_subcommands(client):
    lines = client("CLIENT", "HELP")
    assert lines[0] == "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    assert any(str(line).startswith("KILL") for line in lines)


# --- connections as such ----------------------------------------------------------------------

def test_many_connections_come_and_go(server, client):
    before = int(client.info("clients")["connected_clients"])
    for _ in range(10):
        sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
        for s in sockets:
            s.sendall(b"PING\r\n")
        for s in sockets:
            s.settimeout(10)
            assert s.recv(100) == b"+PONG\r\n"
        for s in sockets:
            s.close()
    deadline = time.monotonic() + 5
    while int(client.info("clients")["connected_clients"]) > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert int(client.info("clients")["connected_clients"]) == before


def test_connections_aborted_in_mid_command_leave_nothing(server, client):
    before = int(client.info("clients")["connected_clients"])
    for piece in [b"", b"*", b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$100000\r\nxyz",
                  b"*2\r\n$3\r\nGET\r\n", b"PIN"] * 20:
        s = socket.create_connection(("127.0.0.1", server.port))
        s.sendall(piece)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        s.close()
    deadline = time.monotonic() + 5
    while int(client.info("clients")["connected_clients"]) > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert int(client.info("clients")["connected_clients"]) == before
    assert client("EXISTS", "a") == 0


def test_a_client_that_half_closes_still_gets_its_replies(server):
    with socket.create_connection(("127.0.0.1", server.port)) as s:
        s.sendall(b"PING\r\n" * 100)
        time.sleep(0.05)
        s.shutdown(socket.SHUT_WR)
        s.settimeout(5)
        data = b""
        while True:
            piece = s.recv(4096)
            if not piece:
                break
            data += piece
    assert data == b"+PONG\r\n" * 100


def test_too_many_clients_are_told_so(start_server):
    server = start_server(maxclients=10)
    clients = [Client(server.port)]
    # The server may not have noticed yet that the harness closed its connection.
    deadline = time.monotonic() + 5
    while clients[0].info("clients")["connected_clients"] != "1":
        assert time.monotonic() < deadline
    clients += [Client(server.port) for _ in range(9)]
    assert all(c("PING") == PONG for c in clients)
    with Client(server.port) as extra:
        assert extra.receive(5) == Error("ERR max number of clients reached")
        assert extra.is_closed()
    assert int(clients[0].info("stats")["rejected_connections"]) >= 1
    clients.pop().close()
    deadline = time.monotonic() + 5
    while True:
        try:
            with Client(server.port) as again:
                if again("PING") == PONG:
                    break
        except (Closed, OSError):
            pass
        assert time.monotonic() < deadline
        time.sleep(0.02)
    for c in clients:
        c.close()


def test_idle_clients_are_closed_after_the_timeout(start_server):
    server = start_server(timeout=1)
    with Client(server.port) as idle, Client(server.port) as busy:
        assert idle("PING") == PONG
        deadline = time.monotonic() + 6
        closed = False
        while not closed and time.monotonic() < deadline:
            assert busy("PING") == PONG
            try:
                idle.receive(timeout=0.2)
            except Closed:
                closed = True
            except (socket.timeout, TimeoutError):
                pass
        assert closed


def test_verbatim_strings_are_for_resp3(connect):
    three, two = connect(protocol=3), connect(protocol=2)
    assert isinstance(three("CLIENT", "LIST"), Verbatim)
    assert isinstance(three("INFO", "server"), Verbatim)
    assert type(two("INFO", "server")) is bytes


@pytest.mark.one_cell
def test_redis_py_does_its_ordinary_work(r):
    assert r.set("a", "1", ex=100, nx=True) is True
    assert r.get("a") == b"1"
    assert r.mset({"b": 2, "c": 3}) is True
    assert r.mget("a", "b", "x") == [b"1", b"2", None]
    assert sorted(r.scan_iter(count=1)) == [b"a", b"b", b"c"]
    with r.pipeline(transaction=True) as pipe:
        pipe.watch("b")
        pipe.multi()
        pipe.incr("b")
        pipe.expire("b", 50)
        assert pipe.execute() == [3, True]
    assert r.info()["redis_mode"] == "standalone"
    assert r.config_get("maxclients")["maxclients"].isdigit()
    assert r.client_setname("py") and r.client_getname() == "py"
    assert r.bitfield("bits").set("u8", 0, 7).get("u8", 0).execute() == [0, 7]
    assert r.delete("a", "b", "c", "bits") == 4
