"""`demo`: a local Slack and the bot in one process, connected as in production."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import socket
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
from bot.simulator import SECOND, Simulator, organisation
from orchestrator.store import migrate

CHANNEL = "C0APPROVALS"
#: Beside the packages, because the project is used from its repository.
_ROOT = Path(__file__).parents[2]
_DATABASE, _SLACK = "signoff.db", "slack.db"
_INSTALLED, _SEVERAL = "installed.db", "workspaces.db"
_STORED = ("signoff", "slack", "installed", "workspaces", "workspaces.T*")
_FILES = (
    *(f"{name}.db{ending}" for name in _STORED for ending in ("", "-wal", "-shm")),
    "encryption.key",
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
@click.option(
    "--workspaces",
    "has_several",
    is_flag=True,
    help="Begin with several workspaces without the app, to install it by OAuth.",
)
def demo(*, port: int, folder: Path, fresh: bool, has_several: bool) -> None:
    """Try everything in the browser, without a Slack workspace.

    A Slack of our own and the bot run in this process; nothing leaves this computer. You play
    all the people. What you do is kept in a folder, also when the process is killed.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        if fresh:
            for path in (found for name in _FILES for found in folder.glob(name)):
                path.unlink()
        with (folder / "signoff.log").open("a", encoding="utf-8") as log:
            configure_logging("console", level=logging.INFO, stream=log)
            asyncio.run(_demo(folder, port, has_several=has_several))


async def _demo(folder: Path, port: int, *, has_several: bool) -> None:
    bot_url = f"http://127.0.0.1:{_free_port()}" if has_several else ""
    async with until_stopped() as stopped, _simulator(folder, port, bot_url) as simulator:
        settings = _settings(folder, simulator)
        if bot_url:
            settings = _installable(settings, folder, simulator, bot_url)
        await migrate(settings.database_url)
        async with serving(settings):
            _write_env(folder, settings)
            _welcome(simulator, folder, port, is_installed=not has_several)
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
async def _simulator(folder: Path, port: int, bot_url: str) -> AsyncIterator[Simulator]:
    """Start the local Slack at the port, or at a free one when that is taken."""
    simulator = _slack(folder, port, bot_url)
    try:
        await simulator.__aenter__()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        await simulator.__aexit__(None, None, None)
        simulator = _slack(folder, 0, bot_url)
        await simulator.__aenter__()
    try:
        yield simulator
    finally:
        await simulator.__aexit__(None, None, None)


def _slack(folder: Path, port: int, bot_url: str) -> Simulator:
    """Return the local Slack; with an address of the bot, one in which it has to be installed."""
    if not bot_url:
        return Simulator(_ROOT / "manifest.yml", port=port, state_file=folder / _SLACK)
    from bot.slack.install.manifest import document, manifest  # noqa: PLC0415 - slow to import

    app = document(manifest(url=bot_url, is_oauth=True, has_steps=True))
    return Simulator(
        app,
        port=port,
        state_file=folder / _SEVERAL,
        workspaces=(SECOND, *organisation()),
        install_url=f"{bot_url}/slack/install",
    )


def _installable(settings: Settings, folder: Path, simulator: Simulator, bot_url: str) -> Settings:
    """Return the settings of a bot that is installed by OAuth, in any number of workspaces."""
    from bot.slack.install.vault import new_key  # noqa: PLC0415 - slow to import

    key = folder / "encryption.key"
    if not key.exists():
        key.write_text(new_key(), encoding="utf-8")
        key.chmod(0o600)
    changes = {
        "bot_token": None,
        "channel": None,
        "client_id": simulator.client_id,
        "client_secret": SecretStr(simulator.client_secret),
        "encryption_keys": (SecretStr(key.read_text(encoding="utf-8")),),
        "url": bot_url,
        "port": int(bot_url.rpartition(":")[2]),
        "database_url": f"sqlite+aiosqlite:///{folder / _INSTALLED}",
    }
    return settings.model_copy(update=changes)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


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
    app_token = settings.app_token.get_secret_value() if settings.app_token else ""
    lines = [
        f"SLACK_BOT_TOKEN={token}" if token else _installed_env(settings),
        f"SLACK_APP_TOKEN={app_token}",
        f"SLACK_API_URL={settings.api_url}",
        f"SIGNOFF_DATABASE_URL={settings.database_url}",
        f"SIGNOFF_GRAPHS={','.join(map(str, settings.graphs))}",
        f"SIGNOFF_CHANNEL={settings.channel or ''}",
    ]
    approvers = os.environ.get("SIGNOFF_APPROVERS")
    if approvers:  # they are part of the examples' versions
        lines.append(f"SIGNOFF_APPROVERS={approvers}")
    (folder / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _installed_env(settings: Settings) -> str:
    secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
    key = settings.encryption_keys[0].get_secret_value()
    lines = (
        f"SLACK_CLIENT_ID={settings.client_id}",
        f"SLACK_CLIENT_SECRET={secret}",
        f"SIGNOFF_ENCRYPTION_KEY={key}",
    )
    return "\n".join(lines)


def _welcome(simulator: Simulator, folder: Path, port: int, *, is_installed: bool) -> None:
    if port and not simulator.url.endswith(f":{port}"):
        click.echo(f"Port {port} is taken, so another one is used.")
    if not is_installed:
        click.echo(
            f"""Open this in your browser:

{simulator.url}

Try:
  1. Press "Install Signoff" at the top, then "Allow" for a workspace or for an organisation.
  2. As Alice, in that workspace: /signoff channel #approvals
  3. As Alice: /signoff run publish-article topic="Bees in winter"
  4. Press the workspace's name at the top left to go to another one.
Kill this process whenever you like and start it again: nothing is lost. Stop with Ctrl-C."""
        )
        return
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
