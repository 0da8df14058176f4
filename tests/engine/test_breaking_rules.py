"""Standing rules that must not decide: over in the last moment, or granted for something else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orchestrator.core.state import RunStatus
from orchestrator.graph import Approver, Graph, GraphBuilder
from orchestrator.runtime import StaticDirectory
from orchestrator.testing import FakeClock
from tests.engine.conftest import EngineMaker
from tests.engine.test_gates import approve, only_question, settle, start

HOURS = timedelta(hours=4)


def tidy(_context: Any) -> str:
    """Do what the rule was granted for."""
    return "tidy"


def wipe(_context: Any) -> str:
    """Do something else."""
    return "wipe"


def cleaning(function: Any, *, title: str = "Clean") -> Graph:
    """Return a graph whose one task is asked about."""
    return (
        GraphBuilder("cleaning", title=title)
        .task("clean", function, confirm="@editors")
        .task("report", lambda _context: None)
        .edge("clean", "report")
        .start("clean")
        .ends("report")
        .build()
    )


async def test_h24_a_rule_does_not_speak_for_another_function(serve: EngineMaker) -> None:
    """Once the node does something else, people are asked again; other changes do not matter."""
    async with serve(cleaning(tidy)) as engine:
        run = await start(engine, "cleaning")
        await approve(engine, await only_question(engine, run), rule=HOURS)
        await settle(engine, run)
    async with serve(cleaning(wipe)) as engine:
        run = await start(engine, "cleaning")
        await engine.tick()
        assert (await settle(engine, run)).status == RunStatus.WAITING
    async with serve(cleaning(tidy, title="Clean up")) as engine:
        run = await start(engine, "cleaning")
        await engine.tick()
        assert (await settle(engine, run)).status == RunStatus.COMPLETED


async def test_h24_a_rule_that_is_revoked_meanwhile_does_not_decide(
    serve: EngineMaker, clock: FakeClock
) -> None:
    """It is looked at again once it is known that its person may still decide."""

    class Revoking(StaticDirectory):
        """Revokes the rule while the attendance asks about the person."""

        asked = 0

        async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
            """Answer as ever; the first question comes from the start of the run."""
            self.asked += 1
            if self.asked == 2:
                engine._directory = StaticDirectory({"editors": frozenset({"BOB"})})
                await engine.revoke_rule(rule.id, by="BOB", surface="test")
            return await super().members(approver, workspace=workspace)

    async with serve(cleaning(tidy)) as engine:
        run = await start(engine, "cleaning")
        await approve(engine, await only_question(engine, run), rule=HOURS)
        await settle(engine, run)
        (rule,) = await engine.list_rules()
        engine._directory = Revoking({"editors": frozenset({"BOB"})})
        run = await start(engine, "cleaning")
        await engine.tick()

        assert (await engine.get_rule(rule.id)).revoked_at == clock.now()
        assert (await settle(engine, run)).status == RunStatus.WAITING
