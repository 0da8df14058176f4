"""When something happens to an approval by itself. Instants come from arguments, never a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from orchestrator.core.approval_events import ReminderFacts, Times
from orchestrator.core.state import OpenApproval
from orchestrator.graph.calendars import Calendar

_Add = Callable[[datetime, timedelta], datetime]


def times_of(
    approval: OpenApproval,
    *,
    grace: timedelta | None,
    calendar: Calendar | None,
    since: datetime,
) -> Times:
    """Return the instants that follow from where an approval stands.

    Args:
        approval: As it is once what happens now has happened.
        grace: How long a question may take to reach people; None: it reaches them at once.
        calendar: In which hours its durations count; None: always.
        since: Reminders up to this instant have been given, or are given up.
    """
    add = _plainly if calendar is None else calendar.add
    started_at = approval.delivered_at or approval.opened_at + (grace or timedelta(0))
    # A stage may begin before the question was delivered, when it is answered on another surface.
    stage_at = max(approval.stage_at or started_at, started_at)
    due_at = _due_at(approval, started_at, stage_at, add)
    reminders = approval.opened.reminders
    remind_at = _remind_at(reminders, stage_at, due_at, since, add) if reminders else None
    return Times(
        due_at=due_at,
        remind_at=remind_at,
        escalate_at=_escalate_at(approval, stage_at, due_at, add),
    )


def is_past(instant: datetime | None, now: datetime) -> bool:
    """Say whether an instant is set and has come; at the instant itself it has."""
    return instant is not None and instant <= now


def _plainly(start: datetime, length: timedelta) -> datetime:
    return start + length


def _due_at(
    approval: OpenApproval, started_at: datetime, stage_at: datetime, add: _Add
) -> datetime | None:
    """Return the earlier end of the whole and the stage; an extension moves both."""
    whole = approval.opened.timeout
    stage = approval.policy.stages[approval.stage].timeout
    ends = [
        add(start, length)
        for start, length in ((started_at, whole), (stage_at, stage))
        if length is not None
    ]
    if not ends:
        return None
    floors = [approval.extended_to]
    if approval.is_deferred and approval.delivered_at is None:
        floors.append(approval.times.due_at)
    return max([min(ends), *(floor for floor in floors if floor is not None)])


def _remind_at(
    reminders: ReminderFacts,
    start: datetime,
    due_at: datetime | None,
    since: datetime,
    add: _Add,
) -> datetime | None:
    """Return the first reminder after `since`, and before the deadline."""
    ahead = next((at for at in _again(reminders, start, add) if at > since), None)
    found = [ahead] if ahead is not None else []
    if due_at is not None and reminders.before is not None:
        # A deadline that is nearer than the reminder is long gets one halfway.
        is_near = due_at - reminders.before <= start
        last = start + (due_at - start) / 2 if is_near else due_at - reminders.before
        if last > since:
            found.append(last)
    found = [at for at in found if due_at is None or at < due_at]
    return min(found, default=None)


def _again(reminders: ReminderFacts, start: datetime, add: _Add) -> Iterator[datetime]:
    """Yield the instants of `after` and `every`."""
    first = reminders.after or reminders.every
    if first is None:
        return
    at = add(start, first)
    yield at
    for _ in range(reminders.most - 1 if reminders.every else 0):
        at = add(at, reminders.every or first)
        yield at


def _escalate_at(
    approval: OpenApproval, start: datetime, due_at: datetime | None, add: _Add
) -> datetime | None:
    """Return when the next escalation is due; None if none is left, or the deadline is first."""
    left = approval.opened.escalations[approval.escalated :]
    if not left:
        return None
    at = add(start, left[0].after)
    return at if due_at is None or at < due_at else None
