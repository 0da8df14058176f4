"""Where questions are asked, and where instead when Slack does not let the bot in there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import structlog

from bot.slack.kit.mrkdwn import escape
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.policy import Approver, parse_approver
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval

_MOST_PEOPLE = 10  # operators that are tried
_INVITE = "which I cannot post to. Invite me there with `/invite`"
_POSTING = "where I may not post. Change who may post there"
_MENDING = {
    "not_in_channel": _INVITE,
    "channel_not_found": _INVITE,
    "is_archived": "which is archived. Unarchive it, or set another channel",
    "restricted_action": _POSTING,
    "restricted_action_read_only_channel": _POSTING,
    "restricted_action_thread_only_channel": _POSTING,
}
_NOWHERE = ":warning: Nobody has said where questions go; `/signoff channel #name` in Slack does."
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A channel, by its id or `#name`, or a person's direct messages."""

    name: str
    is_person: bool = False


class Places:
    """Knows them for one workspace.

    Args of the constructor:
        engine: Knows the graphs, and so their operators.
        directory: Who approvers' names stand for, and which channels are public.
        channel: Where everything is asked whose gate names no channel.
        fallback: The channel for what cannot be asked in the public channel where it should be.
        operators: Who gets it by direct message when that does not work either: user ids and
            e-mail addresses; after them come the graph's operators.
        workspace: Which workspace.
    """

    def __init__(
        self,
        engine: Engine,
        directory: SlackDirectory,
        *,
        channel: str,
        fallback: str | None = None,
        operators: Iterable[str] = (),
        workspace: str = "",
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._channel = channel
        self._fallback = fallback
        self._operators = tuple(map(parse_approver, operators))
        self._workspace = workspace

    def home(self, approval: Approval) -> Place:
        """Return where a question belongs."""
        return Place(name=approval.channel or self._channel)

    async def channels(self, approval: Approval) -> AsyncIterator[Place]:
        """Yield the channels to try, in this order."""
        home = self.home(approval)
        if home.name:
            yield home
        if await self.has_other(approval):
            yield Place(name=str(self._fallback))

    async def has_other(self, approval: Approval) -> bool:
        """Is there another channel for what cannot be shown where it should be?

        Only for what would have been public: nothing leaks out of a private channel, or one of
        which nothing is known.
        """
        home = self.home(approval).name
        if self._fallback in {None, home}:
            return False
        return not home or await self._directory.is_public(home)

    async def people(self, approval: Approval) -> list[Place]:
        """Return whom to ask when no channel can be used, in this order."""
        if not approval.is_open:
            return []
        graph = self._engine.graphs.get(approval.graph)
        named = (*self._operators, *(graph.operators if graph is not None else ()))
        found = [person for approver in named for person in await self._members(approver)]
        return [Place(name=name, is_person=True) for name in dict.fromkeys(found)][:_MOST_PEOPLE]

    async def _members(self, approver: Approver) -> list[str]:
        try:
            return sorted(await self._directory.members(approver, workspace=self._workspace))
        except (ApproversError, DirectoryError) as exc:
            _log.warning("operator_unknown", operator=str(approver), error=str(exc))
            return []

    def first_line(self, approval: Approval, reason: str | None) -> str:
        """Say in mrkdwn why a message stands elsewhere; empty: it stands where it belongs."""
        if reason is None:
            return "" if self.home(approval).name or self._fallback else _NOWHERE
        home = _mention(self.home(approval).name)
        if not approval.is_open:
            return f":information_source: This was asked in {home}, which I cannot use any more."
        mending = _MENDING.get(reason, f"which I cannot use (`{escape(reason)}`). Mend that")
        return (
            f":warning: This belongs in {home}, {mending}; "
            f"then `/signoff repost {approval.ref}` asks it there."
        )


def _mention(channel: str) -> str:
    return f"*{escape(channel)}*" if channel.startswith("#") else f"<#{escape(channel)}>"
