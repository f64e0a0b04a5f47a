"""Queues: producers push numbered jobs on keys of all shards, consumers wait for them.

Jobs go into lists (RPUSH and its like at the right end, taken at the left end) and into sorted
sets (taken by BZPOPMIN). Consumers wait for several keys, some for a moment only, and some hang
up while they wait. queue_checker.py judges what they recorded.
"""

import collections
import time

from actors import Actor, Unexpected
from harness.resp import NIL, Null

LISTS = [b"q:%d" % i for i in range(6)]
SORTED = [b"z:%d" % i for i in range(3)]
SCORES = 5

# elements: in the order in which they were pushed; scores: theirs in a sorted set, else None.
Push = collections.namedtuple("Push", "invoke complete client key elements scores")
# result: (key, elements), or None for nothing; gone: how the client hung up, if it did;
# target: the list where BLMOVE put it.
Pop = collections.namedtuple("Pop", "invoke complete client keys most result gone target")


def private(number):
    return b"moved:" + number.encode()


class Worker(Actor):
    """What producers and consumers have in common: sorted sets are left out where the server has
    no BZPOPMIN."""

    def __init__(self, *how):
        super().__init__(*how)
        self.middle_ns = (self.start_ns + self.end_ns) // 2
        self.has_sorted = self.client("COMMAND", "INFO", "bzpopmin")[0] != NIL


class Producer(Worker):
    """Pushes a few jobs in one of many ways, then rests, so that consumers have to wait."""

    def step(self):
        self.rng.choice([self.push, self.push, self.push_many, self.push_in_multi, self.move,
                         self.rename, self.add if self.has_sorted else self.push])()
        time.sleep(self.rng.choice([0, 0, 0.001, 0.005, 0.02]))

    def record(self, invoke, complete, key, elements, scores=None):
        self.records.append(Push(invoke, complete, self.number, key, tuple(elements), scores))

    def push(self):
        key, element = self.rng.choice(LISTS), self.fresh()
        _, invoke, complete = self.ask("RPUSH", key, element)
        self.record(invoke, complete, key, [element])

    def push_many(self):
        key = self.rng.choice(LISTS)
        elements = [self.fresh() for _ in range(self.rng.randint(2, 6))]
        _, invoke, complete = self.ask("RPUSH", key, *elements)
        self.record(invoke, complete, key, elements)

    def push_in_multi(self):
        """To several lists at once, some twice."""
        plan = [(self.rng.choice(LISTS), self.fresh()) for _ in range(self.rng.randint(2, 5))]
        invoke = time.monotonic_ns()
        replies = self.client.pipeline([["MULTI"], *(["RPUSH", key, element]
                                                     for key, element in plan), ["EXEC"]])
        complete = time.monotonic_ns()
        if not isinstance(replies[-1], list) or len(replies[-1]) != len(plan):
            raise Unexpected("EXEC answered %r" % (replies[-1],))
        for key in dict.fromkeys(key for key, _ in plan):
            self.record(invoke, complete, key, [e for own, e in plan if own == key])

    def move(self):
        key, element, spare = self.rng.choice(LISTS), self.fresh(), b"spare:" + self.fresh()
        self.ask("RPUSH", spare, element)
        reply, invoke, complete = self.ask("LMOVE", spare, key, "RIGHT", "RIGHT")
        if reply != element:
            raise Unexpected("LMOVE answered %r" % (reply,))
        self.record(invoke, complete, key, [element])

    def rename(self):
        """A whole list appears where there was none."""
        key, spare = self.rng.choice(LISTS), b"spare:" + self.fresh()
        elements = [self.fresh(), self.fresh()]
        self.ask("RPUSH", spare, *elements)
        reply, invoke, complete = self.ask("RENAMENX", spare, key)
        if reply == 1:
            self.record(invoke, complete, key, elements)

    def add(self):
        key = self.rng.choice(SORTED)
        elements = [self.fresh() for _ in range(self.rng.randint(1, 3))]
        scores = tuple(self.rng.randrange(SCORES) for _ in elements)
        _, invoke, complete = self.ask("ZADD", key, *(word for pair in zip(scores, elements)
                                                      for word in pair))
        self.record(invoke, complete, key, elements, scores)


class Consumer(Worker):
    """Waits for a job on some keys; in the second half of the time it hangs up now and then."""

    def timeout(self):
        return self.rng.choice(["0.001", "0.003", "0.01", "0.05", "0.3", "2"])

    def step(self):
        words, keys, most, read, target = self.rng.choice(
            [self.blpop, self.blmpop, self.blmove,
             self.bzpopmin if self.has_sorted else self.blpop])()
        if time.monotonic_ns() > self.middle_ns and self.rng.random() < 0.2:
            reply, invoke, complete, gone = self.ask_and_go(*words)
        else:
            reply, invoke, complete = self.ask(*words)
            gone = False
        result = None if gone or isinstance(reply, Null) else read(reply)
        self.records.append(Pop(invoke, complete, self.number, tuple(keys), most, result, gone,
                                target))

    def some(self, keys):
        return self.rng.sample(keys, self.rng.randint(1, len(keys)))

    def blpop(self):
        keys = self.some(LISTS)
        return (["BLPOP", *keys, self.timeout()], keys, 1,
                lambda reply: (reply[0], [reply[1]]), None)

    def blmpop(self):
        keys, most = self.some(LISTS), self.rng.randint(1, 4)
        return (["BLMPOP", self.timeout(), len(keys), *keys, "LEFT", "COUNT", most], keys, most,
                lambda reply: (reply[0], reply[1]), None)

    def blmove(self):
        key, target = self.rng.choice(LISTS), private(self.number)
        return (["BLMOVE", key, target, "LEFT", "RIGHT", self.timeout()], [key], 1,
                lambda reply: (key, [reply]), target)

    def bzpopmin(self):
        keys = self.some(SORTED)
        return (["BZPOPMIN", *keys, self.timeout()], keys, 1,
                lambda reply: (reply[0], [reply[1]]), None)


KINDS = [Producer, Consumer, Consumer, Producer, Consumer]
NEEDS = ["blpop", "blmpop", "blmove"]


def leftovers(client, records):
    """What lies in the lists and sorted sets at the end: {key: [elements]}."""
    targets = {record.target for record in records if isinstance(record, Pop) and record.target}
    left = {key: client("LRANGE", key, 0, -1) for key in [*LISTS, *sorted(targets)]}
    left.update((key, client("ZRANGE", key, 0, -1)) for key in SORTED)
    return left
