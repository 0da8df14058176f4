"""`doctor`: looks at everything that a server needs, and says what to do about what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.app import installed, load
from bot.cli.documents import print_json
from bot.cli.failures import REFUSED, lines_of
from bot.cli.options import json_option
from bot.cli.session import execute
from bot.cli.text import clean
from bot.errors import BotError, ConfigurationError, EncryptionKeyError
from bot.settings import Settings, SettingsError
from bot.slack.app import CHANNEL_SCOPE
from bot.slack.checkup import (
    Examination,
    Finding,
    Level,
    bad,
    examine_app_token,
    examine_signing_secret,
    good,
    is_away,
    warning,
)
from bot.slack.installed import InstalledWorkspaces
from bot.slack.workspace import SlackWorkspace
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

Findings = AsyncIterator[Finding]


@click.command()
@json_option("what was found")
def doctor(*, as_json: bool) -> int:
    """Check settings, database, graphs and Slack, and say what to do about what is wrong.

    It may be called while a server runs. The exit code is 1 if something does not work; what may
    become a problem (!) does not count.
    """

    async def work() -> list[Finding]:
        found = []
        async for finding in examine():
            found.append(finding)
            if not as_json:
                _print(finding)
        return found

    found = execute(work())
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


async def examine() -> Findings:
    """Look at everything that can be looked at, whatever else is wrong."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        for problem in error.problems:
            yield _split(problem)
        return
    try:
        settings.require_serving()
    except SettingsError as error:
        for problem in error.problems:
            yield _split(problem)
    else:
        yield good("nothing is missing from the settings")
    graphs: Mapping[str, Graph] = {}
    if settings.graphs:
        try:
            graphs = load(settings)
            yield good(f"{len(graphs)} graphs are loaded")
        except (GraphError, BotError) as error:
            for line in lines_of(error):
                yield _split(line)
    async for finding in _store(settings, graphs):
        yield finding


async def _store(settings: Settings, graphs: Mapping[str, Graph]) -> Findings:
    """Look at the database, and at what needs one."""
    space = _space(settings.database_url)
    if space is not None:
        yield space
    try:
        async with open_store(settings.database_url, now=SystemClock().now) as store:
            await store.write(lambda _connection, _now: None)
            yield good("the database takes writes, and has this version's schema")
            async for finding in _slack(settings, store, graphs):
                yield finding
    except OrchestratorError as error:
        yield _split(str(error))
        if not settings.has_installs:
            async for finding in _slack(settings, None, graphs):
                yield finding


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


async def _slack(settings: Settings, store: Store | None, graphs: Mapping[str, Graph]) -> Findings:
    if settings.has_installs and store is not None:
        examining = _installed(settings, store, graphs)
    elif settings.bot_token is not None:
        examining = _one(settings, store, graphs)
    else:
        return
    async for finding in examining:
        yield finding
        if is_away(finding):
            return
    if settings.signing_secret is not None and settings.app_token is None:
        yield examine_signing_secret(settings.signing_secret.get_secret_value())


async def _one(settings: Settings, store: Store | None, graphs: Mapping[str, Graph]) -> Findings:
    """Look at the workspace of the bot token."""
    token = settings.bot_token.get_secret_value() if settings.bot_token else ""
    async with SlackWorkspace(bot_token=token, api_url=settings.api_url) as workspace:
        said = await store.values.get(CHANNEL_SCOPE, "") if store is not None else None
        async for finding in _workspace(workspace, said, settings, graphs):
            yield finding
            if is_away(finding):
                return
        async for finding in _sockets(settings, workspace.sender, workspace.session):
            yield finding


async def _installed(settings: Settings, store: Store, graphs: Mapping[str, Graph]) -> Findings:
    """Look at the workspaces in which the app is installed."""
    try:
        workspaces = installed(settings, store)
    except SettingsError:
        return  # they were told before
    if not settings.workspaces:
        yield warning(
            "every workspace may install the app, and start what is loaded here",
            "list those that may in SIGNOFF_WORKSPACES",
        )
    try:
        async for finding in _opened(settings, store, workspaces, graphs):
            yield finding
    except EncryptionKeyError as error:
        yield _split(str(error))
    except ConfigurationError as error:
        yield _split(str(error))


async def _opened(
    settings: Settings,
    store: Store,
    workspaces: InstalledWorkspaces,
    graphs: Mapping[str, Graph],
) -> Findings:
    old = await workspaces.installs.count_old()
    if old:
        yield warning(
            f"{old} installations are encrypted with an older key",
            "start the server once with both keys before you remove the older one",
        )
    async with workspaces:
        yield good("SIGNOFF_ENCRYPTION_KEY opens all installations")
        channels = await store.values.list(CHANNEL_SCOPE)
        for name, problem in workspaces.problems.items():
            yield bad(f"the workspace {name}: {problem}", f"open {_install_page(settings)}")
        if not workspaces.serving:
            yield warning("the app is installed nowhere", f"open {_install_page(settings)}")
        for name, workspace in workspaces.serving.items():
            async for finding in _workspace(workspace, channels.get(name), settings, graphs):
                yield finding
                if is_away(finding):
                    return
        async for finding in _sockets(settings, workspaces.client, workspaces.session):
            yield finding


async def _workspace(
    workspace: SlackWorkspace,
    said: str | None,
    settings: Settings,
    graphs: Mapping[str, Graph],
) -> Findings:
    """Look at one workspace; `said` is the channel that was chosen there."""
    asked = [
        gate.channel
        for graph in graphs.values()
        for node in graph.every_node()
        for _, gate in getattr(node, "gates", ())
    ]
    wanted = (said or settings.channel, settings.fallback_channel, *asked)
    examination = Examination(
        workspace,
        SystemClock(),
        channels=list(dict.fromkeys(each for each in wanted if each)),
        graphs=graphs.values(),
    )
    async for finding in examination.findings():
        yield finding


async def _sockets(
    settings: Settings, client: AsyncWebClient, session: aiohttp.ClientSession
) -> Findings:
    if settings.app_token is not None:
        token = settings.app_token.get_secret_value()
        async for finding in examine_app_token(client, token, session):
            yield finding


def _install_page(settings: Settings) -> str:
    return f"{settings.url or 'the address of the bot'}/slack/install and add it again"


def _split(problem: str) -> Finding:
    """Make a finding of an error, which says what is wrong and what to do."""
    what, _, fix = problem.partition("; ")
    return bad(what, fix)
