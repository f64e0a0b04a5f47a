"""Streams: producers add entries to keys of all shards, consumers of one group wait for them.

Consumers read several streams at once, acknowledge most of what they get, some wait for a moment
only, and some hang up while they wait. stream_checker.py judges what they recorded.
"""

import collections
import time

from actors import Actor, Unexpected
from harness.resp import Error, Null

STREAMS = [b"s:%d" % i for i in range(5)]
GROUP = b"group"

Add = collections.namedtuple("Add", "invoke complete client key id token")
# result: {key: [(id, token)]}; gone: how the client hung up, if it did.
Read = collections.namedtuple("Read", "invoke complete client keys most result gone")
Ack = collections.namedtuple("Ack", "invoke complete client key ids count")
# What is there at the end: {key: [(id, token)]}, {key: {id: consumer}} that were delivered and not
# acknowledged, {key: [(id, token)]} that were delivered to nobody.
End = collections.namedtuple("End", "entries pending rest")


def entries_of(rows):
    """[(id, token)] of a reply; raises if an entry is not one of ours."""
    found = []
    for number, fields in rows:
        if len(fields) != 2 or fields[0] != b"token":
            raise Unexpected("an entry of %r" % (fields,))
        found.append((number, fields[1]))
    return found


class Producer(Actor):
    """Adds an entry, or several to several streams at once, and rests."""

    def step(self):
        if self.rng.random() < 0.3:
            self.add_in_multi()
        else:
            key, token = self.rng.choice(STREAMS), self.fresh()
            number, invoke, complete = self.ask("XADD", key, "*", "token", token)
            self.records.append(Add(invoke, complete, self.number, key, number, token))
        time.sleep(self.rng.choice([0, 0, 0.001, 0.005, 0.02]))

    def add_in_multi(self):
        plan = [(key, self.fresh()) for key in self.rng.sample(STREAMS, self.rng.randint(2, 4))]
        invoke = time.monotonic_ns()
        replies = self.client.pipeline([["MULTI"], *(["XADD", key, "*", "token", token]
                                                     for key, token in plan), ["EXEC"]])
        complete = time.monotonic_ns()
        if not isinstance(replies[-1], list) or len(replies[-1]) != len(plan):
            raise Unexpected("EXEC answered %r" % (replies[-1],))
        for (key, token), number in zip(plan, replies[-1]):
            self.records.append(Add(invoke, complete, self.number, key, number, token))


class Consumer(Actor):
    """Reads what is new for the group and acknowledges it."""

    def step(self):
        keys = self.rng.sample(STREAMS, self.rng.randint(1, len(STREAMS)))
        most = self.rng.randint(1, 5)
        words = ["XREADGROUP", "GROUP", GROUP, self.number, "COUNT", most, "BLOCK",
                 self.rng.choice([1, 3, 10, 50, 300, 2000]), "STREAMS", *keys, *[">"] * len(keys)]
        if self.rng.random() < 0.06:
            reply, invoke, complete, gone = self.ask_and_go(*words)
        else:
            reply, invoke, complete = self.ask(*words)
            gone = False
        result = {} if gone or isinstance(reply, Null) else {
            key: entries_of(rows) for key, rows in reply}
        self.records.append(Read(invoke, complete, self.number, tuple(keys), most, result, gone))
        for key, entries in result.items():
            if self.rng.random() < 0.9:
                self.acknowledge(key, [number for number, _ in entries])

    def acknowledge(self, key, ids):
        count, invoke, complete = self.ask("XACK", key, GROUP, *ids)
        self.records.append(Ack(invoke, complete, self.number, key, tuple(ids), count))


KINDS = [Producer, Consumer, Consumer, Producer, Consumer]
NEEDS = ["xadd", "xreadgroup", "xack", "xpending"]


def prepare(client):
    for key in STREAMS:
        reply = client("XGROUP", "CREATE", key, GROUP, "0", "MKSTREAM")
        if isinstance(reply, Error):
            raise Unexpected("XGROUP answered %r" % (reply,))


def leftovers(client, _records):
    """The End: entries, what is pending, and what was left to read."""
    entries, pending, rest = {}, {}, {}
    for key in STREAMS:
        entries[key] = entries_of(client("XRANGE", key, "-", "+"))
        pending[key] = {row[0]: row[1].decode()
                        for row in client("XPENDING", key, GROUP, "-", "+", 10 ** 9)}
        reply = client("XREADGROUP", "GROUP", GROUP, "last", "STREAMS", key, ">")
        rest[key] = [] if isinstance(reply, Null) else entries_of(reply[0][1])
    return End(entries, pending, rest)
