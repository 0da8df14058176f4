"""Stories played in the browser: what people press and type in the page, and what it shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bot.simulator import Simulator
from tests.acceptance.dialogue import STORIES, Step, read_story
from tests.acceptance.playing import PEOPLE, Play
from tests.acceptance.server import CHANNEL, PATIENCE
from tests.acceptance.stage import Bot, stage
from tests.acceptance.story_graphs import LEDGER

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]
_PATIENCE_MS = PATIENCE * 1000


class BrowserPlay(Play):
    """A performance in which everybody sits before a window of their own."""

    def __init__(self, sim: Simulator, bot: Bot, ledger: Path, browser: Browser) -> None:
        super().__init__(sim, bot, ledger)
        self._browser = browser
        self._pages: dict[str, Page] = {}

    async def _page(self, name: str) -> Page:
        if name not in self._pages:
            page = await (await self._browser.new_context()).new_page()
            page.set_default_timeout(_PATIENCE_MS)
            await page.goto(f"{self._sim.url}/#/{PEOPLE[name]}/{CHANNEL}")
            await page.locator("body.ready").wait_for()
            self._pages[name] = page
        return self._pages[name]

    async def close(self) -> None:
        """Close the windows."""
        for page in self._pages.values():
            await page.context.close()

    async def _dialog(self, name: str) -> Locator:
        return (await self._page(name)).get_by_role("dialog").last

    async def _types(self, step: Step) -> None:
        box = (await self._page(step.actor)).get_by_role("textbox", name="Message #approvals")
        await box.fill(step.said[0])
        await box.press("Enter")

    async def _alone_sees(self, step: Step) -> None:
        page = await self._page(step.actor)
        await expect(_saying(page, step).last).to_contain_text("Only visible to you")

    async def _presses(self, step: Step) -> None:
        page = await self._page(step.actor)
        await page.get_by_role("button", name=step.said[0], exact=True).last.click()

    async def _sees_form(self, step: Step) -> None:
        dialog = await self._dialog(step.actor)
        for text in step.said:
            await expect(dialog).to_contain_text(text, timeout=_PATIENCE_MS)

    async def _sends(self, step: Step) -> None:
        dialog = await self._dialog(step.actor)
        for label, text in zip(step.said[::2], step.said[1::2], strict=True):
            await _enter(dialog, label, text)
        await dialog.locator("button[type=submit]").click()

    async def _told_in_form(self, step: Step) -> None:
        dialog = await self._dialog(step.actor)
        alert = dialog.get_by_role("alert").first
        await expect(alert).to_contain_text(step.said[0], timeout=_PATIENCE_MS)

    async def _shows(self, step: Step) -> None:
        shown = _saying(await self._page("Alice"), step).last
        await expect(shown).to_be_visible(timeout=_PATIENCE_MS)


def _saying(page: Page, step: Step) -> Locator:
    found = page.get_by_role("article")
    for text in step.said:
        found = found.filter(has_text=text)
    return found


async def _enter(dialog: Locator, label: str, text: str) -> None:
    choice: Any = dialog.get_by_role("combobox", name=label)
    if await choice.count():
        await choice.click()
        await dialog.page.get_by_role("option", name=text, exact=True).click()
    else:
        await dialog.get_by_label(label).fill(text)


@pytest.mark.parametrize("name", ["confirm", "input", "tool"])
async def test_s12_a_story_goes_as_it_is_told_in_the_browser(
    name: str, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two approvers, a form with an error at its field, and a model's call that is edited."""
    ledger = tmp_path / "ledger.txt"
    monkeypatch.setenv(LEDGER, str(ledger))
    async with stage(tmp_path, "socket") as (sim, bot):
        play = BrowserPlay(sim, bot, ledger, browser)
        try:
            await play.perform(read_story(STORIES / f"{name}.md"))
        finally:
            await play.close()
