"""Where everything is put together: the one module that sees settings, engine, Slack and web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.settings import Settings
from orchestrator.errors import DirectoryError
from orchestrator.graph import Approver, ApproverKind, Graph, load_graphs
from orchestrator.runtime import Directory, Engine, SystemClock
from orchestrator.store import Store, open_store

if TYPE_CHECKING:
    from aiohttp import web

    from bot.slack.install.installed import InstalledWorkspaces
    from bot.slack.install.vault import Vault
    from bot.slack.workspace.connection import SlackWorkspace


class OfflinePeople:
    """Knows user ids only; for what only Slack knows, it says so."""

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:  # noqa: ARG002 - the port's
        """See Directory."""
        if approver.kind is not ApproverKind.USER:
            raise DirectoryError(
                f"only Slack knows who {approver} is; set SLACK_BOT_TOKEN, or name user ids"
            )
        return frozenset({approver.name})

    async def is_outsider(self, _person: str, *, workspace: str = "") -> bool:  # noqa: ARG002 - the port's
        """See Directory; without Slack only those get through who are named by their ids."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An engine, and where to look people up; for commands beside a server."""

    engine: Engine
    people: Directory
    #: Names of the workspaces in which the app is installed; None: it is not installed by OAuth.
    workspaces: tuple[str, ...] | None = None


def load(settings: Settings) -> dict[str, Graph]:
    """Load the graphs that the settings name.

    Raises:
        SettingsError: They name none.
        GraphError: A file cannot be used; the message says where in it.
    """
    settings.require_graphs()
    return load_graphs(settings.graphs, allow=settings.allow)


@asynccontextmanager
async def open_desk(
    settings: Settings, *, needs_graphs: bool = False, needs_people: bool = False
) -> AsyncIterator[Desk]:
    """Open an engine that records and does not serve.

    Args:
        settings: The same as the server's, or its messages would not be sent.
        needs_graphs: Load the graphs; starting a run and deciding take them.
        needs_people: Connect to Slack, if it is set up, to look people up.

    Raises:
        SettingsError: A setting is missing.
        GraphError: A graph's file cannot be used.
        StoreError: The database is unavailable or not migrated.
        EncryptionKeyError: Installations cannot be read.
    """
    graphs = load(settings) if needs_graphs else {}
    clock, hook = SystemClock(), settings.hook
    async with (
        open_store(settings.database_url, now=clock.now, hook=hook) as store,
        _open_people(settings, store, needs_people=needs_people) as (people, workspaces),
    ):
        engine = Engine(
            store,
            graphs,
            directory=people,
            clock=clock,
            has_chat=settings.has_chat,
            hook=hook,
        )
        yield Desk(engine=engine, people=people, workspaces=workspaces)


@asynccontextmanager
async def _open_people(
    settings: Settings, store: Store, *, needs_people: bool
) -> AsyncIterator[tuple[Directory, tuple[str, ...] | None]]:
    """Connect to Slack; give the directory, and the workspaces if the app is installed in some."""
    if not needs_people or not (settings.bot_token or settings.has_installs):
        yield OfflinePeople(), None
        return
    # Importing Slack's libraries takes more than a second, and most commands need none of it.
    from bot.slack.install.people import InstalledPeople, SlackPeople  # noqa: PLC0415 - see above
    from bot.slack.workspace.connection import SlackWorkspace  # noqa: PLC0415 - see above

    if settings.has_installs:
        async with installed(settings, store) as found:
            yield InstalledPeople(found), tuple(found.serving)
        return
    workspace = SlackWorkspace(bot_token=_revealed(settings.bot_token), api_url=settings.api_url)
    async with workspace:
        yield SlackPeople(workspace), None


def installed(settings: Settings, store: Store) -> InstalledWorkspaces:
    """Return the workspaces in which the app is installed, to be entered.

    Raises:
        SettingsError: A setting is missing.
    """
    from bot.slack.install.installed import InstalledWorkspaces  # noqa: PLC0415 - slow to import

    settings.require_installs()
    return InstalledWorkspaces(
        store.values,
        vault_of(settings),
        client_id=settings.client_id or "",
        client_secret=_revealed(settings.client_secret),
        api_url=settings.api_url,
    )


def vault_of(settings: Settings) -> Vault:
    """Return what encrypts the tokens of installations.

    Raises:
        ConfigurationError: There is no key.
    """
    from bot.slack.install.vault import Vault  # noqa: PLC0415 - slow to import

    return Vault([each.get_secret_value() for each in settings.encryption_keys])


@asynccontextmanager
async def working(settings: Settings, *, grace: float) -> AsyncIterator[Engine]:
    """Run nodes and keep deadlines until the block ends; what it asks, servers send to Slack.

    Args:
        settings: The same as the servers'.
        grace: Seconds that running nodes get at the end.

    Raises:
        SettingsError: Something is missing.
        GraphError: A graph's file cannot be used.
        StoreError: The database is unavailable or not migrated.
        EncryptionKeyError: Installations cannot be read.
    """
    graphs = load(settings)
    clock, hook = SystemClock(), settings.hook
    async with (
        open_store(settings.database_url, now=clock.now, hook=hook) as store,
        _open_people(settings, store, needs_people=True) as (people, _),
        Engine(
            store,
            graphs,
            directory=people,
            clock=clock,
            has_chat=True,
            concurrency=settings.concurrency,
            hook=hook,
        ) as engine,
    ):
        yield engine
        await engine.stop(grace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A bot that serves."""

    url: str  #: of the health routes, Slack's route in HTTP mode, and the pages of OAuth
    has_pages: bool  #: can the app be installed by OAuth?
    is_socket_mode: bool
    engine: Engine


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Serving]:
    """Serve until the block ends; stopping takes less than ten seconds.

    Slack may be away: the bot goes on trying, and `/readyz` says so.

    Raises:
        SettingsError: Something is missing.
        GraphError: A graph's file cannot be used.
        StoreError: The database is unavailable or not migrated.
        EncryptionKeyError: Installations cannot be read.
        ListenError: The address is taken.
    """
    settings.require_serving()
    graphs = load(settings)
    from bot.slack.app import SlackSurface  # noqa: PLC0415 - slow to import; settings come first
    from bot.slack.transport.http import routes  # noqa: PLC0415 - as above
    from bot.web import (  # noqa: PLC0415 - as above
        database_probe,
        health_routes,
        listening,
        queue_probe,
        scheduler_probe,
        slack_probe,
    )

    clock, hook = SystemClock(), settings.hook
    async with (
        open_store(settings.database_url, now=clock.now, hook=hook) as store,
        _connected(settings, store, clock) as connected,
    ):
        engine = Engine(
            store,
            graphs,
            directory=connected.directory,
            clock=clock,
            has_chat=True,
            concurrency=settings.concurrency,
            hook=hook,
        )
        is_socket_mode = settings.app_token is not None
        surface = SlackSurface(
            engine,
            connected.workspaces,
            channel=settings.channel or "",
            command=settings.command,
            fallback_channel=settings.fallback_channel,
            operators=settings.operators,
            app_token=_revealed(settings.app_token) if is_socket_mode else None,
            signing_secret=None if is_socket_mode else _revealed(settings.signing_secret),
            clock=clock,
            hook=hook,
        )
        ready = {
            "database": database_probe(store),
            "scheduler": scheduler_probe(engine),
            "slack": slack_probe(surface.statistics),
        }
        if engine.has_queue:
            ready["queue"] = queue_probe(engine)
        alive = {"scheduler": scheduler_probe(engine)}
        health = health_routes(alive=alive, ready=ready)
        web_routes = [*health, *routes(surface), *connected.routes]
        # Bound before anything is started, so that a taken port leaves no trace.
        async with (
            listening(web_routes, host=settings.host, port=settings.port) as url,
            engine,
        ):
            async with surface:
                yield Serving(
                    url=url,
                    has_pages=settings.has_installs,
                    is_socket_mode=is_socket_mode,
                    engine=engine,
                )
                # Nodes get their grace while the surface gets its own, not after it.
                stopping = asyncio.create_task(engine.stop())
            await stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connected:
    workspaces: SlackWorkspace | InstalledWorkspaces
    directory: Directory
    routes: Sequence[web.RouteDef] = ()


@asynccontextmanager
async def _connected(
    settings: Settings, store: Store, clock: SystemClock
) -> AsyncIterator[_Connected]:
    """Connect to the one workspace of the settings, or to those where the app is installed."""
    from bot.slack.install.manifest import BOT_SCOPES  # noqa: PLC0415 - as above
    from bot.slack.install.pages import InstallPages  # noqa: PLC0415 - slow to import
    from bot.slack.workspace.connection import SlackWorkspace  # noqa: PLC0415 - as above

    if not settings.has_installs:
        token = _revealed(settings.bot_token)
        async with SlackWorkspace(bot_token=token, api_url=settings.api_url) as workspace:
            yield _Connected(workspaces=workspace, directory=workspace.directory)
        return
    async with installed(settings, store) as workspaces:
        await workspaces.installs.renew_encryption()
        pages = InstallPages(
            workspaces,
            vault_of(settings),
            clock,
            scopes=tuple(BOT_SCOPES),
            url=settings.url,
            allowed=settings.workspaces,
            default_channel=settings.channel or "",
            command=settings.command,
        )
        yield _Connected(
            workspaces=workspaces, directory=workspaces.directory, routes=pages.routes()
        )


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
