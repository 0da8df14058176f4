"""The menu of an open question: what may be done beside answering it."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import ASIDE_LABELS, RULE_HOURS, Aside, asides_of
from bot.cards.words import Code, Words
from bot.slack.decisions import CLICK_TIMEOUT, SURFACE, Member, click_of, in_time, team_of
from bot.slack.kit.inputs import entered
from bot.slack.kit.messages import MENU
from bot.slack.kit.payloads import AsideForm, AsideOption, PayloadError
from bot.slack.listeners.looking import WINDOWS
from bot.slack.listening import (
    Handler,
    Tools,
    is_first,
    open_view,
    refuse_stale,
    show_notice,
    user_of,
)
from bot.slack.runs import get_question
from bot.slack.windows.asides import (
    ASIDE,
    ASIDE_CALLBACK,
    INPUT,
    LENGTH,
    NAMES,
    PEOPLE,
    SURE,
    TEXT,
    aside_view,
    error_at,
    length_of,
    more_view,
)
from orchestrator.errors import ApproversError, NotPossibleError
from orchestrator.graph.kinds import Decision
from orchestrator.graph.policy import Approver, Policy, parse_approvers
from orchestrator.store.records import Approval, Run

_NO_TEXT = "Write something; a word is enough."


async def pick(tools: Tools, args: AsyncArgs) -> None:
    """Do what was picked from the menu, or open its form."""
    option = AsideOption.unpack(_picked(args.body))
    aside = _aside_of(option.what)
    approval = await in_time(
        tools.tasks, tools.engine.get_approval(option.approval), seconds=CLICK_TIMEOUT
    )
    refuse_stale(approval, option.digest)
    if aside in WINDOWS:
        work = get_question(tools, option.approval, user_of(args.body))
        await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
        await WINDOWS[aside](tools, args, approval)
        return
    if aside is not Aside.MORE and aside not in asides_of(approval):
        label = ASIDE_LABELS[aside].rstrip("…").lower()
        raise NotPossibleError(f"this question does not allow to {label}")
    if aside in {Aside.FOR_RUN, Aside.FOR_HOURS}:
        await _approve_ahead(tools, args, option, aside)
        return
    view = more_view(approval) if aside is Aside.MORE else aside_view(approval, aside)
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def _approve_ahead(tools: Tools, args: AsyncArgs, option: AsideOption, aside: Aside) -> None:
    """Approve, and questions like this one in advance."""
    body = args.body
    rule = "run" if aside is Aside.FOR_RUN else RULE_HOURS
    click = click_of(body, option, Decision.APPROVE.value, rule=rule)
    await tools.decisions.record(click)
    await args.ack()
    until = "this run" if aside is Aside.FOR_RUN else "the next four hours"
    words: Words = (
        f"Approved. Later questions like this one are approved in your name for {until}; ",
        Code(f"{tools.command} rules"),
        " lists such rules, and ",
        Code(f"{tools.command} revoke"),
        " ends one.",
    )
    if not is_first(tools, body, "reply"):
        return
    if body.get("view"):
        tools.tasks.spawn(show_notice(tools, body, "Approved", words), name="slack-reply")
    else:
        tools.tasks.spawn(tools.replies.tell(body, words), name="slack-reply")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A form of the menu as it was sent."""

    tools: Tools
    approval: Approval
    by: str
    view: Mapping[str, Any]

    def get(self, block_id: str) -> Any:
        """Return what was entered in a field."""
        return entered(self.view, block_id, INPUT)

    @property
    def text(self) -> str:
        """What was written."""
        return str(self.get(TEXT) or "").strip()

    @property
    def options(self) -> dict[str, str]:
        """Who acts and where, as the engine's methods take it.

        The key is the same however often Slack delivers the form, and to whichever process.
        """
        return {"by": self.by, "surface": SURFACE, "key": self.key}

    @property
    def key(self) -> str:
        """What this form is known by."""
        return f"aside:{self.view['id']}:{self.view.get('hash', '')}"


async def submit(tools: Tools, args: AsyncArgs) -> None:
    """Do what a form of the menu asks for, and only then close it."""
    view = args.body["view"]
    form = AsideForm.unpack(view.get("private_metadata"))
    aside = _aside_of(form.what)
    approval = await in_time(
        tools.tasks, tools.engine.get_approval(form.approval), seconds=CLICK_TIMEOUT
    )
    sent = _Sent(tools=tools, approval=approval, by=user_of(args.body), view=view)
    problem = _find_problem(aside, sent)
    if (
        aside is Aside.REASSIGN
        and approval.stage != form.stage
        and not await in_time(
            tools.tasks, tools.engine.was_done(approval.id, sent.key), seconds=CLICK_TIMEOUT
        )
    ):
        problem = PEOPLE, "Others are asked by now. Close this and look at the question again."
    if problem is not None:
        await args.ack(**error_at(*problem))
        return
    if aside is Aside.BREAK_GLASS:
        await _break_glass(tools, args, form, sent)
    else:
        member = Member(id=sent.by, team=team_of(args.body))
        try:
            await tools.decisions.act(_ACTS[aside](sent), approval=form.approval, member=member)
        except ApproversError as error:
            if aside not in _PLACES:
                raise
            await args.ack(**error_at(_PLACES[aside], str(error)))
            return
    await args.ack(response_action="clear")


def _find_problem(aside: Aside, sent: _Sent) -> tuple[str, str] | None:
    """Return the field in which something is missing, and what."""
    is_written = aside in {Aside.COMMENT, Aside.ASK, Aside.WITHDRAW, Aside.BREAK_GLASS}
    if is_written and not sent.text:
        return TEXT, _NO_TEXT
    if aside is Aside.REASSIGN and not (sent.get(PEOPLE) or sent.get(NAMES)):
        return PEOPLE, "Name somebody, here or below."
    if aside is Aside.BREAK_GLASS and not sent.get(SURE):
        return SURE, "Tick this to confirm."
    return None


async def _break_glass(tools: Tools, args: AsyncArgs, form: AsideForm, sent: _Sent) -> None:
    confirmed = sent.get(SURE) or [""]
    click = click_of(
        args.body,
        form,
        Decision.APPROVE.value,
        comment=sent.text,
        break_glass_confirm=str(confirmed[0]),
    )
    await tools.decisions.record(click)


def _comment(sent: _Sent) -> Coroutine[Any, Any, Run]:
    return sent.tools.engine.comment(sent.approval.id, sent.text, **sent.options)


def _ask(sent: _Sent) -> Coroutine[Any, Any, Run]:
    return sent.tools.engine.request_info(sent.approval.id, sent.text, **sent.options)


def _delegate(sent: _Sent) -> Coroutine[Any, Any, Run]:
    to = str(sent.get(PEOPLE) or "")
    return sent.tools.engine.delegate(sent.approval.id, to=to, **sent.options)


def _snooze(sent: _Sent) -> Coroutine[Any, Any, Run]:
    until = length_of(sent.get(LENGTH))
    return sent.tools.engine.snooze(sent.approval.id, until=until, **sent.options)


def _extend(sent: _Sent) -> Coroutine[Any, Any, Run]:
    by = length_of(sent.get(LENGTH))
    engine = sent.tools.engine
    return engine.extend(sent.approval.id, until=by, reason=sent.text, **sent.options)


async def _reassign(sent: _Sent) -> Run:
    try:
        names = parse_approvers(str(sent.get(NAMES) or ""))
        people = parse_approvers(map(str, sent.get(PEOPLE) or ()))
    except ValueError as error:
        raise ApproversError(str(error)) from error
    policy = reassigned(sent.approval, (*people, *names))
    engine = sent.tools.engine
    return await engine.reassign(sent.approval.id, policy, reason=sent.text, **sent.options)


def reassigned(approval: Approval, names: tuple[Approver, ...]) -> Policy:
    """Return the policy with other people in the present stage; its rules stay as they are."""
    policy = approval.policy
    asked = tuple(dict.fromkeys(names))
    stages = list(policy.stages)
    stage = stages[approval.stage]
    slots = tuple(replace(slot, approvers=asked, deputies=()) for slot in stage.slots)
    stages[approval.stage] = replace(stage, slots=slots)
    return replace(policy, stages=tuple(stages))


def _withdraw(sent: _Sent) -> Coroutine[Any, Any, Run]:
    return sent.tools.engine.withdraw(sent.approval.id, reason=sent.text, **sent.options)


_ACTS: Mapping[Aside, Callable[[_Sent], Coroutine[Any, Any, Run]]] = {
    Aside.COMMENT: _comment,
    Aside.ASK: _ask,
    Aside.DELEGATE: _delegate,
    Aside.SNOOZE: _snooze,
    Aside.EXTEND: _extend,
    Aside.REASSIGN: _reassign,
    Aside.WITHDRAW: _withdraw,
}
#: Where a name stands that stands for nobody.
_PLACES = {Aside.REASSIGN: PEOPLE, Aside.DELEGATE: PEOPLE}


def _picked(body: Mapping[str, Any]) -> object:
    """Return what an entry of the menu carries, or a button in the window with all of them."""
    action = (body.get("actions") or [{}])[0]
    return (action.get("selected_option") or {}).get("value") or action.get("value")


def _aside_of(name: str) -> Aside:
    try:
        return Aside(name)
    except ValueError as error:
        raise PayloadError from error


TABLE: dict[str, list[tuple[Any, Handler]]] = {
    "action": [(re.compile(f"^({MENU}$|{ASIDE})"), pick)],
    "view_submission": [(ASIDE_CALLBACK, submit)],
}
