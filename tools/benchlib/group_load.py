#!/usr/bin/python3
"""Consumers of a group: XREADGROUP of 10 entries, then XACK of what came, as fast as they go.

Usage: group_load.py PORT CONNECTIONS SECONDS. The stream `grouped` and its `group` exist; when
nothing is left to read the group begins anew. Prints one JSON object.
"""

import json
import os
import select
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from benchlib.resp import Client, encode  # noqa: E402


class Consumer:
    """One connection, with one command under way."""

    def __init__(self, port, number):
        self.client = Client(port)
        self.read = encode("XREADGROUP", "GROUP", "group", "consumer%d" % number, "COUNT", "10",
                           "STREAMS", "grouped", ">")
        self.operations = 0
        self.times_ns = []
        self.begin()

    def begin(self):
        self.reading = True
        self.send(self.read)

    def send(self, request):
        self.sent = time.perf_counter_ns()
        self.client.socket.sendall(request)

    def advance(self):
        """Takes the reply and sends what comes next."""
        reply = self.client.read_reply()
        self.times_ns.append(time.perf_counter_ns() - self.sent)
        self.operations += 1
        if not self.reading:
            self.begin()
        elif reply is None:
            self.send(encode("XGROUP", "SETID", "grouped", "group", "0"))
            self.reading = False
        else:
            ids = [entry[0] for entry in reply[0][1]]
            self.send(encode("XACK", "grouped", "group", *ids))
            self.reading = False


def main():
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    consumers = {}
    poll = select.poll()
    begin = time.perf_counter()
    for number in range(connections):
        consumer = Consumer(port, number)
        consumers[consumer.client.socket.fileno()] = consumer
        poll.register(consumer.client.socket, select.POLLIN)
    while time.perf_counter() - begin < seconds:
        for descriptor, _ in poll.poll(1000):
            consumers[descriptor].advance()
    spent = time.perf_counter() - begin
    times = sorted(t for consumer in consumers.values() for t in consumer.times_ns)
    operations = sum(consumer.operations for consumer in consumers.values())

    def at(share):
        return times[min(len(times) - 1, int(len(times) * share))] / 1000

    print(json.dumps({"seconds": spent, "operations": operations,
                      "throughput": operations / spent, "p50_us": at(0.5), "p99_us": at(0.99),
                      "p999_us": at(0.999), "max_us": times[-1] / 1000, "misses": None,
                      "argv": sys.argv}))


if __name__ == "__main__":
    main()
