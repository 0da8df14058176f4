"""What is wrong with one node by itself, wherever it stands in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from orchestrator.graph.composites import AgentNode, SubgraphNode
from orchestrator.graph.nodes import EndNode, Retry, TaskNode, WaitNode
from orchestrator.graph.problems import Declared
from orchestrator.graph.views import DECISION_KEY, RESPONSE_KEY

#: Longest wait; beyond it a number with a wrong unit is likelier than a patient author.
MAX_WAIT = timedelta(days=3650)
#: What work that is done outside makes no use of.
_FUNCTION_ONLY = ("reads", "retry", "timeout", "idempotent")


def find_node_problems(declared: Declared) -> Iterator[str]:
    """List what is wrong with the node's own options."""
    node = declared.node
    match node:
        case TaskNode():
            yield from _task(node)
            if node.function is None:
                yield from _outside(node, declared.given)
        case AgentNode():
            yield from _task(node.turn)
            if node.turn.function is None:
                yield "has no function; give the one that calls the model"
            if node.turn.undo is not None:
                yield "has undo, which an agent does not use; give its tools an undo"
        case WaitNode():
            yield from _wait(node, declared.given)
        case SubgraphNode():
            yield from names("writes", node.writes)
            yield from decision_keys(node.writes)
        case EndNode():
            yield from names("output", node.output)
        case _:
            pass


def _task(node: TaskNode) -> Iterator[str]:
    yield from names("reads", node.reads)
    yield from names("writes", node.writes)
    yield from positive("timeout", node.timeout)
    yield from _retry(node.retry)
    yield from decision_keys(node.writes)


def _outside(node: TaskNode, given: frozenset[str]) -> Iterator[str]:
    used = {"reads"} if node.undo is not None else set()
    for option in _FUNCTION_ONLY:
        if option in given - used:
            remedy = "put it in the gate" if option in ("timeout", "reads") else "take it out"
            yield f"has {option}, but no function to use it; {remedy}"


def _wait(node: WaitNode, given: frozenset[str]) -> Iterator[str]:
    ways = [name for name in ("duration", "until", "signal") if name in given]
    if len(ways) != 1:
        has = " and ".join(ways) or "nothing to wait for"
        yield f"has {has}; give exactly one of duration, until and signal"
    yield from positive("duration", node.duration)
    yield from positive("timeout", node.timeout)
    yield from names("writes", node.writes)
    yield from decision_keys(node.writes)
    if node.signal is not None:
        yield from names("signal", (node.signal,))
    else:
        for option in ("schema", "timeout", "writes"):
            if option in given:
                yield f"has {option}, which only a wait for a signal uses; take it out"


def decision_keys(writes: tuple[str, ...]) -> Iterator[str]:
    """Refuse to let anything but an answer set the keys of an answer."""
    for key in (DECISION_KEY, RESPONSE_KEY):
        if key in writes:
            yield f"writes {key!r}, which only an answer may set; choose another key"


def names(option: str, listed: tuple[str, ...]) -> Iterator[str]:
    """Refuse names that are empty."""
    if not all(name.strip() for name in listed):
        yield f"{option} has an empty name; write keys of the state, or * for all"


def positive(option: str, value: object) -> Iterator[str]:
    """Refuse durations that are over at once, and absurd ones."""
    if not isinstance(value, timedelta):
        return
    if value <= timedelta(0):
        yield f"{option} is {value.total_seconds():g} seconds; make it longer than nothing"
    elif value > MAX_WAIT:
        yield f"{option} is longer than {MAX_WAIT.days} days; check the unit, such as 5m or 2d"


def _retry(retry: Retry) -> Iterator[str]:
    if retry.attempts < 1:
        yield f"retry has {retry.attempts} attempts; the first try counts, so make it at least 1"
    if retry.delay < timedelta(0):
        yield "retry has a delay below zero; make it zero or longer"
    yield from positive("cap of retry", retry.cap)
    if retry.factor < 1:
        yield f"retry has the factor {retry.factor:g}; make it at least 1, or waits would shrink"
    if not 0 <= retry.jitter <= 1:
        yield f"retry has the jitter {retry.jitter:g}; it is a share, so make it 0 to 1"
