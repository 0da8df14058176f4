"""The simulator: one object that starts a local Slack and moves its people."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.simulator.api_oauth import CLIENT_ID, CLIENT_SECRET
from bot.simulator.api_schedule import keep_schedule
from bot.simulator.callbacks import Callbacks
from bot.simulator.cast import Cast
from bot.simulator.control import Control
from bot.simulator.defaults import FIRST, demo_world
from bot.simulator.delivery import Ack, Delivery
from bot.simulator.errors import SimulatorError
from bot.simulator.grants import install_first, token_of
from bot.simulator.log import LogEntry
from bot.simulator.manifest import load_app
from bot.simulator.server import Server
from bot.simulator.site import Site
from bot.simulator.socketmode import SocketMode
from bot.simulator.storage import Storage
from bot.simulator.timing import Timing
from bot.simulator.tokens import APP_TOKEN, BOT_TOKEN
from bot.simulator.webapi import WebApi
from bot.simulator.workspace import Workspace
from bot.simulator.world import Team

SIGNING_SECRET = "simulator-signing-secret"  # noqa: S105 - signs for the local simulator only
RECORD_VARIABLE = "SIMULATOR_RECORD"
"""Names a file to which every simulator of the process appends what crosses the wire."""


class Simulator(Cast):
    """A Slack workspace on loopback with one app installed.

    Use it as an async context manager; it listens inside. With `request_url` it posts signed
    callbacks to the app, otherwise the app connects by Socket Mode. With `state_file` the
    world is durable before any call is answered, and survives kill -9. Further workspaces
    begin without the app, unless they say otherwise; with `install_url`, the address of the
    app's own page for its installation, the first one does, too.

    Attributes:
        bot_token: The token for the Web API.
        app_token: The token for opening Socket Mode connections.
        signing_secret: Signs callbacks in HTTP mode.
        client_id: Identifies the app in an OAuth installation.
        client_secret: Exchanges a code for the bot token.
        casts: The people of every workspace by its id; the first is the simulator itself.
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
        workspaces: Sequence[Team] = (),
        install_url: str = "",
    ) -> None:
        self._address = (host, port)
        self._schedules: list[asyncio.Task[None]] = []
        self.client_id = CLIENT_ID
        self.client_secret = CLIENT_SECRET
        self.bot_token = BOT_TOKEN
        self.app_token = APP_TOKEN
        self.signing_secret = signing_secret or SIGNING_SECRET
        app = load_app(manifest)
        site = Site(app, clock=clock or time.time, timing=timing or Timing())
        site.install_url = install_url
        site.is_preinstalled = not install_url
        first = replace(FIRST, is_installed=site.is_preinstalled)
        main, *others = [_open(site, team, state_file) for team in (first, *workspaces)]
        install_first(site)
        for workspace in site.workspaces.values():
            workspace.save()
        socket = None if request_url else SocketMode(main, refresh_every=refresh_every)
        self._callbacks = Callbacks(main, request_url, self.signing_secret) if request_url else None
        transport = socket or self._callbacks
        assert transport is not None, "there is one of two transports"  # noqa: S101 - own invariant
        super().__init__(main, Delivery(main, transport), socket)
        self.casts: dict[str, Cast] = {main.team.id: self}
        for workspace in others:
            self.casts[workspace.team.id] = Cast(workspace, Delivery(workspace, transport), socket)
        webapi = WebApi(site, connect=None if socket is None else socket.issue_url)
        self._site = site
        self._server = Server(site, webapi, Control(self.casts), socket)
        if os.environ.get(RECORD_VARIABLE):
            self.record_to(Path(os.environ[RECORD_VARIABLE]))

    async def __aenter__(self) -> Self:
        try:
            self._site.url = await self._server.start(*self._address)
        except (OSError, ValueError):
            self._close()
            raise
        self._schedules = [
            asyncio.create_task(keep_schedule(workspace))
            for workspace in self._site.workspaces.values()
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for schedule in self._schedules:
            schedule.cancel()
        await asyncio.gather(*self._schedules, return_exceptions=True)
        for people in self.casts.values():
            await people.close()
        self._site.changes.close()
        await self._server.stop()
        self._close()

    def _close(self) -> None:
        for workspace in self._site.workspaces.values():
            workspace.close()

    @property
    def url(self) -> str:
        """The simulator's address, for a browser."""
        return self._site.url

    @property
    def api_url(self) -> str:
        """The base URL to give to a Slack client."""
        return f"{self._site.url}/api/"

    @property
    def log(self) -> list[LogEntry]:
        """Every API call and every envelope, the oldest first."""
        return self.workspace.log.entries

    def token_of(self, team: str) -> str | None:
        """Return the newest token that works in a workspace, or None where the app is not."""
        return token_of(self._site, team)

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


def _open(site: Site, team: Team, state_file: Path | None) -> Workspace:
    """Return a workspace as its state file has it; every one but the first has its own."""
    path = state_file
    if path is not None and team.id != FIRST.id:
        path = path.with_name(f"{path.stem}.{team.id}{path.suffix}")
    storage = None if path is None else Storage(path)
    world = (storage.load() if storage else None) or demo_world(site.app.name, team)
    return Workspace(world, site, storage=storage)
