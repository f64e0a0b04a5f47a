"""Programs as guides to Redis show them: streams, messages, scripts, saving. What the server lacks
is skipped."""

import collections
import json
import threading
import time

import pytest

from guide.messages import ChatRoom, Notifications, StreamConsumer, StreamProducer, Subscriber
from guide.scripts import BoundedCounter, Lock, SlidingLimiter
from guide.together import at_once
from harness.resp import Client


def wait_until(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- streams ----------------------------------------------------------------------------------

@pytest.mark.needs("xadd", "xreadgroup")
def test_each_event_is_handled_once_by_one_consumer_of_the_group(databases):
    handled, lock = collections.defaultdict(list), threading.Lock()
    consumers = [StreamConsumer(databases(), "events", "group", "c%d" % i) for i in range(4)]

    def handler(name):
        def handle(number, kind, data):
            with lock:
                handled[data["n"]].append((name, number, kind))
            return True
        return handle

    threads = [threading.Thread(target=c.run, args=(handler(c.name),)) for c in consumers]
    for thread in threads:
        thread.start()

    def produce(number):
        producer = StreamProducer(databases(), "events")
        return [producer.publish("click", {"n": "%d-%d" % (number, i)}) for i in range(100)]

    made = at_once(3, produce)
    try:
        wait_until(lambda: len(handled) == 300)
        wait_until(lambda: databases().xpending("events", "group")["pending"] == 0)
    finally:
        for consumer, thread in zip(consumers, threads):
            consumer.stop()
            thread.join()
    assert all(len(rows) == 1 for rows in handled.values())
    for number, ids in enumerate(made):
        parts = [tuple(map(int, each.split("-"))) for each in ids]
        assert parts == sorted(set(parts))
        assert [handled["%d-%d" % (number, i)][0][1:] for i in range(100)] == [
            (each, "click") for each in ids]
    database = databases()
    assert database.xlen("events") == 300
    assert sorted(e for ids in made for e in ids) == sorted(
        e for e, _ in database.xrange("events"))
    for consumer in consumers:
        own = [n for rows in handled.values() for name, n, _ in rows if name == consumer.name]
        assert len(own) == len(set(own))


@pytest.mark.needs("xadd", "xreadgroup", "xclaim")
def test_what_a_consumer_failed_at_is_claimed_by_another(databases):
    producer = StreamProducer(databases(), "events")
    ids = [producer.publish("click", {"n": i}) for i in range(10)]
    first = StreamConsumer(databases(), "events", "group", "first")
    second = StreamConsumer(databases(), "events", "group", "second")

    def odd(number, kind, data):
        if data["n"] == 9:
            first.stop()
        return data["n"] % 2 == 1

    first.run(odd)
    assert second.claim(10 ** 6) == []
    time.sleep(0.03)
    claimed = second.claim(20)
    assert [number for number, _ in claimed] == ids[::2]
    assert [json.loads(fields["data"])["n"] for _, fields in claimed] == [0, 2, 4, 6, 8]
    rows = producer.db.xpending_range("events", "group", min="-", max="+", count=100)
    assert [(r["message_id"], r["consumer"], r["times_delivered"]) for r in rows] == [
        (number, "second", 2) for number in ids[::2]]


@pytest.mark.needs("xadd")
def test_a_stream_is_trimmed_roughly_to_its_length(databases):
    producer = StreamProducer(databases(), "events", most=100)
    ids = [producer.publish("click", {"n": i}) for i in range(1000)]
    kept = [number for number, _ in producer.db.xrange("events")]
    assert 100 <= len(kept) <= 200
    assert kept == ids[-len(kept):]


# --- Pub/Sub ----------------------------------------------------------------------------------

@pytest.mark.needs("subscribe", "publish")
def test_notifications_reach_those_who_listen_and_only_them(databases):
    got = {"ann": [], "all": []}
    listeners = [
        Subscriber(databases(), channels={"notifications:ann": lambda m: got["ann"].append(m),
                                          "notifications:broadcast":
                                          lambda m: got["ann"].append(m)}),
        Subscriber(databases(), patterns={"notifications:*": lambda m: got["all"].append(m)})]
    for listener in listeners:
        listener.start()
    try:
        service = Notifications(databases())
        wait_until(lambda: service.tell("probe", {}) == 1
                   and service.db.pubsub_numsub("notifications:ann") == [("notifications:ann", 1)])
        assert service.tell("ann", {"n": 1}) == 2
        assert service.tell("bob", {"n": 2}) == 1
        assert service.tell_all({"n": 3}) == 2
        assert service.db.publish("other", "x") == 0
        wait_until(lambda: len(got["ann"]) == 2 and got["all"]
                   and json.loads(got["all"][-1]["data"]) == {"n": 3})
        assert sorted(service.db.pubsub_channels("notifications:*")) == [
            "notifications:ann", "notifications:broadcast"]
    finally:
        for listener in listeners:
            listener.stop()
    assert [(m["channel"], json.loads(m["data"])["n"]) for m in got["ann"]] == [
        ("notifications:ann", 1), ("notifications:broadcast", 3)]
    heard = [m for m in got["all"] if json.loads(m["data"])]
    assert [(m["channel"], json.loads(m["data"])["n"], m["pattern"]) for m in heard] == [
        ("notifications:ann", 1, "notifications:*"), ("notifications:bob", 2, "notifications:*"),
        ("notifications:broadcast", 3, "notifications:*")]


@pytest.mark.needs("subscribe", "publish")
def test_everybody_in_a_chat_room_hears_a_speaker_in_order(databases):
    heard = [[] for _ in range(3)]
    guests = [Subscriber(databases(), channels={"chat:room:1": log.append}) for log in heard]
    for guest in guests:
        guest.start()
    try:
        room = ChatRoom(databases(), "1")
        wait_until(lambda: room.db.pubsub_numsub("chat:room:1") == [("chat:room:1", 3)])

        def speak(number):
            own = ChatRoom(databases(), "1")
            assert all(own.send("u%d" % number, str(i)) == 3 for i in range(50))

        at_once(4, speak)
        wait_until(lambda: all(len(log) == 200 for log in heard))
    finally:
        for guest in guests:
            guest.stop()
    for log in heard:
        said = [json.loads(m["data"]) for m in log]
        for number in range(4):
            assert [m["message"] for m in said if m["user_id"] == "u%d" % number] == [
                str(i) for i in range(50)]
    assert len(room.history(1000)) == 100


def test_a_chat_room_remembers_its_last_hundred_messages(databases):
    def speak(number):
        room = ChatRoom(databases(), "1")
        for i in range(60):
            room.keep(json.dumps({"user_id": number, "message": i}))

    at_once(4, speak)
    history = ChatRoom(databases(), "1").history(1000)
    assert len(history) == 100
    for number in range(4):
        own = [m["message"] for m in history if m["user_id"] == number]
        assert own == list(range(59, 59 - len(own), -1))
    assert ChatRoom(databases(), "1").history() == history[:50]


# --- scripts ----------------------------------------------------------------------------------

@pytest.mark.needs("eval", "evalsha")
def test_only_one_holds_a_lock(databases):
    database = databases()
    database.set("counter", 0)

    def work(number):
        own, lock = databases(), Lock(databases(), "counter")
        for _ in range(25):
            assert lock.acquire(20)
            own.set("counter", int(own.get("counter")) + 1)
            assert lock.release()

    at_once(5, work)
    assert database.get("counter") == "125"
    assert database.exists("lock:counter") == 0


@pytest.mark.needs("eval", "evalsha")
def test_a_lock_is_released_and_extended_by_its_holder_alone(databases):
    one, two = Lock(databases(), "door", 300), Lock(databases(), "door", 300)
    assert one.try_acquire() and not two.try_acquire()
    assert not two.release() and not two.extend(1000)
    assert one.extend(60000) and 50000 < databases().pttl("lock:door") <= 60000
    assert one.extend(30)
    time.sleep(0.06)
    assert not one.release() and two.try_acquire() and two.release()
    databases().script_flush()
    assert one.try_acquire(), "a script that was forgotten is loaded again"


@pytest.mark.needs("eval", "evalsha")
def test_a_sliding_window_never_holds_more_than_the_limit(databases):
    def work(number):
        limiter = SlidingLimiter(databases(), 40, 1000)
        return sum(limiter.allows("ann", 5000 + i)[0] for i in range(50))

    assert sum(at_once(5, work)) == 40
    limiter = SlidingLimiter(databases(), 3, 1000)
    assert [limiter.allows("bob", t) for t in (0, 400, 800, 900)] == [
        (True, 2), (True, 1), (True, 0), (False, 0)]
    assert [limiter.allows("bob", t)[0] for t in (1000, 1001, 1399, 1400)] == [
        True, False, False, True]


@pytest.mark.needs("eval", "evalsha")
def test_a_bounded_counter_stays_in_its_bounds(databases):
    def work(number):
        counter = BoundedCounter(databases(), "stock", 0, 60)
        return sum(counter.step(1)[0] for _ in range(20))

    assert sum(at_once(5, work)) == 60
    counter = BoundedCounter(databases(), "stock", 0, 60)
    assert counter.step(1) == (False, 60) and counter.step(-61) == (False, 60)
    assert counter.step(-60) == (True, 0) and counter.step(-1) == (False, 0)


# --- saving -----------------------------------------------------------------------------------

def fill_and_look(port):
    with Client(port) as client:
        client("SET", "user:1001:name", "홍길동")
        client("RPUSH", "queue", "a", "b")
        client("HSET", "user:1001", "age", "30")
        client("ZADD", "board", "1.5", "p")
        client("SADD", "tags", "x", "1")
        client("SET", "session", "s", "EX", "1000")
        return client("DEBUG", "DIGEST"), client("DBSIZE")


def survived(server, before):
    server.restart()
    with Client(server.port) as client:
        assert (client("DEBUG", "DIGEST"), client("DBSIZE")) == before
        assert 900 < client("TTL", "session") <= 1000


@pytest.mark.needs("save")
def test_data_that_was_saved_is_there_after_a_restart(server, start_server):
    own = start_server(save="")
    before = fill_and_look(own.port)
    with Client(own.port) as client:
        assert client("SAVE") == "OK"
        assert abs(client("LASTSAVE") - time.time()) < 10
    survived(own, before)


@pytest.mark.needs("bgsave")
def test_data_saved_in_the_background_is_there_after_a_restart(server, start_server):
    own = start_server(save="")
    before = fill_and_look(own.port)
    with Client(own.port) as client:
        assert client("BGSAVE").startswith("Background saving")
        wait_until(lambda: client.info("persistence")["rdb_bgsave_in_progress"] == "0")
        assert client.info("persistence")["rdb_last_bgsave_status"] == "ok"
    survived(own, before)


@pytest.mark.needs("bgrewriteaof")
def test_what_was_appended_to_the_log_is_there_after_a_restart(server, start_server):
    own = start_server(appendonly="yes", appendfsync="always")
    before = fill_and_look(own.port)
    with Client(own.port) as client:
        assert client.info("persistence")["aof_enabled"] == "1"
    survived(own, before)
