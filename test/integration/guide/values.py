"""Programs over strings, lists, sets, hashes and sorted sets: a rate limiter, a job queue, who is
online, friends, sessions, leaderboards. Each takes a redis-py client that decodes replies.
"""

import collections
import datetime
import json
import uuid


class RateLimiter:
    """A counter for each user that ends with its window; above the limit nobody gets through."""

    def __init__(self, db, limit, window_seconds):
        self.db = db
        self.limit = limit
        self.window_seconds = window_seconds

    def key(self, user):
        return "rate_limit:%s" % user

    def allows(self, user):
        count = self.db.incr(self.key(user))
        if count == 1:
            self.db.expire(self.key(user), self.window_seconds)
        return count <= self.limit

    def remaining(self, user):
        used = int(self.db.get(self.key(user)) or 0)
        return max(0, self.limit - used)


def limited(limiter, user_of):
    """Decorates a function whose calls count against the limit of the user they are for."""
    def decorate(function):
        def run(*args, **kwargs):
            user = user_of(*args, **kwargs)
            if not limiter.allows(user):
                raise PermissionError("too many calls of %s" % user)
            return function(*args, **kwargs)
        return run
    return decorate


class JobQueue:
    """Jobs wait in one list and move to another while somebody works on them.

    A job is identified by the text that stands in the list. `take` waits in the server; `poll`
    does the same move without waiting.
    """

    def __init__(self, db, name):
        self.db = db
        self.waiting = "queue:%s" % name
        self.taken = "queue:%s:processing" % name

    def put(self, number, kind, data, now):
        job = json.dumps({"id": number, "type": kind, "data": data, "enqueued_at": now})
        return self.db.rpush(self.waiting, job)

    def take(self, timeout):
        return self.db.brpoplpush(self.waiting, self.taken, timeout=timeout)

    def poll(self):
        return self.db.lmove(self.waiting, self.taken, "LEFT", "LEFT")

    def done(self, job):
        return self.db.lrem(self.taken, 1, job) == 1

    def put_back(self, older_than):
        """Jobs that were put in before that time and are still worked on wait again."""
        moved = 0
        for job in self.db.lrange(self.taken, 0, -1):
            if json.loads(job)["enqueued_at"] < older_than and self.db.lrem(self.taken, 1, job):
                self.db.lpush(self.waiting, job)
                moved += 1
        return moved


class OnlineTracker:
    """A set of users for each minute; its key is gone an hour later."""

    def __init__(self, db):
        self.db = db

    @staticmethod
    def key(when):
        return when.strftime("online:users:%Y%m%d%H:%M")

    def saw(self, user, when):
        self.db.sadd(self.key(when), user)
        self.db.expire(self.key(when), 3600)

    def minutes(self, when, count):
        return [self.key(when - datetime.timedelta(minutes=i)) for i in range(count)]

    def online(self, when, minutes=5):
        return self.db.sunion(self.minutes(when, minutes))

    def online_throughout(self, when, minutes=5):
        return self.db.sinter(self.minutes(when, minutes))


class Friends:
    """Friendships of both sides, and whom to get to know."""

    def __init__(self, db):
        self.db = db

    @staticmethod
    def key(user):
        return "friends:%s" % user

    def add(self, one, two):
        with self.db.pipeline() as both:
            both.sadd(self.key(one), two)
            both.sadd(self.key(two), one)
            both.execute()

    def of(self, user):
        return self.db.smembers(self.key(user))

    def mutual(self, one, two):
        return self.db.sinter(self.key(one), self.key(two))

    def recommend(self, user, most=5):
        """(stranger, friends in common), the most in common first, then by name."""
        counts = collections.Counter()
        for friend in self.of(user):
            counts.update(self.db.sdiff(self.key(friend), self.key(user)) - {user})
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


class Sessions:
    """A hash for each session with a time to live, and a set of sessions for each user."""

    def __init__(self, db, ttl_seconds):
        self.db = db
        self.ttl_seconds = ttl_seconds

    @staticmethod
    def key(session):
        return "session:%s" % session

    @staticmethod
    def user_key(user):
        return "user_sessions:%s" % user

    def create(self, user, data, now):
        session = str(uuid.uuid4())
        fields = {"user_id": user, "created_at": now, "last_accessed": now, **data}
        self.db.hset(self.key(session), mapping=fields)
        self.db.expire(self.key(session), self.ttl_seconds)
        self.db.sadd(self.user_key(user), session)
        return session

    def get(self, session, now):
        """Its fields before this access, or None; the access makes it live on."""
        fields = self.db.hgetall(self.key(session))
        if not fields:
            return None
        self.db.hset(self.key(session), "last_accessed", now)
        self.db.expire(self.key(session), self.ttl_seconds)
        return fields

    def update(self, session, data):
        if not self.db.exists(self.key(session)):
            return False
        self.db.hset(self.key(session), mapping=data)
        return True

    def destroy(self, session):
        user = self.db.hget(self.key(session), "user_id")
        if user is not None:
            self.db.delete(self.key(session))
            self.db.srem(self.user_key(user), session)
        return user is not None

    def all_of(self, user, now):
        """The living sessions of a user; those that have expired are forgotten."""
        found = {}
        for session in self.db.smembers(self.user_key(user)):
            fields = self.get(session, now)
            if fields is None:
                self.db.srem(self.user_key(user), session)
            else:
                found[session] = fields
        return found

    def destroy_all(self, user):
        sessions = self.db.smembers(self.user_key(user))
        return self.db.delete(self.user_key(user), *map(self.key, sessions))


Rank = collections.namedtuple("Rank", "user score rank")


class Leaderboard:
    """Scores in a sorted set, the highest first; ranks count from 1."""

    def __init__(self, db, name):
        self.db = db
        self.key = "leaderboard:%s" % name

    def set(self, user, score):
        self.db.zadd(self.key, {user: score})

    def add(self, user, amount):
        return self.db.zincrby(self.key, amount, user)

    def rank(self, user):
        rank = self.db.zrevrank(self.key, user)
        return None if rank is None else rank + 1

    def score(self, user):
        return self.db.zscore(self.key, user)

    def _from(self, first, last):
        rows = self.db.zrevrange(self.key, first, last, withscores=True)
        return [Rank(user, score, first + i) for i, (user, score) in enumerate(rows, 1)]

    def top(self, count):
        return self._from(0, count - 1)

    def around(self, user, distance):
        rank = self.db.zrevrank(self.key, user)
        return [] if rank is None else self._from(max(0, rank - distance), rank + distance)

    def percentile(self, user):
        rank = self.db.zrevrank(self.key, user)
        if rank is None:
            return None
        total = self.db.zcard(self.key)
        return 100 * (total - rank) / total


class WindowLeaderboards:
    """One leaderboard for each day, week, month and for all time, changed in one transaction."""

    LIVES = {"daily": 2 * 86400, "weekly": 14 * 86400, "monthly": 62 * 86400, "alltime": None}

    def __init__(self, db, name):
        self.db = db
        self.name = name

    def keys(self, when):
        parts = {"daily": when.strftime(":%Y%m%d"), "weekly": when.strftime(":%Y%W"),
                 "monthly": when.strftime(":%Y%m"), "alltime": ""}
        return {window: "lb:%s:%s%s" % (self.name, window, part)
                for window, part in parts.items()}

    def add(self, user, amount, when):
        """The user's new scores, by window."""
        keys = self.keys(when)
        with self.db.pipeline() as batch:
            for key in keys.values():
                batch.zincrby(key, amount, user)
            for window, seconds in self.LIVES.items():
                if seconds:
                    batch.expire(keys[window], seconds)
            replies = batch.execute()
        return dict(zip(keys, replies))

    def scores(self, user, when):
        """The user's scores in all windows at one moment."""
        keys = self.keys(when)
        with self.db.pipeline() as batch:
            for key in keys.values():
                batch.zscore(key, user)
            return dict(zip(keys, batch.execute()))
