"""A state as a small JSON document, with references in place of stored values.

`dump` writes it, `references` says which events must be at hand, `restore` rebuilds the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orchestrator.core.events import ApprovalOpened, Pointer, Record
from orchestrator.core.state import (
    OpenApproval,
    Place,
    PlaceStatus,
    RunStatus,
    State,
    Stored,
)


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _pointer(pointer: Pointer) -> list[Any]:
    return [pointer.seq, *pointer.keys]


def _dump_place(place: Place) -> dict[str, Any]:
    return {
        "node": place.node,
        "status": place.status.value,
        "attempt": place.attempt,
        "failures": place.failures,
        "owner": place.owner,
        "approval_id": place.approval_id,
        "questions": place.questions,
        "feedback": place.feedback,
        "retry_at": _time(place.retry_at),
    }


def _dump_approval(approval: OpenApproval) -> dict[str, Any]:
    return {
        "seq": approval.seq,
        "due_at": _time(approval.due_at),
        "remind_at": _time(approval.remind_at),
        "delivered_at": _time(approval.delivered_at),
        "is_deferred": approval.is_deferred,
    }


def dump(state: State) -> dict[str, Any]:
    """Return the state as JSON values. What the run's first event says is left out."""
    return {
        "ending": state.ending.value if state.ending else None,
        "has_started": state.has_started,
        "cancel": list(state.cancel) if state.cancel else None,
        "error": state.error,
        "places": {path: _dump_place(place) for path, place in state.places.items()},
        "visits": dict(state.visits),
        "visited": state.visited,
        "keys": {key: _pointer(stored.pointer) for key, stored in state.keys.items()},
        "outputs": {node: stored.pointer.seq for node, stored in state.outputs.items()},
        "approvals": {name: _dump_approval(one) for name, one in state.approvals.items()},
        "asked": state.asked,
    }


def references(document: Mapping[str, Any]) -> set[int]:
    """Return the numbers of the events that `restore` needs: where values and questions are."""
    seqs = {1}
    seqs.update(pointer[0] for pointer in document["keys"].values())
    seqs.update(document["outputs"].values())
    seqs.update(approval["seq"] for approval in document["approvals"].values())
    return seqs


def resolve(pointer: Pointer, records: Mapping[int, Record]) -> Any:
    """Return the value that a pointer names; a pointer to event 0 is null.

    Raises:
        LookupError: The event is missing or has no such value.
    """
    if pointer.seq == 0:
        return None
    event: Any = records[pointer.seq].event
    value = event.values
    for key in pointer.keys:
        value = value[key]
    return value


def _stored(raw: list[Any], records: Mapping[int, Record]) -> Stored:
    pointer = Pointer(raw[0], tuple(raw[1:]))
    return Stored(pointer, resolve(pointer, records))


def _restore_place(path: str, raw: Mapping[str, Any]) -> Place:
    return Place(
        path=path,
        node=raw["node"],
        status=PlaceStatus(raw["status"]),
        attempt=raw["attempt"],
        failures=raw["failures"],
        owner=raw["owner"],
        approval_id=raw["approval_id"],
        questions=raw["questions"],
        feedback=raw["feedback"],
        retry_at=_instant(raw["retry_at"]),
    )


def _restore_approval(raw: Mapping[str, Any], records: Mapping[int, Record]) -> OpenApproval:
    record = records[raw["seq"]]
    if not isinstance(record.event, ApprovalOpened):
        raise TypeError(f"event {record.seq} opens no approval")
    return OpenApproval(
        seq=record.seq,
        opened=record.event,
        opened_at=record.at,
        due_at=_instant(raw["due_at"]),
        remind_at=_instant(raw["remind_at"]),
        delivered_at=_instant(raw["delivered_at"]),
        is_deferred=raw["is_deferred"],
    )


def restore(
    run_id: str, seq: int, document: Mapping[str, Any], records: Mapping[int, Record]
) -> State:
    """Rebuild the state that was dumped after event `seq`.

    Raises:
        LookupError: An event that the document refers to is not among `records`.
        TypeError: An event is of another type than the document says.
    """
    first = records[1]
    started: Any = first.event
    cancel = document["cancel"]
    return State(
        run_id=run_id,
        seq=seq,
        graph=started.graph,
        version=started.version,
        requester=started.requester,
        surface=started.surface,
        started_at=first.at,
        labels=started.labels,
        input=Stored(Pointer(1), started.input),
        ending=RunStatus(document["ending"]) if document["ending"] else None,
        has_started=document["has_started"],
        cancel=(cancel[0], cancel[1]) if cancel else None,
        error=document["error"],
        places={path: _restore_place(path, raw) for path, raw in document["places"].items()},
        visits=document["visits"],
        visited=document["visited"],
        keys={key: _stored(raw, records) for key, raw in document["keys"].items()},
        outputs={node: _stored([seq_], records) for node, seq_ in document["outputs"].items()},
        approvals={
            name: _restore_approval(raw, records) for name, raw in document["approvals"].items()
        },
        asked=document["asked"],
    )
