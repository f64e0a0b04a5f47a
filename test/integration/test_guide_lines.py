"""The command lines that a guide to Redis shows, one after the other, each with its reply.

A section is one story: its lines run in order on a fresh data set. A section, or the rest of one,
whose commands the server lacks is skipped.
"""

import hashlib
import shlex
import threading
import time

import pytest

from harness.resp import NIL, OK, Client, Double, Error, Map, Set, to_bytes

# Expectations that are no plain values.
ANY = object()


class Unordered(list):
    """These elements, in any order."""


class Where:
    """Whatever a function says yes to."""

    def __init__(self, holds):
        self.holds = holds


def plain(reply):
    """A reply without the differences between RESP2 and RESP3: maps and pairs of member and score
    are flat, doubles are the text of RESP2."""
    if isinstance(reply, Double):
        return b"%d" % reply if reply == int(reply) else repr(float(reply)).encode()
    if isinstance(reply, Map):
        return [plain(each) for each in reply.flat()]
    if isinstance(reply, list):
        return [plain(each) for each in reply]
    return reply


def flattened(reply):
    return [part for each in reply for part in (each if isinstance(each, list) else [each])]


def check(line, reply, wanted):
    reply = plain(reply)
    if wanted is ANY:
        assert not isinstance(reply, Error), (line, reply)
    elif isinstance(wanted, Where):
        assert wanted.holds(reply), (line, reply)
    elif isinstance(wanted, Unordered):
        assert sorted(reply) == sorted(map(to_bytes, wanted)), (line, reply)
    elif isinstance(wanted, list):
        expected = [each if each == NIL or isinstance(each, int) else to_bytes(each)
                    for each in wanted]
        assert flattened(reply) == expected, (line, reply)
    elif isinstance(wanted, str) and not isinstance(reply, str):
        assert reply == wanted.encode(), (line, reply)
    else:
        assert reply == wanted, (line, reply)


STRINGS = [
    ('SET user:1001:name "홍길동"', OK),
    ("GET user:1001:name", "홍길동"),
    ('SETEX session:abc123 3600 "user_data"', OK),
    ("TTL session:abc123", Where(lambda ttl: 3590 < ttl <= 3600)),
    ('PSETEX temp:key 1500 "value"', OK),
    ("PTTL temp:key", Where(lambda ttl: 0 < ttl <= 1500)),
    ('SETNX lock:resource "locked"', 1),
    ('SETNX lock:resource "other"', 0),
    ('SET lock:resource "locked" NX EX 30', NIL),
    ("DEL lock:resource", 1),
    ('SET lock:resource "locked" NX EX 30', OK),
    ("TTL lock:resource", Where(lambda ttl: 25 < ttl <= 30)),
    ("INCR page:views", 1),
    ("INCRBY counter 5", 5),
    ("INCRBYFLOAT price 1.5", "1.5"),
    ("DECR stock:item:1001", -1),
    ("SETBIT user:1001:login 0 1", 0),
    ("GETBIT user:1001:login 0", 1),
    ("BITCOUNT user:1001:login", 1)]

LISTS = [
    ('LPUSH queue:tasks "task1"', 1),
    ('RPUSH queue:tasks "task2"', 2),
    ("LRANGE queue:tasks 0 -1", ["task1", "task2"]),
    ("LRANGE queue:tasks 0 9", ["task1", "task2"]),
    ("LINDEX queue:tasks 0", "task1"),
    ('LSET queue:tasks 0 "updated"', OK),
    ("LINDEX queue:tasks 0", "updated"),
    ("LLEN queue:tasks", 2),
    ("LPOP queue:tasks", "updated"),
    ("RPOP queue:tasks", "task2"),
    ("RPOP queue:tasks", NIL),
    ("EXISTS queue:tasks", 0),
    ("RPUSH latest:logs " + " ".join("l%d" % i for i in range(150)), 150),
    ("LTRIM latest:logs 0 99", OK),
    ("LRANGE latest:logs 0 -1", ["l%d" % i for i in range(100)])]

BLOCKING = [
    ('RPUSH queue:tasks "one" "two"', 2),
    ("BLPOP queue:tasks 30", ["queue:tasks", "one"]),
    ("BRPOP queue:tasks 30", ["queue:tasks", "two"]),
    ("RPUSH source a b", 2),
    ("BRPOPLPUSH source dest 30", "b"),
    ("LRANGE dest 0 -1", ["b"]),
    ("LRANGE source 0 -1", ["a"])]

SETS = [
    ('SADD tags:post:1001 "python" "redis" "backend"', 3),
    ("SMEMBERS tags:post:1001", Unordered(["python", "redis", "backend"])),
    ('SISMEMBER tags:post:1001 "redis"', 1),
    ('SISMEMBER tags:post:1001 "java"', 0),
    ("SCARD tags:post:1001", 3),
    ("SADD tags:post:1002 redis python web", 3),
    ("SINTER tags:post:1001 tags:post:1002", Unordered(["redis", "python"])),
    ("SUNION tags:post:1001 tags:post:1002", Unordered(["redis", "python", "backend", "web"])),
    ("SDIFF tags:post:1001 tags:post:1002", ["backend"]),
    ("SINTERSTORE common:tags tags:post:1001 tags:post:1002", 2),
    ("SMEMBERS common:tags", Unordered(["redis", "python"])),
    ("SRANDMEMBER tags:post:1001 2",
     Where(lambda two: len(set(two)) == 2 and set(two) < {b"python", b"redis", b"backend"})),
    ("SCARD tags:post:1001", 3),
    ("SPOP tags:post:1001", Where(lambda one: one in (b"python", b"redis", b"backend"))),
    ("SCARD tags:post:1001", 2)]

HASHES = [
    ('HSET user:1001 name "홍길동" email "hong@example.com" age 30', 3),
    ("HGET user:1001 name", "홍길동"),
    ("HMGET user:1001 name email", ["홍길동", "hong@example.com"]),
    ("HGETALL user:1001", ["name", "홍길동", "email", "hong@example.com", "age", "30"]),
    ("HEXISTS user:1001 email", 1),
    ("HDEL user:1001 age", 1),
    ("HINCRBY user:1001 age 1", 1),
    ("HINCRBYFLOAT user:1001 balance 100.50", "100.5"),
    ("HKEYS user:1001", ["name", "email", "age", "balance"]),
    ("HVALS user:1001", ["홍길동", "hong@example.com", "1", "100.5"]),
    ("HLEN user:1001", 4),
    ("HSCAN user:1001 0 COUNT 100", [b"0", "name", "홍길동", "email", "hong@example.com", "age", "1",
                                     "balance", "100.5"])]

SORTED_SETS = [
    ('ZADD leaderboard 1000 "player1" 1500 "player2" 2000 "player3"', 3),
    ('ZSCORE leaderboard "player1"', "1000"),
    ('ZRANK leaderboard "player1"', 0),
    ('ZREVRANK leaderboard "player1"', 2),
    ("ZRANGE leaderboard 0 9", ["player1", "player2", "player3"]),
    ("ZREVRANGE leaderboard 0 9", ["player3", "player2", "player1"]),
    ("ZREVRANGE leaderboard 0 9 WITHSCORES", ["player3", "2000", "player2", "1500", "player1",
                                              "1000"]),
    ("ZRANGEBYSCORE leaderboard 1000 2000", ["player1", "player2", "player3"]),
    ("ZCOUNT leaderboard 1000 2000", 3),
    ('ZINCRBY leaderboard 100 "player1"', "1100"),
    ("ZADD leaderboard1 1 a 2 b", 2),
    ("ZADD leaderboard2 10 b 20 c", 2),
    ("ZUNIONSTORE combined 2 leaderboard1 leaderboard2 WEIGHTS 1 2", 3),
    ("ZRANGE combined 0 -1 WITHSCORES", ["a", "1", "b", "22", "c", "40"]),
    ("ZADD set1 1 x 2 y", 2),
    ("ZADD set2 5 y 6 z", 2),
    ("ZINTERSTORE common 2 set1 set2", 1),
    ("ZRANGE common 0 -1 WITHSCORES", ["y", "7"])]

ENTRY = Where(lambda number: number.count(b"-") == 1)
STREAMS = [
    ('XADD events * action "click" page "home" user_id "1001"', ENTRY),
    ('XADD events MAXLEN ~1000 * action "view"',
     Error("ERR value is not an integer or out of range")),
    ('XADD events MAXLEN ~ 1000 * action "view"', ENTRY),
    ("XLEN events", 2),
    ("XRANGE events - +", Where(lambda r: [e[1] for e in r] == [
        [b"action", b"click", b"page", b"home", b"user_id", b"1001"], [b"action", b"view"]])),
    ("XRANGE events - + COUNT 10", Where(lambda r: len(r) == 2)),
    ("XREAD STREAMS events 0", Where(lambda r: r[0] == b"events" and len(r[1]) == 2
                                     or r[0][0] == b"events" and len(r[0][1]) == 2)),
    ("XGROUP CREATE events mygroup $ MKSTREAM", OK),
    ("XADD events 99999999999999-7 a b", "99999999999999-7"),
    ("XREADGROUP GROUP mygroup consumer1 STREAMS events >",
     Where(lambda r: b"99999999999999-7" in repr(r).encode() and b"click" not in repr(r).encode())),
    ("XACK events mygroup 1609459200000-0", 0),
    ("XPENDING events mygroup", Where(lambda r: r[0] == 1 and r[3] == [[b"consumer1", b"1"]])),
    ("XACK events mygroup 99999999999999-7", 1),
    ("XLEN events", 3),
    ("XINFO GROUPS events", Where(lambda r: r[0][:4] == [b"name", b"mygroup", b"consumers", 1])),
    ("XINFO CONSUMERS events mygroup", Where(lambda r: r[0][:2] == [b"name", b"consumer1"]))]

SAVING = [
    ("SET a 1", OK),
    ("SAVE", OK),
    ("LASTSAVE", Where(lambda at: abs(at - time.time()) < 10)),
    ("BGSAVE", Where(lambda reply: str(reply).startswith("Background saving")))]

REPLICATION = [("INFO replication", Where(lambda text: b"role:master\r\n" in text))]
PROMOTION = [("REPLICAOF NO ONE", OK)]

PUBLISHING = [
    ('PUBLISH news "Breaking news!"', 0),
    ("PUBSUB CHANNELS", []),
    ("PUBSUB NUMSUB news", ["news", 0])]

SCRIPT = "return redis.call('GET', KEYS[1])"
SHA1 = hashlib.sha1(SCRIPT.encode()).hexdigest()
DEFAULT = """
local value = redis.call('GET', KEYS[1])
if value then
    return value
else
    redis.call('SET', KEYS[1], ARGV[1])
    return ARGV[1]
end
"""
SCRIPTS = [
    ('EVAL "%s" 1 mykey' % SCRIPT, NIL),
    ("""EVAL "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('GET', KEYS[1])" """
     '1 mykey "value"', "value"),
    ('EVAL "%s" 1 mykey "default"' % DEFAULT, "value"),
    ('EVAL "%s" 1 otherkey "default"' % DEFAULT, "default"),
    ('SCRIPT LOAD "%s"' % SCRIPT, SHA1),
    ("EVALSHA %s 1 mykey" % SHA1, "value"),
    ("EVALSHA " + "0" * 40 + " 1 mykey", Error("NOSCRIPT No matching script. Please use EVAL."))]


def section(name, lines, *needed):
    return pytest.param(lines, id=name, marks=[pytest.mark.needs(*needed)])


@pytest.mark.parametrize("lines", [
    section("strings", STRINGS), section("lists", LISTS),
    section("blocking", BLOCKING, "blpop", "brpop", "brpoplpush"), section("sets", SETS),
    section("hashes", HASHES), section("sorted-sets", SORTED_SETS),
    section("streams", STREAMS, "xadd", "xreadgroup", "xinfo"),
    section("saving", SAVING, "save", "bgsave"), section("replication", REPLICATION),
    section("promotion", PROMOTION, "replicaof"), section("publishing", PUBLISHING, "publish"),
    section("scripts", SCRIPTS, "eval", "evalsha", "script")])
def test_the_lines_of_a_guide_answer_what_it_says(client, lines):
    for line, wanted in lines:
        check(line, client(*shlex.split(line)), wanted)


def later(seconds, port, *words):
    """Sends a command from another connection after a while."""
    def send():
        with Client(port) as other:
            other(*words)

    timer = threading.Timer(seconds, send)
    timer.start()
    return timer


@pytest.mark.needs("blpop", "brpop", "brpoplpush")
@pytest.mark.parametrize("line,words,wanted", [
    ("BLPOP queue:tasks 30", ["RPUSH", "queue:tasks", "x", "y"], ["queue:tasks", "x"]),
    ("BRPOP queue:tasks 30", ["RPUSH", "queue:tasks", "x", "y"], ["queue:tasks", "y"]),
    ("BRPOPLPUSH source dest 30", ["LPUSH", "source", "x"], "x")])
def test_a_line_that_waits_gets_what_comes(client, server, line, words, wanted):
    timer = later(0.1, server.port, *words)
    check(line, client.words(line), wanted)
    timer.join()


@pytest.mark.needs("xadd", "xread")
def test_a_line_that_waits_for_a_stream_gets_the_new_entry_alone(client, server):
    client.words("XADD events 1-1 old entry")
    timer = later(0.1, server.port, "XADD", "events", "5-1", "new", "entry")
    reply = client.words("XREAD BLOCK 5000 STREAMS events $")
    timer.join()
    streams = plain(reply) if isinstance(reply, Map) else plain(reply)[0]
    assert streams == [b"events", [[b"5-1", [b"new", b"entry"]]]]


@pytest.mark.needs("subscribe", "psubscribe", "publish")
def test_the_lines_about_messages(connect, client):
    listener = connect(protocol=2)
    listener.words("SUBSCRIBE news sports")
    assert listener.receive() == [b"subscribe", b"sports", 2]
    listener.words("PSUBSCRIBE news:*")
    assert client("PUBLISH", "news", "Breaking news!") == 1
    assert client("PUBLISH", "sports", "Game score update") == 1
    assert client("PUBLISH", "news:tech", "New product launch") == 1
    assert listener.receive() == [b"message", b"news", b"Breaking news!"]
    assert listener.receive() == [b"message", b"sports", b"Game score update"]
    assert listener.receive() == [b"pmessage", b"news:*", b"news:tech", b"New product launch"]
    check("PUBSUB CHANNELS", client.words("PUBSUB CHANNELS"), Unordered(["news", "sports"]))
    check("PUBSUB NUMSUB news", client.words("PUBSUB NUMSUB news"), ["news", 1])


def test_the_sets_of_the_guide_are_sets_in_resp3(connect):
    client = connect(protocol=3)
    client.words("SADD tags python redis")
    assert isinstance(client.words("SMEMBERS tags"), Set)
    assert isinstance(client.words("SINTER tags tags"), Set)
    assert isinstance(client.words("HGETALL none"), Map)


@pytest.mark.needs("bgsave", "bgrewriteaof")
def test_the_settings_of_the_guide_are_known(client):
    for name in ("save", "appendonly", "appendfilename", "appendfsync",
                 "auto-aof-rewrite-percentage", "auto-aof-rewrite-min-size",
                 "aof-use-rdb-preamble", "dbfilename"):
        assert client.config(name) is not None
    for value in ("always", "everysec", "no"):
        assert client("CONFIG", "SET", "appendfsync", value) == OK
    info = client.info("persistence")
    assert {"rdb_last_save_time", "rdb_changes_since_last_save", "aof_enabled"} <= set(info)
