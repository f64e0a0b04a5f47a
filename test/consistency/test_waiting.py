"""The checkers of queues and streams: content with correct servers, find the faults of others."""

import multiprocessing
import pathlib
import shutil
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import broken_queues  # noqa: E402
import check  # noqa: E402
import queue_checker  # noqa: E402
import stream_checker  # noqa: E402
from actors import AT_ONCE, FOREVER, NOTICED_NS, SLACK_NS, WAITING  # noqa: E402
from presence import Presence, match  # noqa: E402
from queues import Pop, Push  # noqa: E402
from streams import Ack, Add, End, Read  # noqa: E402

REDIS = shutil.which("redis-server")


@pytest.fixture
def toy():
    """Starts a toy server with a fault and answers its port."""
    started = []

    def start(fault):
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(target=broken_queues.run_forever, args=(fault, theirs),
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
    code = check.main(["--processes", "2", "--connections", "5", "--seed", "7", *words])
    return code, capsys.readouterr().out


@pytest.mark.skipif(not REDIS, reason="redis-server is not installed")
@pytest.mark.parametrize("name", ["lists", "queues", "streams"])
def test_redis_passes_and_hundreds_of_operations_a_second_are_recorded(capsys, name):
    code, out = run(capsys, "--workload", name, "--server", REDIS, "--seconds", "3")
    assert code == 0, out
    assert int(out.split(" (")[1].split(" a second")[0]) > 200


@pytest.mark.parametrize("name", ["queues", "streams"])
def test_a_correct_toy_passes(toy, capsys, name):
    code, out = run(capsys, "--workload", name, "--port", str(toy("none")), "--seconds", "2")
    assert code == 0, out


@pytest.mark.parametrize("name,fault,expected", [
    ("queues", "twice", {"twice"}), ("queues", "lost", {"lost"}),
    ("queues", "gone", {"careless"}),
    ("queues", "lifo", {"order"}), ("queues", "greatest", {"not-least"}),
    ("queues", "asleep", {"asleep"}), ("queues", "blind", {"missed"}),
    ("queues", "move", {"move"}), ("queues", "unmulti", {"twice"}),
    ("streams", "again", {"twice"}), ("streams", "skip", {"lost"}),
    ("streams", "backwards", {"order"}), ("streams", "ids", {"id-order"}),
    ("streams", "asleep", {"asleep"}), ("streams", "ack", {"ack"}),
    ("streams", "keep", {"pending"})])
def test_each_fault_of_a_toy_is_found(toy, capsys, name, fault, expected):
    """Whether a fault shows in so short a time is chance: there are ten runs for it."""
    port = str(toy(fault))
    for seed in range(7, 17):
        code, out = run(capsys, "--workload", name, "--port", port, "--seconds", "3",
                        "--seed", str(seed))
        if code != 0:
            break
    assert code == 1, out
    kinds = {line.split(":")[0] for line in out.splitlines() if ": " in line
             and not line.startswith(" ")}
    assert kinds & expected, out[:3000]


@pytest.mark.skipif(not REDIS, reason="redis-server is not installed")
def test_a_server_without_the_commands_is_skipped(capsys, monkeypatch):
    monkeypatch.setattr("queues.NEEDS", ["blpop", "no-such-command"])
    code, out = run(capsys, "--workload", "queues", "--server", REDIS, "--seconds", "1")
    assert code == 0 and out.splitlines()[-1] == "skipped: the server has no no-such-command"


# --- histories made by hand -------------------------------------------------------------------

def push(at, *elements, key=b"q", scores=None):
    return Push(at, at + 5, "p", key, elements, scores)


def pop(at, *elements, until=None, key=b"q", keys=(b"q",), most=9, gone=False, target=None):
    return Pop(at, until or at + 5, "c", keys, most, (key, list(elements)) if elements else None,
               gone, target)


def queue_kinds(records, left=None, slack_ns=1000):
    return {a.kind for a in queue_checker.check(records, left or {}, slack_ns)}


def test_a_good_history_of_a_queue():
    records = [push(0, b"a", b"b"), push(10, b"c"), pop(1, b"a"), pop(12, b"b", b"c"), pop(30),
               push(40, b"d"), push(50, b"e"), pop(60, b"d")]
    assert queue_kinds(records, {b"q": [b"e"]}) == set()


@pytest.mark.parametrize("records,left,kind", [
    ([push(0, b"a"), pop(9, b"a"), pop(20, b"a")], {}, "twice"),
    ([push(0, b"a"), pop(9, b"a")], {b"q": [b"a"]}, "twice"),
    ([pop(9, b"a")], {}, "garbage"),
    ([], {b"q": [b"a"]}, "garbage"),
    ([push(0, b"a", key=b"r"), pop(9, b"a")], {}, "wrong-key"),
    ([push(0, b"a"), pop(9, b"a", keys=(b"r",))], {}, "wrong-key"),
    ([push(0, b"a", b"b"), pop(9, b"a", b"b", most=1)], {}, "too-many"),
    ([push(20, b"a"), pop(9, b"a")], {}, "too-early"),
    ([push(0, b"a")], {}, "lost"),
    ([push(0, b"a"), push(10, b"b"), pop(20, b"b"), pop(30, b"a")], {}, "order"),
    ([push(0, b"a"), push(10, b"b"), pop(20, b"b")], {b"q": [b"a"]}, "order"),
    ([push(0, b"a", b"b"), pop(20, b"b"), pop(30, b"a")], {}, "order"),
    ([push(0, b"a", b"b"), pop(20, b"b", b"a")], {}, "order"),
    ([push(0, b"a"), push(10, b"b"), pop(20, b"b", b"a")], {}, "order"),
    ([push(0, b"a"), pop(9), pop(20, b"a")], {}, "missed"),
    ([push(100, b"a"), pop(0, until=9000), pop(9100, b"a")], {}, "asleep"),
    ([push(0, b"a", b"b", scores=(2, 1)), pop(9, b"a"), pop(20, b"b")], {}, "not-least"),
    ([push(0, b"a"), pop(9, b"a", target=b"m")], {}, "move"),
    ([push(0, b"a"), pop(9, b"a"), pop(20, gone=WAITING, target=b"m")], {b"m": [b"a"]}, "twice")])
def test_each_anomaly_of_a_queue(records, left, kind):
    assert kind in queue_kinds(records, left)


def test_what_overlaps_in_time_may_come_in_any_order():
    overlap = Push(0, 50, "p", b"q", (b"a",), None)
    assert queue_kinds([overlap, push(10, b"b"), pop(60, b"b"), pop(70, b"a")]) == set()
    assert queue_kinds([push(0, b"a"), push(10, b"b"), pop(20, b"b", until=40),
                        pop(30, b"a")]) == set()
    assert queue_kinds([push(0, b"a"), pop(2), pop(20, b"a")]) == set()
    assert queue_kinds([Push(0, FOREVER, "p", b"q", (b"a",), None)]) == set()


def test_a_client_that_hung_up_accounts_for_as_many_jobs_as_it_asked_for():
    gone = pop(20, until=100, gone=AT_ONCE, most=1)
    assert queue_kinds([push(0, b"a"), gone]) == set()
    assert queue_kinds([push(0, b"a"), push(10, b"b"), gone]) == {"lost"}
    assert queue_kinds([push(0, b"a", key=b"r"), gone]) == {"lost"}
    assert queue_kinds([push(200, b"a"), gone]) == {"lost"}
    many = [push(i, b"%d" % i) for i in range(10)] + [pop(20, gone=WAITING) for _ in range(10)]
    assert queue_kinds(many) == {"careless"}
    moved = pop(20, until=100, gone=WAITING, target=b"m")
    assert queue_kinds([push(0, b"a"), moved], {b"m": [b"a"]}) == set()


def test_jobs_that_may_have_been_put_back_have_no_certain_order():
    gone = pop(15, until=18, gone=WAITING)
    late = [push(0, b"a"), push(10, b"b"), pop(2000, b"b"), pop(3000, b"a")]
    assert queue_kinds(late) == {"order"}
    assert queue_kinds([*late, gone]) == set()
    assert queue_kinds([*late, pop(15, until=18, gone=WAITING, keys=(b"r",))]) == {"order"}
    together = [push(0, b"a", b"b"), pop(2000, b"b"), pop(3000, b"a")]
    assert queue_kinds(together) == {"order"} and queue_kinds([*together, gone]) == set()
    turned = [push(0, b"a", b"b"), pop(2000, b"b", b"a")]
    assert queue_kinds(turned) == {"order"} and queue_kinds([*turned, gone]) == set()
    assert queue_kinds([*late, pop(5000, until=6000, gone=WAITING)]) == {"order"}


def add(at, number, token=b"t", key=b"s"):
    return Add(at, at + 5, "p", key, number, token)


def read(at, *entries, until=None, client="c", key=b"s", gone=False, most=9):
    result = {key: [(number, b"t") for number in entries]} if entries else {}
    return Read(at, until or at + 5, client, (key,), most, result, gone)


def end(*entries, pending=None, rest=()):
    return End({b"s": [(number, b"t") for number in entries]}, {b"s": pending or {}},
               {b"s": [(number, b"t") for number in rest]})


def ack(at, *ids, count=None):
    return Ack(at, at + 5, "c", b"s", ids, len(ids) if count is None else count)


def stream_kinds(records, ending):
    return {a.kind for a in stream_checker.check(records, ending, 1000)}


def test_a_good_history_of_a_stream():
    records = [read(0), add(1, b"1-1"), add(10, b"1-2"), add(20, b"2-0"), add(30, b"10-0"),
               read(40, b"1-1", b"1-2"), ack(50, b"1-1"), read(60, gone=WAITING, client="g")]
    ending = end(b"1-1", b"1-2", b"2-0", b"10-0", pending={b"1-2": "c", b"2-0": "g"},
                 rest=[b"10-0"])
    assert stream_kinds(records, ending) == set()


@pytest.mark.parametrize("records,ending,kind", [
    ([add(0, b"5-0"), add(10, b"4-0")], end(b"4-0", b"5-0", rest=[b"4-0", b"5-0"]), "id-order"),
    ([add(0, b"4-0"), add(1, b"5-0")], end(b"5-0", b"4-0", rest=[b"5-0", b"4-0"]), "id-order"),
    ([add(0, b"5-0")], end(), "lost"),
    ([add(0, b"5-0")], end(b"5-0"), "lost"),
    ([add(0, b"5-0")], end(b"5-0", pending={b"5-0": "c"}), "lost"),
    ([add(0, b"5-0", b"other")], end(b"5-0", rest=[b"5-0"]), "garbage"),
    ([add(0, b"5-0"), read(9, b"6-0")], end(b"5-0", rest=[b"5-0"]), "garbage"),
    ([add(0, b"5-0"), read(9, b"5-0"), read(20, b"5-0")], end(b"5-0", pending={b"5-0": "c"}),
     "twice"),
    ([add(0, b"5-0"), read(9, b"5-0")], end(b"5-0", pending={b"5-0": "c"}, rest=[b"5-0"]),
     "twice"),
    ([add(20, b"5-0"), read(9, b"5-0")], end(b"5-0", pending={b"5-0": "c"}), "too-early"),
    ([add(0, b"5-0"), add(1, b"6-0"), read(9, b"5-0", b"6-0", most=1)],
     end(b"5-0", b"6-0", pending={b"5-0": "c", b"6-0": "c"}), "too-many"),
    ([add(0, b"5-0"), add(1, b"6-0"), read(9, b"6-0", b"5-0")],
     end(b"5-0", b"6-0", pending={b"5-0": "c", b"6-0": "c"}), "order"),
    ([add(0, b"5-0"), add(1, b"6-0"), read(9, b"6-0"), read(20, b"5-0")],
     end(b"5-0", b"6-0", pending={b"5-0": "c", b"6-0": "c"}), "order"),
    ([add(0, b"5-0"), add(1, b"6-0"), read(9, b"6-0")],
     end(b"5-0", b"6-0", pending={b"6-0": "c"}, rest=[b"5-0"]), "order"),
    ([add(0, b"5-0"), read(9), read(20, b"5-0")], end(b"5-0", pending={b"5-0": "c"}), "missed"),
    ([add(100, b"5-0"), read(0, until=9000), read(9100, b"5-0")],
     end(b"5-0", pending={b"5-0": "c"}), "asleep"),
    ([add(0, b"5-0"), read(9, b"5-0"), ack(20, b"5-0", count=0)], end(b"5-0"), "ack"),
    ([add(0, b"5-0"), read(9, b"5-0"), ack(20, b"5-0")], end(b"5-0", pending={b"5-0": "c"}),
     "pending"),
    ([add(0, b"5-0"), read(9, b"5-0")], end(b"5-0", pending={b"5-0": "d"}), "pending"),
    ([add(0, b"5-0"), read(9, b"5-0")], end(b"5-0", pending={b"5-0": "c", b"9-0": "c"}),
     "pending")])
def test_each_anomaly_of_a_stream(records, ending, kind):
    assert kind in stream_kinds(records, ending)


def test_presence_tells_what_was_there_all_the_time():
    there = Presence()
    there.add(10, 20, "a")
    there.add(5, 12, "b")
    there.add(30, FOREVER, "c")
    assert there.during(11, 15) == "a" and there.during(6, 11) == "b"
    assert there.during(10, 15) is None and there.during(11, 20) is None
    assert there.during(31, 10 ** 18) == "c" and Presence().during(1, 2) is None


def test_offers_are_matched_so_that_as_many_as_possible_get_one():
    offers = [("ab", 1), ("a", 1), ("c", 2)]
    assert match(["a", "b", "c", "c"], offers, lambda want, offer: want in offer) == []
    assert match(["a", "b", "a"], offers, lambda want, offer: want in offer) == ["a"]
    assert SLACK_NS >= 10 ** 8 and NOTICED_NS >= SLACK_NS
