"""Composites at work: which bodies they open, and what the bodies' ends come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core import choosing, questions, steps
from orchestrator.core import events as e
from orchestrator.core.ids import frame_path
from orchestrator.core.merging import merge
from orchestrator.core.plain import plain
from orchestrator.core.state import Frame, Join, Place, frame_of
from orchestrator.core.turn import Turn
from orchestrator.core.values import NOTHING, Gather, Pointer, Ref
from orchestrator.core.view import RunView
from orchestrator.errors import InputError
from orchestrator.graph.composites import (
    OTHERWISE,
    AgentNode,
    Composite,
    ConditionNode,
    LoopNode,
    MapNode,
    ParallelNode,
    RouterNode,
    StepsNode,
    SubgraphNode,
)
from orchestrator.graph.exports import named_keys
from orchestrator.graph.kinds import OnBranchError

_JOINING = (ParallelNode, MapNode)


def begin(turn: Turn, place: Place, node: Composite) -> None:
    """Go to work. What the author's functions raise is passed on."""
    frame = frame_of(place.path)
    match node:
        case ConditionNode():
            key, reason = choosing.branch(turn, frame, node, place)
            take_branch(turn, place, node, key, reason)
        case RouterNode():
            taken = choosing.routes(turn, frame, node, place)
            entered = e.BodyEntered(
                path=place.path, keys=taken.names, reason=taken.reason, is_list=taken.is_list
            )
            _enter(turn, node, entered)
        case ParallelNode():
            _enter(turn, node, e.BodyEntered(path=place.path, keys=tuple(node.branches)))
        case MapNode():
            items = _items(node, RunView(turn.graph, turn.state, frame=frame))
            keys = tuple(str(number) for number in range(1, len(items) + 1))
            _enter(turn, node, e.BodyEntered(path=place.path, keys=keys, items=items))
        case LoopNode():
            _enter(turn, node, e.BodyEntered(path=place.path, keys=()))
        case StepsNode() | SubgraphNode() | AgentNode():
            _enter(turn, node, e.BodyEntered(path=place.path, keys=("",)))


def _items(node: MapNode, view: RunView) -> list[Any]:
    items: Any = node.over(view)
    if not isinstance(items, list | tuple):
        raise TypeError(f"map {node.id!r} goes over {items!r}; give it a list")
    return [plain(each, f"the list of map {node.id!r}") for each in items]


def take_branch(turn: Turn, place: Place, node: ConditionNode, key: str, reason: str) -> None:
    """Run one of a condition's bodies; without an else-branch the condition is passed over."""
    if key == OTHERWISE and node.otherwise is None:
        turn.later(steps.Skip(place.path, f"{reason}, and there is no else-branch"))
    else:
        _enter(turn, node, e.BodyEntered(path=place.path, keys=(key,), reason=reason))


def _enter(turn: Turn, node: Composite, entered: e.BodyEntered) -> None:
    turn.emit(entered)
    go_on(turn, entered.path, node)


def go_on(turn: Turn, path: str, node: Composite) -> None:
    """Open the bodies whose turn it is, or be done when all are over."""
    join = turn.state.joins[path]
    if isinstance(node, LoopNode):
        open_round(turn, path, node, None)
        return
    limit = 1
    if isinstance(node, _JOINING):
        limit = node.limit or len(join.keys)
    while join.opened < len(join.keys) and join.opened - len(join.closed) < limit:
        _open(turn, path, node, join, join.keys[join.opened])
        join = turn.state.joins[path]
    if len(join.closed) == len(join.keys):
        _join(turn, path, node, join)


def open_round(
    turn: Turn, path: str, node: LoopNode, previous: Ref | None, feedback: str | None = None
) -> None:
    """Begin the next round of a loop, which sees the output of the round before as its item."""
    number = turn.state.joins[path].opened + 1
    inner = frame_path(path, str(number))
    turn.emit(e.FrameOpened(path=inner, place=path, key=str(number), number=number, item=previous))
    turn.later(steps.Enter(frame=inner, node=node.body.start, feedback=feedback))


def next_round(
    turn: Turn, frame: Frame, node: LoopNode, output: Ref, feedback: str | None = None
) -> None:
    """Close a round and begin the next one, whose first node reads the feedback."""
    turn.emit(e.FrameClosed(path=frame.path, output=output))
    open_round(turn, frame.place, node, output, feedback)


def stop(turn: Turn, path: str) -> None:
    """Close all bodies of a composite, with what is going on inside; approvals are withdrawn."""
    join = turn.state.joins.get(path)
    if join is None:
        return
    for frame in [each for each in turn.state.frames.values() if each.place == path and each.path]:
        questions.withdraw_all(turn, inside=frame.path)
        stopped = e.ErrorFacts(type="Stopped", message="the node around it is over")
        turn.emit(e.FrameClosed(path=frame.path, error=stopped))


def _open(turn: Turn, path: str, node: Composite, join: Join, key: str) -> None:
    inner = frame_path(path, key)
    details: dict[str, Any] = {}
    match node:
        case ParallelNode():
            details = {"sharing": e.Sharing.OWN}
        case MapNode():
            index = str(join.opened)
            details = {
                "sharing": e.Sharing.OWN,
                "number": join.opened + 1,
                "item": Pointer(join.items, (index,)),
            }
        case SubgraphNode():
            details = {"sharing": e.Sharing.APART, "input": _input(turn, path, node)}
        case _:
            pass
    turn.emit(e.FrameOpened(path=inner, place=path, key=key, **details))
    turn.later(steps.Enter(frame=inner, node=turn.graph.get_scope(inner).start))


def _input(turn: Turn, path: str, node: SubgraphNode) -> Mapping[str, Any]:
    view = RunView(turn.graph, turn.state, frame=frame_of(path))
    schema = node.graph.input
    if node.input is not None:
        values: Any = node.input(view)
    else:
        known = view.state
        values = {each.name: known[each.name] for each in schema.fields if each.name in known}
    try:
        return schema.dump(schema.parse(values))
    except InputError as error:
        whose = f"the input of {node.id!r}"
        raise InputError(
            [(f"{whose}, {field}" if field else whose, text) for field, text in error.problems]
        ) from error


def frame_done(turn: Turn, frame: Frame, node: Composite, output: Ref) -> None:
    """Close a body that has reached its end, and go on."""
    turn.emit(e.FrameClosed(path=frame.path, output=output, exports=_exports(node, frame.key)))
    if isinstance(node, AgentNode):
        turn.later(steps.Return(frame.place, output))
    else:
        go_on(turn, frame.place, node)


def leave_loop(turn: Turn, frame: Frame, output: Ref) -> None:
    """Close the last round; what it brought is what the loop brings."""
    turn.emit(e.FrameClosed(path=frame.path, output=output))
    turn.later(steps.Return(frame.place, output))


def _exports(node: Composite, key: str) -> tuple[str, ...]:
    match node:
        case ParallelNode():
            return tuple(sorted(named_keys(node.branches[key]).union(node.merge)))
        case MapNode():
            return tuple(sorted(node.merge))
        case _:
            return ()


def frame_failed(turn: Turn, frame: Frame, node: Composite, error: e.ErrorFacts) -> bool:
    """Close a branch that has failed; say whether the others go on without it."""
    if not isinstance(node, _JOINING) or node.on_branch_error is OnBranchError.FAIL_FAST:
        return False
    turn.emit(e.FrameClosed(path=frame.path, error=error))
    go_on(turn, frame.place, node)
    return True


def named(frame: Frame, node: Composite, error: e.ErrorFacts) -> e.ErrorFacts:
    """Say in which branch something has failed, where there are several."""
    return _together(node, {frame.key: error}) if isinstance(node, _JOINING) else error


def _join(turn: Turn, path: str, node: Composite, join: Join) -> None:
    """Make one output of what all the bodies brought."""
    failed = {key: error for key in join.keys if (error := join.closed[key].error) is not None}
    if failed and isinstance(node, _JOINING):
        if node.on_branch_error is not OnBranchError.BEST_EFFORT:
            turn.later(steps.Fail(path, _together(node, failed)))
            return
        facts = [
            {"key": key, "type": error.type, "message": error.message}
            for key, error in failed.items()
        ]
        turn.emit(e.BranchesFailed(path=path, errors=facts))
    outputs = tuple(join.closed[key].output for key in join.keys)
    match node:
        case MapNode():
            merge(turn, path, join, node.merge, join.keys)
            result: Ref = Gather(outputs)
        case ParallelNode():
            merge(turn, path, join, node.merge, join.keys)
            result = Gather(outputs, join.keys)
        case RouterNode() if join.is_list:
            result = Gather(outputs, join.keys)
        case _:
            result = outputs[-1] if outputs else NOTHING
    turn.later(steps.Return(path, result))


def _together(node: Composite, known: Mapping[str, e.ErrorFacts]) -> e.ErrorFacts:
    if len(known) == 1:
        ((key, error),) = known.items()
        return e.ErrorFacts(type=error.type, message=f"{frame_path(node.id, key)}: {error.message}")
    lines = "; ".join(
        f"{frame_path(node.id, key)}: {error.type}: {error.message}" for key, error in known.items()
    )
    return e.ErrorFacts(type="BranchesFailed", message=f"{len(known)} branches failed: {lines}")


def view_of(turn: Turn, frame: Frame) -> RunView:
    """Look at the run from inside a body."""
    return RunView(turn.graph, turn.state, frame=frame.path)
