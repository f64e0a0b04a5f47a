#!/usr/bin/env python3
"""Makes the command table of the server out of table/<group>.json.

    gen_command_table.py --words command_words.def --out DIR table/string.json ...

writes into DIR

    command_ids.gen.h        enum command_id
    command_table.gen.c      the rows, their documentation, the index of command_find()
    op_handlers.gen.h        prototypes of the handlers that run on shards
    session_handlers.gen.h   handlers of commands that run where the client lives
    session_handlers.gen.c

The structures are in command.h, the index is explained in command_find.[ch].
"""

import argparse
import json
import pathlib
import sys

import command_rows

HEAD = "/* Made by gen_command_table.py from table/<group>.json. Do not edit. */\n\n"
U64 = 2**64 - 1
NAME_MAX = 24
TAG_LENGTH_BITS = 8


def enum_name(name):
    return "COMMAND_" + name.replace("|", "_").replace("-", "_")


def c_name(name):
    return name.lower().replace("|", "_").replace("-", "_")


def c_string(text):
    """A C literal; JSON's escapes are C's once everything is ASCII."""
    if text is None:
        return "NULL"
    if not text.isascii():
        raise command_rows.RowError(f"not ASCII: {text}")
    return json.dumps(text)


def bits(prefix, names, given):
    return " | ".join(prefix + names[word] for word in names if word in given) or "0"


# --- The perfect hash: the same arithmetic as command_find.c.


def name_words(name):
    data = name.encode("ascii")
    length = len(data)
    if length > NAME_MAX:
        raise command_rows.RowError(f"{name}: longer than {NAME_MAX}")
    if length >= 8:
        return int.from_bytes(data[:8], "little"), int.from_bytes(data[-8:], "little")
    if length >= 4:
        word = int.from_bytes(data[:4] + data[-4:], "little")
    else:
        word = int.from_bytes(bytes([data[0], data[length // 2], data[-1]]), "little")
    return word, word


def name_hash(head, tail, tag, seed):
    mixed = ((head * 0x9E3779B97F4A7C15) ^ (tail * 0xC2B2AE3D27D4EB4F)
             ^ (tag * 0x165667B19E3779F9)) & U64
    mixed ^= mixed >> 32
    return mixed * seed & U64


class Index:
    """Slots and displacements so that every name has a slot for itself."""

    def __init__(self, rows):
        ids = {name: number for number, name in enumerate(rows)}
        self.entries = []
        for name, row in rows.items():
            own = name.split("|")[-1].lower()
            container = ids[row["container"]] + 1 if row["container"] else 0
            tag = len(own) | container << TAG_LENGTH_BITS
            self.entries.append((*name_words(own), tag, ids[name]))
        self.slot_bits = max(2, (2 * len(self.entries) - 1).bit_length())
        self.displace_bits = max(1, self.slot_bits - 2)
        # Names of one bucket may fall on the same slot whatever the displacement; then another
        # seed parts them.
        self.seed = 0xD6E8FEB86659FD93
        while not self._place():
            self.seed = self.seed * 0x5851F42D4C957F2D + 2 & U64

    def _place(self):
        size = 1 << self.slot_bits
        buckets = {}
        for entry in self.entries:
            value = name_hash(*entry[:3], self.seed)
            bucket = value >> (64 - self.displace_bits)
            buckets.setdefault(bucket, []).append((value >> 16 & 0xFFFFFFFF, entry))
        self.slots = [None] * size
        self.displace = [0] * (1 << self.displace_bits)
        for bucket, members in sorted(buckets.items(), key=lambda item: -len(item[1])):
            for displace in range(min(size, 1 << 16)):
                wanted = {(value ^ displace) & (size - 1) for value, _ in members}
                if len(wanted) == len(members) and all(self.slots[s] is None for s in wanted):
                    break
            else:
                return False
            self.displace[bucket] = displace
            for value, entry in members:
                self.slots[(value ^ displace) & (size - 1)] = entry
        return True

    def source(self):
        lines = ["static const struct command_slot slots[] = {"]
        for number, entry in enumerate(self.slots):
            if entry:
                head, tail, tag, command = entry
                lines.append(f"    [{number}] = {{UINT64_C({head:#018x}), UINT64_C({tail:#018x}), "
                             f"{tag:#x}, {command}}},")
        if self.slots[-1] is None:
            lines.append(f"    [{len(self.slots) - 1}] = {{0}},")
        lines += ["};", "", "static const uint16_t displace[] = {"]
        for start in range(0, len(self.displace), 16):
            lines.append("    " + " ".join(f"{v}," for v in self.displace[start:start + 16]))
        lines += ["};", "", "const struct command_index command_index = {slots, displace, "
                  f"UINT64_C({self.seed:#x}), {self.slot_bits}, {self.displace_bits}}};", ""]
        return "\n".join(lines)


# --- The rows.


class TableWriter:
    """Writes command_table.gen.c."""

    def __init__(self, rows, words):
        self.rows, self.words = rows, words
        self.lines = []

    def source(self):
        out = self.lines
        out.append("#include <stddef.h>\n\n#include \"command_ids.gen.h\"\n"
                   "#include \"engine/commands/command.h\"\n"
                   "#include \"engine/commands/command_find.h\"\n"
                   "#include \"op_handlers.gen.h\"\n")
        for name, row in self.rows.items():
            self._pieces(name, row)
        out.append("const struct command command_table[COMMAND_COUNT] = {")
        for name, row in self.rows.items():
            self._row(name, row)
        out.append("};\n\nconst uint16_t command_table_size = COMMAND_COUNT;\n")
        return "\n".join(out) + "\n" + Index(self.rows).source()

    def _array(self, kind, name, items):
        """A static array of initializers; its name, or NULL if there are none."""
        if not items:
            return "NULL"
        self.lines.append(f"static const {kind}{name}[] = {{")
        self.lines.extend(f"    {item}," for item in items)
        self.lines.append("};")
        return name

    def _pieces(self, name, row):
        """Everything a row points to."""
        base = c_name(name)
        self._array("struct key_spec ", f"key_specs_{base}", map_list(self._spec, row["key_specs"]))
        history = self._array("struct command_change ", f"history_{base}",
                              [f"{{{c_string(v)}, {c_string(t)}}}" for v, t in row["history"]])
        tips = self._array("char *const ", f"tips_{base}", map_list(c_string, row["tips"]))
        args = self._arguments(f"args_{base}", row["arguments"])
        doc_flags = bits("DOC_", self.words.of("DOC_FLAG"), row["doc_flags"])
        self.lines.append(
            f"static const struct command_doc doc_{base} = {{\n"
            f"    {c_string(row['summary'])}, {c_string(row['since'])}, {c_string(row['group'])},\n"
            f"    {c_string(row['complexity'])}, {c_string(row['deprecated_since'])}, "
            f"{c_string(row['replaced_by'])},\n"
            f"    {history}, {tips}, {args}, {len(row['history'])}, {len(row['tips'])}, "
            f"{len(row['arguments'])}, {doc_flags},\n}};")
        self._array("struct command *const ", f"subcommands_{base}",
                    [f"&command_table[{enum_name(sub)}]" for sub in row["subcommands"]])

    def _arguments(self, name, arguments):
        items = []
        for number, argument in enumerate(arguments):
            inner = argument.get("arguments", [])
            inner_name = self._arguments(f"{name}_{number}", inner)
            flags = [word for word in self.words.of("ARG_FLAG") if argument.get(word)]
            fields = [c_string(argument.get(field)) for field in
                      ("name", "display", "token", "since", "deprecated_since")]
            fields += [inner_name, str(len(inner)),
                       "ARG_TYPE_" + self.words.of("ARG_TYPE")[argument["type"]],
                       bits("ARG_", self.words.of("ARG_FLAG"), flags),
                       str(argument.get("key_spec_index", -1))]
            items.append("{" + ", ".join(fields) + "}")
        return self._array("struct command_arg ", name, items)

    def _spec(self, spec):
        (begin, start), = spec["begin_search"].items()
        (find, keys), = spec["find_keys"].items()
        start, keys = start or {}, keys or {}
        return (f"{{{c_string(spec.get('notes'))}, "
                f"{bits('KEY_', self.words.of('KEY_FLAG'), spec['flags'])}, "
                f"KEY_BEGIN_{begin.upper()}, KEY_FIND_{find.upper()}, "
                f"{{{start.get('pos', 0)}, {start.get('startfrom', 0)}, "
                f"{c_string(start.get('keyword'))}}}, "
                f"{{{keys.get('lastkey', 0)}, {keys.get('step', 0)}, {keys.get('limit', 0)}, "
                f"{keys.get('keynumidx', 0)}, {keys.get('firstkey', 0)}}}}}")

    def _row(self, name, row):
        words, base = self.words, c_name(name)
        first, last, step = row["range"]
        container = f"&command_table[{enum_name(row['container'])}]" if row["container"] else "NULL"
        subcommands = f"subcommands_{base}" if row["subcommands"] else "NULL"
        fields = [
            ("name", c_string(name.lower())),
            ("id", enum_name(name)),
            ("arity", row["arity"]),
            ("where", "WHERE_" + words.of("COMMAND_WHERE")[row["where"]]),
            ("merge", "MERGE_" + words.of("COMMAND_MERGE")[row["merge"]]),
            ("key_rule", "KEY_RULE_" + words.of("KEY_RULE")[row["key_rule"]]),
            ("is_container", "true" if row["subcommands"] else "false"),
            ("first_key", first), ("last_key", last), ("key_step", step),
            ("flags", bits("CMD_", words.of("COMMAND_FLAG"), row["flags"])),
            ("acl", bits("ACL_CAT_", words.of("ACL_CATEGORY"), row["all_acl"])),
            ("key_specs", f"key_specs_{base}" if row["key_specs"] else "NULL"),
            ("key_spec_count", len(row["key_specs"])),
            ("subcommand_count", len(row["subcommands"])),
            ("doc", f"&doc_{base}"),
            ("subcommands", subcommands),
            ("container", container),
            ("op", row["run"] if row["run"] and row["where"] != "session" else "NULL"),
        ]
        self.lines.append(f"    [{enum_name(name)}] = {{")
        self.lines.extend(f"        .{field} = {value}," for field, value in fields)
        self.lines.append("    },")


def map_list(function, items):
    return [function(item) for item in items]


def ids_source(rows):
    guard = "SHOAL_ENGINE_COMMANDS_COMMAND_IDS_GEN_H"
    names = [enum_name(name) for name in rows]
    twice = {name for name in names if names.count(name) > 1} | ({"COMMAND_COUNT"} & set(names))
    if twice:
        raise command_rows.RowError(f"enumerators not unique: {', '.join(sorted(twice))}")
    body = "".join(f"    {name},\n" for name in names)
    return (f"#ifndef {guard}\n#define {guard}\n\n"
            "/* Every command, in the order of command_table. */\n"
            f"enum command_id {{\n{body}    COMMAND_COUNT\n}};\n\n#endif\n")


def op_header(rows):
    guard = "SHOAL_ENGINE_COMMANDS_OP_HANDLERS_GEN_H"
    ops = {row["run"] for row in rows.values() if row["run"] and row["where"] != "session"}
    prototypes = "".join(f"void {op}(struct op *);\n" for op in sorted(ops))
    return f"#ifndef {guard}\n#define {guard}\n\nstruct op;\n\n{prototypes}\n#endif\n"


def session_sources(rows):
    guard = "SHOAL_ENGINE_COMMANDS_SESSION_HANDLERS_GEN_H"
    runs = {name: row["run"] for name, row in rows.items()
            if row["run"] and row["where"] == "session"}
    prototypes = "".join(f"void {run}(struct client *);\n" for run in sorted(set(runs.values())))
    header = (f"#ifndef {guard}\n#define {guard}\n\n"
              "#include \"command_ids.gen.h\"\n\n"
              "struct client;\ntypedef void (*session_fn)(struct client *);\n\n"
              f"{prototypes}\n/* By enum command_id; NULL for commands that run on shards. */\n"
              "extern const session_fn session_handlers[COMMAND_COUNT];\n\n#endif\n")
    body = "".join(f"    [{enum_name(name)}] = {run},\n" for name, run in runs.items())
    source = ("#include \"session_handlers.gen.h\"\n\n"
              f"const session_fn session_handlers[COMMAND_COUNT] = {{\n{body}}};\n")
    return header, source


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("tables", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    try:
        words = command_rows.Words(options.words)
        rows = command_rows.load(options.tables, words)
        session_header, session_source = session_sources(rows)
        outputs = {
            "command_ids.gen.h": ids_source(rows),
            "command_table.gen.c": TableWriter(rows, words).source(),
            "op_handlers.gen.h": op_header(rows),
            "session_handlers.gen.h": session_header,
            "session_handlers.gen.c": session_source,
        }
    except command_rows.RowError as error:
        sys.exit(f"gen_command_table: {error}")
    for name, text in outputs.items():
        (options.out / name).write_text(HEAD + text, encoding="ascii")


if __name__ == "__main__":
    main()
