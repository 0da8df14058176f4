"""Pages of a form: on, back, and to the page with something wrong on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import read_fields_of
from bot.cards.fields import Problem
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.kit.inputs import entered, errors_at, numbers_in, places_of, typed_of
from bot.slack.kit.payloads import PayloadError, StartForm, ValuesForm
from bot.slack.listening import Handler, Tools, is_first, refuse_stale
from bot.slack.windows.drafts import FormGoneError, drop, keep, load
from bot.slack.windows.forms import (
    COMMENT_ACTION,
    COMMENT_BLOCK,
    VALUES_CALLBACK,
    Book,
    decision_book,
)
from bot.slack.windows.pages import BACK, Sheet
from bot.slack.windows.starting import START_CALLBACK, start_book
from bot.slack.workspace.failures import describe
from orchestrator.errors import GraphNotFoundError


async def book_of(tools: Tools, view: Mapping[str, Any]) -> Book:
    """Return the form that a view is a page of.

    Raises:
        PayloadError: It is no page of a form.
        FormGoneError: The graph was changed since it was opened.
        OrchestratorError: What it is about is gone, or over.
        NotRecordedError: It could not be looked up in time.
    """
    kept = view.get("private_metadata")
    if view.get("callback_id") == START_CALLBACK:
        form = StartForm.unpack(kept)
        graph = tools.engine.graphs.get(form.graph)
        if graph is None:
            raise GraphNotFoundError(form.graph, tuple(tools.engine.graphs))
        if graph.version != form.version:
            raise FormGoneError("This was changed since the form was opened; open it again.")
        return start_book(graph, form)
    if view.get("callback_id") != VALUES_CALLBACK:
        raise PayloadError
    asked = ValuesForm.unpack(kept)
    approval = await in_time(
        tools.tasks, tools.engine.get_approval(asked.approval), seconds=CLICK_TIMEOUT
    )
    refuse_stale(approval, asked.digest)
    return decision_book(approval, asked)


async def read_sheet(tools: Tools, book: Book, view: Mapping[str, Any]) -> Sheet:
    """Return the form as it was filled in up to the page that a view shows.

    Raises:
        FormGoneError: What was typed on other pages was kept for a day, and that is over.
        NotRecordedError: It could not be looked up in time.
    """
    stored = await in_time(tools.tasks, load(tools.engine.values, book.form), seconds=CLICK_TIMEOUT)
    known = range(len(book.fields))
    typed = {int(number): value for number, value in stored.items() if number.isdecimal()}
    typed |= typed_of(view, numbers_in(view))
    shown = (view.get("state") or {}).get("values") or {}
    comment = entered(view, COMMENT_BLOCK, COMMENT_ACTION) if COMMENT_BLOCK in shown else None
    return replace(
        book.sheet(),
        typed={number: value for number, value in typed.items() if number in known},
        starts=tuple(book.form.starts),
        comment=str((stored.get("comment") if COMMENT_BLOCK not in shown else comment) or ""),
    )


async def turn(tools: Tools, args: AsyncArgs, book: Book, sheet: Sheet) -> bool:
    """Show the next page, if there is one and nothing is wrong with this one.

    Returns:
        Whether the request was answered; if not, the form is complete.
    """
    shown = numbers_in(args.body["view"])
    if not shown or shown[-1] == sheet.numbers[-1]:
        return False
    values, problems = read_fields_of(sheet.fields, sheet.everything)
    problems = all_problems(book, values, problems)
    names = {sheet.fields[number].name for number in shown}
    here = [each for each in problems if _belongs(each[0], names)]
    if here:
        await show_problems(tools, args, book, sheet, here)
    else:
        await _show(tools, args, book, sheet.after())
    return True


def all_problems(book: Book, values: Any, unread: Sequence[Problem]) -> list[Problem]:
    """Return what could not be read, and what is wrong with the rest, to be told at once."""
    names = {name for name, _ in unread}
    return [*unread, *(each for each in book.check(values) if each[0] not in names)]


def _belongs(name: str, shown: set[str]) -> bool:
    """Is a problem about a field of the page, or about something inside its value?"""
    parts = name.split(".")
    return any(".".join(parts[:end]) in shown for end in range(1, len(parts) + 1))


async def show_problems(
    tools: Tools, args: AsyncArgs, book: Book, sheet: Sheet, problems: Sequence[Problem]
) -> None:
    """Say what is wrong: at the fields of this page, or on the first page that has any of it."""
    places = places_of(sheet.fields, problems)
    here = {number: texts for number, texts in places.items() if number in sheet.page}
    if here:
        await args.ack(response_action="errors", errors=errors_at(here))
        return
    await _show(tools, args, book, sheet.at(places))


async def _show(tools: Tools, args: AsyncArgs, book: Book, sheet: Sheet) -> None:
    view = await _view(tools, book, sheet)
    await args.ack(response_action="update", view=view)


async def _view(tools: Tools, book: Book, sheet: Sheet) -> dict[str, Any]:
    form = book.form.model_copy(update={"starts": list(sheet.starts)})
    work = keep(tools.engine.values, form, sheet.elsewhere())
    kept = await in_time(tools.tasks, work, seconds=CLICK_TIMEOUT)
    return book.show(sheet, kept)


async def back(tools: Tools, args: AsyncArgs) -> None:
    """Show the page before, with what was typed on this one kept."""
    view = args.body["view"]
    book = await book_of(tools, view)
    sheet = await read_sheet(tools, book, view)
    shown = await _view(tools, book, sheet.before())
    await args.ack()
    if is_first(tools, args.body, "back"):
        tools.tasks.spawn(_replace(tools, args.body, shown), name="slack-form")


async def _replace(tools: Tools, body: Mapping[str, Any], shown: dict[str, Any]) -> None:
    view = body["view"]
    try:
        await tools.client.views_update(view_id=str(view["id"]), hash=view.get("hash"), view=shown)
    except Exception as exc:  # noqa: BLE001 - whatever it is, the person is told
        code = describe(exc).code.replace("_", " ")
        await tools.replies.tell(body, (f"Slack did not turn the page ({code}). Press again.",))


def forget(tools: Tools, book: Book) -> None:
    """Forget what was typed into a form that is sent."""
    if book.form.draft:
        tools.tasks.spawn(drop(tools.engine.values, book.form), name="slack-draft")


TABLE: dict[str, list[tuple[Any, Handler]]] = {"action": [(re.compile(f"^{BACK}$"), back)]}
