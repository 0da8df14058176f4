"""Something that a person wrote in Slack, and how a comment that was typed in a thread is known.

https://docs.slack.dev/reference/events/message
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_REPLY = "reply"
#: What people write. Edits, deletions, and what Slack says itself have other subtypes.
_WRITTEN = frozenset({None, "file_share", "thread_broadcast"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Something that a person wrote."""

    channel: str
    ts: str
    thread: str  #: empty: it stands in no thread
    user: str
    team: str | None
    text: str
    files: tuple[str, ...]
    is_direct: bool
    bot: str | None  #: the bot's own id
    is_to_bot: bool  #: the thread is that of a message of the bot

    @classmethod
    def read(cls, body: Mapping[str, Any], *, bot: str | None) -> Self | None:
        """Read an event's body; None: it is nothing that a person wrote for the bot to see."""
        event: Mapping[str, Any] = body.get("event") or {}
        user = str(event.get("user") or "")
        if event.get("subtype") not in _WRITTEN or event.get("bot_id") or event.get("hidden"):
            return None
        if not user or user in {bot, "USLACKBOT"}:
            return None
        if bot is not None and event.get("parent_user_id", bot) != bot:
            return None
        ts, thread = str(event.get("ts") or ""), str(event.get("thread_ts") or "")
        team = event.get("user_team") or event.get("source_team") or event.get("team")
        if not team and not body.get("is_ext_shared_channel"):
            team = body.get("team_id")  # as with files
        return cls(
            channel=str(event.get("channel") or ""),
            ts=ts,
            thread="" if thread == ts else thread,
            user=user,
            team=str(team) if team else None,
            text=str(event.get("text") or ""),
            files=tuple(_name(each) for each in event.get("files") or ()),
            is_direct=event.get("channel_type") == "im",
            bot=bot,
            is_to_bot=bot is not None and event.get("parent_user_id") == bot,
        )

    @property
    def key(self) -> str:
        """What the comment is known by, however often and to whichever process it comes."""
        return f"{_thread(self.channel, self.thread)}{self.ts}"


def stands_in(key: str | None, channel: str, thread: str) -> bool:
    """Was the comment of a key typed in this thread?"""
    return key is not None and key.startswith(_thread(channel, thread))


def _thread(channel: str, thread: str) -> str:
    return f"{_REPLY}:{channel}:{thread}:"


def _name(file: Any) -> str:
    known = file if isinstance(file, Mapping) else {}
    return str(known.get("name") or known.get("title") or "a file")
