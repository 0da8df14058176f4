"""The time zones of people, for what is written to them where no date adapts itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, tzinfo

from bot.slack.kit.mrkdwn import is_user_id
from bot.slack.people.hours import zone_of
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.errors import DirectoryError

#: Seconds that a message waits for its reader's zone.
_PATIENCE = 1.0


async def zone_name(directory: SlackDirectory, person: str) -> str:
    """Return the name of a person's time zone; UTC where it is not known."""
    try:
        found = await directory.person(person)
    except DirectoryError:
        return "UTC"
    return found.zone if found is not None else "UTC"


async def zone_to_write_in(directory: SlackDirectory, name: str) -> tzinfo:
    """Return the zone of somebody by their id; UTC where it is not known within a second."""
    if not is_user_id(name):
        return UTC
    try:
        async with asyncio.timeout(_PATIENCE):
            return zone_of(await zone_name(directory, name))
    except TimeoutError:
        return UTC
