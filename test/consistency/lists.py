"""Lists: RPUSH, LRANGE and LLEN alone, in pipelines, in MULTI over a dozen keys and after WATCH.

The checker knows them as lists of tokens, as it does the strings that APPEND makes: a list is the
text of its elements, a length is counted in bytes.
"""

import time

from harness.resp import Error
from history import TOKEN_BYTES, Transaction
from workload import (Step, Unexpected, acknowledged, atomic, connection, executed, number_of,
                      reading)

KEYS = 12


def keys(context, low=1, high=1):
    epoch = context.epoch()
    count = context.rng.randint(low, high)
    return [b"a%d:%d" % (epoch, i) for i in context.rng.sample(range(KEYS), count)]


def text_of(elements):
    """A list as the text of its elements, one that is missing as None."""
    if type(elements) is not list or not all(type(e) is bytes for e in elements):
        raise Unexpected("not a list: %r" % (elements,))
    return b"".join(elements) or None


def bytes_of(count):
    return number_of(count) * TOKEN_BYTES


def push_operations(key, tokens, length):
    """The appends of one RPUSH, the last one's place known from the reply."""
    if length is None:
        return [("append", key, token, None) for token in tokens]
    first = bytes_of(length) - TOKEN_BYTES * (len(tokens) - 1)
    return [("append", key, token, first + i * TOKEN_BYTES) for i, token in enumerate(tokens)]


def push(context):
    (key,) = keys(context)
    tokens = [context.fresh() for _ in range(context.rng.choice([1, 1, 1, 2, 5]))]

    def finish(replies):
        if replies is None:
            return None, push_operations(key, tokens, None)
        return True, push_operations(key, tokens, replies[0])

    return Step([(b"RPUSH", key, *tokens)], finish)


def whole(context):
    (key,) = keys(context)
    return reading([(b"LRANGE", key, b"0", b"-1")],
                   lambda replies: [("read", key, text_of(replies[0]))])


def length(context):
    (key,) = keys(context)
    return reading([(b"LLEN", key)], lambda replies: [("length", key, bytes_of(replies[0]))])


def mixed(context, names):
    """RPUSHs and LRANGEs on some keys: the commands and what their results mean."""
    plan = [(key, [context.fresh()] if context.rng.random() < 0.5 else None) for key in names]
    if context.rng.random() < 0.3:
        plan.append((context.rng.choice(names), None))
    commands = [(b"RPUSH", key, *tokens) if tokens else (b"LRANGE", key, b"0", b"-1")
                for key, tokens in plan]
    intended = [op for key, tokens in plan if tokens
                for op in push_operations(key, tokens, None)]

    def operations(results):
        found = []
        for (key, tokens), result in zip(plan, results):
            if isinstance(result, Error):
                raise Unexpected("inside EXEC: %r" % (result,))
            found += (push_operations(key, tokens, result) if tokens
                      else [("read", key, text_of(result))])
        return found

    return commands, intended, operations


def multi(context):
    return atomic(*mixed(context, keys(context, 2, 4)))


def multi_all(context):
    return atomic(*mixed(context, keys(context, KEYS, KEYS)))


def multi_read(context):
    """All lists at one moment."""
    names = keys(context, KEYS, KEYS)
    return atomic([(b"LRANGE", key, b"0", b"-1") for key in names], [],
                  lambda results: [("read", key, text_of(result))
                                   for key, result in zip(names, results)])


def watched(context, client):
    """WATCH and a look at some lists, then a transaction if nobody pushed in between."""
    names = keys(context, 1, 3)
    invoke = time.monotonic_ns()
    (watch, *values), times = yield [(b"WATCH", *names),
                                     *((b"LRANGE", key, b"0", b"-1") for key in names)], None
    acknowledged(watch)
    seen = [("read", key, text_of(value)) for key, value in zip(names, values)]
    commands, intended, operations = mixed(context, names)

    def lost():
        context.record(invoke, None, None, client, None, intended)

    replies, more_times = yield [(b"MULTI",), *commands, (b"EXEC",)], lost
    ok, done = executed(replies, len(commands), intended, operations)
    if ok:
        context.record(invoke, more_times[-1], True, client, None, seen + done)
    else:
        context.record(invoke, more_times[-1], False, client, None, done)


STEPS = {push: 12, whole: 6, length: 3, multi: 6, multi_all: 2, multi_read: 2}


def run(context, client):
    """One connection."""
    return connection(context, client, STEPS, watched)


def final_reads(client, history):
    """Reads every list once more."""
    last = []
    for key in sorted({op[1] for t in history for op in t.operations if op[0] == "append"}):
        invoke = time.monotonic_ns()
        value = client("LRANGE", key, 0, -1)
        last.append(Transaction(invoke, time.monotonic_ns(), True, 0, None,
                                [("read", key, text_of(value))]))
    return last
