"""The whole server: COMMAND, CONFIG, INFO, flushing, MEMORY, SLOWLOG, LATENCY, DEBUG, SHUTDOWN."""

import re
import signal
import time

import pytest

from harness.resp import (NIL, OK, PONG, BigNumber, Client, Double, Error, Map, Null, Push, Set,
                          Simple,
                          Verbatim)
from harness.texts import DB_RANGE, NOT_INTEGER, SYNTAX, arity, unknown_subcommand

STRING_FAMILY = ["append", "bitcount", "bitfield", "bitfield_ro", "bitop", "bitpos", "decr",
                 "decrby", "get", "getbit",
                 "getdel", "getex", "getrange", "getset", "incr", "incrby", "incrbyfloat", "lcs",
                 "mget", "mset",
                 "msetnx", "psetex", "set", "setbit", "setex", "setnx", "setrange", "strlen",
                 "substr"]
KEY_FAMILY = ["copy", "del", "exists", "expire", "expireat", "expiretime", "keys", "move", "object",
              "persist",
              "pexpire", "pexpireat", "pexpiretime", "pttl", "randomkey", "rename", "renamenx",
              "scan", "touch", "ttl",
              "type", "unlink"]
SERVER_FAMILY = ["auth", "client", "command", "config", "dbsize", "debug", "discard", "echo",
                 "exec", "flushall",
                 "flushdb", "hello", "info", "latency", "lolwut", "memory", "multi", "ping", "quit",
                 "reset",
                 "select", "shutdown", "slowlog", "swapdb", "time", "unwatch", "watch"]


def as_dict(reply):
    """A map, or in RESP2 its flat list, as a dict."""
    flat = reply.flat() if isinstance(reply, Map) else reply
    return dict(zip(flat[::2], flat[1::2]))


@pytest.mark.parametrize("command,arguments", [
    ("time", ["x"]), ("swapdb", ["0"]), ("config", []), ("memory", []), ("slowlog", []),
    ("latency", []), ("debug", [])])
def test_the_number_of_arguments_is_checked(client, command, arguments):
    assert client(command, *arguments) == arity(command)


@pytest.mark.parametrize("container", ["COMMAND", "CONFIG", "MEMORY", "SLOWLOG", "LATENCY",
                                       "CLIENT", "OBJECT"])
def test_containers_have_help_and_refuse_unknown_subcommands(client, container):
    assert client(container, "BoGus") == unknown_subcommand(container, "BoGus")
    lines = client(container, "HELP")
    assert lines[0] == container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    assert lines[-2] == "HELP"
    assert lines[-1] in ("    Print this help.", "    Prints this help.")  # 7.2, 7.0


# --- COMMAND ----------------------------------------------------------------------------------

def test_every_command_of_the_families_is_there(client):
    names = STRING_FAMILY + KEY_FAMILY + SERVER_FAMILY
    replies = client("COMMAND", "INFO", *names)
    missing = [n for n, reply in zip(names, replies) if reply == NIL]
    assert missing == []
    assert [reply[0].decode() for reply in replies] == names


@pytest.mark.parametrize("name,fields", [
    ("get", (2, {"readonly", "fast"}, 1, 1, 1, {"@read", "@string", "@fast"})),
    ("set", (-3, {"write", "denyoom"}, 1, 1, 1, {"@write", "@string", "@slow"})),
    ("mset", (-3, {"write", "denyoom"}, 1, -1, 2, {"@write", "@string", "@slow"})),
    ("mget", (-2, {"readonly", "fast"}, 1, -1, 1, {"@read", "@string", "@fast"})),
    ("del", (-2, {"write"}, 1, -1, 1, {"@keyspace", "@write", "@slow"})),
    ("bitop", (-4, {"write", "denyoom"}, 2, -1, 1, {"@write", "@bitmap", "@slow"})),
    ("rename", (3, {"write"}, 1, 2, 1, {"@keyspace", "@write", "@slow"})),
    ("multi", (1, {"noscript", "loading", "stale", "fast", "allow_busy"}, 0, 0, 0,
               {"@fast", "@transaction"}))])
def test_command_info_of_well_known_commands(client, name, fields):
    row = client("COMMAND", "INFO", name)[0]
    assert len(row) == 10
    assert (row[0], row[1], set(row[2]), *row[3:6], set(row[6])) == (name.encode(), *fields)


def test_command_info_types_follow_the_protocol(connect):
    assert isinstance(connect(protocol=3)("COMMAND", "INFO", "get")[0][2], Set)
    assert type(connect(protocol=2)("COMMAND", "INFO", "get")[0][2]) is list


def test_command_info_of_nothing_and_of_subcommands(client):
    assert client("COMMAND", "INFO", "nosuch", "get")[0] == NIL
    assert client("COMMAND", "INFO", "config|get")[0][0] == b"config|get"
    subcommands = [row[0] for row in client("COMMAND", "INFO", "config")[0][9]]
    assert {b"config|get", b"config|set", b"config|resetstat", b"config|rewrite",
            b"config|help"} == set(subcommands)


def test_command_alone_counts_and_lists(client):
    rows = client("COMMAND")
    names = [row[0] for row in rows]
    assert len(names) == len(set(names)) == client("COMMAND", "COUNT")
    assert client("COMMAND", "INFO") and len(client("COMMAND", "INFO")) == len(names)
    listed = client("COMMAND", "LIST")
    assert set(names) <= set(listed)


def test_command_list_filters(client):
    assert set(client("COMMAND", "LIST", "FILTERBY", "PATTERN", "get*")) == {
        b"get", b"getbit", b"getdel", b"getex", b"getrange", b"getset"}
    bitmap = set(client("COMMAND", "LIST", "FILTERBY", "ACLCAT", "bitmap"))
    assert bitmap == {b"setbit", b"getbit", b"bitcount", b"bitpos", b"bitop", b"bitfield",
                      b"bitfield_ro"}
    assert client("COMMAND", "LIST", "FILTERBY", "MODULE", "none") == []
    assert client("COMMAND", "LIST", "FILTERBY", "BOGUS", "x") == SYNTAX


def test_command_getkeys(client):
    for line, keys in [("GET a", ["a"]), ("SET a 1 EX 5", ["a"]), ("MSET a 1 b 2", ["a", "b"]),
                       ("DEL a b c", ["a", "b", "c"]),
                       ("BITOP AND d x y", ["d", "x", "y"]), ("RENAME a b", ["a", "b"]),
                       ("LCS a b", ["a", "b"]),
                       ("OBJECT ENCODING a", ["a"]), ("MEMORY USAGE a", ["a"])]:
        assert client("COMMAND", "GETKEYS", *line.split()) == [k.encode() for k in keys], line


def test_command_getkeys_errors(client):
    assert client("COMMAND", "GETKEYS", "NOSUCH", "a") == Error("ERR Invalid command specified")
    assert client("COMMAND", "GETKEYS", "PING",
                  "a") == Error("ERR The command has no key arguments")
    assert client("COMMAND", "GETKEYS", "GET", "a",
                  "b") == Error("ERR Invalid number of arguments specified for command")
    assert client("COMMAND", "GETKEYS") == arity("command|getkeys")


def test_command_getkeysandflags(client):
    for line, expected in [("GET a", [("a", {"RO", "access"})]),
                           ("SET a 1", [("a", {"OW", "update"})]),
                           ("DEL a b", [("a", {"RM", "delete"}), ("b", {"RM", "delete"})]),
                           ("SET a 1 GET", [("a", {"RW", "access", "update"})]),
                           ("APPEND a b", [("a", {"RW", "insert"})])]:
        reply = client("COMMAND", "GETKEYSANDFLAGS", *line.split())
        assert [(k.decode(), set(f)) for k, f in reply] == expected, line


def test_command_docs(client):
    docs = as_dict(client("COMMAND", "DOCS", "get", "nosuch"))
    assert list(docs) == [b"get"]
    get = as_dict(docs[b"get"])
    assert get[b"since"] == b"1.0.0"
    assert get[b"group"] == b"string"
    assert get[b"complexity"] == b"O(1)"
    assert get[b"summary"]


# --- CONFIG -----------------------------------------------------------------------------------

def test_config_get_takes_several_patterns(client):
    reply = as_dict(client("CONFIG", "GET", "maxmemory", "max*s", "no-such-thing"))
    assert reply[b"maxmemory"] == b"0"
    assert {b"maxclients", b"maxmemory-samples"} <= set(reply)
    assert as_dict(client("CONFIG", "GET", "no-such-thing")) == {}
    assert list(as_dict(client("CONFIG", "GET", "MAXMEMORY")).values()) == [b"0"]
    assert len(as_dict(client("CONFIG", "GET", "*"))) > 20


def test_config_get_answers_a_map_in_resp3(connect):
    assert isinstance(connect(protocol=3)("CONFIG", "GET", "maxmemory"), Map)


@pytest.mark.parametrize("name,given,answered", [
    ("maxmemory", "100mb", "104857600"), ("maxmemory", "1G", "1000000000"), ("timeout", "30", "30"),
    ("maxmemory-policy", "allkeys-lru", "allkeys-lru"),
    ("maxmemory-policy", "ALLKEYS-LFU", "allkeys-lfu"), ("slowlog-log-slower-than", "-1", "-1"),
    ("slowlog-max-len", "5", "5"),
    ("maxmemory-samples", "7", "7"), ("tcp-keepalive", "60", "60"),
    ("latency-tracking", "no", "no"),
    ("lazyfree-lazy-expire", "yes", "yes"), ("proto-max-bulk-len", "1mb", "1048576"),
    ("maxclients", "500", "500"),
    ("loglevel", "warning", "warning"), ("notify-keyspace-events", "KEA", "AKE"),
    ("lfu-log-factor", "5", "5")])
def test_config_set_and_get(client, name, given, answered):
    assert client("CONFIG", "SET", name, given) == OK
    assert client.config(name) == answered


def test_config_set_of_several_is_all_or_nothing(client):
    assert client("CONFIG", "SET", "timeout", "11", "slowlog-max-len", "12") == OK
    assert (client.config("timeout"), client.config("slowlog-max-len")) == ("11", "12")
    reply = client("CONFIG", "SET", "timeout", "21", "slowlog-max-len", "many")
    assert isinstance(reply, Error)
    assert client.config("timeout") == "11"


@pytest.mark.parametrize("name,value,reason", [
    ("maxmemory", "many", "argument must be a memory value"),
    ("timeout", "x", "argument couldn't be parsed into an integer"),
    ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
    ("appendonly", "maybe", "argument must be 'yes' or 'no'"),
    ("databases", "5", "can't set immutable config"),
    ("maxmemory-policy", "x",
     "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
     "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction")])
def test_config_set_says_what_is_wrong(client, name, value, reason):
    assert client("CONFIG", "SET", name, value) == Error(
        "ERR CONFIG SET failed (possibly related to argument '%s') - %s" % (name, reason))


def test_config_set_errors(client):
    assert client("CONFIG", "SET", "bogus", "1") == Error(
        "ERR Unknown option or number of arguments for CONFIG SET - 'bogus'")
    assert client("CONFIG", "SET", "timeout", "1", "timeout", "2") == Error(
        "ERR CONFIG SET failed (possibly related to argument 'timeout') - duplicate parameter")
    assert client("CONFIG", "SET", "timeout") == arity("config|set")
    assert client("CONFIG", "GET") == arity("config|get")
    assert client("CONFIG", "REWRITE") == Error("ERR The server is running without a config file")


def test_config_resetstat(client):
    client("GET", "a")
    assert int(client.info("stats")["total_commands_processed"]) > 1
    assert client("CONFIG", "RESETSTAT") == OK
    stats = client.info("stats")
    assert int(stats["total_commands_processed"]) <= 2
    assert stats["keyspace_misses"] == "0"
    assert "cmdstat_get" not in client.info("commandstats")


# --- INFO -------------------------------------------------------------------------------------

INFO_FIELDS = {
    "server": ["redis_version", "redis_mode", "os", "arch_bits", "process_id", "run_id", "tcp_port",
               "server_time_usec",
               "uptime_in_seconds", "uptime_in_days", "hz", "executable", "config_file"],
    "clients": ["connected_clients", "maxclients", "blocked_clients"],
    "memory": ["used_memory", "used_memory_human", "used_memory_rss", "used_memory_peak",
               "maxmemory", "maxmemory_policy",
               "mem_fragmentation_ratio", "mem_allocator", "total_system_memory",
               "used_memory_dataset"],
    "persistence": ["loading", "rdb_changes_since_last_save", "rdb_bgsave_in_progress",
                    "rdb_last_save_time",
                    "aof_enabled"],
    "stats": ["total_connections_received", "total_commands_processed", "instantaneous_ops_per_sec",
              "total_net_input_bytes", "total_net_output_bytes", "rejected_connections",
              "expired_keys", "evicted_keys",
              "keyspace_hits", "keyspace_misses", "total_error_replies"],
    "replication": ["role", "connected_slaves", "master_replid", "master_repl_offset"],
    "cpu": ["used_cpu_sys", "used_cpu_user"],
    "cluster": ["cluster_enabled"],
}


@pytest.mark.parametrize("section", INFO_FIELDS)
def test_info_has_the_fields_that_tools_read(client, section):
    text = client("INFO", section).decode()
    assert text.startswith("# " + section.capitalize().replace("Cpu", "CPU") + "\r\n")
    info = client.info(section)
    for field in INFO_FIELDS[section]:
        assert field in info, field


def test_info_sections(client):
    whole = client("INFO").decode()
    for section in INFO_FIELDS:
        assert "# " + section.capitalize().replace("Cpu", "CPU") in whole
    assert "# Commandstats" not in whole
    assert "# Commandstats" in client("INFO", "all").decode()
    assert "# Commandstats" in client("INFO", "everything").decode()
    two = client("INFO", "server", "clients").decode()
    assert "# Server" in two and "# Clients" in two and "# Memory" not in two
    assert client("INFO", "bogus") == b""


def test_info_keyspace_counts_keys_and_expiries(client):
    client("MSET", *[x for i in range(50) for x in ("k:%d" % i, "v")])
    for i in range(20):
        client("EXPIRE", "k:%d" % i, "100")
    client("SELECT", "3")
    client("SET", "a", "1")
    info = client.info("keyspace")
    assert info["db0"].startswith("keys=50,expires=20,avg_ttl=")
    assert info["db3"].startswith("keys=1,expires=0,avg_ttl=0")
    assert "db1" not in info


def test_info_counts_hits_misses_commands_and_errors(client):
    client("CONFIG", "RESETSTAT")
    client("SET", "a", "1")
    client.pipeline([("GET", "a")] * 7 + [("GET", "missing")] * 3)
    client.pipeline([("INCR", "a", "b"), ("NOSUCH",)])
    stats = client.info("stats")
    assert (stats["keyspace_hits"], stats["keyspace_misses"]) == ("7", "3")
    assert stats["total_error_replies"] == "2"
    commands = client.info("commandstats")
    assert commands["cmdstat_get"].startswith("calls=10,usec=")
    assert "rejected_calls=1,failed_calls=0" in commands["cmdstat_incr"]
    assert client.info("errorstats")["errorstat_ERR"] == "count=2"


def test_info_port_and_uptime(server, client):
    info = client.info("server")
    assert info["tcp_port"] == str(server.port)
    assert info["process_id"] == str(server.process.pid)
    assert abs(int(info["server_time_usec"]) / 1e6 - time.time()) < 5
    assert len(info["run_id"]) == 40


# --- databases --------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", [[], ["SYNC"], ["ASYNC"], ["async"]])
def test_flushdb_and_flushall(client, mode):
    def fill():
        for db in (0, 1):
            client("SELECT", db)
            client("MSET", *[x for i in range(500) for x in ("k:%d" % i, "v")])

    fill()
    assert client("FLUSHDB", *mode) == OK
    assert client("DBSIZE") == 0
    client("SELECT", "0")
    assert client("DBSIZE") == 500
    fill()
    assert client("FLUSHALL", *mode) == OK
    for db in (0, 1):
        client("SELECT", db)
        assert client("DBSIZE") == 0
        assert client("KEYS", "*") == []


def test_flush_errors(client):
    for command in ("FLUSHALL", "FLUSHDB"):
        assert client(command, "BOGUS") == SYNTAX
        assert client(command, "ASYNC", "SYNC") == SYNTAX


def test_flushing_a_large_database_does_not_stall_neighbours(client, connect):
    client("DEBUG", "POPULATE", "300000")
    assert client("DBSIZE") == 300000
    other = connect()
    client.send("FLUSHALL", "ASYNC")
    started = time.monotonic()
    assert other("PING") == PONG
    assert time.monotonic() - started < 1.0
    assert client.receive() == OK
    assert other("DBSIZE") == 0


def test_swapdb(client, connect):
    other = connect()
    other("SELECT", "1")
    client("SET", "a", "zero")
    other("SET", "a", "one")
    other("SET", "b", "one", "EX", "100")
    assert client("SWAPDB", "0", "1") == OK
    assert client("GET", "a") == b"one"
    assert client("TTL", "b") > 90
    assert other("GET", "a") == b"zero"
    assert (client("DBSIZE"), other("DBSIZE")) == (2, 1)
    assert client("SWAPDB", "0", "0") == OK
    assert client("GET", "a") == b"one"


def test_swapdb_errors(client):
    assert client("SWAPDB", "x", "1") == Error("ERR invalid first DB index")
    assert client("SWAPDB", "0", "x") == Error("ERR invalid second DB index")
    assert client("SWAPDB", "0", "16") == DB_RANGE
    assert client("SWAPDB", "-1", "0") == DB_RANGE


def test_dbsize_follows_every_key(client):
    assert client("DBSIZE") == 0
    client("MSET", *[x for i in range(1000) for x in ("k:%d" % i, "v")])
    client("DEL", *["k:%d" % i for i in range(300)])
    client("RENAME", "k:300", "k:301")
    assert client("DBSIZE") == 699


def test_time(client):
    seconds, micros = client("TIME")
    assert isinstance(seconds, bytes) and isinstance(micros, bytes)
    assert abs(int(seconds) - time.time()) < 3
    assert 0 <= int(micros) < 1000000


def test_lolwut_names_the_version(client):
    version = re.compile(rb"(Redis|Shoal) ver\. \d+\.\d+\.\d+\n\Z")
    assert version.search(client("LOLWUT"))
    assert version.search(client("LOLWUT", "VERSION", "5", "1", "1", "1"))
    assert client("LOLWUT", "VERSION", "x") == NOT_INTEGER


@pytest.mark.shoal_only
def test_lolwut_draws_in_the_size_asked_for_and_the_same_for_a_seed(connect):
    client = connect(protocol=3)
    picture = client("LOLWUT", "40", "8", "7")
    assert isinstance(picture, Verbatim) and picture.fmt == "txt"
    lines = picture.decode().split("\n")
    assert len(lines) == 8 + 3 and len(lines[0]) == 40 and max(map(len, lines[:8])) == 40
    assert picture == client("LOLWUT", "VERSION", "9", "40", "8", "7")
    assert picture != client("LOLWUT", "40", "8", "8")
    assert client("LOLWUT") != client("LOLWUT")
    assert len(client("LOLWUT", "-1", "99999999").split(b"\n")) == 60 + 3
    assert client("LOLWUT", "x") == client("LOLWUT", "1", "1", "x") == NOT_INTEGER


# --- MEMORY -----------------------------------------------------------------------------------

def test_memory_usage_grows_with_the_value(client):
    assert client("MEMORY", "USAGE", "missing") == NIL
    client("MSET", "small", "x", "large", "x" * 100000)
    small = client("MEMORY", "USAGE", "small")
    large = client("MEMORY", "USAGE", "large", "SAMPLES", "0")
    assert 5 < small < 300
    assert 100000 <= large < 200000
    assert client("MEMORY", "USAGE", "small", "SAMPLES", "-1") == SYNTAX
    assert client("MEMORY", "USAGE", "small", "SAMPLES", "x") == NOT_INTEGER
    assert client("MEMORY", "USAGE", "small", "SAMPLES") == SYNTAX
    assert client("MEMORY", "USAGE", "small", "BOGUS", "1") == SYNTAX


def test_memory_stats_doctor_and_purge(client):
    client("MSET", *[x for i in range(100) for x in ("k:%d" % i, "v")])
    stats = as_dict(client("MEMORY", "STATS"))
    for field in ["peak.allocated", "total.allocated", "startup.allocated", "clients.normal",
                  "keys.count", "dataset.bytes",
                  "keys.bytes-per-key", "fragmentation"]:
        assert field.encode() in stats, field
    assert stats[b"keys.count"] == 100
    assert len(client("MEMORY", "DOCTOR")) > 20
    assert client("MEMORY", "PURGE") == OK
    assert isinstance(client("MEMORY", "MALLOC-STATS"), bytes)


@pytest.mark.plain_build
def test_memory_comes_back_after_deleting(start_server):
    server = start_server()
    with Client(server.port) as client:
        before = int(client.info("memory")["used_memory"])
        client("DEBUG", "POPULATE", "50000", "key", "200")
        filled = int(client.info("memory")["used_memory"])
        assert filled - before > 50000 * 200
        client("FLUSHALL", "SYNC")
        enough = before + (filled - before) / 5
        deadline = time.monotonic() + 5
        while int(client.info("memory")["used_memory"]) > enough and time.monotonic() < deadline:
            time.sleep(0.05)
        assert int(client.info("memory")["used_memory"]) <= enough


# --- SLOWLOG, LATENCY -------------------------------------------------------------------------

def test_slowlog_records_what_is_slow(client):
    client("CLIENT", "SETNAME", "turtle")
    assert client("CONFIG", "SET", "slowlog-log-slower-than", "5000") == OK
    assert client("SLOWLOG", "RESET") == OK
    client("SET", "a", "1")
    assert client("SLOWLOG", "LEN") == 0
    client("DEBUG", "SLEEP", "0.02")
    assert client("SLOWLOG", "LEN") == 1
    (number, stamp, micros, arguments, address, name), = client("SLOWLOG", "GET")
    assert number >= 0
    assert abs(stamp - time.time()) < 5
    assert micros >= 20000
    assert [a.upper() for a in arguments] == [b"DEBUG", b"SLEEP", b"0.02"]
    assert address == b"%s:%d" % (client.sock.getsockname()[0].encode(),
                                  client.sock.getsockname()[1])
    assert name == b"turtle"


def test_slowlog_trims_arguments_and_entries(client):
    client("SLOWLOG", "RESET")
    assert client("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "5") == OK
    client("MSET", *["x"] * 100)
    client("SET", "a", "y" * 500)
    entries = client("SLOWLOG", "GET", "-1")
    assert len(entries) <= 5
    by_name = {entry[3][0].upper(): entry[3] for entry in entries}
    assert len(by_name[b"MSET"]) == 32
    assert by_name[b"MSET"][31] == b"... (70 more arguments)"
    assert by_name[b"SET"][2] == b"y" * 128 + b"... (372 more bytes)"
    for _ in range(20):
        client("PING")
    assert client("SLOWLOG", "LEN") == 5
    numbers = [entry[0] for entry in client("SLOWLOG", "GET", "-1")]
    assert numbers == sorted(numbers, reverse=True)
    assert len(client("SLOWLOG", "GET", "2")) == 2


def test_slowlog_has_what_is_asked_of_all_threads(client):
    client("CONFIG", "SET", "slowlog-log-slower-than", "0")
    client("SLOWLOG", "RESET")
    client("CLIENT", "SETNAME", "me")
    client("CLIENT", "LIST", "TYPE", "normal")
    client.pipeline([("MULTI",), ("SLOWLOG", "LEN"), ("EXEC",)])
    client("CONFIG", "SET", "slowlog-log-slower-than", "-1")
    client("CLIENT", "LIST")
    entries = client("SLOWLOG", "GET", "-1")
    lines = [entry[3] for entry in reversed(entries)]
    assert [line for line in lines if line[0] not in (b"MULTI", b"EXEC")] == [
        [b"SLOWLOG", b"RESET"], [b"CLIENT", b"SETNAME", b"me"],
        [b"CLIENT", b"LIST", b"TYPE", b"normal"], [b"SLOWLOG", b"LEN"]]
    assert entries[0][5] == b"me"


def test_slowlog_errors(client):
    bad = Error("ERR count should be greater than or equal to -1")
    assert client("SLOWLOG", "GET", "-2") == bad
    assert client("SLOWLOG", "GET", "x") == bad
    assert client("SLOWLOG", "LEN", "x") == arity("slowlog|len")


def test_latency_histogram(client):
    client("CONFIG", "RESETSTAT")
    client.pipeline([("SET", "a", "1")] * 10 + [("GET", "a")] * 5)
    histogram = as_dict(client("LATENCY", "HISTOGRAM", "set", "get", "incr", "nosuch"))
    assert set(histogram) == {b"set", b"get"}
    assert as_dict(histogram[b"set"])[b"calls"] == 10
    buckets = as_dict(as_dict(histogram[b"get"])[b"histogram_usec"])
    assert buckets and max(buckets.values()) == 5
    assert list(buckets) == sorted(buckets)
    assert b"config|resetstat" in as_dict(client("LATENCY", "HISTOGRAM"))


def test_latency_reset_and_latest(client):
    assert client("LATENCY", "RESET") == 0
    assert client("LATENCY", "LATEST") == []
    assert client("LATENCY", "HISTORY", "command") == []
    assert client("CONFIG", "SET", "latency-monitor-threshold", "10") == OK
    client("DEBUG", "SLEEP", "0.03")
    (event, stamp, last, highest), = client("LATENCY", "LATEST")
    assert event == b"command"
    assert abs(stamp - time.time()) < 5
    assert 30 <= last <= highest < 5000
    assert client("LATENCY", "HISTORY", "command") == [[stamp, last]]
    assert client("LATENCY", "RESET", "command") == 1


# --- DEBUG ------------------------------------------------------------------------------------

def test_debug_needs_permission(start_server):
    server = start_server(enable_debug_command="no")
    with Client(server.port) as client:
        reply = client("DEBUG", "SLEEP", "0")
        assert reply.text.startswith("ERR DEBUG command not allowed.")
        assert client("PING") == PONG


def test_debug_sleep_object_populate_and_errors(client):
    started = time.monotonic()
    assert client("DEBUG", "SLEEP", "0.1") == OK
    assert time.monotonic() - started >= 0.1
    assert client("DEBUG", "POPULATE", "1000", "pre", "10") == OK
    assert client("DBSIZE") == 1000
    assert client("STRLEN", "pre:7") == 10
    assert client("GET", "pre:7").startswith(b"value:7")
    assert client("DEBUG", "OBJECT", "missing") == Error("ERR no such key")
    text = client("DEBUG", "OBJECT", "pre:7")
    assert "encoding:embstr" in text and "serializedlength:" in text and "lru_seconds_idle:" in text
    assert client("DEBUG", "BOGUS") == Error(
        "ERR unknown subcommand or wrong number of arguments for 'BOGUS'. Try DEBUG HELP.")


def test_debug_set_active_expire(client):
    client("DEBUG", "SET-ACTIVE-EXPIRE", "0")
    try:
        client("SET", "a", "1", "PX", "1")
        time.sleep(0.5)
        assert client("DBSIZE") == 1
        assert client("GET", "a") == NIL
        assert client("DBSIZE") == 0
    finally:
        assert client("DEBUG", "SET-ACTIVE-EXPIRE", "1") == OK


@pytest.mark.parametrize("kind,types", [
    ("string", (bytes, bytes)), ("integer", (int, int)), ("double", (bytes, Double)),
    ("null", (Null, Null)),
    ("array", (list, list)), ("set", (list, Set)), ("map", (list, Map)),
    ("bignum", (bytes, BigNumber)),
    ("verbatim", (bytes, Verbatim)), ("true", (int, bool)), ("false", (int, bool))])
def test_debug_protocol_shows_every_type(connect, kind, types):
    for protocol, expected in zip((2, 3), types):
        reply = connect(protocol=protocol)("DEBUG", "PROTOCOL", kind)
        assert type(reply) is expected, (protocol, reply)


def test_debug_protocol_push(connect):
    client = connect(protocol=3)
    assert client("DEBUG", "PROTOCOL", "push") == b"Some real reply following the push reply"
    assert client("PING") == PONG
    assert client.pushes == [[b"server-cpu-usage", 42]]
    assert isinstance(client.pushes[0], Push)


def test_debug_error_and_log(server, client):
    assert client("DEBUG", "ERROR", "TEAPOT short and stout") == Error("TEAPOT short and stout")
    assert client("DEBUG", "LOG", "hello from the test") == Simple("OK")
    assert "hello from the test" in server.log()


def test_debug_digest_tells_data_sets_apart(client):
    empty = client("DEBUG", "DIGEST")
    assert empty == "0" * 40
    client("MSET", "a", "1", "b", "2")
    one = client("DEBUG", "DIGEST")
    client("FLUSHALL")
    client("SET", "b", "2")
    client("SET", "a", "1")
    assert client("DEBUG", "DIGEST") == one != empty
    client("SET", "a", "3")
    assert client("DEBUG", "DIGEST") != one


# --- SHUTDOWN ---------------------------------------------------------------------------------

@pytest.mark.parametrize("options", [[], ["NOSAVE"], ["NOSAVE", "NOW", "FORCE"],
                                     ["nosave", "force"]])
def test_shutdown_ends_the_server(start_server, options):
    server = start_server()
    with Client(server.port) as client:
        client("SET", "a", "1")
        client.send("SHUTDOWN", *options)
        assert client.is_closed()
    assert server.wait() == 0


def test_shutdown_closes_all_connections_and_takes_no_further_command(start_server):
    server = start_server()
    others = [Client(server.port) for _ in range(8)]
    with Client(server.port) as client:
        client.send_raw(b"SHUTDOWN NOSAVE\r\nSET a 1\r\n")
        assert client.read_until_closed() == b""
    assert all(other.is_closed() for other in others)
    assert server.wait() == 0
    for other in others:
        other.close()


@pytest.mark.parametrize("points", ["", "3600 1 300 100"])
@pytest.mark.shoal_only
def test_save_points_do_not_keep_the_server_from_going(start_server, points):
    server = start_server(save=points)
    with Client(server.port) as client:
        client("SET", "a", "1")
        client.send("SHUTDOWN")
        assert client.is_closed()
    assert server.wait() == 0


@pytest.mark.shoal_only
def test_a_server_that_cannot_save_does_not_go_when_told_to_save(start_server):
    server = start_server()
    with Client(server.port) as client:
        refused = Error("ERR Errors trying to SHUTDOWN. Check logs.")
        for options in (["SAVE"], ["save", "now"]):
            assert client("SHUTDOWN", *options) == refused
        assert "SHUTDOWN SAVE: this version cannot save the data, can't exit." in server.log()
        assert client("PING") == PONG
        client.send("SHUTDOWN", "SAVE", "FORCE")
        assert client.is_closed()
    assert server.wait() == 0
    assert "Exit anyway." in server.log()


def test_shutdown_is_not_for_transactions(client):
    assert client("MULTI") == OK
    assert client("SHUTDOWN", "NOSAVE") == Error("ERR Command not allowed inside a transaction")
    assert client("EXEC").code == "EXECABORT"
    assert client("PING") == PONG


def test_shutdown_errors(client):
    assert client("SHUTDOWN", "BOGUS") == SYNTAX
    assert client("SHUTDOWN", "NOSAVE", "SAVE") == SYNTAX
    assert client("SHUTDOWN", "ABORT", "NOW") == SYNTAX
    assert client("SHUTDOWN", "ABORT") == Error("ERR No shutdown in progress.")
    assert client("PING") == PONG


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_the_server_cleanly_under_load(start_server, number):
    server = start_server()
    clients = [Client(server.port) for _ in range(10)]
    for client in clients:
        client.send_raw(b"INCR n\r\n" * 1000)
    server.process.send_signal(number)
    assert server.wait() == 0
    for client in clients:
        client.close()
    server.check_log()


# --- maxmemory --------------------------------------------------------------------------------

OOM = Error("OOM command not allowed when used memory > 'maxmemory'.")


@pytest.fixture
def full(start_server):
    """A server whose memory is used up, and two clients of it."""
    server = start_server()
    with Client(server.port) as client, Client(server.port) as other:
        assert client("SET", "a", "1") == OK
        assert client("CONFIG", "SET", "maxmemory", "1") == OK
        yield client, other


def test_commands_that_need_memory_are_refused_on_every_connection_at_once(full):
    for client in full:
        for line in ("SET a 2", "APPEND a 2", "INCR a", "MSET a 1 b 2", "SETRANGE b 10 x"):
            assert client.words(line) == OOM, line
        for line in ("GET a", "EXPIRE a 100", "PERSIST a", "EXISTS a b", "STRLEN a"):
            assert client.words(line) != OOM, line
        assert client("GET", "a") == b"1"
    client, other = full
    assert client("DEL", "a") == 1
    assert client("CONFIG", "SET", "maxmemory", "0") == OK
    assert other("SET", "a", "2") == OK


def test_what_is_refused_for_memory_is_answered_in_order_and_counted(full):
    client, _ = full
    client("CONFIG", "RESETSTAT")
    replies = client.pipeline([("GET", "a"), ("SET", "a", "2"), ("GET", "b"), ("GET", "a")] * 500)
    assert replies == [b"1", OOM, NIL, b"1"] * 500
    assert client.info("errorstats")["errorstat_OOM"] == "count=500"
    assert "rejected_calls=500,failed_calls=0" in client.info("commandstats")["cmdstat_set"]


def test_a_transaction_is_refused_when_memory_is_used_up_while_it_is_queued(full):
    client, _ = full
    discarded = Error("EXECABORT Transaction discarded because of previous errors.")
    for line in ("GET a", "SET a 2", "WATCH a", "PING"):
        assert client("MULTI") == OK
        assert client.words(line) == OOM
        assert client("EXEC") == discarded
    assert client("MULTI") == OK
    assert client("GET", "a") == OOM
    assert client("DISCARD") == OK
    assert client("GET", "a") == b"1"


def test_an_exec_is_refused_for_what_it_would_execute(full):
    client, other = full
    assert other("CONFIG", "SET", "maxmemory", "0") == OK
    assert client.pipeline([("MULTI",), ("GET", "a"), ("SET", "a", "2")]) == [OK] + ["QUEUED"] * 2
    assert other("CONFIG", "SET", "maxmemory", "1") == OK
    assert client("EXEC") == Error("EXECABORT Transaction discarded because of: " + OOM.text)
    assert client("GET", "a") == b"1"
    assert other("CONFIG", "SET", "maxmemory", "0") == OK
    assert client.pipeline([("MULTI",), ("GET", "a"), ("EXISTS", "b")]) == [OK] + ["QUEUED"] * 2
    assert other("CONFIG", "SET", "maxmemory", "1") == OK
    assert client("EXEC") == [b"1", 0]


@pytest.mark.plain_build
@pytest.mark.parametrize("size", [100, 20000, 100000, 3000000])
def test_deleting_keys_makes_room_for_others(start_server, size):
    """Whichever thread has allocated the memory and whichever frees it."""
    server = start_server()
    limit = 48 * 1024 * 1024
    with Client(server.port) as client, Client(server.port) as other:
        used = int(client.info("memory")["used_memory"])
        assert client("CONFIG", "SET", "maxmemory", used + limit) == OK
        for _ in range(3):
            stored = 0
            value, batch = b"x" * size, max(1, 200000 // size)
            while True:
                names = ["k:%d" % i for i in range(stored, stored + batch)]
                replies = client.pipeline([("SET", name, value) for name in names])
                stored += replies.count(OK)
                if OOM in replies:
                    break
            assert limit * 0.3 < stored * size < limit * 1.3
            assert sum(other.pipeline([("DEL", "k:%d" % i) for i in range(stored + batch)])) \
                == stored
            deadline = time.monotonic() + 2
            while client("SET", "new", value) == OOM:
                assert time.monotonic() < deadline
            assert client("DEL", "new") == 1


def test_writes_are_refused_when_memory_is_used_up(client):
    used = int(client.info("memory")["used_memory"])
    assert client("CONFIG", "SET", "maxmemory", used + 3 * 1024 * 1024) == OK
    replies = client.pipeline([("SET", "k:%d" % i, "x" * 1000) for i in range(10000)])
    oom = Error("OOM command not allowed when used memory > 'maxmemory'.")
    assert oom in replies
    assert client("GET", "k:0") == b"x" * 1000
    assert client("DEL", "k:0") == 1
    assert client("CONFIG", "SET", "maxmemory", "0") == OK
    assert client("SET", "k:0", "x") == OK
