"""The demo as a newcomer meets it: one command, one page, and a process that may be killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]
_PATIENCE = 40.0  # seconds, with a busy machine in mind
_PATIENCE_MS = _PATIENCE * 1000


class Demo:
    """The demo's process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def window(self, browser: Browser, user: str) -> Page:
        """Open #approvals as a person."""
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(_PATIENCE_MS)
        await page.goto(f"{self.url}/#/{user}/C0APPROVALS")
        await page.locator("body.ready").wait_for()
        return page


@asynccontextmanager
async def demo(
    folder: Path, *arguments: str, ends_with: int = signal.SIGKILL
) -> AsyncIterator[Demo]:
    """Run the demo in a folder and end it with a signal."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "SIGNOFF_"))
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--port", "0", "--dir", str(folder / ".demo")),
        *arguments,
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output = process.stdout
    if output is None:
        raise AssertionError("the process has no output")
    try:
        async with asyncio.timeout(_PATIENCE):
            text = ""
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", text)):
                line = (await output.readline()).decode()
                assert line, f"the demo ended: {text}"
                text += line
        yield Demo(process, found[0])
    finally:
        if process.returncode is None:
            process.send_signal(ends_with)
        await process.communicate()


async def _command(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message #approvals")
    await box.fill(text)
    await box.press("Enter")


async def test_s12_the_demo_runs_the_main_job_and_survives_kill_9(
    browser: Browser, tmp_path: Path
) -> None:
    """Alice starts a run; killed and started again, the demo shows the question to Bob."""
    async with demo(tmp_path) as first:
        alice = await first.window(browser, "U0ALICE")
        await _command(alice, '/signoff run publish-article topic="Bees in winter" out=x.jsonl')
        question = alice.get_by_role("article").filter(has_text="Publish “Bees in winter”?")
        await expect(question.get_by_role("button", name="Approve")).to_be_visible(
            timeout=_PATIENCE_MS
        )
        await alice.context.close()
    async with demo(tmp_path, ends_with=signal.SIGINT) as second:
        bob = await second.window(browser, "U0BOB")
        question = bob.get_by_role("article").filter(has_text="Publish “Bees in winter”?")
        await question.get_by_role("button", name="Approve").click()
        await expect(question).to_contain_text("Approved by @Bob Baker", timeout=_PATIENCE_MS)
        await expect(question).to_contain_text("is completed", timeout=_PATIENCE_MS)
        await bob.context.close()
        second.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            code = await second.process.wait()

    assert code in (0, 130)
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 1


async def test_s3_the_demos_reject_form_wants_a_reason(browser: Browser, tmp_path: Path) -> None:
    """An empty reason is refused at the field; with one, the draft goes back to the writer."""
    async with demo(tmp_path) as running:
        bob = await running.window(browser, "U0BOB")
        await _command(bob, "/signoff run publish-article topic=Bees out=x.jsonl")
        question = bob.get_by_role("article").filter(has_text="Publish “Bees”?")
        await question.first.get_by_role("button", name="Reject").click()
        dialog = bob.get_by_role("dialog")
        await dialog.get_by_role("textbox").fill("   ")
        await dialog.get_by_role("button", name="Reject").click()
        await expect(
            dialog.locator("[role=alert], .error, [aria-invalid=true]").first
        ).to_be_visible(timeout=_PATIENCE_MS)
        await dialog.get_by_role("textbox").fill("Say where the facts come from.")
        await dialog.get_by_role("button", name="Reject").click()
        rejected = bob.get_by_role("article").filter(has_text="Rejected by @Bob Baker")
        await expect(rejected).to_contain_text("Say where the facts come from.")
        again = bob.get_by_role("article").filter(has_text="Revised, because the editor said")
        await expect(again.get_by_role("button", name="Approve")).to_be_visible(
            timeout=_PATIENCE_MS
        )
        await bob.context.close()

    assert not (tmp_path / "x.jsonl").exists()
