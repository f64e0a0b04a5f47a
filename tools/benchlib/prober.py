#!/usr/bin/python3
"""Measures how long a server lets one quiet connection wait, until told to stop.

Usage: prober.py PORT FIRST_KEY KEYS KIND... Sends requests of the kinds, PING (`ping`) and GET of
a random known key (`get`), in turn, one at a time, a fifth of a millisecond apart, while another
process loads the server. A pause of the server meets a probe under way unless it is shorter than
that gap. Prints a line once it is at work, ends when its input closes, and then prints one JSON
object. Runs under SCHED_FIFO where allowed, so that what it sees is the server's delay and not
its own.
"""

import gc
import json
import os
import random
import select
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from benchlib.resp import Client, encode  # noqa: E402

GAP_S = 0.0002


def realtime():
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
        return True
    except OSError:
        return False


def summary(times_ns):
    times_ns.sort()
    count = len(times_ns)

    def at(share):
        return times_ns[min(count - 1, int(count * share))] / 1000

    return {"probes": count, "p50_us": at(0.5), "p99_us": at(0.99), "p999_us": at(0.999),
            "max_us": times_ns[-1] / 1000}


def main():
    port, first_key, keys = (int(word) for word in sys.argv[1:4])
    kinds = sys.argv[4:]
    fifo = realtime()
    gc.disable()
    rng = random.Random(1)
    ping = encode("PING")
    gets = [encode("GET", b"key:%012d" % (first_key + rng.randrange(keys))) for _ in range(4096)]
    times = {kind: [] for kind in kinds}
    clock = time.perf_counter_ns
    with Client(port) as client:
        send, read = client.socket.sendall, client.read_reply
        step = 0
        while step % 64 or not select.select([sys.stdin], [], [], 0)[0]:
            for kind in kinds:
                request = ping if kind == "ping" else gets[step % len(gets)]
                begin = clock()
                send(request)
                answer = read()
                times[kind].append(clock() - begin)
                if answer is None:
                    raise SystemExit("a prefilled key is missing")
                time.sleep(GAP_S)
            step += 1
            if step == 1:
                print("probing", flush=True)
    print(json.dumps({"realtime": fifo, "seed": 1,
                      **{kind: summary(values) for kind, values in times.items()}}))


if __name__ == "__main__":
    main()
