"""Looks for violations of strict serializability in a history.

After Elle (Kingsbury, Alvaro: "Elle: Inferring Isolation Anomalies from Experimental
Observations", VLDB 2020): values are made so that what was read tells which writes came
before, in which order. From that follow the dependencies of transactions

    ww  the target's write replaced the source's
    wr  the target read what the source wrote
    rw  the target's write replaced what the source had read
    rt  the source was answered before the target was sent
    po  source and target came in one write of one connection, source first, with a key in common

and a cycle among them is an anomaly, since no serial order in real time explains it. Adya's
names: G0 (ww alone), G1c (ww, wr), G-single (one rw), G2 (several rw); "-realtime" or
"-pipeline" is added when the cycle needs an rt or a po edge. Beside cycles: G1a (read of an
aborted write), G1b (read of a half transaction), reads that do not agree with each other,
lost, doubled or misplaced appends, lost updates, torn and stale reads, changed sums.
"""

import bisect
import collections

from graph import Graph
from history import BLIND, LIST, REGISTER, TOKEN_BYTES, describe

Anomaly = collections.namedtuple("Anomaly", "kind text")
DATA = {"ww", "wr", "rw"}
ORDER = {"rt", "po"}


class Checker:
    """One analysis of one history."""

    def __init__(self, history, balance=None, holders=None):
        self.history = history
        self.balance = balance
        self.holders = holders
        self.start = min((t.invoke for t in history), default=0)
        self.anomalies = []
        self.graph = Graph(len(history))
        self.seen_kinds = collections.Counter()

    def run(self):
        """All anomalies found, at most a few of each kind."""
        self._check_lists()
        self._check_registers()
        self._check_blind_registers()
        self._check_invariants()
        self._add_real_time()
        self._add_pipelines()
        self._check_cycles()
        return self.anomalies

    def _found(self, kind, text, *numbers):
        self.seen_kinds[kind] += 1
        if self.seen_kinds[kind] <= 3:
            lines = [text, *("    " + describe(n, self.history[n], self.start)
                             for n in dict.fromkeys(numbers))]
            self.anomalies.append(Anomaly(kind, "\n".join(lines)))

    def _operations(self, kind_of_key):
        """(number, transaction, operations on keys of that kind), where there are some."""
        for number, transaction in enumerate(self.history):
            own = [op for op in transaction.operations
                   if op[0] not in ("balances", "holders") and op[1][0] == kind_of_key]
            if own:
                yield number, transaction, own

    # --- lists of tokens ----------------------------------------------------------------------

    def _check_lists(self):
        writers, longest, placed = {}, {}, collections.defaultdict(dict)
        for number, transaction, operations in self._operations(LIST):
            for op in operations:
                if op[0] == "append":
                    writers[op[2]] = (number, op[1])
                    if transaction.ok and op[3] is not None:
                        self._place(placed[op[1]], number, op)
                elif op[0] == "read" and transaction.ok:
                    if len(op[2] or b"") > len(longest.get(op[1], (b"",))[0]):
                        longest[op[1]] = (op[2], number)
        orders = {key: self._version_order(key, *longest.get(key, (b"", None)), placed[key],
                                           writers)
                  for key in {*longest, *placed}}
        for key, order in orders.items():
            for before, after in zip(order, order[1:]):
                if before is not None and after is not None:
                    self.graph.add(before, after, "ww", key)
        for number, transaction, operations in self._operations(LIST):
            if transaction.ok:
                self._check_internal(number, operations)
                self._list_reads(number, operations, longest, orders)

    def _place(self, places, number, op):
        """Notes where an append went, by its reply; two at one place is one lost."""
        index, rest = divmod(op[3], TOKEN_BYTES)
        if rest or index < 1:
            self._found("bad-append-reply", "APPEND answered a length that cannot be", number)
        elif index - 1 in places and places[index - 1][1] != op[2]:
            self._found("lost-append",
                        "two APPENDs to %s ended at the same length" % op[1].decode(),
                        places[index - 1][0], number)
        else:
            places[index - 1] = (number, op[2])

    def _version_order(self, key, value, reader, places, writers):
        """The transactions that made each version of a list, as far as known (None: not known)."""
        tokens = [value[i:i + TOKEN_BYTES] for i in range(0, len(value), TOKEN_BYTES)]
        if len(set(tokens)) != len(tokens):
            self._found("duplicate", "a token stands twice in %s" % key.decode(), reader)
        order = []
        for index, text in enumerate(tokens):
            number, home = writers.get(text, (None, None))
            if number is None or home != key:
                self._found("garbage", "%s holds %r, appended by nobody" % (key.decode(), text),
                            reader)
                order.append(None)
                continue
            if self.history[number].ok is False:
                self._found("G1a", "%s holds what an aborted transaction appended" % key.decode(),
                            number, reader)
            order.append(number)
            if index in places and places[index][1] != text:
                self._found("lost-append",
                            "%s holds another token where an APPEND was answered to be"
                            % key.decode(), places[index][0], number, reader)
        for index in range(len(tokens), max(places, default=-1) + 1):
            order.append(places[index][0] if index in places else None)
        return order

    def _check_internal(self, number, operations):
        """Within one transaction, reads agree with each other and with its own appends."""
        known = {}
        for op in operations:
            if op[0] == "append":
                before, whole = known.get(op[1], (b"", False))
                if whole and op[3] is not None and len(before) + TOKEN_BYTES != op[3]:
                    self._found("internal", "APPEND does not follow what the transaction read",
                                number)
                known[op[1]] = (before + op[2], whole)
            elif op[0] == "read":
                value = op[2] or b""
                expected, whole = known.get(op[1], (b"", False))
                if value != expected if whole else not value.endswith(expected):
                    self._found("internal", "a read does not agree with its own transaction",
                                number)
                known[op[1]] = (value, True)

    def _list_reads(self, number, operations, longest, orders):
        own = set()
        for op in operations:
            key = op[1]
            if op[0] == "append":
                own.add(key)
                continue
            if op[0] == "read":
                value = op[2] or b""
                if not longest.get(key, (b"",))[0].startswith(value):
                    self._found("incompatible-order",
                                "two reads of %s, neither the start of the other" % key.decode(),
                                longest[key][1], number)
                    continue
                size = len(value)
            else:
                size = op[2]
            index, rest = divmod(size, TOKEN_BYTES)
            if rest:
                self._found("torn-append", "%s has part of a token" % key.decode(), number)
            elif key not in own:
                self._read_at(number, key, index, orders.get(key, []))

    def _read_at(self, number, key, index, order):
        """Edges of a read that saw the first `index` versions."""
        before = order[index - 1] if 0 < index <= len(order) else None
        after = order[index] if index < len(order) else None
        if before is not None:
            self.graph.add(before, number, "wr", key)
        if after is not None:
            self.graph.add(number, after, "rw", key)
        if before is not None and before == after and before != number:
            self._found("G1b", "a read of %s between two appends of one transaction" % key.decode(),
                        before, number)

    # --- registers ----------------------------------------------------------------------------

    def _check_registers(self):
        writers, successor, reads = {}, {}, []
        for number, transaction, operations in self._operations(REGISTER):
            last = {}
            for op in operations:
                key = op[1]
                if op[0] == "write":
                    if transaction.ok is not False or (key, op[2]) not in writers:
                        writers[key, op[2]] = number
                    if transaction.ok and key in last:
                        self._link(successor, key, last[key], number)
                    last[key] = op[2]
                elif transaction.ok:
                    if key in last and last[key] != op[2]:
                        self._found("internal", "a read does not agree with its own transaction",
                                    number)
                    if key not in last:
                        reads.append((number, key, op[2]))
                    last[key] = op[2]
        for (key, value), after in successor.items():
            if value is not None and (key, value) in writers:
                self.graph.add(writers[key, value], after, "ww", key)
        for number, key, value in reads:
            self._register_read(number, key, value, writers, successor)

    def _link(self, successor, key, value, number):
        """The transaction replaced `value`; only one can have done so."""
        other = successor.setdefault((key, value), number)
        if other != number:
            self._found("lost-update",
                        "two transactions replaced the same version of %s" % key.decode(), other,
                        number)

    def _register_read(self, number, key, value, writers, successor):
        if value is not None:
            writer = writers.get((key, value))
            if writer is None:
                self._found("garbage", "%s holds %r, which nobody wrote" % (key.decode(), value),
                            number)
                return
            if self.history[writer].ok is False:
                self._found("G1a", "a read of what an aborted transaction wrote", writer, number)
            self.graph.add(writer, number, "wr", key)
        after = successor.get((key, value))
        if after is not None:
            self.graph.add(number, after, "rw", key)

    def _check_blind_registers(self):
        """Groups of keys always written together: no mix, nothing older than an answered write."""
        writes, groups = {}, collections.defaultdict(list)
        for number, transaction, operations in self._operations(BLIND):
            for op in operations:
                if op[0] == "write":
                    writes[op[1], op[2]] = number
                    if transaction.ok:
                        groups[op[1]].append(number)
        timelines = {key: self._timeline(numbers) for key, numbers in groups.items()}
        for number, transaction, operations in self._operations(BLIND):
            reads = [op for op in operations if op[0] == "read"]
            if not transaction.ok or not reads:
                continue
            by_group = collections.defaultdict(set)
            for op in reads:
                by_group[op[1].split(b":")[0]].add(op[2])
                self._check_stale(number, op, writes, timelines)
            for name, values in by_group.items():
                if len(values) > 1 and not any(op[0] == "write" for op in operations):
                    self._found("torn-read", "a mix of versions in %s" % name.decode(), number,
                                *(writes[op[1], op[2]] for op in reads if (op[1], op[2]) in writes))

    def _timeline(self, numbers):
        """Completion times in order, and the latest invocation among the writes until then."""
        rows = sorted((self.history[n].complete, self.history[n].invoke, n) for n in numbers)
        latest, best = [], (-1, None)
        for _, invoke, number in rows:
            best = max(best, (invoke, number), key=lambda x: x[0])
            latest.append(best)
        return [row[0] for row in rows], latest

    def _check_stale(self, number, op, writes, timelines):
        completes, latest = timelines.get(op[1], ([], []))
        place = bisect.bisect_left(completes, self.history[number].invoke)
        writer = writes.get((op[1], op[2])) if op[2] is not None else None
        if op[2] is not None and writer is None:
            self._found("garbage", "%s holds what nobody wrote" % op[1].decode(), number)
        elif writer is not None and self.history[writer].ok is False:
            self._found("G1a", "a read of what an aborted transaction wrote", writer, number)
        elif place > 0:
            invoke, later = latest[place - 1]
            if writer is None or self.history[writer].complete < invoke:
                self._found("stale-read",
                            "%s: a later write was answered before this read" % op[1].decode(),
                            *([writer] if writer is not None else []), later, number)

    def _check_invariants(self):
        for number, transaction in enumerate(self.history):
            if not transaction.ok:
                continue
            for op in transaction.operations:
                if op[0] == "balances" and sum(int(v or 0) for v in op[1]) != self.balance:
                    self._found("balance",
                                "the sum is %d, not %d" % (sum(int(v or 0) for v in op[1]),
                                                           self.balance), number)
                if op[0] == "holders" and sorted(v for v in op[1]
                                                 if v is not None) != sorted(self.holders):
                    self._found("holders", "a token that moves is missing or doubled", number)

    # --- order in time ------------------------------------------------------------------------

    def _add_real_time(self):
        """rt edges through a chain of instants: one for each answer, reached from it and from the
        instant before."""
        done = sorted((t.complete, n) for n, t in enumerate(self.history) if t.ok)
        times = [time for time, _ in done]
        instants = []
        for _, number in done:
            node = self.graph.add_node()
            self.graph.add(number, node, "rt")
            if instants:
                self.graph.add(instants[-1], node, "rt")
            instants.append(node)
        for number, transaction in enumerate(self.history):
            if transaction.ok is not False:
                place = bisect.bisect_left(times, transaction.invoke)
                if place:
                    self.graph.add(instants[place - 1], number, "rt")

    def _add_pipelines(self):
        last = {}
        for number, transaction in enumerate(self.history):
            if transaction.pipeline is None or not transaction.ok:
                continue
            for key in transaction.keys():
                before = last.get((transaction.pipeline, key))
                if before is not None:
                    self.graph.add(before, number, "po", key)
                last[transaction.pipeline, key] = number

    # --- cycles -------------------------------------------------------------------------------

    def _check_cycles(self):
        for component in self.graph.components():
            edges = self._worst_cycle(component)
            if edges:
                self._report_cycle(edges)

    def _worst_cycle(self, component):
        """The cycle with the least excuse: first without order in time, first without rw."""
        for order in (set(), {"po"}, {"rt"}, ORDER):
            for kinds in ({"ww"}, {"ww", "wr"}):
                if self.graph.components(component, kinds | order):
                    inner = self.graph.components(component, kinds | order)[0]
                    return self.graph.cycle(inner, kinds | order)
            if self.graph.components(component, DATA | order):
                inner = self.graph.components(component, DATA | order)[0]
                one_rw = self.graph.cycle(inner, {"ww", "wr"} | order, {"rw"})
                return one_rw or self.graph.cycle(inner, DATA | order)
        return None

    def _report_cycle(self, edges):
        edges = self._without_instants(edges)
        kinds = [kind for _, _, kind, _ in edges]
        names = {0: "G1c" if "wr" in kinds else "G0", 1: "G-single"}
        name = names.get(kinds.count("rw"), "G2")
        name += "-realtime" * ("rt" in kinds) + "-pipeline" * ("po" in kinds and "rt" not in kinds)
        steps = ", ".join("T%d -%s%s-> T%d" % (a, kind, "(%s)" % key.decode() if key else "", b)
                          for a, b, kind, key in edges)
        self._found(name, "cycle: " + steps, *(a for a, _, _, _ in edges))

    def _without_instants(self, edges):
        """Joins the steps over the chain of instants into one rt edge each."""
        count = len(self.history)
        first = next(i for i, edge in enumerate(edges) if edge[0] < count)
        edges = edges[first:] + edges[:first]
        joined, source = [], None
        for a, b, kind, key in edges:
            source = a if source is None else source
            if b < count:
                joined.append((source, b, kind, key))
                source = None
        return joined


def check(history, balance=None, holders=None):
    """The anomalies of a history; none if it is strictly serializable as far as can be told."""
    return Checker(history, balance, holders).run()
