"""How a run ends: what is open is withdrawn, what was done is taken back, then it is over."""

from __future__ import annotations

from orchestrator.core import events as e
from orchestrator.core import questions
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.folding import undo_path
from orchestrator.core.state import PlaceStatus
from orchestrator.core.turn import Turn
from orchestrator.graph.composites import Node
from orchestrator.graph.nodes import TaskNode

_Ending = e.RunCompleted | e.RunFailed | e.RunTimedOut | e.RunCancelled


def end(turn: Turn, ending: _Ending) -> None:
    """End the run; those who were asked last see how it ended, and else whoever started it."""
    questions.withdraw_all(turn)
    turn.emit(ending)
    turn.agenda.clear()
    asked = turn.state.asked
    purpose = Purpose.ENDED if asked is None else Purpose.OUTCOME
    turn.request(Deliver(purpose=purpose, approval_id=asked or turn.run_id))


def fail_run(turn: Turn, error: e.ErrorFacts, path: str | None = None) -> None:
    """End the run as failed, after everything has been taken back that can be."""
    if turn.state.is_closing:
        return
    if can_undo(turn):
        _close(turn, e.EndingBegun(error=error, path=path))
    else:
        end(turn, e.RunFailed(error=error, path=path))


def time_out(turn: Turn, approval_id: str) -> None:
    """End the run as timed out, after everything has been taken back that can be."""
    if can_undo(turn):
        _close(turn, e.EndingBegun(approval_id=approval_id))
    else:
        end(turn, e.RunTimedOut(approval_id=approval_id))


def _close(turn: Turn, closing: e.EndingBegun) -> None:
    questions.withdraw_all(turn)
    turn.emit(closing)
    turn.agenda.clear()
    settle(turn)


def cancel_run(turn: Turn, by: str, reason: str) -> None:
    """Cancel: nothing new starts; the run ends when nothing of it runs any more."""
    questions.withdraw_all(turn)
    turn.emit(e.CancelRequested(by=by, reason=reason))
    turn.agenda.clear()
    settle(turn)


def can_undo(turn: Turn) -> bool:
    """Is there something to take back, or may there be, and does the graph at hand know how?"""
    graph, state = turn.graph, turn.state
    if any(graph.find_node(each.path) for each in state.done):
        return True
    running = (each for each in state.places.values() if each.status is PlaceStatus.RUNNING)
    return any(has_undo(graph.find_node(each.path)) for each in running)


def has_undo(node: Node | None) -> bool:
    """Can what a node does be taken back?"""
    return isinstance(node, TaskNode) and node.undo is not None


def settle(turn: Turn) -> None:
    """Take back the next thing, or end, once nothing of a closing run is going on any more."""
    state = turn.state
    if state.places or state.is_finished or not state.is_closing:
        return
    if can_undo(turn):
        last = next(each for each in reversed(state.done) if turn.graph.find_node(each.path))
        turn.emit(
            e.NodeReady(
                path=undo_path(last.path), node=last.node, previous=last.output, is_undo=True
            )
        )
    else:
        conclude(turn)


def conclude(turn: Turn) -> None:
    """End a closing run, whatever has not been taken back."""
    state = turn.state
    if state.cancel is not None:
        end(turn, e.RunCancelled(by=state.cancel[0], reason=state.cancel[1]))
    elif state.closing is not None and state.closing.error is not None:
        end(turn, e.RunFailed(error=state.closing.error, path=state.closing.path))
    elif state.closing is not None:
        end(turn, e.RunTimedOut(approval_id=state.closing.approval_id or ""))
