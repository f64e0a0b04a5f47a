"""Configuration files as redis.conf has them, and the command line."""

import os
import subprocess

import pytest

from harness.resp import NIL, OK, PONG, Client, Error
from harness.server import ServerFailure, binary_path

PLAIN_REDIS_CONF = """\
# A file as it comes with a distribution, shortened.
bind 127.0.0.1 -::1
protected-mode yes
tcp-backlog 511
timeout 0
tcp-keepalive 300
daemonize no
loglevel notice
logfile ""
databases 16
always-show-logo no
stop-writes-on-bgsave-error yes
rdbcompression yes
rdbchecksum yes
dbfilename dump.rdb
replica-serve-stale-data yes
replica-read-only yes
repl-diskless-sync yes
repl-diskless-sync-delay 5
maxmemory 200mb
maxmemory-policy allkeys-lru
maxmemory-samples 5
lazyfree-lazy-eviction no
lazyfree-lazy-expire no
lazyfree-lazy-server-del no
lazyfree-lazy-user-del no
appendonly no
appendfilename "appendonly.aof"
appendfsync everysec
no-appendfsync-on-rewrite no
auto-aof-rewrite-percentage 100
auto-aof-rewrite-min-size 64mb
aof-load-truncated yes
lua-time-limit 5000
slowlog-log-slower-than 10000
slowlog-max-len 128
latency-monitor-threshold 0
notify-keyspace-events ""
hash-max-listpack-entries 128
hash-max-listpack-value 64
list-max-listpack-size -2
set-max-intset-entries 512
zset-max-listpack-entries 128
client-output-buffer-limit normal 0 0 0
client-output-buffer-limit replica 256mb 64mb 60
client-output-buffer-limit pubsub 32mb 8mb 60
hz 10
dynamic-hz yes

   # an indented comment, and an empty line above
maxclients 500
"""


def test_a_plain_redis_conf_is_accepted(start_server):
    server = start_server(conf=PLAIN_REDIS_CONF)
    with Client(server.port) as client:
        assert client("PING") == PONG
        assert client.config("maxmemory") == str(200 * 1024 * 1024)
        assert client.config("maxmemory-policy") == "allkeys-lru"
        assert client.config("slowlog-log-slower-than") == "10000"
        assert client.config("notify-keyspace-events") == ""


def test_options_of_the_command_line_beat_the_file(start_server):
    server = start_server(conf="maxclients 77\ntimeout 33\n", maxclients=88)
    with Client(server.port) as client:
        assert client.config("maxclients") == "88"
        assert client.config("timeout") == "33"


def test_quotes_and_case_in_a_file(start_server):
    server = start_server(conf="MaxClients \"99\"\nrequirepass 'a b'\n")
    with Client(server.port) as client:
        assert client("AUTH", "a b") == OK
        assert client.config("maxclients") == "99"


def test_memory_and_boolean_words(start_server):
    server = start_server(conf="maxmemory 1gb\nproto-max-bulk-len 2m\nlazyfree-lazy-expire yes\n")
    with Client(server.port) as client:
        assert client.config("maxmemory") == str(1 << 30)
        assert client.config("proto-max-bulk-len") == "2000000"
        assert client.config("lazyfree-lazy-expire") == "yes"


def test_an_include_is_read(start_server, tmp_path):
    (tmp_path / "more.conf").write_text("timeout 44\n")
    server = start_server(conf="maxclients 77\ninclude %s\n" % (tmp_path / "more.conf"))
    with Client(server.port) as client:
        assert client.config("timeout") == "44"
        assert client.config("maxclients") == "77"


def _refusal(tmp_path, text):
    """What the server writes when it does not take a file."""
    path = tmp_path / "wrong.conf"
    path.write_text(text)
    done = subprocess.run([binary_path(), str(path)], capture_output=True, text=True, timeout=20,
                          cwd=tmp_path,
                          env=dict(os.environ))
    assert done.returncode == 1
    return done.stdout + done.stderr


@pytest.mark.one_cell
@pytest.mark.parametrize("directive", ["bogus-option 5", "maxclients", "maxclients many",
                                       "maxmemory 5parsecs",
                                       "appendonly maybe", "maxmemory-policy whatever",
                                       "port 99999999",
                                       "dbfilename \"unbalanced"])
def test_a_wrong_directive_names_its_line(cell, tmp_path, directive):
    out = _refusal(tmp_path, "# comment\nport 0\n%s\nhz 10\n" % directive)
    assert "line 3" in out
    assert directive in out


@pytest.mark.one_cell
@pytest.mark.shoal_only
def test_an_unknown_directive_names_its_file_too(cell, tmp_path):
    assert "wrong.conf" in _refusal(tmp_path, "port 0\nbogus-option 5\n")


@pytest.mark.one_cell
def test_a_missing_file_is_an_error(cell, tmp_path):
    done = subprocess.run([binary_path(), str(tmp_path / "missing.conf"), "--port", "0"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "missing.conf" in done.stdout + done.stderr


def test_a_wrong_option_of_the_command_line_is_refused(start_server):
    with pytest.raises(ServerFailure, match="ended at start with code 1"):
        start_server(bogus_option="5")


def test_config_rewrite_keeps_comments_and_writes_changes(start_server):
    server = start_server(conf="# my comment\nmaxclients 77\ntimeout 5\n")
    with Client(server.port) as client:
        assert client("CONFIG", "SET", "timeout", "9", "slowlog-max-len", "7") == OK
        assert client("CONFIG", "REWRITE") == OK
    text = server.conf_path.read_text()
    assert "# my comment" in text
    assert "maxclients 77" in text
    assert "timeout 9" in text and "timeout 5" not in text
    assert "slowlog-max-len 7" in text
    server.restart()
    with Client(server.port) as client:
        assert client.config("timeout") == "9"
        assert client.config("slowlog-max-len") == "7"


def test_a_file_with_every_setting_gives_the_same_server(start_server):
    server = start_server(conf="timeout 5\n", enable_debug_command="yes")
    with Client(server.port) as client:
        before = client("CONFIG", "GET", "*")
        assert client("DEBUG", "CONFIG-REWRITE-FORCE-ALL") == OK
    assert server.conf_path.read_text().count("\n") > 150
    server.restart()
    with Client(server.port) as client:
        assert client("CONFIG", "GET", "*") == before


def test_a_second_server_on_the_port_is_refused(start_server):
    server = start_server()
    line = [word if word != str(server.dir) else "/tmp" for word in server.command_line()]
    done = subprocess.run(line, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    with Client(server.port) as client:
        assert client("PING") == PONG


# --- rename-command ---------------------------------------------------------------------------

RENAMES = ("rename-command FLUSHDB badger\nrename-command CONFIG \"\"\n"
           "rename-command GET swap\nrename-command SET get\nrename-command object peek\n"
           "rename-command cluster \"\"\n")


def test_renamed_commands_are_called_by_their_new_names(start_server):
    with Client(start_server(conf=RENAMES).port) as client:
        assert client("get", "k", "v") == OK
        assert client("SWAP", "k") == b"v"
        assert client("PEEK", "ENCODING", "k") == b"embstr"
        assert client("BADGER") == OK
        assert client("SWAP", "k") == NIL
        for line in ["FLUSHDB", "CONFIG GET port", "SET k v", "object encoding k", "cluster info"]:
            assert client.words(line).text.startswith("ERR unknown command '" + line.split()[0])


def test_a_renamed_command_is_found_again_and_again(start_server):
    """The last command of a client is remembered, by its own name."""
    with Client(start_server(conf=RENAMES).port) as client:
        for _ in range(3):
            assert client("BADGER") == OK
            assert client("FLUSHDB").text.startswith("ERR unknown command 'FLUSHDB'")
        replies = client.pipeline([("MULTI",), ("BADGER",), ("get", "k", "v"), ("EXEC",)])
        assert replies[3] == [OK, OK]


def test_command_tells_own_names_and_finds_by_new_ones(start_server):
    with Client(start_server().port) as client:
        before = client("COMMAND", "COUNT")
    with Client(start_server(conf=RENAMES).port) as client:
        assert client("COMMAND", "COUNT") == before - 1
        assert len(client("COMMAND")) == before - 1
        info = client("COMMAND", "INFO", "badger", "flushdb", "peek|encoding", "config", "get")
        assert [NIL if row == NIL else row[0] for row in info] == [
            b"flushdb", NIL, b"object|encoding", NIL, b"set"]
        names = client("COMMAND", "LIST")
        assert b"flushdb" in names and b"badger" not in names
        assert b"config" not in names and b"config|get" not in names
        assert client("COMMAND", "GETKEYS", "get", "k", "v") == [b"k"]
        assert client("COMMAND", "GETKEYS", "set", "k", "v").text == "ERR Invalid command specified"
        assert client("SWAP") == Error("ERR wrong number of arguments for 'get' command")
        assert client("PEEK", "no").text == "ERR unknown subcommand 'no'. Try PEEK HELP."
        assert "cmdstat_flushdb" not in client.info("commandstats")
        client("BADGER")
        assert "cmdstat_flushdb" in client.info("commandstats")


def test_renames_stay_in_a_rewritten_file(start_server):
    server = start_server(conf="rename-command FLUSHDB badger\n")
    with Client(server.port) as client:
        assert client("CONFIG", "REWRITE") == OK
    assert "rename-command FLUSHDB badger\n" in server.conf_path.read_text()


@pytest.mark.parametrize("line", [
    "rename-command nonsense x", "rename-command GET SET",
    pytest.param("rename-command CONFIG|GET x", marks=pytest.mark.shoal_only)])
def test_a_command_that_cannot_be_renamed_so_ends_the_start(start_server, line):
    with pytest.raises(ServerFailure, match="ended at start with code 1"):
        start_server(conf=line + "\n")
