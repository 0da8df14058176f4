"""A Slack and a bot that can be stopped and started, put together as `signoff serve` does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.app import serving
from bot.settings import Settings
from bot.simulator import Simulator
from orchestrator.store import migrate
from tests.acceptance.server import CHANNEL, free_port

GRAPHS = Path(__file__).parent / "story_graphs.py"
MANIFEST = Path(__file__).parents[2] / "manifest.yml"


class Bot:
    """The bot, which keeps its database while it is down."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._running: AsyncExitStack | None = None

    async def start(self) -> None:
        """Serve."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(serving(self.settings))
            self._running = stack.pop_all()

    async def stop(self) -> None:
        """Stop serving, as on SIGTERM."""
        if self._running is not None:
            await self._running.aclose()
            self._running = None


@asynccontextmanager
async def stage(
    folder: Path, transport: str, database: str | None = None
) -> AsyncIterator[tuple[Simulator, Bot]]:
    """Set up a workspace and a bot that serves the graphs of the stories.

    Args:
        folder: Where its files are.
        transport: How Slack reaches the bot: `socket` or `http`.
        database: URL of a migrated database; None: a file in the folder.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    if database is None:
        database = f"sqlite+aiosqlite:///{folder / 'signoff.db'}"
        await migrate(database)
    async with Simulator(MANIFEST, request_url=url if transport == "http" else None) as sim:
        tokens = (
            {"SLACK_SIGNING_SECRET": sim.signing_secret}
            if transport == "http"
            else {"SLACK_APP_TOKEN": sim.app_token}
        )
        values = {
            "SLACK_BOT_TOKEN": sim.bot_token,
            "SLACK_API_URL": sim.api_url,
            "SIGNOFF_DATABASE_URL": database,
            "SIGNOFF_GRAPHS": str(GRAPHS),
            "SIGNOFF_CHANNEL": CHANNEL,
            "SIGNOFF_PORT": port,
        }
        bot = Bot(Settings.model_validate(values | tokens))
        await bot.start()
        try:
            yield sim, bot
        finally:
            await bot.stop()
