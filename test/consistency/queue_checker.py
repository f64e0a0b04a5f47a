"""Judges the history of queues: every job popped exactly once, or still there; first in first out.

What is found, by name:

    twice       a job was popped twice, or popped and is still there
    garbage     a job that nobody pushed
    wrong-key   a job came from another key than it was pushed to, or than was asked for
    too-many    more jobs than the command asked for
    too-early   a job was popped before it was pushed
    lost        a job is gone and no client that hung up can have got it
    careless    many jobs are gone that only clients can have got which had hung up while they
                waited: it happens when both come together, but that is rare
    order       a job overtook one that was certainly before it in its list
    not-least   BZPOPMIN left a job of a lower score behind
    missed      nothing was found though a job certainly lay there all the time
    asleep      a client went on waiting though there was a job for it
    move        BLMOVE's target does not hold what it answered to have moved

Order, not-least, missed and asleep are looked for among jobs that no client which hung up can
have touched: a server may put back, in front, what it had taken for such a client.
"""

import collections

from actors import AT_ONCE, FOREVER, SLACK_NS
from checker import Anomaly
from presence import Presence, match
from queues import Pop, Push


CARELESS = 0.05  # the part of those that hang up to whom a job may get lost


class QueueChecker:
    """One analysis. left: {key: elements} at the end, targets of BLMOVE too."""

    def __init__(self, records, left, slack_ns=SLACK_NS):
        self.pushes = [r for r in records if isinstance(r, Push)]
        self.pops = [r for r in records if isinstance(r, Pop)]
        self.left = left
        self.slack_ns = slack_ns
        self.start = min((r.invoke for r in records), default=0)
        self.anomalies = []
        self.seen = collections.Counter()
        self.pushed = {e: push for push in self.pushes for e in push.elements}
        self.scores = {e: s for push in self.pushes if push.scores
                       for e, s in zip(push.elements, push.scores)}
        self.popped = {}
        self.in_doubt = set()
        self.away = set()

    def found(self, kind, text, *records):
        self.seen[kind] += 1
        if self.seen[kind] <= 3:
            lines = [text] + ["    " + self.describe(r) for r in records if r is not None]
            self.anomalies.append(Anomaly(kind, "\n".join(lines)))

    def describe(self, record):
        at = "[%d..%s us] client %s " % (
            (record.invoke - self.start) // 1000,
            "?" if record.complete == FOREVER else (record.complete - self.start) // 1000,
            record.client)
        if isinstance(record, Push):
            return at + "pushed %r to %r" % (record.elements, record.key)
        return at + "from %r: %s" % (record.keys, "hung up" if record.gone else record.result)

    def run(self):
        for pop in self.pops:
            if pop.result is not None:
                self._check_result(pop)
        self._check_left()
        self._check_moves()
        self._check_lost()
        self._index()
        for pop in self.pops:
            if pop.result is None and not pop.gone:
                self._check_nothing(pop)
        self._check_order()
        self._check_least()
        return self.anomalies

    # --- each job once ------------------------------------------------------------------------

    def _check_result(self, pop):
        key, elements = pop.result
        if key not in pop.keys:
            self.found("wrong-key", "a job from a key that was not asked for", pop)
        if not 1 <= len(elements) <= pop.most:
            self.found("too-many", "%d jobs" % len(elements), pop)
        for element in elements:
            push = self.pushed.get(element)
            if push is None:
                self.found("garbage", "%r was pushed by nobody" % element, pop)
                continue
            if push.key != key:
                self.found("wrong-key", "%r was pushed elsewhere" % element, push, pop)
            if pop.complete < push.invoke:
                self.found("too-early", "%r" % element, push, pop)
            if element in self.popped:
                self.found("twice", "%r" % element, self.popped[element], pop)
            self.popped[element] = pop

    def _check_left(self):
        self.remaining = set()
        for key, elements in self.left.items():
            for element in elements:
                push = self.pushed.get(element)
                if push is None:
                    self.found("garbage", "%r lies in %r, pushed by nobody" % (element, key))
                elif push.key == key:
                    if element in self.popped or element in self.remaining:
                        self.found("twice", "%r was popped and still lies there" % element, push,
                                   self.popped.get(element))
                    self.remaining.add(element)

    def _check_moves(self):
        moved = collections.defaultdict(list)
        for pop in self.pops:
            if pop.target and pop.result:
                moved[pop.target] += pop.result[1]
        targets = {pop.target: pop.client for pop in self.pops if pop.target}
        for target, client in targets.items():
            held = self.left.get(target, [])
            if [e for e in held if e in set(moved[target])] != moved[target]:
                self.found("move", "%r does not hold what client %s moved, in order"
                           % (target, client))
            for element in held:
                if element in self.remaining:
                    self.found("twice", "%r was moved and still lies there" % element)
                elif element in self.popped and element not in moved[target]:
                    self.found("twice", "%r was moved and popped" % element, self.popped[element])
                elif element not in self.popped:
                    self.in_doubt.add(element)  # moved for a client that hung up

    def _check_lost(self):
        missing = [e for e, push in self.pushed.items() if push.complete != FOREVER
                   and e not in self.popped and e not in self.remaining
                   and e not in self.in_doubt]
        hung_up = [(pop, pop.most) for pop in self.pops if pop.gone and not pop.target]
        at_once = [(pop, most) for pop, most in hung_up if pop.gone == AT_ONCE]
        lost = match(missing, hung_up, self._may_have)
        waiting = len(hung_up) - len(at_once)
        to_waiting = len(match(missing, at_once, self._may_have)) - len(lost)
        if to_waiting > 3 + CARELESS * waiting:
            self.found("careless", "%d jobs were lost to %d clients that hung up while they waited"
                       % (to_waiting, waiting))
        for element in lost:
            self.found("lost", "%r is gone" % element, self.pushed[element])
        self.in_doubt.update(missing)

    def _may_have(self, element, pop):
        """Whether a client that hung up may have been given the job."""
        push = self.pushed[element]
        return push.key in pop.keys and pop.complete >= push.invoke

    # --- who lay where, when ------------------------------------------------------------------

    def taken_at(self, element):
        """Until when a job certainly lay in its key."""
        pop = self.popped.get(element)
        return FOREVER if pop is None else pop.invoke

    def _index(self):
        self.present = collections.defaultdict(Presence)
        self.by_score = collections.defaultdict(Presence)
        hung_up = collections.defaultdict(list)
        for pop in self.pops:
            for key in pop.keys if pop.gone else ():
                hung_up[key].append((pop.invoke, pop.complete + self.slack_ns))
        for element, push in self.pushed.items():
            if push.complete == FOREVER or element in self.in_doubt:
                continue
            if self._may_have_been_away(element, hung_up[push.key]):
                self.away.add(element)
                continue
            self.present[push.key].add(push.complete, self.taken_at(element), element)
            if push.scores:
                self.by_score[push.key, self.scores[element]].add(
                    push.complete, self.taken_at(element), element)

    def _may_have_been_away(self, element, hung_up):
        """Whether a server may have taken a job for a client that hung up, and put it back."""
        pop = self.popped.get(element)
        until = FOREVER if pop is None else pop.complete
        return any(start <= until and end >= self.pushed[element].invoke
                   for start, end in hung_up)

    def _check_nothing(self, pop):
        for key in pop.keys:
            element = self.present[key].during(pop.invoke, pop.complete)
            if element is not None:
                self.found("missed", "%r was there all the time" % element, self.pushed[element],
                           pop, self.popped.get(element))
            element = self.present[key].during(pop.complete - self.slack_ns, pop.complete)
            if element is not None:
                self.found("asleep", "%r waited for somebody who waited for it" % element,
                           self.pushed[element], pop, self.popped.get(element))

    def _check_order(self):
        for element, pop in self.popped.items():
            push = self.pushed.get(element)
            if push is None or push.scores:
                continue
            before = self.present[push.key].during(push.invoke, pop.complete)
            if before is not None:
                self._overtook(element, before)
        for push in self.pushes:
            if not push.scores:
                self._check_one_push(push)
        for pop in self.pops:
            if pop.result is not None:
                self._check_reply(pop)

    def _overtook(self, element, before):
        self.found("order", "%r overtook %r" % (element, before), self.pushed[before],
                   self.pushed[element], self.popped[element], self.popped.get(before))

    def _check_one_push(self, push):
        """Jobs of one push leave in their order."""
        latest = None
        for element in push.elements:
            if element in self.in_doubt or element in self.away:
                continue
            pop = self.popped.get(element)
            if pop is not None and latest and pop.complete < self.taken_at(latest):
                self._overtook(element, latest)
            if latest is None or self.taken_at(element) > self.taken_at(latest):
                latest = element

    def _check_reply(self, pop):
        """Jobs of one reply come in the order in which they were pushed."""
        known = [e for e in pop.result[1] if e in self.pushed and not self.pushed[e].scores
                 and e not in self.away]
        for one, two in zip(known, known[1:]):
            first, second = self.pushed[one], self.pushed[two]
            same = first is second and first.elements.index(one) > first.elements.index(two)
            if same or second.complete < first.invoke:
                self.found("order", "%r stands before %r in one reply" % (one, two), second, first,
                           pop)

    def _check_least(self):
        for element, pop in self.popped.items():
            if element not in self.scores:
                continue
            key = self.pushed[element].key
            for score in range(self.scores[element]):
                lower = self.by_score[key, score].during(pop.invoke, pop.complete)
                if lower is not None:
                    self.found("not-least", "%r was popped, %r of a lower score lay there"
                               % (element, lower), pop, self.popped.get(lower))


def check(records, left, slack_ns=SLACK_NS):
    """The anomalies of a history of queues."""
    return QueueChecker(records, left, slack_ns).run()
