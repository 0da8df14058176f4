"""Opening the form that starts a run, with what is known already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.cards import read_fields_of
from bot.cards.fields import Problem
from bot.cards.prefilling import find_given_secret, misfits, typed_words
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.kit.inputs import SecretError, TooLargeError, places_of
from bot.slack.kit.payloads import PickForm, StartForm
from bot.slack.listeners.turning import (
    all_problems,
)
from bot.slack.listening import Tools, open_view, user_of
from bot.slack.windows.drafts import keep
from bot.slack.windows.forms import Book
from bot.slack.windows.pages import Sheet
from bot.slack.windows.starting import (
    elsewhere_view,
    pick_view,
    start_book,
    start_view,
)
from orchestrator.errors import GraphNotFoundError
from orchestrator.graph.graph import Graph
from orchestrator.runtime.starters import check_starter


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
        graph = get_graph(tools, graph_id)
        await check_may_start(tools, graph, user_of(body))
        view = await _filled(tools, graph, values or {}, problems)
    show(tools, body, view)


async def _filled(
    tools: Tools, graph: Graph, given: Mapping[str, str], problems: Sequence[Problem]
) -> dict[str, Any]:
    """Return the form with what was given in it, and with all that is wrong with that."""
    book = new_book(graph)
    secret = find_given_secret(book.fields, given)
    if secret is not None:
        return elsewhere_view(
            graph, SecretError(f"{secret.label} is a secret, and stays out of Slack")
        )
    sheet = replace(book.sheet(), typed=typed_words(book.fields, given))
    known = {field.path[0] for field in book.fields if field.path}
    notes = [
        f"{name}: {text}" if name else text
        for name, text in problems
        if name.split(".")[0] not in known
    ]
    sheet = replace(sheet, problems=_problems(book, sheet, given, problems))
    return await first_page(tools, graph, book, sheet, notes=notes)


def show(tools: Tools, body: dict[str, Any], view: dict[str, Any]) -> None:
    """Open a window, once for every time that somebody asked for it."""
    if tools.seen.add(f"form:{user_of(body)}:{body.get('trigger_id')}"):
        tools.tasks.spawn(open_view(tools, body, view), name="slack-form")


def get_graph(tools: Tools, graph_id: str) -> Graph:
    """Return a graph that is loaded; raises GraphNotFoundError."""
    graph = tools.engine.graphs.get(graph_id)
    if graph is None:
        raise GraphNotFoundError(graph_id, tuple(tools.engine.graphs))
    return graph


async def check_may_start(tools: Tools, graph: Graph, person: str) -> None:
    """Make sure, in the time that a click has, that somebody may start a graph.

    Raises:
        NotAStarterError: They may not.
        NotRecordedError: It could not be looked up in time.
    """
    work = check_starter(graph, tools.directory, person, surface="slack", workspace=tools.workspace)
    await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)


def new_book(graph: Graph, *, channel: str = "", thread: str = "", link: str = "") -> Book:
    """Return the form of a graph, and what it remembers of the message that it comes from."""
    form = StartForm(
        graph=graph.id, version=graph.version, channel=channel, thread=thread, link=link
    )
    return start_book(graph, form)


async def first_page(
    tools: Tools, graph: Graph, book: Book, sheet: Sheet, *, notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the first page of the form, with what stands in it kept for the others."""
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


def _problems(
    book: Book, sheet: Sheet, given: Mapping[str, str], refused: Sequence[Problem]
) -> dict[int, Sequence[str]]:
    """Find what is wrong with what was given; what is missing the form asks for by itself.

    Args:
        book: The form.
        sheet: With what was given in it, as far as its fields can show that.
        given: What was given.
        refused: What the graph's input said of it.
    """
    try:
        values, unread = read_fields_of(sheet.fields, sheet.everything)
    except TooLargeError:
        return {}
    unshown = {number: [text] for number, text in misfits(sheet.fields, given).items()}
    written = _of_given(sheet, given, all_problems(book, values, unread))
    empty = {number for number, typed in sheet.typed.items() if typed is None}
    written = {number: texts for number, texts in written.items() if number not in empty}
    return {**_of_given(sheet, given, refused), **written, **unshown}


def _of_given(
    sheet: Sheet, given: Mapping[str, str], problems: Sequence[Problem]
) -> dict[int, Sequence[str]]:
    told = [each for each in problems if each[0].split(".")[0] in given]
    return dict(places_of(sheet.fields, [each for each in told if each[1] != "is required"]))
