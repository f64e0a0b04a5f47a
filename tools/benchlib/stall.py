"""The profile `stall`: how long a quiet connection waits for its GET while another one works on a
key of millions of elements: fills it, reads at random, walks over it, reads it whole, unlinks it.
"""

import random
import time

from benchlib import datasets, structures
from benchlib.resp import Client, encode
from benchlib.servers import Server
from benchlib.structures import fill

QUIET_KEYS = 10_000
BATCH = 100
READS = {"hash": lambda n: ("HGET", "hash", n), "set": lambda n: ("SISMEMBER", "set",
                                                                  b"member:" + n),
         "zset": lambda n: ("ZRANK", "zset", b"member:" + n)}
WALKS = {"hash": "HSCAN", "set": "SSCAN", "zset": "ZSCAN"}
WHOLE = {"hash": ("HGETALL", "hash"), "set": ("SMEMBERS", "set"),
         "zset": ("ZRANGE", "zset", 0, -1)}
KINDS = tuple(structures.BIG)


def fill_slowly(port, structure, elements):
    """As a client would, a hundred commands at a time."""
    fill(port, structure, structure.commands(elements), block=BATCH, in_flight=1)


def read_at_random(port, kind, elements, seconds):
    rng = random.Random(1)
    batches = [b"".join(encode(*READS[kind](b"%09d" % rng.randrange(elements)))
                        for _ in range(BATCH)) for _ in range(100)]
    end = time.monotonic() + seconds
    with Client(port) as client:
        while time.monotonic() < end:
            client.socket.sendall(rng.choice(batches))
            for _ in range(BATCH):
                client.read_reply()


def walk(port, kind, count=1000):
    """The whole walk; raises if it comes upon fewer elements than there are."""
    cursor, met = b"0", 0
    with Client(port) as client:
        while True:
            cursor, page = client.command(WALKS[kind], kind, cursor, "COUNT", count)
            met += len(page)
            if cursor == b"0":
                break
        size = client.command({"hash": "HLEN", "set": "SCARD", "zset": "ZCARD"}[kind], kind)
    if met < size * (1 if kind == "set" else 2):
        raise RuntimeError(f"{WALKS[kind]} met {met} words of {size} elements")


def read_whole(port, kind):
    """Takes the reply as it comes, without looking at it."""
    with Client(port) as client:
        client.socket.sendall(encode(*WHOLE[kind]) + encode("ECHO", "that was all"))
        tail = b"$12\r\nthat was all\r\n"
        last = b""
        while not last.endswith(tail):
            data = client.socket.recv(1 << 20)
            if not data:
                raise RuntimeError("the server closed the connection")
            last = (last + data)[-len(tail):]


def unlink(port, kind):
    """Unlinks the key and lets the server get rid of it."""
    with Client(port) as client:
        if client.command("UNLINK", kind) != 1:
            raise RuntimeError(f"there was no {kind}")
    time.sleep(2.0)


def phases(port, kind, elements, seconds):
    """(name, what to do) one after the other."""
    return [("fill", lambda: fill_slowly(port, structures.BIG[kind], elements)),
            ("random reads", lambda: read_at_random(port, kind, elements, seconds)),
            (WALKS[kind], lambda: walk(port, kind)),
            (" ".join(map(str, WHOLE[kind])), lambda: read_whole(port, kind)),
            ("UNLINK", lambda: unlink(port, kind))]


def run(plan, probe, say):
    """The section of the report. probe(server, work) runs work beside the prober."""
    section = {"kind": "stall", "name": "stall", "reference": plan.reference, "rounds": [],
               "elements": plan.growth_to, "servers": []}
    rounds = min(plan.rounds, 3)
    for number in range(rounds):
        turn = number % len(plan.specs)
        for spec in plan.specs[turn:] + plan.specs[:turn]:
            for kind in plan.chosen(KINDS):
                section["rounds"] += one_key(plan, spec, kind, number, section, probe, say)
    return section


def one_key(plan, spec, kind, number, section, probe, say):
    server_cores, _ = plan.cores_for(True)
    server = Server(spec, 1, server_cores, plan.run_dir)
    rows = []
    try:
        datasets.prefill(server.port, datasets.STRINGS, QUIET_KEYS, plan.first_key())
        if number == 0 and not any(facts["label"] == server.label for facts in section["servers"]):
            section["servers"].append(server.facts())
        quiet = probe(server, lambda: time.sleep(max(2.0, plan.seconds)))
        for name, work in phases(server.port, kind, plan.growth_to, plan.seconds):
            begin = time.monotonic()
            waits = probe(server, work)
            rows.append({"key": kind, "phase": name, "server": server.label,
                         "server_name": spec.name, "round": number, "waits": waits,
                         "quiet": quiet, "seconds": time.monotonic() - begin,
                         "max_us": waits["get"]["max_us"],
                         "p999_us": waits["get"]["p999_us"],
                         "quiet_max_us": quiet["get"]["max_us"]})
            say(f"stall round {number + 1} {server.label} {kind} {name}: longest GET "
                f"{rows[-1]['max_us'] / 1000:.2f} ms (idle {rows[-1]['quiet_max_us'] / 1000:.2f}),"
                f" {rows[-1]['seconds']:.1f} s")
    finally:
        server.stop()
    return rows
