"""What tools/test runs, in order: a table of phases."""

import collections
import ctypes
import os
import subprocess

import counting

# name: first word of its log; about: for --list; needs: phases that must have passed; seconds:
# when it is stopped; env: added to the environment; commands(report): what is run in turn, until
# one fails; count(ended, log, report): a counting.Result; records: files of earlier runs that
# must not be counted again.
Phase = collections.namedtuple("Phase", "name about needs seconds env commands count records")

JOBS = os.cpu_count() or 1
WORKERS = str(JOBS + 1)  # tests mostly wait
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-rN", "--tb=short", "-p", "no:cacheprovider"]

BUILDS = {
    "build": ["-Dwerror=true"],
    "build-asan": ["-Dwerror=true", "-Db_lto=false", "-Db_sanitize=address,undefined",
                   "-Db_lundef=false", "-Ddebug=true", "-Doptimization=1"],
    "build-tsan": ["-Dwerror=true", "-Db_lto=false", "-Db_sanitize=thread", "-Db_lundef=false",
                   "-Ddebug=true", "-Doptimization=2"],
}

# Every thread count with both back ends; the protocols alternate.
CELLS = ["1-uring-resp2", "1-epoll-resp3", "2-uring-resp3", "2-epoll-resp2", "4-uring-resp2",
         "4-epoll-resp3"]
SANITIZED_CELLS = ["4-uring-resp3", "2-epoll-resp2"]


def io_uring_works():
    """Whether the kernel lets us make a ring; containers often forbid it."""
    io_uring_setup = 425
    params = ctypes.create_string_buffer(120)
    fd = ctypes.CDLL(None, use_errno=True).syscall(io_uring_setup, 4, params)
    if fd >= 0:
        os.close(fd)
    return fd >= 0


def plain_addresses():
    """A prefix for programs under TSan, which wants memory where it expects it."""
    prefix = ["setarch", "-R"]
    try:
        tried = subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        return []
    return prefix if tried.returncode == 0 else []


def ninja(build, *targets):
    return ["ninja", "-j", str(JOBS), "-k", "0", "-C", build, *targets]


def one(name, about, needs, seconds, *commands, env=None):
    """A phase that passes or fails as a whole."""
    return Phase(name, about, needs, seconds, env or {}, lambda report: list(commands),
                 counting.by_exit_status(name), [])


def pytest(name, about, needs, seconds, *arguments, env=None, prefix=()):
    return Phase(name, about, needs, seconds, env or {},
                 lambda report: [[*prefix, *PYTEST, "--junitxml=%s" % report, *arguments]],
                 counting.by_junit, [])


def meson_suite(name, about, needs, seconds, root, build, suite, prefix=()):
    command = [*prefix, "meson", "test", "-C", build, "--suite", suite, "--print-errorlogs"]
    return Phase(name, about, needs, seconds, {}, lambda report: [command],
                 counting.by_meson(root / build), [counting.meson_record(root / build)])


def build(root, name, about, *targets):
    """Sets a build folder up, or gives an older one the options it should have."""
    options = BUILDS[name]

    def commands(_report):
        known = (root / name / "build.ninja").exists()
        setup = ["meson", "configure", name] if known else ["meson", "setup", name]
        return [[*setup, *options], ninja(name, *targets)]

    return Phase(name, about, [], 900, {}, commands, counting.by_exit_status(name), [])


def has_suite(root, suite):
    """Whether some meson.build of the tests names the suite."""
    return any("suite: '%s'" % suite in path.read_text()
               for path in (root / "test").rglob("meson.build"))


def differential(name, seconds, server, *options):
    return one(name, "random commands, compared with Redis", ["build"], seconds + 120,
               ["/usr/bin/python3", "test/differential/differ.py", "--server", server,
                "--reference", "redis-server", "--seconds", str(seconds), *options])


def consistency(name, needs, seconds, server, *options, prefix=()):
    return one(name, "concurrent clients, what they saw is checked", needs,
               4 * seconds + 120,
               [*prefix, "/usr/bin/python3", "test/consistency/check.py", "--server", server,
                "--seconds", str(seconds), *options])


def make(root):
    """All phases, in the order they run."""
    uring = io_uring_works()
    fast = "uring" if uring else "epoll"
    if not uring:
        print("io_uring is not available here: only the epoll back end is tested", flush=True)
    tsan = plain_addresses()
    release = str(root / "build" / "shoal-server")
    asan = str(root / "build-asan" / "shoal-server")
    tsan_server = str(root / "build-tsan" / "shoal-server")

    def integration(name, about, needs, seconds, server, cells, *arguments, sanitized=False,
                    prefix=()):
        cells = [cell for cell in cells if uring or "uring" not in cell]
        env = {"SHOAL_SERVER": server, "SHOAL_MATRIX": ",".join(cells)}
        if sanitized:
            env["SHOAL_SANITIZED"] = "1"
        return pytest(name, about, needs, seconds, "-n", WORKERS, *arguments, "test/integration",
                      env=env, prefix=prefix)

    all_phases = [
        build(root, "build", "the release build, warnings are errors"),
        build(root, "build-asan", "the build under ASan and UBSan, warnings are errors"),
        build(root, "build-tsan", "the server under TSan, warnings are errors", "shoal-server"),
        pytest("house", "the rules of the tree", ["build"], 120, "-n", WORKERS, "test/house"),
        one("commands", "the command table against Redis", [], 60,
            ["/usr/bin/python3", "test/house/check_commands.py"]),
        pytest("harnesses", "the tests of the test tools", [], 300, "-n", WORKERS,
               "test/differential", "test/consistency"),
        meson_suite("unit", "unit tests under ASan and UBSan", ["build-asan"], 600, root,
                    "build-asan", "unit"),
        integration("integration", "the release server and its clients", ["build"], 900, release,
                    CELLS),
        integration("integration-asan", "the same under ASan and UBSan", ["build-asan"], 600,
                    asan, SANITIZED_CELLS[:1], sanitized=True),
        integration("integration-tsan", "the same under TSan", ["build-tsan"], 600, tsan_server,
                    SANITIZED_CELLS[1:], sanitized=True, prefix=tsan),
        one("fuzz", "random bytes for parsers, under ASan and UBSan", [], 180,
            ["/usr/bin/python3", "test/fuzz/run.py", "--seconds", "30"]),
        differential("differential-1", 25, release, "--threads", "4", "--io-backend", fast,
                     "--protocol", "3"),
        differential("differential-2", 25, release, "--threads", "1", "--io-backend", "epoll"),
        consistency("consistency", ["build"], 20, release, "--threads", "4", "--io-backend",
                    fast),
        *(consistency("consistency-%s" % name, ["build"], 10, release, "--threads", "4",
                      "--io-backend", fast, "--workload", name)
          for name in ("lists", "queues", "streams")),
        consistency("consistency-tsan", ["build-tsan"], 15, tsan_server, "--threads", "4",
                    "--io-backend", "epoll", prefix=tsan),
        consistency("consistency-tsan-queues", ["build-tsan"], 10, tsan_server, "--threads", "4",
                    "--io-backend", fast, "--workload", "queues", prefix=tsan),
    ]
    if has_suite(root, "threads"):
        all_phases.append(
            meson_suite("threads", "thread programs under TSan", ["build-tsan"], 300, root,
                        "build-tsan", "threads", prefix=tsan))
    return all_phases
