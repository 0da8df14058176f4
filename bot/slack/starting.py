"""Starting a run from Slack, once for every time that a person asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from bot.slack.decisions import CLICK_TIMEOUT, SURFACE, in_time
from bot.slack.seen import WINDOW
from bot.slack.tasks import TaskKeeper
from bot.slack.workspace.cache import Cache
from orchestrator.runtime import Engine
from orchestrator.store.records import Run

#: The label with the address of the message that a run was started from.
MESSAGE_LABEL = "slack_message"
_log = structlog.get_logger(__name__)


class Starts:
    """Starts runs; the same request, delivered again, gets the run that it started."""

    def __init__(
        self,
        engine: Engine,
        tasks: TaskKeeper,
        *,
        seconds: float = CLICK_TIMEOUT,
        workspace: str = "",
    ) -> None:
        """Set up.

        Args:
            engine: Where runs are started.
            tasks: What runs beside the request.
            seconds: In which a run must be stored.
            workspace: Whose people its questions ask; "" where there is only one.
        """
        self._engine = engine
        self._tasks = tasks
        self._seconds = seconds
        self._workspace = workspace
        self._started: Cache[tuple[str, str], Run] = Cache(ttl=WINDOW)

    async def start(  # noqa: PLR0913 - what a start is made of, all by keyword
        self,
        graph: str,
        values: Mapping[str, Any],
        *,
        requester: str,
        are_words: bool,
        request: str,
        labels: Mapping[str, str] | None = None,
        thread: tuple[str, str] | None = None,
    ) -> Run:
        """Start a run; it is stored when this returns.

        Args:
            graph: Which graph.
            values: Its input.
            requester: Who asks.
            are_words: `values` are texts.
            request: Names Slack's request; the same for every delivery of it, and to any process.
            labels: Facts to find the run by.
            thread: Channel and first message of the thread that is told of the start.

        Raises:
            NotRecordedError: It is not known to be stored within two seconds.
            OrchestratorError: It was refused; see `Engine.start`.
        """

        async def begin() -> Run:
            run = await self._engine.start(
                graph,
                values,
                requester=requester,
                surface=SURFACE,
                labels=labels,
                are_words=are_words,
                workspace=self._workspace,
                key=request,
            )
            if thread is not None:
                await self._engine.tell_thread(run, channel=thread[0], ts=thread[1])
            _log.info("run_started", run_id=run.id, graph=graph, by=requester)
            return run

        work = self._started.get((requester, request), begin)
        return await in_time(self._tasks, work, seconds=self._seconds)

    async def close(self) -> None:
        """Give up what is being started."""
        await self._started.close()
