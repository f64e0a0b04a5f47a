"""CONFIG at run time: what takes effect, on every thread, and what is refused."""

import socket
import threading
import time

import pytest

from harness.resp import OK, PONG, QUEUED, Client, Error, Map
from harness.server import PortLease

CLIENTS = 16  # enough that every thread has some


def refusal(name, reason):
    return Error("ERR CONFIG SET failed (possibly related to argument '%s') - %s" % (name, reason))


def too_many_clients():
    """More than a process may have descriptors, even root's."""
    with open("/proc/sys/fs/nr_open") as limit:
        return str(int(limit.read()) + 1000)


def as_dict(reply):
    flat = reply.flat() if isinstance(reply, Map) else reply
    return dict(zip(flat[::2], flat[1::2]))


# --- Every thread, no change lost -------------------------------------------------------------

def test_a_change_is_seen_by_clients_of_all_threads_once_it_is_answered(connect):
    clients = [connect() for _ in range(CLIENTS)]
    for number, setter in enumerate(clients):
        assert setter("CONFIG", "SET", "slowlog-max-len", 1000 + number) == OK
        assert {client.config("slowlog-max-len") for client in clients} == {str(1000 + number)}


def test_changes_made_at_the_same_time_are_not_lost(server, cell):
    names = ["timeout", "slowlog-max-len", "lfu-log-factor", "lfu-decay-time", "maxmemory-samples",
             "acllog-max-len", "tcp-keepalive", "active-expire-effort"]
    rounds, wrong = 60, []

    def change(name):
        with Client(server.port, cell.protocol) as setter:
            for value in range(1, rounds + 1):
                value = 1 + value % 9
                if setter("CONFIG", "SET", name, value) != OK or setter.config(name) != str(value):
                    wrong.append((name, value))

    threads = [threading.Thread(target=change, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    last = str(1 + rounds % 9)
    for _ in range(CLIENTS):
        with Client(server.port, cell.protocol) as client:
            assert [client.config(name) for name in names] == [last] * len(names)


def test_one_setting_changed_from_many_sides_ends_the_same_everywhere(server, connect):
    clients = [connect() for _ in range(CLIENTS)]
    for base in (100, 200, 300):
        for number, client in enumerate(clients):
            client.send("CONFIG", "SET", "slowlog-max-len", base + number)
        assert [client.receive() for client in clients] == [OK] * CLIENTS
        assert len({client.config("slowlog-max-len") for client in clients}) == 1


def test_config_works_inside_a_transaction(client, connect):
    """Keys of several threads are locked meanwhile; the order of the commands is kept."""
    keys = ["key:%d" % i for i in range(20)]
    assert client("MULTI") == OK
    queued = [("SET", key, "1") for key in keys]
    queued += [("CONFIG", "SET", "slowlog-max-len", "77"), ("CONFIG", "GET", "slowlog-max-len"),
               ("CONFIG", "SET", "slowlog-max-len", "many"), ("CONFIG", "RESETSTAT")]
    queued += [("INCR", key) for key in keys]
    assert client.pipeline(queued) == [QUEUED] * len(queued)
    replies = client("EXEC")
    assert replies[:20] == [OK] * 20
    assert replies[20] == OK
    assert as_dict(replies[21]) == {b"slowlog-max-len": b"77"}
    assert isinstance(replies[22], Error)
    assert replies[23] == OK
    assert replies[24:] == [2] * 20
    assert connect().config("slowlog-max-len") == "77"


def test_pipelined_changes_are_answered_in_order(client):
    replies = client.pipeline([c for i in range(50) for c in (
        ("CONFIG", "SET", "slowlog-max-len", i), ("GET", "k%d" % i), ("PING",),
        ("CONFIG", "GET", "slowlog-max-len"))])
    assert replies[::4] == [OK] * 50
    assert replies[2::4] == [PONG] * 50
    assert [as_dict(r)[b"slowlog-max-len"] for r in replies[3::4]] == [b"%d" % i for i in range(50)]


def test_a_client_that_leaves_amid_a_change_leaves_no_lock_behind(connect):
    other = connect()
    keys = ["key:%d" % i for i in range(20)]
    for _ in range(30):
        leaver = connect()
        leaver.send_raw(b"MULTI\r\n" + b"".join(b"INCR %s\r\n" % k.encode() for k in keys) +
                        b"CONFIG SET slowlog-max-len 50\r\nCONFIG SET slowlog-max-len 60\r\n" +
                        b"INCR key:0\r\nEXEC\r\n")
        leaver.close()
        assert other("MSET", *[x for key in keys for x in (key, "0")]) == OK
    assert other("DEL", *keys) == 20


# --- What takes effect ------------------------------------------------------------------------

def test_maxclients_holds_at_once(start_server):
    server = start_server(maxclients=3)
    clients, reply = [], PONG
    while reply == PONG:
        clients.append(Client(server.port))
        reply = clients[-1]("PING")
    assert reply == Error("ERR max number of clients reached")
    clients.pop().close()
    assert 1 <= len(clients) <= 3  # a connection just closed may still count
    assert clients[0]("CONFIG", "SET", "maxclients", "40") == OK
    clients += [Client(server.port) for _ in range(30)]
    assert {client("PING") for client in clients} == {PONG}
    for client in clients:
        client.close()


def test_maxclients_beyond_what_the_system_allows_is_refused(client):
    before = client.config("maxclients")
    reply = client("CONFIG", "SET", "maxclients", too_many_clients())
    start = ("ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating "
             "system is not able to handle the specified number of clients, try with ")
    assert reply.text.startswith(start) and int(reply.text[len(start):]) > 0
    assert client.config("maxclients") == before


def test_the_limit_of_a_string_holds_on_all_threads(connect, client):
    clients = [connect() for _ in range(CLIENTS)]
    assert client("CONFIG", "SET", "proto-max-bulk-len", "1mb") == OK
    for each in clients:
        each.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048577\r\n")
        assert each.receive() == Error("ERR Protocol error: invalid bulk length")


def test_idle_clients_are_closed_once_there_is_a_timeout(connect, client):
    idle = [connect() for _ in range(8)]
    assert client("CONFIG", "SET", "timeout", "2") == OK
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not all(i.is_closed(timeout=0.01) for i in idle):
        assert client("PING") == PONG
        time.sleep(0.05)
    assert all(each.is_closed(timeout=0.01) for each in idle)
    assert client("PING") == PONG


@pytest.mark.shoal_only  # Redis does not count arguments that have arrived
def test_a_command_that_arrives_too_long_is_the_clients_end(connect, client):
    long = connect()
    long.sock.settimeout(3)
    assert client("CONFIG", "SET", "client-query-buffer-limit", "1mb") == OK
    try:
        long.send_raw(b"*100000\r\n")
        for _ in range(10000):
            long.send_raw(b"$1000\r\n" + b"x" * 1000 + b"\r\n")
    except (ConnectionError, TimeoutError):  # its end may be a window that stays shut
        pass
    assert long.is_closed()


def test_unread_replies_beyond_the_limit_are_the_clients_end(connect, client):
    client("SET", "big", "x" * 200000)
    deaf = connect()
    deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    limits = client.config("client-output-buffer-limit")
    assert client("CONFIG", "SET", "client-output-buffer-limit", "normal 1mb 0 0") == OK
    assert client.config("client-output-buffer-limit").startswith("normal 1048576 0 0 ")
    try:
        deaf.send_raw(b"GET big\r\n" * 100)
        time.sleep(3)
        assert len(deaf.read_until_closed()) < 100 * 200000
    finally:
        assert client("CONFIG", "SET", "client-output-buffer-limit", limits) == OK


def test_a_password_locks_out_new_clients_on_all_threads(client, connect, server, cell):
    assert client("CONFIG", "SET", "requirepass", "secret") == OK
    try:
        for _ in range(CLIENTS):
            with Client(server.port) as late:
                assert late("GET", "a") == Error("NOAUTH Authentication required.")
        assert client("PING") == PONG  # it was there before
    finally:
        assert client("CONFIG", "SET", "requirepass", "") == OK
    assert connect()("PING") == PONG


@pytest.mark.shoal_only  # for what Redis logs is another line
def test_the_log_level_changes(server, client, connect):
    mark = "Protocol error from client"

    def provoke():
        with connect() as wrong:
            wrong.send_raw(b"*1\r\n$x\r\n")
            assert isinstance(wrong.receive(), Error)
        return server.log().count(mark)

    assert provoke() == 0
    assert client("CONFIG", "SET", "loglevel", "verbose") == OK
    assert provoke() == 1
    assert client("CONFIG", "SET", "loglevel", "notice") == OK
    assert provoke() == 1


@pytest.mark.shoal_only
def test_the_log_tells_which_changes_have_no_effect(server, client):
    assert client("CONFIG", "SET", "activedefrag", "yes") == OK
    assert "'activedefrag' is accepted but has no effect in Shoal" in server.log()


def is_open(port, host="127.0.0.1"):
    try:
        with Client(port, host=host, timeout=2) as client:
            return client("PING") == PONG
    except OSError:
        return False


def test_the_port_changes_on_all_threads(start_server):
    server, lease = start_server(), PortLease()
    with Client(server.port) as client:
        try:
            assert client("CONFIG", "SET", "port", lease.port) == OK
            assert all(is_open(lease.port) for _ in range(CLIENTS))
            assert not is_open(server.port)
            assert client("PING") == PONG  # connections stay
            assert client("CONFIG", "SET", "port", "0") == OK
            assert not is_open(lease.port)
            assert client("CONFIG", "SET", "port", server.port) == OK
            assert all(is_open(server.port) for _ in range(CLIENTS))
        finally:
            lease.release()


def test_a_port_in_use_is_refused_and_the_old_one_stays(start_server, server):
    mine = start_server()
    with Client(mine.port) as client:
        assert client("CONFIG", "SET", "timeout", "9", "port", server.port) == refusal(
            "port", "Unable to listen on this port. Check server logs.")
        assert client.config("port") == str(mine.port)
        assert client.config("timeout") == "0"
    assert is_open(mine.port)
    assert "Could not create server TCP listening socket" in mine.log()


def test_the_addresses_change(start_server):
    server = start_server()
    with Client(server.port) as client:
        assert not is_open(server.port, "127.0.0.2")
        assert client("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2") == OK
        assert all(is_open(server.port, host) for host in ["127.0.0.1", "127.0.0.2"] * 8)
        assert client("CONFIG", "SET", "bind", "127.0.0.2 -192.0.2.1") == OK
        assert is_open(server.port, "127.0.0.2") and not is_open(server.port)
        assert client("CONFIG", "SET", "bind", "192.0.2.1") == refusal(
            "bind", "Failed to bind to specified addresses.")
        assert client.config("bind") == "127.0.0.2 -192.0.2.1"
        assert client("CONFIG", "SET", "bind", "127.0.0.1") == OK
    assert all(is_open(server.port) for _ in range(CLIENTS))


# --- What is refused --------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["databases", "unixsocket", "daemonize", "logfile", "pidfile",
                                  "enable-debug-command", "tcp-backlog", "cluster-enabled"])
def test_settings_of_the_start_cannot_change(client, name):
    assert client("CONFIG", "SET", name, "1") == refusal(name, "can't set immutable config")


def test_nothing_is_changed_when_the_system_refuses_one_of_several(client):
    before = client.config("timeout")
    reply = client("CONFIG", "SET", "timeout", "21", "maxclients", too_many_clients())
    assert isinstance(reply, Error)
    assert client.config("timeout") == before


def test_the_error_names_a_setting_as_the_client_wrote_it_or_by_its_name(client):
    assert client("CONFIG", "SET", "DATABASES", "5") == refusal("DATABASES",
                                                                "can't set immutable config")
    assert client("CONFIG", "SET", "TIMEOUT", "x") == refusal(
        "timeout", "argument couldn't be parsed into an integer")
    assert client("CONFIG", "SET", "timeout", "x", "bogus", "1") == Error(
        "ERR Unknown option or number of arguments for CONFIG SET - 'bogus'")
    assert client("CONFIG", "SET", "timeout", "1", "x") == Error("ERR syntax error")


def test_the_directory_changes_if_that_is_permitted(start_server, tmp_path):
    server = start_server(conf="timeout 5\n", enable_protected_configs="local")
    with Client(server.port) as client:
        assert client("CONFIG", "SET", "dir", str(tmp_path / "missing")) == refusal(
            "dir", "No such file or directory")
        (tmp_path / "inner").mkdir()
        assert client("CONFIG", "SET", "dir", str(tmp_path)) == OK
        assert client.config("dir") == str(tmp_path)
        assert client("CONFIG", "SET", "dir", "inner") == OK
        assert client.config("dir") == str(tmp_path / "inner")
        assert client("CONFIG", "SET", "timeout", "6") == OK
        assert client("CONFIG", "REWRITE") == OK  # where the file was
    assert "timeout 6" in server.conf_path.read_text()


def test_the_directory_does_not_change_otherwise(client):
    before = client.config("dir")
    assert client("CONFIG", "SET", "dir", "/tmp") == refusal("dir", "can't set protected config")
    assert client.config("dir") == before


# --- REWRITE ----------------------------------------------------------------------------------

def test_a_rewrite_keeps_what_still_holds(start_server):
    conf = "# first\ntimeout 5\n\n# second\nslowlog-max-len 7\n\n# the end"
    server = start_server(conf=conf)
    with Client(server.port) as client:
        assert client("CONFIG", "SET", "slowlog-max-len", "8") == OK
        assert client("CONFIG", "REWRITE") == OK
        lines = server.conf_path.read_text().splitlines()
        assert [line for line in lines if line][:5] == [
            "# first", "timeout 5", "# second", "slowlog-max-len 8", "# the end"]
        assert client("CONFIG", "REWRITE") == OK
    assert server.conf_path.read_text().splitlines() == lines


def test_rewrites_from_many_sides_leave_a_whole_file(start_server):
    server = start_server(conf="# mine\ntimeout 5\n")
    clients = [Client(server.port) for _ in range(8)]
    for number, client in enumerate(clients):
        client.send("CONFIG", "SET", "slowlog-max-len", number + 10)
        client.send("CONFIG", "REWRITE")
    for client in clients:
        assert [client.receive(), client.receive()] == [OK, OK]
    text = server.conf_path.read_text()
    assert text.startswith("# mine\ntimeout 5\n")
    assert text.count("slowlog-max-len %s\n" % clients[0].config("slowlog-max-len")) == 1
    assert text.count("slowlog-max-len") == 1
    for client in clients:
        client.close()


def test_a_rewrite_that_cannot_be_written_says_why(start_server):
    server = start_server(conf="timeout 5\n")
    with Client(server.port) as client:
        kept = server.conf_path.read_text()
        server.conf_path.unlink()
        server.conf_path.mkdir()
        reply = client("CONFIG", "REWRITE")
        server.conf_path.rmdir()
        server.conf_path.write_text(kept)
        assert isinstance(reply, Error)
        assert reply.text.startswith("ERR Rewriting config file: ")
        assert client("CONFIG", "REWRITE") == OK
