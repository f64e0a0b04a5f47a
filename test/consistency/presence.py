"""When things certainly lay in one place, and questions about that."""

import bisect
import itertools

from actors import FOREVER  # noqa: F401


class Presence:
    """Things of one key: each certainly there from one time to another."""

    def __init__(self):
        self.rows = []
        self.starts = None

    def add(self, start, end, what):
        self.rows.append((start, end, what))
        self.starts = None

    def _prepare(self):
        self.rows.sort(key=lambda row: row[0])
        self.starts = [row[0] for row in self.rows]
        self.longest = list(itertools.accumulate(
            self.rows, lambda best, row: row if row[1] > best[1] else best))

    def during(self, start, end):
        """Something that was there before `start` and still at `end`, or None."""
        if self.starts is None:
            self._prepare()
        place = bisect.bisect_left(self.starts, start)
        if place == 0 or self.longest[place - 1][1] <= end:
            return None
        return self.longest[place - 1][2]


def match(wanted, offers, fits):
    """Gives each wanted thing an offer that fits it, each offer as often as it says; answers the
    wanted that got none. offers: [(offer, how often)]. By augmenting paths."""
    places = [offer for offer, times in offers for _ in range(times)]
    taken = {}

    def give(index, seen):
        for place, offer in enumerate(places):
            if place in seen or not fits(wanted[index], offer):
                continue
            seen.add(place)
            if place not in taken or give(taken[place], seen):
                taken[place] = index
                return True
        return False

    return [wanted[index] for index in range(len(wanted)) if not give(index, set())]
