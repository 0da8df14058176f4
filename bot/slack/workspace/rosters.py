"""The people behind the entries of a policy, asked of Slack all at once."""

from __future__ import annotations

import asyncio

from bot.cards.who import Roster
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.policy import Approver, Policy

_MOST = 50  # entries that are looked up


async def look_up(directory: SlackDirectory, policy: Policy) -> dict[str, Roster]:
    """Return the members of each entry by its name, or why they are not known."""
    entries = policy.everybody()[:_MOST]
    found = await asyncio.gather(*(_members(directory, each) for each in entries))
    return {str(each): roster for each, roster in zip(entries, found, strict=True)}


async def _members(directory: SlackDirectory, entry: Approver) -> Roster:
    try:
        return await directory.members(entry)
    except (ApproversError, DirectoryError) as error:
        return str(error)
