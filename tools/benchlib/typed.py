"""The profiles about types: speed of one shard, and resident bytes an element.

A workload needs structures, which are filled in beforehand, and commands; where a server lacks
one the workload is left out, and the report says so.
"""

import time

from benchlib import structures
from benchlib.servers import Server
from benchlib.structures import fill, lacking
from benchlib.workloads import Workload

RAND = "__rand_int__"


def line(name, words, *filled, **more):
    """A workload of one command line, in which redis-benchmark puts random numbers."""
    more = {"pipeline": 16, **more}
    return Workload(name, ((words.split()[0], 1, 1),), lines=(words,), filled=filled,
                    generator="redis-benchmark", **more)


WORKLOADS = {workload.name: workload for workload in (
    Workload("lpush-rpop", (("LPUSH", 1, 1), ("RPOP", 1, 1)), pipeline=16, generator="memtier",
             lines=("LPUSH queue __data__", "RPOP queue"), filled=(structures.QUEUE,)),
    line("lrange-100", "LRANGE queue 0 99", structures.QUEUE),
    line("sadd", f"SADD set member:{RAND}", structures.LARGE_SET),
    line("sismember", f"SISMEMBER set member:{RAND}", structures.LARGE_SET),
    line("hset", f"HSET user:{RAND} f5 vvvvvvvvvvvvvvvv", structures.USERS, share=0.1),
    line("hget", f"HGET user:{RAND} f5", structures.USERS, share=0.1),
    line("hset-big", f"HSET hash field:{RAND} vvvvvvvvvvvvvvvv", structures.LARGE_HASH),
    line("hget-big", f"HGET hash field:{RAND}", structures.LARGE_HASH),
    line("hgetall-100", "HGETALL hundred", structures.HUNDRED),
    line("zadd", f"ZADD board {RAND} member:{RAND}", structures.BOARD),
    line("zincrby", f"ZINCRBY board 1 member:{RAND}", structures.BOARD),
    line("zrank", f"ZRANK board member:{RAND}", structures.BOARD),
    line("zrange-10", "ZRANGE board 40000 40009", structures.BOARD),
    line("zrangebyscore-10", f"ZRANGEBYSCORE board {RAND} +inf LIMIT 0 10", structures.BOARD),
    line("sinter-100k", "SINTER a b", structures.SET_A, structures.SET_B, pipeline=1,
         connections=1),
    line("zunionstore-100k", "ZUNIONSTORE zc 2 za zb", structures.ZSET_A, structures.ZSET_B,
         pipeline=1, connections=1),
    line("sort-100k", "SORT numbers LIMIT 0 10", structures.NUMBERS, pipeline=1, connections=1,
         needs=("sort",)),
    line("xadd", "XADD log MAXLEN ~ 100000 * field vvvvvvvvvvvvvvvv", needs=("xadd",)),
    line("xread-10", f"XREAD COUNT 10 STREAMS stream 1{RAND}", structures.STREAM,
         needs=("xread",)),
    Workload("xreadgroup-xack", (("XREADGROUP", 1, 1), ("XACK", 1, 1)), connections=8,
             generator="group", filled=(structures.GROUPED,), needs=("xreadgroup", "xack")),
)}


def commands_of(workload):
    """All commands that a workload needs."""
    names = [name.lower() for name, _, _ in workload.commands] + list(workload.needs)
    for structure in workload.filled:
        names += structure.needs
        names.append(structure.words(b"0" * structure.digits)[0].decode().lower())
    return list(dict.fromkeys(names))


def left_out(servers, names, say):
    """{workload: why}, for those that not every server can run."""
    reasons = {}
    for name in names:
        for server in servers:
            missing = lacking(server.port, commands_of(WORKLOADS[name]))
            if missing:
                reasons[name] = f"{server.spec.name} has no {', '.join(missing).upper()}"
                say(f"types/{name}: left out, {reasons[name]}")
                break
    return reasons


def prefill(server, names, elements):
    """Fills what the workloads need; each structure once."""
    for structure in dict.fromkeys(s for name in names for s in WORKLOADS[name].filled):
        fill(server.port, structure, structure.commands(elements))


# --- memory -----------------------------------------------------------------------------------

def memory(plan, say):
    """Resident bytes an element, each structure in a fresh server."""
    section = {"kind": "elements", "name": "memory-types", "reference": plan.reference,
               "rounds": [], "elements": plan.keys, "servers": []}
    rounds = min(plan.rounds, 3)
    for number in range(rounds):
        turn = number % len(plan.specs)
        for spec in plan.specs[turn:] + plan.specs[:turn]:
            for name, structure in structures.MEMORY.items():
                server = Server(spec, 1, set(plan.cores), plan.run_dir)
                try:
                    result = memory_round(server, structure, plan.keys)
                    if number == 0 and name == next(iter(structures.MEMORY)):
                        section["servers"].append(server.facts())
                finally:
                    server.stop()
                result.update(data_set=name, server=server.label, server_name=spec.name,
                              round=number)
                section["rounds"].append(result)
                say(f"memory-types round {number + 1}/{rounds} {server.label} {name}: "
                    f"{result['bytes_per_element']:.1f} bytes an element")
    return section


def memory_round(server, structure, elements):
    empty = server.settled_rss_bytes()
    commands = structure.commands(elements)
    begin = time.monotonic()
    fill(server.port, structure, commands)
    seconds = time.monotonic() - begin
    full = server.settled_rss_bytes(at_least_s=2.0)
    count = commands * structure.elements
    return {"empty_rss_bytes": empty, "full_rss_bytes": full, "elements": count,
            "fill_seconds": seconds, "bytes_per_element": (full - empty) / count}
