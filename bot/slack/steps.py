"""The step for Slack's Workflow Builder: starts a run, and says how it ended, whenever that is.

Slack waits for the end of a step as long as it takes. What was asked for is stored before anything
is started, so that a step is finished also by a process that was started later.
https://docs.slack.dev/workflows/workflow-steps
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import visible_in_run
from bot.cards.values import one_line
from bot.errors import BotError
from bot.slack.command_line import CommandError, parse_command
from bot.slack.starting import Starts
from bot.slack.workspace.failures import Remedy, describe
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.errors import (
    DirectoryError,
    OrchestratorError,
    RunNotFoundError,
    StoreUnavailableError,
)
from orchestrator.runtime import Engine
from orchestrator.store.records import Run

START_RUN = "start_run"
SCOPE = "step"
#: The label with the step that a run was started for.
LABEL = "slack_step"
#: Seconds after which the steps under way are looked at, also if nothing was told of their runs.
LOOK = 20.0
_LONGEST = 10_000  # characters of an output; the steps behind this one take no more
_ERROR = 1000  # characters
#: Slack wants to hear no more of such a step.
_OVER = frozenset(
    {"execution_not_in_running_state", "function_execution_not_found", "access_denied"}
)
_log = structlog.get_logger(__name__)


class Step(BaseModel):
    """A step under way, as it is stored."""

    execution: str
    graph: str
    input: str
    requester: str
    run: str | None = None  #: None: it is still to be started


class Steps:
    """The steps of one workspace that are under way."""

    def __init__(
        self, engine: Engine, client: AsyncWebClient, starts: Starts, *, workspace: str
    ) -> None:
        self._engine = engine
        self._client = client
        self._starts = starts
        self._workspace = workspace
        self._runs: set[str] = set()
        self._news = asyncio.Event()
        self._lock = asyncio.Lock()
        engine.on_change(self._changed)

    async def take(self, execution: str, inputs: Mapping[str, Any]) -> None:
        """Store a step and have its run started; the same step again changes nothing.

        Raises:
            StoreUnavailableError: Nothing was recorded.
        """
        if await self._engine.values.get(SCOPE, self._name(execution)) is None:
            await self._put(
                Step(
                    execution=execution,
                    graph=str(inputs.get("graph") or "").strip(),
                    input=str(inputs.get("input") or "").strip(),
                    requester=str(inputs.get("requester") or ""),
                )
            )
        self._news.set()

    async def run(self) -> None:
        """Start and finish steps until it is cancelled."""
        while True:
            self._news.clear()
            try:
                await self.look()
            except StoreUnavailableError as error:
                _log.warning("slack_steps_not_read", reason=str(error))
            try:
                async with asyncio.timeout(LOOK):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Start what is to be started, and tell Slack what has ended."""
        async with self._lock:
            stored = await self._engine.values.list(SCOPE, f"{self._workspace}:")
            for name, body in stored.items():
                try:
                    step = Step.model_validate_json(body)
                except ValidationError:
                    _log.warning("slack_step_unreadable", step=name)
                    await self._engine.values.delete(SCOPE, name)
                    continue
                await self._go_on(step)

    async def _go_on(self, step: Step) -> None:
        if step.run is None:
            await self._start(step)
            return
        try:
            run = await self._engine.get_run(step.run)
        except RunNotFoundError:
            await self._fail(step, "The run is gone; it was archived.")
            return
        self._runs.add(run.id)
        if run.status in FINISHED:
            await self._finish(step, run)

    async def _start(self, step: Step) -> None:
        try:
            values, are_words = _values_of(step.input)
            run = await self._starts.start(
                step.graph,
                values,
                requester=step.requester,
                are_words=are_words,
                request=f"step:{step.execution}",
                labels={LABEL: step.execution},
            )
        except (DirectoryError, StoreUnavailableError, BotError) as error:
            _log.warning("slack_step_not_started", step=step.execution, reason=str(error))
            return  # the next look tries again
        except (OrchestratorError, CommandError, ValueError) as error:
            await self._fail(step, f"Nothing was started: {one_line(str(error))}")
            return
        self._runs.add(run.id)
        await self._put(step.model_copy(update={"run": run.id}))
        if run.status in FINISHED:
            self._news.set()

    async def _finish(self, step: Step, run: Run) -> None:
        if run.status is RunStatus.FAILED:
            await self._fail(step, f"Run {run.ref} failed: {one_line(run.error or 'see its log')}")
            return
        approvals = await self._engine.list_approvals(run.id)
        outcomes = [each.status for each in approvals if not each.is_open]
        outputs = {
            "run": run.ref,
            "status": run.status.value,
            "outcome": outcomes[-1] if outcomes else "",
            "output": await self._output(run),
        }
        try:
            await self._client.functions_completeSuccess(
                function_execution_id=step.execution, outputs=outputs
            )
        except Exception as exc:  # noqa: BLE001 - whatever it is, the next look tries again
            if not self._is_over(step, exc):
                return
        await self._forget(step)

    async def _output(self, run: Run) -> str:
        found = await self._engine.get_output(run.id)
        approvals = await self._engine.list_approvals(run.id)
        # Whatever the workflow does with it, people will read it.
        found = visible_in_run(found or {}, approvals, self._engine.graphs.get(run.graph))
        text = json.dumps(found, ensure_ascii=False, default=str)
        return text if len(text) <= _LONGEST else json.dumps({"too_long": run.ref})

    async def _fail(self, step: Step, why: str) -> None:
        try:
            await self._client.functions_completeError(
                function_execution_id=step.execution, error=why[:_ERROR]
            )
        except Exception as exc:  # noqa: BLE001 - whatever it is, the next look tries again
            if not self._is_over(step, exc):
                return
        await self._forget(step)

    @staticmethod
    def _is_over(step: Step, error: Exception) -> bool:
        """Does Slack want to hear no more of it?"""
        failure = describe(error)
        _log.warning("slack_step_not_told", step=step.execution, error=failure.code)
        return failure.code in _OVER or failure.remedy is Remedy.GONE

    async def _put(self, step: Step) -> None:
        name = self._name(step.execution)
        await self._engine.values.put(SCOPE, name, step.model_dump_json())

    async def _forget(self, step: Step) -> None:
        await self._engine.values.delete(SCOPE, self._name(step.execution))
        self._runs.discard(step.run or "")

    def _name(self, execution: str) -> str:
        return f"{self._workspace}:{execution}"

    def _changed(self, run: str, _is_news: bool) -> None:  # noqa: FBT001 - what the engine calls
        if run in self._runs:
            self._news.set()


def _values_of(text: str) -> tuple[Mapping[str, Any], bool]:
    """Read an input: a JSON object, or `key=value` as after the slash command.

    Returns:
        The values, and whether they are words.

    Raises:
        ValueError: It is neither.
    """
    if not text:
        return {}, False
    if text.startswith("{"):
        try:
            return dict(json.loads(text)), False
        except (ValueError, RecursionError):
            raise ValueError('the input is no JSON; write such as {"topic": "tea"}') from None
    line = parse_command(f"run {text}")
    if line.words:
        raise ValueError(f'{line.words[0]!r} is no key=value; write such as topic="two words"')
    return line.values, True
