"""Agents at work: a turn of the agent's function, the tools that it asked for, the next turn."""

from __future__ import annotations

from orchestrator.core import events as e
from orchestrator.core import steps
from orchestrator.core.folding import SKIPPED
from orchestrator.core.ids import visit_path
from orchestrator.core.state import Closed, Frame, name_of
from orchestrator.core.turn import Turn
from orchestrator.core.values import Gather, Ref, part_of
from orchestrator.graph.composites import TURN, AgentNode


def child_done(turn: Turn, frame: Frame, agent: AgentNode, path: str, node_id: str) -> None:
    """Go on after a turn or a tool call of an agent."""
    if node_id != TURN:
        _await_tools(turn, frame)
        return
    output = turn.state.frames[frame.path].outputs[TURN]
    if not _asks_for_tools(turn, path):
        turn.later(steps.CloseFrame(frame.path, output, path))
        return
    if turn.state.frames[frame.path].visits[TURN] >= agent.max_turns:
        message = f"{agent.id} still asks for tools after {agent.max_turns} turns, its max_turns"
        turn.later(steps.Fail(frame.place, e.ErrorFacts(type="TooManyTurns", message=message)))
        return
    _call(turn, frame, agent, output)


def _asks_for_tools(turn: Turn, path: str) -> bool:
    return any(
        isinstance(record.event, e.NodeSucceeded)
        and record.event.path == path
        and record.event.is_calls
        for record in reversed(turn.records)
    )


def _call(turn: Turn, frame: Frame, agent: AgentNode, output: Ref) -> None:
    """Visit the tool of each call, all at the same time."""
    calls = turn.state.value(output)["calls"]
    visits = dict(turn.state.frames[frame.path].visits)
    paths = []
    for call in calls:
        tool = call["tool"]
        if tool not in agent.tools:
            paths.append("")
            continue
        visits[tool] = visits.get(tool, 0) + 1
        paths.append(visit_path(frame.path, tool, visits[tool]))
    turn.emit(e.CallsMade(path=frame.place, calls=output, paths=tuple(paths)))
    for index, (call, path) in enumerate(zip(calls, paths, strict=True)):
        if path:
            arguments = part_of(part_of(part_of(output, "calls"), str(index)), "arguments")
            turn.later(steps.Enter(frame=frame.path, node=call["tool"], answer=arguments))
    if not any(paths):
        _await_tools(turn, frame)


def _await_tools(turn: Turn, frame: Frame) -> None:
    """Begin the next turn once every call has been answered."""
    join = turn.state.joins[frame.place]
    if any(path and path not in join.closed for path in join.keys):
        return
    output = turn.state.frames[frame.path].outputs[TURN]
    calls = turn.state.value(output)["calls"]
    results = [
        _result(part_of(part_of(output, "calls"), str(index)), join.closed.get(path))
        for index, path in enumerate(join.keys[: len(calls)])
    ]
    memory = part_of(output, "memory")
    answer = Gather((memory, Gather(tuple(results))), ("memory", "results"))
    turn.later(steps.Enter(frame=frame.path, node=TURN, answer=answer))


def _result(call: Ref, closed: Closed | None) -> Ref:
    """Refer to what came of a call, as `ToolResult` names it."""
    parts = {name: part_of(call, name) for name in ("tool", "arguments", "id")}
    if closed is None:
        parts["unknown"] = part_of(call, "tool")
    elif closed.error is None:
        parts["output"] = closed.output
    elif closed.error.type == SKIPPED:
        parts["rejected"] = closed.output
    else:
        parts["error"] = closed.output
    if closed is not None and "arguments" in closed.keys:
        parts["arguments"] = closed.keys["arguments"]
    return Gather(tuple(parts.values()), tuple(parts))


def is_turn(path: str) -> bool:
    """Is a place inside an agent a turn of its function, and not a tool call?"""
    return name_of(path) == TURN
