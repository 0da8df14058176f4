"""Sub-commands that show something: runs, one run, what waits, and what is over."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import approval_line, run_line, who_card
from bot.cards.home import waiting_rows
from bot.cards.words import Code, Person, Strong, Words
from bot.slack.command_line import CommandError, CommandLine, example, nearest
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.kit import blocks as b
from bot.slack.kit.payloads import HistoryButton
from bot.slack.listening import Tools, is_first, user_of
from bot.slack.people.inbox import Inbox
from bot.slack.runs import get_question, get_run, question_button, run_answer, show_button
from bot.slack.windows.answers import Answer, Item, say_words
from bot.slack.workspace.rosters import look_up
from orchestrator.core.state import FINISHED
from orchestrator.errors import ApproversError
from orchestrator.graph.policy import parse_approver
from orchestrator.runtime import SystemClock
from orchestrator.store.records import Approval, Run

RUNS = 10  # runs in a list
PENDING = 15  # open approvals in a list
GRAPHS = 15  # graphs in a list
REACH = 200  # open approvals that are looked through, those with the nearest deadline first
_BATCH, _BATCHES = 50, 2  # runs that are looked through
OLDER = "signoff_history_older"
_USER = re.compile(r"<?@?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?")
_STATUSES = {status.value: status for status in FINISHED}


async def list_runs(tools: Tools, args: AsyncArgs, _line: CommandLine) -> Answer:
    """Show the newest runs that somebody may read, and what can be started."""
    runs, _ = await find_readable(tools, user_of(args.body), most=RUNS)
    newest = tuple(map(_run_item, runs))
    return Answer(
        title="Newest runs" if newest else "",
        items=(*newest, *(() if newest else (Item(rows=(("No run has been started yet.",),)),))),
        more=tuple(Item(rows=(row,)) for row in graph_rows(tools)),
    )


async def show(tools: Tools, args: AsyncArgs, line: CommandLine) -> Answer:
    """Show a run, with the picture of its graph and its questions."""
    if not line.words:
        return say_words(("Say which run: ", Code(f"{tools.command} show r-…"), "."))
    person = user_of(args.body)
    run = await get_run(tools, line.words[0], person)
    return await run_answer(tools, run, person)


async def pending(tools: Tools, args: AsyncArgs, line: CommandLine) -> Answer:
    """Show what waits for an answer: of everybody, of the person, or of a graph."""
    what = line.words[0] if line.words else ""
    if what.lower() in {"me", "mine"}:
        return await _pending_for(tools, user_of(args.body))
    if what and what not in tools.engine.graphs:
        return say_words(no_graph(tools, what))
    reader = tools.reader(user_of(args.body))
    found = await tools.engine.list_pending(graph=what or None, limit=REACH)
    here: list[Approval] = []
    for each in found:
        if each.run.workspace == tools.workspace and await reader.may_read(each):
            here.append(each)
        if len(here) > PENDING:
            break
    if not here:
        about = f" in {what}" if what else ""
        return say_words((f"Nothing waits for an answer{about}.",))
    return _questions(tools, "Waiting for an answer", here, is_cut=len(here) > PENDING)


async def _pending_for(tools: Tools, person: str) -> Answer:
    inbox = Inbox(tools.engine, tools.directory, workspace=tools.workspace)
    found = await inbox.of(person)
    if not found.approvals:
        return say_words(("Nothing waits for you.",))
    items = tuple(
        Item(rows=waiting_rows(each), beside=question_button(each))
        for each in found.approvals[:PENDING]
    )
    rest = len(found.approvals) - len(items)
    more: Words = (f"And {rest} more; the Home tab has all of them.",)
    return Answer(title="Waiting for you", items=items, notes=(more,) if rest else ())


def _questions(tools: Tools, title: str, found: list[Approval], *, is_cut: bool) -> Answer:
    items = tuple(
        Item(rows=(approval_line(each),), beside=question_button(each)) for each in found[:PENDING]
    )
    mine: Words = (Code(f"{tools.command} pending me"), " shows what waits for you.")
    more: Words = ("There are more; these have the nearest deadlines. ", *mine)
    return Answer(title=title, items=items, notes=(more,) if is_cut else ())


async def history(tools: Tools, args: AsyncArgs, line: CommandLine) -> Answer:
    """Show finished runs: `history [graph] [status] [@user]`."""
    wanted = await _read_history(tools, user_of(args.body), line)
    return await history_page(tools, wanted, user_of(args.body))


async def history_page(tools: Tools, wanted: HistoryButton, person: str) -> Answer:
    """Return a page of finished runs that somebody may read, with a button for the next one."""
    found, last = await find_readable(
        tools,
        person,
        most=RUNS,
        before=wanted.before if int(wanted.before, 16) else None,
        is_finished=True,
        graph=wanted.graph or None,
        status=wanted.status or None,
        requester=wanted.requester or None,
    )
    about = _about_history(wanted)
    if not found and last is None:
        return say_words(("No finished run", *about, "."))
    following = wanted.model_copy(update={"before": last or wanted.before})
    older = b.button("Older", action_id=OLDER, value=following.pack())
    return Answer(
        title="Finished runs",
        items=tuple(map(_run_item, found)),
        buttons=(older,) if last is not None else (),
        notes=(("Those", *about, ", the newest first."),) if about else (),
    )


async def find_readable(
    tools: Tools, person: str, *, most: int, before: str | None = None, **wanted: Any
) -> tuple[list[Run], str | None]:
    """Return the newest runs that somebody may read, and after which one to go on.

    Args:
        tools: Of the workspace.
        person: Who.
        most: The most that are returned.
        before: The last run of the page before.
        wanted: Filters, as `list_newest` takes them.
    """
    reader = tools.reader(person)
    found: list[Run] = []
    for _ in range(_BATCHES):
        batch = await tools.engine.list_newest(
            workspace=tools.workspace, before=before, limit=_BATCH + 1, **wanted
        )
        for number, run in enumerate(batch[:_BATCH]):
            before = run.id
            if await reader.may_read_run(run):
                found.append(run)
            if len(found) == most:
                return found, before if len(batch) > number + 1 else None
        if len(batch) <= _BATCH:
            return found, None
    return found, before


def _about_history(wanted: HistoryButton) -> Words:
    parts: list[Words] = []
    if wanted.graph:
        parts.append((" of ", Strong(wanted.graph)))
    if wanted.requester:
        parts.append((" started by ", Person(wanted.requester)))
    if wanted.status:
        parts.append((f" that ended as {wanted.status.replace('_', ' ')}",))
    return tuple(part for words in parts for part in words)


async def _read_history(tools: Tools, person: str, line: CommandLine) -> HistoryButton:
    found = {"graph": "", "status": "", "requester": ""}
    for word in line.words:
        status = word.lower().replace("-", "_")
        if status in _STATUSES:
            found["status"] = status
        elif word in tools.engine.graphs:
            found["graph"] = word
        elif word.lower() in {"me", "mine"}:
            found["requester"] = person
        elif _USER.fullmatch(word):
            found["requester"] = _USER.sub(r"\1", word)
        elif "@" in word:
            found["requester"] = await _person(tools, word)
        else:
            raise CommandError(_unknown_filter(tools, word))
    return HistoryButton(before="0" * 32, **found)


async def _person(tools: Tools, word: str) -> str:
    try:
        members = await tools.directory.members(parse_approver(word))
    except (ApproversError, ValueError):
        members = frozenset()
    if len(members) != 1:
        raise CommandError(f"{word} is nobody I can find. Write `me`, an e-mail address or an id.")
    return next(iter(members))


def _unknown_filter(tools: Tools, word: str) -> str:
    meant = nearest(word, [*tools.engine.graphs, *_STATUSES])
    hint = f"; did you mean {meant}?" if meant else "."
    return f"{word} is no graph, no status and no person{hint}"


async def older(tools: Tools, args: AsyncArgs) -> None:
    """Show the next page of finished runs in the place of the one before."""
    wanted = HistoryButton.unpack((args.body.get("actions") or [{}])[0].get("value"))
    work = history_page(tools, wanted, user_of(args.body))
    answer = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    await args.ack()
    groups = await tools.directory.known_groups()
    text, blocks = answer.text(groups), answer.blocks(groups)
    if is_first(tools, args.body, "page"):
        tools.tasks.spawn(
            tools.replies.show(args.body, text=text, blocks=blocks, replace=True),
            name="slack-page",
        )


async def who(tools: Tools, args: AsyncArgs, line: CommandLine) -> Answer:
    """Show who may decide about a question."""
    if not line.words:
        return say_words(("Say which question: ", Code(f"{tools.command} who a-…"), "."))
    approval = await get_question(tools, line.words[0], user_of(args.body))
    rosters = await look_up(tools.directory, approval.policy)
    card = who_card(approval, rosters, now=SystemClock().now())
    groups = tuple(Item(rows=(each.title, *each.people)) for each in card.groups)
    return Answer(
        title=card.title,
        items=(Item(rows=(card.standing,)), *groups),
        notes=card.rules,
    )


def no_graph(tools: Tools, name: str) -> Words:
    """Say that there is no such graph, and what was probably meant."""
    meant = nearest(name, list(tools.engine.graphs))
    hint: Words = ("; did you mean ", Code(meant), "?") if meant else (".",)
    return ("There is no graph ", Code(name), *hint)


def graph_rows(tools: Tools) -> list[Words]:
    """Say what can be started, a line each."""
    graphs = tools.engine.graphs
    if not graphs:
        return [("No graph is loaded. Tell who runs Signoff.",)]
    rows: list[Words] = [(Strong("What can be started"),)]
    for graph in list(graphs.values())[:GRAPHS]:
        about = graph.description or (graph.title if graph.title != graph.id else "")
        first_line = about.strip().splitlines()[0] if about.strip() else ""
        fields = [(field.name, field.type) for field in graph.input.fields if field.required]
        usage = Code(f"{tools.command} {example(graph.id, fields)}")
        rows.append(("• ", Strong(graph.id), f" {first_line} " if first_line else " ", usage))
    return rows


def _run_item(run: Run) -> Item:
    return Item(rows=(run_line(run),), beside=show_button(run))


TABLE = {"action": [(OLDER, older)]}
