"""The fold of events, and checkpoints: what cannot happen is an error, not a guess."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.core import events as e
from orchestrator.core.chain import GENESIS, link
from orchestrator.core.checkpoint import dump, references, restore
from orchestrator.core.fold import apply, begin
from tests.unit.core.flows import RUN, at_review

AT = datetime(2030, 1, 1, tzinfo=UTC)


def test_a_run_begins_with_its_start():
    """And starts once."""
    scenario = at_review()
    with pytest.raises(TypeError, match="a run begins with RunStarted, not NodeReady"):
        begin(RUN, scenario.log[1])
    with pytest.raises(ValueError, match="a run starts once"):
        apply(scenario.state, scenario.log[0])


@pytest.mark.parametrize(
    "event",
    [
        e.AttemptStarted(path="nowhere", attempt=1, owner="p1"),
        e.AttemptFailed(path="nowhere", attempt=1, error=e.ErrorFacts(type="T", message="m")),
        e.NodeSucceeded(path="nowhere", attempt=1, output=None),
        e.NodeSkipped(path="nowhere", reason="none"),
        e.ReminderFired(approval_id="nothing"),
        e.ApprovalDeferred(approval_id="nothing", times=e.Times(due_at=AT)),
    ],
)
def test_an_event_that_does_not_follow_is_an_error(event):
    """So that a damaged log is found and not papered over."""
    state = at_review().state
    with pytest.raises(LookupError):
        apply(state, e.Record(state.seq + 1, AT, event))


def test_a_fold_changes_no_other_copy_of_a_state():
    """A copy is a value of its own; an old one stays what it was."""
    scenario = at_review()
    states = [begin(RUN, scenario.log[0])]
    for record in scenario.log[1:]:
        states.append(states[-1].copy())
        apply(states[-1], record)
    again = begin(RUN, scenario.log[0])
    for state, record in zip(states, scenario.log[1:], strict=False):
        assert state == again
        apply(again, record)

    assert states[-1] == scenario.state


def test_a_checkpoint_needs_few_events_however_long_the_log_is():
    """Only those that hold values or open questions, so a step's cost does not grow."""
    scenario = at_review()
    document = dump(scenario.state)

    assert references(document) == {1, 4, 7}
    assert len(scenario.log) == 7


def test_a_checkpoint_whose_events_are_gone_is_an_error():
    """A state is never made up."""
    scenario = at_review()
    records = {each.seq: each for each in scenario.log if each.seq != 4}
    with pytest.raises(LookupError):
        restore(RUN, 7, dump(scenario.state), records)


def test_a_checkpoint_whose_events_are_others_is_an_error():
    """The question has to be where the document says."""
    scenario = at_review()
    records = {each.seq: each for each in scenario.log} | {7: scenario.log[5]}
    with pytest.raises(TypeError, match="event 6 opens no approval"):
        restore(RUN, 7, dump(scenario.state), records)


@pytest.mark.parametrize("part", ["previous", "run_id", "seq", "at", "kind", "body"])
def test_a_link_covers_every_part_of_an_event(part):
    """And where one ends and the next begins."""
    parts = {"run_id": RUN, "seq": 2, "at": "t", "kind": "K", "body": "{}"}
    changed = parts | {part: 3 if part == "seq" else "x"}
    previous = changed.pop("previous", GENESIS)

    assert link(GENESIS, **parts) == link(GENESIS, **parts)
    assert link(GENESIS, **parts) != link(previous, **changed)
    assert link(GENESIS, **parts | {"kind": "K{", "body": "}"}) != link(GENESIS, **parts)
