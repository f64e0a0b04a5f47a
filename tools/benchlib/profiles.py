"""The profiles: which servers run how, on which cores, and what is measured on them."""

import dataclasses
import json
import os
import subprocess
import sys
import time

from benchlib import datasets, stall, typed
from benchlib.load import Load
from benchlib.servers import Server, child_setup
from benchlib.workloads import WORKLOADS

SHARD = ("get-c50", "get-c1000", "get-p16", "set-p16", "mix-p64", "incr-p16", "mget10-p16",
         "mset10-p16", "set1k-p16", "set16k", "get16k")


# CPUs taken by others above which a run is repeated; the calmest try counts.
DISTURBED = 0.15


@dataclasses.dataclass(frozen=True)
class Setup:
    """Servers side by side under some workloads.

    pinned: the server gets the first core and the client the second; else both share both.
    threads: for servers whose command has {threads}.
    also_one_thread: workloads that such servers run a second time with one thread.
    """

    name: str
    threads: int
    pinned: bool
    workloads: tuple
    also_one_thread: tuple = ()


SETUPS = {
    "shard": (Setup("shard", 1, True, SHARD),),
    "cross": (Setup("cross", 4, False, ("get-c50", "get-p16", "get-p64", "mget8", "mset8"),
                    also_one_thread=("mget8", "mset8")),),
    "pair": (Setup("pair", 2, False, ("get-c50", "get-p16", "get-p64", "mset10")),),
    "types": (Setup("types", 1, True, tuple(typed.WORKLOADS)),),
    "tails": (Setup("tails, 1 thread", 1, True, ("get-c50", "set-c50")),
              Setup("tails, 2 threads", 2, False, ("get-c50", "set-c50"))),
}
NAMES = ("shard", "cross", "pair", "tails", "memory", "types", "memory-types", "stall")
ALL_WORKLOADS = {**WORKLOADS, **typed.WORKLOADS}
MEMORY_SETS = {"string32": datasets.STRINGS, "integer": datasets.COUNTERS,
               "string32-expiring": datasets.EXPIRING}


@dataclasses.dataclass
class Plan:
    """Everything the command line decides."""

    specs: list
    reference: str
    generator: str
    cores: tuple
    rounds: int
    retries: int
    seconds: float
    keys: int
    memory_keys: int
    growth_from: int
    growth_to: int
    only: set
    run_dir: str

    def first_key(self):
        return datasets.FIRST_KEY[self.generator]

    def warm_seconds(self):
        return max(1.0, self.seconds / 4)

    def cores_for(self, pinned):
        """(the server's cores, the client's cores)."""
        return ({self.cores[0]}, {self.cores[1]}) if pinned else (set(self.cores),) * 2

    def chosen(self, names):
        return [name for name in names if not self.only or name in self.only]


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(plan, name):
    """Runs a profile: a list of sections, each a dict for the report."""
    if name == "memory":
        return [memory(plan)] if plan.chosen(["memory"]) else []
    if name == "memory-types":
        return [typed.memory(plan, say)]
    if name == "stall":
        _, cores = plan.cores_for(True)
        return [stall.run(plan, lambda server, work: beside(plan, server, cores, work), say)]
    sections = [side_by_side(plan, setup) for setup in SETUPS[name] if plan.chosen(setup.workloads)]
    if name == "tails" and plan.chosen(["growth"]):
        sections.append(growth(plan))
    return sections


def known_workloads(name):
    """Every name --workload may select in a profile."""
    if name in ("memory", "memory-types"):
        return {name}
    if name == "stall":
        return set(stall.KINDS)
    names = {workload for setup in SETUPS[name] for workload in setup.workloads}
    return names | ({"growth"} if name == "tails" else set())


# --- Throughput, latency, CPU -----------------------------------------------------------------

def side_by_side(plan, setup):
    """Interleaved rounds of each workload over servers that are prefilled once."""
    names = plan.chosen(setup.workloads)
    server_cores, client_cores = plan.cores_for(setup.pinned)
    load = Load(plan.generator, client_cores, 1 if setup.pinned else 2, plan.keys, plan.run_dir)
    section = {"kind": "load", "name": setup.name, "pinned": setup.pinned, "keys": plan.keys,
               "client_threads": load.client_threads, "server_cores": sorted(server_cores),
               "client_cores": sorted(client_cores), "reference": plan.reference,
               "servers": [], "skipped": [], "rounds": []}
    servers, single = [], []
    try:
        for spec in plan.specs:
            servers.append(Server(spec, setup.threads, server_cores, plan.run_dir))
        section["left_out"] = {} if setup.name != "types" else typed.left_out(servers, names, say)
        names = [name for name in names if name not in section["left_out"]]
        for server, spec in zip(list(servers), plan.specs):
            section["servers"].append(fill(plan, server, names))
            if spec.has_threads() and set(names) & set(setup.also_one_thread):
                single.append(Server(spec, 1, server_cores, plan.run_dir))
                section["servers"].append(fill(plan, single[-1], names))
        for name in names:
            if not load.supports(ALL_WORKLOADS[name]):
                say(f"{setup.name}/{name}: skipped, {plan.generator} cannot mix commands")
                section["skipped"].append(name)
                continue
            entrants = servers + (single if name in setup.also_one_thread else [])
            section["rounds"] += rounds_of(plan, setup, load, ALL_WORKLOADS[name], entrants)
    finally:
        for server in servers + single:
            server.stop()
    return section


def fill(plan, server, names):
    """Prefills what the workloads need, freezes the server and describes it."""
    begin = time.monotonic()
    empty = server.rss_bytes()
    plain = [name for name in names if name in WORKLOADS]
    typed.prefill(server, [name for name in names if name in typed.WORKLOADS], plan.keys)
    for data_set in {WORKLOADS[name].data_set for name in plain}:
        datasets.prefill(server.port, data_set, data_set.key_count(plan.keys), plan.first_key())
    facts = server.facts()
    facts.update(empty_rss_bytes=empty, filled_rss_bytes=server.settled_rss_bytes())
    server.freeze()
    say(f"{server.label}: {facts['keys']} keys in {time.monotonic() - begin:.1f} s")
    return facts


def rounds_of(plan, setup, load, workload, servers):
    """A B, B A, ...: every server once a round, the order turned by one each time."""
    results = []
    for number in range(plan.rounds):
        turn = number % len(servers)
        for place, server in enumerate(servers[turn:] + servers[:turn]):
            tries = [one_round(plan, load, workload, server)]
            while tries[-1]["others_busy"] > DISTURBED and len(tries) <= plan.retries:
                say(f"{setup.name}/{workload.name} {server.label}: other processes took "
                    f"{tries[-1]['others_busy']:.2f} CPUs, once more")
                tries.append(one_round(plan, load, workload, server))
            result = min(tries, key=lambda each: each["others_busy"])
            result["discarded"] = [each for each in tries if each is not result]
            result.update(setup=setup.name, workload=workload.name, server=server.label,
                          server_name=server.spec.name, threads=server.threads, round=number,
                          place=place)
            results.append(result)
            say(f"{setup.name}/{workload.name} round {number + 1}/{plan.rounds} {server.label}: "
                f"{result['throughput']:,.0f}/s, {result['cpu_us']:.2f} us CPU, "
                f"p99.9 {result['p999_us']:,.0f} us, client {result['client_busy']:.0%} busy, "
                f"others {result['others_busy']:.2f} CPUs")
    return results


def machine_busy_ns(cores):
    """CPU time spent or stolen on these cores since boot, whoever spent it."""
    wanted = {f"cpu{core}" for core in cores}
    ticks = 0
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            name, *fields = line.split()
            if name in wanted:
                user, nice, system, _, _, irq, softirq, stolen = map(int, fields[:8])
                ticks += user + nice + system + irq + softirq + stolen
    return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def one_round(plan, load, workload, server):
    """Warm-up and measured run on a thawed server."""
    server.thaw()
    try:
        warm = load.warm_up(server.port, workload, plan.warm_seconds())
        before = server.counters()
        begin = time.monotonic()
        machine, cpu = machine_busy_ns(plan.cores), server.cpu_ns()
        result = load.measure(server.port, workload, plan.seconds, warm)
        cpu, machine = server.cpu_ns() - cpu, machine_busy_ns(plan.cores) - machine
        elapsed = time.monotonic() - begin
        after = server.counters()
    finally:
        server.freeze()
    operations = result["operations"]
    result["operations_counted_by"] = "generator"
    if before["calls"] and after["calls"]:
        counted = sum(after["calls"].get(name.lower(), 0) - before["calls"].get(name.lower(), 0)
                      for name, _, _ in workload.commands)
        if counted > 0:
            operations, result["operations_counted_by"] = counted, "server"
    errors = None
    if before["errors"] is not None and after["errors"] is not None:
        errors = after["errors"] - before["errors"]
    result.update(cpu_ns=cpu, cpu_us=cpu / 1000 / operations, server_operations=operations,
                  errors=errors, server_busy=cpu / 1e9 / result["seconds"],
                  others_busy=max(0, machine - cpu - result["client_cpu_ns"]) / 1e9 / elapsed)
    if errors or result["misses"]:
        say(f"warning: {server.label} {workload.name}: {errors} errors, {result['misses']} misses")
    return result


# --- Growth -----------------------------------------------------------------------------------

def growth(plan):
    """The longest wait of a quiet connection while another one fills the server."""
    server_cores, client_cores = plan.cores_for(True)
    section = {"kind": "growth", "name": "growth", "reference": plan.reference, "rounds": [],
               "from": plan.growth_from, "to": plan.growth_to, "servers": []}
    rounds = min(plan.rounds, 3)
    for number in range(rounds):
        turn = number % len(plan.specs)
        for spec in plan.specs[turn:] + plan.specs[:turn]:
            server = Server(spec, 1, server_cores, plan.run_dir)
            try:
                result = growth_round(plan, server, client_cores)
                if number == 0:
                    section["servers"].append(server.facts())
            finally:
                server.stop()
            result.update(server=server.label, server_name=spec.name, round=number)
            section["rounds"].append(result)
            say(f"growth round {number + 1}/{rounds} {server.label}: longest PING "
                f"{result['growing']['ping']['max_us'] / 1000:.2f} ms, longest GET "
                f"{result['growing']['get']['max_us'] / 1000:.2f} ms, "
                f"{result['keys_per_second']:,.0f} keys/s")
    return section


def growth_round(plan, server, client_cores):
    os.sched_setaffinity(0, client_cores)
    try:
        datasets.prefill(server.port, datasets.STRINGS, plan.growth_from, plan.first_key())
        quiet = probe(plan, server, client_cores, lambda: time.sleep(2.0))
        begin = time.monotonic()
        growing = probe(plan, server, client_cores, lambda: datasets.prefill(
            server.port, datasets.STRINGS, plan.growth_to, plan.first_key(),
            start=plan.growth_from, block=100, in_flight=1))
        seconds = time.monotonic() - begin
    finally:
        os.sched_setaffinity(0, set(plan.cores))
    return {"quiet": quiet, "growing": growing, "seconds": seconds,
            "keys_per_second": (plan.growth_to - plan.growth_from) / seconds}


def beside(plan, server, cores, work):
    """As probe(), on the keys that the profile `stall` has; work() runs on the prober's cores."""
    os.sched_setaffinity(0, cores)
    try:
        return probe(plan, server, cores, work, stall.QUIET_KEYS, ("get",))
    finally:
        os.sched_setaffinity(0, set(plan.cores))


def probe(plan, server, cores, work, keys=None, kinds=("ping", "get")):
    """Runs work() beside a prober process; the prober's figures."""
    prober = subprocess.Popen(
        [sys.executable, os.path.join(os.path.dirname(__file__), "prober.py"), str(server.port),
         str(plan.first_key()), str(keys or plan.growth_from), *kinds],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        preexec_fn=child_setup(cores))
    try:
        prober.stdout.readline()
        work()
        output, _ = prober.communicate(timeout=60)
    finally:
        if prober.poll() is None:
            prober.kill()
            prober.wait()
    if prober.returncode != 0:
        raise RuntimeError("the prober failed")
    return json.loads(output)


# --- Memory -----------------------------------------------------------------------------------

def memory(plan):
    """Resident bytes a key, for three kinds of keys; two server threads."""
    cores = set(plan.cores)
    section = {"kind": "memory", "name": "memory", "reference": plan.reference, "rounds": [],
               "keys": plan.memory_keys, "servers": []}
    rounds = min(plan.rounds, 3)
    for number in range(rounds):
        turn = number % len(plan.specs)
        for spec in plan.specs[turn:] + plan.specs[:turn]:
            for name, data_set in MEMORY_SETS.items():
                server = Server(spec, 2, cores, plan.run_dir)
                try:
                    result = memory_round(plan, server, data_set)
                    if number == 0 and name == "string32":
                        section["servers"].append(server.facts())
                finally:
                    server.stop()
                result.update(data_set=name, server=server.label, server_name=spec.name,
                              round=number)
                section["rounds"].append(result)
                say(f"memory round {number + 1}/{rounds} {server.label} {name}: "
                    f"{result['bytes_per_key']:.1f} bytes a key, empty "
                    f"{result['empty_rss_bytes'] / 2**20:.1f} MiB")
    return section


def memory_round(plan, server, data_set):
    empty = server.settled_rss_bytes()
    datasets.prefill(server.port, data_set, plan.memory_keys, plan.first_key())
    full = server.settled_rss_bytes(at_least_s=3.0)
    return {"empty_rss_bytes": empty, "full_rss_bytes": full, "keys": plan.memory_keys,
            "bytes_per_key": (full - empty) / plan.memory_keys}
