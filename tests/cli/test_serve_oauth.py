"""`signoff serve` where the app is installed by OAuth."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.simulator import SECOND, Simulator
from bot.slack.install.manifest import document, manifest
from bot.slack.install.vault import new_key
from tests.cli.conftest import FLOWS
from tests.cli.shell import call, free_port, process, until
from tests.slack.installing import ACME, Browser


async def installed(browser: Browser, url: str) -> Any:
    """Go through the pages as an administrator."""
    first = await browser.get(f"{url}/slack/install")
    asked = await browser.get(f"{first.link('Add to Slack')}&team={ACME}")
    return await browser.get(asked.link("Allow as Alice"))


@pytest.mark.slow
async def test_s11_a_server_takes_installations_and_serves_them(tmp_path: Path) -> None:
    """It says where the page is; no token, and nothing of Bolt's own OAuth, is in its log."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app = document(manifest(url=url, is_oauth=True, command="/gate"))
    async with Simulator(app, workspaces=[SECOND]) as sim, aiohttp.ClientSession() as session:
        settings = {
            "SLACK_CLIENT_ID": sim.client_id,
            "SLACK_CLIENT_SECRET": sim.client_secret,
            "SLACK_APP_TOKEN": sim.app_token,
            "SLACK_API_URL": sim.url,
            "SIGNOFF_ENCRYPTION_KEY": new_key(),
            "SIGNOFF_WORKSPACES": ACME,
            "SIGNOFF_COMMAND": "/gate",
            "SIGNOFF_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'signoff.db'}",
            "SIGNOFF_GRAPHS": str(FLOWS),
            "SIGNOFF_PORT": str(port),
        }
        await call(tmp_path, "migrate", **settings)
        async with process(tmp_path, "serve", **settings) as serving:
            await serving.line(lambda line: f"{url}/slack/install" in line)
            page = await installed(Browser(session), url)
            people = sim.casts[ACME]
            chosen = await people.command("U1ALICE", "C1GENERAL", "/gate channel #approvals")
            ran = await call(tmp_path, "run", "quick", "what=tea", **settings)
            listed = await people.command("U1ALICE", "C1GENERAL", "/gate list")

            async def is_ready() -> bool:
                async with session.get(f"{url}/readyz") as answer:
                    return answer.status == 200

            await until(is_ready)
            serving.signal(signal.SIGTERM)
            stopped = await serving.ended()
        token = sim.token_of(ACME)

    assert page.status == 200, page.text
    assert "/gate channel" in page.text
    assert "from now on" in str(chosen.body)
    assert ran.code == 0, ran.err
    assert "quick" in str(listed.body)
    assert stopped.code == 0
    for word in (token, "file-based", "Traceback"):
        assert word not in stopped.err
    assert token not in (tmp_path / "signoff.db").read_bytes().decode(errors="ignore")
