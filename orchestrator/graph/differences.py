"""Differences between two parts of a definition, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from orchestrator.graph.durations import format_duration
from orchestrator.graph.policy import Approver, ApproverKind

#: Fields that say what a record is, and whose own name means nothing to a reader.
_SILENT = frozenset({"kind", "class", "id"})
_UNNAMED = frozenset({"gates"})


def field_differences(
    place: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[str]:
    """Yield a line for everything in a field that is different."""
    if name in _SILENT:
        return
    is_question = old.get("kind") == "ApprovalNode" and name == "gates"
    label = "" if name in _UNNAMED else name
    for text in _differences(label, old.get(name), new.get(name), is_question=is_question):
        yield f"{place}: {text}"


def _differences(label: str, old: Any, new: Any, *, is_question: bool = False) -> Iterator[str]:
    if old == new:
        return
    kind = _kind(old)
    if kind is not None and kind == _kind(new) and kind != "Policy":
        for name in dict.fromkeys([*old, *new]):
            if name not in _SILENT:
                part = "" if is_question and name == "confirm" else name
                inner = f"{label} {part}".strip()
                yield from _differences(inner, old.get(name), new.get(name))
        return
    if kind == "Gate" and new is None:
        yield f"the gate `{label}` is gone"
    elif old is None and _kind(new) == "Gate":
        yield f"the gate `{label}` is new"
    elif _text(old) == _text(new):
        yield f"{label} is another than it was"
    else:
        yield f"{label} was {_text(old)}, is {_text(new)}"


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, Mapping) else None


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value) or "empty"
    if isinstance(value, Mapping):
        return _mapping(value)
    return repr(value) if isinstance(value, str) else str(value)


def _mapping(value: Mapping[str, Any]) -> str:
    match value:
        case {"seconds": float() | int() as seconds, **rest} if not rest:
            return format_duration(timedelta(seconds=seconds))
        case {"approver": [str() as kind, str() as name], **rest} if not rest:
            return str(Approver(ApproverKind(kind), name))
        case {"schema": _, **rest} if not rest:
            return "a schema of its own"
        case {"kind": "Policy"}:
            return _policy(value)
        case {"kind": _}:
            fields = {name: each for name, each in value.items() if name not in _SILENT}
            return ", ".join(f"{name} {_text(each)}" for name, each in fields.items())
        case _ if len(value) == 1:
            (inner,) = value.values()
            return _text(inner)
        case _:
            return ", ".join(f"{name}: {_text(each)}" for name, each in value.items()) or "empty"


def _policy(policy: Mapping[str, Any]) -> str:
    stages = " then ".join(_stage(each) for each in policy["stages"])
    rules = [
        f"{name} {_text(each)}"
        for name, each in policy.items()
        if name not in _SILENT | {"stages"} and each != _ORDINARY.get(name)
    ]
    return " with ".join([stages, *rules])


#: What a policy says where its author says nothing.
_ORDINARY: dict[str, Any] = {
    "veto": [],
    "deny_threshold": 1,
    "distinct": True,
    "last_editor_may_approve": True,
    "break_glass": [],
    "outsiders": False,
}


def _stage(stage: Mapping[str, Any]) -> str:
    slots = " and ".join(_slot(slot) for slot in stage["slots"])
    eyes = " but the requester" if stage["four_eyes"] else ""
    limit = "" if stage["timeout"] is None else f" within {_text(stage['timeout'])}"
    return f"{slots}{eyes}{limit}"


def _slot(slot: Mapping[str, Any]) -> str:
    count = "all" if slot["count"] is None else slot["count"]
    deputies = f" or {_text(slot['deputies'])} for them" if slot["deputies"] else ""
    return f"{count} of {_text(slot['approvers'])}{deputies}"
