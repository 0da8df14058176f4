"""Python functions and classes named in text, imported only out of an allow-list."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from typing import Any

from orchestrator.errors import GraphError
from orchestrator.graph.callables import plain_module


def import_named(reference: str, allow: Sequence[str]) -> Any:
    """Return what `package.module:name` names.

    Nothing is imported before the list allows the module, and nothing is returned that an allowed
    module merely imported from one that is not: the list says whose code graphs may run.

    Args:
        reference: A module and one of its top-level names, with a colon between them.
        allow: Names of modules, exact or as `package.*` for every module inside the package.

    Raises:
        GraphError: The reference is malformed, not allowed, or leads nowhere.
    """
    module_name, colon, name = reference.partition(":")
    steps = module_name.split(".")
    if not colon or not name.isidentifier() or not all(step.isidentifier() for step in steps):
        raise GraphError(f"{reference!r} names no function; write package.module:function")
    _refuse_others(module_name, allow)
    try:
        module = importlib.import_module(module_name)
    except Exception as exc:
        # The module is the author's code and may raise anything.
        raise GraphError(
            f"module {module_name!r} cannot be imported ({type(exc).__name__}: {exc}); "
            "install it, or put it beside the graph's file"
        ) from exc
    try:
        thing = getattr(module, name)
    except AttributeError:
        raise GraphError(f"module {module_name!r} has no {name!r}; correct the name") from None
    if inspect.isroutine(thing) or inspect.isclass(thing):
        _refuse_others(plain_module(thing.__module__ or "builtins"), allow)
    return thing


def _refuse_others(module: str, allow: Sequence[str]) -> None:
    if any(_matches(module, pattern) for pattern in allow):
        return
    allowed = f"allowed are {', '.join(allow)}" if allow else "none is allowed"
    raise GraphError(
        f"module {module!r} is not allowed here; {allowed}; "
        "add it to SIGNOFF_ALLOW, or to `allow` in Python, if its code may run"
    )


def _matches(module: str, pattern: str) -> bool:
    if pattern.endswith(".*"):
        return module.startswith(pattern.removesuffix("*"))
    return module == pattern
