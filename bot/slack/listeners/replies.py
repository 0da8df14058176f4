"""Replies in the thread of a question: what somebody types there is a comment on it.

A reply is recorded before Slack is answered, under a key made of where it stands. What could not
be recorded is not answered, so that Slack delivers it again, three times within about six minutes;
what comes twice, or to another process, is known by its key.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.values import cut
from bot.cards.words import Code, Words
from bot.errors import NotRecordedError
from bot.slack.decisions import CLICK_TIMEOUT, SURFACE, Member, in_time
from bot.slack.errors import sentence
from bot.slack.kit.reply import Reply
from bot.slack.kit.typed import is_visible, people_in, plain
from bot.slack.listeners.subjects import Subject, find_subject
from bot.slack.listening import Handler, Tools
from bot.slack.seen import retry_number
from bot.slack.sending.naming import names_of
from bot.slack.workspace.failures import Remedy, describe
from orchestrator.errors import (
    ApprovalClosedError,
    ApprovalNotFoundError,
    DirectoryError,
    NotAnApproverError,
    NotPermittedError,
    OrchestratorError,
)
from orchestrator.store.records import Approval

#: How somebody sees that their reply was taken.
TAKEN = "eyes"
#: Characters of a comment, as many as the form of the menu takes.
LONGEST = 3000
_CUT = " (cut; all of it stands in the thread)"
_NAMES = 0.5  # seconds in which mentions become names
_LAST_TRY = 3  # Slack delivers an event so often again
_MARKS = 5  # tries to show that a reply was taken
_PAUSE = 2.0  # seconds after the first of them, where Slack names no other; then twice as many
_THEIRS = (NotPermittedError, NotAnApproverError)  #: refused to this person
_OVER = (ApprovalClosedError, ApprovalNotFoundError)  #: refused to everybody
_log = structlog.get_logger(__name__)


async def take(tools: Tools, args: AsyncArgs) -> None:
    """Record a reply as a comment; everything else that people write is left alone."""
    reply = Reply.read(args.body, bot=args.context.bot_user_id)
    if reply is None or (not reply.thread and not reply.is_direct):
        return
    if not reply.thread:
        _explain(tools, reply)
        return
    is_last = retry_number(args.request.headers) >= _LAST_TRY
    try:
        subject = await in_time(tools.tasks, find_subject(tools, reply), seconds=CLICK_TIMEOUT)
    except NotRecordedError:
        if not is_last:
            raise
        _tell(tools, reply, _NOT_KNOWN)
        return
    if subject is None:
        _tell_once(tools, reply, _NOT_SEEN)
    elif text := await _text_of(tools, reply):
        await _take(tools, reply, subject, text, is_last=is_last)


async def _take(tools: Tools, reply: Reply, subject: Subject, text: str, *, is_last: bool) -> None:
    try:
        work = _record(tools, reply, subject, text)
        is_taken = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    except DirectoryError as error:
        if not is_last:
            raise NotRecordedError(str(error)) from error
        _tell(tools, reply, _refused(error, reply))
    except OrchestratorError as error:
        _tell_once(tools, reply, _refused(error, reply))
    else:
        if is_taken:
            tools.tasks.spawn(_mark(tools, reply), name="slack-reply-taken")
        elif subject.is_unclear:
            _tell(tools, reply, _WHICH)


async def _record(tools: Tools, reply: Reply, subject: Subject, text: str) -> bool:
    """Record a reply with the first question for which it can be; False: with none.

    What was recorded already, here or in another process, stays with the question that has it.
    """
    for approval in subject.approvals:
        if await tools.engine.was_done(approval.id, reply.key):
            return True
    asked = subject.asked_of(reply.user)
    if subject.is_unclear or not asked:
        return False
    refusals: list[OrchestratorError] = []
    for approval in asked:
        try:
            await _comment(tools, reply, approval, text)
        except (*_THEIRS, *_OVER) as error:
            refusals.append(error)
        else:
            return True
    # That one of them has just expired matters less than that the others are not theirs.
    raise next((each for each in refusals if isinstance(each, _THEIRS)), refusals[0])


async def _comment(tools: Tools, reply: Reply, approval: Approval, text: str) -> None:
    work = tools.engine.comment(approval.id, text, by=reply.user, surface=SURFACE, key=reply.key)
    member = Member(id=reply.user, team=reply.team)
    await tools.decisions.act(work, approval=approval.id, member=member)


async def _text_of(tools: Tools, reply: Reply) -> str:
    """Return what somebody wrote in plain words, with the names of what they attached."""
    words = await _in_words(tools, reply.text)
    files = f"[{', '.join(reply.files)}]" if reply.files else ""
    text = "\n".join(part for part in (words if is_visible(words) else "", files) if part)
    return cut(text, LONGEST - len(_CUT)) + _CUT if len(text) > LONGEST else text


async def _in_words(tools: Tools, text: str) -> str:
    people: Mapping[str, str] = {}
    groups: Mapping[str, str] = {}
    try:
        async with asyncio.timeout(_NAMES):
            if "<!subteam^" in text:
                groups = {
                    each: name for name, each in (await tools.directory.known_groups()).items()
                }
            if named := people_in(text):
                people = await names_of(tools.directory, named)
    except TimeoutError:
        _log.info("slack_names_unknown")
    return plain(text, people=people, groups=groups)


async def _mark(tools: Tools, reply: Reply) -> None:
    """Show that a reply was taken; that it cannot be shown matters to nothing."""
    for number in range(_MARKS):
        try:
            await tools.client.reactions_add(channel=reply.channel, timestamp=reply.ts, name=TAKEN)
        except Exception as exc:  # noqa: BLE001 - the comment is recorded
            failure = describe(exc)
            is_passing = failure.remedy in {Remedy.WAIT, Remedy.RETRY}
            if not is_passing or number == _MARKS - 1:
                if failure.code != "already_reacted":
                    _log.info("slack_reply_not_marked", error=failure.code, fix=failure.fix)
                return
            wait = failure.retry_after
            await asyncio.sleep(_PAUSE * 2**number if wait is None else wait)
        else:
            return


def _explain(tools: Tools, reply: Reply) -> None:
    """Say to who writes to the bot what it reads; once in a while."""
    if tools.seen.add(f"explained:{reply.user}"):
        words: Words = (
            "I read what you write in the thread of a question, as a comment on it. ",
            "For everything else there is ",
            Code(f"{tools.command} help"),
            ".",
        )
        _tell(tools, reply, words)


_WHICH: Words = (
    (
        "This message is about several questions, so I have not taken your reply as a comment. "
        "Press Open beside the one that you mean, and reply in its thread."
    ),
)


_LEAD = "Your reply is not recorded as a comment. "
_ELSEWHERE = "Reply in the thread of the question itself, or press Comment… in its menu."
_NOT_SEEN: Words = (
    _LEAD,
    "Slack does not let me see which question this thread is about. ",
    _ELSEWHERE,
)
_NOT_KNOWN: Words = (
    _LEAD,
    "I could not find out which question this thread is about. Try again in a minute.",
)


def _refused(error: OrchestratorError, reply: Reply) -> Words:
    if isinstance(error, _THEIRS):
        return (_LEAD, "That takes somebody who may decide, who asked, or an operator.")
    if (words := sentence(error, reader=reply.user)) is not None:
        return (_LEAD, *words)
    incident = secrets.token_hex(4)
    _log.error("slack_reply_refused", incident=incident, exc_info=error)
    return (
        _LEAD,
        "Something went wrong inside Signoff. Tell who runs it this number: ",
        Code(incident),
        ".",
    )


def _tell_once(tools: Tools, reply: Reply, words: Words) -> None:
    """Say something in a thread where people may go on talking; once in a while."""
    if tools.seen.add(f"reply-refused:{reply.channel}:{reply.thread}:{reply.user}"):
        _tell(tools, reply, words)


def _tell(tools: Tools, reply: Reply, words: Words) -> None:
    work = tools.replies.whisper(
        words, channel=reply.channel, user=reply.user, thread=reply.thread or None
    )
    tools.tasks.spawn(work, name="slack-reply")


TABLE: dict[str, list[tuple[Any, Handler]]] = {"event": [("message", take)]}
