"""Includes go down the floors, never round in a circle, and every header stands by itself."""

import subprocess

import pytest

import tree

# What a room of a floor may include of the other rooms of its floor. A room is a folder, but for
# the settings, which lie under everything else of their floor. Sessions and the commands that
# tell about the server (admin) are one circle by nature: the commands answer the session that
# runs them, and sessions report what they did to the slow log and the statistics.
ROOMS = {
    "engine/keyspace": [],
    "engine/types": ["engine/keyspace"],  # a type fills in the row of its large form (object.h)
    "engine/commands": ["engine/keyspace", "engine/types"],
    "shard/admin/settings": [],
    "shard/runtime": ["shard/admin/settings"],
    "shard/session": ["shard/runtime", "shard/admin", "shard/admin/settings", "shard/script"],
    "shard/admin": ["shard/runtime", "shard/session", "shard/admin/settings", "shard/script"],
    "shard/script": ["shard/runtime", "shard/session", "shard/admin/settings"],
}
# Made by the build. Included by their bare names, since unit tests make other ones of their own.
GENERATED = {"crc_tables.h", "op_handlers.gen.h"}
HEADERS = tree.files(".h")


def room(name):
    if name.startswith("shard/admin/settings"):
        return "shard/admin/settings"
    return name.rpartition("/")[0]


def complaint(name, included):
    """Why `name` may not include `included`, or None."""
    if included in GENERATED:
        return None
    if "/" not in included:
        return "not by its path from the root"
    here, there = name.split("/")[0], included.split("/")[0]
    if there not in tree.FLOORS:
        return "a floor that does not exist"
    if tree.FLOORS.index(there) > tree.FLOORS.index(here):
        return "up a floor"
    if there != here or room(included) == room(name):
        return None
    if room(name) in ROOMS and room(included) not in ROOMS[room(name)]:
        return "a room it may not look into"
    return None


def test_includes_go_down_the_floors_and_into_the_rooms_they_may():
    wrong = []
    for name in tree.code(".c", ".h"):
        for included in tree.includes(tree.text(name)):
            why = complaint(name, included)
            if why:
                wrong.append("%s includes %s: %s" % (name, included, why))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name, included", [
    ("base/log.c", "net/io.h"),
    ("engine/keyspace/table.c", "engine/commands/op.h"),
    ("shard/runtime/tx.c", "shard/session/session.h"),
    ("shard/admin/settings.c", "shard/session/server.h"),
    ("net/io.c", "io.h"),
])
def test_what_is_forbidden_is_noticed(name, included):
    assert complaint(name, included)


def test_headers_do_not_include_each_other_in_a_circle():
    graph = {name: tree.includes(tree.text(name)) for name in HEADERS}
    assert len(graph) > 50
    assert tree.find_cycle(graph) is None


def test_a_circle_is_noticed():
    assert tree.find_cycle({"a": ["b"], "b": ["c", "d"], "d": ["b"]}) == ["b", "d", "b"]


def test_every_header_is_guarded_by_its_path():
    wrong = []
    for name in tree.code(".h"):
        guard = "SHOAL_" + name.upper().replace("/", "_").replace(".", "_")
        lines = tree.text(name).splitlines()
        if "#ifndef " + guard not in lines or "#define " + guard not in lines:
            wrong.append("%s: %s" % (name, guard))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_compiles_alone(name):
    assert (tree.BUILD / "build.ninja").exists(), "build first: meson setup build, ninja -C build"
    folders = [tree.ROOT, tree.BUILD, tree.ROOT / name.rpartition("/")[0]]
    result = subprocess.run(
        ["gcc", "-fsyntax-only", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Werror",
         "-Wno-unused-function", *("-I%s" % folder for folder in folders), "-include",
         str(tree.ROOT / name), "-x", "c", "/dev/null"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
