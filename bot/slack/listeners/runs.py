"""What is done about a run: cancelled, tried again, held back; asked back where it matters."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.consequences import consequences
from bot.cards.words import Code, Strong, Words
from bot.slack.command_line import CommandLine
from bot.slack.decisions import CLICK_TIMEOUT, SURFACE, Click, in_time, team_of
from bot.slack.kit.inputs import entered
from bot.slack.kit.payloads import CancelButton, PayloadError, RunOption
from bot.slack.listeners import steering
from bot.slack.listening import Tools, is_first, is_window, open_view, refuse, user_of
from bot.slack.runs import (
    CANCEL_CALLBACK,
    REASON_ACTION,
    REASON_BLOCK,
    RUN,
    RUN_MENU,
    STOP,
    again_view,
    cancel_view,
    get_run,
    show_button,
    stop_button,
    window_of,
)
from bot.slack.windows.answers import Answer, Item, say_words
from bot.slack.windows.modals import notice_view
from orchestrator.core.state import FINISHED, RunStatus
from orchestrator.errors import RunFinishedError
from orchestrator.graph.kinds import ApprovalKind, Decision
from orchestrator.store.records import Run

T = TypeVar("T")


async def cancel(tools: Tools, args: AsyncArgs, line: CommandLine) -> Answer:
    """Cancel a run; ask back where questions are open, or something is or cannot be undone."""
    if not line.words:
        return say_words(("Say which run: ", Code(f"{tools.command} cancel r-… why"), "."))
    reference, *words = line.words
    user, reason = user_of(args.body), " ".join(words)
    run = await get_run(tools, reference, user)
    refused = await steering.refuse_hand(tools, run, user, "cancel")
    if refused:
        return say_words(*refused)
    _refuse_finished(run)
    rows = await _consequences(tools, run)
    if not rows:
        return say_words(await _cancel(tools, run, user_of(args.body), reason))
    sure: Words = ("Cancel run ", Code(run.ref), " of ", Strong(run.graph), "?")
    return Answer(
        items=(Item(rows=(sure, *rows)),),
        buttons=(stop_button(run, reason), show_button(run)),
    )


async def retry(tools: Tools, args: AsyncArgs, line: CommandLine) -> Answer:
    """Answer the error question of a run with retry; start a run that failed again."""
    if not line.words:
        usage = Code(f"{tools.command} retry r-…")
        return say_words(("Say which run, or which error question: ", usage, "."))
    reference = line.words[0].lower()
    run = await get_run(tools, reference, user_of(args.body))
    if reference.startswith("a-"):
        asked = [await tools.engine.get_approval(reference)]
    else:
        asked = await tools.engine.list_pending(run=run.id, kind=ApprovalKind.ERROR.value)
    if len(asked) > 1:
        names = ", ".join(each.ref for each in asked)
        return say_words((f"Several nodes ask about their errors; say which: {names}.",))
    if asked:
        await _retry_node(tools, args, asked[0].id, asked[0].digest)
        title = Strong(asked[0].node)
        return say_words((title, " of run ", Code(run.ref), " is being tried again."))
    if run.status not in FINISHED:
        line_ = ("Run ", Code(run.ref), " goes on, and nothing in it asks about an error.")
        return say_words(line_)
    if run.status is RunStatus.COMPLETED:
        return say_words(("Run ", Code(run.ref), " is completed; there is nothing to try again."))
    again = await _start_again(tools, args, run, str(args.body.get("trigger_id") or ""))
    return say_words(
        ("Started ", Strong(run.graph), " again with the same input: run ", Code(again.ref), ".")
    )


async def show_run(tools: Tools, args: AsyncArgs) -> None:
    """Open the window about a run."""
    run = await _run_of(tools, args)
    view = await in_time(
        tools.tasks, window_of(tools, run, user_of(args.body)), seconds=CLICK_TIMEOUT
    )
    await _open(tools, args, view)


async def ask_back(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that asks back before a run is cancelled."""
    run = await _run_of(tools, args)
    refused = await _in_time(tools, steering.refuse_hand(tools, run, user_of(args.body), "cancel"))
    if refused:
        await refuse(tools, args, _one(refused))
        return
    _refuse_finished(run)
    rows = await _in_time(tools, _consequences(tools, run))
    await _open(tools, args, cancel_view(run, rows, await tools.directory.known_groups()))


async def ask_again(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that asks back before a run is started again."""
    await _open(tools, args, again_view(await _run_of(tools, args)))


async def hold(tools: Tools, args: AsyncArgs) -> None:
    """Pause a run, or let it go on."""
    run, user = await _run_of(tools, args), user_of(args.body)
    is_pause = _option(args).what == "pause"
    action = "pause" if is_pause else "resume"
    refused = await _in_time(tools, steering.refuse_hand(tools, run, user, action))
    if refused:
        await refuse(tools, args, _one(refused))
        return
    work = tools.engine.pause(run.id, by=user) if is_pause else tools.engine.resume(run.id, by=user)
    after = await _in_time(tools, work)
    await args.ack()
    if is_first(tools, args.body, "reply"):
        words = (
            ("Run ", Code(run.ref), " is paused.")
            if is_pause
            else ("Run ", Code(run.ref), " goes on.")
        )
        tools.tasks.spawn(_tell(tools, args.body, after, words), name="slack-reply")


async def stop(tools: Tools, args: AsyncArgs) -> None:
    """Cancel a run after it was asked back."""
    button = CancelButton.unpack(_action(args).get("value"))
    user = user_of(args.body)
    run = await _in_time(tools, get_run(tools, button.run, user))
    refused = await _in_time(tools, steering.refuse_hand(tools, run, user, "cancel"))
    if refused:
        await refuse(tools, args, _one(refused))
        return
    words = await _in_time(tools, _cancel(tools, run, user, button.reason))
    await args.ack()
    if is_first(tools, args.body, "reply"):
        after = await tools.engine.get_run(run.id)
        tools.tasks.spawn(_tell(tools, args.body, after, words, replace=True), name="slack-reply")


async def submit(tools: Tools, args: AsyncArgs) -> None:
    """Cancel a run, or start it again, after the form that asked back."""
    view = args.body["view"]
    option = RunOption.unpack(view.get("private_metadata"))
    user = user_of(args.body)
    run = await _in_time(tools, get_run(tools, option.run, user))
    if option.what == "again":
        again = await _start_again(tools, args, run, str(view["id"]))
        words: Words = ("Started ", Strong(run.graph), " again: run ", Code(again.ref), ".")
        title = "Started"
    else:
        refused = await _in_time(tools, steering.refuse_hand(tools, run, user, "cancel"))
        if refused:
            await refuse(tools, args, _one(refused))
            return
        reason = str(entered(view, REASON_BLOCK, REASON_ACTION) or "").strip()
        words = await _in_time(tools, _cancel(tools, run, user, reason))
        title = "Cancelled"
    text = await tools.replies.text([words])
    await args.ack(response_action="update", view=notice_view(title, text))


async def menu(tools: Tools, args: AsyncArgs) -> None:
    """Do what was picked from the menu beside a run."""
    await _MENU.get(_option(args).what, _unknown)(tools, args)


async def _unknown(_tools: Tools, _args: AsyncArgs) -> None:
    raise PayloadError


async def _cancel(tools: Tools, run: Run, user: str, reason: str) -> Words:
    await tools.engine.cancel(run.id, by=user, surface=SURFACE, reason=reason)
    return ("Run ", Code(run.ref), " of ", Strong(run.graph), " is being cancelled.")


async def _consequences(tools: Tools, run: Run) -> list[Words]:
    questions = await tools.engine.list_pending(run=run.id)
    records = await tools.engine.get_events(run.id)
    return consequences(tools.engine.graphs.get(run.graph), run, records, questions)


async def _retry_node(tools: Tools, args: AsyncArgs, approval: str, digest: str) -> None:
    user = user_of(args.body)
    click = Click(
        approval=approval,
        decision=Decision.RETRY.value,
        digest=digest,
        by=user,
        team=team_of(args.body) or str(args.body.get("team_id") or "") or None,
        key=f"{approval}:{user}:{args.body.get('trigger_id', '')}",
    )
    await tools.decisions.record(click)


async def _start_again(tools: Tools, args: AsyncArgs, run: Run, request: str) -> Run:
    return await tools.starts.start(
        run.graph,
        run.input,
        requester=user_of(args.body),
        are_words=False,
        request=f"{run.id}:{request}",
    )


def _refuse_finished(run: Run) -> None:
    if run.status in FINISHED:
        raise RunFinishedError(run.ref, run.status)


async def _tell(
    tools: Tools, body: dict[str, Any], run: Run, words: Words, *, replace: bool = False
) -> None:
    """Say what became of a run where the person looks: in its window, or beside the message."""
    if is_window(body):
        view = await window_of(tools, run, user_of(body))
        await tools.client.views_update(view_id=str(body["view"]["id"]), view=view)
        return
    answer = say_words(words)
    groups = await tools.directory.known_groups()
    await tools.replies.show(
        body, text=answer.text(groups), blocks=answer.blocks(groups), replace=replace
    )


async def _run_of(tools: Tools, args: AsyncArgs) -> Run:
    return await _in_time(tools, get_run(tools, _option(args).run, user_of(args.body)))


async def _open(tools: Tools, args: AsyncArgs, view: dict[str, Any]) -> None:
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def _in_time(tools: Tools, work: Coroutine[Any, Any, T]) -> T:
    return await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)


def _option(args: AsyncArgs) -> RunOption:
    action = _action(args)
    picked = action.get("selected_option") or action
    return RunOption.unpack(picked.get("value"))


def _action(args: AsyncArgs) -> dict[str, Any]:
    found: dict[str, Any] = (args.body.get("actions") or [{}])[0]
    return found


def _one(rows: list[Words]) -> Words:
    return tuple(part for row in rows for part in (*row, " "))[:-1]


_MENU: dict[str, Callable[[Tools, AsyncArgs], Coroutine[Any, Any, None]]] = {
    "show": show_run,
    "cancel": ask_back,
    "again": ask_again,
    "pause": hold,
    "resume": hold,
}

TABLE = {
    "action": [
        (re.compile(f"^{RUN}"), menu),
        (RUN_MENU, menu),
        (STOP, stop),
    ],
    "view_submission": [(CANCEL_CALLBACK, submit)],
}
