"""What the machine of the whole engine is played on: a file, processes on it, and evidence."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine
from structlog.testing import capture_logs

from orchestrator.errors import OrchestratorError
from orchestrator.graph import Graph
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.runtime import Engine
from orchestrator.store import Approval
from orchestrator.testing import FakeClock
from tests.property.evidence import Evidence
from tests.property.shapes import ANSWER, SIGNAL
from tests.property.world import Died, Outside, Process, own_tasks

LEASE = timedelta(seconds=6)
MINUTE = timedelta(minutes=1)


def values_for(approval: Approval, decision: Decision) -> Any:
    """Return values that fit a decision."""
    match decision:
        case Decision.ANSWER:
            return ANSWER
        case Decision.CHOOSE:
            return [approval.choices[0]]
        case Decision.RESULT:
            return {"made": "outside"}
        case Decision.EDIT:
            return edited(approval.edits)
        case _:
            return None


def edited(value: Any) -> Any:
    """Return a value of the same types, with other texts."""
    match value:
        case str():
            return f"{value}!"
        case dict():
            return {key: edited(each) for key, each in value.items()}
        case list():
            return [edited(each) for each in value]
        case _:
            return value


def answerers(approval: Approval) -> list[str]:
    """Return people who together can answer a question."""
    names = [name.replace("@pair", "CAROL") for name in approval.approvers]
    return [*(name for name in names if name != "ANN"), "DAN"]


class Stage(RuleBasedStateMachine):
    """One or two processes on one file, and what must be done around everything else."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=memory())
        self.file = Path(shutil.copy(self.template, self.folder.name))
        self.runner = asyncio.Runner()
        own_tasks(self.runner.get_loop())
        self.logs = capture_logs()
        self.logs.__enter__()
        self.excepthook = threading.excepthook
        threading.excepthook = self.hear
        self.clock = FakeClock()
        self.outside = Outside(self.clock)
        self.evidence = Evidence(self.outside)
        self.processes: list[Process] = []
        self.keys = count()
        self.has_chat = False
        #: Why the newest answer was refused that was.
        self.refused: OrchestratorError | None = None
        self.graphs: dict[str, Graph] = {}

    async def open(self) -> Process:
        """Start another process."""
        process = Process(self.file, self.graphs, self.clock)
        await process.open(has_chat=self.has_chat)
        self.processes.append(process)
        return process

    def do(self, action: Callable[[], Awaitable[object]]) -> None:
        """Do something, then everything that the engines do by themselves, then look at it all."""

        async def whole() -> None:
            with suppress(Died):
                await action()
                await self.settle()
            await self.bury()
            await self.settle()
            await self.evidence.look(self.processes[0].engine, self.graphs)

        self.runner.run(whole())

    async def bury(self) -> None:
        """Have another process in the place of each that has died."""
        dead = [each for each in self.processes if each.is_dead]
        for process in dead:
            self.processes.remove(process)
            await process.die()
        if dead and not self.processes:
            await self.open()
        if dead:
            self.clock.advance(LEASE)
        for process in self.processes:
            process.disarm()

    async def settle(self) -> None:
        """Wait until the engines can do nothing more by themselves."""
        async with asyncio.timeout(30):
            while True:
                for process in self.processes:
                    await process.call(process.engine.tick)
                if not await self.is_busy():
                    return
                await asyncio.sleep(0)

    async def is_busy(self) -> bool:
        """Is something under way or due?"""
        for process in self.processes:
            kernel = process.engine._kernel
            if kernel._under_way or process.engine.statistics().running_attempts:
                return True
        store = self.processes[0].store
        return bool(await store.due_timers(self.clock.now(), 1) or await store.ready_jobs(1))

    async def asked(self) -> list[Approval]:
        """Return the open approvals, in an order that is the same every time."""
        found = await self.processes[0].engine.list_pending(limit=500)
        return sorted(found, key=lambda each: (self.evidence.number(each.run_id), each.path))

    def any_process(self, which: int) -> Process:
        """Return one of the processes."""
        return self.processes[which % len(self.processes)]

    async def decide(
        self, process: Process, approval: Approval, decision: str, by: str, **options: Any
    ) -> bool:
        """Answer; say whether the answer was taken."""
        key = options.pop("key", None) or f"key {next(self.keys)}"
        self.outside.click(approval.id)
        self.evidence.try_key(approval.run_id, key)
        try:
            await process.call(
                lambda: process.engine.decide(
                    approval.id, decision, by=by, surface="slack", key=key, **options
                )
            )
        except OrchestratorError as error:
            self.refused = error
            self.evidence.refuse_key(approval.run_id, key)
            return False
        self.evidence.accept_key(approval.run_id, key)
        return True

    async def answer_fully(self, process: Process, approval: Approval, decision: Decision) -> None:
        """Have enough people give the same answer."""
        for by in answerers(approval):
            found = await process.call(lambda: process.engine.get_approval(approval.id))
            if not found.is_open:
                return
            values = values_for(found, decision)
            is_taken = await self.decide(process, found, decision.value, by, values=values)
            policy = approval.policy
            takes_one = sum(s.count or 9 for each in policy.stages for s in each.slots) == 1
            if takes_one and not any(each.four_eyes for each in policy.stages):
                assert is_taken, f"{by} may say {decision} to {approval.path} and was refused"

    async def deliver(self) -> None:
        """Finish all deliveries."""
        process = self.processes[0]
        while found := await process.engine.claim_deliveries(owner="x", limit=50, lease=MINUTE):
            for each in found:
                await process.call(
                    partial(process.engine.finish_delivery, each, channel="C", ts="1")
                )

    async def bring_on(self) -> None:
        """Answer everything, send every signal, and let an hour pass."""
        process = self.processes[0]
        for run in self.evidence.runs:
            for what in ("resume", "signal"):
                with suppress(OrchestratorError):
                    await process.call(partial(steer_run, process.engine, run, what))
        await self.deliver()
        for approval in await self.asked():
            word = 1 if approval.kind is ApprovalKind.ERROR else 0
            found = await process.engine.get_approval(approval.id)
            if found.is_open:
                await self.answer_fully(process, found, found.decisions[word])
        await self.settle()
        self.clock.advance(timedelta(hours=1))

    async def end(self) -> None:
        """Stop every process."""
        for process in self.processes:
            await (process.die() if process.is_dead else process.stop())

    def hear(self, args: Any) -> None:
        """Let threads of dead processes end quietly."""
        if args.exc_type is not SystemExit:
            self.excepthook(args)


async def meddle_with(engine: Engine, name: str, by: str, what: str) -> None:
    """Look after a question."""
    match what:
        case "withdraw":
            await engine.withdraw(name, by=by)
        case "extend":
            await engine.extend(name, by=by, until=15 * MINUTE)
        case "delegate":
            await engine.delegate(name, by=by, to="DAN")
        case "reassign":
            await engine.reassign(name, "CAROL, OPS", by=by)
        case "snooze":
            await engine.snooze(name, by=by, until=MINUTE)
        case _:
            await engine.remind(name, by=by)


async def steer_run(engine: Engine, run: str, what: str) -> None:
    """Send a run a signal, pause it, let it go on, or cancel it."""
    match what:
        case "signal":
            await engine.signal(run, SIGNAL, {"made": 1}, by="EVE", surface="python")
        case "pause":
            await engine.pause(run, by="OPS")
        case "resume":
            await engine.resume(run, by="OPS")
        case _:
            await engine.cancel(run, by="ANN", surface="python")


def memory() -> str | None:
    """Return a folder in memory, where there is one: what dies here is no computer."""
    folder = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    return str(folder) if folder.is_dir() else None
