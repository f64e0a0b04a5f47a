"""Command grammars, one module a family. A module that defines FAMILY is a plug-in by being here."""

import importlib
import pathlib


def load():
    """All families by name."""
    found = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        module = importlib.import_module("families." + path.stem) if not path.stem.startswith("_") else None
        family = getattr(module, "FAMILY", None)
        if family is not None:
            found[family.name] = family
    return found
