"""One Chromium for the session; per test a fresh workspace, a fresh app and fresh windows."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from bot.simulator import SECOND, Simulator, organisation

from .counterpart import MANIFEST, Counterpart, manifest_text

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
_PATIENCE_MS = 10_000


@dataclass(kw_only=True)
class Stage:
    """A workspace with its app, and the windows that look at it."""

    sim: Simulator
    app: Counterpart
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    """What the browser complained about: script errors, refused content, foreign addresses."""

    async def window(self, user: str, place: str = "C0APPROVALS", **context: Any) -> Page:
        """Open a window of its own as a person and wait until it shows the place."""
        page = await (await self.browser.new_context(**context)).new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.on("request", self._watch)
        await page.goto(f"{self.sim.url}/#/{user}/{place}")
        await page.locator("body.ready").wait_for()
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith(self.sim.url):
            self.complaints.append(f"asked for {request.url}")


def _executable(bundled: str) -> str | None:
    """Return a Chromium of this machine, or the one that Playwright has installed."""
    named = os.environ.get("SIGNOFF_CHROMIUM")
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    return named or found or (bundled if Path(bundled).exists() else None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium once; without one, skip here and fail in CI."""
    async with async_playwright() as playwright:
        executable = _executable(playwright.chromium.executable_path)
        if executable is None:
            words = "no Chromium found: install one or name it in SIGNOFF_CHROMIUM"
            if os.environ.get("CI"):
                pytest.fail(words)
            pytest.skip(words)
        chromium = await playwright.chromium.launch(executable_path=executable, args=list(_QUIET))
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser: Browser, tmp_path: Path) -> AsyncIterator[Stage]:
    """Run a simulator and its app; at the end the browser must have had nothing to complain of."""
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(manifest_text(), encoding="utf-8")
    async with _staged(browser, Simulator(manifest=manifest, port=0)) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def stages(browser: Browser) -> AsyncIterator[Stage]:
    """Run a simulator with a second workspace and with an organisation of two."""
    workspaces = (SECOND, *organisation())
    async with _staged(browser, Simulator(MANIFEST, port=0, workspaces=workspaces)) as stage:
        yield stage


@asynccontextmanager
async def _staged(browser: Browser, simulator: Simulator) -> AsyncIterator[Stage]:
    async with simulator as sim:
        app = Counterpart(sim.api_url, sim.bot_token, sim.app_token)
        await app.start()
        stage = Stage(sim=sim, app=app, browser=browser)
        yield stage
        for context in browser.contexts:
            await context.close()
        await app.stop()

    assert stage.complaints == []
