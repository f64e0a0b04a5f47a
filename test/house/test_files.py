"""Files open with what they are for, stay short, and hold nothing left over."""

import re

import tree

MOST_LINES = 800
MOST_COLUMNS = 100

# Longer files, each with its reason.
LONG_FILES = {
}
# Files with columns of their own: data, and texts that are not wrapped.
WIDE_FILES = {"engine/commands/table/", "test/differential/accepted.tsv", "README.md", "docs/",
              "CHANGELOG.md"}

WRITTEN = (".c", ".h", ".py", ".def", ".build", ".sh", "tools/bench", "tools/run", "tools/test")


def opens_with_a_comment(source):
    """Whether the first thing in a source text is a comment or a docstring."""
    lines = [line for line in source.splitlines() if line.strip()]
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    return not lines or bool(re.match(r'/\*|//|#(?!include|define|if|pragma)|r?"""', lines[0]))


def left_over(source):
    """The numbers of the lines that say something is still to be done."""
    marks = "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3])
    return [number for number, line in enumerate(source.splitlines(), 1)
            if re.search(r"\b(%s)\b" % marks, line)]


def test_every_file_opens_with_a_comment():
    wrong = [name for name in tree.files(*WRITTEN) if not opens_with_a_comment(tree.text(name))]
    assert not wrong, "\n".join(wrong)


def test_a_file_without_opening_comment_is_noticed():
    assert not opens_with_a_comment('#include "base/log.h"\n/* Late. */\n')
    assert not opens_with_a_comment("#!/usr/bin/python3\nimport os\n")
    assert opens_with_a_comment('#!/usr/bin/python3\n"""A program."""\n')


def test_nothing_is_left_to_be_done():
    wrong = ["%s:%d" % (name, number) for name in tree.files(*WRITTEN, ".md", ".json")
             for number in left_over(tree.text(name))]
    assert not wrong, "\n".join(wrong)


def test_what_is_left_to_be_done_is_noticed():
    assert left_over("a\n/* TO" + "DO: b */\n") == [2]


def test_no_file_is_too_long_without_a_reason():
    long = {name for name in tree.files(*WRITTEN)
            if tree.text(name).count("\n") > MOST_LINES}
    assert long <= set(LONG_FILES), "too long: %s" % ", ".join(sorted(long - set(LONG_FILES)))
    assert set(LONG_FILES) <= long, "no longer long: %s" % ", ".join(set(LONG_FILES) - long)


def test_no_line_is_too_wide():
    wrong = ["%s:%d" % (name, number)
             for name in tree.files(*WRITTEN, ".conf")
             if not name.startswith(tuple(WIDE_FILES))
             for number, line in enumerate(tree.text(name).splitlines(), 1)
             if len(line.expandtabs(8)) > MOST_COLUMNS]
    assert not wrong, "\n".join(wrong)


def test_lines_end_without_spaces_and_files_with_a_newline():
    wrong = []
    for name in tree.files(*WRITTEN, ".md"):
        source = tree.text(name)
        if source and (not source.endswith("\n") or source.endswith("\n\n")):
            wrong.append(name + ": its end")
        wrong += ["%s:%d" % (name, number) for number, line in enumerate(source.split("\n"), 1)
                  if line != line.rstrip()]
    assert not wrong, "\n".join(wrong)


def test_sources_are_indented_with_spaces():
    wrong = [name for name in tree.files(".c", ".h", ".py", ".def", ".build")
             if re.search(r"^ *\t", tree.text(name), re.M)]
    assert not wrong, "\n".join(wrong)
