"""A bot that is installed by OAuth, at a simulator with several workspaces."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import aiohttp
from aiohttp import web

from bot.simulator import Simulator
from bot.simulator.world import Team
from bot.slack.app import SlackSurface
from bot.slack.install.installed import InstalledWorkspaces
from bot.slack.install.manifest import BOT_SCOPES, document, manifest
from bot.slack.install.pages import COOKIE, InstallPages
from bot.slack.install.vault import Vault, new_key
from bot.slack.transport.http import routes
from orchestrator.runtime import Clock, Engine, SystemClock
from orchestrator.store import Store, migrate, open_store
from tests.slack.bench import QUICK, Effects, eventually, publish_graph

ACME = "T1ACME"


@dataclass
class Page:
    """What a browser shows."""

    status: int
    text: str
    url: str

    def link(self, text: str) -> str:
        """Return where the link that contains a text leads."""
        found = next(
            each
            for each in re.finditer(r'<a[^>]*href="([^"]*)"[^>]*>([^<]*)</a>', self.text)
            if text in unescape(each[2])
        )
        return urljoin(self.url, unescape(found[1]))


class Browser:
    """Follows links, and keeps the one cookie by hand: aiohttp keeps no Secure one over HTTP."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.cookie = ""

    async def get(self, url: str, **headers: str) -> Page:
        """Open a page, through redirects."""
        while True:
            sent = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
            async with self._session.get(
                url, headers=sent | headers, allow_redirects=False
            ) as answer:
                morsel = answer.cookies.get(COOKIE)
                if morsel is not None:
                    assert morsel["httponly"]
                    assert morsel["secure"]
                    self.cookie = morsel.value
                if answer.status in {302, 303}:
                    url = urljoin(url, answer.headers["Location"])
                    continue
                return Page(status=answer.status, text=await answer.text(), url=url)


@dataclass
class Branches:
    """What a test drives."""

    sim: Simulator
    store: Store
    engine: Engine
    surface: SlackSurface
    workspaces: InstalledWorkspaces
    vault: Vault
    browser: Browser
    effects: Effects
    url: str

    async def install(self, team: str = ACME, words: str = "Allow as Alice") -> Page:
        """Go through the pages as an administrator of a workspace; the bot works there then."""
        first = await self.browser.get(f"{self.url}/slack/install")

        assert first.status == 200, first.text
        asked = await self.browser.get(f"{first.link('Add to Slack')}&team={team}")
        page = await self.browser.get(asked.link(words))
        await eventually(self._works_everywhere)
        return page

    def _works_everywhere(self) -> bool:
        at_work = {each.workspace for each in self.surface.statistics().senders}
        return set(self.workspaces.serving) <= at_work


@asynccontextmanager
async def installing(  # noqa: PLR0913 - what differs between tests, all by keyword
    tmp_path: Path,
    *,
    teams: Sequence[Team],
    transport: str = "socket",
    channel: str = "",
    allowed: Sequence[str] = (),
    key: str | None = None,
    clock: Clock | None = None,
    rotates: bool = True,
) -> AsyncIterator[Branches]:
    """Start everything; no installation is known to the bot."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}"
    await migrate(url)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    bot_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    clock, effects = clock or SystemClock(), Effects()
    vault = Vault([key or new_key()])
    async with (
        Simulator(
            _manifest(bot_url, is_http=transport == "http", rotates=rotates),
            request_url=f"{bot_url}/slack/events" if transport == "http" else None,
            timing=QUICK,
            workspaces=teams,
            clock=lambda: clock.now().timestamp(),
        ) as sim,
        open_store(url, now=clock.now) as store,
        InstalledWorkspaces(
            store.values,
            vault,
            client_id=sim.client_id,
            client_secret=sim.client_secret,
            api_url=sim.api_url,
            clock=clock,
        ) as workspaces,
    ):
        graph = publish_graph(effects)
        engine = Engine(
            store, {graph.id: graph}, directory=workspaces.directory, clock=clock, has_chat=True
        )
        surface = SlackSurface(
            engine,
            workspaces,
            channel=channel,
            app_token=sim.app_token if transport == "socket" else None,
            signing_secret=sim.signing_secret if transport == "http" else None,
            message_interval=0.0,
            clock=clock,
        )
        pages = InstallPages(
            workspaces,
            vault,
            clock,
            scopes=tuple(BOT_SCOPES),
            allowed=allowed,
            default_channel=channel,
        )
        app = web.Application()
        app.add_routes([*routes(surface), *pages.routes()])
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        try:
            async with engine, surface, aiohttp.ClientSession() as session:
                yield Branches(
                    sim=sim,
                    store=store,
                    engine=engine,
                    surface=surface,
                    workspaces=workspaces,
                    vault=vault,
                    browser=Browser(session),
                    effects=effects,
                    url=bot_url,
                )
        finally:
            await runner.cleanup()


def _manifest(url: str, *, is_http: bool, rotates: bool) -> dict[str, Any]:
    found = document(manifest(url=url, is_http=is_http, is_oauth=True))
    found["settings"]["token_rotation_enabled"] = rotates
    return found
