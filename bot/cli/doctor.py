"""`doctor`: looks at everything that a server needs, and says what to do about what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.app import installed, load
from bot.cli.documents import print_json
from bot.cli.failures import REFUSED, lines_of
from bot.cli.options import json_option
from bot.cli.session import execute
from bot.cli.text import clean
from bot.errors import BotError, ConfigurationError
from bot.settings import Settings, SettingsError
from bot.slack.app import CHANNEL_SCOPE
from bot.slack.install.checkup import (
    Examination,
    Finding,
    Level,
    Tell,
    bad,
    examine_app_token,
    examine_signing_secret,
    good,
    warning,
)
from bot.slack.workspace.connection import SlackWorkspace
from orchestrator.errors import GraphError, OrchestratorError
from orchestrator.graph import Graph
from orchestrator.runtime import SystemClock
from orchestrator.store import Store, open_store

if TYPE_CHECKING:
    import aiohttp
    from slack_sdk.web.async_client import AsyncWebClient

_MARKS = {Level.GOOD: "✓", Level.WARNING: "!", Level.BAD: "✗"}
_SCARCE, _FULL = 1_000_000_000, 100_000_000  # bytes left on the disk
_SQLITE = "sqlite+aiosqlite:///"


@click.command()
@json_option("what was found")
def doctor(*, as_json: bool) -> int:
    """Check settings, database, graphs and Slack, and say what to do about what is wrong.

    It may be called while a server runs. The exit code is 1 if something does not work; what may
    become a problem (!) does not count.
    """
    found: list[Finding] = []

    def tell(finding: Finding) -> None:
        found.append(finding)
        if not as_json:
            _print(finding)

    execute(examine(tell))
    wrong = sum(each.level is Level.BAD for each in found)
    if as_json:
        checks = [{"level": each.level, "what": each.what, "fix": each.fix} for each in found]
        print_json({"ok": not wrong, "checks": checks})
    else:
        click.echo(f"{wrong} of {len(found)} checks failed." if wrong else "All is well.")
    return REFUSED if wrong else 0


def _print(finding: Finding) -> None:
    click.echo(f"{_MARKS[finding.level]} {clean(finding.what)}")
    if finding.fix:
        click.echo(f"    {clean(finding.fix)}")


async def examine(tell: Tell) -> None:
    """Look at everything that can be looked at, whatever else is wrong."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        _tell_all(tell, error)
        return
    try:
        settings.require_serving()
        tell(good("nothing is missing from the settings"))
    except SettingsError as error:
        _tell_all(tell, error)
    graphs: Mapping[str, Graph] = {}
    if settings.graphs:
        try:
            graphs = load(settings)
            tell(good(f"{len(graphs)} graphs are loaded"))
        except (GraphError, BotError) as error:
            _tell_all(tell, error)
    space = _space(settings.database_url)
    if space is not None:
        tell(space)
    try:
        async with open_store(settings.database_url, now=SystemClock().now) as store:
            await store.write(lambda _connection, _now: None)
            tell(good("the database takes writes, and has this version's schema"))
            if store.queue is not None and (dead := len(await store.queue.list_dead())):
                tell(warning(f"dead letters: {dead}", "`signoff dead` says why nobody runs them"))
            await _look_at_slack(tell, settings, graphs, store)
    except OrchestratorError as error:
        _tell_all(tell, error)
        await _look_at_slack(tell, settings, graphs, None)


def _tell_all(tell: Tell, error: Exception) -> None:
    """Make findings of an error, each line of which says what is wrong and what to do."""
    for line in lines_of(error):
        what, _, fix = line.partition("; ")
        tell(bad(what, fix))


def _space(url: str) -> Finding | None:
    """Look whether there is room for the database to grow."""
    if not url.startswith(_SQLITE):
        return None
    folder = Path(url.removeprefix(_SQLITE).partition("?")[0]).absolute().parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return bad(f"there is no folder {folder} for the database", "make it, or name another one")
    what = f"{free / 1e9:.1f} GB are left on the disk of the database"
    fix = "make room; a database that cannot grow takes no decisions"
    if free < _FULL:
        return bad(what, fix)
    return warning(what, fix) if free < _SCARCE else good(what)


async def _look_at_slack(
    tell: Tell, settings: Settings, graphs: Mapping[str, Graph], store: Store | None
) -> None:
    if settings.signing_secret is not None and settings.app_token is None:
        tell(examine_signing_secret(settings.signing_secret.get_secret_value()))
    if not settings.has_installs:
        await _look_at_one(tell, settings, graphs, store)
        return
    if store is None:
        return
    if not settings.workspaces:
        tell(
            warning(
                "every workspace may install the app, and start what is loaded here",
                "list those that may in SIGNOFF_WORKSPACES",
            )
        )
    try:
        await _look_at_installed(tell, settings, graphs, store)
    except SettingsError:
        return  # it was told before
    except ConfigurationError as error:
        _tell_all(tell, error)


async def _look_at_one(
    tell: Tell, settings: Settings, graphs: Mapping[str, Graph], store: Store | None
) -> None:
    """Look at the workspace of the bot token."""
    if settings.bot_token is None:
        return
    token = settings.bot_token.get_secret_value()
    said = await store.values.get(CHANNEL_SCOPE, "") if store is not None else None
    async with SlackWorkspace(bot_token=token, api_url=settings.api_url) as workspace:
        if await _examination(workspace, said, settings, graphs).report(tell):
            await _look_at_sockets(tell, settings, workspace.sender, workspace.session)


async def _look_at_installed(
    tell: Tell, settings: Settings, graphs: Mapping[str, Graph], store: Store
) -> None:
    """Look at the workspaces in which the app is installed."""
    async with installed(settings, store) as workspaces:
        tell(good("SIGNOFF_ENCRYPTION_KEY opens all installations"))
        if old := await workspaces.installs.count_old():
            tell(
                warning(
                    f"{old} installations are encrypted with an older key",
                    "start the server once with both keys before you remove the older one",
                )
            )
        page = f"{settings.url or 'the address of the bot'}/slack/install"
        for name, problem in workspaces.problems.items():
            tell(bad(f"the workspace {name}: {problem}", f"open {page}"))
        if not workspaces.serving:
            tell(warning("the app is installed nowhere", f"open {page}"))
        channels = await store.values.list(CHANNEL_SCOPE)
        for name, workspace in workspaces.serving.items():
            examination = _examination(workspace, channels.get(name), settings, graphs)
            if not await examination.report(tell):
                return
        await _look_at_sockets(tell, settings, workspaces.client, workspaces.session)


def _examination(
    workspace: SlackWorkspace, said: str | None, settings: Settings, graphs: Mapping[str, Graph]
) -> Examination:
    """Return how to look at a workspace; `said` is the channel that was chosen there."""
    asked = [
        gate.channel
        for graph in graphs.values()
        for node in graph.every_node()
        for _, gate in getattr(node, "gates", ())
    ]
    wanted = (said or settings.channel, settings.fallback_channel, *asked)
    channels = list(dict.fromkeys(each for each in wanted if each))
    return Examination(workspace, SystemClock(), channels=channels, graphs=graphs.values())


async def _look_at_sockets(
    tell: Tell, settings: Settings, client: AsyncWebClient, session: aiohttp.ClientSession
) -> None:
    if settings.app_token is not None:
        token = settings.app_token.get_secret_value()
        await examine_app_token(client, token, session, tell)
