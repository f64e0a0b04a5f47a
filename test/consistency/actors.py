"""Clients in threads, each with one command at a time under way: for commands that wait.

A workload (queues.py, streams.py) defines kinds of actors; what they record is a list of its own
named tuples. Times are monotonic nanoseconds; what never was answered completes at FOREVER.
"""

import pathlib
import pickle
import random
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from harness.resp import Client, Closed, Error  # noqa: E402

FOREVER = float("inf")
NOTICED_NS = 2_000_000_000  # by then a server has noticed that a connection is gone
# How late an answer may be on a busy machine before a client counts as forgotten.
SLACK_NS = 1_000_000_000


AT_ONCE, WAITING = "at once", "while it waited"


class Unexpected(Exception):
    """A reply that makes no sense."""


class Actor(threading.Thread):
    """One connection. A kind of actor defines step(), which does something and records it."""

    def __init__(self, port, name, seed, start_ns, end_ns):
        super().__init__()
        self.port = port
        self.number = name
        self.rng = random.Random("%s/%s" % (seed, name))
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.count = 0
        self.records = []
        self.trouble = []
        self.client = Client(port, timeout=30)

    def fresh(self):
        """An element that nobody else makes."""
        self.count += 1
        return b"%s:%d" % (self.number.encode(), self.count)

    def ask(self, *words):
        """(reply, when it was sent, when the answer came)."""
        invoke = time.monotonic_ns()
        reply = self.client(*words)
        complete = time.monotonic_ns()
        if isinstance(reply, Error):
            raise Unexpected("%r answered %r" % (words, reply))
        return reply, invoke, complete

    def ask_and_go(self, *words):
        """Asks something that may wait and hangs up, politely or not. (reply or None, when it was
        sent, when it certainly was over, how it hung up: AT_ONCE, WAITING, or False when a reply
        had come)."""
        invoke = time.monotonic_ns()
        self.client.send(*words)
        delay = self.rng.choice([0, 0.0005, 0.005, 0.005, 0.02, 0.02])
        time.sleep(delay)
        reply = None
        complete = time.monotonic_ns() + NOTICED_NS
        polite = self.rng.random() < 0.6
        try:
            if polite:
                self.client.sock.shutdown(socket.SHUT_WR)
            reply = self.client.receive(timeout=30 if polite else 0.001)
        except (Closed, TimeoutError):
            pass
        if polite or reply is not None:
            complete = time.monotonic_ns()
        self.client.close()
        self.client = Client(self.port, timeout=30)
        how = AT_ONCE if delay < 0.005 else WAITING
        return reply, invoke, complete, False if reply is not None else how

    def run(self):
        try:
            time.sleep(max(0, (self.start_ns - time.monotonic_ns()) / 1e9))
            while time.monotonic_ns() < self.end_ns:
                self.step()
        except (OSError, Closed, Unexpected) as problem:
            self.trouble.append("%s: %s: %s" % (self.number, type(problem).__name__, problem))
        finally:
            self.client.close()


def run_worker(kinds, worker, port, connections, seed, start_ns, end_ns, path):
    """One process: its actors, kinds in turn; what they recorded goes to a file."""
    actors = []
    for i in range(connections):
        kind = kinds[(worker - 1 + i) % len(kinds)]
        actors.append(kind(port, "w%dc%d" % (worker, i), seed, start_ns, end_ns))
    for actor in actors:
        actor.start()
    for actor in actors:
        actor.join()
    with open(path, "wb") as out:
        pickle.dump(([record for actor in actors for record in actor.records],
                     [text for actor in actors for text in actor.trouble]), out,
                    protocol=pickle.HIGHEST_PROTOCOL)
