"""Buttons of direct messages: answer, snooze, mute, approve from a digest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import Aside
from bot.cards.words import Code, Link, Part, Words
from bot.slack.decisions import CLICK_TIMEOUT, SURFACE, Member, click_of, in_time, team_of
from bot.slack.kit.payloads import AnswerButton, DecisionButton, MuteButton, SnoozeButton
from bot.slack.listening import Tools, is_first, open_view, refuse_stale, user_of
from bot.slack.people.preferences import run_subject
from bot.slack.runs import get_question
from bot.slack.sending.directs import ANSWER, APPROVE, MUTE, OPEN, PENDING, SNOOZE
from bot.slack.windows.asides import aside_view
from orchestrator.errors import ApprovalClosedError

_SNOOZE = timedelta(hours=1)


async def answer(tools: Tools, args: AsyncArgs) -> None:
    """Open the form for what an approver wants to know; it may be answered after an edit, too."""
    button = AnswerButton.unpack(_value(args))
    work = get_question(tools, button.approval, user_of(args.body))
    approval = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    refuse_stale(approval, approval.digest)
    view = aside_view(approval, Aside.COMMENT)
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def snooze(tools: Tools, args: AsyncArgs) -> None:
    """Remind somebody of a question no more for an hour, or of the calls of a card."""
    button = SnoozeButton.unpack(_value(args))
    user = user_of(args.body)
    key = f"snooze:{user}:{_action(args).get('action_ts', '')}"
    await tools.decisions.act(
        _snooze(tools, (button.approval, *button.others), user, key),
        approval=button.approval,
        member=Member(id=user, team=team_of(args.body)),
    )
    await args.ack()
    _reply(tools, args, ("You are not reminded of this for an hour.",))


async def _snooze(tools: Tools, approvals: Sequence[str], user: str, key: str) -> None:
    """Snooze those that are open still; only where none is, that is said."""
    refused: list[ApprovalClosedError] = []
    for number, approval in enumerate(approvals):
        own = f"{key}:{number}" if number else key
        try:
            await tools.engine.snooze(approval, by=user, until=_SNOOZE, surface=SURFACE, key=own)
        except ApprovalClosedError as exc:
            refused.append(exc)
    if len(refused) == len(approvals):
        raise refused[0]


async def mute_run(tools: Tools, args: AsyncArgs) -> None:
    """Tell somebody nothing more of a run that needs no answer."""
    button = MuteButton.unpack(_value(args))
    run = await in_time(tools.tasks, tools.engine.get_run(button.run), seconds=CLICK_TIMEOUT)
    change = tools.preferences.change(
        user_of(args.body), lambda each: each.muting(run_subject(run.id), None)
    )
    await in_time(tools.tasks, change, seconds=CLICK_TIMEOUT)
    await args.ack()
    again = Code(f"{tools.command} unmute {run.ref}")
    words: Words = (
        "Run ",
        Code(run.ref),
        " is muted for you. What you are asked in person still comes. Hear of the rest again with ",
        again,
        ".",
    )
    _reply(tools, args, words)


async def approve(tools: Tools, args: AsyncArgs) -> None:
    """Record an approval from a digest, which is then brought up to date with the question."""
    button = DecisionButton.unpack(_value(args))
    await tools.decisions.record(click_of(args.body, button, button.decision))
    await args.ack()


async def show_pending(tools: Tools, args: AsyncArgs) -> None:
    """Say where everything is that waits for somebody."""
    app, team = args.body.get("api_app_id"), team_of(args.body)
    here: Part = "this app"
    if app and team:
        here = Link("this app", f"https://slack.com/app_redirect?app={app}&team={team}")
    await args.ack()
    _reply(tools, args, ("All that waits for you is on the Home tab of ", here, "."))


async def follow_link(_tools: Tools, args: AsyncArgs) -> None:
    """Take note of a click on a button that leads to a message; Slack opens it by itself."""
    await args.ack()


def _reply(tools: Tools, args: AsyncArgs, words: Words) -> None:
    if is_first(tools, args.body, "reply"):
        tools.tasks.spawn(tools.replies.tell(args.body, words), name="slack-reply")


def _action(args: AsyncArgs) -> dict[str, Any]:
    found: dict[str, Any] = (args.body.get("actions") or [{}])[0]
    return found


def _value(args: AsyncArgs) -> Any:
    return _action(args).get("value")


TABLE = {
    "action": [
        (re.compile(f"^{OPEN}"), follow_link),
        (re.compile(f"^{ANSWER}$"), answer),
        (re.compile(f"^{SNOOZE}$"), snooze),
        (re.compile(f"^{MUTE}$"), mute_run),
        (re.compile(f"^{APPROVE}$"), approve),
        (re.compile(f"^{PENDING}$"), show_pending),
    ],
}
