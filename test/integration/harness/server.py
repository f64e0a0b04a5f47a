"""Starts a server for the tests and stops it, checking that it went cleanly.

`SHOAL_SERVER` names the binary (default: build/shoal-server of this tree). Debian's
redis-server works too, by name or path; it gets no --threads and no --io-backend.
"""

import fcntl
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from .resp import Client, Closed, Error

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIRST_PORT, LAST_PORT = 21000, 29999  # below the kernel's ephemeral range
SANITIZER_MARKS = ("Sanitizer:", "runtime error:", "SUMMARY: ", "Assertion failed",
                   "assertion failed")


class ServerFailure(AssertionError):
    """The server did not start, died, or did not stop cleanly."""


def binary_path():
    return os.environ.get("SHOAL_SERVER") or str(ROOT / "build" / "shoal-server")


def is_redis(binary=None):
    return pathlib.Path(binary or binary_path()).name.startswith("redis-server")


class PortLease:
    """A port nobody else of these tests uses, held by a lock on a file.

    A server may listen with SO_REUSEPORT, so a bind alone would not notice a second one.
    """

    def __init__(self):
        folder = pathlib.Path(tempfile.gettempdir()) / ("shoal-test-ports-%d" % os.getuid())
        folder.mkdir(exist_ok=True)
        for port in random.sample(range(FIRST_PORT, LAST_PORT), 500):
            self.file = open(folder / str(port), "w")
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self.file.close()
                continue
            if self._is_free(port):
                self.port = port
                return
            self.file.close()
        raise ServerFailure("no free port")

    @staticmethod
    def _is_free(port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
        return True

    def release(self):
        self.file.close()


class Server:
    """One running server in a directory of its own.

    `options` are settings as in redis.conf: {"maxclients": 10, "save": ""}. A value may
    be a list: several words. `conf` is the text of a configuration file, if one is wanted.
    """

    def __init__(self, threads=1, io_backend="epoll", options=None, conf=None, binary=None,
                 env=None, start_timeout=20.0, wait=True):
        wanted = binary or binary_path()
        self.binary = shutil.which(wanted) or wanted
        self.is_redis = is_redis(self.binary)
        self.threads = threads
        self.io_backend = io_backend
        self.lease = PortLease()
        self.port = self.lease.port
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="shoal-test-"))
        self.log_path = self.dir / "server.log"
        self.options = {"port": self.port, "bind": "127.0.0.1", "dir": str(self.dir), "save": "",
                        "appendonly": "no", "enable-debug-command": "yes"}
        if not self.is_redis:
            self.options["threads"] = threads
            self.options["io-backend"] = io_backend
        self.options.update(options or {})
        self.conf_path = None
        if conf is not None:
            self.conf_path = self.dir / "server.conf"
            self.conf_path.write_text(conf)
        self.process = None
        self.env = dict(os.environ, **(env or {}))
        self.start_timeout = start_timeout
        try:
            self.start(wait)
        except ServerFailure:
            self.kill()
            raise

    def command_line(self):
        line = [self.binary]
        if self.conf_path:
            line.append(str(self.conf_path))
        for name, value in self.options.items():
            words = value if isinstance(value, (list, tuple)) else [value]
            line += ["--" + name, *[str(w) for w in words]]
        return line

    def start(self, wait=True):
        if not os.access(self.binary, os.X_OK):
            raise ServerFailure("there is no %s: build it, or set SHOAL_SERVER" % self.binary)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command_line(), stdout=log, stderr=log,
                                            env=self.env,
                                            stdin=subprocess.DEVNULL, cwd=self.dir)
        if wait:
            self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + self.start_timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailure("the server ended at start with code %d\n%s"
                                    % (self.process.returncode, self.log_tail()))
            try:
                with Client(self.port, timeout=2.0) as client:
                    reply = client("PING")
                    if not (isinstance(reply, Error) and reply.code == "LOADING"):
                        return
            except (OSError, Closed):
                pass
            time.sleep(0.01)
        raise ServerFailure("the server does not answer\n" + self.log_tail())

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_tail(self, lines=60):
        return "\n".join(self.log().splitlines()[-lines:])

    def rss_bytes(self):
        with open("/proc/%d/statm" % self.process.pid) as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def wait(self, timeout=20.0):
        """Waits for the process to end by itself and answers its exit code."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ServerFailure("the server does not end\n" + self.log_tail()) from None

    def stop(self, clean=True):
        """SIGTERM, then the checks: exit code 0, nothing from a sanitizer in the log."""
        try:
            if self.alive():
                self.process.send_signal(signal.SIGTERM)
            code = self.wait()
            if clean:
                self.check_log()
                if code != 0:
                    raise ServerFailure("the server ended with code %d\n%s"
                                        % (code, self.log_tail()))
        finally:
            self.kill()

    def check_log(self):
        text = self.log()
        for mark in SANITIZER_MARKS:
            if mark in text:
                start = max(0, text.find(mark) - 2000)
                raise ServerFailure("%r in the log:\n%s" % (mark, text[start:start + 8000]))

    def restart(self):
        """Ends the process by SIGTERM and starts it again in the same directory."""
        self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        if code != 0:
            raise ServerFailure("the server ended with code %d\n%s" % (code, self.log_tail()))
        self.start()

    def kill(self):
        """Ends it whatever it takes, and removes its directory."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.lease.release()
        shutil.rmtree(self.dir, ignore_errors=True)
