"""What the thread of a message is about: one question, the calls of a turn, or a whole digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.errors import NotRecordedError
from bot.slack.kit.reply import Reply
from bot.slack.listening import Tools
from bot.slack.workspace.failures import Remedy, describe
from orchestrator.errors import ApprovalNotFoundError
from orchestrator.store import DIGEST
from orchestrator.store.records import Approval

_PASSING = frozenset({Remedy.WAIT, Remedy.RETRY})
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The questions that a message is about."""

    #: As they were asked.
    approvals: tuple[Approval, ...] = ()
    #: Each may be meant by itself, while calls of one turn are answered together.
    is_digest: bool = False
    #: Is it of a digest known which questions it shows?
    is_whole: bool = True

    @property
    def is_unclear(self) -> bool:
        """May several questions be meant?"""
        asked = [each for each in self.approvals if each.is_open]
        several_runs = len({each.run_id for each in asked}) > 1
        return not self.is_whole or several_runs or (self.is_digest and len(asked) > 1)

    def asked_of(self, person: str) -> list[Approval]:
        """Return the open questions, first those about which somebody waits for the person."""
        asked = [each for each in self.approvals if each.is_open]
        return sorted(asked, key=lambda each: not _waits_for(each, person))


async def find_subject(tools: Tools, reply: Reply) -> Subject | None:
    """Return what the thread of a reply is about; None: Slack does not let the bot see it.

    Raises:
        NotRecordedError: It cannot be known at the moment.
    """
    places = await tools.engine.messages_at(reply.channel, reply.thread)
    if places:
        is_digest = any(place.reason == DIGEST for place in places)
        ids = [place.approval_id for place in places]
        return Subject(approvals=await _approvals(tools, ids), is_digest=is_digest)
    if not (reply.is_to_bot or reply.is_direct):
        return Subject()
    mark = await _find_mark(tools, reply)
    if mark is None:
        return None
    ids = str(mark.get("calls") or mark.get("approval_id") or "").split()
    is_digest = len(str(mark.get("deliveries") or "").split()) > 1
    return Subject(
        approvals=await _approvals(tools, ids), is_digest=is_digest, is_whole=not is_digest
    )


async def _approvals(tools: Tools, ids: list[str]) -> tuple[Approval, ...]:
    found = []
    for approval_id in ids:
        try:
            found.append(await tools.engine.get_approval(approval_id))
        except ApprovalNotFoundError:  # another workspace's, in a channel that both share
            continue
    if len(found) > 1 and len({each.run_id for each in found}) == 1:
        known = {each.id for each in found}
        everything = await tools.engine.list_approvals(found[0].run_id)
        return tuple(each for each in everything if each.id in known)
    return tuple(found)


async def _find_mark(tools: Tools, reply: Reply) -> Mapping[str, Any] | None:
    """Return the mark that a message of ours carries; empty: it has none, or is not ours.

    Direct messages which tell of a question are not remembered, and neither is a question whose
    posting was not confirmed yet, nor where one stood before it was asked anew.
    """
    try:
        answer = await tools.client.conversations_replies(
            channel=reply.channel, ts=reply.thread, limit=1, include_all_metadata=True
        )
    except Exception as exc:
        failure = describe(exc)
        _log.warning("slack_thread_unreadable", error=failure.code, fix=failure.fix)
        if failure.remedy in _PASSING:
            raise NotRecordedError(f"conversations.replies: {failure.code}") from exc
        return None
    parent: Mapping[str, Any] = next(iter(answer.get("messages") or ()), {})
    is_ours = parent.get("user") == reply.bot
    return ((parent.get("metadata") or {}).get("event_payload") or {}) if is_ours else {}


def _waits_for(approval: Approval, person: str) -> bool:
    """Has the person, who asked for the run, still to answer what somebody asked about it?"""
    if approval.run.requester != person:
        return False
    said = [
        each.wants_answer for each in approval.comments if each.wants_answer or each.by == person
    ]
    return bool(said) and said[-1]
