"""Prints how many commands a second the pure core takes, and that history costs nothing."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orchestrator.core import commands as c
from orchestrator.core.advance import Advance, advance
from orchestrator.core.state import PlaceStatus, State
from orchestrator.core.turn import Terms
from orchestrator.graph import Block, Graph, GraphBuilder
from orchestrator.store import migrate, open_store
from orchestrator.store.store import Store
from orchestrator.store.warm import prune

NODES = 10
ROUNDS = 7
SECONDS = 0.5  # a round
SHORT, LONG = 10, 10_000  # events of history
SAMPLES = 300  # commands per measurement
NOW = datetime(2030, 1, 1, tzinfo=UTC)
RUN = "0191d0c0a5b07cc08a0f0000000000ab"
_TERMS = Terms()


def _nothing(_context: Any) -> None:
    """Stand for a task; the core never calls it."""


def chain() -> Graph:
    """Return a graph of ten nodes in a row."""
    names = [f"n{number}" for number in range(NODES)]
    builder = GraphBuilder("chain")
    for name in names:
        builder.task(name, _nothing)
    return builder.sequence(*names).start(names[0]).ends(names[-1]).build()


def edge_loop() -> Graph:
    """Return two nodes that lead to one another for ever."""
    return (
        GraphBuilder("edges", max_visits=10_000_000)
        .task("work", _nothing, writes="made")
        .task("look", _nothing)
        .end("done")
        .edge("work", "look")
        .edge("look", "done", lambda view: view.state.get("made") == "enough")
        .edge("look", "work")
        .start("work")
        .build()
    )


def loop_node() -> Graph:
    """Return a loop whose body is one node."""
    return (
        GraphBuilder("loop", max_visits=10_000_000)
        .loop("again", Block().task("work", _nothing, writes="made"), max_rounds=10_000_000)
        .start("again")
        .ends("again")
        .build()
    )


def next_command(state: State) -> c.Command:
    """Return what gets the one node on that the run is at."""
    place = next(each for each in state.places.values() if each.status is not PlaceStatus.ACTIVE)
    if place.status is PlaceStatus.READY:
        return c.StartAttempt(path=place.path, owner="bench")
    return c.FinishAttempt(path=place.path, attempt=place.attempt, output={"made": "something"})


def carry_out(graph: Graph, state: State | None, command: c.Command) -> State:
    """Return the state after a command, which must be accepted."""
    answer = advance(graph, state, command, now=NOW, terms=_TERMS)
    if not isinstance(answer, Advance):
        raise TypeError(f"{command} was refused: {answer}")
    return answer.state


def start(graph: Graph) -> State:
    """Start a run."""
    command = c.StartRun(run_id=RUN, input={}, requester="ALICE", surface="bench")
    return carry_out(graph, None, command)


def _rate(graph: Graph) -> float:
    """Return commands a second of whole runs, one after the other."""
    done, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < SECONDS:
        state = start(graph)
        done += 1
        while not state.is_finished:
            state = carry_out(graph, state, next_command(state))
            done += 1
    return done / took


def _grown(graph: Graph, length: int) -> State:
    """Return a run of so many events, as the writer keeps it between two commits."""
    state = start(graph)
    while state.seq < length:
        state = carry_out(graph, state, next_command(state))
        prune(state)
    return state


def _per_command(graph: Graph, state: State) -> float:
    """Return the seconds that a command takes, the state moving on by itself."""
    took = 0.0
    for _ in range(SAMPLES):
        command = next_command(state)
        began = time.perf_counter()
        state = carry_out(graph, state, command)
        prune(state)
        took += time.perf_counter() - began
    return took / SAMPLES


def _warm(graph: Graph) -> tuple[list[float], list[float]]:
    """Return seconds per command of a short and of a long run in memory, in turns."""
    states = _grown(graph, SHORT), _grown(graph, LONG)
    pairs = [[_per_command(graph, state) for state in states] for _ in range(ROUNDS)]
    return [short for short, _ in pairs], [long for _, long in pairs]


class Stored:
    """A run in a database, whose state every command reads from its checkpoint."""

    def __init__(self, store: Store, graph: Graph, run_id: str) -> None:
        self._store = store
        self._graph = graph
        self._run = run_id
        self._last: State | None = None

    async def send(self, command: c.Command | None = None) -> None:
        """Commit a command: the one given, or what gets the run on."""

        def step(state: State | None, now: datetime) -> Any:
            chosen = command or next_command(state) if state else command
            if chosen is None:
                raise LookupError(self._run)
            return advance(self._graph, state, chosen, now=now, terms=_TERMS)

        answer = await self._store.commit(self._run, step)
        if not isinstance(answer, Advance):
            raise TypeError(f"{command} was refused: {answer}")
        self._last = answer.state

    @property
    def length(self) -> int:
        """Number of events."""
        return self._last.seq if self._last else 0

    async def grow(self, length: int) -> None:
        """Start the run and bring it to so many events."""
        start_run = c.StartRun(run_id=self._run, input={}, requester="ALICE", surface="bench")
        await self.send(start_run)
        while self.length < length:
            await self.send()

    async def per_command(self, count: int) -> float:
        """Return the seconds that a command takes whose state is read from the database."""
        took = 0.0
        for _ in range(count):
            self._store._writer._warm.forget()  # noqa: SLF001 - as if another process had written
            began = time.perf_counter()
            await self.send()
            took += time.perf_counter() - began
        return took / count


async def _cold(graph: Graph, folder: Path) -> tuple[list[float], list[float]]:
    """Return seconds per command of a short and of a long run in a database, in turns."""
    url = f"sqlite+aiosqlite:///{folder / graph.id}.db"
    await migrate(url)
    async with open_store(url, now=lambda: NOW) as store:
        short = Stored(store, graph, f"{1:032x}")
        long = Stored(store, graph, f"{2:032x}")
        await short.grow(SHORT)
        await long.grow(LONG)
        found: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            fresh = Stored(store, graph, f"{int(time.perf_counter() * 1e9):032x}")
            await fresh.grow(SHORT)
            found[0].append(await fresh.per_command(40))
            found[1].append(await long.per_command(40))
    return found


def _say(name: str, short: list[float], long: list[float]) -> None:
    one, many = statistics.median(short), statistics.median(long)
    print(f"{name:<44}{one * 1e6:>9,.0f} µs{many * 1e6:>9,.0f} µs{many / one:>8.2f}")


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    argparse.ArgumentParser(prog="python -m benchmarks advance", description=__doc__).parse_args(
        arguments
    )
    graph = chain()
    _rate(graph)  # warms caches up
    rates = [_rate(graph) for _ in range(ROUNDS)]
    median = statistics.median(rates)
    print(
        f"advance, a graph of {NODES} nodes: {median:,.0f} commands/s, median of {ROUNDS} rounds "
        f"({min(rates):,.0f}-{max(rates):,.0f}); {median / 20_000:.2f} of the 20,000 wanted\n"
    )
    print(f"{'a command after so many events':<44}{SHORT:>12,}{LONG:>12,}{'ratio':>8}")
    for made, name in ((edge_loop(), "edges that lead back"), (loop_node(), "a loop node")):
        _say(f"{name}, state in memory", *_warm(made))
    with tempfile.TemporaryDirectory() as folder:
        for made, name in ((edge_loop(), "edges that lead back"), (loop_node(), "a loop node")):
            _say(f"{name}, from the checkpoint", *asyncio.run(_cold(made, Path(folder))))
