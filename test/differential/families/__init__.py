"""Command grammars, one module a family: a module here that defines FAMILY is a plug-in."""

import importlib
import pathlib


def load():
    """All families by name."""
    found = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        family = getattr(importlib.import_module("families." + path.stem), "FAMILY", None)
        if family is not None:
            found[family.name] = family
    return found
