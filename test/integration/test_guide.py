"""Programs as guides to Redis show them, run by several clients at once with exact expectations."""

import collections
import datetime
import json
import random
import threading
import time

import pytest

from guide.together import at_once
from guide.values import (Friends, JobQueue, Leaderboard, OnlineTracker, Rank, RateLimiter,
                          Sessions, WindowLeaderboards, limited)

NOON = datetime.datetime(2026, 3, 4, 12, 2, 30)


# --- the rate limiter -------------------------------------------------------------------------

def test_the_limiter_lets_the_limit_through_and_opens_again_with_the_next_window(db):
    limiter = RateLimiter(db, 3, 1)
    assert limiter.remaining("ann") == 3
    assert [limiter.allows("ann") for _ in range(5)] == [True, True, True, False, False]
    assert limiter.remaining("ann") == 0
    assert limiter.allows("bob") and limiter.remaining("bob") == 2
    assert 0 < db.pttl(limiter.key("ann")) <= 1000
    time.sleep(1.1)
    assert limiter.remaining("ann") == 3
    assert limiter.allows("ann")


def test_the_limiter_never_lets_more_through_to_many_clients_at_once(databases):
    users, limit = ["user:%d" % i for i in range(6)], 37

    def work(number):
        limiter, rng = RateLimiter(databases(), limit, 1000), random.Random(number)
        asked = [rng.choice(users) for _ in range(120)]
        return collections.Counter(user for user in asked if limiter.allows(user))

    passed = sum(at_once(8, work), collections.Counter())
    assert passed == {user: limit for user in users}
    db = databases()
    assert sum(int(db.get("rate_limit:" + user)) for user in users) == 8 * 120
    assert all(900 < db.ttl("rate_limit:" + user) <= 1000 for user in users)


def test_a_limited_function_is_called_no_more_often_than_allowed(db):
    calls = []

    @limited(RateLimiter(db, 2, 100), lambda user, text: user)
    def post(user, text):
        calls.append((user, text))

    post("ann", "a")
    post("ann", text="b")
    post("bob", "c")
    with pytest.raises(PermissionError):
        post("ann", "d")
    assert calls == [("ann", "a"), ("ann", "b"), ("bob", "c")]


# --- the job queue ----------------------------------------------------------------------------

def test_jobs_are_taken_in_order_and_move_to_those_in_work(db):
    queue = JobQueue(db, "email")
    assert queue.poll() is None
    assert [queue.put(i, "welcome", {"to": i}, 100 + i) for i in range(3)] == [1, 2, 3]
    first = queue.poll()
    assert json.loads(first) == {"id": 0, "type": "welcome", "data": {"to": 0},
                                 "enqueued_at": 100}
    assert db.lrange(queue.taken, 0, -1) == [first]
    assert db.llen(queue.waiting) == 2
    assert queue.done(first) and not queue.done(first)
    assert db.exists(queue.taken) == 0


def test_jobs_whose_worker_died_wait_again(db):
    queue = JobQueue(db, "email")
    for i in range(4):
        queue.put(i, "welcome", {}, 100 + i)
    taken = [queue.poll() for _ in range(3)]
    queue.done(taken[2])
    assert queue.put_back(101) == 1
    assert [json.loads(j)["id"] for j in db.lrange(queue.waiting, 0, -1)] == [0, 3]
    assert [json.loads(j)["id"] for j in db.lrange(queue.taken, 0, -1)] == [1]


def work_through(databases, take, producers=3, workers=5, jobs_each=150):
    """Producers and workers at once, one job in ten dropped by its worker; how often each job was
    done. Whoever finds nothing puts back what was dropped."""
    todo = producers * jobs_each
    done, lock, dropped = collections.Counter(), threading.Lock(), set()
    deadline = time.monotonic() + 60

    def produce(number):
        queue = JobQueue(databases(), "work")
        for i in range(jobs_each):
            queue.put("%d-%d" % (number, i), "count", {"n": i}, i)

    def work(number):
        queue, rng = JobQueue(databases(), "work"), random.Random(number)
        while sum(done.values()) < todo:
            assert time.monotonic() < deadline, "%d of %d done" % (sum(done.values()), todo)
            job = take(queue)
            if job is None:
                with lock:
                    lost = [job for job in dropped if queue.done(job)]
                    dropped.difference_update(lost)
                if lost:
                    queue.db.lpush(queue.waiting, *lost)
                continue
            with lock:
                if rng.random() < 0.1:
                    dropped.add(job)
                    continue
                done[json.loads(job)["id"]] += 1
            assert queue.done(job)

    at_once(producers + workers,
            lambda n: produce(n) if n < producers else work(n - producers))
    return done, {"%d-%d" % (p, i) for p in range(producers) for i in range(jobs_each)}


def check_all_done_once(databases, take):
    done, wanted = work_through(databases, take)
    assert set(done) == wanted
    assert set(done.values()) == {1}
    db = databases()
    assert db.exists("queue:work", "queue:work:processing") == 0


def test_no_job_is_lost_or_done_twice(databases):
    check_all_done_once(databases, lambda queue: queue.poll())


@pytest.mark.needs("brpoplpush")
def test_no_job_is_lost_or_done_twice_by_workers_that_wait(databases):
    check_all_done_once(databases, lambda queue: queue.take(0.05))


@pytest.mark.needs("brpoplpush")
def test_a_worker_that_waits_gets_the_job_that_comes_and_nothing_after_its_time(databases):
    queue = JobQueue(databases(), "email")
    begun = time.monotonic()
    assert queue.take(0.2) is None
    assert 0.19 < time.monotonic() - begun < 5
    producer = JobQueue(databases(), "email")
    timer = threading.Timer(0.2, producer.put, (7, "late", {}, 0))
    timer.start()
    assert json.loads(queue.take(10))["id"] == 7
    timer.join()
    assert producer.db.llen(queue.taken) == 1 and producer.db.exists(queue.waiting) == 0


# --- who is online ----------------------------------------------------------------------------

def test_who_was_seen_in_the_last_minutes_is_online(db):
    tracker = OnlineTracker(db)
    for ago, users in enumerate([("ann", "bob"), ("bob",), (), ("cy", "bob"), ("bob",), ("dan",)]):
        for user in users:
            tracker.saw(user, NOON - datetime.timedelta(minutes=ago))
    assert tracker.online(NOON) == {"ann", "bob", "cy"}
    assert tracker.online(NOON, 2) == {"ann", "bob"}
    assert tracker.online(NOON, 6) == {"ann", "bob", "cy", "dan"}
    assert tracker.online_throughout(NOON, 2) == {"bob"}
    assert tracker.online_throughout(NOON, 3) == set()
    assert tracker.key(NOON) == "online:users:2026030412:02"
    assert tracker.minutes(NOON, 4)[3] == "online:users:2026030411:59"
    assert 3590 < db.ttl(tracker.key(NOON)) <= 3600


def test_nobody_who_was_marked_is_missing_from_those_online(databases):
    def work(number):
        tracker = OnlineTracker(databases())
        for i in range(100):
            user = "u%d" % (number * 60 + i)
            tracker.saw(user, NOON - datetime.timedelta(minutes=i % 5))
            assert user in tracker.online(NOON)

    at_once(5, work)
    assert OnlineTracker(databases()).online(NOON) == {"u%d" % i for i in range(4 * 60 + 100)}


# --- friends ----------------------------------------------------------------------------------

def test_friends_of_friends_are_recommended_by_friends_in_common(db):
    friends = Friends(db)
    for pair in ["me a", "me b", "me c", "a x", "b x", "c x", "a y", "b y", "c z", "a b", "x q"]:
        friends.add(*pair.split())
    assert friends.of("me") == {"a", "b", "c"}
    assert friends.mutual("me", "x") == {"a", "b", "c"}
    assert friends.mutual("me", "q") == set()
    assert friends.recommend("me") == [("x", 3), ("y", 2), ("z", 1)]
    assert friends.recommend("me", 1) == [("x", 3)]
    assert friends.recommend("nobody") == []


def test_friendship_stays_mutual_while_many_make_friends(databases):
    people = ["p%d" % i for i in range(30)]
    rng = random.Random(5)
    pairs = [tuple(rng.sample(people, 2)) for _ in range(400)]

    def work(number):
        friends = Friends(databases())
        for one, two in pairs[number::4]:
            friends.add(one, two)

    at_once(4, work)
    friends = Friends(databases())
    known = {person: set() for person in people}
    for one, two in pairs:
        known[one].add(two)
        known[two].add(one)
    assert {person: friends.of(person) for person in people} == known
    for person in people[:5]:
        counts = collections.Counter(far for near in known[person] for far in known[near]
                                     if far != person and far not in known[person])
        wanted = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        assert friends.recommend(person, 100) == wanted


# --- sessions ---------------------------------------------------------------------------------

def test_a_session_is_kept_alive_by_its_use(db):
    sessions = Sessions(db, 100)
    session = sessions.create("ann", {"theme": "dark", "name": "홍길동"}, "t0")
    db.expire(sessions.key(session), 5)
    assert sessions.get(session, "t1") == {"user_id": "ann", "created_at": "t0",
                                           "last_accessed": "t0", "theme": "dark",
                                           "name": "홍길동"}
    assert 90 < db.ttl(sessions.key(session)) <= 100
    assert sessions.update(session, {"theme": "light", "cart": "3"})
    assert 90 < db.ttl(sessions.key(session)) <= 100
    fields = sessions.get(session, "t2")
    assert (fields["last_accessed"], fields["theme"], fields["cart"]) == ("t1", "light", "3")
    assert sessions.get("none", "t") is None and not sessions.update("none", {"a": "b"})
    assert db.exists("session:none") == 0


def test_sessions_of_a_user_are_listed_and_those_that_expired_forgotten(db):
    sessions = Sessions(db, 100)
    made = [sessions.create("ann", {"n": str(i)}, "t0") for i in range(5)]
    sessions.create("bob", {}, "t0")
    db.pexpire(sessions.key(made[0]), 20)
    assert sessions.destroy(made[1]) and not sessions.destroy(made[1])
    time.sleep(0.05)
    found = sessions.all_of("ann", "t1")
    assert {s: f["n"] for s, f in found.items()} == {made[i]: str(i) for i in (2, 3, 4)}
    assert db.smembers("user_sessions:ann") == set(made[2:])
    assert sessions.destroy_all("ann") == 4
    assert sessions.all_of("ann", "t2") == {} and len(sessions.all_of("bob", "t2")) == 1


def test_sessions_made_and_destroyed_by_many_clients_leave_nothing_behind(databases):
    def work(number):
        sessions = Sessions(databases(), 1000)
        kept = set()
        for i in range(60):
            session = sessions.create("ann", {"by": str(number)}, "t")
            assert sessions.get(session, "t")["by"] == str(number)
            if i % 3:
                assert sessions.destroy(session)
            else:
                kept.add(session)
        return kept

    kept = set().union(*at_once(5, work))
    sessions = Sessions(databases(), 1000)
    assert set(sessions.all_of("ann", "t")) == kept and len(kept) == 100
    assert sessions.destroy_all("ann") == 101
    assert sessions.db.dbsize() == 0


# --- leaderboards -----------------------------------------------------------------------------

def test_a_leaderboard_ranks_the_highest_first(db):
    board = Leaderboard(db, "game")
    for user, score in [("a", 1000), ("b", 1500), ("c", 2000), ("d", 1500), ("e", 10.5)]:
        board.set(user, score)
    assert board.top(3) == [Rank("c", 2000, 1), Rank("d", 1500, 2), Rank("b", 1500, 3)]
    assert (board.rank("a"), board.rank("nobody")) == (4, None)
    assert (board.score("e"), board.score("nobody")) == (10.5, None)
    assert board.around("b", 1) == [Rank("d", 1500, 2), Rank("b", 1500, 3), Rank("a", 1000, 4)]
    assert board.around("c", 1) == [Rank("c", 2000, 1), Rank("d", 1500, 2)]
    assert board.around("nobody", 1) == []
    assert (board.percentile("c"), board.percentile("e")) == (100, 20)
    assert board.percentile("nobody") is None
    assert board.add("e", 2000) == 2010.5 and board.rank("e") == 1
    assert board.add("new", -1.25) == -1.25 and board.rank("new") == 6


def test_a_leaderboard_of_thousands_agrees_with_a_sorted_list(db):
    board, rng = Leaderboard(db, "big"), random.Random(11)
    scores = {"user:%04d" % i: rng.randrange(500) for i in range(3000)}
    db.zadd(board.key, scores)
    for user in rng.sample(sorted(scores), 500):
        scores[user] += 7
        assert board.add(user, 7) == scores[user]
    order = sorted(scores, key=lambda user: (scores[user], user), reverse=True)
    assert board.top(50) == [Rank(u, scores[u], i) for i, u in enumerate(order[:50], 1)]
    for user in rng.sample(order, 100):
        place = order.index(user)
        assert board.rank(user) == place + 1
        low = max(0, place - 3)
        assert board.around(user, 3) == [Rank(u, scores[u], low + i) for i, u in
                                         enumerate(order[low:place + 4], 1)]


def test_scores_added_by_many_clients_are_all_there(databases):
    def work(number):
        board, rng = Leaderboard(databases(), "race"), random.Random(number)
        added = collections.Counter()
        for _ in range(200):
            user, amount = "p%d" % rng.randrange(20), rng.randint(1, 9)
            assert board.add(user, amount) >= amount
            added[user] += amount
        return added

    wanted = sum(at_once(6, work), collections.Counter())
    board = Leaderboard(databases(), "race")
    assert {row.user: row.score for row in board.top(1000)} == wanted


def test_the_windows_of_a_leaderboard_have_their_keys_and_times(db):
    boards = WindowLeaderboards(db, "game")
    assert boards.keys(NOON) == {"daily": "lb:game:daily:20260304",
                                 "weekly": "lb:game:weekly:202609",
                                 "monthly": "lb:game:monthly:202603", "alltime": "lb:game:alltime"}
    assert boards.add("ann", 10, NOON) == {w: 10 for w in boards.LIVES}
    next_day = NOON + datetime.timedelta(days=1)
    assert boards.add("ann", 5, next_day) == {"daily": 5, "weekly": 15, "monthly": 15,
                                              "alltime": 15}
    for window, key in boards.keys(NOON).items():
        life = boards.LIVES[window]
        assert db.ttl(key) == -1 if life is None else life - 10 < db.ttl(key) <= life


def test_all_windows_of_a_leaderboard_change_at_once(databases):
    def write(number):
        boards, total = WindowLeaderboards(databases(), "game"), 0
        for i in range(100):
            total += i
            scores = boards.add("team", i, NOON)
            assert len(set(scores.values())) == 1, scores
        return total

    def read():
        boards, last = WindowLeaderboards(databases(), "game"), 0
        for _ in range(150):
            (score,) = set(boards.scores("team", NOON).values())
            assert (score or 0) >= last
            last = score or 0
        return 0

    total = sum(at_once(6, lambda n: write(n) if n < 4 else read()))
    assert WindowLeaderboards(databases(), "game").scores("team", NOON) == {
        w: total for w in WindowLeaderboards.LIVES}
