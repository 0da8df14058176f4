"""Pictures of every card, light and dark: `python -m tests.slack.gallery [FOLDER] [NAME …]`.

The cards are posted into the local Slack, which refuses what Slack would refuse, and taken from
its page with Chromium.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.simulator import Simulator
from tests.slack import specimens
from tests.slack.painting import Painter
from tests.slack.samples import NOW

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "images" / "cards"
CHANNEL = "C0APPROVALS"
WATCHER = "U0DAVE"
_SCHEMES = ("light", "dark")
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


async def main(folder: Path, wanted: set[str]) -> None:
    """Take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    messages = {n: each for n, each in specimens.messages().items() if n in wanted or not wanted}
    windows = {n: each for n, each in specimens.windows().items() if n in wanted or not wanted}
    async with Simulator(ROOT / "manifest.yml") as sim, async_playwright() as playwright:
        client = AsyncWebClient(token=sim.bot_token, base_url=sim.api_url)
        socket = await _listen(sim, client, windows)
        stamps = {
            name: await _post(client, each.text, each.blocks) for name, each in messages.items()
        }
        openers = {name: await _post(client, name, [specimens.opener(name)]) for name in windows}
        browser = await playwright.chromium.launch(
            executable_path=_executable(playwright.chromium.executable_path), args=["--no-sandbox"]
        )
        painter = Painter(await browser.new_page())
        for scheme in _SCHEMES:
            page = await _page(browser, sim.url, scheme)
            for name, ts in stamps.items():
                await painter.take(
                    page, f'article[data-ts="{ts}"]', folder / f"{name}-{scheme}.png"
                )
            for name, ts in openers.items():
                await page.locator(f'article[data-ts="{ts}"]').get_by_role("button").first.click()
                await painter.take(page, "dialog[open]", folder / f"{name}-{scheme}.png")
                await page.keyboard.press("Escape")
            await page.context.close()
        await browser.close()
        await socket.close()


async def _listen(
    sim: Simulator, client: AsyncWebClient, windows: dict[str, dict[str, Any]]
) -> SocketModeClient:
    socket = SocketModeClient(
        app_token=sim.app_token, web_client=AsyncWebClient(base_url=sim.api_url)
    )

    async def answer(_client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        await socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))
        actions = request.payload.get("actions") or [{}]
        if actions[0].get("action_id") == "open":
            trigger = request.payload["trigger_id"]
            await client.views_open(trigger_id=trigger, view=windows[actions[0]["value"]])

    socket.socket_mode_request_listeners.append(answer)
    await socket.connect()
    return socket


async def _post(client: AsyncWebClient, text: str, blocks: list[dict[str, Any]]) -> str:
    answer = await client.chat_postMessage(channel=CHANNEL, text=text, blocks=blocks)
    return str(answer["ts"])


async def _page(browser: Browser, url: str, scheme: Any) -> Page:
    context = await browser.new_context(
        color_scheme=scheme,
        viewport={"width": 1150, "height": 1000},
        device_scale_factor=1.5,
        timezone_id="Europe/Berlin",
        locale="en-GB",
    )
    page = await context.new_page()
    await page.clock.set_fixed_time(NOW)
    await page.goto(f"{url}/#/{WATCHER}/{CHANNEL}")
    await page.locator("body.ready").wait_for()
    return page


def _executable(bundled: str) -> str:
    named = os.environ.get("SIGNOFF_CHROMIUM")
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    return named or found or bundled


if __name__ == "__main__":
    target, *names = [*sys.argv[1:], str(FOLDER)][: max(len(sys.argv) - 1, 1)]
    asyncio.run(main(Path(target), set(names)))
