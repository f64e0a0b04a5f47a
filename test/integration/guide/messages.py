"""Programs that pass messages: a producer and consumers of a stream, notifications, a chat room.

Each takes redis-py clients that decode replies.
"""

import json
import threading

import redis


class StreamProducer:
    """Appends events to a stream that is trimmed roughly to a length."""

    def __init__(self, db, stream, most=10000):
        self.db = db
        self.stream = stream
        self.most = most

    def publish(self, kind, data):
        return self.db.xadd(self.stream, {"type": kind, "data": json.dumps(data)},
                            maxlen=self.most, approximate=True)


class StreamConsumer:
    """One consumer of a group: what its handler accepts is acknowledged, the rest stays pending."""

    def __init__(self, db, stream, group, name):
        self.db = db
        self.stream = stream
        self.group = group
        self.name = name
        self.ended = threading.Event()
        try:
            db.xgroup_create(stream, group, id="0", mkstream=True)
        except redis.ResponseError as problem:
            if not str(problem).startswith("BUSYGROUP"):
                raise

    def run(self, handle, count=10, block_ms=100):
        """Handles what comes until stop()."""
        while not self.ended.is_set():
            found = self.db.xreadgroup(self.group, self.name, {self.stream: ">"}, count=count,
                                       block=block_ms)
            for _, entries in found:
                self._handle(entries, handle)

    def _handle(self, entries, handle):
        for number, fields in entries:
            if handle(number, fields["type"], json.loads(fields["data"])):
                self.db.xack(self.stream, self.group, number)

    def stop(self):
        self.ended.set()

    def claim(self, idle_ms):
        """Takes over what others were given so long ago and have not acknowledged."""
        pending = self.db.xpending_range(self.stream, self.group, min="-", max="+", count=1000)
        old = [row["message_id"] for row in pending if row["time_since_delivered"] >= idle_ms]
        return self.db.xclaim(self.stream, self.group, self.name, idle_ms, old) if old else []


class Subscriber(threading.Thread):
    """Hands the messages of channels and patterns to functions, in a thread of its own."""

    def __init__(self, db, channels=None, patterns=None):
        super().__init__(daemon=True)
        self.pubsub = db.pubsub(ignore_subscribe_messages=True)
        if channels:
            self.pubsub.subscribe(**channels)
        if patterns:
            self.pubsub.psubscribe(**patterns)
        self.ended = threading.Event()

    def run(self):
        while not self.ended.is_set():
            self.pubsub.get_message(timeout=0.05)

    def stop(self):
        self.ended.set()
        self.join()
        self.pubsub.close()


class Notifications:
    """A channel for each user and one for all."""

    def __init__(self, db):
        self.db = db

    def tell(self, user, what):
        return self.db.publish("notifications:%s" % user, json.dumps(what))

    def tell_all(self, what):
        return self.tell("broadcast", what)


class ChatRoom:
    """Messages go to those who are there, and the last hundred into a list."""

    def __init__(self, db, room):
        self.db = db
        self.channel = "chat:room:%s" % room
        self.log = self.channel + ":history"

    def send(self, user, text):
        message = json.dumps({"user_id": user, "message": text})
        listeners = self.db.publish(self.channel, message)
        self.keep(message)
        return listeners

    def keep(self, message):
        self.db.lpush(self.log, message)
        self.db.ltrim(self.log, 0, 99)

    def history(self, count=50):
        """The last messages, the newest first."""
        return [json.loads(message) for message in self.db.lrange(self.log, 0, count - 1)]
