"""The simulator: one object that starts a local Slack and moves its people."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from bot.simulator.api_oauth import CLIENT_ID, CLIENT_SECRET
from bot.simulator.api_schedule import keep_schedule
from bot.simulator.callbacks import Callbacks
from bot.simulator.cast import Cast
from bot.simulator.control import Control
from bot.simulator.defaults import demo_world
from bot.simulator.delivery import Ack, Delivery
from bot.simulator.errors import SimulatorError
from bot.simulator.log import LogEntry
from bot.simulator.manifest import load_app
from bot.simulator.server import Server
from bot.simulator.socketmode import SocketMode
from bot.simulator.storage import Storage
from bot.simulator.timing import Timing
from bot.simulator.tokens import APP_TOKEN, BOT_TOKEN
from bot.simulator.webapi import WebApi
from bot.simulator.workspace import Workspace

T = TypeVar("T")

SIGNING_SECRET = "simulator-signing-secret"  # noqa: S105 - signs for the local simulator only
RECORD_VARIABLE = "SIMULATOR_RECORD"
"""Names a file to which every simulator of the process appends what crosses the wire."""


class Simulator(Cast):
    """A Slack workspace on loopback with one app installed.

    Use it as an async context manager; it listens inside. With `request_url` it posts signed
    callbacks to the app, otherwise the app connects by Socket Mode. With `state_file` the
    world is durable before any call is answered, and survives kill -9.

    Attributes:
        bot_token: The token for the Web API.
        app_token: The token for opening Socket Mode connections.
        signing_secret: Signs callbacks in HTTP mode.
        client_id: Identifies the app in an OAuth installation.
        client_secret: Exchanges a code for the bot token.
    """

    def __init__(  # noqa: PLR0913 - everything that differs between uses, keyword-only but one
        self,
        manifest: Path | Mapping[str, Any] | None = None,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        state_file: Path | None = None,
        request_url: str | None = None,
        signing_secret: str | None = None,
        clock: Callable[[], float] | None = None,
        timing: Timing | None = None,
        refresh_every: float | None = None,
    ) -> None:
        self._address = (host, port)
        self._schedule: asyncio.Task[None] | None = None
        self.client_id = CLIENT_ID
        self.client_secret = CLIENT_SECRET
        self.bot_token = BOT_TOKEN
        self.app_token = APP_TOKEN
        self.signing_secret = signing_secret or SIGNING_SECRET
        app = load_app(manifest)
        self._storage = None if state_file is None else Storage(state_file)
        world = (self._storage.load() if self._storage else None) or demo_world(app.name)
        workspace = Workspace(
            world,
            app,
            clock=clock or time.time,
            timing=timing or Timing(),
            storage=self._storage,
        )
        workspace.save()
        socket = None if request_url else SocketMode(workspace, refresh_every=refresh_every)
        self._callbacks = (
            Callbacks(workspace, request_url, self.signing_secret) if request_url else None
        )
        transport = socket or self._callbacks
        assert transport is not None, "there is one of two transports"  # noqa: S101 - own invariant
        super().__init__(workspace, Delivery(workspace, transport), socket)
        webapi = WebApi(workspace, connect=None if socket is None else socket.issue_url)
        self._server = Server(workspace, webapi, Control(self), socket)
        if os.environ.get(RECORD_VARIABLE):
            self.record_to(Path(os.environ[RECORD_VARIABLE]))

    async def __aenter__(self) -> Self:
        try:
            self.workspace.url = await self._server.start(*self._address)
        except (OSError, ValueError):
            if self._storage is not None:
                self._storage.close()
            raise
        self._schedule = asyncio.create_task(keep_schedule(self.workspace))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._schedule is not None:
            self._schedule.cancel()
            await asyncio.gather(self._schedule, return_exceptions=True)
        await self._delivery.close()
        self.workspace.changes.close()
        await self._server.stop()
        self.workspace.save()
        if self._storage is not None:
            self._storage.close()

    @property
    def url(self) -> str:
        """The simulator's address, for a browser."""
        return self.workspace.url

    @property
    def api_url(self) -> str:
        """The base URL to give to a Slack client."""
        return f"{self.workspace.url}/api/"

    @property
    def log(self) -> list[LogEntry]:
        """Every API call and every envelope, the oldest first."""
        return self.workspace.log.entries

    def record_to(self, path: Path | None) -> None:
        """Append everything that crosses the wire to a file of JSON lines; None stops it."""
        self.workspace.log.record_to(path)

    async def verify_url(self, challenge: str) -> Ack:
        """Post a url_verification, as when a request URL is saved.

        Raises:
            SimulatorError: The app has no request URL.
        """
        if self._callbacks is None:
            raise SimulatorError("the app is connected by Socket Mode and has no request URL")
        return await self._callbacks.verify(challenge)
