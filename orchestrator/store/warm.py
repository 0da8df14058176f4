"""States of runs that are on the move, kept between the batches of one writer.

A run that is being worked on is written again within milliseconds. Its state is still true as long
as nobody but this writer has written; a run that waits for people is not kept at all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator.core.state import RunStatus, State

MOST = 256  # states
#: A state forgets values when it has this many more of them than it refers to.
SLACK = 64  # values
RATIO = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """A run's newest state, and the hash of its newest event."""

    state: State
    head: str


def prune(state: State) -> None:
    """Let a state forget values that it does not refer to any more, once there are many of them.

    Other copies of the state keep theirs.
    """
    if len(state.memory) <= SLACK:
        return
    needed = state.references() | {approval.seq for approval in state.approvals.values()}
    if len(state.memory) > RATIO * len(needed) + SLACK:
        memory = state.memory
        state.memory = {number: memory[number] for number in needed if number in memory}


class WarmStates:
    """The newest states, the least recently moved first to go."""

    def __init__(self) -> None:
        self._states: OrderedDict[str, Loaded] = OrderedDict()

    def find(self, run_ids: Iterable[str]) -> dict[str, Loaded]:
        """Return those of the runs that are known."""
        return {run_id: self._states[run_id] for run_id in run_ids if run_id in self._states}

    def keep(self, moved: Mapping[str, Loaded]) -> None:
        """Remember what a committed batch has led to."""
        for run_id, loaded in moved.items():
            self._states.pop(run_id, None)
            if loaded.state.status is RunStatus.RUNNING:
                prune(loaded.state)
                self._states[run_id] = loaded
        while len(self._states) > MOST:
            self._states.popitem(last=False)

    def forget(self) -> None:
        """Know nothing any more."""
        self._states.clear()
