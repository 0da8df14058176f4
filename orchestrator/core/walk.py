"""How a run moves: entering nodes, taking edges, and ending."""

from __future__ import annotations

from orchestrator.core import events as e
from orchestrator.core import questions
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.fold import next_path
from orchestrator.core.state import Place
from orchestrator.core.turn import Turn
from orchestrator.core.view import RunView, output
from orchestrator.errors import NoMatchingEdgeError
from orchestrator.graph.nodes import ApprovalNode, EndNode, RouterNode, TaskNode


def facts(error: BaseException) -> e.ErrorFacts:
    """Describe an exception for the log: its type's name and its message."""
    return e.ErrorFacts(type=type(error).__name__, message=str(error) or type(error).__name__)


def enter(turn: Turn, node_id: str, feedback: str | None = None) -> None:
    """Go to a node and on from there, as far as nothing but the engine is needed."""
    target: str | None = node_id
    while target is not None:
        if turn.state.visited >= turn.graph.max_visits:
            limit = turn.graph.max_visits
            message = f"the run has visited {limit} nodes, which is the graph's max_visits"
            fail_run(turn, e.ErrorFacts(type="TooManyVisits", message=message))
            return
        path = next_path(turn.state, target)
        turn.emit(e.NodeReady(path=path, node=target, feedback=feedback))
        target, feedback = _begin(turn, turn.state.places[path]), None


def _begin(turn: Turn, place: Place) -> str | None:
    """Begin a visit; return where the run goes on at once, or None when it waits or has ended."""
    node = turn.graph.nodes[place.node]
    try:
        match node:
            case TaskNode():
                pass  # the place is ready; a process takes it on after the commit
            case ApprovalNode():
                questions.open_confirm(turn, place, node)
            case RouterNode() | EndNode():
                return _pass_through(turn, place)
    except Exception as error:  # noqa: BLE001 - an author's function may raise anything
        fail_node(turn, place, facts(error))
    return None


def _pass_through(turn: Turn, place: Place) -> str | None:
    """Finish a node that runs nothing; return the next one."""
    target = None if place.node in turn.graph.ends else _choose(turn, place)
    turn.emit(e.NodeSucceeded(path=place.path, attempt=0, output=None))
    if target is None:
        complete(turn, place.path, place.node)
        return None
    turn.emit(e.EdgeTaken(path=place.path, target=target[0], reason=target[1]))
    return target[0]


def _choose(turn: Turn, place: Place) -> tuple[str, str]:
    """Evaluate conditions, in the order of declaration; return the target and why."""
    node = turn.graph.nodes[place.node]
    edges = turn.graph.edges.get(place.node, ())
    view = RunView(turn.graph, turn.state)
    if isinstance(node, RouterNode) and node.select is not None:
        chosen = node.select(view)
        targets = [edge.target for edge in edges]
        if chosen not in targets:
            raise NoMatchingEdgeError(
                f"router {node.id!r} chose {chosen!r}, its edges lead to {', '.join(targets)}"
            )
        return chosen, "selected"
    for edge in edges:
        if edge.when is None:
            return edge.target, "default"
        if edge.when(view):
            return edge.target, "condition"
    raise NoMatchingEdgeError(f"no edge of {place.node!r} holds and it has no default edge")


def proceed(turn: Turn, path: str, node_id: str) -> None:
    """Go on from a node that has just finished."""
    if node_id in turn.graph.ends:
        complete(turn, path, node_id)
        return
    if node_id not in turn.graph.nodes:
        raise LookupError(f"the graph at hand has no node {node_id!r}")
    try:
        target, reason = _choose(turn, Place(path=path, node=node_id))
    except Exception as error:  # noqa: BLE001 - an author's predicate may raise anything
        fail_run(turn, facts(error), path)
        return
    turn.emit(e.EdgeTaken(path=path, target=target, reason=reason))
    enter(turn, target)


def divert(turn: Turn, path: str, target: str, reason: str, feedback: str | None = None) -> None:
    """Go on at a named node instead of along the edges."""
    turn.emit(e.EdgeTaken(path=path, target=target, reason=reason))
    enter(turn, target, feedback)


def fail_node(turn: Turn, place: Place, error: e.ErrorFacts) -> None:
    """Fail a node for good, and with it the run."""
    turn.emit(e.NodeFailed(path=place.path, error=error))
    fail_run(turn, error, place.path)


def fail_run(turn: Turn, error: e.ErrorFacts, path: str | None = None) -> None:
    """End the run as failed; open approvals are withdrawn."""
    end(turn, e.RunFailed(error=error, path=path))


def complete(turn: Turn, path: str, node: str) -> None:
    """End the run as completed, with what it brought."""
    found = output(turn.graph, turn.state, node)
    pointers = {name: stored.pointer for name, stored in found.items()}
    end(turn, e.RunCompleted(path=path, output=pointers))


def end(turn: Turn, ending: e.RunCompleted | e.RunFailed | e.RunTimedOut | e.RunCancelled) -> None:
    """End the run; those who were asked last see how it ended."""
    questions.withdraw_all(turn)
    turn.emit(ending)
    if turn.state.asked is not None:
        turn.request(Deliver(purpose=Purpose.OUTCOME, approval_id=turn.state.asked))


def cancel_run(turn: Turn, by: str, reason: str) -> None:
    """Cancel: nothing new starts; the run ends when nothing of it runs any more."""
    questions.withdraw_all(turn)
    turn.emit(e.CancelRequested(by=by, reason=reason))
    settle_cancel(turn)


def settle_cancel(turn: Turn) -> None:
    """End a run that is being cancelled once its last attempt has stopped."""
    state = turn.state
    if state.cancel is not None and not state.places:
        by, reason = state.cancel
        end(turn, e.RunCancelled(by=by, reason=reason))
