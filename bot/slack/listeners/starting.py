"""Starting runs: by command, by button, and by the form of a graph."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import read_fields_of
from bot.cards.words import Code, Strong, Words
from bot.slack.command_line import CommandLine, example
from bot.slack.kit.mrkdwn import lines
from bot.slack.kit.payloads import StartButton, StartForm
from bot.slack.listeners.lists import graph_rows, no_graph
from bot.slack.listeners.opening import (
    open_start,
)
from bot.slack.listeners.turning import (
    all_problems,
    book_of,
    forget,
    read_sheet,
    show_problems,
    turn,
)
from bot.slack.listening import Handler, Tools, user_of
from bot.slack.runs import show_button
from bot.slack.starting import MESSAGE_LABEL
from bot.slack.windows.answers import Answer, Item
from bot.slack.windows.modals import notice_view
from bot.slack.windows.starting import (
    START_CALLBACK,
)
from orchestrator.errors import InputError
from orchestrator.graph.graph import Graph
from orchestrator.store.records import Run

#: Prefix of buttons that open the form; a StartButton says for which graph.
START = "signoff_start"

Rows = list[Words]


async def run(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows | Answer | None:
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
    item = Item(rows=tuple(_started(tools, started)), beside=show_button(started))
    return Answer(items=(item,))


def _started(tools: Tools, run: Run) -> Rows:
    return [
        ("Started ", Strong(run.graph), ": run ", Code(run.ref), "."),
        ("See how it goes with ", Code(f"{tools.command} show {run.ref}"), "."),
    ]


def _example(tools: Tools, graph: Graph) -> Words:
    required = [(field.name, field.type) for field in graph.input.fields if field.required]
    return ("For example: ", Code(f"{tools.command} {example(graph.id, required)}"))


async def press(tools: Tools, args: AsyncArgs) -> None:
    """Open the form that a button is for."""
    action = (args.body.get("actions") or [{}])[0]
    value = action.get("value")
    graph_id = StartButton.unpack(value).graph if value else ""
    await open_start(tools, args.body, graph_id or None)
    await args.ack()


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
            thread=(form.channel, form.thread) if form.thread else None,
        )
    except InputError as exc:
        await show_problems(tools, args, book, sheet, exc.problems)
        return
    shown = notice_view("Started", lines(_started(tools, started)))
    await args.ack(response_action="update", view=shown)
    forget(tools, book)


TABLE: dict[str, list[tuple[Any, Handler]]] = {
    "action": [(re.compile(f"^{START}"), press)],
    "view_submission": [(START_CALLBACK, begin)],
}
