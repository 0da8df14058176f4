"""The scenarios that Signoff ships for tests: they fail when they should, and say how."""

from __future__ import annotations

import pytest

from orchestrator.core import events as e
from orchestrator.core import refusals as r
from orchestrator.core.effects import Deliver
from orchestrator.testing import Scenario
from tests.unit.core.flows import at_review, decide, publishing, start, take


def test_a_difference_is_shown_in_both_transcripts():
    """Steps before it are there too, and only the lines that differ are marked."""
    scenario = Scenario(publishing()).given(start())
    with pytest.raises(AssertionError) as caught:
        scenario.when(take("write")).then(e.AttemptStarted, e.RunCompleted)
    lines = str(caught.value).splitlines()

    assert lines[0] == "expected (-) and actual (+) transcripts differ:"
    assert lines[1].startswith("  >> StartRun(")
    assert lines[2:4] == ["  << RunStarted", "  << NodeReady"]
    assert lines[4].startswith("  >> StartAttempt(")
    assert lines[5:] == ["  << AttemptStarted", "- << RunCompleted"]


def test_a_value_that_differs_is_shown_in_full():
    """The type's name alone would say nothing."""
    scenario = Scenario(publishing()).given(start())
    with pytest.raises(AssertionError) as caught:
        scenario.when(take("write")).then(e.AttemptStarted(path="write", attempt=2, owner="p1"))

    assert "- << AttemptStarted(path='write', attempt=2, owner='p1')" in str(caught.value)
    assert "+ << AttemptStarted(path='write', attempt=1, owner='p1')" in str(caught.value)


def test_a_refusal_where_events_were_expected_fails():
    """And the other way round."""
    scenario = Scenario(publishing()).given(start())
    with pytest.raises(AssertionError, match=r"\+ << NotCurrent\(reason='publish is not"):
        scenario.when(take("publish")).then(e.AttemptStarted)
    scenario = Scenario(publishing()).given(start())
    with pytest.raises(AssertionError, match=r"\+ << AttemptStarted"):
        scenario.when(take("write")).refused(r.NotCurrent)
    scenario = Scenario(publishing()).given(start())
    with pytest.raises(AssertionError, match=r"\+ << NotCurrent\(reason='publish is not"):
        scenario.given(take("publish"))


def test_effects_are_compared_too():
    """Expecting none is an expectation."""
    scenario = at_review()
    with pytest.raises(AssertionError, match=r"\+ << Deliver"):
        scenario.when(decide(scenario, "approve")).effects()
    scenario = at_review()
    with pytest.raises(AssertionError, match=r"- << Deliver"):
        scenario.when(decide(scenario, "approve")).effects(Deliver, Deliver)


def test_a_step_that_nobody_checked_is_an_error():
    """A forgotten check would pass for ever."""
    scenario = Scenario(publishing()).when(start())
    with pytest.raises(AssertionError, match="has not been checked"):
        scenario.when(take("write"))


def test_a_scenario_without_a_run_has_no_state():
    """The message says what is missing."""
    with pytest.raises(AssertionError, match="nothing has been started"):
        _ = Scenario(publishing()).state


def test_a_state_that_its_log_does_not_lead_to_is_found():
    """The check after each step is a real one."""
    scenario = at_review()
    scenario.log = scenario.log[:-1]
    with pytest.raises(AssertionError, match="the log leads to"):
        scenario.check()
