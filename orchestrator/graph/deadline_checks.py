"""What is wrong with when a gate reminds, escalates and gives up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from orchestrator.graph.gates import Gate, Reminders
from orchestrator.graph.kinds import ON_TIMEOUT, ApprovalKind, OnTimeout
from orchestrator.graph.node_checks import positive
from orchestrator.graph.policy import Policy


def find_deadline_problems(kind: ApprovalKind, gate: Gate) -> Iterator[str]:
    """List what is wrong with the gate's times."""
    yield from positive("timeout", gate.timeout)
    yield from _stages(gate)
    yield from _actions(kind, gate)
    if gate.reminders is not None:
        yield from _reminders(gate.reminders, gate)
    for each in gate.escalations:
        yield from positive("escalation", each.after)
        if not each.to:
            yield "escalation has nobody to go to; name at least one"
        if isinstance(gate.timeout, timedelta) and each.after >= gate.timeout:
            yield "would escalate after it has timed out; make `after` shorter than timeout"
    if gate.calendar is not None and not _has_times(gate):
        yield "has a calendar but no time for it to count; add a timeout, or take it out"


def has_timeout(gate: Gate) -> bool:
    """Can time run out for the gate, or for a stage of it?"""
    stages = gate.policy.stages if isinstance(gate.policy, Policy) else ()
    return gate.timeout is not None or any(stage.timeout is not None for stage in stages)


def _has_times(gate: Gate) -> bool:
    return has_timeout(gate) or gate.reminders is not None or bool(gate.escalations)


def _stages(gate: Gate) -> Iterator[str]:
    for stage in gate.policy.stages if isinstance(gate.policy, Policy) else ():
        yield from positive("timeout of a stage", stage.timeout)


def _actions(kind: ApprovalKind, gate: Gate) -> Iterator[str]:
    known = ON_TIMEOUT[kind]
    action = gate.on_timeout
    if has_timeout(gate) and action is None:
        yield f"has a timeout but no on_timeout; say what happens: {', '.join(known)}"
    if not has_timeout(gate) and action is not None:
        yield "has on_timeout but no timeout; say how long to wait, such as 2d"
    if action is not None and action not in known:
        yield f"on_timeout {action} makes no sense for {kind}; write one of {', '.join(known)}"
    if action is OnTimeout.ROUTE and gate.timeout_route is None:
        yield "has on_timeout route but no timeout_route; name the node to go on at"
    if action is not OnTimeout.ROUTE and gate.timeout_route is not None:
        yield "has timeout_route, which only on_timeout route uses; set it, or drop the route"
    if action is OnTimeout.ANSWER and gate.default is None:
        yield "has on_timeout answer but no default; give the answer that counts"
    if action is not OnTimeout.ANSWER and gate.default is not None:
        yield "has a default, which only on_timeout answer uses; set it, or drop the default"


def _reminders(reminders: Reminders, gate: Gate) -> Iterator[str]:
    first = reminders.after if reminders.after is not None else reminders.every
    yield from positive("after of reminders", reminders.after)
    yield from positive("every of reminders", reminders.every)
    yield from positive("remind_before", reminders.before)
    if reminders.most < 1:
        yield f"most of reminders is {reminders.most}; make it at least 1, or take reminders out"
    if first is None and reminders.before is None:
        yield "reminders never come; say `after`, `every` or `before`"
    if first is not None and isinstance(gate.timeout, timedelta) and first >= gate.timeout:
        yield "would remind after it has timed out; make `after` or `every` shorter than timeout"
    if reminders.before is None:
        return
    if not has_timeout(gate):
        yield "has remind_before but no timeout; say how long to wait, such as 2d"
    elif (
        isinstance(reminders.before, timedelta)
        and isinstance(gate.timeout, timedelta)
        and reminders.before >= gate.timeout
    ):
        yield "would remind before it asks; make remind_before shorter than timeout"
