#!/usr/bin/python3
"""Runs concurrent clients against a server and checks what they saw.

Transactions have to be strictly serializable (workloads registers, lists); what is waited for
has to come to exactly one client, in order (queues, streams). A workload for which the server
lacks commands is skipped. Exit code 1 and the anomalies on standard output if not. With --port a
running server is used; its data is flushed.
"""

import argparse
import collections
import multiprocessing
import pathlib
import pickle
import random
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import actors  # noqa: E402
import lists  # noqa: E402
import queue_checker  # noqa: E402
import queues  # noqa: E402
import stream_checker  # noqa: E402
import streams  # noqa: E402
import workload  # noqa: E402
from checker import Anomaly, check  # noqa: E402
from harness.resp import NIL, Client  # noqa: E402
from harness.server import Server, ServerFailure, binary_path  # noqa: E402
from history import Transaction  # noqa: E402


def in_processes(target, how, port, seconds, processes, connections, seed):
    """What the client processes recorded, and what went wrong beside it."""
    start = time.monotonic_ns() + 300_000_000
    end = start + int(seconds * 1e9)
    recorded, trouble = [], []
    with tempfile.TemporaryDirectory(prefix="shoal-consistency-") as folder:
        paths = [pathlib.Path(folder) / ("worker%d" % i) for i in range(1, processes + 1)]
        workers = [multiprocessing.Process(target=target,
                                           args=(how, i, port, connections, seed, start, end,
                                                 path))
                   for i, path in enumerate(paths, 1)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for worker, path in zip(workers, paths):
            if worker.exitcode != 0:
                trouble.append("a client process ended with code %d" % worker.exitcode)
                continue
            recorded.append(pickle.loads(path.read_bytes()))
    return recorded, trouble


class Transactional:
    """Registers or lists: transactions, whose history has to be strictly serializable."""

    GOOD = "strictly serializable"
    NEEDS = ()

    def __init__(self, module):
        self.module = module
        self.is_registers = module is workload

    def record(self, port, *how):
        with Client(port) as client:
            if self.is_registers:
                workload.prepare(client)
            else:
                workload.acknowledged(client("FLUSHALL"))
        recorded, trouble = in_processes(workload.run_worker, self.module.run, port, *how)
        self.history, self.aborted = [], 0
        for rows, own_trouble, own_aborted in recorded:
            self.history += [Transaction(*row) for row in rows]
            trouble += own_trouble
            self.aborted += own_aborted
        try:
            with Client(port, timeout=30) as client:
                self.history += self.module.final_reads(client, self.history)
        except (OSError, workload.Unexpected, workload.Closed) as problem:
            trouble.append("last reads: %s" % problem)
        return trouble

    def summary(self, seconds):
        return "%d transactions (%.0f a second), %d aborted by WATCH" % (
            len(self.history), len(self.history) / seconds, self.aborted)

    def saved(self):
        return [tuple(getattr(t, name) for name in Transaction.__slots__) for t in self.history]

    def check(self):
        if self.is_registers:
            return check(self.history, workload.BALANCE, workload.TOKENS)
        return check(self.history)


class Waiting:
    """Queues or streams: commands that wait; each element has to go to exactly one consumer."""

    GOOD = "each delivered once, in order"

    def __init__(self, module, judge):
        self.module = module
        self.judge = judge
        self.NEEDS = module.NEEDS

    def record(self, port, *how):
        with Client(port) as client:
            workload.acknowledged(client("FLUSHALL"))
            getattr(self.module, "prepare", lambda client: None)(client)
        recorded, trouble = in_processes(actors.run_worker, self.module.KINDS, port, *how)
        self.history = [record for rows, _ in recorded for record in rows]
        trouble += [text for _, own in recorded for text in own]
        self.end = None
        try:
            time.sleep(0.2)  # for the server to notice the last that hung up
            with Client(port, timeout=30) as client:
                self.end = self.module.leftovers(client, self.history)
        except (OSError, workload.Closed, actors.Unexpected, TypeError) as problem:
            trouble.append("last reads: %s" % problem)
        return trouble

    def summary(self, seconds):
        kinds = collections.Counter(type(record).__name__ for record in self.history)
        gone = sum(bool(getattr(record, "gone", False)) for record in self.history)
        empty = sum(hasattr(record, "gone") and not record.gone and not record.result
                    for record in self.history)
        return "%s (%.0f a second), %d hung up, %d found nothing" % (
            ", ".join("%d %s" % (count, name) for name, count in sorted(kinds.items())),
            len(self.history) / seconds, gone, empty)

    def saved(self):
        return [*map(tuple, self.history), self.end]

    def check(self):
        return [] if self.end is None else self.judge(self.history, self.end)


WORKLOADS = {"registers": lambda: Transactional(workload), "lists": lambda: Transactional(lists),
             "queues": lambda: Waiting(queues, queue_checker.check),
             "streams": lambda: Waiting(streams, stream_checker.check)}


def lacking(port, commands):
    """Those of the commands that the server does not have."""
    with Client(port) as client:
        return [name for name in commands if client("COMMAND", "INFO", name)[0] == NIL]


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", default=binary_path(), help="the binary to start")
    parser.add_argument("--port", type=int, default=None,
                        help="use this running server; flushes its data")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--io-backend", default="epoll", choices=["uring", "epoll"])
    parser.add_argument("--workload", default="registers", choices=WORKLOADS,
                        help="registers: strings in transactions; lists: lists in transactions; "
                             "queues, streams: consumers that wait")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", default=None, help="default: at random, printed")
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--connections", type=int, default=5, help="per process")
    parser.add_argument("--save", type=pathlib.Path, default=None,
                        help="write the history here (pickle)")
    return parser.parse_args(words)


def main(words=None):
    options = arguments(words)
    seed = options.seed or str(random.SystemRandom().randrange(10 ** 9))
    print("seed %s, %d processes of %d connections" % (seed, options.processes,
                                                       options.connections), flush=True)
    work = WORKLOADS[options.workload]()
    server = None
    if options.port is None:
        server = Server(options.threads, options.io_backend, binary=options.server)
    try:
        missing = lacking(options.port or server.port, work.NEEDS)
        if missing:
            print("skipped: the server has no %s" % ", ".join(missing))
            return 0
        started = time.monotonic()
        trouble = work.record(options.port or server.port, options.seconds, options.processes,
                              options.connections, seed)
        spent = time.monotonic() - started
    finally:
        if server is not None:
            try:
                server.stop()
            except ServerFailure as failure:
                print(failure)
                return 1
    print(work.summary(spent), flush=True)
    if options.save:
        options.save.write_bytes(pickle.dumps(work.saved()))
    started = time.monotonic()
    anomalies = [Anomaly("trouble", text) for text in trouble[:5]] + work.check()
    for anomaly in anomalies:
        print("%s: %s" % anomaly)
    print("checked in %.1f s: %s" % (time.monotonic() - started,
                                     "%d ANOMALIES" % len(anomalies) if anomalies else work.GOOD))
    return 1 if anomalies else 0


if __name__ == "__main__":
    sys.exit(main())
