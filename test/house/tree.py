"""What the tests of the house share: the files of the tree and what they include."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SHOAL_BUILD") or ROOT / "build")
FLOORS = ["base", "net", "engine", "shard", "persist", "cluster", "tools"]


def _all_files():
    """Paths from the root: what git knows or would add, or every file if this is no clone."""
    try:
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"], cwd=ROOT, capture_output=True, check=True).stdout
        names = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if not path.relative_to(ROOT).parts[0].startswith((".", "build"))]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


FILES = _all_files()


def files(*suffixes, under=("",)):
    """The files with one of the suffixes below one of the folders."""
    return [f for f in FILES if f.endswith(suffixes) and f.startswith(tuple(under))]


def code(*suffixes):
    """The same without the tests: what stands on the floors."""
    return files(*suffixes, under=[floor + "/" for floor in FLOORS])


def text(name):
    return (ROOT / name).read_text()


def includes(source):
    """The project's own headers that a source text includes, by root path."""
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', source, re.M)


def find_cycle(graph):
    """A cycle of a graph {node: nodes it leads to} as a list of nodes, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for following in graph.get(node, ()):
            cycle = visit(following)
            if cycle:
                return cycle
        done.add(path.pop())
        return None

    for node in graph:
        cycle = visit(node)
        if cycle:
            return cycle
    return None
