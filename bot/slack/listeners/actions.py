"""Clicks on buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.progress import progress_words
from bot.cards.words import Code, Strong, Words
from bot.slack.decisions import CLICK_TIMEOUT, Click, click_of, in_time
from bot.slack.kit.messages import AGAIN, CHOOSE, DECIDE, FORM, VALUES
from bot.slack.kit.payloads import (
    AgainButton,
    ChoiceButton,
    DecisionButton,
    FormButton,
    PayloadError,
    ValuesButton,
)
from bot.slack.listening import Tools, is_first, open_view, refuse_stale, user_of
from bot.slack.windows.forms import values_view
from bot.slack.windows.modals import reason_view
from orchestrator.errors import UnknownDecisionError
from orchestrator.graph.kinds import Decision


async def decide(tools: Tools, args: AsyncArgs) -> None:
    """Record a decision, and only then acknowledge the click."""
    button = DecisionButton.unpack(_action(args).get("value"))
    click = click_of(args.body, button, button.decision)
    await tools.decisions.record(click)
    await args.ack()
    if args.body.get("channel") and is_first(tools, args.body, "reply"):
        tools.tasks.spawn(_say_what_is_missing(tools, args.body, click), name="slack-reply")


async def _say_what_is_missing(tools: Tools, body: Mapping[str, Any], click: Click) -> None:
    """Tell who decided that it counts, where others have to decide, too."""
    approval = await tools.engine.get_approval(click.approval)
    if approval.is_open and click.decision in {Decision.APPROVE, Decision.REJECT}:
        verb = "approval" if click.decision == Decision.APPROVE else "rejection"
        words: Words = (f"Your {verb} is recorded; still open: ", *progress_words(approval), ".")
        await tools.replies.tell(body, words)


async def choose(tools: Tools, args: AsyncArgs) -> None:
    """Record which way was chosen, and only then acknowledge the click."""
    button = ChoiceButton.unpack(_action(args).get("value"))
    click = click_of(args.body, button, Decision.CHOOSE.value, values=[button.route])
    await tools.decisions.record(click)
    await args.ack()


async def open_values(tools: Tools, args: AsyncArgs) -> None:
    """Open the form with the fields that an answer takes, as they are now."""
    button = ValuesButton.unpack(_action(args).get("value"))
    approval = await in_time(
        tools.tasks, tools.engine.get_approval(button.approval), seconds=CLICK_TIMEOUT
    )
    refuse_stale(approval, button.digest)
    if button.decision not in approval.decisions:
        raise UnknownDecisionError(button.decision, approval.decisions)
    view = values_view(approval, Decision(button.decision))
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def open_form(tools: Tools, args: AsyncArgs) -> None:
    """Open a form. A trigger lives for three seconds, so nothing is looked up before."""
    button = FormButton.unpack(_action(args).get("value"))
    view = reason_view(button)
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def start_again(tools: Tools, args: AsyncArgs) -> None:
    """Start the graph of a run again with the same input."""
    action = _action(args)
    button = AgainButton.unpack(action.get("value"))
    user = user_of(args.body)
    old = await in_time(tools.tasks, tools.engine.get_run(button.run), seconds=CLICK_TIMEOUT)
    run = await tools.starts.start(
        old.graph,
        old.input,
        requester=user,
        are_words=False,
        request=f"{old.id}:{user}:{action.get('action_ts', '')}",
    )
    await args.ack()
    words: Words = ("Started ", Strong(run.graph), " again: run ", Code(run.ref), ".")
    if is_first(tools, args.body, "reply"):
        tools.tasks.spawn(tools.replies.tell(args.body, words), name="slack-reply")


async def unknown(_tools: Tools, _args: AsyncArgs) -> None:
    """Refuse a button that nobody knows, politely."""
    raise PayloadError


def _action(args: AsyncArgs) -> dict[str, Any]:
    actions = args.body.get("actions") or [{}]
    found: dict[str, Any] = actions[0]
    return found


TABLE = {
    "action": [
        (re.compile(f"^{DECIDE}"), decide),
        (re.compile(f"^{CHOOSE}"), choose),
        (re.compile(f"^{FORM}"), open_form),
        (re.compile(f"^{VALUES}"), open_values),
        (re.compile(f"^{AGAIN}$"), start_again),
        (re.compile(""), unknown),
    ],
}
