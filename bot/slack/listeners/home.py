"""The Home tab: opened, turned to another page, and questions opened or decided from it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.values import one_line
from bot.cards.words import Code, Strong, Words
from bot.errors import NotRecordedError
from bot.slack.decisions import CLICK_TIMEOUT, Click, in_time, team_of
from bot.slack.errors import sentence
from bot.slack.home import BATCH, PAGE
from bot.slack.homes import follow, place_of, publish, watch_window
from bot.slack.kit.inputs import entered
from bot.slack.kit.mrkdwn import mrkdwn
from bot.slack.kit.payloads import PageButton, QuestionButton
from bot.slack.listening import (
    Tools,
    find_opened,
    is_first,
    open_view,
    user_of,
)
from bot.slack.people.hours import zone_of
from bot.slack.people.inbox import Inbox
from bot.slack.runs import QUESTION, get_question
from bot.slack.windows.batches import (
    ACTION,
    BATCH_CALLBACK,
    COMMENT_BLOCK,
    DECISION_BLOCK,
    MOST,
    PICKED,
    BatchOption,
    batch_view,
    can_be_decided_together,
    results_view,
)
from bot.slack.windows.modals import notice_view
from bot.slack.windows.questions import question_view
from orchestrator.errors import OrchestratorError
from orchestrator.graph.kinds import Decision
from orchestrator.store.records import Approval, Run

_DECIDED = {Decision.APPROVE.value: "approved", Decision.REJECT.value: "rejected"}


async def turn_page(tools: Tools, args: AsyncArgs) -> None:
    """Show another page of a section."""
    button = PageButton.unpack(_value(args))
    place_of(button.after)
    await args.ack()
    if is_first(tools, args.body, "page"):
        work = _publish(tools, user_of(args.body), button)
        tools.tasks.spawn(work, name="slack-home")


async def open_question(tools: Tools, args: AsyncArgs) -> None:
    """Open the window about a question."""
    button = QuestionButton.unpack(_value(args))
    work = get_question(tools, button.approval, user_of(args.body))
    approval = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(_open_question(tools, args.body, approval), name="slack-question")


async def ignore_link(_tools: Tools, args: AsyncArgs) -> None:
    """Take note of a click on a button that leads to a message."""
    await args.ack()


async def open_batch(tools: Tools, args: AsyncArgs) -> None:
    """Open the form in which several questions are decided at once."""
    inbox = Inbox(tools.engine, tools.directory, workspace=tools.workspace)
    found = await in_time(tools.tasks, inbox.of(user_of(args.body)), seconds=CLICK_TIMEOUT)
    together = [each for each in found.approvals if can_be_decided_together(each)]
    await args.ack()
    if not is_first(tools, args.body, "form"):
        return
    view = (
        batch_view(together, zone_of(tools.directory.zone_at_hand(user_of(args.body))))
        if together
        else notice_view("Decide several", "Nothing waits for you that can be decided together.")
    )
    tools.tasks.spawn(open_view(tools, args.body, view), name="slack-batch")


async def decide_batch(tools: Tools, args: AsyncArgs) -> None:
    """Record a decision on each question that was checked, and say what became of each."""
    view = args.body["view"]
    picked = _picked(view)
    decision = str(entered(view, DECISION_BLOCK, ACTION) or "")
    comment = str(entered(view, COMMENT_BLOCK, ACTION) or "").strip()
    errors = _problems(view, picked, decision, comment)
    if errors:
        await args.ack(response_action="errors", errors=errors)
        return
    results = await asyncio.gather(
        *(_decide(tools, args.body, option, decision, comment) for option in picked)
    )
    rows = await asyncio.gather(
        *(
            _row(tools, user_of(args.body), option, decision, result)
            for option, result in zip(picked, results, strict=True)
        )
    )
    groups = await tools.directory.known_groups()
    made = results_view([mrkdwn(row, groups) for row in rows])
    await args.ack(response_action="update", view=made)


def _problems(
    view: Mapping[str, Any], picked: list[BatchOption], decision: str, comment: str
) -> dict[str, str]:
    first = next(each["block_id"] for each in view["blocks"] if each["type"] == "input")
    if not picked:
        return {first: "Check at least one question."}
    if len(picked) > MOST:
        return {first: f"Check {MOST} questions at most."}
    if decision not in _DECIDED:
        return {DECISION_BLOCK: "Approve or reject."}
    if decision == Decision.REJECT.value and not comment:
        return {COMMENT_BLOCK: "Write why; a word is enough."}
    return {}


def _picked(view: Mapping[str, Any]) -> list[BatchOption]:
    values = (view.get("state") or {}).get("values") or {}
    chosen = [
        option
        for block, fields in values.items()
        if block.startswith(PICKED)
        for option in (fields.get(ACTION) or {}).get("selected_options") or ()
    ]
    return [BatchOption.unpack(option.get("value")) for option in chosen]


async def _decide(
    tools: Tools, body: Mapping[str, Any], option: BatchOption, decision: str, comment: str
) -> Run | OrchestratorError | NotRecordedError:
    """Decide one; what is refused for it keeps no other from being decided."""
    view = body["view"]
    click = Click(
        approval=option.approval,
        decision=decision,
        digest=option.digest,
        by=user_of(body),
        team=team_of(body),
        key=f"{view['id']}:{view.get('hash', '')}:{option.approval}",
        comment=comment,
    )
    try:
        return await tools.decisions.record(click)
    except (OrchestratorError, NotRecordedError) as error:
        return error


async def _row(
    tools: Tools,
    person: str,
    option: BatchOption,
    decision: str,
    result: Run | OrchestratorError | NotRecordedError,
) -> Words:
    try:
        found = await tools.engine.get_approval(option.approval)
        title: Words = (Strong(one_line(found.title)), " ", Code(found.ref))
    except OrchestratorError:
        title = ("A question",)
    if isinstance(result, Run):
        return ("✓ ", *title, f": {_DECIDED[decision]}.")
    if isinstance(result, NotRecordedError):
        return ("? ", *title, ": it is not known whether that was recorded; look again.")
    why = sentence(result, reader=person) or (f"{result}",)
    return ("✗ ", *title, ": ", *why)


async def _publish(tools: Tools, person: str, button: PageButton) -> None:
    follow(tools)
    await publish(tools, person, pages=button.pages, after=button.after)


async def _open_question(tools: Tools, body: dict[str, Any], approval: Approval) -> None:
    view = question_view(approval, await tools.directory.known_groups())
    opened = await find_opened(tools, body, view)
    if opened is not None and approval.is_open:
        await watch_window(tools, view_id=opened, approval=approval.id, run=approval.run_id)


def _value(args: AsyncArgs) -> object:
    return (args.body.get("actions") or [{}])[0].get("value")


TABLE = {
    "action": [
        (re.compile(f"^{PAGE}"), turn_page),
        (QUESTION, open_question),
        (f"{QUESTION}_link", ignore_link),
        (BATCH, open_batch),
    ],
    "view_submission": [(BATCH_CALLBACK, decide_batch)],
}
