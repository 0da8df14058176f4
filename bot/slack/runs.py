"""Runs as answers and windows: the run's line, its picture, its questions, and what may be done."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from bot.cards import run_words
from bot.cards.card import ButtonStyle
from bot.cards.diagram import diagram
from bot.cards.words import Code, Words
from bot.slack.kit import blocks as b
from bot.slack.kit.blocks import Block
from bot.slack.kit.mrkdwn import GroupIds, lines
from bot.slack.kit.payloads import CancelButton, QuestionButton, RunOption
from bot.slack.listening import Tools
from bot.slack.windows.answers import Answer, Item
from bot.slack.windows.modals import NOTICE_CALLBACK
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.errors import ApprovalNotFoundError, RuleNotFoundError, RunNotFoundError
from orchestrator.store.records import Approval, Rule, Run

#: Prefix of buttons about a run; what follows says what to do.
RUN = "signoff_run_"
RUN_MENU = "signoff_runmenu"
STOP = "signoff_stop"
QUESTION = "signoff_question"
CANCEL_CALLBACK = "signoff_cancel"
REASON_BLOCK = "signoff_cancel_reason"
REASON_ACTION = "text"

_QUESTIONS = 10  # of a run, in its window
_PATIENCE = 1.0  # seconds that looking links up may take
_AGAIN = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.CANCELLED})


async def get_run(tools: Tools, reference: str, person: str) -> Run:
    """Return the run that a reference names: its own, or that of one of its questions.

    Raises:
        RunNotFoundError: There is none in this workspace that the person may read.
        ApprovalNotFoundError: There is no such question.
    """
    if reference.lower().startswith("a-"):
        return (await get_question(tools, reference, person)).run
    with suppress(RunNotFoundError):
        run = await tools.engine.get_run(reference.lower())
        if run.workspace == tools.workspace and await tools.reader(person).may_read_run(run):
            return run
    # It reads the same whether there is none or it is not for them.
    raise RunNotFoundError(reference)


async def get_question(tools: Tools, reference: str, person: str) -> Approval:
    """Return the question that a reference names.

    Raises:
        ApprovalNotFoundError: There is none in this workspace that the person may read.
    """
    with suppress(ApprovalNotFoundError):
        approval = await tools.engine.get_approval(reference.lower())
        is_here = approval.run.workspace == tools.workspace
        if is_here and await tools.reader(person).may_read(approval):
            return approval
    raise ApprovalNotFoundError(reference)


async def get_rule(tools: Tools, reference: str, person: str) -> Rule:
    """Return the standing rule that a reference names.

    Raises:
        RuleNotFoundError: There is none that the person may read.
    """
    with suppress(RuleNotFoundError):
        rule = await tools.engine.get_rule(reference.lower())
        if await tools.reader(person).may_read_rule(rule):
            return rule
    raise RuleNotFoundError(reference)


async def run_answer(tools: Tools, run: Run, person: str) -> Answer:
    """Show a run: its line and input, the picture of its graph, its questions, what may be done.

    Questions that the person may not read are left out.
    """
    reader = tools.reader(person)
    found = await tools.engine.list_approvals(run.id)
    approvals = [each for each in found if await reader.may_read(each)]
    graph = tools.engine.graphs.get(run.graph)
    records = await tools.engine.get_events(run.id)
    is_same = graph is not None and graph.version == run.version
    picture = diagram(graph, run, records) if graph is not None and is_same else ""
    rows = run_words(run, approvals, graph)
    facts, stories = rows[: len(rows) - len(approvals)], rows[len(rows) - len(approvals) :]
    newest = list(zip(approvals, stories, strict=True))[-_QUESTIONS:]
    links = await _links(tools, [each for each, _ in newest])
    return Answer(
        title=f"{run.graph} · {run.ref}",
        items=(Item(rows=tuple(facts)),),
        picture=picture,
        more=tuple(
            Item(rows=(story,), beside=_beside(approval, links.get(approval.id)))
            for approval, story in newest
        ),
        buttons=tuple(run_buttons(run)),
        notes=_notes(run, is_drawn=bool(picture), left_out=len(approvals) - len(newest)),
    )


def _notes(run: Run, *, is_drawn: bool, left_out: int) -> tuple[Words, ...]:
    notes: list[Words] = []
    if not is_drawn:
        notes.append(("There is no picture: the graph is loaded in another version, or not.",))
    if left_out > 0:
        notes.append((f"{left_out} older questions are not shown.",))
    notes.append(("Run ", Code(run.id)))
    return tuple(notes)


def _beside(approval: Approval, link: str | None) -> Block | None:
    if link is not None:
        made = b.button("Open message", action_id=f"{QUESTION}_link", value="open")
        return {**made, "url": link}
    return question_button(approval) if approval.is_open else None


async def _links(tools: Tools, approvals: list[Approval]) -> dict[str, str]:
    """Return the addresses of questions; what Slack does not say in time is left out."""
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await asyncio.gather(*(tools.links.find(each.id) for each in approvals))
    except TimeoutError:
        return {}
    return {each.id: link for each, link in zip(approvals, found, strict=True) if link is not None}


async def window_of(tools: Tools, run: Run, person: str) -> Block:
    """Return the window about a run, as somebody may see it."""
    answer = await run_answer(tools, run, person)
    groups = await tools.directory.known_groups()
    return b.modal(f"Run {run.ref}", answer.blocks(groups), callback_id=NOTICE_CALLBACK)


def run_buttons(run: Run) -> list[Block]:
    """Return the buttons for what may be done about a run."""
    if run.status in FINISHED:
        return [_button(run, "again", "Start again…")] if run.status in _AGAIN else []
    steer = (
        _button(run, "resume", "Resume")
        if run.status is RunStatus.PAUSED
        else _button(run, "pause", "Pause")
    )
    is_ending = run.status is RunStatus.CANCELLING
    return [] if is_ending else [steer, _button(run, "cancel", "Cancel…", ButtonStyle.DANGER)]


def show_button(run: Run) -> Block:
    """Return the button that opens the window about a run."""
    return _button(run, "show", "Show")


def run_menu(run: Run) -> Block:
    """Return what stands beside a run in a list: what may be done about it."""
    if run.status in FINISHED and run.status not in _AGAIN:
        return show_button(run)
    last = ("again", "Start again…") if run.status in FINISHED else ("cancel", "Cancel…")
    options = [
        b.option(label, RunOption(run=run.id, what=what).pack())
        for what, label in (("show", "Show"), last)
    ]
    return b.overflow(RUN_MENU, options)


def question_button(approval: Approval) -> Block:
    """Return the button that opens the window about a question."""
    value = QuestionButton(approval=approval.id).pack()
    return b.button("Open", action_id=QUESTION, value=value)


def stop_button(run: Run, reason: str) -> Block:
    """Return the button that cancels a run after all."""
    value = CancelButton(run=run.id, reason=reason[:300]).pack()
    return b.button("Cancel the run", action_id=STOP, value=value, style=ButtonStyle.DANGER)


def cancel_view(run: Run, rows: list[Words], groups: GroupIds | None) -> Block:
    """Return the form that asks back before a run is cancelled."""
    what = lines([("Cancel run ", Code(run.ref), f" of {run.graph}?"), *rows], groups)
    return b.modal(
        "Cancel the run",
        [
            b.section(what),
            b.text_input(
                "Why?",
                block_id=REASON_BLOCK,
                action_id=REASON_ACTION,
                hint="Kept in the log, and shown to everybody concerned",
                is_optional=True,
            ),
        ],
        callback_id=CANCEL_CALLBACK,
        private_metadata=RunOption(run=run.id, what="cancel").pack(),
        submit="Cancel the run",
        close="Back",
    )


def again_view(run: Run) -> Block:
    """Return the form that asks back before a run is started again."""
    rows: list[Words] = [
        (f"{run.graph} starts anew with the input of run ", Code(run.ref), ", and you as who asks.")
    ]
    return b.modal(
        "Start it again?",
        [b.section(lines(rows))],
        callback_id=CANCEL_CALLBACK,
        private_metadata=RunOption(run=run.id, what="again").pack(),
        submit="Start again",
        close="Back",
    )


def _button(run: Run, what: str, label: str, style: ButtonStyle = ButtonStyle.DEFAULT) -> Block:
    value = RunOption(run=run.id, what=what).pack()
    return b.button(label, action_id=f"{RUN}{what}", value=value, style=style)
