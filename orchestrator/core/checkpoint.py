"""A state as a small JSON document, with references in place of stored values.

`dump` writes it, `references` says which events must be at hand, `restore` rebuilds the state.
What an event of its own says is left out: the run's first one, and those that opened approvals.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json as _to_json

from orchestrator.core.events import ApprovalOpened, Record, RunStarted
from orchestrator.core.state import OpenApproval, State
from orchestrator.core.values import Pointer

_FROM_START = frozenset(
    {
        "run_id",
        "seq",
        "graph",
        "version",
        "requester",
        "surface",
        "started_at",
        "labels",
        "input",
        "max_active",
        "workspace",
        "memory",
    }
)
_ALWAYS: dict[str, Any] = dict.fromkeys(_FROM_START, True)
#: Fields of an open approval that mostly still are what the opening event says.
_FROM_OPENING = ("policy", "times", "digest", "shows", "edits")


@cache
def _adapter() -> TypeAdapter[State]:
    return TypeAdapter(State)


def _exclusions(state: State) -> dict[str, Any]:
    if not state.approvals:
        return _ALWAYS
    return _ALWAYS | {"approvals": {name: _same(each) for name, each in state.approvals.items()}}


def _same(approval: OpenApproval) -> dict[str, bool]:
    opened = approval.opened
    unchanged = [name for name in _FROM_OPENING if getattr(approval, name) == getattr(opened, name)]
    return dict.fromkeys(["opened", "opened_at", *unchanged], True)


def dump(state: State) -> dict[str, Any]:
    """Return the state as JSON values; `references` is among them."""
    document: dict[str, Any] = _adapter().dump_python(
        state, mode="json", exclude=_exclusions(state), exclude_defaults=True
    )
    return document | {"version": state.version, "needs": _needs(state)}


def to_json(state: State) -> str:
    """Write what `dump` returns as JSON text, which is much faster than by way of `dump`."""
    serializer = _adapter().serializer
    text = serializer.to_json(state, exclude=_exclusions(state), exclude_defaults=True)
    rest = _to_json({"version": state.version, "needs": _needs(state)})
    return (rest if text == b"{}" else text[:-1] + b"," + rest[1:]).decode()


def _needs(state: State) -> list[int]:
    return sorted(state.references() | {1})


def references(document: Mapping[str, Any]) -> set[int]:
    """Return the numbers of the events that `restore` needs: where values and questions are."""
    return {*document["needs"], *(each["seq"] for each in document.get("approvals", {}).values())}


def restore(
    run_id: str, seq: int, document: Mapping[str, Any], records: Mapping[int, Record]
) -> State:
    """Rebuild the state that was dumped after event `seq`.

    Raises:
        LookupError: An event that the document refers to is not among `records`.
        TypeError: An event is of another type than the document says.
        ValueError: The document is no state.
    """
    first = records[1]
    started = first.event
    if not isinstance(started, RunStarted):
        raise TypeError("event 1 does not start a run")
    rest = {key: value for key, value in document.items() if key != "needs"}
    rest["approvals"] = {
        name: _reopened(raw, records[raw["seq"]])
        for name, raw in document.get("approvals", {}).items()
    }
    memory = {number: _values(records[number]) for number in document["needs"]}
    state = _adapter().validate_python(
        {
            **rest,
            "run_id": run_id,
            "seq": seq,
            "graph": started.graph,
            "requester": started.requester,
            "surface": started.surface,
            "started_at": first.at,
            "labels": started.labels,
            "input": Pointer(1),
            "max_active": started.max_active,
            "workspace": started.workspace,
        }
    )
    state.memory = memory
    return state


def _values(record: Record) -> Any:
    return getattr(record.event, "values", None)


def _reopened(raw: Mapping[str, Any], record: Record) -> dict[str, Any]:
    opened = record.event
    if not isinstance(opened, ApprovalOpened):
        raise TypeError(f"event {record.seq} opens no approval")
    said = {name: getattr(opened, name) for name in _FROM_OPENING}
    return {**said, **raw, "opened": opened, "opened_at": record.at}
