"""The tree of a run's visits as indented lines, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
from pydantic_core import to_jsonable_python

from bot.cards.tree import Body, Visit, VisitStatus, walk
from bot.cli.policies import progress
from bot.cli.tables import age
from bot.cli.text import clean, compact
from orchestrator.store import Approval

_STEP = "  "
_LONGEST = 120  # characters of a progress report
_COLOURS = {
    VisitStatus.FAILED: "red",
    VisitStatus.RETRYING: "yellow",
    VisitStatus.WAITING: "yellow",
    VisitStatus.RUNNING: "cyan",
    VisitStatus.SUCCEEDED: "green",
}


def print_outline(root: Body, approvals: Mapping[str, Approval]) -> None:
    """Write a visit a line: its name, its status, and what it waits for or failed of."""
    lines = [(_STEP * (depth + 1) + _name(each), each) for depth, each in walk(root)]
    width = max(len(name) for name, _ in lines)
    for name, each in lines:
        if isinstance(each, Body):
            click.echo(f"{name:<{width}}{_STEP}{_of_body(each)}".rstrip())
            continue
        details = _details(each, approvals)
        status = f"{each.status:<9}" if details else str(each.status)
        if each.status in _COLOURS:
            status = click.style(status, fg=_COLOURS[each.status])
        click.echo(f"{name:<{width}}{_STEP}{status}{_STEP}{details}".rstrip())


def visit_document(visit: Visit) -> dict[str, Any]:
    """Return a visit with everything inside."""
    return {
        "path": visit.path,
        "status": visit.status.value,
        "attempt": visit.attempt,
        "reason": visit.reason,
        "progress": visit.progress,
        "signal": visit.signal,
        **{
            name: to_jsonable_python(getattr(visit, name))
            for name in ("began_at", "ended_at", "retry_at", "wake_at")
        },
        "approvals": visit.approvals,
        "waits_for": visit.waits_for,
        "bodies": [
            {
                "path": body.path,
                "key": body.key,
                "item": body.item,
                "is_over": body.is_over,
                "reason": body.reason,
                "visits": [visit_document(each) for each in body.visits],
            }
            for body in visit.bodies
        ],
    }


def _name(each: Visit | Body) -> str:
    return f"[{clean(each.key)}]" if isinstance(each, Body) else each.path.rpartition("/")[2]


def _of_body(body: Body) -> str:
    parts = [_short(body.item)] if body.item is not None else []
    if body.reason:
        parts.append(body.reason)
    elif body.is_over:
        parts.append("done")
    return clean("; ".join(parts))


def _details(visit: Visit, approvals: Mapping[str, Approval]) -> str:
    return clean("; ".join(part for part in _parts(visit, approvals) if part))


def _parts(visit: Visit, approvals: Mapping[str, Approval]) -> Iterator[str]:
    match visit.status:
        case VisitStatus.RUNNING | VisitStatus.READY:
            yield f"try {visit.attempt}" if visit.attempt > 1 else ""
            yield visit.reason
        case VisitStatus.RETRYING:
            yield f"try {visit.attempt} failed: {visit.reason}"
            yield f"again {age(visit.retry_at)}"
        case VisitStatus.WAITING:
            yield from _waits(visit, approvals)
        case VisitStatus.ACTIVE:
            yield _bodies(visit)
        case VisitStatus.SUCCEEDED:
            yield f"after {visit.attempt} tries" if visit.attempt > 1 else ""
        case _:
            yield visit.reason
    if visit.progress is not None and visit.is_live:
        yield f"progress {_short(visit.progress)}"


def _waits(visit: Visit, approvals: Mapping[str, Approval]) -> Iterator[str]:
    for ref in visit.waits_for:
        asked = approvals.get(ref)
        yield f"{ref} {asked.kind}: {progress(asked)}" if asked and asked.is_open else ref
        if asked and asked.due_at:
            yield f"due {age(asked.due_at)}"
    if visit.signal:
        yield f"for the signal {visit.signal!r}"
    if visit.wake_at:
        yield f"until {visit.wake_at:%Y-%m-%d %H:%M:%S} UTC ({age(visit.wake_at)})"
    if visit.reason and visit.waits_for:
        yield visit.reason


def _bodies(visit: Visit) -> str:
    named = [body for body in visit.bodies if body.key]
    over = sum(body.is_over for body in named)
    if visit.expected > 1:
        return f"{over} of {visit.expected} done"
    return f"round {len(named)}" if named and not visit.expected else ""


def _short(value: Any) -> str:
    text = compact(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
