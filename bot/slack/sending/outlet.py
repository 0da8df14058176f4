"""Posting and editing at the pace that Slack allows, each message once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from bot.slack.sending.calls import OPEN, POST, UPDATE, CallError, Calls, Draft, Posted
from bot.slack.sending.history import HISTORY, REPLIES, Found, History
from bot.slack.sending.pacing import Pacer
from bot.slack.sending.places import Place
from bot.slack.workspace.failures import Failure, Remedy
from orchestrator.store.records import Delivery, Message

#: Writes what is sent, at the last moment; None: by now there is nothing to say.
Writing = Callable[[], Awaitable[Draft | None]]
#: Failures for which it helps to have looked elsewhere.
_UNREADABLE = frozenset({Remedy.PEOPLE, Remedy.PLACE})
_log = structlog.get_logger(__name__)


class Outlet:
    """Everything raises CallError, also while Slack asks for patience."""

    def __init__(self, calls: Calls, history: History, pacer: Pacer) -> None:
        self.calls = calls
        self._history = history
        self._pacer = pacer
        #: What this process has posted last, by channel.
        self._newest: dict[str, str] = {}

    async def channel(self, place: Place) -> str:
        """Return the channel of a place, opening direct messages if need be."""
        if not place.is_person:
            return place.name
        self._be_patient(OPEN)
        return await self.calls.open_direct(place.name)

    async def post(
        self, write: Writing, channel: str, *, thread_ts: str | None = None
    ) -> Posted | None:
        """Post what `write` returns when the channel takes a message; None: it returned None."""
        self._be_patient(POST)
        async with self._pacer.turn(channel):
            draft = await write()
            if draft is None:
                return None
            posted = await self.calls.post(draft, channel=channel, thread_ts=thread_ts)
            self._newest[posted.channel] = posted.ts
            return posted

    def is_newest(self, posted: Posted) -> bool:
        """Has this process posted nothing into the channel since?"""
        return self._newest.get(posted.channel) == posted.ts

    async def update(self, write: Writing, message: Message) -> None:
        """Replace a message by what `write` returns."""
        self._be_patient(UPDATE)
        async with self._pacer.turn(message.channel):
            draft = await write()
            if draft is not None:
                await self.calls.update(draft, message)

    async def find(
        self,
        delivery: Delivery,
        channel: str,
        *,
        thread_ts: str | None = None,
        but: Message | None = None,
    ) -> Found | None:
        """Return what an earlier try has posted without being told so, but for a known message.

        A place that cannot be read counts as one that has nothing: what is shown twice is better
        than what nobody sees.
        """
        self._be_patient(HISTORY if thread_ts is None else REPLIES)
        try:
            return await self._history.find(delivery, channel, thread_ts=thread_ts, but=but)
        except CallError as exc:
            if exc.failure.remedy not in _UNREADABLE:
                raise
            fix = exc.failure.fix
            _log.warning("slack_history_unreadable", channel=channel, error=exc.code, fix=fix)
            return None

    def _be_patient(self, method: str) -> None:
        wait = self._pacer.blocked_for(method)
        if wait > 0:
            failure = Failure(code="ratelimited", remedy=Remedy.WAIT, retry_after=wait)
            raise CallError(method, failure)
