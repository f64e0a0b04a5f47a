"""Threads that start together."""

import concurrent.futures
import threading


def at_once(count, work):
    """What work(0) .. work(count - 1) answer, each in a thread, all let go at the same time."""
    gate = threading.Barrier(count)

    def run(number):
        gate.wait(10)
        return work(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
