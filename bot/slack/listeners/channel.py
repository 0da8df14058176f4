"""`channel`: where the questions of a workspace go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.words import Channel, Code, Words
from bot.slack.command_line import CommandLine
from bot.slack.listening import Tools, user_of
from orchestrator.errors import DirectoryError

_ID = re.compile(r"(?:<#)?([CG][A-Z0-9]{2,})(?:\|[^>]*)?>?")

Rows = list[Words]


async def channel(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Say where questions go, or have them go elsewhere."""
    if not line.words:
        return _said(tools)
    try:
        return await _chosen(tools, args, line.words[0])
    except DirectoryError:
        return [
            ("Slack could not be asked about that. Nothing was changed; try again in a minute.",)
        ]


async def _chosen(tools: Tools, args: AsyncArgs, name: str) -> Rows:
    user = user_of(args.body)
    if not await _may_choose(tools, user):
        return [("Only an administrator of the workspace, or who installed me, may choose it.",)]
    word = str(args.body.get("channel_id")) if name == "here" else name
    found = await _find(tools, word)
    if found is None:
        return [
            (
                "I see no channel ",
                Code(word),
                ". Check the spelling, and invite me there if it is private.",
            )
        ]
    if found.get("is_archived"):
        return [(Channel(found["id"]), " is archived. Choose another one.")]
    if not found.get("is_member"):
        return [
            ("I am not in ", Channel(found["id"]), ". Invite me there with ", Code("/invite"),
             ", then write this again.")
        ]  # fmt: skip
    await tools.ask_in(found["id"])
    return [("Questions go to ", Channel(found["id"]), " from now on; open ones stay.")]


def _said(tools: Tools) -> Rows:
    change: Words = ("Change that with ", Code(f"{tools.command} channel #name"), ".")
    if not tools.channel:
        return [("Nobody has said where questions go.",), change]
    return [("Questions go to ", Channel(tools.channel), "."), change]


async def _may_choose(tools: Tools, user: str) -> bool:
    if user == tools.installed_by:
        return True
    person = await tools.directory.person(user)
    return person is not None and person.is_admin and not person.must_be_named


async def _find(tools: Tools, word: str) -> Mapping[str, Any] | None:
    """Return a channel as Slack describes it; None: there is none that the bot sees."""
    match = _ID.fullmatch(word)
    return await tools.directory.channel(match[1] if match else f"#{word.lstrip('#')}")
