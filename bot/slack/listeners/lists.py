"""Sub-commands that show something: runs, one run, what waits, and what is over."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import approval_line, run_line, who_card
from bot.cards.home import waiting_rows
from bot.cards.words import Code, Person, Strong, Words
from bot.slack.command_line import CommandError, CommandLine, example, nearest
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.homes import place_of
from bot.slack.kit import blocks as b
from bot.slack.kit.payloads import HistoryButton, PendingButton
from bot.slack.listening import Tools, is_first, user_of
from bot.slack.people.inbox import Inbox, Waiting
from bot.slack.people.scanning import look_through
from bot.slack.runs import get_question, get_run, question_button, run_answer, show_button
from bot.slack.windows.answers import Answer, Item, say_words
from bot.slack.workspace.rosters import look_up
from orchestrator.core.state import FINISHED
from orchestrator.errors import ApproversError
from orchestrator.graph.policy import parse_approver
from orchestrator.runtime import SystemClock
from orchestrator.store import Position
from orchestrator.store.records import Approval, Run

RUNS = 10  # runs in a list
PENDING = 15  # open approvals in a list
GRAPHS = 15  # graphs in a list
OLDER = "signoff_history_older"
MORE = "signoff_pending_more"
_FIRST = "0" * 32  # before the newest run
_USER = re.compile(r"<?@?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?")
_STATUSES = {status.value: status for status in FINISHED}


async def list_runs(tools: Tools, args: AsyncArgs, _line: CommandLine) -> Answer:
    """Show the newest runs that somebody may read, and what can be started."""
    wanted = HistoryButton(before=_FIRST, is_all=True)
    answer = await history_page(tools, wanted, user_of(args.body))
    return replace(answer, more=tuple(Item(rows=(row,)) for row in graph_rows(tools)))


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
    is_own = what.lower() in {"me", "mine"}
    if what and not is_own and what not in tools.engine.graphs:
        return say_words(no_graph(tools, what))
    wanted = PendingButton(after="", graph="" if is_own else what, is_own=is_own)
    return await pending_page(tools, wanted, user_of(args.body))


async def pending_page(tools: Tools, wanted: PendingButton, person: str) -> Answer:
    """Return a page of open questions that somebody may read, or that wait for them."""
    after = place_of(wanted.after)
    if wanted.is_own:
        inbox = Inbox(tools.engine, tools.directory, workspace=tools.workspace)
        page = await inbox.of(person, after=after, most=PENDING)
        items = tuple(
            Item(rows=waiting_rows(each), beside=question_button(each)) for each in page.approvals
        )
    else:
        page = await _readable(tools, wanted, person, after)
        items = tuple(
            Item(rows=(approval_line(each),), beside=question_button(each))
            for each in page.approvals
        )
    if page.after is None and not items:
        return say_words((_nothing(wanted),))
    following = wanted.model_copy(update={"after": str(page.after or "")})
    more = b.button("More", action_id=MORE, value=following.pack())
    return Answer(
        title=("Waiting for you" if wanted.is_own else "Waiting for an answer") if items else "",
        items=items or (Item(rows=(("None of them is for you.",),)),),
        buttons=(more,) if page.after is not None else (),
        notes=tuple(_pending_notes(tools, wanted, page)),
    )


async def _readable(
    tools: Tools, wanted: PendingButton, person: str, after: Position | None
) -> Waiting:
    reader = tools.reader(person)

    async def fetch(last: Approval | None, limit: int) -> list[Approval]:
        place = Position.of(last) if last is not None else after
        return await tools.engine.list_pending(graph=wanted.graph or None, after=place, limit=limit)

    async def may_read(approval: Approval) -> bool:
        return approval.run.workspace == tools.workspace and await reader.may_read(approval)

    page = await look_through(fetch, may_read, most=PENDING)
    place = Position.of(page.last) if page.last is not None else None
    return Waiting(approvals=page.found, after=place, looked=page.looked)


def _nothing(wanted: PendingButton) -> str:
    more = " more" if wanted.after else ""
    if wanted.is_own:
        return f"Nothing{more} waits for you."
    return f"Nothing{more} waits for an answer{f' in {wanted.graph}' if wanted.graph else ''}."


def _pending_notes(tools: Tools, wanted: PendingButton, page: Waiting) -> Iterable[Words]:
    if page.looked is not None:
        where = "next" if wanted.after else "nearest"
        narrow = "" if wanted.graph or wanted.is_own else ", or name a graph to look there only"
        looked = f"Looked through the {where} {page.looked:,} open questions, by deadline."
        yield (f"{looked} More goes on{narrow}.",)
    elif page.after is not None:
        yield ("There are more; these have the nearest deadlines.",)
    if page.after is not None and not wanted.is_own:
        yield (Code(f"{tools.command} pending me"), " shows what waits for you.")


async def history(tools: Tools, args: AsyncArgs, line: CommandLine) -> Answer:
    """Show finished runs: `history [graph] [status] [@user]`."""
    wanted = await _read_history(tools, user_of(args.body), line)
    return await history_page(tools, wanted, user_of(args.body))


async def history_page(tools: Tools, wanted: HistoryButton, person: str) -> Answer:
    """Return a page of runs that somebody may read, with a button for the next one."""
    reader = tools.reader(person)

    async def fetch(last: Run | None, limit: int) -> list[Run]:
        first = wanted.before if wanted.before != _FIRST else None
        return await tools.engine.list_newest(
            workspace=tools.workspace,
            before=last.id if last is not None else first,
            limit=limit,
            is_finished=None if wanted.is_all else True,
            graph=wanted.graph or None,
            status=wanted.status or None,
            requester=wanted.requester or None,
        )

    page = await look_through(fetch, reader.may_read_run, most=RUNS)
    about = _about_history(wanted)
    if not page.found and page.last is None:
        return say_words(_no_runs(wanted, about))
    last = page.last.id if page.last is not None else wanted.before
    following = wanted.model_copy(update={"before": last})
    older = b.button("Older", action_id=OLDER, value=following.pack())
    none: Words = ("None of them is for you to read.",)
    title = "Newest runs" if wanted.is_all else "Finished runs"
    return Answer(
        title=title if page.found else "",
        items=tuple(map(_run_item, page.found)) or (Item(rows=(none,)),),
        buttons=(older,) if page.last is not None else (),
        notes=tuple(_run_notes(wanted, about, page.looked)),
    )


def _no_runs(wanted: HistoryButton, about: Words) -> Words:
    if wanted.before != _FIRST:
        return ("There is no older run", *about, ".")
    return ("No run has been started yet.",) if wanted.is_all else ("No finished run", *about, ".")


def _run_notes(wanted: HistoryButton, about: Words, looked: int | None) -> Iterable[Words]:
    if about:
        yield ("Those", *about, ", the newest first.")
    if looked is not None:
        where = "newest" if wanted.before == _FIRST else "next"
        narrow = "" if about else ", or name a graph or a person to look there only"
        yield (f"Looked through the {where} {looked:,} runs. Older goes on{narrow}.",)


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
    found: dict[str, Any] = {"graph": "", "status": "", "requester": ""}
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
    return HistoryButton(before=_FIRST, **found)


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
    """Show the next page of runs in the place of the one before."""
    wanted = HistoryButton.unpack((args.body.get("actions") or [{}])[0].get("value"))
    await _turn(tools, args, history_page(tools, wanted, user_of(args.body)))


async def more(tools: Tools, args: AsyncArgs) -> None:
    """Show the next page of open questions in the place of the one before."""
    wanted = PendingButton.unpack((args.body.get("actions") or [{}])[0].get("value"))
    await _turn(tools, args, pending_page(tools, wanted, user_of(args.body)))


async def _turn(tools: Tools, args: AsyncArgs, work: Coroutine[Any, Any, Answer]) -> None:
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


TABLE = {"action": [(OLDER, older), (MORE, more)]}
