"""Nodes that wait for time to pass, for an instant, or for a signal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from orchestrator.core import events as e
from orchestrator.core import steps
from orchestrator.core.commands import Signal
from orchestrator.core.refusals import InvalidValues, NotCurrent, Refusal, UnknownSignal
from orchestrator.core.state import Place, frame_of
from orchestrator.core.turn import Turn
from orchestrator.core.values import NOTHING
from orchestrator.core.view import RunView
from orchestrator.errors import InputError
from orchestrator.graph.gates import Duration
from orchestrator.graph.nodes import WaitNode

#: Signals of one name that are kept for nodes that do not wait yet.
MOST_SIGNALS = 100


def begin(turn: Turn, place: Place, node: WaitNode) -> None:
    """Begin to wait, or go on at once. What the author's functions raise is passed on."""
    view = RunView(turn.graph, turn.state, frame=frame_of(place.path))
    if node.signal is not None:
        wake_at = _after(turn, node.timeout, view) if node.timeout is not None else None
        turn.emit(e.WaitStarted(path=place.path, wake_at=wake_at, signal=node.signal))
        if turn.state.signals.get(node.signal):
            _take(turn, place.path, node.signal)
        return
    wake_at = _after(turn, node.duration, view) if node.duration is not None else _until(node, view)
    if wake_at <= turn.now:
        turn.later(steps.Return(place.path, NOTHING))
    else:
        turn.emit(e.WaitStarted(path=place.path, wake_at=wake_at))


def _after(turn: Turn, length: Duration, view: RunView) -> datetime:
    time: Any = length(view) if callable(length) else length
    if not isinstance(time, timedelta) or time < timedelta(0):
        raise ValueError(f"a wait must be a duration that is not negative, this one is {time!r}")
    return turn.now + time


def _until(node: WaitNode, view: RunView) -> datetime:
    at: Any = node.until(view) if callable(node.until) else node.until
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise ValueError(f"a wait must end at an aware instant, this one at {at!r}")
    return at


def _take(turn: Turn, path: str, name: str) -> None:
    ref = turn.state.signals[name][0]
    turn.emit(e.SignalTaken(path=path, name=name))
    turn.later(steps.Return(path, ref))


def wake(turn: Turn, path: str) -> Refusal | None:
    """End a wait whose instant has come; one for a signal fails."""
    place = turn.state.places.get(path)
    if place is None or place.wake_at is None or place.wake_at > turn.now:
        return NotCurrent(reason=f"no wait at {path} is over")
    if place.signal is None:
        turn.later(steps.Return(path, NOTHING))
    else:
        message = f"the signal {place.signal!r} did not come in time"
        turn.later(steps.Fail(path, e.ErrorFacts(type="SignalTimeout", message=message)))
    return None


def receive(turn: Turn, command: Signal) -> Refusal | None:
    """Keep a signal, and hand it to the node that has waited for it longest."""
    nodes = [
        node
        for node in turn.graph.every_node()
        if isinstance(node, WaitNode) and node.signal == command.name
    ]
    if not nodes:
        known = {
            node.signal
            for node in turn.graph.every_node()
            if isinstance(node, WaitNode) and node.signal is not None
        }
        return UnknownSignal(name=command.name, known=tuple(sorted(known)))
    payload = command.payload
    schema = nodes[0].schema
    if schema is not None:
        try:
            payload = schema.dump(schema.parse(payload))
        except InputError as error:
            return InvalidValues(problems=error.problems)
    if len(turn.state.signals.get(command.name, ())) >= MOST_SIGNALS:
        reason = f"{MOST_SIGNALS} signals {command.name!r} wait already; nobody takes them"
        return NotCurrent(reason=reason)
    turn.emit(
        e.SignalReceived(name=command.name, payload=payload, by=command.by, surface=command.surface)
    )
    for place in turn.state.places.values():
        if place.signal == command.name:
            _take(turn, place.path, command.name)
            break
    return None
