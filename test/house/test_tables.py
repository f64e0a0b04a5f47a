"""What is kept in one table is not contradicted elsewhere."""

import re
import subprocess
import sys

import tree

sys.path.insert(0, str(tree.ROOT / "engine" / "commands"))

import command_rows  # noqa: E402

COMMANDS = tree.ROOT / "engine" / "commands"


def words():
    return command_rows.Words(COMMANDS / "command_words.def")


def linked_tables():
    """The groups that meson.build puts into the server."""
    text = (COMMANDS / "meson.build").read_text()
    block = re.search(r"command_tables = files\((.*?)\)", text, re.S).group(1)
    return [COMMANDS / name for name in re.findall(r"'([^']+)'", block)]


def test_the_sample_configuration_is_what_the_table_says():
    made = subprocess.run([str(tree.BUILD / "tools" / "make-conf")], capture_output=True,
                          text=True, check=True).stdout
    assert made == tree.text("conf/shoal.conf"), "build/tools/make-conf > conf/shoal.conf"


def test_no_setting_stands_in_the_table_twice():
    rows = re.findall(r'^(?:BOOL|INTEGER|OCTAL|MEMORY|SHARE|TEXT|WORD|WORDS)\(\w+,\s*"([^"]+)"',
                      tree.text("shard/admin/settings.def"), re.M)
    assert len(rows) > 50
    assert len(rows) == len(set(rows))


def test_every_command_of_the_server_has_a_handler_in_the_sources():
    """The link shows the same; here the answer names the command."""
    sources = "\n".join(tree.text(name) for name in tree.code(".c"))
    defined = set(re.findall(r"^void ((?:op|cmd)_\w+)\(", sources, re.M))
    assert len(defined) > 50
    build_files = [tree.BUILD / "engine" / "commands" / name
                   for name in ("op_handlers.gen.h", "session_handlers.gen.h")]
    wanted = set()
    for path in build_files:
        wanted |= set(re.findall(r"\b((?:op|cmd)_\w+)\(", path.read_text()))
    assert len(wanted) > 50
    assert wanted <= defined, "without handler: %s" % ", ".join(sorted(wanted - defined))


def test_no_handler_is_left_without_a_command():
    rows = command_rows.load(sorted((COMMANDS / "table").glob("*.json")), words())
    generated = "".join((tree.BUILD / "engine" / "commands" / name).read_text()
                        for name in ("op_handlers.gen.h", "session_handlers.gen.h"))
    assert rows
    orphans = [name for source in tree.code(".c")
               for name in re.findall(r"^void (cmd_\w+)\(struct client \*", tree.text(source), re.M)
               if name + "(" not in generated]
    assert not orphans, ", ".join(orphans)


def test_a_command_stands_in_one_group():
    rows = command_rows.load(linked_tables(), words())
    assert len(rows) > 50
