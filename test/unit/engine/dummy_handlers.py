#!/usr/bin/env python3
"""Makes a handler that does nothing for every one a command table links to.

    dummy_handlers.py OUTPUT GENERATED...

They are weak, so that a real handler linked beside them wins.
"""

import pathlib
import re
import sys

output, *generated = map(pathlib.Path, sys.argv[1:])
prototype = re.compile(r"^void ((?:op|cmd)_\w+)\(struct (op|client) \*\);$", re.MULTILINE)
handlers = set()
for path in generated:
    handlers |= set(prototype.findall(path.read_text(encoding="ascii")))
lines = ["struct op;", "struct client;"]
for name, kind in sorted(handlers):
    lines.append(f"void {name}(struct {kind} *);")
    lines.append(f"__attribute__((weak)) void {name}(struct {kind} *unused)")
    lines.append("{\n    (void)unused;\n}")
output.write_text("\n".join(lines) + "\n", encoding="ascii")
