"""Programs whose steps are Lua scripts: a lock, a limiter with a sliding window, a bounded counter.

Each takes a redis-py client that decodes replies.
"""

import time
import uuid


class Lock:
    """Held by whoever's token is the value; it goes by itself when its time is up."""

    RELEASE = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])"""
    EXTEND = """
        if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('PEXPIRE', KEYS[1], ARGV[2])"""
    ACQUIRE = """
        local set = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
        if set then return 1 else return 0 end"""

    def __init__(self, db, resource, ttl_ms=10000):
        self.key = "lock:%s" % resource
        self.ttl_ms = ttl_ms
        self.token = str(uuid.uuid4())
        self._acquire, self._release, self._extend = (
            db.register_script(text) for text in (self.ACQUIRE, self.RELEASE, self.EXTEND))

    def try_acquire(self):
        return self._acquire(keys=[self.key], args=[self.token, self.ttl_ms]) == 1

    def acquire(self, seconds):
        deadline = time.monotonic() + seconds
        while not self.try_acquire():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True

    def release(self):
        return self._release(keys=[self.key], args=[self.token]) == 1

    def extend(self, ms):
        return self._extend(keys=[self.key], args=[self.token, ms]) == 1


class SlidingLimiter:
    """At most `limit` calls in any window: their times in a sorted set."""

    SCRIPT = """
        local now, window, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
        local count = redis.call('ZCARD', KEYS[1])
        if count >= limit then return {0, 0} end
        redis.call('ZADD', KEYS[1], now, ARGV[4])
        redis.call('PEXPIRE', KEYS[1], window)
        return {1, limit - count - 1}"""

    def __init__(self, db, limit, window_ms):
        self.limit = limit
        self.window_ms = window_ms
        self._script = db.register_script(self.SCRIPT)

    def allows(self, user, now_ms):
        """(whether it may go on, how many more may)."""
        allowed, left = self._script(keys=["ratelimit:%s" % user],
                                     args=[now_ms, self.window_ms, self.limit, uuid.uuid4().hex])
        return allowed == 1, left


class BoundedCounter:
    """A number that a step beyond its bounds leaves as it was."""

    SCRIPT = """
        local now = tonumber(redis.call('GET', KEYS[1]) or ARGV[2])
        local after = now + tonumber(ARGV[1])
        if after < tonumber(ARGV[2]) or after > tonumber(ARGV[3]) then return {0, now} end
        redis.call('SET', KEYS[1], after)
        return {1, after}"""

    def __init__(self, db, key, least, most):
        self.key = key
        self.bounds = [least, most]
        self._script = db.register_script(self.SCRIPT)

    def step(self, amount):
        """(whether it was done, the number)."""
        done, number = self._script(keys=[self.key], args=[amount, *self.bounds])
        return done == 1, number
