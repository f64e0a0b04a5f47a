#!/usr/bin/python3
"""Puts a server under every kind of work that crosses threads, and stops it under load.

Meant for builds with a sanitizer: `server_load.py --server build-tsan/shoal-server`. Exit code 1
and the server's log if it dies, hangs, or if a sanitizer reports anything.
"""

import argparse
import multiprocessing
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))

from harness.resp import Client, Closed, encode_many  # noqa: E402
from harness.server import Server, ServerFailure, binary_path  # noqa: E402

KEYS = [b"key:%d" % i for i in range(40)]
BIG = b"x" * 100_000
GONE = (OSError, Closed, ValueError, IndexError)


def command(rng):
    """One command, most of them of several keys, some with values worth a blob."""
    key = rng.choice
    several = rng.sample(KEYS, rng.randint(2, 8))
    value = BIG if rng.random() < 0.1 else b"v%d" % rng.randrange(1000)
    pairs = [word for name in several for word in (name, value)]
    return rng.choice([
        ["SET", key(KEYS), value], ["GET", key(KEYS)], ["GET", key(KEYS)], ["INCR", b"counter"],
        ["APPEND", key(KEYS), b"tail"], ["SETRANGE", key(KEYS), "9", b"in the middle"],
        ["MSET", *pairs], ["MSETNX", *pairs], ["MGET", *several], ["MGET", *several],
        ["DEL", *several[:2]], ["UNLINK", *several[:2]], ["EXISTS", *several],
        ["TOUCH", *several], ["RENAME", *several[:2]], ["RENAMENX", *several[:2]],
        ["COPY", *several[:2], "REPLACE"], ["COPY", *several[:2], "DB", "1", "REPLACE"],
        ["BITOP", "XOR", *several], ["PEXPIRE", key(KEYS), str(rng.randrange(40))],
        ["SCAN", "0"], ["DBSIZE"], ["RANDOMKEY"], ["KEYS", "key:1*"], ["SELECT", rng.choice("01")],
        ["SWAPDB", "0", "1"] if rng.random() < 0.2 else ["PING"],
        ["FLUSHALL"] if rng.random() < 0.2 else ["ECHO", b"hello"],
    ])


def transaction(rng):
    watch = [["WATCH", *rng.sample(KEYS, 3)]] if rng.random() < 0.5 else []
    body = [command(rng) for _ in range(rng.randrange(6))]
    return watch + [["MULTI"]] + body + [["EXEC"]]


def pipeline(rng):
    commands = []
    while len(commands) < 10:
        commands += transaction(rng) if rng.random() < 0.3 else [command(rng)]
    return commands


def talk(port, seed, end):
    """A client that stays and reads its replies."""
    rng = random.Random(seed)
    while time.monotonic() < end:
        try:
            with Client(port, timeout=60) as client:
                for _ in range(50):
                    client.pipeline(pipeline(rng))
                    if time.monotonic() >= end:
                        break
        except GONE as problem:
            if isinstance(problem, (socket.timeout, TimeoutError)):
                print("a client waited for a minute", flush=True)
                sys.exit(1)
            time.sleep(0.05)


def churn(port, seed, end):
    """A client that leaves in the middle of what it asked for."""
    rng = random.Random(seed)
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
                data = encode_many(pipeline(rng))
                sock.sendall(data[:rng.randrange(len(data))] if rng.random() < 0.5 else data)
                if rng.random() < 0.5:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
                else:
                    sock.recv(1000)
        except GONE:
            time.sleep(0.01)


def benchmark(port, end):
    # Ended by hand: it does not notice that the server is gone.
    runs = [subprocess.Popen(["redis-benchmark", "-p", str(port), "-P", depth, "-c", "10", "-r",
                              "1000", "-l", "-q", "-t", "get,set,mset"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for depth in ("1", "16")]
    time.sleep(max(0.0, end - time.monotonic()))
    for process in runs:
        process.kill()
        process.wait()


def run(options, backend, seed):
    environment = {"TSAN_OPTIONS": "halt_on_error=0 history_size=4 second_deadlock_stack=1",
                   "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    server = Server(options.threads, backend, binary=options.server, env=environment)
    end = time.monotonic() + options.seconds
    workers = [multiprocessing.Process(target=talk, args=(server.port, seed * 100 + i, end + 2))
               for i in range(4)]
    workers += [multiprocessing.Process(target=churn,
                                        args=(server.port, seed * 100 + 50 + i, end + 2))
                for i in range(2)]
    if shutil.which("redis-benchmark"):
        workers.append(multiprocessing.Process(target=benchmark, args=(server.port, end + 2)))
    for worker in workers:
        worker.start()
    time.sleep(max(0.0, end - time.monotonic()))
    try:
        server.process.send_signal(signal.SIGTERM)
        code = server.wait(60)
        server.check_log()
        if code != 0:
            raise ServerFailure("the server ended with code %d\n%s" % (code, server.log_tail()))
    finally:
        if options.keep:
            options.keep.write_text(server.log())
        if server.alive():
            subprocess.run(["gdb", "-p", str(server.process.pid), "-batch", "-ex",
                            "thread apply all bt"], check=False) if shutil.which("gdb") else None
        server.kill()
        for worker in workers:
            worker.join()
    if any(worker.exitcode != 0 for worker in workers):
        raise ServerFailure("a client failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", default=binary_path(),
                        type=lambda p: str(pathlib.Path(p).resolve()))
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=15.0, help="for each round and back end")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=None, help="default: at random, printed")
    parser.add_argument("--io-backend", action="append", choices=["uring", "epoll"])
    parser.add_argument("--keep", type=pathlib.Path, default=None,
                        help="write the server's log here")
    options = parser.parse_args()
    seed = options.seed or random.SystemRandom().randrange(10 ** 6)
    for i in range(options.rounds):
        for backend in options.io_backend or ["uring", "epoll"]:
            print("seed %d, %s" % (seed + i, backend), flush=True)
            try:
                run(options, backend, seed + i)
            except ServerFailure as failure:
                print(failure)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
