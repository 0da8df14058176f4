"""Where everything is put together: the one module that sees settings, engine, Slack and web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.settings import Settings
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph import Approver, ApproverKind, Graph, load_graphs, parse_approver
from orchestrator.runtime import Directory, Engine, SystemClock
from orchestrator.store import open_store

if TYPE_CHECKING:
    from bot.slack.workspace import SlackWorkspace

#: Seconds that a command waits for Slack to say who the bot is.
_SLACK_PATIENCE = 10.0


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


class SlackPeople:
    """Asks Slack; while Slack is away, people who are named by their ids can still decide."""

    def __init__(self, workspace: SlackWorkspace) -> None:
        self._workspace = workspace
        self._failure: DirectoryError | None = None
        self._is_known = False

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:  # noqa: ARG002 - the port's
        """See Directory."""
        await self._find_out()
        if self._failure is None:
            return await self._workspace.directory.members(approver)
        if approver.kind is ApproverKind.USER:
            return frozenset({approver.name})
        raise self._failure

    async def is_outsider(self, person: str, *, workspace: str = "") -> bool:  # noqa: ARG002 - the port's
        """See Directory."""
        await self._find_out()
        if self._failure is not None:
            return False  # as without Slack
        return await self._workspace.directory.is_outsider(person)

    async def _find_out(self) -> None:
        """Find out, once, whether Slack answers; the directory has to know who the bot is."""
        if self._is_known:
            return
        from bot.slack.failures import describe  # noqa: PLC0415 - slow to import

        try:
            async with asyncio.timeout(_SLACK_PATIENCE):
                await self._workspace.client.auth_test()
                await self._workspace.identity.learn()
        except Exception as error:  # noqa: BLE001 - whatever it is, Slack cannot be asked
            failure = describe(error)
            fix = failure.fix or "check SLACK_API_URL and try again"
            self._failure = DirectoryError(
                f"Slack could not be asked who may decide ({failure.code}); {fix}"
            )
        self._is_known = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An engine, and where to look people up; for commands beside a server."""

    engine: Engine
    people: Directory


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
    """
    graphs = load(settings) if needs_graphs else {}
    clock, hook = SystemClock(), settings.hook
    async with (
        open_store(settings.database_url, now=clock.now, hook=hook) as store,
        _open_people(settings, needs_people=needs_people) as people,
    ):
        engine = Engine(
            store,
            graphs,
            directory=people,
            clock=clock,
            has_chat=settings.has_chat,
            hook=hook,
        )
        yield Desk(engine=engine, people=people)


@asynccontextmanager
async def _open_people(settings: Settings, *, needs_people: bool) -> AsyncIterator[Directory]:
    if not needs_people or settings.bot_token is None:
        yield OfflinePeople()
        return
    # Importing Slack's libraries takes more than a second, and most commands need none of it.
    from bot.slack.workspace import SlackWorkspace  # noqa: PLC0415 - see above

    workspace = SlackWorkspace(
        bot_token=settings.bot_token.get_secret_value(), api_url=settings.api_url
    )
    async with workspace:
        yield SlackPeople(workspace)


async def resolve_person(desk: Desk, name: str) -> str:
    """Return the id of the person who is to be recorded as having done something.

    Whether they may is for the engine to say.

    Args:
        desk: Where to look.
        name: A user id or an e-mail address.

    Raises:
        ApproversError: The name stands for no single person who may decide anything.
        DirectoryError: The name is an e-mail address and Slack cannot be asked.
    """
    try:
        wanted = parse_approver(name)
    except ValueError as error:
        raise ApproversError(str(error)) from error
    if wanted.kind in {ApproverKind.GROUP, ApproverKind.CHANNEL}:
        what = wanted.kind.value
        raise ApproversError(
            f"{name} is a {what}, and this takes one person; give a user id or an e-mail address"
        )
    (person,) = await desk.people.members(wanted)
    return person


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A bot that serves."""

    url: str  #: of the health routes and, in HTTP mode, of Slack's route
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
        ListenError: The address is taken.
    """
    settings.require_serving()
    graphs = load(settings)
    from bot.slack.app import SlackSurface  # noqa: PLC0415 - slow to import; settings come first
    from bot.slack.http import routes  # noqa: PLC0415 - as above
    from bot.slack.workspace import SlackWorkspace  # noqa: PLC0415 - as above
    from bot.web import (  # noqa: PLC0415 - as above
        database_probe,
        health_routes,
        listening,
        scheduler_probe,
        slack_probe,
    )

    clock, hook = SystemClock(), settings.hook
    workspace = SlackWorkspace(bot_token=_revealed(settings.bot_token), api_url=settings.api_url)
    async with open_store(settings.database_url, now=clock.now, hook=hook) as store, workspace:
        engine = Engine(
            store, graphs, directory=workspace.directory, clock=clock, has_chat=True, hook=hook
        )
        is_socket_mode = settings.app_token is not None
        surface = SlackSurface(
            engine,
            workspace,
            channel=settings.channel or "",
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
        alive = {"scheduler": scheduler_probe(engine)}
        web_routes = [*health_routes(alive=alive, ready=ready), *routes(surface)]
        # Bound before anything is started, so that a taken port leaves no trace.
        async with (
            listening(web_routes, host=settings.host, port=settings.port) as url,
            engine,
        ):
            async with surface:
                yield Serving(url=url, is_socket_mode=is_socket_mode, engine=engine)
                # Nodes get their grace while the surface gets its own, not after it.
                stopping = asyncio.create_task(engine.stop())
            await stopping


def _revealed(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
