"""The workloads, by name: what is sent, over how many connections, how deep a pipeline."""

import dataclasses

from benchlib import datasets


@dataclasses.dataclass(frozen=True)
class Workload:
    """One kind of load.

    commands: (name, keys in each, weight) of what is sent; MSET and SET carry values as long as
    the data set's. A command counts as one operation however many keys it names.

    Workloads about types (typed.py) say instead: lines, the command lines as their generator
    reads them; filled, structures that must be there; share, the range of random numbers as a
    fraction of the profile's; needs, further commands; generator, the one that can do it.
    """

    name: str
    commands: tuple
    connections: int = 50
    pipeline: int = 1
    data_set: datasets.DataSet = datasets.STRINGS
    lines: tuple = ()
    filled: tuple = ()
    share: float = 1.0
    needs: tuple = ()
    generator: str = None

    def is_mixed(self):
        return len(self.commands) > 1


def get(name, **more):
    return Workload(name, (("GET", 1, 1),), **more)


def store(name, **more):
    return Workload(name, (("SET", 1, 1),), **more)


def many(name, command, count, **more):
    return Workload(name, ((command, count, 1),), **more)


WORKLOADS = {workload.name: workload for workload in (
    get("get-c50"),
    get("get-c1000", connections=1000),
    get("get-p16", pipeline=16),
    get("get-p64", pipeline=64),
    store("set-c50"),
    store("set-p16", pipeline=16),
    Workload("mix-p64", (("GET", 1, 10), ("SET", 1, 1)), pipeline=64),
    Workload("incr-p16", (("INCR", 1, 1),), pipeline=16, data_set=datasets.COUNTERS),
    many("mget8", "MGET", 8),
    many("mset8", "MSET", 8),
    many("mset10", "MSET", 10),
    many("mget10-p16", "MGET", 10, pipeline=16),
    many("mset10-p16", "MSET", 10, pipeline=16),
    store("set1k-p16", pipeline=16, data_set=datasets.KILOBYTES),
    store("set16k", data_set=datasets.BIG),
    get("get16k", data_set=datasets.BIG),
)}
