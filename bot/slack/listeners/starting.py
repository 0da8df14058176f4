"""Starting runs: by command, by button, by shortcut, from a message; and the forms on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import read_fields_of
from bot.cards.prefilling import Quoted, typed_message, typed_words
from bot.cards.words import Code, Person, Strong, Words
from bot.slack import blocks as b
from bot.slack.command_line import CommandLine, example
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.drafts import keep, load
from bot.slack.failures import describe
from bot.slack.forms import Book
from bot.slack.inputs import TooLargeError, entered, places_of
from bot.slack.listeners.lists import graph_rows, no_graph
from bot.slack.listeners.turning import (
    all_problems,
    book_of,
    forget,
    read_sheet,
    show_problems,
    turn,
)
from bot.slack.listening import Handler, Tools, is_first, open_view, user_of
from bot.slack.modals import notice_view
from bot.slack.mrkdwn import lines
from bot.slack.pages import Sheet
from bot.slack.payloads import PickForm, StartButton, StartForm
from bot.slack.quoting import address_of, message_text
from bot.slack.start_forms import (
    GRAPH_ACTION,
    GRAPH_BLOCK,
    PICK_CALLBACK,
    START_CALLBACK,
    pick_view,
    start_book,
    start_view,
)
from bot.slack.starting import MESSAGE_LABEL
from orchestrator.errors import GraphNotFoundError, InputError, NotAStarterError
from orchestrator.graph.graph import Graph
from orchestrator.runtime.starters import check_starter
from orchestrator.store.records import Run

#: Prefix of buttons that open the form; a StartButton says for which graph.
START = "signoff_start"
START_RUN = "signoff_start_run"
START_FROM_MESSAGE = "signoff_start_from_message"
_LINK = 1.0  # seconds that a message's address may take; it can be put together without asking
_log = structlog.get_logger(__name__)

Rows = list[Words]


async def run(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows | None:
    """Start what a command names; None: something is missing, and a form asks for it."""
    graphs = tools.engine.graphs
    if not line.words:
        if line.values:
            usage = Code(f"{tools.command} run <graph> key=value …")
            return [("Say which graph: ", usage, "."), *graph_rows(tools)]
        await open_start(tools, args.body, None)
        return None
    graph_id, *rest = line.words
    graph = graphs.get(graph_id)
    if graph is None:
        return [no_graph(tools, graph_id), *graph_rows(tools)]
    if rest:
        fault: Words = (Code(rest[0]), " is no ", Code("key=value"), ". Write texts in quotes.")
        return [fault, _example(tools, graph)]
    try:
        started = await tools.starts.start(
            graph_id,
            line.values,
            requester=user_of(args.body),
            are_words=True,
            request=str(args.body.get("trigger_id") or ""),
        )
    except InputError as exc:
        await open_start(tools, args.body, graph_id, line.values, problems=exc.problems)
        return None
    return _started(tools, started)


def _started(tools: Tools, run: Run) -> Rows:
    return [
        ("Started ", Strong(run.graph), ": run ", Code(run.ref), "."),
        ("See how it goes with ", Code(f"{tools.command} show {run.ref}"), "."),
    ]


def _example(tools: Tools, graph: Graph) -> Words:
    required = [(field.name, field.type) for field in graph.input.fields if field.required]
    return ("For example: ", Code(f"{tools.command} {example(graph.id, required)}"))


async def open_start(
    tools: Tools,
    body: dict[str, Any],
    graph_id: str | None,
    values: Mapping[str, str] | None = None,
    *,
    problems: Sequence[tuple[str, str]] = (),
) -> None:
    """Open the form that starts a run; Slack is asked for it in a task of its own.

    Args:
        tools: What listeners work with.
        body: What Slack sent, with its trigger.
        graph_id: What to start; None: the form asks.
        values: What was given already, as texts by the names of the input.
        problems: What is wrong with that, by field.

    Raises:
        GraphNotFoundError: No such graph is loaded.
        NotAStarterError: The person may not start it.
        NotRecordedError: It could not be looked up in time whether they may.
    """
    if graph_id is None:
        view = pick_view(tools.engine.graphs, PickForm())
    else:
        graph = _graph(tools, graph_id)
        await _check(tools, graph, user_of(body))
        book = _new_book(graph)
        sheet = replace(book.sheet(), typed=typed_words(book.fields, values or {}))
        known = {field.path[0] for field in book.fields if field.path}
        notes = [f"{name}: {text}" for name, text in problems if name.split(".")[0] not in known]
        sheet = replace(sheet, problems=_problems(book, sheet, values or {}))
        view = await _first_page(tools, graph, book, sheet, notes=notes)
    if is_first(tools, body, "form"):
        tools.tasks.spawn(open_view(tools, body, view), name="slack-form")


def _graph(tools: Tools, graph_id: str) -> Graph:
    graph = tools.engine.graphs.get(graph_id)
    if graph is None:
        raise GraphNotFoundError(graph_id, tuple(tools.engine.graphs))
    return graph


async def _check(tools: Tools, graph: Graph, person: str) -> None:
    work = check_starter(graph, tools.directory, person, surface="slack", workspace=tools.workspace)
    await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)


def _new_book(graph: Graph, *, channel: str = "", thread: str = "", link: str = "") -> Book:
    form = StartForm(
        graph=graph.id, version=graph.version, channel=channel, thread=thread, link=link
    )
    return start_book(graph, form)


async def _first_page(
    tools: Tools, graph: Graph, book: Book, sheet: Sheet, *, notes: Sequence[str] = ()
) -> dict[str, Any]:
    form = StartForm.model_validate(book.form.model_dump())
    kept = await _keep_rest(tools, form, sheet)
    return start_view(graph, sheet, kept, notes=notes)


async def _keep_rest(tools: Tools, form: StartForm, sheet: Sheet) -> StartForm:
    try:
        rest = sheet.elsewhere()
    except ValueError:
        return form  # a field cannot hold what it should; the view says so
    work = keep(tools.engine.values, form, rest)
    return await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)


def _problems(book: Book, sheet: Sheet, given: Mapping[str, str]) -> dict[int, list[str]]:
    """Find what is wrong with what was given; what is missing the form asks for by itself."""
    try:
        values, problems = read_fields_of(sheet.fields, sheet.everything)
    except TooLargeError:
        return {}
    found = all_problems(book, values, problems)
    places = places_of(sheet.fields, [each for each in found if each[1] != "is required"])
    return {
        number: texts
        for number, texts in places.items()
        if number in sheet.typed and sheet.fields[number].path[0] in given
    }


async def press(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that a button is for."""
    action = (args.body.get("actions") or [{}])[0]
    value = action.get("value")
    graph_id = StartButton.unpack(value).graph if value else ""
    await open_start(tools, args.body, graph_id or None)
    await args.ack()


async def start_run(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that asks which graph to start."""
    view = pick_view(tools.engine.graphs, PickForm())
    await args.ack()
    if _is_new(tools, args.body):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def start_from_message(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that asks which graph to start, and remember the message."""
    body = args.body
    message = body.get("message") or {}
    text = message_text(message)
    at = str(body.get("message_ts") or message.get("ts") or "")
    form = PickForm(
        channel=str((body.get("channel") or {}).get("id") or ""),
        message=at,
        thread=str(message.get("thread_ts") or at),
        author=str(message.get("user") or ""),
        link=address_of(body, at, str(message.get("thread_ts") or "")),
    )
    work = keep(tools.engine.values, form, {"text": text})
    kept = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    view = pick_view(tools.engine.graphs, kept, quoted=text)
    await args.ack()
    if _is_new(tools, body):
        tools.tasks.spawn(open_view(tools, body, view), name="slack-form")


def _is_new(tools: Tools, body: Mapping[str, Any]) -> bool:
    return tools.seen.add(f"shortcut:{user_of(body)}:{body.get('action_ts')}")


async def _permalink(tools: Tools, form: PickForm) -> str:
    """Ask Slack for the address of a message; what was put together will do if it is slow."""
    try:
        async with asyncio.timeout(_LINK):
            answer = await tools.client.chat_getPermalink(
                channel=form.channel, message_ts=form.message
            )
        return str(answer["permalink"])
    except Exception as exc:  # noqa: BLE001 - there is a second way
        _log.info("slack_no_permalink", error=describe(exc).code)
        return form.link


async def pick(tools: Tools, args: AsyncArgs) -> None:
    """Show the form of the graph that was chosen, with what a message offers filled in."""
    view = args.body["view"]
    form = PickForm.unpack(view.get("private_metadata"))
    graph_id = str(entered(view, GRAPH_BLOCK, GRAPH_ACTION) or "")
    work = _chosen(tools, form, graph_id, user_of(args.body))
    try:
        shown = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    except (GraphNotFoundError, NotAStarterError) as error:
        await args.ack(response_action="errors", errors={GRAPH_BLOCK: _refusal(error)})
        return
    await args.ack(response_action="update", view=shown)


async def _chosen(tools: Tools, form: PickForm, graph_id: str, person: str) -> dict[str, Any]:
    graph = _graph(tools, graph_id)
    await _check(tools, graph, person)
    if not form.message:
        book = _new_book(graph)
        return await _first_page(tools, graph, book, book.sheet())
    link = await _permalink(tools, form)
    book = _new_book(graph, channel=form.channel, thread=form.thread, link=link)
    text = (await load(tools.engine.values, form)).get("text", "")
    quoted = Quoted(text=str(text), author=form.author, link=link)
    sheet = replace(book.sheet(), typed=typed_message(book.fields, quoted))
    return await _first_page(tools, graph, book, sheet)


def _refusal(error: Exception) -> str:
    if isinstance(error, NotAStarterError) and error.starters:
        return f"You may not start this one. It takes {' or '.join(error.starters)}."
    if isinstance(error, NotAStarterError):
        return "Guests, bots and people of other organisations may not start runs."
    return "This graph is not there any more; choose another one."


async def begin(tools: Tools, args: AsyncArgs) -> None:
    """Start the run that a form describes, and only then say so in its place."""
    view = args.body["view"]
    book = await book_of(tools, view)
    form = StartForm.unpack(view.get("private_metadata"))
    sheet = await read_sheet(tools, book, view)
    if await turn(tools, args, book, sheet):
        return
    values, problems = read_fields_of(sheet.fields, sheet.everything)
    if problems:
        problems = all_problems(book, values, problems)
        await show_problems(tools, args, book, sheet, problems)
        return
    try:
        started = await tools.starts.start(
            form.graph,
            values,
            requester=user_of(args.body),
            are_words=False,
            # A window starts one run, whichever process gets to hear of it how often.
            request=f"view:{view['id']}",
            labels={MESSAGE_LABEL: form.link} if form.link else None,
        )
    except InputError as exc:
        await show_problems(tools, args, book, sheet, exc.problems)
        return
    shown = notice_view("Started", lines(_started(tools, started)))
    await args.ack(response_action="update", view=shown)
    forget(tools, book)
    if form.thread and tools.seen.add(f"started:{started.id}"):
        tools.tasks.spawn(_tell_thread(tools, form, started), name="slack-reply")


async def _tell_thread(tools: Tools, form: StartForm, run: Run) -> None:
    """Say in the thread of the message what was started from it, if the bot may write there."""
    words: Words = (Person(run.requester), " started ", Strong(run.graph), " from here: run ",
                    Code(run.ref), ".")  # fmt: skip
    text = lines([words])
    try:
        await tools.client.chat_postMessage(
            channel=form.channel,
            thread_ts=form.thread,
            text=text,
            blocks=[b.section(text)],
            unfurl_links=False,
        )
    except Exception as exc:  # noqa: BLE001 - the run is started all the same
        failure = describe(exc)
        _log.warning("slack_thread_not_told", run_id=run.id, error=failure.code, fix=failure.fix)


TABLE: dict[str, list[tuple[Any, Handler]]] = {
    "action": [(re.compile(f"^{START}"), press)],
    "shortcut": [(START_RUN, start_run), (START_FROM_MESSAGE, start_from_message)],
    "view_submission": [(PICK_CALLBACK, pick), (START_CALLBACK, begin)],
}
