"""A toy server with a fault of one's choice, to see whether the checker finds it.

It speaks enough RESP for the workload. Each fault is one that a sharded server could have:

    none         everything runs in one step
    exec         the commands of a MULTI run with pauses between them
    mget         MGET and MSET take their keys one at a time
    append       two APPENDs at a time to one key may lose one
    watch        WATCH sees nothing
    stale        GET and MGET are sometimes answered from the data of a moment ago
    abort        EXEC answers null after a touched WATCH, but runs all the same
    unordered    the commands of a pipeline may run in any order
"""

import asyncio
import random


class Store:
    """The data, a copy of it that lags behind, and a version for each key."""

    def __init__(self, fault, seed=1):
        self.fault = fault
        self.rng = random.Random(seed)
        self.data = {}
        self.old = {}
        self.versions = {}

    def put(self, key, value):
        self.versions[key] = self.versions.get(key, 0) + 1
        if value is None:
            self.data.pop(key, None)
        else:
            self.data[key] = value

    async def pause(self, *faults):
        if self.fault in faults and self.rng.random() < 0.5:
            await asyncio.sleep(self.rng.random() * 0.002)

    def view(self):
        if self.fault == "stale" and self.rng.random() < 0.05:
            return self.old
        return self.data


def bulk(value):
    return b"$-1\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)


def array(parts):
    return b"*%d\r\n" % len(parts) + b"".join(parts)


async def run(store, words):
    """One command; answers its reply as bytes."""
    name, arguments = words[0].upper(), words[1:]
    if name == b"APPEND":
        value = store.data.get(arguments[0], b"")
        await store.pause("append")
        store.put(arguments[0], value + arguments[1])
        return b":%d\r\n" % (len(value) + len(arguments[1]))
    if name == b"GET":
        return bulk(store.view().get(arguments[0]))
    if name == b"STRLEN":
        return b":%d\r\n" % len(store.data.get(arguments[0], b""))
    if name == b"MGET":
        view, parts = store.view(), []
        for key in arguments:
            parts.append(bulk(view.get(key)))
            await store.pause("mget")
        return array(parts)
    if name == b"MSET":
        for key, value in zip(arguments[::2], arguments[1::2]):
            store.put(key, value)
            await store.pause("mget")
        return b"+OK\r\n"
    if name == b"MSETNX":
        free = not any(key in store.data for key in arguments[::2])
        for key, value in zip(arguments[::2], arguments[1::2]) if free else ():
            store.put(key, value)
        return b":%d\r\n" % free
    if name in (b"SET", b"GETSET"):
        old = store.data.get(arguments[0])
        store.put(arguments[0], arguments[1])
        return bulk(old) if name == b"GETSET" or len(arguments) > 2 else b"+OK\r\n"
    if name in (b"INCRBY", b"DECRBY"):
        amount = int(arguments[1]) if name == b"INCRBY" else -int(arguments[1])
        store.put(arguments[0], b"%d" % (int(store.data.get(arguments[0], b"0")) + amount))
        return b":%d\r\n" % int(store.data[arguments[0]])
    if name in (b"RENAME", b"RENAMENX", b"COPY"):
        return transfer(store, name, arguments)
    if name == b"FLUSHALL":
        for key in list(store.data):
            store.put(key, None)
        store.old = {}
        return b"+OK\r\n"
    return b"-ERR unknown command\r\n"


def transfer(store, name, arguments):
    source, target = arguments[:2]
    if source not in store.data:
        return b":0\r\n" if name == b"COPY" else b"-ERR no such key\r\n"
    if name == b"RENAMENX" and target in store.data:
        return b":0\r\n"
    store.put(target, store.data[source])
    if name != b"COPY":
        store.put(source, None)
    return b"+OK\r\n" if name == b"RENAME" else b":1\r\n"


class Session:
    """One connection: its queue of a MULTI and what it watches."""

    def __init__(self, store):
        self.store = store
        self.queue = None
        self.watched = {}

    async def answer(self, words):
        name = words[0].upper()
        if name == b"MULTI":
            self.queue = []
            return b"+OK\r\n"
        if name == b"WATCH":
            self.watched.update({key: self.store.versions.get(key, 0) for key in words[1:]})
            return b"+OK\r\n"
        if name == b"EXEC":
            return await self.execute()
        if self.queue is not None:
            self.queue.append(words)
            return b"+QUEUED\r\n"
        return await run(self.store, words)

    async def execute(self):
        queue, self.queue = self.queue, None
        watched, self.watched = self.watched, {}
        touched = any(self.store.versions.get(key, 0) != version for key,
                      version in watched.items())
        if touched and self.store.fault not in ("watch", "abort"):
            return b"*-1\r\n"
        replies = []
        for words in queue:
            replies.append(await run(self.store, words))
            await self.store.pause("exec")
        return b"*-1\r\n" if touched and self.store.fault == "abort" else array(replies)


async def read_command(reader):
    count = int((await reader.readline())[1:])
    words = []
    for _ in range(count):
        size = int((await reader.readline())[1:])
        words.append((await reader.readexactly(size + 2))[:-2])
    return words


async def serve(store, reader, writer):
    session = Session(store)
    try:
        while True:
            batch = [await read_command(reader)]
            while store.fault == "unordered" and reader._buffer and len(batch) < 8:
                batch.append(await read_command(reader))
            if len(batch) > 1 and not any(w[0].upper() in (b"MULTI", b"EXEC", b"WATCH")
                                          for w in batch) \
                    and session.queue is None:
                replies = [(await session.answer(words)) for words in reversed(batch)][::-1]
            else:
                replies = [await session.answer(words) for words in batch]
            writer.write(b"".join(replies))
            await store.pause("stale", "none", "watch", "abort")
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        writer.close()


async def lag(store):
    while True:
        store.old = dict(store.data)
        await asyncio.sleep(0.02)


async def main(fault, port_known):
    store = Store(fault)
    server = await asyncio.start_server(lambda r, w: serve(store, r, w), "127.0.0.1", 0)
    port_known(server.sockets[0].getsockname()[1])
    await asyncio.gather(lag(store), server.serve_forever())


def run_forever(fault, pipe):
    """The server in a process of its own; tells its port through the pipe."""
    asyncio.run(main(fault, pipe.send))
