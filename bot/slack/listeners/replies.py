"""Replies in the thread of a question: what somebody types there is a comment on it.

A reply is recorded before Slack is answered, under a key made of where it stands. What could not
be recorded is not answered, so that Slack delivers it again, three times within about six minutes;
what comes twice, or to another process, is known by its key.
"""

from __future__ import annotations

import asyncio
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
from bot.slack.kit.typed import people_in, plain
from bot.slack.listening import Handler, Tools
from bot.slack.seen import retry_number
from bot.slack.sending.naming import names_of
from bot.slack.workspace.failures import describe
from orchestrator.errors import (
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
_log = structlog.get_logger(__name__)


async def take(tools: Tools, args: AsyncArgs) -> None:
    """Record a reply as a comment; everything else that people write is left alone."""
    reply = Reply.read(args.body, bot=args.context.bot_user_id)
    if reply is None or (not reply.thread and not reply.is_direct):
        return
    if not reply.thread:
        _explain(tools, reply)
        return
    asked = await in_time(tools.tasks, _find_open(tools, reply), seconds=CLICK_TIMEOUT)
    if not asked:
        return
    if len({approval.run_id for approval in asked}) > 1:
        _tell(tools, reply, _WHICH)
        return
    await _comment(tools, args, reply, asked[0])


async def _comment(tools: Tools, args: AsyncArgs, reply: Reply, approval: Approval) -> None:
    text = await _text_of(tools, reply)
    if not text:
        return
    try:
        work = tools.engine.comment(
            approval.id, text, by=reply.user, surface=SURFACE, key=reply.key
        )
        member = Member(id=reply.user, team=reply.team)
        await tools.decisions.act(work, approval=approval.id, member=member)
    except DirectoryError as error:
        if retry_number(args.request.headers) < _LAST_TRY:
            raise NotRecordedError(str(error)) from error
        _tell(tools, reply, _refused(error, reply))
    except OrchestratorError as error:
        if tools.seen.add(f"reply-refused:{approval.id}:{reply.user}"):
            _tell(tools, reply, _refused(error, reply))
    else:
        tools.tasks.spawn(_mark(tools, reply), name="slack-reply-taken")


async def _find_open(tools: Tools, reply: Reply) -> list[Approval]:
    """Return the open questions that a thread is about; of a turn's calls the first one."""
    places = await tools.engine.messages_at(reply.channel, reply.thread)
    ids = [place.approval_id for place in places]
    if not ids and (reply.is_to_bot or reply.is_direct):
        ids = await _marked(tools, reply)
    found = []
    for approval_id in ids:
        try:
            found.append(await tools.engine.get_approval(approval_id))
        except ApprovalNotFoundError:  # another workspace's, in a channel that both share
            continue
    asked = [each for each in found if each.is_open]
    if len({each.run_id for each in asked}) != 1 or len(asked) == 1:
        return asked
    open_ids = {each.id for each in asked}
    ordered = await tools.engine.list_approvals(asked[0].run_id)
    return [each for each in ordered if each.id in open_ids][:1]


async def _marked(tools: Tools, reply: Reply) -> list[str]:
    """Return what a message of ours is about by the mark that it carries.

    Direct messages which tell of a question are not remembered, and neither is a question whose
    posting was not confirmed yet.
    """
    try:
        answer = await tools.client.conversations_replies(
            channel=reply.channel, ts=reply.thread, limit=1, include_all_metadata=True
        )
    except Exception as exc:
        failure = describe(exc)
        _log.warning("slack_thread_unreadable", error=failure.code, fix=failure.fix)
        raise NotRecordedError(f"conversations.replies: {failure.code}") from exc
    parent: Mapping[str, Any] = next(iter(answer.get("messages") or ()), {})
    mark = (parent.get("metadata") or {}).get("event_payload") or {}
    is_ours = parent.get("user") == reply.bot
    return [str(mark["approval_id"])] if is_ours and mark.get("approval_id") else []


async def _text_of(tools: Tools, reply: Reply) -> str:
    """Return what somebody wrote in plain words, with the names of what they attached."""
    text = await _in_words(tools, reply.text)
    if len(text) > LONGEST:
        text = cut(text, LONGEST - len(_CUT)) + _CUT
    files = f"[{', '.join(reply.files)}]" if reply.files else ""
    return "\n".join(part for part in (text, files) if part)


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
    try:
        await tools.client.reactions_add(channel=reply.channel, timestamp=reply.ts, name=TAKEN)
    except Exception as exc:  # noqa: BLE001 - the comment is recorded
        failure = describe(exc)
        if failure.code != "already_reacted":
            _log.info("slack_reply_not_marked", error=failure.code, fix=failure.fix)


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


def _refused(error: OrchestratorError, reply: Reply) -> Words:
    lead = "Your reply is not recorded as a comment. "
    if isinstance(error, NotPermittedError | NotAnApproverError):
        return (lead, "That takes somebody who may decide, who asked, or an operator.")
    return (lead, *(sentence(error, reader=reply.user) or ()))


def _tell(tools: Tools, reply: Reply, words: Words) -> None:
    work = tools.replies.whisper(
        words, channel=reply.channel, user=reply.user, thread=reply.thread or None
    )
    tools.tasks.spawn(work, name="slack-reply")


TABLE: dict[str, list[tuple[Any, Handler]]] = {"event": [("message", take)]}
