"""Steps of workflows: started by people, ended by the app."""

from __future__ import annotations

from typing import Any

import pytest

from bot.simulator import ManifestError, SimulatorError
from bot.simulator.manifest import load_app

from .conftest import Client
from .wide import WIDE
from .wire import wired


async def _started(wide: Client) -> dict[str, Any]:
    async with wired(wide.sim) as wire:
        wide.sim.run_step("U0ALICE", "approve", question="Ship it?", approver="U0BOB")
        await wide.sim.settle()
        event: dict[str, Any] = wire.bodies[-1]["event"]
        return event


async def test_a_step_tells_the_app_what_it_was_given(wide: Client) -> None:
    """With a token that works while it runs."""
    event = await _started(wide)
    test = await wide.call("auth.test", token=event["bot_access_token"])

    assert event["type"] == "function_executed"
    assert event["function"]["callback_id"] == "approve"
    assert event["inputs"] == {"question": "Ship it?", "approver": "U0BOB"}
    assert test["team_id"] == "T0SIGNOFF"


async def test_the_app_ends_a_step_once(wide: Client) -> None:
    """A second word about it is refused."""
    execution = (await _started(wide))["function_execution_id"]
    done = await wide.call(
        "functions.completeSuccess",
        function_execution_id=execution,
        outputs={"decision": "approved", "votes": 2},
    )
    again = await wide.call(
        "functions.completeError", function_execution_id=execution, error="too late"
    )
    step = wide.sim.steps("U0ALICE")[-1]

    assert done == {"ok": True}
    assert again["error"] == "execution_not_in_running_state"
    assert (step.status, step.outputs) == ("completed", {"decision": "approved", "votes": 2})


async def test_a_step_can_end_with_an_error(wide: Client) -> None:
    """The words are for the workflow's owner."""
    execution = (await _started(wide))["function_execution_id"]
    await wide.call(
        "functions.completeError", function_execution_id=execution, error="Nobody answered."
    )
    step = wide.sim.steps("U0ALICE")[-1]

    assert (step.status, step.error) == ("failed", "Nobody answered.")


@pytest.mark.parametrize(
    "outputs",
    [{}, {"decision": 1}, {"decision": "yes", "votes": "two"}, {"decision": "yes", "more": 1}, []],
)
async def test_outputs_must_fit_the_manifest(wide: Client, outputs: Any) -> None:
    """The step goes on running."""
    execution = (await _started(wide))["function_execution_id"]
    refused = await wide.call(
        "functions.completeSuccess", function_execution_id=execution, outputs=outputs
    )

    assert refused["error"] == "parameter_validation_failed"
    assert wide.sim.steps("U0ALICE")[-1].status == "running"


async def test_an_unknown_step_cannot_be_ended(wide: Client) -> None:
    """Nor started."""
    refused = await wide.call(
        "functions.completeSuccess", function_execution_id="Fx0", outputs={"decision": "yes"}
    )
    with pytest.raises(SimulatorError, match="no step"):
        wide.sim.run_step("U0ALICE", "other")
    with pytest.raises(SimulatorError, match="question"):
        wide.sim.run_step("U0ALICE", "approve")

    assert refused["error"] == "function_execution_not_found"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settings": {**WIDE["settings"], "org_deploy_enabled": False}}, "org_deploy_enabled"),
        ({"functions": {"bare": {"title": "Bare"}}}, "needs a title"),
        ({"settings": {"org_deploy_enabled": True}}, "function_executed"),
    ],
)
def test_a_manifest_with_steps_must_be_complete(change: dict[str, Any], words: str) -> None:
    """Slack would refuse it."""
    with pytest.raises(ManifestError, match=words):
        load_app({**WIDE, **change})
