"""redis-cli and redis-benchmark run against the server without an error."""

import shutil
import subprocess

import pytest

from harness.resp import Client

CLI = shutil.which("redis-cli")
BENCHMARK = shutil.which("redis-benchmark")
pytestmark = pytest.mark.skipif(not CLI or not BENCHMARK, reason="redis-tools are not installed")


def cli(server, *arguments, stdin=None, check=True):
    done = subprocess.run([CLI, "-p", str(server.port), *arguments], input=stdin,
                          capture_output=True, text=True, timeout=60)
    if check:
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    return done.stdout


def test_redis_cli_prints_every_sort_of_reply(server):
    assert cli(server, "SET", "a", "1") == "OK\n"
    assert cli(server, "GET", "a") == "1\n"
    assert cli(server, "--no-raw", "GET", "a") == '"1"\n'
    assert cli(server, "--no-raw", "GET", "missing") == "(nil)\n"
    assert cli(server, "--no-raw", "INCR", "a") == "(integer) 2\n"
    assert cli(server, "--no-raw", "MGET", "a", "missing") == '1) "2"\n2) (nil)\n'
    assert cli(server, "--no-raw", "NOSUCH",
               check=False).startswith("(error) ERR unknown command 'NOSUCH'")
    assert cli(server, "-3", "--no-raw", "GET", "missing") == "(nil)\n"
    assert cli(server, "-n", "5", "SET", "x", "five") == "OK\n"
    assert cli(server, "-n", "5", "GET", "x") == "five\n"


def test_redis_cli_reads_commands_from_its_input(server):
    out = cli(server, stdin="SET a 1\nINCR a\nMULTI\nGET a\nSET b 2\nEXEC\nGET b\n")
    assert out.split() == ["OK", "2", "OK", "QUEUED", "QUEUED", "2", "OK", "2"]


def test_redis_cli_pipe_loads_in_bulk(server):
    lines = "".join("SET key:%d value:%d\r\n" % (i, i) for i in range(5000))
    out = cli(server, "--pipe", stdin=lines)
    assert "errors: 0, replies: 5000" in out
    with Client(server.port) as client:
        assert client("DBSIZE") == 5000
        assert client("GET", "key:4999") == b"value:4999"


def test_redis_cli_scan_and_bigkeys_and_memkeys(server):
    with Client(server.port) as client:
        client("MSET", *[x for i in range(300) for x in ("key:%d" % i, "v" * (i + 1))])
    assert len(cli(server, "--scan").split()) == 300
    assert len(cli(server, "--scan", "--pattern", "key:1*").split()) == 111
    out = cli(server, "--bigkeys")
    assert "Sampled 300 keys in the keyspace!" in out
    assert "'\"key:299\"' has 300 bytes" in out
    assert "Sampled 300 keys in the keyspace!" in cli(server, "--memkeys")


def test_redis_cli_stat_and_latency_modes_answer(server):
    out = cli(server, "-i", "0.1", "-r", "3", "INFO", "clients")
    assert out.count("connected_clients:") == 3


REDIS_BENCHMARK_TESTS = "ping,set,get,incr,mset"


@pytest.mark.parametrize("pipeline", [1, 16, 64])
def test_redis_benchmark_runs_the_string_tests(server, pipeline):
    done = subprocess.run([BENCHMARK, "-p", str(server.port), "-c", "50", "-P", str(pipeline), "-n",
                           "20000", "-r", "10000",
                           "-t", REDIS_BENCHMARK_TESTS, "--csv"], capture_output=True, text=True,
                           timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""  # where it warns that CONFIG GET did not work, too
    assert "rror" not in done.stdout
    names = [line.split(",")[0].strip('"') for line in done.stdout.splitlines()[1:]]
    assert names == ["PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"]
    for line in done.stdout.splitlines()[1:]:
        assert float(line.split(",")[1].strip('"')) > 100


@pytest.mark.parametrize("size", [3, 5000, 200000])
def test_redis_benchmark_runs_with_values_of_many_sizes(server, size):
    done = subprocess.run([BENCHMARK, "-p", str(server.port), "-c", "50", "-P", "4", "-n", "2000",
                           "-d", str(size), "-t", "set,get",
                           "-q"], capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rror" not in done.stdout + done.stderr


def test_redis_benchmark_runs_a_command_of_ones_own(server):
    done = subprocess.run([BENCHMARK, "-p", str(server.port), "-c", "50", "-P", "16", "-n", "20000",
                           "-r", "1000",
                           "SETBIT", "bits:__rand_int__", "7", "1"], capture_output=True, text=True,
                           timeout=60)
    assert done.returncode == 0, done.stderr
    with Client(server.port) as client:
        assert 900 <= client("DBSIZE") <= 1000
        assert client("GET", client("RANDOMKEY")) == b"\x01"
