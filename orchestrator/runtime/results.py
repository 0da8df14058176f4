"""What a function returned or raised, as it is told to the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.events import ErrorFacts
from orchestrator.core.plain import message_of
from orchestrator.core.view import RunView
from orchestrator.errors import OutputError
from orchestrator.graph.nodes import ToolCall, ToolCalls
from orchestrator.graph.secrets import Secrets, secret_keys
from orchestrator.runtime.values import to_stored


def facts(error: BaseException) -> ErrorFacts:
    """Describe an exception for the log: its type's name and its message."""
    return ErrorFacts(type=type(error).__name__, message=message_of(error))


def told(error: BaseException, definition: Mapping[str, Any], view: RunView) -> ErrorFacts:
    """Describe an exception without what it repeats of the secrets that the node could see."""
    secrets = Secrets(secret_keys(definition))
    if secrets:
        secrets.learn({"input": view.raw_input.value, "outputs": view.outputs, "item": view.item})
        secrets.learn(view.state)
    return secrets.hide(facts(error))


def storable(node: str, value: Any, verb: str = "returned") -> Any:
    """Return what a node brought as it is read after it was stored.

    Raises:
        OutputError: JSON cannot hold it.
    """
    try:
        return to_stored(value)
    except ValueError as problem:
        raise OutputError(f"{node} {verb} what JSON cannot hold: {problem}") from problem


def asks_for_tools(value: Any) -> bool:
    """Is this meant to have tools called, in the right form or not?"""
    if isinstance(value, ToolCalls | ToolCall):
        return True
    return isinstance(value, list | tuple) and any(isinstance(each, ToolCall) for each in value)


def calls_of(node: str, value: Any, *, is_agent: bool) -> dict[str, Any]:
    """Return an agent's wish for tools in the form that the core takes.

    That a tool is unknown is for the agent to be told, at its next turn.

    Args:
        node: Who returned it.
        value: What was returned.
        is_agent: Is it an agent's own function?

    Raises:
        OutputError: It is no agent's, or not in the right form.
    """
    if not is_agent:
        raise OutputError(
            f"{node} returned tool calls, but only an agent's own function may; declare it with "
            "agent(...), or call the function yourself"
        )
    if not isinstance(value, ToolCalls):
        raise OutputError(f"{node} returned {type(value).__name__}; wrap its calls in ToolCalls")
    if not value.calls:
        raise OutputError(f"{node} returned ToolCalls without any; return its output instead")
    return {
        "calls": [_call_of(node, each) for each in value.calls],
        "memory": storable(node, value.memory, "wants to remember"),
    }


def _call_of(node: str, call: object) -> dict[str, Any]:
    if not isinstance(call, ToolCall):
        raise OutputError(f"{node} returned {call!r} among its ToolCalls; give a ToolCall")
    tool: object = call.tool
    if not isinstance(tool, str):
        raise OutputError(f"{node} asks for a tool {tool!r}; give its name, which is a text")
    if not isinstance(call.arguments, Mapping):
        raise OutputError(
            f"{node} calls {tool} with {call.arguments!r}; give arguments by name, in a dict"
        )
    asked: dict[str, Any] = storable(
        node,
        {"tool": tool, "arguments": call.arguments, "id": str(call.id)},
        f"calls {tool!r} with",
    )
    return asked
