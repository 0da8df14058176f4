"""First messages that call only whom they are to call."""

from __future__ import annotations

import asyncio

from bot.cards import Card
from bot.cards.quiet import mentioned_in, quiet_card
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.errors import DirectoryError

_PATIENCE = 2.0  # seconds for all names together; who is not known by then has none


async def without_calls(card: Card, directory: SlackDirectory) -> Card:
    """Return a card that calls nobody but those whom its gate names for it."""
    return quiet_card(card, await names_of(directory, mentioned_in(card)))


async def names_of(directory: SlackDirectory, people: frozenset[str]) -> dict[str, str]:
    """Return what people are called, as far as Slack says so in time."""
    found: dict[str, str] = {}

    async def look_up(person: str) -> None:
        try:
            known = await directory.person(person)
        except DirectoryError:
            return
        if known is not None:
            found[person] = known.name

    try:
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*map(look_up, people))
    except TimeoutError:
        pass
    return dict(found)
