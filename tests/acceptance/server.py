"""`signoff serve` as a process of its own, that can be killed and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.simulator import Simulator

EXAMPLE = Path(__file__).parents[2] / "examples" / "publish_article.py"
CHANNEL = "C0APPROVALS"
#: Seconds for anything that a person waits for, with a busy machine in mind.
PATIENCE = 30.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Server:
    """The bot's process, its files, and the workspace that it talks to."""

    def __init__(self, folder: Path, simulator: Simulator, *, mode: str, port: int) -> None:
        self.folder = folder
        self.simulator = simulator
        self.published = folder / "published.jsonl"
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SLACK_", "SIGNOFF_"))
        } | {
            "SLACK_BOT_TOKEN": simulator.bot_token,
            "SLACK_API_URL": simulator.api_url,
            "SIGNOFF_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'signoff.db'}",
            "SIGNOFF_GRAPHS": str(EXAMPLE),
            "SIGNOFF_CHANNEL": CHANNEL,
            "SIGNOFF_PORT": str(port),
        }
        if mode == "socket":
            self.environment["SLACK_APP_TOKEN"] = simulator.app_token
        else:
            self.environment["SLACK_SIGNING_SECRET"] = simulator.signing_secret

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a `signoff` command beside the server; return its exit code and output."""
        process = await self._spawn(*arguments)
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def _spawn(self, *arguments: str, crash_at: str = "") -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=self.folder,
            env=self.environment | ({"SIGNOFF_CRASH_AT": crash_at} if crash_at else {}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    async def start(self, *, crash_at: str = "") -> None:
        """Serve, and return once Slack can reach the bot."""
        self._process = await self._spawn("serve", crash_at=crash_at)
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            while not await self._is_ready(session):
                if self._process.returncode is not None:
                    raise AssertionError(f"serve ended: {(await self._process.communicate())[0]!r}")
                await asyncio.sleep(0.05)

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://127.0.0.1:{self._port}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def kill(self) -> None:
        """End the process as kill -9 does."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self.wait_for_end()

    async def wait_for_end(self) -> int:
        """Return the exit code once the process is gone."""
        if self._process is None:
            return 0
        async with asyncio.timeout(PATIENCE):
            await self._process.communicate()
        code, self._process = self._process.returncode or 0, None
        return code

    async def stop(self) -> int:
        """End the process as an operator does; return its exit code."""
        self.signal(signal.SIGTERM)
        return await self.wait_for_end()

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def until_stopping(self) -> None:
        """Wait until the process says that it is not ready any more."""
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            while await self._is_ready(session):
                await asyncio.sleep(0.05)

    async def request(self, topic: str = "Bees", **values: str) -> None:
        """Start a run as Alice."""
        words = " ".join(f"{name}={value}" for name, value in values.items())
        text = f'/signoff run publish-article topic="{topic}" {words}'
        await self.simulator.command("U0ALICE", "C0GENERAL", text)

    def questions(self) -> list[dict[str, Any]]:
        """Return the bot's messages in the channel."""
        return [each for each in self.simulator.messages(CHANNEL) if "bot_id" in each]

    async def question(self) -> dict[str, Any]:
        """Return the question once it is there."""
        return (await self.simulator.until(self.questions, timeout=PATIENCE))[0]

    async def press(self, label: str, *, user: str = "U0BOB") -> None:
        """Press a button of the question."""
        message = await self.question()
        await self.simulator.click(user, CHANNEL, message["ts"], label=label)

    def shown(self) -> str:
        """Return all that the newest question shows, as text."""
        return str(self.questions()[-1]["blocks"]) if self.questions() else ""

    async def until_shown(self, words: str) -> None:
        """Wait until the question shows these words."""
        await self.simulator.until(lambda: words in self.shown(), timeout=PATIENCE)

    async def until_exists(self, path: Path) -> None:
        """Wait until a node has made a file."""
        async with asyncio.timeout(PATIENCE):
            while not path.exists():
                await asyncio.sleep(0.05)

    def published_lines(self) -> list[str]:
        """Return what was published so far."""
        return self.published.read_text().splitlines() if self.published.exists() else []


@asynccontextmanager
async def server(
    folder: Path, *, mode: str = "socket", database: str | None = None
) -> AsyncIterator[Server]:
    """Give a server that is not started yet, on a migrated database: default, a file."""
    port = free_port()
    request_url = f"http://127.0.0.1:{port}/slack/events" if mode == "http" else None
    manifest = Path(__file__).parents[2] / "manifest.yml"
    async with Simulator(manifest=manifest, port=0, request_url=request_url) as simulator:
        running = Server(folder, simulator, mode=mode, port=port)
        if database is not None:
            running.environment["SIGNOFF_DATABASE_URL"] = database
        code, output = await running.command("migrate")
        if code:
            raise AssertionError(output)
        try:
            yield running
        finally:
            await running.kill()
