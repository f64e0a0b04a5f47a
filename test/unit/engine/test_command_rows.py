"""What the generator of the command table accepts, rejects and derives."""

import json
import pathlib
import sys

import pytest

COMMANDS = pathlib.Path(__file__).resolve().parents[3] / "engine" / "commands"
sys.path.insert(0, str(COMMANDS))

import command_rows  # noqa: E402
import gen_command_table  # noqa: E402

WORDS = command_rows.Words(COMMANDS / "command_words.def")


def spec(first=1, last=0, step=1, flags=("RO", "access")):
    return {"flags": list(flags), "begin_search": {"index": {"pos": first}},
            "find_keys": {"range": {"lastkey": last, "step": step, "limit": 0}}}


def row(**changes):
    fields = {"summary": "Answers.", "since": "1.0.0", "group": "string", "arity": 2,
              "where": "key", "run": "op_get", "flags": ["readonly"], "key_specs": [spec()]}
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def load(tmp_path, *tables):
    paths = []
    for number, table in enumerate(tables):
        paths.append(tmp_path / f"table{number}.json")
        paths[-1].write_text(table if isinstance(table, str) else json.dumps(table))
    return command_rows.load(paths, WORDS)


def test_every_table_of_the_tree_is_accepted():
    rows = command_rows.load(sorted((COMMANDS / "table").glob("*.json")), WORDS)
    assert rows["GET"]["run"] == "op_get"


@pytest.mark.parametrize("changes, text", [
    ({"colour": "red"}, "unknown field 'colour'"),
    ({"summary": None}, "no field 'summary'"),
    ({"flags": ["quick"]}, "unknown flag 'quick'"),
    ({"flags": ["readonly", "readonly"]}, "there twice"),
    ({"flags": ["readonly", "write"]}, "both write and readonly"),
    ({"flags": ["movablekeys"]}, "derived"),
    ({"acl": ["strings"]}, "unknown category"),
    ({"group": "strings"}, "unknown group"),
    ({"since": "7"}, "not a version"),
    ({"where": "here"}, "unknown where"),
    ({"run": "cmd_get"}, "with run 'cmd_get'"),
    ({"run": None}, "no 'run'"),
    ({"merge": "sum"}, "merge 'sum'"),
    ({"where": "each"}, "merge 'none'"),
    ({"where": "each", "merge": "sum"}, "reaches the last argument"),
    ({"where": "gather"}, "that is 'key'"),
    ({"where": "all", "merge": "sum"}, "takes no keys"),
    ({"key_specs": []}, "needs a key spec"),
    ({"key_specs": [spec(last=-1)]}, "needs one key"),
    ({"key_specs": [spec(flags=["RO", "RW"])]}, "exactly one of"),
    ({"key_specs": [spec(flags=["RO", "sometimes"])]}, "unknown key flag"),
    ({"key_specs": [spec(flags=["RO", "variable_flags"])]}, "key_rule goes with"),
    ({"deprecated_since": "2.0.0"}, "go together"),
    ({"arguments": [{"name": "a", "type": "text"}]}, "unknown type"),
    ({"arguments": [{"name": "a", "type": "oneof"}]}, "belongs to oneof"),
    ({"arguments": [{"name": "a", "type": "key", "key_spec_index": 1}]}, "no such key spec"),
])
def test_a_wrong_row_is_an_error_with_its_file_and_name(tmp_path, changes, text):
    with pytest.raises(command_rows.RowError) as error:
        load(tmp_path, {"GET": row(**changes)})
    assert text in str(error.value)
    assert "GET" in str(error.value)


def test_a_name_in_two_files_is_an_error(tmp_path):
    with pytest.raises(command_rows.RowError, match="also in another file"):
        load(tmp_path, {"GET": row()}, {"GET": row()})


def test_a_name_twice_in_a_file_is_an_error(tmp_path):
    text = json.dumps(row())
    with pytest.raises(command_rows.RowError, match="GET: there twice"):
        load(tmp_path, f'{{"GET": {text}, "GET": {text}}}')


def test_a_subcommand_without_container_is_an_error(tmp_path):
    with pytest.raises(command_rows.RowError, match="its container has no row"):
        load(tmp_path, {"OBJECT|FREQ": row()})


def test_consecutive_specs_make_one_legacy_range():
    assert command_rows.legacy_range([spec(1), spec(2)]) == ((1, 2, 1), False)
    assert command_rows.legacy_range([spec(1), spec(2, last=-1)]) == ((1, -1, 1), False)
    assert command_rows.legacy_range([spec(1), spec(3)]) == ((1, 1, 1), True)


def test_scripts_that_only_read_are_not_in_the_read_category():
    assert command_rows.implied_categories(["readonly"], ["scripting"]) == {"scripting", "slow"}


def test_the_index_has_a_slot_of_its_own_for_each_of_many_names(tmp_path):
    rows = load(tmp_path, {f"COMMAND{number}": row() for number in range(2000)})
    index = gen_command_table.Index(rows)
    used = [entry for entry in index.slots if entry]
    assert sorted(entry[3] for entry in used) == list(range(2000))
    for number, entry in enumerate(index.slots):
        if entry:
            value = gen_command_table.name_hash(*entry[:3], index.seed)
            displace = index.displace[value >> (64 - index.displace_bits)]
            assert (value >> 16 & 0xFFFFFFFF ^ displace) & (len(index.slots) - 1) == number
