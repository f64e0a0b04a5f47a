#!/usr/bin/python3
"""Random command streams into two servers; every reply and the final data set are compared.

The work goes in rounds: flush both, make a stream from (seed, round), run it, compare the
data sets. A difference is shrunk to a short script (delta debugging over the commands, then
over their words) and printed as redis-cli lines. Exit code 1 on a difference.
Differences that are meant to be stand in accepted.tsv.
"""

import argparse
import collections
import pathlib
import random
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import families  # noqa: E402
from dead import DeadKeys  # noqa: E402
from families.grammar import DATABASES, JUNK, OTHER_TYPES, Pause, Say  # noqa: E402
from harness.resp import (NIL, Client, Closed, Double, Error, Map, Null,  # noqa: E402
                          ProtocolError, encode_many, identical, to_bytes)
from harness.server import Server, binary_path  # noqa: E402

Difference = collections.namedtuple("Difference", "position command reference tested")
CONNECTIONS = 2
BATCH = 48
TTL_TOLERANCE = {b"TTL": 2, b"PTTL": 2000, b"EXPIRETIME": 2, b"PEXPIRETIME": 2000}
UNORDERED = {b"KEYS", b"SMEMBERS", b"HKEYS", b"HVALS", b"SUNION", b"SINTER", b"SDIFF"}
GEO_READERS = {b"GEOSEARCH", b"GEORADIUS", b"GEORADIUSBYMEMBER", b"GEORADIUS_RO",
               b"GEORADIUSBYMEMBER_RO"}
WALKS = {b"SCAN": 1, b"SSCAN": 2, b"HSCAN": 2, b"ZSCAN": 2}  # where their cursor stands
MOST_PAGES = 5000
NO_VALUE = "0" * 40  # what DEBUG DIGEST-VALUE says of a missing key
TAKES_MORE = {"ZRANK", "ZREVRANK"}  # 7.2 has a further option, which 7.0 refuses
OF_TRANSACTIONS = {"MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "RESET"}
READERS = {"string": ["GET"], "list": ["LRANGE", "0", "-1"], "set": ["SMEMBERS"],
           "hash": ["HGETALL"],
           "zset": ["ZRANGE", "0", "-1", "WITHSCORES"], "stream": ["XRANGE", "-", "+"]}


# --- streams ----------------------------------------------------------------------------------

def mutate(rng, words):
    """Now and then a word too many, too few, or out of place."""
    roll = rng.random()
    if any("LEX" in word for word in words[:6] if isinstance(word, str)):
        return words  # means nothing on a key whose scores differ, as another one's may
    if roll < 0.015 and len(words) > 1:
        return words[:-1]
    if roll < 0.03:
        return words if words[0] in TAKES_MORE else words + [rng.choice(JUNK)]
    if roll < 0.045 and len(words) > 1:
        place = rng.randrange(1, len(words))
        return words[:place] + [rng.choice(JUNK)] + words[place + 1:]
    if roll < 0.07 and isinstance(words[0], str):
        return [words[0].swapcase(), *words[1:]]
    return words


SMALL_FORMS = {
    "hash-max-listpack-entries": [0, 1, 4, 16], "hash-max-listpack-value": [0, 1, 8, 64],
    "set-max-intset-entries": [0, 1, 4, 16], "set-max-listpack-entries": [0, 1, 4, 16],
    "set-max-listpack-value": [1, 8, 64], "zset-max-listpack-entries": [0, 1, 4, 16],
    "zset-max-listpack-value": [0, 1, 8, 64], "list-max-listpack-size": [1, 2, 5, -1, -2],
    "list-compress-depth": [0, 1]}


def make_settings(seed, round_number, forms):
    """The limits of small forms in a round: none said, or very low ones, as the seed has it."""
    rng = random.Random("%s/%s/forms" % (seed, round_number))
    if forms == "usual" or forms == "mixed" and rng.random() < 0.5:
        return {}
    return {name: rng.choice(values) for name, values in SMALL_FORMS.items()}


def wrapped(rng, step, chance):
    """The step, or the step inside MULTI and EXEC."""
    if rng.random() >= chance or any(isinstance(part, (Pause, Say)) or part[0] in OF_TRANSACTIONS
                                     for part in step):
        return step
    return [["MULTI"], *step, ["EXEC"]]


def make_stream(seed, round_number, chosen, length, left_out):
    """The items of one round: Say and Pause. The same arguments give the same stream."""
    rng = random.Random("%s/%s" % (seed, round_number))
    active = rng.sample(chosen, rng.randint(1, len(chosen)))
    multi_chance = rng.choice([0, 0, 0.2, 0.7])
    items = []
    while len(items) < length:
        step = wrapped(rng, rng.choice(active).step(rng), multi_chance)
        # What pauses is left as it is, so that no dead key stays behind untouched.
        exact = any(isinstance(part, Pause) for part in step)
        for part in step:
            if isinstance(part, Pause):
                items.append(part)
                continue
            connection, words = part if isinstance(part, Say) else (0, part)
            if words[0] in left_out:
                continue
            words = list(words) if exact else mutate(rng, list(words))
            items.append(Say(connection, [word if isinstance(word, bytes) else to_bytes(word)
                                          for word in words]))
    return items


# --- comparing --------------------------------------------------------------------------------

def head(words):
    return words[0].upper()


def told_of_stream(words, reply):
    """What XINFO answers without what depends on the server: what a radix tree has (the reference
    keeps a node whose last entry was trimmed), and how many consumers there are (Redis 7.2 makes
    one that got nothing, the reference, 7.0, does not)."""
    def without(pairs, *left_out):
        if not isinstance(pairs, Map):
            pairs = zip(pairs[::2], pairs[1::2])
        return [[k, v] for k, v in pairs if k not in left_out]

    if isinstance(reply, (Error, Null)):
        return reply
    if words[1].upper() == b"STREAM":
        return without(reply, b"radix-tree-keys", b"radix-tree-nodes")
    if words[1].upper() == b"GROUPS":
        return [without(group, b"consumers") for group in reply]
    return reply


Place = collections.namedtuple("Place", "in_exec someone_dead")
"""Where a command ran: inside EXEC; while there may have been dead keys that nobody has met."""


def same(words, reference, tested, place=Place(False, False)):
    """Whether two replies to a command agree, as far as the command is deterministic."""
    name = head(words)
    if name in TTL_TOLERANCE and type(reference) is type(tested) is int:
        if min(reference, tested) < 0:
            return reference == tested
        return abs(reference - tested) <= TTL_TOLERANCE[name]
    both_lists = isinstance(reference, list) and isinstance(tested, list)
    if name in UNORDERED and both_lists:
        return unordered(reference) == unordered(tested)
    if name == b"SPOP" and len(words) == 3 and both_lists:
        return unordered(reference) == unordered(tested)  # families pop all or nothing
    if name == b"SRANDMEMBER":
        return same_choice(words, reference, tested)
    if name in (b"SCAN", b"SSCAN") and both_lists and len(tested) == 2:
        if words[1 if name == b"SCAN" else 2] != b"0" or b"100000" not in words:
            return True  # cursors are a server's own affair, and so is where a walk pauses
        if name == b"SCAN" and tested[0] != b"0":
            # It pauses where the next keys may be another thread's; nothing was invented.
            return not set(tested[1]) - set(reference[1])
        return reference[0] == tested[0] and unordered(reference[1]) == unordered(tested[1])
    if name == b"HGETALL" and both_lists:
        return pairs(reference) == pairs(tested)
    if name == b"HSCAN" and both_lists and len(tested) == 2:
        if words[2:3] != [b"0"] or b"100000" not in words:
            return True
        return reference[0] == tested[0] and pairs(reference[1]) == pairs(tested[1])
    if name == b"HRANDFIELD" and both_lists:
        return random_fields(words, reference, tested)
    if name == b"HRANDFIELD" and isinstance(reference, bytes):
        return isinstance(tested, bytes)
    if name == b"OBJECT" and words[1:2] and words[1].upper() == b"REFCOUNT" and place.in_exec:
        return type(reference) is type(tested)  # the reference counts what EXEC still holds
    if name == b"DBSIZE" or name == b"DEBUG" and [w.upper() for w in words[1:]] == [b"DIGEST"]:
        # Keys that have expired count until somebody meets them; who does is a server's own affair.
        return type(reference) is type(tested) and (place.someone_dead or reference == tested)
    if name == b"XPENDING" and len(words) > 3 and both_lists:
        # How long an entry was idle, the third of its row, is a matter of milliseconds.
        return identical([row[:2] + row[3:] for row in reference],
                         [row[:2] + row[3:] for row in tested])
    if name == b"XINFO" and words[1:2]:
        return identical(told_of_stream(words, reference), told_of_stream(words, tested))
    if name == b"RANDOMKEY":
        return isinstance(reference, Null) == isinstance(tested, Null)
    if name == b"DEBUG" and words[1:2] == [b"DIGEST-VALUE"] and both_lists:
        # The reference also digests keys that have expired and are still there.
        return len(reference) == len(tested) and all(
            identical(a, b) or b == NO_VALUE for a, b in zip(reference, tested))
    if name in GEO_READERS and words[1:2] and b"geo" not in words[1] and both_lists:
        return unordered(reference) == unordered(tested)  # see families/geo.py
    if name == b"ZRANDMEMBER" and both_lists:
        return len(reference) == len(tested)
    if name == b"ZRANDMEMBER" and isinstance(reference, bytes):
        return isinstance(tested, bytes)
    if name == b"ZSCAN" and both_lists and len(tested) == 2:
        if words[2:3] != [b"0"] or b"100000" not in words:
            return True
        scored = [sorted(zip(r[1][::2], r[1][1::2])) for r in (reference, tested)]
        return reference[0] == tested[0] and scores_agree(*scored)
    if name.startswith(b"Z"):
        return scores_agree(reference, tested)
    if name == b"DEBUG" or words[:2] == [b"MEMORY", b"USAGE"] and isinstance(reference, int):
        return type(reference) is type(tested)
    return identical(reference, tested)


def is_walk(words):
    """Whether a walk begins with this command."""
    at = WALKS.get(head(words))
    return at is not None and words[at:at + 1] == [b"0"]


def asks_encoding(words):
    return len(words) == 3 and [w.upper() for w in words[:2]] == [b"OBJECT", b"ENCODING"]


def is_page(reply):
    return isinstance(reply, list) and len(reply) == 2 and isinstance(reply[1], list)


def ends_batch(words):
    """Whether there may be more to ask before the next command changes the data."""
    return is_walk(words) or asks_encoding(words)


def walk_on(client, words, page):
    """The walk that began with this page, gone to its end: one page with all its elements."""
    at = WALKS[head(words)]
    elements = list(page[1])
    for _ in range(MOST_PAGES):
        if page[0] == b"0":
            return [b"0", elements]
        (page,) = exchange(client, [[*words[:at], page[0], *words[at + 1:]]])
        if not is_page(page):
            return page
        elements += page[1]
    return Broken("a walk without an end")


def same_walk(words, reference, tested):
    """Whether two walks came across the same; what a walk meets twice counts once."""
    if not is_page(reference) or not is_page(tested):
        return identical(reference, tested)
    if head(words) in (b"SCAN", b"SSCAN"):
        return set(reference[1]) == set(tested[1])
    ones, twos = (sorted(set(zip(r[1][::2], r[1][1::2]))) for r in (reference, tested))
    return scores_agree(ones, twos) if head(words) == b"ZSCAN" else ones == twos


def same_choice(words, reference, tested):
    """Whether two choices at random have the same shape; members that all have to come are the
    same."""
    if not isinstance(reference, list) or not isinstance(tested, list):
        return type(reference) is type(tested) and (not isinstance(reference, Error)
                                                    or reference == tested)
    all_there = len(words) == 3 and len(tested) < int(words[2])
    return len(reference) == len(tested) and (not all_there or
                                              unordered(reference) == unordered(tested))


def scores_agree(reference, tested):
    """As identical(), but scores may have the form of 7.0 (17 digits) and that of 7.2 (few)."""
    if type(reference) is type(tested) and isinstance(reference, (list, tuple)):
        return len(reference) == len(tested) and all(map(scores_agree, reference, tested))
    if isinstance(reference, Double) and isinstance(tested, Double):
        return reference.text in (tested.text, "%.17g" % tested)
    if isinstance(reference, float) and isinstance(tested, float):
        return float(reference) == float(tested)
    if isinstance(reference, bytes) and isinstance(tested, bytes) and reference != tested:
        try:
            return reference == b"%.17g" % float(tested)
        except ValueError:
            return False
    return identical(reference, tested)


def unordered(values):
    return sorted(map(repr, values))


def pairs(reply):
    if reply and isinstance(reply[0], tuple):
        return sorted(map(repr, reply))
    return sorted(map(repr, zip(reply[::2], reply[1::2])))


def random_fields(words, reference, tested):
    """As many fields, in the same shape; all of them where all were asked for."""
    if len(reference) != len(tested):
        return False
    if list(map(type, reference)) != list(map(type, tested)):
        return False
    if int(words[2]) < 1000:
        return True
    same_order = pairs if len(words) > 3 and not nested(reference) else unordered
    return same_order(reference) == same_order(tested)


def nested(reply):
    return bool(reply) and isinstance(reply[0], list)


class Accepted:
    """The differences that are meant to be."""

    def __init__(self, path):
        self.rows = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            cells = line.split("\t")
            if len(cells) != 4 or not cells[3].strip():
                raise SystemExit("%s:%d: want four cells, the last a reason" % (path, number))
            self.rows.append([re.compile(cell, re.S) for cell in cells[:3]])

    def covers(self, words, reference, tested):
        text = " ".join([head(words).decode("latin1"), *(w.decode("latin1") for w in words[1:])])
        return any(command.fullmatch(text) and one.fullmatch(repr(reference))
                   and two.fullmatch(repr(tested))
                   for command, one, two in self.rows)


class Transactions:
    """Remembers what connections have queued, to compare the parts of EXEC's reply one by one."""

    def __init__(self):
        self.queued = {}

    def parts(self, connection, words, reply):
        """The commands that the reply's elements answer, or None for an ordinary reply."""
        name = head(words)
        queue = self.queued.get(connection)
        if name == b"MULTI" and reply == "OK" and queue is None:
            self.queued[connection] = []
        elif name == b"EXEC":
            self.queued.pop(connection, None)
            if queue is not None and type(reply) is list and len(reply) == len(queue):
                return queue
        elif name in (b"DISCARD", b"RESET") and not isinstance(reply, Error):
            self.queued.pop(connection, None)
        elif queue is not None and reply == "QUEUED":
            queue.append(words)
        return None


# --- the two servers --------------------------------------------------------------------------

class Side:
    """One server with its connections, started again when it died."""

    def __init__(self, start, protocol):
        self.start = start
        self.protocol = protocol
        self.server = start()
        self.clients = []
        self.usual = {}  # the settings of small forms, from when they were first changed

    def reset(self, settings):
        for client in self.clients:
            client.close()
        if not self.server.alive():
            self.server.kill()
            self.server = self.start()
        self.clients = [Client(self.server.port, self.protocol, timeout=20)
                        for _ in range(CONNECTIONS)]
        if self.clients[0]("FLUSHALL") != "OK":
            raise SystemExit("FLUSHALL failed")
        self._set(settings)

    def _set(self, settings):
        """Sets what the round wants and puts back what the last one had. A setting that this
        server does not know is left out."""
        client = self.clients[0]
        for name in self.usual if not settings else SMALL_FORMS:
            if name not in self.usual:
                reply = client("CONFIG", "GET", name)
                flat = reply.flat() if isinstance(reply, Map) else reply
                if flat:
                    self.usual[name] = flat[1]
        for name, value in self.usual.items():
            if client("CONFIG", "SET", name, str(settings[name]) if settings else value) != "OK":
                raise SystemExit("CONFIG SET %s failed" % name)

    def stop(self):
        for client in self.clients:
            client.close()
        self.server.stop()


class Broken:
    """Stands for the replies that did not come."""

    def __init__(self, reason):
        self.reason = reason

    def __repr__(self):
        return "<no reply: %s>" % self.reason


def exchange(client, commands):
    """Sends the commands in one write, reads as many replies; a lost connection is one too."""
    replies = []
    try:
        client.send_raw(encode_many(commands))
        for _ in commands:
            replies.append(client.receive())
    except (Closed, OSError, ProtocolError) as problem:
        replies += [Broken(str(problem))] * (len(commands) - len(replies))
    return replies


class Differ:
    """Runs streams on both sides and finds the first difference."""

    def __init__(self, reference, tested, accepted, protocol=2):
        self.reference = Side(reference, protocol)
        self.tested = Side(tested, protocol)
        self.protocol = protocol
        self.accepted = accepted
        self.settings = {}  # the limits of small forms while streams run
        self.commands_run = 0
        self.accepted_seen = 0

    def close(self):
        self.reference.stop()
        self.tested.stop()

    def run(self, items):
        """The first Difference of the stream, or None."""
        self.reference.reset(self.settings)
        self.tested.reset(self.settings)
        self.transactions, self.dead = Transactions(), DeadKeys()
        position = 0
        while position < len(items):
            if isinstance(items[position], Pause):
                time.sleep(items[position].seconds)
                position += 1
                continue
            end = position
            connection = items[position].connection
            while (end < len(items) and end - position < BATCH and isinstance(items[end], Say)
                   and items[end].connection == connection
                   and not (end > position and ends_batch(items[end - 1].words))):
                end += 1
            found = self._batch(items, position, end)
            if found:
                return found
            position = end
        return self.compare_data(len(items))

    def _batch(self, items, start, end):
        connection = items[start].connection
        commands = [item.words for item in items[start:end]]
        ones = exchange(self.reference.clients[connection], commands)
        twos = exchange(self.tested.clients[connection], commands)
        self.commands_run += len(commands)
        for i, (words, one, two) in enumerate(zip(commands, ones, twos)):
            parts = self.transactions.parts(connection, words, one)
            if is_walk(words) and is_page(one) and is_page(two):
                agree, one, two = self._walk(connection, words, one, two)
            else:
                agree = self._agree(words, one, two, parts, connection)
                agree = agree and self._is_set_if(words, one, two, connection)
            if not agree:
                return Difference(start + i, words, one, two)
        return None

    def _is_set_if(self, words, one, two, connection):
        """Small sets are hash tables in 7.0 (accepted.tsv); nothing else may look like that."""
        if not asks_encoding(words) or (one, two) != (b"hashtable", b"listpack"):
            return True
        return exchange(self.reference.clients[connection], [[b"TYPE", words[2]]]) == ["set"]

    def _walk(self, connection, words, one, two):
        """Goes on with a walk, the last command of its batch, and compares what it met."""
        one = walk_on(self.reference.clients[connection], words, one)
        two = walk_on(self.tested.clients[connection], words, two)
        return same_walk(words, one, two), one, two

    def _agree(self, words, one, two, parts, connection, in_exec=False):
        if parts is not None and type(two) is list and len(two) == len(parts):
            return all(self._agree(w, a, b, None, connection, True)
                       for w, a, b in zip(parts, one, two))
        self.dead.saw(connection, words, one)
        if same(words, one, two, Place(in_exec, bool(self.dead.keys))):
            return True
        if self.accepted.covers(words, one, two):
            self.accepted_seen += 1
            return True
        return False

    def compare_data(self, position):
        """Keys, types, values and times to live of all databases."""
        for side in (self.reference, self.tested):
            if isinstance(exchange(side.clients[0],
                                   [[b"RESET"], [b"HELLO", b"%d" % self.protocol]])[0], Broken):
                return Difference(position, [b"RESET"], "a server that lives",
                                  "a closed connection")
        for db in range(DATABASES):
            questions = [[b"SELECT", b"%d" % db], [b"KEYS", b"*"]]
            found = self._ask(questions, position)
            if isinstance(found, Difference):
                return found
            keys = sorted(found[1])
            found = self._ask([[b"TYPE", k] for k in keys], position)
            if isinstance(found, Difference):
                return found
            questions = []
            for k, kind in zip(keys, found):
                reader = READERS[str(kind)]
                questions += [[reader[0].encode(), k, *(w.encode() for w in reader[1:])],
                              [b"PTTL", k]]
            found = self._ask(questions, position)
            if isinstance(found, Difference):
                return found
        return None

    def _ask(self, questions, position):
        """The reference's replies when both agree, else the Difference."""
        ones = exchange(self.reference.clients[0], questions)
        twos = exchange(self.tested.clients[0], questions)
        for words, one, two in zip(questions, ones, twos):
            if not self._agree(words, one, two, None, 0):
                return Difference(position, words, one, two)
        return ones


# --- shrinking --------------------------------------------------------------------------------

def shrink(items, fails, budget_seconds=60.0):
    """Delta debugging: fewer items, then shorter words, as long as it still fails."""
    deadline = time.monotonic() + budget_seconds
    chunk = max(1, len(items) // 2)
    while True:
        removed = False
        start = 0
        while start < len(items) and time.monotonic() < deadline:
            shorter = items[:start] + items[start + chunk:]
            if shorter != items and fails(shorter):
                items = shorter
                removed = True
            else:
                start += chunk
        if chunk == 1 and not removed or time.monotonic() >= deadline:
            break
        if not removed:
            chunk = max(1, chunk // 2)
    return _shrink_words(items, fails, deadline)


def _shrink_words(items, fails, deadline):
    for i in range(len(items)):
        if not isinstance(items[i], Say):
            continue
        place = len(items[i].words) - 1
        while place > 0 and time.monotonic() < deadline:
            words = items[i].words
            word = words[place]
            attempts = [words[:place] + words[place + 1:]]
            if len(word) > 1:
                attempts += [words[:place] + [short] + words[place + 1:]
                             for short in (b"a", word[:len(word) // 2])]
            for attempt in attempts:
                shorter = items[:i] + [Say(items[i].connection, attempt)] + items[i + 1:]
                if fails(shorter):
                    items = shorter
                    break
            place -= 1
    return items


def quote(word, most=400):
    """A word as redis-cli reads it; a very long one is cut and says so."""
    if len(word) > most:
        return quote(word[:most // 2]) + "...(%d bytes)" % len(word)
    if re.fullmatch(rb"[A-Za-z0-9_:{}.*+\-/|]+", word):
        return word.decode()
    return '"%s"' % "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else "\\x%02x" % b
                            for b in word)


def script(items):
    """The stream as lines for redis-cli; other connections and waits as comments."""
    lines, connection = [], 0
    for item in items:
        if isinstance(item, Pause):
            lines.append("# wait %d ms" % (item.seconds * 1000))
            continue
        if item.connection != connection:
            connection = item.connection
            lines.append("# connection %d" % connection)
        lines.append(" ".join(quote(w) for w in item.words))
    return "\n".join(lines)


# --- the program ------------------------------------------------------------------------------

def report(differ, items, found, out=print):
    """Shrinks and prints a difference."""
    out("DIFFERENCE at command %d: %s" % (found.position,
                                          " ".join(quote(w) for w in found.command)[:500]))
    out("  reference: %.500r" % (found.reference,))
    out("  tested:    %.500r" % (found.tested,))
    items = items[:found.position + 1]
    if differ.run(items) is None:
        out("It does not happen again with the same commands: timing plays a part. The stream:")
        out(script(items[-200:]))
        return items
    items = shrink(items, lambda shorter: differ.run(shorter) is not None)
    again = differ.run(items)
    out("Shrunk to %d commands:" % len(items))
    for name, value in differ.settings.items():
        out("CONFIG SET %s %s" % (name, value))
    out(script(items))
    if again:
        out("# last:      %s" % " ".join(quote(w) for w in again.command)[:500])
        out("# reference: %.500r" % (again.reference,))
        out("# tested:    %.500r" % (again.tested,))
    return items


def missing_commands(differ):
    """The commands for other types which the server under test does not have yet."""
    differ.tested.reset({})
    names = [row[0] for row in OTHER_TYPES]
    replies = differ.tested.clients[0]("COMMAND", "INFO", *names)
    return {name for name, reply in zip(names, replies) if reply == NIL}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", default=binary_path(), help="the binary under test")
    parser.add_argument("--reference", default="/usr/bin/redis-server")
    parser.add_argument("--seed", default=None, help="default: at random, printed")
    parser.add_argument("--commands", type=int, default=None, help="end after so many commands")
    parser.add_argument("--seconds", type=float, default=None,
                        help="end after so many seconds (default 20 if no --commands)")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--io-backend", default="epoll", choices=["uring", "epoll"])
    parser.add_argument("--protocol", type=int, choices=[2, 3], default=2)
    parser.add_argument("--families", default="all",
                        help="comma list of: %s" % ", ".join(families.load()))
    parser.add_argument("--round", type=int, default=None, help="run this one round only")
    parser.add_argument("--round-length", type=int, default=1000)
    parser.add_argument("--forms", choices=["usual", "small", "mixed"], default="mixed",
                        help="the limits of small encodings: as they are, very low, or either "
                             "by the seed")
    parser.add_argument("--accepted", type=pathlib.Path, default=HERE / "accepted.tsv")
    parser.add_argument("--server-option", action="append", default=[], metavar="NAME=VALUE",
                        help="a setting for the server under test")
    return parser.parse_args()


def main():
    options = arguments()
    seed = options.seed or str(random.SystemRandom().randrange(10 ** 9))
    known = families.load()
    names = list(known) if options.families == "all" else options.families.split(",")
    unknown = [n for n in names if n not in known]
    if unknown:
        raise SystemExit("no such family: %s" % ", ".join(unknown))
    seconds = options.seconds if options.seconds or options.commands else 20.0
    extra = dict(o.split("=", 1) for o in options.server_option)
    print("seed %s, families %s, RESP%d" % (seed, ",".join(names), options.protocol), flush=True)
    differ = Differ(lambda: Server(binary=options.reference),
                    lambda: Server(options.threads, options.io_backend, binary=options.server,
                                   options=extra),
                    Accepted(options.accepted), options.protocol)
    code = 0
    try:
        left_out = missing_commands(differ)
        if left_out:
            print("left out, the server has them not: %s" % " ".join(sorted(left_out)))
        started = time.monotonic()
        number = options.round or 0
        while True:
            items = make_stream(seed, number, [known[n] for n in names], options.round_length,
                                left_out)
            differ.settings = make_settings(seed, number, options.forms)
            found = differ.run(items)
            if found:
                print("round %d (again: --seed %s --round %d)" % (number, seed, number))
                report(differ, items, found)
                code = 1
                break
            number += 1
            spent = time.monotonic() - started
            done = options.commands and differ.commands_run >= options.commands
            if done or seconds and spent >= seconds or options.round is not None:
                break
        spent = time.monotonic() - started
        print("%d commands in %d rounds, %.1f s, %d accepted differences: %s"
              % (differ.commands_run, number, spent, differ.accepted_seen, "DIFFERENT" if code
                 else "same"))
    finally:
        differ.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
