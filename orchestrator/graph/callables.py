"""Names of an author's functions and classes that are the same on every machine."""

from __future__ import annotations

import re
from functools import partial

# Files that `loader` imports get a module name that is unique in the process. What it adds to the
# file's own name depends on where the file lies, which must not change a graph's version.
FILE_MODULE_PREFIX = "signoff_file_"
_FILE_MODULE = re.compile(rf"{FILE_MODULE_PREFIX}[0-9a-f]+_")


def plain_module(name: str) -> str:
    """Return the module's name without what the loader added to it."""
    return _FILE_MODULE.sub("", name)


def qualified_name(thing: object) -> str:
    """Return `module.name` of a function or class, or of the class of a callable object.

    Source code plays no part: two lambdas of one function have one name.
    """
    if isinstance(thing, partial):
        return f"functools.partial({qualified_name(thing.func)})"
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    module = getattr(named, "__module__", None) or "builtins"
    return f"{plain_module(module)}.{getattr(named, '__qualname__', '?')}"
