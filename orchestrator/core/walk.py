"""How a run moves: one step after the other, as far as nothing but the engine is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from orchestrator.core import agents, bodies, choosing, endings, gates, steps, waiting
from orchestrator.core import events as e
from orchestrator.core.choosing import facts
from orchestrator.core.fold import next_path
from orchestrator.core.state import Frame, Place, PlaceStatus, frame_of, name_of
from orchestrator.core.turn import Turn
from orchestrator.core.values import NOTHING, Ref, part_of
from orchestrator.core.view import output
from orchestrator.graph.composites import AgentNode, Composite, LoopNode, Node, RouterNode
from orchestrator.graph.kinds import OnError
from orchestrator.graph.nodes import ApprovalNode, EndNode, TaskNode, WaitNode
from orchestrator.graph.views import DECISION_KEY, EVERYTHING, RESPONSE_KEY

#: Keys of the state that only the outcome of an approval sets.
RESERVED = frozenset({DECISION_KEY, RESPONSE_KEY})


def finish(turn: Turn) -> None:
    """Do what is on the agenda, until nothing is left or the run has ended."""
    while turn.agenda:
        _do(turn, turn.agenda.popleft())


def _do(turn: Turn, step: steps.Step) -> None:
    match step:
        case steps.Enter():
            _enter(turn, step)
        case steps.Proceed():
            _proceed(turn, step.path)
        case steps.Return():
            _return(turn, step)
        case steps.Skip():
            _skip(turn, step)
        case steps.Fail():
            _fail(turn, step)
        case steps.Leave():
            _leave(turn, step)
        case steps.Divert():
            _divert(turn, step)
        case steps.CloseFrame():
            _close_frame(turn, step)
        case steps.FailFrame():
            _fail_frame(turn, step)
        case _:
            assert_never(step)


def _enter(turn: Turn, step: steps.Enter) -> None:
    if turn.state.visited >= turn.graph.max_visits:
        limit = turn.graph.max_visits
        message = f"the run has visited {limit} nodes, which is the graph's max_visits"
        endings.fail_run(turn, e.ErrorFacts(type="TooManyVisits", message=message))
        return
    if step.frame not in turn.state.frames:
        return  # a sibling has ended it in the meantime
    path = next_path(turn.state, step.frame, step.node)
    turn.emit(
        e.NodeReady(
            path=path,
            node=step.node,
            feedback=step.feedback,
            previous=step.previous,
            rounds=step.rounds,
            answer=step.answer,
        )
    )
    turn.later(steps.Proceed(path))


def _proceed(turn: Turn, path: str) -> None:
    """Go on at a place; what the author's functions raise fails the node there."""
    place = turn.state.places.get(path)
    if place is None:
        return
    if place.is_undo:
        _make_ready(turn, place)
        return
    if place.result is not None:  # it has run; only its review is still to be asked
        turn.later(steps.Return(path, place.result))
        return
    node = turn.graph.get_node(place.path)
    try:
        if not gates.ask_before(turn, place, node):
            _work(turn, turn.state.places[place.path], node)
    except Exception as error:  # noqa: BLE001 - an author's function may raise anything
        turn.later(steps.Fail(path, facts(error)))


def _make_ready(turn: Turn, place: Place) -> None:
    if place.status is not PlaceStatus.READY:
        turn.emit(e.NodeReady(path=place.path, node=place.node))


def _work(turn: Turn, place: Place, node: Node) -> None:
    match node:
        case TaskNode(function=None):
            if node.gates.result is None:
                raise TypeError(f"{node.id!r} has neither a function nor a result gate")
            gates.ask_result(turn, place, node, node.gates.result)
        case TaskNode():
            _make_ready(turn, place)  # a process takes it on after the commit
        case ApprovalNode() | EndNode():
            _succeed(turn, place, NOTHING)
        case WaitNode():
            waiting.begin(turn, place, node)
        case RouterNode() if not node.routes:
            _fork(turn, place, node)
        case _:
            bodies.begin(turn, place, node)


def _fork(turn: Turn, place: Place, node: RouterNode) -> None:
    frame = frame_of(place.path)
    scope = turn.graph.get_scope(frame)
    if node.id in scope.ends:
        _succeed(turn, place, NOTHING)
        return
    target, reason = choosing.fork(turn, frame, scope, node, place)
    turn.emit(e.NodeSucceeded(path=place.path, attempt=0, output=None))
    turn.emit(e.EdgeTaken(path=place.path, target=target, reason=reason))
    turn.later(steps.Enter(frame=frame, node=target))


def _return(turn: Turn, step: steps.Return) -> None:
    place = turn.state.places.get(step.path)
    if place is None:
        return
    node = turn.graph.get_node(place.path)
    if gates.gates_of(node).review is not None and place.result != step.result:
        turn.emit(e.ResultGathered(path=place.path, result=step.result))
        place = turn.state.places[place.path]
    try:
        if gates.ask_review(turn, place, node):
            return
    except Exception as error:  # noqa: BLE001 - an author's function may raise anything
        turn.later(steps.Fail(place.path, facts(error)))
        return
    _succeed(turn, turn.state.places[place.path], step.result)


def _succeed(turn: Turn, place: Place, result: Ref) -> None:
    node = turn.graph.get_node(place.path)
    value = turn.state.value(result)
    turn.emit(
        e.NodeSucceeded(
            path=place.path,
            attempt=place.attempt,
            output=None,
            source=None if result == NOTHING else result,
            written=written(turn, place.path, node, value),
            has_undo=endings.has_undo(node),
        )
    )
    turn.later(steps.Leave(place.path, place.node))


def written(turn: Turn, path: str, node: Node, value: object) -> tuple[str, ...]:
    """Return the keys of an output that become keys of the state, which must be allowed to.

    Inside an agent a turn writes nothing, because the agent does so when it is done, and a tool
    only what it names: what it returns is for the agent. What people decided cannot be written,
    whatever a result, an edit or a graph inside brings.
    """
    if not isinstance(value, Mapping):
        return ()
    by = node.turn if isinstance(node, AgentNode) else node
    writes: tuple[str, ...] = getattr(by, "writes", ())
    frame = turn.state.frames[frame_of(path)]
    if frame.path and isinstance(turn.graph.find_node(frame.place), AgentNode):
        writes = () if agents.is_turn(path) or writes == EVERYTHING else writes
    return tuple(
        key for key in value if key not in RESERVED and (writes == EVERYTHING or key in writes)
    )


def _skip(turn: Turn, step: steps.Skip) -> None:
    place = turn.state.places.get(step.path)
    if place is None:
        return
    bodies.stop(turn, place.path)
    turn.emit(e.NodeSkipped(path=place.path, reason=step.reason))
    if place.is_undo:
        endings.settle(turn)
    else:
        turn.later(steps.Leave(place.path, place.node))


def _fail(turn: Turn, step: steps.Fail) -> None:
    place = turn.state.places.get(step.path)
    if place is None:
        return
    bodies.stop(turn, place.path)
    node = turn.graph.find_node(place.path)
    if place.is_undo and not step.is_final:
        gates.ask_operators(turn, place, None, step.error)
        return
    if place.is_undo:
        turn.emit(e.NodeFailed(path=place.path, error=step.error))
        endings.settle(turn)
        return
    on_error = OnError.FAIL if step.is_final else getattr(node, "on_error", OnError.FAIL)
    if on_error is OnError.SKIP:
        reason = f"{step.error.type}: {step.error.message}"
        turn.later(steps.Skip(place.path, reason))
    elif on_error is OnError.PAUSE:
        gates.ask_operators(turn, place, node, step.error)
    else:
        turn.emit(e.NodeFailed(path=place.path, error=step.error))
        turn.later(steps.FailFrame(frame_of(place.path), step.error, place.path))


def _leave(turn: Turn, step: steps.Leave) -> None:
    name = frame_of(step.path)
    frame = turn.state.frames.get(name)
    if frame is None:
        return
    owner = _owner(turn, frame)
    if isinstance(owner, AgentNode):
        agents.child_done(turn, frame, owner, step.path, step.node)
        return
    scope = turn.graph.get_scope(name)
    if step.node not in scope.nodes:
        raise LookupError(f"the graph at hand has no node {step.node!r}")
    try:
        if step.node in scope.ends:
            brought = output(turn.graph, turn.state, scope, name, step.node)
            turn.later(steps.CloseFrame(name, brought.ref, step.path))
            return
        target, reason = choosing.next_node(turn, name, scope, step.node)
    except Exception as error:  # noqa: BLE001 - an author's predicate may raise anything
        turn.later(steps.FailFrame(name, facts(error), step.path))
        return
    turn.emit(e.EdgeTaken(path=step.path, target=target, reason=reason))
    turn.later(steps.Enter(frame=name, node=target))


def _owner(turn: Turn, frame: Frame) -> Composite | None:
    """Return the composite whose body a frame runs; None for the run itself."""
    if not frame.path:
        return None
    node = turn.graph.get_node(frame.place)
    if isinstance(node, TaskNode | ApprovalNode | WaitNode | EndNode):
        raise TypeError(f"{frame.place} has no bodies")
    return node


def _divert(turn: Turn, step: steps.Divert) -> None:
    place = turn.state.places.get(step.path)
    if place is None:
        return
    bodies.stop(turn, place.path)
    if isinstance(turn.graph.find_node(place.path), ApprovalNode):
        turn.emit(e.NodeSucceeded(path=place.path, attempt=0, output=None))
    else:
        turn.emit(e.NodeLeft(path=place.path, reason=step.reason))
    turn.emit(e.EdgeTaken(path=place.path, target=step.target, reason=step.reason))
    turn.later(steps.Enter(frame=frame_of(place.path), node=step.target, feedback=step.feedback))


def _close_frame(turn: Turn, step: steps.CloseFrame) -> None:
    frame = turn.state.frames.get(step.frame)
    if frame is None:
        return
    node = _owner(turn, frame)
    if node is None:
        _complete(turn, step)
        return
    try:
        if isinstance(node, LoopNode):
            _judge(turn, frame, node, step.output)
        else:
            bodies.frame_done(turn, frame, node, step.output)
    except Exception as error:  # noqa: BLE001 - an author's reducer or predicate may raise anything
        turn.later(steps.Fail(frame.place, facts(error)))


def _complete(turn: Turn, step: steps.CloseFrame) -> None:
    value = turn.state.value(step.output)
    if value is None:
        brought: Mapping[str, Ref] = {}
    elif isinstance(value, Mapping):
        brought = {key: part_of(step.output, key) for key in value}
    else:
        brought = {name_of(step.path): step.output}
    endings.end(turn, e.RunCompleted(path=step.path, output=brought))


def _judge(turn: Turn, frame: Frame, node: LoopNode, brought: Ref) -> None:
    """Decide after a round of a loop: people first, then its condition, then its bound."""
    place = turn.state.places[frame.place]
    if gates.ask_round(turn, place, node, frame.path, brought):
        return
    number = frame.number or 0
    is_enough = node.until is not None and node.until(bodies.view_of(turn, frame))
    is_last = is_enough or number >= node.max_rounds
    reason = "until holds" if is_enough else "max_rounds" if is_last else "until does not hold"
    turn.emit(e.RoundJudged(path=frame.path, number=number, is_last=is_last, reason=reason))
    if is_last:
        bodies.leave_loop(turn, frame, brought)
    else:
        bodies.next_round(turn, frame, node, brought)


def _fail_frame(turn: Turn, step: steps.FailFrame) -> None:
    frame = turn.state.frames.get(step.frame)
    if frame is None:
        return
    node = _owner(turn, frame)
    if node is None:
        endings.fail_run(turn, step.error, step.path)
        return
    if isinstance(node, AgentNode) and not agents.is_turn(step.path):
        agents.child_done(turn, frame, node, step.path, "")
        return
    try:
        if bodies.frame_failed(turn, frame, node, step.error):
            return
    except Exception as error:  # noqa: BLE001 - an author's reducer may raise anything
        turn.later(steps.Fail(frame.place, facts(error)))
        return
    turn.later(steps.Fail(frame.place, bodies.named(frame, node, step.error)))
