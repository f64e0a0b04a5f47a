"""A toy server of queues and streams with a fault of one's choice, to see whether it is found.

Waiting is looking again and again. Faults of queues:

    none       everything runs in one step
    twice      a job is now and then left where it was popped
    lost       a job that was popped while its client waited is now and then forgotten
    gone       clients that hung up go on popping, and what they get is lost
    lifo       now and then the last job is popped, not the first
    greatest   BZPOPMIN pops any member
    asleep     a client that waits is not told of what came
    blind      the last key that a client waits for is not looked at
    move       BLMOVE forgets to put the job into its target
    unmulti    what EXEC pushes is pushed twice

of streams:

    again      an entry is now and then delivered to the next reader too
    skip       an entry is now and then delivered to nobody
    backwards  the entries of a reply come in the wrong order
    ids        an id is now and then below the one before
    ack        XACK answers that there was nothing
    keep       XACK does not take the entry off the list of what is pending
"""

import asyncio
import random
import time

from broken_server import array, bulk, read_command


class Store:
    """Lists, sorted sets ({member: score}) and streams."""

    def __init__(self, fault):
        self.fault = fault
        self.rng = random.Random(1)
        self.lists, self.zsets, self.streams = {}, {}, {}
        self.moment = 0

    def sometimes(self, *faults, chance=0.03):
        return self.fault in faults and self.rng.random() < chance


class Stream:
    """Entries, what the group has been given, what is pending."""

    def __init__(self):
        self.entries = []
        self.next = 0
        self.pending = {}


def integer(number):
    return b":%d\r\n" % number


def pop_list(store, key, count):
    """Up to so many elements from the left."""
    found = store.lists.get(key, [])
    if store.sometimes("lifo") and len(found) > 2:
        taken = [found.pop()]
    elif store.sometimes("twice"):
        taken = found[:count]
    else:
        taken, found[:count] = found[:count], []
    if not found:
        store.lists.pop(key, None)
    return taken


def blpop(store, words):
    for key in words[1:-1]:
        if store.lists.get(key):
            return array([bulk(key), bulk(pop_list(store, key, 1)[0])])
    return None


def blmpop(store, words):
    keys = words[3:3 + int(words[2])]
    for key in keys:
        if store.lists.get(key):
            taken = pop_list(store, key, int(words[-1]))
            return array([bulk(key), array([bulk(each) for each in taken])])
    return None


def blmove(store, words):
    if not store.lists.get(words[1]):
        return None
    (element,) = pop_list(store, words[1], 1)
    if not store.sometimes("move"):
        store.lists.setdefault(words[2], []).append(element)
    return bulk(element)


def bzpopmin(store, words):
    for key in words[1:-1]:
        members = store.zsets.get(key)
        if members:
            least = min(members, key=lambda member: (members[member], member))
            if store.sometimes("greatest", chance=0.3):
                least = store.rng.choice(list(members))
            return array([bulk(key), bulk(least), bulk(b"%d" % members.pop(least))])
    return None


def read_group(store, words):
    name, count = words[3], int(words[5]) if words[4] == b"COUNT" else 10 ** 9
    at = words.index(b"STREAMS") + 1
    found = []
    for key in words[at:at + (len(words) - at) // 2]:
        stream = store.streams[key]
        entries = stream.entries[stream.next:stream.next + count]
        stream.next += len(entries)
        if entries and store.sometimes("again"):
            stream.next -= 1
        if len(entries) > 1 and store.sometimes("skip"):
            entries = entries[1:]
        if store.fault == "backwards":
            entries = entries[::-1]
        stream.pending.update((number, name) for number, _ in entries)
        if entries:
            found.append(array([bulk(key), rows(entries)]))
    return array(found) if found else None


def rows(entries):
    return array([array([bulk(number), array([bulk(b"token"), bulk(token)])])
                  for number, token in entries])


WAITING = {b"BLPOP": blpop, b"BLMPOP": blmpop, b"BLMOVE": blmove, b"BZPOPMIN": bzpopmin,
           b"XREADGROUP": read_group}


def timeout_of(words):
    """In seconds; 0 where the command does not wait."""
    name = words[0].upper()
    if name == b"XREADGROUP":
        return int(words[7]) / 1000 if words[6:7] == [b"BLOCK"] else 0
    return float(words[1] if name == b"BLMPOP" else words[-1])


def without_last_key(words):
    """The words of a BLPOP without its last key, where it has several."""
    return words[:-2] + words[-1:] if words[0] == b"BLPOP" and len(words) > 3 else words


async def wait(store, words, gone):
    """Tries until it succeeds or the time is up; None if the client hung up."""
    name = words[0].upper()
    end = time.monotonic() + timeout_of(words)
    if store.fault == "blind":
        words = without_last_key(words)
    while True:
        reply = WAITING[name](store, words)
        if reply is not None:
            return None if store.sometimes("lost") else reply
        if gone() and store.fault != "gone":
            return None
        if time.monotonic() >= end:
            return b"*-1\r\n" if name != b"BLMOVE" else b"$-1\r\n"
        if store.fault == "asleep":
            await asyncio.sleep(max(0, end - time.monotonic()))
            return b"*-1\r\n" if name != b"BLMOVE" else b"$-1\r\n"
        await asyncio.sleep(0.0005)


def run(store, words):
    """A command that does not wait."""
    name, arguments = words[0].upper(), words[1:]
    if name == b"RPUSH":
        store.lists.setdefault(arguments[0], []).extend(arguments[1:])
        return integer(len(store.lists[arguments[0]]))
    if name == b"LRANGE":
        return array([bulk(each) for each in store.lists.get(arguments[0], [])])
    if name == b"LMOVE":
        element = store.lists[arguments[0]].pop()
        store.lists.setdefault(arguments[1], []).append(element)
        return bulk(element)
    if name == b"RENAMENX":
        if store.lists.get(arguments[1]):
            return integer(0)
        store.lists[arguments[1]] = store.lists.pop(arguments[0])
        return integer(1)
    if name == b"ZADD":
        for score, member in zip(arguments[1::2], arguments[2::2]):
            store.zsets.setdefault(arguments[0], {})[member] = int(score)
        return integer(len(arguments) // 2)
    if name == b"ZRANGE":
        return array([bulk(each) for each in store.zsets.get(arguments[0], {})])
    if name == b"COMMAND":
        return array([array([bulk(arguments[1])])])
    if name == b"FLUSHALL":
        store.lists, store.zsets, store.streams = {}, {}, {}
        return b"+OK\r\n"
    return run_stream(store, name, arguments)


def run_stream(store, name, arguments):
    if name == b"XGROUP":
        store.streams[arguments[1]] = Stream()
        return b"+OK\r\n"
    stream = store.streams.get(arguments[0])
    if name == b"XADD":
        store.moment += 1
        low = store.sometimes("ids") and store.moment > 20
        number = b"%d-1" % (store.moment - 10 if low else store.moment)
        number = number.replace(b"-1", b"-%d" % store.moment) if low else number
        stream.entries.append((number, arguments[3]))
        return bulk(number)
    if name == b"XRANGE":
        return rows(stream.entries)
    if name == b"XACK":
        count = sum(number in stream.pending for number in arguments[2:])
        for number in arguments[2:]:
            if store.fault != "keep":
                stream.pending.pop(number, None)
        return integer(0 if store.sometimes("ack") else count)
    if name == b"XPENDING":
        return array([array([bulk(number), bulk(owner), integer(0), integer(1)])
                      for number, owner in stream.pending.items()])
    return b"-ERR unknown command\r\n"


class Session:
    """One connection, with the queue of its MULTI."""

    def __init__(self, store, reader):
        self.store = store
        self.reader = reader
        self.queue = None

    async def answer(self, words):
        name = words[0].upper()
        if name == b"MULTI":
            self.queue = []
            return b"+OK\r\n"
        if name == b"EXEC":
            queue, self.queue = self.queue, None
            if self.store.sometimes("unmulti", chance=0.3):
                for each in queue:
                    run(self.store, each)
            return array([run(self.store, each) for each in queue])
        if self.queue is not None:
            self.queue.append(words)
            return b"+QUEUED\r\n"
        if name in WAITING:
            return await wait(self.store, words, self.reader.at_eof)
        return run(self.store, words)


async def serve(store, reader, writer):
    session = Session(store, reader)
    try:
        while True:
            reply = await session.answer(await read_command(reader))
            if reply is None and not reader.at_eof():
                reply = b"*-1\r\n"  # it was popped, and forgotten
            if reply is None or session.store.fault == "gone" and reader.at_eof():
                break
            writer.write(reply)
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass
    writer.close()


async def main(fault, port_known):
    store = Store(fault)
    server = await asyncio.start_server(lambda r, w: serve(store, r, w), "127.0.0.1", 0)
    port_known(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def run_forever(fault, pipe):
    """The server in a process of its own; tells its port through the pipe."""
    asyncio.run(main(fault, pipe.send))
