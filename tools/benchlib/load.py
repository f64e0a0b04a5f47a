"""Load generators: memtier_benchmark and redis-benchmark behind one function.

Both draw every key of every command uniformly and independently from the data set.

A result is a dict: seconds, operations, throughput (a second), p50_us, p99_us, p999_us, max_us,
client_cpu_ns, client_busy (the client's CPU time over its threads' time under load: near 1.0 the
client was the limit), misses (None if unknown), argv.
"""

import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys

from benchlib import datasets
from benchlib.servers import child_setup

SEEDS = {
    "memtier": "measured rounds: the connection's index, the same in every round and for every "
               "server; warm-ups: --randomize",
    "redis-benchmark": "the program's own, from time and pid",
}


def pick_generator(wanted=None):
    """The name of the generator to use. Raises if the wanted one (or any) is not installed."""
    programs = {"memtier": "memtier_benchmark", "redis-benchmark": "redis-benchmark"}
    for name, program in programs.items():
        if wanted in (None, name) and shutil.which(program):
            return name
    raise RuntimeError("no load generator on PATH: install " + " or ".join(
        program for name, program in programs.items() if wanted in (None, name)))


def generator_version(name):
    program = "memtier_benchmark" if name == "memtier" else name
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (text.stdout or text.stderr).splitlines()[0].strip()


class Load:
    """Runs workloads against a port, with client_threads threads on the given cores."""

    def __init__(self, generator, cores, client_threads, keys, run_dir):
        self.generator = generator
        self.cores = cores
        self.client_threads = client_threads
        self.keys = keys
        self.run_dir = run_dir

    def supports(self, workload):
        return self.chosen(workload) != "redis-benchmark" or not workload.is_mixed()

    def chosen(self, workload):
        """The generator for a workload: its own, else the usual one."""
        return workload.generator or self.generator

    def warm_up(self, port, workload, seconds):
        """A throw-away run over the whole key range; returns its result."""
        if self.chosen(workload) == "memtier":
            return self.memtier(port, workload, seconds, ["--randomize"])
        if self.chosen(workload) == "group":
            return self.group(port, workload, seconds)
        return self.calibrated(port, workload, seconds)

    def calibrated(self, port, workload, seconds):
        """redis-benchmark takes a number of requests, not a time, and rounds short runs with
        threads up to a quarter of a second: raise the number until the run is long enough."""
        slow = workload.pipeline == 1  # commands over many elements
        operations = workload.connections * 20 if slow else max(2000, workload.connections * 20)
        while True:
            result = self.redis_benchmark(port, workload, operations)
            if result["seconds"] >= 0.7 * seconds:
                return result
            operations = int(min(operations * 10,
                                 max(operations * 2, result["throughput"] * seconds)))

    def measure(self, port, workload, seconds, warm):
        if self.chosen(workload) == "memtier":
            return self.memtier(port, workload, seconds, [])
        if self.chosen(workload) == "group":
            return self.group(port, workload, seconds)
        return self.redis_benchmark(port, workload, int(warm["throughput"] * seconds))

    def memtier(self, port, workload, seconds, more):
        out = os.path.join(self.run_dir, "memtier.json")
        argv = memtier_command(workload, port, self.client_threads, seconds, self.keys) + more
        _, cpu_s = self.run(argv + ["--json-out-file", out, "-o", "/dev/null"], seconds)
        with open(out, encoding="utf-8") as file:
            stats = json.load(file)["ALL STATS"]
        os.unlink(out)
        return self.with_cpu(memtier_result(stats, argv, max(1, round(seconds))), cpu_s)

    def group(self, port, workload, seconds):
        program = os.path.join(os.path.dirname(__file__), "group_load.py")
        text, cpu_s = self.run([sys.executable, program, str(port), str(workload.connections),
                                str(seconds)], seconds)
        return self.with_cpu(json.loads(text), cpu_s)

    def redis_benchmark(self, port, workload, operations):
        argv = redis_benchmark_command(workload, port, self.client_threads, operations, self.keys)
        text, cpu_s = self.run(argv, 60)
        return self.with_cpu(redis_benchmark_result(text, argv), cpu_s)

    def with_cpu(self, result, cpu_s):
        result["client_cpu_ns"] = int(cpu_s * 1e9)
        seconds = max(result["seconds"], 0.01)  # redis-benchmark rounds short runs down to 0
        result["client_busy"] = cpu_s / (seconds * self.client_threads)
        return result

    def run(self, argv, seconds):
        """Runs a program to its end: (its output, its CPU seconds)."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=child_setup(self.cores))
        try:
            output, _ = process.communicate(timeout=seconds * 3 + 60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        text = output.decode(errors="replace")
        if process.returncode != 0:
            raise RuntimeError(f"{shlex.join(argv)} failed:\n{text[-2000:]}")
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        return text, now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime


def memtier_command(workload, port, threads, seconds, keys):
    data_set = workload.data_set
    first = datasets.FIRST_KEY["memtier"]
    argv = ["memtier_benchmark", "-h", "127.0.0.1", "-p", str(port), "-t", str(threads),
            "-c", str(max(1, workload.connections // threads)),
            "--pipeline", str(workload.pipeline), "--test-time", str(max(1, round(seconds))),
            "--key-prefix", data_set.prefix, "--key-minimum", str(first),
            "--key-maximum", str(first + data_set.key_count(keys) - 1),
            "--distinct-client-seed", "--hide-histogram"]
    if data_set.value_bytes:
        argv += ["-d", str(data_set.value_bytes)]
    if workload.lines:
        for words in workload.lines:
            argv += ["--command", words, "--command-ratio", "1", "--command-key-pattern", "R"]
        return argv
    weights = {name: weight for name, _, weight in workload.commands}
    if set(weights) <= {"GET", "SET"}:
        return argv + ["--key-pattern", "R:R",
                       "--ratio", f"{weights.get('SET', 0)}:{weights.get('GET', 0)}"]
    for name, count, weight in workload.commands:
        unit = ["__key__", "__data__"] if name == "MSET" else ["__key__"]
        argv += ["--command", " ".join([name] + unit * count), "--command-key-pattern", "R",
                 "--command-ratio", str(weight)]
    return argv


def memtier_result(stats, argv, asked_seconds):
    """With several threads memtier now and then reports a duration (hence a rate) that is far
    off; a timed run is never shorter than what was asked for, so that is the lower bound here."""
    totals = stats["Totals"]
    seconds = max(asked_seconds, stats["Runtime"]["Total duration"] / 1000)
    tail = totals["Percentile Latencies"]
    misses = None
    if stats.get("Gets", {}).get("Count"):
        misses = round(totals["Misses/sec"] * stats["Runtime"]["Total duration"] / 1000)
    return {"seconds": seconds, "operations": totals["Count"],
            "throughput": totals["Count"] / seconds,
            "p50_us": tail["p50.00"] * 1000, "p99_us": tail["p99.00"] * 1000,
            "p999_us": tail["p99.90"] * 1000, "max_us": totals["Max Latency"] * 1000,
            "misses": misses, "argv": argv}


def redis_benchmark_command(workload, port, threads, operations, keys):
    data_set = workload.data_set
    numbers = int(keys * workload.share) if workload.lines else data_set.key_count(keys)
    name, count, _ = workload.commands[0]
    unit = [data_set.prefix + "__rand_int__"]
    if name in ("SET", "MSET"):
        unit.append("x" * data_set.value_bytes)
    argv = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port),
            "-c", str(workload.connections), "-P", str(workload.pipeline), "-n", str(operations),
            "-r", str(numbers), "--precision", "3"]
    if threads > 1:
        argv += ["--threads", str(threads)]
    if workload.lines:
        return argv + shlex.split(workload.lines[0])
    return argv + [name] + unit * count


def redis_benchmark_result(text, argv):
    done = re.search(r"(\d+) requests completed in ([\d.]+) seconds", text)
    rate = re.search(r"throughput summary: ([\d.]+) requests", text)
    steps = [(float(share), float(ms)) for share, ms in
             re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds \(cumulative", text)]
    if not (done and rate and steps):
        raise RuntimeError(f"{shlex.join(argv)}: no summary in its output:\n{text[-2000:]}")

    def percentile(share):
        return next(ms for reached, ms in steps if reached >= share) * 1000

    return {"seconds": float(done[2]), "operations": int(done[1]),
            "throughput": float(rate[1]), "p50_us": percentile(50), "p99_us": percentile(99),
            "p999_us": percentile(99.9), "max_us": percentile(100), "misses": None, "argv": argv}
