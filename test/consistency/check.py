#!/usr/bin/python3
"""Runs concurrent clients against a server and checks that it was strictly serializable.

Exit code 1 and the anomalies on standard output if it was not. With --port a running server
is used; its data is flushed.
"""

import argparse
import multiprocessing
import pathlib
import pickle
import random
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import workload  # noqa: E402
from checker import Anomaly, check  # noqa: E402
from harness.resp import Client  # noqa: E402
from harness.server import Server, ServerFailure, binary_path  # noqa: E402
from history import Transaction  # noqa: E402


def record(port, seconds, processes, connections, seed):
    """The history of a run, and what went wrong beside it."""
    with Client(port) as client:
        workload.prepare(client)
    start = time.monotonic_ns() + 300_000_000
    end = start + int(seconds * 1e9)
    history, trouble, aborted = [], [], 0
    with tempfile.TemporaryDirectory(prefix="shoal-consistency-") as folder:
        paths = [pathlib.Path(folder) / ("worker%d" % i) for i in range(1, processes + 1)]
        workers = [multiprocessing.Process(target=workload.run_worker,
                                           args=(i, port, connections, seed, start, end, path))
                   for i, path in enumerate(paths, 1)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        for worker, path in zip(workers, paths):
            if worker.exitcode != 0:
                trouble.append("a client process ended with code %d" % worker.exitcode)
                continue
            rows, own_trouble, own_aborted = pickle.loads(path.read_bytes())
            history += [Transaction(*row) for row in rows]
            trouble += own_trouble
            aborted += own_aborted
    try:
        with Client(port, timeout=30) as client:
            history += workload.final_reads(client, history)
    except (OSError, workload.Unexpected, workload.Closed) as problem:
        trouble.append("last reads: %s" % problem)
    return history, trouble, aborted


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", default=binary_path(), help="the binary to start")
    parser.add_argument("--port", type=int, default=None,
                        help="use this running server; flushes its data")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--io-backend", default="epoll", choices=["uring", "epoll"])
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
    server = None
    if options.port is None:
        server = Server(options.threads, options.io_backend, binary=options.server)
    try:
        started = time.monotonic()
        history, trouble, aborted = record(options.port or server.port, options.seconds,
                                           options.processes,
                                           options.connections, seed)
        spent = time.monotonic() - started
    finally:
        if server is not None:
            try:
                server.stop()
            except ServerFailure as failure:
                print(failure)
                return 1
    print("%d transactions (%.0f a second), %d aborted by WATCH"
          % (len(history), len(history) / spent, aborted), flush=True)
    if options.save:
        rows = [tuple(getattr(t, name) for name in Transaction.__slots__) for t in history]
        options.save.write_bytes(pickle.dumps(rows))
    started = time.monotonic()
    anomalies = [Anomaly("trouble", text) for text in trouble[:5]]
    anomalies += check(history, workload.BALANCE, workload.TOKENS)
    for anomaly in anomalies:
        print("%s: %s" % anomaly)
    print("checked in %.1f s: %s" % (time.monotonic() - started,
                                     "%d ANOMALIES" % len(anomalies) if anomalies
                                     else "strictly serializable"))
    return 1 if anomalies else 0


if __name__ == "__main__":
    sys.exit(main())
