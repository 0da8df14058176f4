"""Gates that a function brings along, and the tools of an agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, Unpack

from orchestrator.graph.kinds import OnError
from orchestrator.graph.nodes import TaskFunction
from orchestrator.graph.options import NodeOptions, TaskOptions

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "__node_options__"


def gated(**options: Unpack[NodeOptions]) -> Callable[[F], F]:
    """Give a function gates and an `on_error` that every task with it has, in YAML, too.

    What a task says for itself replaces what its function brings along.
    """

    def attach(function: F) -> F:
        setattr(function, _ATTRIBUTE, {**brought_options(function), **options})
        return function

    return attach


def brought_options(function: object) -> Mapping[str, Any]:
    """Return what `gated` attached to the function, or to the one that a partial is made of."""
    while isinstance(function, partial) and not hasattr(function, _ATTRIBUTE):
        function = function.func
    return dict(getattr(function, _ATTRIBUTE, {}))


def merge_options(function: object, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a node's options with those that its function brings along."""
    brought = dict(brought_options(function))
    if own.get("on_error") not in (None, OnError.PAUSE):
        brought.pop("error", None)
    if own.get("error") is not None:
        brought.pop("on_error", None)
    return {**brought, **own}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool of an agent: a function, and how it is run. Made by `tool`."""

    function: TaskFunction | None
    options: TaskOptions = field(default_factory=TaskOptions)


def tool(function: TaskFunction | None = None, /, **options: Unpack[TaskOptions]) -> Tool:
    """Declare a tool with gates or other options; without a function it is done outside.

    A tool without a function needs a `result` gate.
    """
    return Tool(function=function, options=options)
