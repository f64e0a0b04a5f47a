"""Judges the history of a group that reads streams: each entry is delivered exactly once.

What is found, by name:

    id-order    an entry got an id that is not above that of one added before it
    lost        an entry that was added is not in its stream, or was delivered to nobody
    garbage     an entry that nobody added, or with other contents
    twice       an entry was delivered twice
    too-early   an entry was delivered before it was added
    too-many    more entries of a stream than the command asked for
    order       an entry was delivered before one with a lower id
    missed      nothing was found though an entry certainly waited all the time
    asleep      a client went on waiting though there was an entry for it
    ack         XACK did not count what its client had been given
    pending     what is pending is not what was delivered and not acknowledged
"""

import collections
import itertools

from actors import FOREVER, SLACK_NS
from checker import Anomaly
from presence import Presence
from streams import Ack, Add, Read


def id_of(text):
    """An id as something to compare."""
    high, low = text.split(b"-")
    return int(high), int(low)


class StreamChecker:
    """One analysis of what was recorded and what was there at the end."""

    def __init__(self, records, end, slack_ns=SLACK_NS):
        self.adds = [r for r in records if isinstance(r, Add)]
        self.reads = [r for r in records if isinstance(r, Read)]
        self.acks = [r for r in records if isinstance(r, Ack)]
        self.end = end
        self.slack_ns = slack_ns
        self.start = min((r.invoke for r in records), default=0)
        self.anomalies = []
        self.seen = collections.Counter()
        self.added = {(add.key, add.id): add for add in self.adds}
        self.delivered = {}

    def found(self, kind, text, *records):
        self.seen[kind] += 1
        if self.seen[kind] <= 3:
            lines = [text] + ["    " + self.describe(r) for r in records if r is not None]
            self.anomalies.append(Anomaly(kind, "\n".join(lines)))

    def describe(self, record):
        names = [name for name in record._fields if name not in ("invoke", "complete")]
        return "%s [%d..%d us] %s" % (
            type(record).__name__, (record.invoke - self.start) // 1000,
            (record.complete - self.start) // 1000,
            ", ".join("%s %r" % (name, getattr(record, name)) for name in names))

    def run(self):
        self._check_ids()
        self._check_entries()
        for read in self.reads:
            self._check_read(read)
        self._check_delivered()
        self._check_order()
        self._check_waiting()
        self._check_acks()
        return self.anomalies

    def _check_ids(self):
        """Ids grow in the order of real time."""
        by_key = collections.defaultdict(list)
        for add in self.adds:
            by_key[add.key].append(add)
        for adds in by_key.values():
            if len({add.id for add in adds}) != len(adds):
                self.found("id-order", "an id was given twice", adds[0])
            answered = sorted(adds, key=lambda add: add.complete)
            place, highest = 0, None
            for add in sorted(adds, key=lambda add: add.invoke):
                while place < len(answered) and answered[place].complete < add.invoke:
                    if highest is None or id_of(answered[place].id) > id_of(highest.id):
                        highest = answered[place]
                    place += 1
                if highest is not None and id_of(highest.id) >= id_of(add.id):
                    self.found("id-order", "an id that is not above", highest, add)

    def _check_entries(self):
        self.entries = {}
        for key, entries in self.end.entries.items():
            ids = [id_of(number) for number, _ in entries]
            if any(two <= one for one, two in zip(ids, ids[1:])):
                self.found("id-order", "%r is not in the order of ids" % key)
            for number, token in entries:
                self.entries[key, number] = token
                add = self.added.get((key, number))
                if add is None or add.token != token:
                    self.found("garbage", "%r holds %r %r" % (key, number, token), add)
        for where, add in self.added.items():
            if where not in self.entries:
                self.found("lost", "an entry is not in its stream", add)

    def _check_read(self, read):
        for key, entries in read.result.items():
            if key not in read.keys or not 1 <= len(entries) <= read.most:
                self.found("too-many", "%d entries of %r" % (len(entries), key), read)
            ids = [id_of(number) for number, _ in entries]
            if ids != sorted(ids):
                self.found("order", "ids go down in one reply", read)
            for number, token in entries:
                add = self.added.get((key, number))
                if add is None or add.token != token:
                    self.found("garbage", "%r %r was added by nobody" % (number, token), read, add)
                    continue
                if read.complete < add.invoke:
                    self.found("too-early", "%r" % number, add, read)
                if (key, number) in self.delivered:
                    self.found("twice", "%r %r" % (key, number), self.delivered[key, number], read)
                self.delivered[key, number] = read

    def _check_delivered(self):
        """What nobody saw was given to a client that hung up, or is left to read."""
        self.rest = {(key, number) for key, entries in self.end.rest.items()
                     for number, _ in entries}
        self.unseen = set()
        hung_up = {read.client for read in self.reads if read.gone}
        for where in self.rest & set(self.delivered):
            self.found("twice", "%r %r was left to read" % where, self.delivered[where])
        for where in self.entries:
            if where in self.delivered or where in self.rest:
                continue
            self.unseen.add(where)
            if self.end.pending[where[0]].get(where[1]) not in hung_up:
                self.found("lost", "%r %r was delivered to nobody" % where, self.added.get(where))

    def delivery(self, where):
        """When the reading of an entry began: until then it certainly waited."""
        read = self.delivered.get(where)
        return FOREVER if read is None else read.invoke

    def _check_order(self):
        by_key = collections.defaultdict(list)
        for where in self.entries:
            if where not in self.unseen:
                by_key[where[0]].append(where)
        for wheres in by_key.values():
            wheres.sort(key=lambda where: id_of(where[1]))
            latest = list(itertools.accumulate(
                wheres, lambda best, each: max(best, each, key=self.delivery)))
            for before, where in zip(latest, wheres[1:]):
                read = self.delivered.get(where)
                if read is not None and read.complete < self.delivery(before):
                    self.found("order", "%r overtook %r" % (where, before), read,
                               self.delivered.get(before))

    def _check_waiting(self):
        waiting = collections.defaultdict(Presence)
        for where, add in self.added.items():
            if where not in self.unseen and where in self.entries:
                waiting[where[0]].add(add.complete, self.delivery(where), where)
        for read in self.reads:
            if read.result or read.gone:
                continue
            for key in read.keys:
                where = waiting[key].during(read.invoke, read.complete)
                if where is not None:
                    self.found("missed", "%r waited all the time" % (where,), self.added[where],
                               read, self.delivered.get(where))
                where = waiting[key].during(read.complete - self.slack_ns, read.complete)
                if where is not None:
                    self.found("asleep", "%r waited for a client that waited" % (where,),
                               self.added[where], read, self.delivered.get(where))

    def _check_acks(self):
        done = {}
        for ack in self.acks:
            if ack.count != len(ack.ids):
                self.found("ack", "%d of %d counted" % (ack.count, len(ack.ids)), ack)
            done.update(((ack.key, number), ack) for number in ack.ids)
        for where, read in self.delivered.items():
            owner = self.end.pending[where[0]].get(where[1])
            if where in done and owner is not None:
                self.found("pending", "%r %r was acknowledged" % where, done[where])
            elif where not in done and owner != read.client:
                self.found("pending", "%r %r belongs to %s" % (*where, owner), read)
        for key, owners in self.end.pending.items():
            for number in owners:
                if (key, number) not in self.entries:
                    self.found("pending", "%r %r is no entry" % (key, number))


def check(records, end, slack_ns=SLACK_NS):
    """The anomalies of a history of streams."""
    return StreamChecker(records, end, slack_ns).run()
