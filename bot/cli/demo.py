"""`demo`: a local Slack and the bot in one process, connected as in production."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import click
from pydantic import SecretStr

from bot.app import serving
from bot.cli.logs import configure_logging
from bot.cli.stopping import until_stopped
from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.simulator import Simulator
from orchestrator.store import migrate

CHANNEL = "C0APPROVALS"
#: Beside the packages, because the project is used from its repository.
_ROOT = Path(__file__).parents[2]
_DATABASE, _SLACK = "signoff.db", "slack.db"
_FILES = (
    *(f"{name}{ending}" for name in (_DATABASE, _SLACK) for ending in ("", "-wal", "-shm")),
    "signoff.log",
    ".env",
)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Where everything is kept between two demos.",
)
@click.option("--fresh", is_flag=True, help="Forget what was kept.")
def demo(*, port: int, folder: Path, fresh: bool) -> None:
    """Try everything in the browser, without a Slack workspace.

    A Slack of our own and the bot run in this process; nothing leaves this computer. You play
    all the people. What you do is kept in a folder, also when the process is killed.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if fresh:
            for name in _FILES:
                (folder / name).unlink(missing_ok=True)
        with (folder / "signoff.log").open("a", encoding="utf-8") as log:
            configure_logging("console", level=logging.INFO, stream=log)
            asyncio.run(_demo(folder, port))


async def _demo(folder: Path, port: int) -> None:
    async with until_stopped() as stopped, _simulator(folder, port) as simulator:
        settings = _settings(folder, simulator)
        await migrate(settings.database_url)
        async with serving(settings):
            _write_env(folder, settings)
            _welcome(simulator, folder, port)
            await stopped.wait()
            click.echo("Stopping; everything is kept.")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep a second demo out of the folder; a killed one leaves no lock behind."""
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another demo runs in {folder}; stop it, or choose another folder with --dir"
            ) from None
        yield


@asynccontextmanager
async def _simulator(folder: Path, port: int) -> AsyncIterator[Simulator]:
    """Start the local Slack at the port, or at a free one when that is taken."""
    manifest, state_file = _ROOT / "manifest.yml", folder / _SLACK
    simulator = Simulator(manifest, port=port, state_file=state_file)
    try:
        await simulator.__aenter__()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        await simulator.__aexit__(None, None, None)
        simulator = Simulator(manifest, port=0, state_file=state_file)
        await simulator.__aenter__()
    try:
        yield simulator
    finally:
        await simulator.__aexit__(None, None, None)


def _settings(folder: Path, simulator: Simulator) -> Settings:
    """Return the settings of a production bot, with the simulator in Slack's place."""
    examples = _ROOT / "examples"
    if not examples.is_dir():
        raise ConfigurationError(f"there is no folder {examples}; run the demo from the repository")
    return Settings(
        _env_file=None,
        bot_token=SecretStr(simulator.bot_token),
        app_token=SecretStr(simulator.app_token),
        signing_secret=None,
        api_url=simulator.api_url,
        database_url=f"sqlite+aiosqlite:///{folder / _DATABASE}",
        graphs=(examples,),
        channel=CHANNEL,
        host="127.0.0.1",
        port=0,
    )


def _write_env(folder: Path, settings: Settings) -> None:
    """Let the command line work beside the demo, from inside its folder."""
    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    lines = [
        f"SLACK_BOT_TOKEN={token}",
        f"SLACK_API_URL={settings.api_url}",
        f"SIGNOFF_DATABASE_URL={settings.database_url}",
        f"SIGNOFF_GRAPHS={','.join(map(str, settings.graphs))}",
        f"SIGNOFF_CHANNEL={settings.channel}",
    ]
    approvers = os.environ.get("SIGNOFF_APPROVERS")
    if approvers:  # they are part of the examples' versions
        lines.append(f"SIGNOFF_APPROVERS={approvers}")
    (folder / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _welcome(simulator: Simulator, folder: Path, port: int) -> None:
    if port and not simulator.url.endswith(f":{port}"):
        click.echo(f"Port {port} is taken, so another one is used.")
    command = _near(Path(sys.executable).with_name("signoff"), folder)
    click.echo(
        f"""Open this in your browser:

{simulator.url}

Try:
  1. As Alice, write in any channel: /signoff run publish-article topic="Bees in winter"
  2. Switch to Bob at the top, open #approvals, and approve or reject it.
  3. As Alice: /signoff run deploy service=shop version=1.4.2 environment=production
  4. As Alice: /signoff run rollout service=shop version=1.4.2, which asks Bob and Dave, then Carol.
  5. In another terminal: cd {_near(folder, Path.cwd())} && {command} pending
Kill this process whenever you like and start it again: nothing is lost. Stop with Ctrl-C."""
    )


def _near(path: Path, start: Path) -> str:
    """Write a path in its shorter form."""
    return min(str(path), os.path.relpath(path, start), key=len)
