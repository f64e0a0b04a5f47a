"""COMMAND: what it tells of each command, the shapes next to redis-server's, keys of odd lines."""

import shutil
import subprocess

import pytest

from harness.resp import NIL, Client, Error, Map, Set, Simple
from harness.server import Server
from harness.texts import SYNTAX, arity

REDIS = shutil.which("redis-server")
CLI = shutil.which("redis-cli")


def as_dict(reply):
    flat = reply.flat() if isinstance(reply, Map) else reply
    return dict(zip(flat[::2], flat[1::2]))


def shape(value):
    """The types of a reply without its contents."""
    if isinstance(value, Map):
        return ("map", {key: shape(item) for key, item in value})
    if isinstance(value, list):
        return (type(value).__name__, sorted({repr(shape(item)) for item in value}))
    return type(value).__name__


@pytest.fixture(scope="module")
def redis_port():
    if not REDIS:
        pytest.skip("redis-server is not installed")
    server = Server(binary=REDIS)
    yield server.port
    server.stop()


# --- Against redis-server ---------------------------------------------------------------------

# What one server may tell of a command and the other not: 7.2 is newer than the one compared with.
OPTIONAL = {b"deprecated_since", b"replaced_by", b"doc_flags", b"complexity", b"history",
            b"arguments"}


def compare_docs(name, ours, theirs):
    for field in set(ours) | set(theirs):
        if field in OPTIONAL and (field not in ours or field not in theirs):
            continue
        if field == b"subcommands":
            assert isinstance(ours[field], type(theirs[field]))
            their_subs, our_subs = as_dict(theirs[field]), as_dict(ours[field])
            for sub in set(our_subs) & set(their_subs):
                compare_docs(sub, as_dict(our_subs[sub]), as_dict(their_subs[sub]))
            continue
        assert field in ours and field in theirs, (name, field)
        assert type(ours[field]) is type(theirs[field]), (name, field)
        if field in (b"since", b"group"):
            assert ours[field] == theirs[field] or name == b"client|pause", (name, field)
        if field == b"history":
            assert {repr(shape(x)) for x in ours[field]} == {repr(shape(x)) for x in theirs[field]}


@pytest.mark.parametrize("protocol", [2, 3])
def test_docs_of_shared_commands_have_the_shape_of_redis(server, redis_port, protocol):
    with Client(server.port, protocol) as client, Client(redis_port, protocol) as redis:
        ours, theirs = client("COMMAND", "DOCS"), redis("COMMAND", "DOCS")
        assert type(ours) is type(theirs)
        ours, theirs = as_dict(ours), as_dict(theirs)
        newer = {name for name in set(ours) - set(theirs)
                 if as_dict(ours[name])[b"since"].startswith((b"7.4", b"8."))}
        assert set(ours) - set(theirs) == newer
        for name in set(ours) - newer:
            compare_docs(name, as_dict(ours[name]), as_dict(theirs[name]))


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("name", ["get", "set", "lcs", "object", "getex", "bitop", "copy", "scan"])
def test_info_has_the_types_of_redis(server, redis_port, protocol, name):
    with Client(server.port, protocol) as client, Client(redis_port, protocol) as redis:
        ours = client("COMMAND", "INFO", name, "no-such-command")
        theirs = redis("COMMAND", "INFO", name, "no-such-command")
        assert repr(ours[1]) == repr(theirs[1])
        for mine, other in zip(ours[0], theirs[0]):
            assert shape(mine) == shape(other), (name, mine, other)


def test_arguments_of_docs_have_the_fields_of_redis(server, redis_port):
    def fields(arguments, path, out):
        for argument in map(as_dict, arguments):
            here = path + (argument[b"name"],)
            out[here] = {key: repr(value) for key, value in argument.items()
                         if key not in (b"arguments", b"name", b"display_text")}
            fields(argument.get(b"arguments", []), here, out)
        return out

    with Client(server.port) as client, Client(redis_port) as redis:
        for name in ["get", "set", "getex", "expire", "append", "copy", "object|encoding",
                     "select"]:
            ours, theirs = (as_dict(as_dict(c("COMMAND", "DOCS", name))[name.encode()])
                            for c in (client, redis))
            assert fields(ours[b"arguments"], (), {}) == fields(theirs[b"arguments"], (), {}), name


# --- By themselves ----------------------------------------------------------------------------

def test_docs_and_info_know_names_in_any_case_and_subcommands(client):
    docs = as_dict(client("COMMAND", "DOCS", "GeT", "Config|Get", "config|bogus", "get|get", "|",
                          ""))
    assert list(docs) == [b"get", b"config|get"]
    rows = client("COMMAND", "INFO", "GET", "CONFIG|SET", "config|", "|get")
    assert [row if row == NIL else row[0] for row in rows] == [b"get", b"config|set", NIL, NIL]


def test_docs_nest_subcommands(client):
    docs = as_dict(as_dict(client("COMMAND", "DOCS", "config"))[b"config"])
    subcommands = as_dict(docs[b"subcommands"])
    assert set(subcommands) == {b"config|get", b"config|set", b"config|resetstat",
                                b"config|rewrite", b"config|help"}
    assert as_dict(subcommands[b"config|get"])[b"since"] == b"2.0.0"
    assert b"arguments" not in docs


def test_all_docs_are_those_of_each_command(client):
    everything = as_dict(client("COMMAND", "DOCS"))
    assert len(everything) == client("COMMAND", "COUNT")
    for name in (b"get", b"client", b"lcs", b"bitfield"):
        assert repr(as_dict(client("COMMAND", "DOCS", name))[name]) == repr(everything[name])


def test_flags_and_categories_are_simple_strings_in_sets(connect):
    row = connect(protocol=3)("COMMAND", "INFO", "config")[0][9][0]
    for words in (row[2], row[6]):
        assert isinstance(words, Set) and words
        assert all(isinstance(word, Simple) for word in words)


def test_names_of_subcommands_are_listed_and_filtered_too(client):
    listed = client("COMMAND", "LIST")
    assert len(listed) == len(set(listed)) > client("COMMAND", "COUNT")
    assert b"config|get" in listed
    assert client("COMMAND", "LIST", "filterby", "pattern", "CONFIG|G*") == [b"config|get"]
    assert set(client("COMMAND", "LIST", "FILTERBY", "ACLCAT", "TRANSACTION")) == {
        b"multi", b"exec", b"discard", b"watch", b"unwatch"}
    assert client("COMMAND", "LIST", "FILTERBY", "ACLCAT", "no-such-category") == []


@pytest.mark.parametrize("arguments", [
    ["FILTERBY"], ["FILTERBY", "ACLCAT"], ["FILTERBY", "ACLCAT", "read", "x"], ["x"],
    ["FILTERBY", "PATTERN", "a", "FILTERBY", "PATTERN", "b"]])
def test_a_list_filters_once_or_not_at_all(client, arguments):
    assert client("COMMAND", "LIST", *arguments) == SYNTAX


def test_the_numbers_of_arguments_are_checked(client):
    assert client("COMMAND", "COUNT", "x") == arity("command|count")
    assert client("COMMAND", "HELP", "x") == arity("command|help")
    assert client("COMMAND", "GETKEYSANDFLAGS") == arity("command|getkeysandflags")


@pytest.mark.parametrize("line,keys", [
    ("BITFIELD k GET u8 0", ["k"]), ("OBJECT FREQ k", ["k"]), ("COPY a b DB 3 REPLACE", ["a", "b"]),
    ("MSETNX a 1 b 2 c 3", ["a", "b", "c"]), ("BITOP NOT d s", ["d", "s"]),
    ("WATCH a b a", ["a", "b", "a"]), ("SET GET GET GET", ["GET"]), ("lcs a b IDX", ["a", "b"]),
    ("memory usage k samples 5", ["k"])])
def test_keys_of_odd_lines(client, line, keys):
    assert client("COMMAND", "GETKEYS", *line.split()) == [key.encode() for key in keys]


def test_more_keys_than_fit_a_small_array(client):
    keys = ["k%d" % i for i in range(500)]
    assert client("COMMAND", "GETKEYS", "DEL", *keys) == [key.encode() for key in keys]
    flagged = client("COMMAND", "GETKEYSANDFLAGS", "DEL", *keys)
    assert [key for key, _ in flagged] == [key.encode() for key in keys]


@pytest.mark.redis72  # before, a name alone was too little
@pytest.mark.parametrize("line,reason", [
    ("CONFIG", "The command has no key arguments"), ("OBJECT", "The command has no key arguments"),
    ("CONFIG GET x", "The command has no key arguments"),
    ("CONFIG BOGUS", "Invalid command specified"),
    ("OBJECT BOGUS k", "Invalid command specified"),
    ("OBJECT ENCODING", "Invalid number of arguments specified for command"),
    ("GET", "Invalid number of arguments specified for command")])
def test_lines_without_keys_say_why(client, line, reason):
    for subcommand in ("GETKEYS", "GETKEYSANDFLAGS"):
        assert client("COMMAND", subcommand, *line.split()) == Error("ERR " + reason)


def test_command_works_inside_a_transaction(client):
    client.pipeline([("MULTI",), ("COMMAND", "COUNT"), ("COMMAND", "GETKEYS", "GET", "a")])
    count, keys = client("EXEC")
    assert count > 50 and keys == [b"a"]


@pytest.mark.skipif(not CLI, reason="redis-cli is not installed")
def test_redis_cli_helps_with_what_the_server_says(server):
    done = subprocess.run([CLI, "-p", str(server.port)], input="help lolwut\nhelp config get\n",
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and done.stderr == ""
    with Client(server.port) as client:
        docs = as_dict(as_dict(client("COMMAND", "DOCS", "lolwut"))[b"lolwut"])
    assert docs[b"summary"].decode() in done.stdout
    assert "CONFIG GET" in done.stdout


def test_redis_py_reads_it(r):
    assert r.command_count() > 50
    assert r.command()["get"]["arity"] == 2
    assert r.command_getkeys("MSET", "a", "1", "b", "2") == ["a", "b"]
    assert b"get" in r.command_list(category="fast")
