"""Fixtures of the integration tests.

`client` is a raw RESP client of the cell's protocol, `connect()` opens more of them,
`r` is redis-py, `databases()` opens more of that (text, not bytes), `start_server(**options)`
starts a server of the test's own. The shared server (one for each cell and worker) is flushed
and its CONFIG put back between tests.
"""

import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import matrix  # noqa: E402
from harness.resp import Client, Error, Map, NIL  # noqa: E402
from harness.server import Server, ServerFailure, binary_path, is_redis  # noqa: E402

# Settings the server changes by itself, or that cannot be put back by CONFIG SET.
UNSETTABLE = {"save", "dir", "port", "bind", "logfile", "client-output-buffer-limit",
              "oom-score-adj-values",
              "requirepass"}


def pytest_configure(config):
    config.addinivalue_line("markers",
                            "shoal_only: holds for Shoal alone, skipped against redis-server")
    config.addinivalue_line("markers",
                            "redis72: behaviour new in Redis 7.2, skipped against older ones")
    config.addinivalue_line("markers", "slow: takes long or much memory, runs with SHOAL_SLOW=1")
    config.addinivalue_line("markers",
                            "one_cell: the cell makes no difference, runs in the first one")
    config.addinivalue_line("markers", "plain_build: bounds memory, skipped with SHOAL_SANITIZED=1")
    config.addinivalue_line("markers", "needs(*commands): skipped while the server lacks a command")


def pytest_report_header():
    return "server: %s, cells: %s" % (binary_path(), " ".join(map(str, matrix.cells())))


def _redis_version():
    text = subprocess.run([binary_path(), "--version"], capture_output=True, text=True,
                          check=True).stdout
    return tuple(int(x) for x in text.split("v=")[1].split()[0].split("."))


def pytest_collection_modifyitems(items):
    redis = is_redis()
    old = redis and _redis_version() < (7, 2)
    first = str(matrix.cells()[0])
    kept = []
    for item in items:
        cell = item.callspec.params.get("cell") if hasattr(item, "callspec") else None
        if item.get_closest_marker("one_cell") and cell is not None and str(cell) != first:
            continue
        kept.append(item)
        if redis and item.get_closest_marker("shoal_only"):
            item.add_marker(pytest.mark.skip(reason="holds for Shoal alone"))
        if old and item.get_closest_marker("redis72"):
            item.add_marker(pytest.mark.skip(reason="new in Redis 7.2"))
        if item.get_closest_marker("slow") and not os.environ.get("SHOAL_SLOW"):
            item.add_marker(pytest.mark.skip(reason="slow, needs SHOAL_SLOW=1"))
        if os.environ.get("SHOAL_SANITIZED") and item.get_closest_marker("plain_build"):
            item.add_marker(pytest.mark.skip(reason="a sanitizer takes memory of its own"))
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(120))
    items[:] = kept


@pytest.fixture(scope="session", params=matrix.cells(), ids=str)
def cell(request):
    return request.param


def _config(client):
    reply = client("CONFIG", "GET", "*")
    flat = reply.flat() if isinstance(reply, Map) else reply
    return dict(zip(flat[::2], flat[1::2]))


class SharedServer:
    """The server of a cell, started again when a test has killed it."""

    def __init__(self, cell):
        self.cell = cell
        self.server = None
        self.known = set()

    def get(self):
        if self.server is not None and not self.server.alive():
            self.server.kill()
            self.server = None
        if self.server is None:
            self.server = Server(self.cell.threads, self.cell.io_backend)
            with Client(self.server.port) as client:
                self.config = _config(client)
        return self.server

    def reset(self):
        with Client(self.server.port) as client:
            client("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            assert client("FLUSHALL") == "OK"
            for name, value in _config(client).items():
                if value != self.config.get(name) and name.decode() not in UNSETTABLE:
                    reply = client("CONFIG", "SET", name, self.config[name])
                    assert not isinstance(reply, Error), (name, reply)

    def knows(self, command):
        if command not in self.known:
            with Client(self.server.port) as client:
                if client("COMMAND", "INFO", command)[0] == NIL:
                    return False
            self.known.add(command)
        return True


@pytest.fixture(scope="session")
def _shared(cell):
    shared = SharedServer(cell)
    yield shared
    if shared.server is not None:
        shared.server.stop()


@pytest.fixture
def server(_shared, request):
    server = _shared.get()
    for marker in request.node.iter_markers("needs"):
        for command in marker.args:
            if not _shared.knows(command):
                pytest.skip("the server has no %s" % command)
    yield server
    if not server.alive():
        raise ServerFailure("the server died during the test\n" + server.log_tail())
    server.check_log()
    _shared.reset()


@pytest.fixture
def connect(server, cell):
    """Opens further connections: connect(), connect(protocol=3)."""
    opened = []

    def open_client(protocol=None, port=None, **options):
        client = Client(port or server.port, protocol or cell.protocol, **options)
        opened.append(client)
        client("PING")  # so that the server has certainly accepted it
        return client

    yield open_client
    for client in opened:
        client.close()


@pytest.fixture
def client(connect):
    return connect()


@pytest.fixture
def r(server):
    import redis
    with redis.Redis(port=server.port) as connection:
        yield connection


@pytest.fixture
def databases(server):
    """Opens redis-py clients that decode replies: one for each thread that wants one."""
    import redis
    opened = []

    def open_database():
        opened.append(redis.Redis(port=server.port, decode_responses=True))
        return opened[-1]

    yield open_database
    for each in opened:
        each.close()


@pytest.fixture
def db(databases):
    return databases()


@pytest.fixture
def start_server(cell):
    """Starts a server with own settings; all of them are stopped and checked at the end."""
    started = []

    def start(conf=None, threads=None, env=None, **options):
        options = {name.replace("_", "-"): value for name, value in options.items()}
        server = Server(threads or cell.threads, cell.io_backend, options=options, conf=conf,
                        env=env)
        started.append(server)
        return server

    yield start
    failures = []
    for server in started:
        try:
            if server.dir.exists():
                server.stop()
        except ServerFailure as failure:
            failures.append(failure)
    if failures:
        raise failures[0]
