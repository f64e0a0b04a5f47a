"""The checker with its clients: content with a correct server, finds the faults of broken ones."""

import multiprocessing
import pathlib
import random
import shutil
import sys
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import broken_server  # noqa: E402
import check  # noqa: E402
from workload import STEPS, Context, found, reads, Unexpected  # noqa: E402
from harness.resp import NIL  # noqa: E402

REDIS = shutil.which("redis-server")


@pytest.fixture
def toy():
    """Starts a toy server with a fault and answers its port."""
    started = []

    def start(fault):
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=broken_server.run_forever, args=(fault, theirs),
                                          daemon=True)
        process.start()
        started.append(process)
        assert ours.poll(10)
        return ours.recv()

    yield start
    for process in started:
        process.terminate()
        process.join()


def run(capsys, *words):
    code = check.main(["--processes", "2", "--connections", "4", "--seed", "7", *words])
    return code, capsys.readouterr().out


@pytest.mark.skipif(not REDIS, reason="redis-server is not installed")
def test_redis_is_strictly_serializable_and_thousands_of_transactions_a_second_are_recorded(capsys):
    code, out = run(capsys, "--server", REDIS, "--seconds", "3")
    assert code == 0, out
    assert "strictly serializable" in out
    assert int(out.split(" transactions")[0].split()[-1]) > 3000


def test_a_correct_toy_is_strictly_serializable(toy, capsys):
    code, out = run(capsys, "--port", str(toy("none")), "--seconds", "1.5")
    assert code == 0, out


@pytest.mark.parametrize("fault,expected", [
    ("exec", {"G-single", "G0", "G1c", "G2", "balance", "G1b"}),
    ("mget", {"torn-read", "G-single", "balance", "holders"}),
    ("append", {"lost-append", "incompatible-order"}),
    ("watch", {"lost-update", "G-single", "G2"}),
    ("stale", {"G-single-realtime", "stale-read"}),
    ("abort", {"G1a"}),
    ("unordered", {"G0-pipeline", "G1c-pipeline", "G-single-pipeline", "G2-pipeline"})])
def test_each_fault_of_a_toy_is_found(toy, capsys, fault, expected):
    code, out = run(capsys, "--port", str(toy(fault)), "--seconds", "1.5")
    assert code == 1
    kinds = {line.split(":")[0] for line in out.splitlines() if ": " in line
             and not line.startswith(" ")}
    assert kinds & expected, out[:3000]


def test_a_server_that_goes_away_is_reported(toy, capsys):
    port = toy("none")
    (process,) = multiprocessing.active_children()
    threading.Timer(1.0, process.terminate).start()
    code, out = run(capsys, "--port", str(port), "--seconds", "2")
    assert code == 1
    assert "trouble: " in out


def test_replies_that_make_no_sense_are_refused():
    with pytest.raises(Unexpected):
        found(5)
    with pytest.raises(Unexpected):
        reads([b"a"], [b"x", b"y"])
    assert reads([b"a", b"b"], [b"x", NIL]) == [("read", b"a", b"x"), ("read", b"b", None)]


@pytest.mark.parametrize("make", STEPS, ids=lambda f: f.__name__)
def test_a_step_without_replies_claims_nothing_it_does_not_know(make):
    context = Context(1, random.Random(1), 0, 1)
    step = make(context)
    ok, operations = step.finish(None)
    assert all(op[0] in ("append", "write") for op in operations)
    assert ok is None or operations == []
