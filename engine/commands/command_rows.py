"""Reads and checks the rows of the command table (table/<group>.json).

A row is complete here: every field present, words turned into sets of words, and
what follows from other fields (implied ACL categories, the legacy key range, the
movablekeys flag) derived. A row that does not make sense is an error that names
its file and the command.
"""

import json
import re

FIELDS = {
    "summary", "complexity", "since", "group", "arity", "where", "merge", "run", "flags", "acl",
    "key_specs", "key_rule", "tips", "history", "arguments", "deprecated_since", "replaced_by",
    "doc_flags",
}
REQUIRED = {"summary", "since", "group", "arity"}
ARG_FIELDS = {
    "name", "type", "display", "token", "since", "deprecated_since", "optional", "multiple",
    "multiple_token", "key_spec_index", "arguments",
}
GROUPS = {
    "generic", "string", "list", "set", "sorted-set", "hash", "pubsub", "transactions",
    "connection", "server", "scripting", "hyperloglog", "cluster", "sentinel", "geo", "stream",
    "bitmap",
}
NAME = re.compile(r"[A-Z][A-Z0-9_-]*(\|[A-Z][A-Z0-9_-]*)?")
VERSION = re.compile(r"\d+\.\d+\.\d+")
MERGE_NEEDED = {"each", "all"}


class RowError(Exception):
    """A row of the table is wrong; the text names file, command and what is wrong."""


class Words:
    """The lists of command_words.def: for each, the words and the C names they have."""

    def __init__(self, path):
        self.lists = {}
        self.hidden = set()
        line = re.compile(r'^([A-Z_]+)\(([A-Z_]+), "([^"]+)"(?:, (shown|hidden))?\)$')
        with open(path, encoding="ascii") as source:
            for match in filter(None, map(line.match, source)):
                kind, name, word, visibility = match.groups()
                self.lists.setdefault(kind, {})[word] = name
                if visibility == "hidden":
                    self.hidden.add(word)

    def of(self, kind):
        return self.lists[kind]


def load(paths, words):
    """All rows of the files, by name, in alphabetical order."""
    rows = {}
    for path in paths:
        with open(path, encoding="utf-8") as source:
            try:
                table = json.load(source, object_pairs_hook=_unique(path))
            except json.JSONDecodeError as error:
                raise RowError(f"{path}: {error}") from error
        for name, row in table.items():
            if name in rows:
                raise RowError(f"{path}: {name}: also in another file")
            rows[name] = _complete(_Place(path, name), dict(row), words)
    for name, row in rows.items():
        _tie_to_container(_Place("table", name), name, row, rows)
    return dict(sorted(rows.items()))


def legacy_range(key_specs):
    """(first, last, step) of COMMAND INFO, and whether keys may also be elsewhere."""
    if not key_specs:
        return (0, 0, 0), False
    spec = key_specs[0]
    if len(key_specs) == 1 and _is_range(spec):
        first, found = spec["begin_search"]["index"]["pos"], spec["find_keys"]["range"]
        last = found["lastkey"] + (first if found["lastkey"] >= 0 else 0)
        return (first, last, found["step"]), "incomplete" in spec["flags"]
    first, last, movable = 0, 0, False
    for spec in key_specs:
        if not _is_range(spec):
            movable = True
            continue
        begin, found = spec["begin_search"]["index"]["pos"], spec["find_keys"]["range"]
        if found["step"] != 1 or (last and last != begin - 1):
            movable = True
            continue
        movable |= "incomplete" in spec["flags"]
        end = found["lastkey"] + (begin if found["lastkey"] >= 0 else 0)
        first = min(first or begin, begin)
        # A negative end lies behind every positive one; of two negative, the later is nearer to 0.
        last = max(last, end, key=lambda index: (index < 0, index))
    return ((first, last, 1) if first else (0, 0, 0)), movable or not first


def implied_categories(flags, explicit):
    """The ACL categories of a command: those of its row and those its flags imply."""
    acl = set(explicit)
    if "write" in flags:
        acl.add("write")
    if "readonly" in flags and "scripting" not in explicit:
        acl.add("read")
    if "admin" in flags:
        acl |= {"admin", "dangerous"}
    acl |= {word for word in ("pubsub", "fast", "blocking") if word in flags}
    if "fast" not in acl:
        acl.add("slow")
    return acl


class _Place:
    """Where an error is: file and command."""

    def __init__(self, path, name):
        self.path, self.name = path, name

    def check(self, condition, text):
        if not condition:
            raise RowError(f"{self.path}: {self.name}: {text}")

    def check_words(self, given, allowed, what):
        for word in given:
            self.check(word in allowed, f"unknown {what} '{word}'")
        self.check(len(set(given)) == len(given), f"a {what} is there twice")


def _unique(path):
    def make(pairs):
        names = [name for name, _ in pairs]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise RowError(f"{path}: {', '.join(sorted(twice))}: there twice")
        return dict(pairs)
    return make


def _is_range(spec):
    return "index" in spec["begin_search"] and "range" in spec["find_keys"]


def _complete(place, row, words):
    place.check(NAME.fullmatch(place.name), "not an upper-case command name")
    place.check_words(row, FIELDS, "field")
    for field in sorted(REQUIRED):
        place.check(field in row, f"no field '{field}'")
    for field in ("flags", "acl", "key_specs", "tips", "history", "arguments", "doc_flags"):
        row.setdefault(field, [])
    for field in ("complexity", "deprecated_since", "replaced_by", "run"):
        row.setdefault(field, None)
    row.setdefault("where", "session")
    row.setdefault("merge", "none")
    row.setdefault("key_rule", "specs")
    place.check_words(row["flags"], words.of("COMMAND_FLAG"), "flag")
    place.check("movablekeys" not in row["flags"], "'movablekeys' is derived, not given")
    place.check_words(row["acl"], words.of("ACL_CATEGORY"), "category")
    place.check_words(row["doc_flags"], words.of("DOC_FLAG"), "doc flag")
    place.check(row["group"] in GROUPS, f"unknown group '{row['group']}'")
    place.check(row["arity"] != 0, "arity 0")
    place.check(not {"write", "readonly"} <= set(row["flags"]), "both write and readonly")
    place.check(bool(row["deprecated_since"]) == ("deprecated" in row["doc_flags"]),
                "'deprecated_since' and the doc flag 'deprecated' go together")
    for version in [row["since"], row["deprecated_since"]] + [h[0] for h in row["history"]]:
        place.check(version is None or VERSION.fullmatch(version), f"not a version: {version}")
    for spec in row["key_specs"]:
        _check_key_spec(place, spec, words)
    _check_arguments(place, row["arguments"], len(row["key_specs"]), words)
    row["range"], movable = legacy_range(row["key_specs"])
    if movable:
        row["flags"] = row["flags"] + ["movablekeys"]
    row["all_acl"] = implied_categories(row["flags"], row["acl"])
    _check_where(place, row, words)
    return row


def _check_key_spec(place, spec, words):
    place.check_words(spec, {"flags", "notes", "begin_search", "find_keys"}, "key spec field")
    place.check_words(spec["flags"], words.of("KEY_FLAG"), "key flag")
    if "not_key" not in spec["flags"]:
        place.check(len({"RO", "RW", "OW", "RM"} & set(spec["flags"])) == 1,
                    "a key spec has exactly one of RO, RW, OW, RM")
    shapes = {
        "begin_search": {"index": {"pos"}, "keyword": {"keyword", "startfrom"}, "unknown": set()},
        "find_keys": {"range": {"lastkey", "step", "limit"},
                      "keynum": {"keynumidx", "firstkey", "step"}, "unknown": set()},
    }
    for part, kinds in shapes.items():
        place.check(len(spec[part]) == 1, f"'{part}' holds one kind")
        (kind, values), = spec[part].items()
        place.check(kind in kinds, f"unknown {part} '{kind}'")
        place.check(set(values or {}) == kinds[kind], f"{part} '{kind}' has {kinds[kind]}")


def _check_arguments(place, arguments, key_spec_count, words):
    for argument in arguments:
        place.check_words(argument, ARG_FIELDS, "argument field")
        place.check("name" in argument and "type" in argument, "an argument has name and type")
        name, kind = argument["name"], argument["type"]
        place.check(kind in words.of("ARG_TYPE"), f"argument {name}: unknown type '{kind}'")
        place.check((kind in ("oneof", "block")) == ("arguments" in argument),
                    f"argument {name}: 'arguments' belongs to oneof and block")
        place.check(kind != "pure-token" or "token" in argument, f"argument {name}: no token")
        place.check(argument.get("key_spec_index", 0) < max(key_spec_count, 1),
                    f"argument {name}: no such key spec")
        _check_arguments(place, argument.get("arguments", []), key_spec_count, words)


def _check_where(place, row, words):
    where, merge, run, specs = row["where"], row["merge"], row["run"], row["key_specs"]
    place.check(where in words.of("COMMAND_WHERE"), f"unknown where '{where}'")
    place.check(merge in words.of("COMMAND_MERGE"), f"unknown merge '{merge}'")
    place.check(row["key_rule"] in words.of("KEY_RULE"), f"unknown key_rule '{row['key_rule']}'")
    place.check((merge != "none") == (where in MERGE_NEEDED), f"where '{where}', merge '{merge}'")
    if run is not None:
        prefix = "cmd_" if where == "session" else "op_"
        place.check(re.fullmatch(prefix + "[a-z0-9_]+", run), f"where '{where}' with run '{run}'")
    keys = [spec for spec in specs if "not_key" not in spec["flags"]]
    one_key = len(keys) == 1 and keys[0]["find_keys"].get("range", {}).get("lastkey") == 0
    if where in ("key", "each", "gather"):
        place.check(keys, f"where '{where}' needs a key spec")
    if where == "key":
        place.check(one_key, "where 'key' needs one key; several are 'each' or 'gather'")
    if where == "each":
        place.check(len(keys) == 1 and _is_range(keys[0]) and row["range"][1] == -1,
                    "where 'each' needs one key spec that reaches the last argument")
    if where == "gather":
        place.check(not one_key, "where 'gather' with one key: that is 'key'")
    if where == "all":
        place.check(not keys, "where 'all' takes no keys")
    unclear = any({"incomplete", "variable_flags"} & set(spec["flags"]) or
                  "unknown" in spec["begin_search"] for spec in specs)
    unclear = unclear or any("keyword" in spec["begin_search"] and row["key_rule"] == "streams"
                             for spec in specs)  # the keyword may also be a name
    place.check(unclear == (row["key_rule"] != "specs"),
                "key_rule goes with key specs that are incomplete, unknown or of variable flags")


def _tie_to_container(place, name, row, rows):
    row["container"] = name.split("|")[0] if "|" in name else None
    row["subcommands"] = sorted(other for other in rows if other.startswith(name + "|"))
    if row["container"]:
        place.check(row["container"] in rows, "its container has no row")
    place.check(row["run"] or row["subcommands"], "no 'run' and no subcommands")
    place.check(row["run"] or row["where"] == "session", "no 'run': where is 'session'")
