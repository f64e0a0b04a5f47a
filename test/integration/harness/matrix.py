"""The cells in which every test runs: threads x io back end x protocol.

`SHOAL_MATRIX=quick` (default) picks three cells that touch every value once,
`SHOAL_MATRIX=full` all twelve, and "4-uring-resp3" or a comma list of such names
just those. redis-server has one thread model, so only the protocols remain for it.
"""

import collections
import itertools
import os

from .server import is_redis


class Cell(collections.namedtuple("Cell", "threads io_backend protocol")):
    """One configuration under test."""

    __slots__ = ()

    def __str__(self):
        return "%d-%s-resp%d" % self


QUICK = [Cell(1, "uring", 2), Cell(4, "epoll", 3), Cell(4, "uring", 2)]
FULL = [Cell(*c) for c in itertools.product((1, 2, 4), ("uring", "epoll"), (2, 3))]


def _parse(name):
    threads, backend, protocol = name.strip().split("-")
    return Cell(int(threads), backend, int(protocol[-1]))


def cells():
    wanted = os.environ.get("SHOAL_MATRIX", "quick")
    if is_redis():
        return [Cell(1, "epoll", 2), Cell(1, "epoll", 3)]
    if wanted == "quick":
        return QUICK
    if wanted == "full":
        return FULL
    return [_parse(name) for name in wanted.split(",")]
