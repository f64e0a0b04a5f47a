#!/usr/bin/python3
"""Compares the command table with what a Redis server says about the same commands.

    check_commands.py [--server redis-server]

starts the server on a free port of 127.0.0.1 and compares every command both have: arity,
flags, key range, ACL categories, tips, key specs and subcommands (COMMAND INFO); since, group,
deprecation, versions of the history and the tokens of the arguments (COMMAND DOCS). Texts are
ours and not compared. Prints the differences nobody explained and fails if there are any.

Debian's server is 7.0 and the table is 7.2; what changed between the two is in REASONS. An entry
there that no longer differs is an error too.
"""

import argparse
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import redis

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ROOT / "engine" / "commands"
sys.path.insert(0, str(COMMANDS))

import command_rows  # noqa: E402

# Why the table is right to differ from Redis 7.0: reason -> what -> commands.
REASONS = {
    "7.2 lets scripts call blocking commands, which do not wait there": {
        "flags": ["BLMOVE", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZPOPMAX", "BZPOPMIN"],
    },
    "new option WITHSCORE of 7.2": {
        "arity": ["ZRANK", "ZREVRANK"],
        "history": ["ZRANK", "ZREVRANK"],
        "tokens": ["ZRANK", "ZREVRANK"],
    },
    "7.2 takes a command without arguments": {
        "arity": ["COMMAND|GETKEYS", "COMMAND|GETKEYSANDFLAGS"],
    },
    "7.2 answers more": {
        "history": ["XINFO|CONSUMERS", "XINFO|STREAM"],
    },
    "7.2 declares these deprecated": {
        field: ["PSETEX", "QUIT", "SETEX", "SETNX"]
        for field in ("deprecated_since", "replaced_by", "doc_flags")
    },
    "7.2 corrected the tips": {
        "tips": ["CLIENT|SETNAME", "CONFIG|RESETSTAT", "CONFIG|REWRITE", "LATENCY|RESET", "MSETNX",
                 "RANDOMKEY", "SCAN"],
    },
    "7.2 lists the words that 7.0 leaves to the reader": {
        "tokens": ["BITOP", "CLIENT|KILL"],
    },
    "7.2 corrected the version": {
        "since": ["CLIENT|PAUSE"],
    },
    "Redis forgot that COUNT ANY came to these too": {
        "history": ["GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"],
    },
}
KNOWN = {(name, what): reason for reason, facts in REASONS.items()
         for what, names in facts.items() for name in names}


class Server:
    """A server with no persistence that lives as long as the `with` block."""

    def __init__(self, program):
        self.program = program

    def __enter__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.directory = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [self.program, "--port", str(port), "--bind", "127.0.0.1", "--save", "",
             "--dir", self.directory.name], stdout=subprocess.DEVNULL)
        client = redis.Redis(port=port, decode_responses=True)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                return client
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    self.__exit__()
                    raise
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()


def pairs(flat):
    """A RESP2 map as dict."""
    return dict(zip(flat[::2], flat[1::2]))


def their_spec(flat):
    spec = pairs(flat)
    parts = []
    for part in ("begin_search", "find_keys"):
        found = pairs(spec[part])
        parts.append((found["type"], pairs(found["spec"])))
    return sorted(spec["flags"]), *parts


def our_spec(spec):
    names = {"pos": "index", "step": "keystep"}
    parts = []
    for part in ("begin_search", "find_keys"):
        (kind, values), = spec[part].items()
        parts.append((kind, {names.get(name, name): value for name, value in values.items()}))
    return sorted(spec["flags"]), *parts


def their_tokens(arguments):
    """Every token in a tree of arguments. Names changed all over between 7.0 and 7.2."""
    tokens = set()
    for argument in map(pairs, arguments):
        tokens |= {argument.get("token", "").upper()} | their_tokens(argument.get("arguments", []))
    return tokens - {""}


def our_tokens(arguments):
    tokens = set()
    for argument in arguments:
        tokens |= {argument.get("token", "").upper()} | our_tokens(argument.get("arguments", []))
    return tokens - {""}


def compare(name, row, info, docs, hidden):
    """Yields (what, ours, theirs) for each fact."""
    yield "arity", row["arity"], info[1]
    yield "flags", sorted(set(row["flags"]) - hidden), sorted(info[2])
    yield "range", list(row["range"]), info[3:6]
    yield "acl", sorted(row["all_acl"]), sorted(word[1:] for word in info[6])
    yield "tips", sorted(row["tips"]), sorted(info[7])
    yield "key_specs", list(map(our_spec, row["key_specs"])), list(map(their_spec, info[8]))
    for field in ("since", "group", "deprecated_since", "replaced_by"):
        yield field, row[field], docs.get(field)
    yield "doc_flags", sorted(row["doc_flags"]), sorted(docs.get("doc_flags", []))
    yield ("history", [version for version, _ in row["history"]],
           [version for version, _ in docs.get("history", [])])
    yield ("tokens", sorted(our_tokens(row["arguments"])),
           sorted(their_tokens(docs.get("arguments", []))))


def look_up(client, rows):
    """What the server says: name -> (info, docs), subcommands included."""
    found = {}
    for name in rows:
        if "|" in name:
            continue
        info = client.execute_command("COMMAND INFO", name)[0]
        docs = pairs(client.execute_command("COMMAND DOCS", name)).get(name.lower())
        if info is None:
            continue
        found[name] = info, pairs(docs)
        sub_docs = pairs(pairs(docs).get("subcommands", []))
        for sub in info[9]:
            found[sub[0].upper()] = sub, pairs(sub_docs[sub[0]])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", default="redis-server")
    options = parser.parse_args()
    words = command_rows.Words(COMMANDS / "command_words.def")
    rows = command_rows.load(sorted((COMMANDS / "table").glob("*.json")), words)
    with Server(options.server) as client:
        theirs = look_up(client, rows)
    unexplained, compared, unused = 0, 0, set(KNOWN)
    for name in sorted(set(rows) & set(theirs)):
        for what, ours, other in compare(name, rows[name], *theirs[name], words.hidden):
            compared += 1
            if ours == other:
                continue
            if (name, what) in KNOWN:
                unused.discard((name, what))
                continue
            unexplained += 1
            print(f"{name}: {what}\n    ours   {ours}\n    theirs {other}")
    for name, what in sorted(unused):
        print(f"{name}: {what}: listed as known, but equal")
    only_ours = sorted(set(rows) - set(theirs))
    print(f"{compared} facts of {len(set(rows) & set(theirs))} commands compared, "
          f"{unexplained} unexplained; not in the server: {', '.join(only_ours) or 'none'}")
    return 1 if unexplained or unused else 0


if __name__ == "__main__":
    sys.exit(main())
