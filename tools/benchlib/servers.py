"""Starting, watching and stopping the servers under test.

A server runs in its own session, dies with this process, and is frozen (SIGSTOP) while another
one is measured, so that its background work is never on somebody else's bill.
"""

import ctypes
import dataclasses
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time

from benchlib.resp import Client, ServerError

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


@dataclasses.dataclass(frozen=True)
class Spec:
    """A server to compare: its name and its command with {port}, {threads} and {dir} in it."""

    name: str
    command: str

    def has_threads(self):
        return "{threads}" in self.command


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def child_setup(cores):
    """What a child does before exec: take its cores, and agree to die with its parent."""
    def run():
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.sched_setaffinity(0, cores)
    return run


class Server:
    """One running server process."""

    def __init__(self, spec, threads, cores, run_dir):
        self.spec = spec
        self.threads = threads
        self.label = f"{spec.name} ({threads}t)" if spec.has_threads() else spec.name
        self.port = free_port()
        self.dir = os.path.join(run_dir, f"{spec.name}-{self.port}")
        os.mkdir(self.dir)
        words = shlex.split(spec.command.format(port=self.port, threads=threads,
                                                dir=shlex.quote(self.dir)))
        program = words[0] if "/" in words[0] else shutil.which(words[0])
        if program is None:
            raise RuntimeError(f"{spec.name}: no program {words[0]} on PATH")
        words[0] = os.path.abspath(program)
        self.argv = words
        self.cores = sorted(cores)
        self.log_path = os.path.join(self.dir, "stdout.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                cwd=self.dir, start_new_session=True, preexec_fn=child_setup(cores))
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def wait_until_ready(self, limit_s=30.0):
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                with Client(self.port, timeout_s=2.0) as client:
                    if client.command("PING") == b"PONG":
                        return
            except (OSError, ServerError):
                time.sleep(0.05)
        with open(self.log_path, "rb") as log:
            tail = log.read()[-2000:].decode(errors="replace")
        raise RuntimeError(f"{self.label} did not answer PING: {shlex.join(self.argv)}\n{tail}")

    def stop(self):
        """Kills the process and its session, and removes its directory."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)
        with Client(self.port) as client:
            client.command("PING")

    def cpu_ns(self):
        """CPU time of all living threads: schedstat where the kernel has it, else clock ticks."""
        total = 0
        tasks = f"/proc/{self.process.pid}/task"
        try:
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/schedstat", encoding="ascii") as file:
                    total += int(file.read().split()[0])
        except FileNotFoundError:
            with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
            ticks = int(fields[11]) + int(fields[12])
            return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        return total

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise RuntimeError(f"{self.label} has no VmRSS")

    def settled_rss_bytes(self, at_least_s=0.0):
        """RSS once it has stopped moving (table resizes end, freed pages go back)."""
        time.sleep(at_least_s)
        end = time.monotonic() + 10.0
        last, calm = self.rss_bytes(), 0
        while calm < 3 and time.monotonic() < end:
            time.sleep(0.4)
            now = self.rss_bytes()
            calm = calm + 1 if abs(now - last) <= last // 2000 else 0
            last = now
        return last

    def counters(self):
        """What the server itself counted: {"calls": {command: n} or None, "errors": n or None}."""
        with Client(self.port) as client:
            stats = client.info("commandstats")
            errors = client.info("stats").get("total_error_replies")
        calls = {}
        for name, value in stats.items():
            if name.startswith("cmdstat_"):
                fields = dict(part.split("=", 1) for part in value.split(",") if "=" in part)
                calls[name[len("cmdstat_"):].lower()] = int(fields.get("calls", 0))
        return {"calls": calls or None, "errors": None if errors is None else int(errors)}

    def facts(self):
        """Version lines for the report."""
        with Client(self.port) as client:
            info = client.info("server")
            keyspace = client.command("DBSIZE")
        wanted = ("redis_version", "shoal_version", "valkey_version", "server_name",
                  "redis_git_sha1", "redis_build_id", "multiplexing_api", "gcc_version")
        return {"label": self.label, "argv": self.argv, "cores": self.cores,
                "threads": self.threads, "keys": keyspace,
                "version": {name: info[name] for name in wanted if name in info}}
