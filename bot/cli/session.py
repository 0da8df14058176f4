"""What commands beside a server do first: logging, settings, an engine that only records."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from bot.app import Desk, open_desk
from bot.cli.logs import configure_logging
from bot.cli.names import resolve_person
from bot.settings import Settings

T = TypeVar("T")


def execute(work: Coroutine[Any, Any, T]) -> T:
    """Carry out a command; what goes wrong is told by its error, so nothing is logged."""
    configure_logging("console", level=logging.CRITICAL)
    return asyncio.run(work)


@asynccontextmanager
async def beside_server(
    *, needs_graphs: bool = False, wants_graphs: bool = False, needs_people: bool = False
) -> AsyncIterator[Desk]:
    """Open an engine that records and does not serve, as the settings say.

    Args:
        needs_graphs: Load the graphs.
        wants_graphs: Load them if the settings name any.
        needs_people: Connect to Slack, if it is set up.
    """
    settings = Settings.load()
    needs_graphs = needs_graphs or (wants_graphs and bool(settings.graphs))
    async with open_desk(settings, needs_graphs=needs_graphs, needs_people=needs_people) as desk:
        yield desk


async def person(desk: Desk, by: str | None) -> str:
    """Return the id of whoever does something about an approval; by default the system's user.

    Raises:
        OrchestratorError: See `resolve_person`.
    """
    return await resolve_person(desk, by) if by else system_user()


def system_user() -> str:
    """Return the name of the operating system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return f"uid-{os.getuid()}"
