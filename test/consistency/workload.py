"""The clients whose history is checked: several processes, each with several connections.

A connection is a generator: it yields the commands to send in one write and is resumed with
the replies and the times at which they came. Keys live for an epoch (a fraction of a second),
so that values stay short; their names put them on all shards.
"""

import collections
import pathlib
import pickle
import random
import select
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from harness.resp import Client, Closed, Error, Null, encode_many  # noqa: E402

from history import Transaction, token  # noqa: E402

EPOCH_NS = 250_000_000
LIST_KEYS = 6
GROUPS = 2
GROUP_KEYS = 4
ACCOUNTS = [b"bank:%d" % i for i in range(12)]
BALANCE = 100 * len(ACCOUNTS)
MOVE_KEYS = [b"move:%d" % i for i in range(20)]
TOKENS = [b"token%d" % i for i in range(8)]

# What is sent, and a function from the replies (None: they never came) to (ok, operations).
Step = collections.namedtuple("Step", "commands finish")


class Unexpected(Exception):
    """A reply that no order of operations explains: an error, a wrong type."""


class Context:
    """What the connections of one process share."""

    def __init__(self, worker, rng, start_ns, end_ns):
        self.worker = worker
        self.rng = rng
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.count = 0
        self.pipelines = 0
        self.transactions = []
        self.aborted = 0

    def epoch(self):
        return (time.monotonic_ns() - self.start_ns) // EPOCH_NS

    def fresh(self):
        """A token that no other append or write uses."""
        self.count += 1
        return token(self.worker, self.count)

    def list_keys(self, low=1, high=1):
        epoch = self.epoch()
        count = self.rng.randint(low, high)
        return [b"a%d:%d" % (epoch, i) for i in self.rng.sample(range(LIST_KEYS), count)]

    def group(self, letter):
        name = b"%s%d.%d" % (letter, self.epoch(), self.rng.randrange(GROUPS))
        return [b"%s:%d" % (name, i) for i in range(GROUP_KEYS)]

    def record(self, invoke, complete, ok, client, pipeline, operations):
        if ok is False:
            self.aborted += 1
        if operations:
            self.transactions.append(Transaction(invoke, complete, ok, client, pipeline,
                                                 operations))


def found(value):
    """A bulk as bytes, a null as None."""
    if isinstance(value, Null):
        return None
    if not isinstance(value, bytes):
        raise Unexpected("not a string: %r" % (value,))
    return value


def number_of(value):
    if type(value) is not int:
        raise Unexpected("not a number: %r" % (value,))
    return value


def reads(keys, values):
    if type(values) is not list or len(values) != len(keys):
        raise Unexpected("not %d values: %r" % (len(keys), values))
    return [("read", key, found(value)) for key, value in zip(keys, values)]


def writes(keys, value):
    return [("write", key, value) for key in keys]


def acknowledged(value):
    if value != "OK":
        raise Unexpected("not OK: %r" % (value,))


# --- single commands --------------------------------------------------------------------------

def append(context):
    (key,), text = context.list_keys(), context.fresh()

    def finish(replies):
        if replies is None:
            return None, [("append", key, text, None)]
        return True, [("append", key, text, number_of(replies[0]))]

    return Step([(b"APPEND", key, text)], finish)


def reading(commands, operations):
    """A step that only reads: nothing to say when its replies never came."""
    return Step(commands, lambda replies: (None, []) if replies is None
                else (True, operations(replies)))


def get(context):
    (key,) = context.list_keys()
    return reading([(b"GET", key)], lambda replies: [("read", key, found(replies[0]))])


def strlen(context):
    (key,) = context.list_keys()
    return reading([(b"STRLEN", key)], lambda replies: [("length", key, number_of(replies[0]))])


def mget_lists(context):
    keys = context.list_keys(2, 4)
    return reading([(b"MGET", *keys)], lambda replies: reads(keys, replies[0]))


def mget_group(context):
    keys = context.group(context.rng.choice([b"g", b"b"]))
    if context.rng.random() < 0.3:
        keys = context.rng.sample(keys, 2)
    return reading([(b"MGET", *keys)], lambda replies: reads(keys, replies[0]))


def get_register(context):
    key = context.rng.choice(context.group(context.rng.choice([b"g", b"b"])))
    return reading([(b"GET", key)], lambda replies: [("read", key, found(replies[0]))])


def getset(context):
    key, text = b"g%d.s:%d" % (context.epoch(), context.rng.randrange(4)), context.fresh()

    def finish(replies):
        if replies is None:
            return None, [("write", key, text)]
        return True, [("read", key, found(replies[0])), ("write", key, text)]

    return Step([context.rng.choice([(b"GETSET", key, text), (b"SET", key, text, b"GET")])], finish)


def msetnx(context):
    epoch, text = context.epoch(), context.fresh()
    keys = [b"g%d.n:%d" % (epoch, i) for i in context.rng.sample(range(40), 3)]

    def finish(replies):
        if replies is None:
            return None, writes(keys, text)
        if number_of(replies[0]) == 0:
            return True, []
        return True, [("read", key, None) for key in keys] + writes(keys, text)

    return Step([(b"MSETNX", *[word for key in keys for word in (key, text)])], finish)


def mget_once(context):
    epoch = context.epoch()
    keys = [b"g%d.n:%d" % (epoch, i) for i in context.rng.sample(range(40), 6)]
    return reading([(b"MGET", *keys)], lambda replies: reads(keys, replies[0]))


def mset(context):
    keys, text = context.group(b"b"), context.fresh()

    def finish(replies):
        if replies is None:
            return None, writes(keys, text)
        acknowledged(replies[0])
        return True, writes(keys, text)

    return Step([(b"MSET", *[word for key in keys for word in (key, text)])], finish)


def balances(_context):
    return reading([(b"MGET", *ACCOUNTS)],
                   lambda replies: [("balances", tuple(map(found, replies[0])))])


def holders(_context):
    return reading([(b"MGET", *MOVE_KEYS)],
                   lambda replies: [("holders", tuple(map(found, replies[0])))])


def move(context):
    source, target = context.rng.sample(MOVE_KEYS, 2)

    def finish(replies):
        if replies is not None and replies[0] not in (0, 1, Error("ERR no such key")):
            raise Unexpected("RENAMENX answered %r" % (replies[0],))
        return True, []

    return Step([(b"RENAMENX", source, target)], finish)


# --- MULTI ... EXEC ---------------------------------------------------------------------------

def atomic(commands, intended, operations):
    """Commands inside MULTI and EXEC, sent in one write."""
    def finish(replies):
        if replies is None:
            return None, intended
        return executed(replies, len(commands), intended, operations)

    return Step([(b"MULTI",), *commands, (b"EXEC",)], finish)


def executed(replies, count, intended, operations):
    """What a transaction came to, from the replies to MULTI, its commands and EXEC."""
    acknowledged(replies[0])
    if any(reply != "QUEUED" for reply in replies[1:-1]):
        raise Unexpected("not QUEUED: %r" % (replies[1:-1],))
    results = replies[-1]
    if isinstance(results, Null):
        return False, intended
    if type(results) is not list or len(results) != count:
        raise Unexpected("EXEC answered %r" % (results,))
    for result in results:
        if isinstance(result, Error) and result != Error("ERR no such key"):
            raise Unexpected("inside EXEC: %r" % (result,))
    return True, operations(results)


def mixed_lists(context, keys):
    """APPENDs and GETs on some keys: the commands and what their results mean."""
    plan = [(key, context.fresh() if context.rng.random() < 0.6 else None) for key in keys]
    if context.rng.random() < 0.3:
        plan.append((context.rng.choice(keys), None))
    commands = [(b"APPEND", key, text) if text else (b"GET", key) for key, text in plan]
    intended = [("append", key, text, None) for key, text in plan if text]

    def operations(results):
        return [("append", key, text, number_of(result)) if text else ("read", key, found(result))
                for (key, text), result in zip(plan, results)]

    return commands, intended, operations


def multi_lists(context):
    return atomic(*mixed_lists(context, context.list_keys(2, 4)))


def group_write(context, keys, text):
    """A few ways to give all keys of a group the same value."""
    style = context.rng.randrange(3)
    if style == 0:
        return [(b"MSET", *[word for key in keys for word in (key, text)])]
    first = [(b"SET", keys[0], text)]
    if style == 2:
        spare = b"spare:%d" % context.rng.randrange(1 << 30)
        first = [(b"SET", spare, text), (b"RENAME", spare, keys[0])]
    return first + [(b"COPY", keys[0], key, b"REPLACE") for key in keys[1:]]


def multi_group(context):
    """Reads a group of registers and writes it, in one transaction."""
    keys, text = context.group(b"g"), context.fresh()
    commands = [(b"MGET", *keys), *group_write(context, keys, text)]
    return atomic(commands, writes(keys, text),
                  lambda results: reads(keys, results[0]) + writes(keys, text))


def multi_blind(context):
    keys, text = context.group(b"b"), context.fresh()
    return atomic(group_write(context, keys, text), writes(keys, text),
                  lambda _: writes(keys, text))


def multi_transfer(context):
    source, target = context.rng.sample(ACCOUNTS, 2)
    amount = context.rng.randint(1, 50)
    commands = [(b"DECRBY", source, amount), (b"INCRBY", target, amount)]
    if context.rng.random() < 0.3:
        commands.append((b"MGET", *ACCOUNTS))

    def operations(results):
        number_of(results[0]), number_of(results[1])
        return [("balances", tuple(map(found, results[2])))] if len(results) > 2 else []

    return atomic(commands, [], operations)


def multi_move(context):
    one, two, three = context.rng.sample(MOVE_KEYS, 3)
    commands = [(b"RENAMENX", one, two), (b"MGET", *MOVE_KEYS), (b"RENAMENX", two, three)]
    return atomic(commands, [], lambda results: [("holders", tuple(map(found, results[1])))])


# --- WATCH ------------------------------------------------------------------------------------

def watched(context, client):
    """WATCH and MGET, then a transaction that holds only if nobody wrote in between."""
    on_lists = context.rng.random() < 0.6
    keys = context.list_keys(1, 3) if on_lists else context.group(b"g")
    invoke = time.monotonic_ns()
    (watch, values), times = yield [(b"WATCH", *keys), (b"MGET", *keys)], lambda: None
    acknowledged(watch)
    seen = reads(keys, values)
    if on_lists:
        commands, intended, operations = mixed_lists(context, keys)
    else:
        text = context.fresh()
        commands, intended = group_write(context, keys, text), writes(keys, text)

        def operations(_):
            return writes(keys, text)

    def lost():
        context.record(invoke, None, None, client, None, intended)

    replies, more_times = yield [(b"MULTI",), *commands, (b"EXEC",)], lost
    ok, done = executed(replies, len(commands), intended, operations)
    if ok:
        context.record(invoke, more_times[-1], True, client, None, seen + done)
    else:
        context.record(invoke, times[-1], True, client, None, seen)
        context.record(invoke, more_times[-1], False, client, None, done)


STEPS = {append: 12, get: 5, strlen: 2, mget_lists: 4, mget_group: 5, get_register: 2, getset: 3,
         msetnx: 2, mget_once: 1,
         mset: 3, balances: 1, holders: 1, move: 3, multi_lists: 5, multi_group: 3, multi_blind: 2,
         multi_transfer: 4,
         multi_move: 1}


def connection(context, client, table, with_watch):
    """One connection: pipelines of random steps, now and then a WATCH."""
    kinds, weights = list(table), list(table.values())
    rng = context.rng
    while time.monotonic_ns() < context.end_ns:
        if rng.random() < 0.15:
            yield from with_watch(context, client)
            continue
        steps = [make(context) for make in rng.choices(kinds, weights,
                                                       k=rng.choice([1, 1, 2, 4, 8]))]
        context.pipelines += 1
        pipeline = (context.worker, context.pipelines) if len(steps) > 1 else None
        invoke = time.monotonic_ns()

        def lost(steps=steps, invoke=invoke, pipeline=pipeline):
            for step in steps:
                context.record(invoke, None, None, client, pipeline, step.finish(None)[1])

        replies, times = yield [c for step in steps for c in step.commands], lost
        place = 0
        for step in steps:
            end = place + len(step.commands)
            ok, operations = step.finish(replies[place:end])
            context.record(invoke, times[end - 1], ok, client, pipeline, operations)
            place = end


def run(context, client):
    return connection(context, client, STEPS, watched)


class Driver:
    """Runs one generator on one socket."""

    def __init__(self, port, generator):
        self.client = Client(port, timeout=30)
        self.generator = generator
        self.replies, self.times, self.expected = [], [], 0
        self.lost = None

    def resume(self, value=None):
        """Sends what the generator wants sent next; False when it has ended."""
        try:
            commands, self.lost = self.generator.send(value)
        except StopIteration:
            self.lost = None
            return False
        self.replies, self.times, self.expected = [], [], len(commands)
        self.client.send_raw(encode_many(commands))
        return True

    def on_readable(self):
        """Takes what has come; False when the connection has nothing left to do."""
        data = self.client.sock.recv(1 << 18)
        if not data:
            raise Closed("the server closed a connection")
        now = time.monotonic_ns()
        decoder = self.client.decoder
        decoder.feed(data)
        while (value := decoder.next()) is not None:
            self.replies.append(value)
            self.times.append(now)
        if len(self.replies) > self.expected:
            raise Unexpected("more replies than commands: %r" % (self.replies[self.expected:],))
        if len(self.replies) == self.expected:
            return self.resume((self.replies, self.times))
        return True


def run_worker(script, worker, port, connections, seed, start_ns, end_ns, path):
    """One process: all its connections, each a generator that script(context, client) makes, until
    the time is up; the history goes to a file."""
    context = Context(worker, random.Random("%s/%d" % (seed, worker)), start_ns, end_ns)
    trouble = []
    drivers = {}
    poll = select.poll()
    for i in range(connections):
        driver = Driver(port, script(context, worker * 1000 + i))
        drivers[driver.client.sock.fileno()] = driver
        poll.register(driver.client.sock, select.POLLIN)
    for driver in drivers.values():
        driver.resume()
    grace_ns = end_ns + 30_000_000_000
    while drivers:
        for descriptor, _ in poll.poll(1000):
            driver = drivers[descriptor]
            try:
                going = driver.on_readable()
            except (Unexpected, Closed, OSError) as problem:
                trouble.append("%s: %s" % (type(problem).__name__, problem))
                if driver.lost:
                    driver.lost()
                going = False
            if not going:
                poll.unregister(descriptor)
                del drivers[descriptor]
                driver.client.close()
        if time.monotonic_ns() > grace_ns:
            trouble.append("Silence: %d connections wait for a reply since 30 s" % len(drivers))
            break
    with open(path, "wb") as out:
        rows = [tuple(getattr(t, name) for name in Transaction.__slots__)
                for t in context.transactions]
        pickle.dump((rows, trouble, context.aborted), out, protocol=pickle.HIGHEST_PROTOCOL)


def prepare(client):
    """The accounts with their money and the tokens at their first places."""
    acknowledged(client("FLUSHALL"))
    acknowledged(client("MSET", *[word for account in ACCOUNTS for word in (account, b"100")]))
    acknowledged(client("MSET", *[word for key, text in zip(MOVE_KEYS, TOKENS)
                                  for word in (key, text)]))


def final_reads(client, history):
    """Reads every list once more, so that an append that was lost at the end is missed."""
    keys = sorted({op[1] for t in history for op in t.operations if op[0] == "append"})
    last = []
    for start in range(0, len(keys), 100):
        part = keys[start:start + 100]
        invoke = time.monotonic_ns()
        values = client("MGET", *part)
        last.append(Transaction(invoke, time.monotonic_ns(), True, 0, None, reads(part, values)))
    for step in (balances(None), holders(None)):
        invoke = time.monotonic_ns()
        ok, operations = step.finish([client(*step.commands[0])])
        last.append(Transaction(invoke, time.monotonic_ns(), ok, 0, None, operations))
    return last
