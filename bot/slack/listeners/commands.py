"""The slash command: reads what was typed, and answers in words."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import approval_line, run_line, run_words
from bot.cards.words import Code, Strong, Words
from bot.slack.command_line import CommandError, CommandLine, example, nearest, parse_command
from bot.slack.decisions import CLICK_TIMEOUT, SURFACE, in_time
from bot.slack.listeners import preferences, steering
from bot.slack.listening import Tools, say, user_of
from bot.slack.seen import retry_number
from orchestrator.errors import InputError
from orchestrator.store.records import Run

_RUNS = 10  # newest runs in a list
_GRAPHS = 15  # graphs in a list
_PENDING = 15  # open approvals in a list

Rows = list[Words]


async def command(tools: Tools, args: AsyncArgs) -> None:
    """Answer the slash command; every text gets words."""
    rows = await in_time(tools.tasks, _rows(tools, args), seconds=CLICK_TIMEOUT)
    if rows is not None:  # else a window was opened
        await say(tools, args, rows)


async def _rows(tools: Tools, args: AsyncArgs) -> Rows | None:
    try:
        text = str(args.body.get("text") or "")
        line = steering.read_signal(text) or parse_command(text)
    except CommandError as exc:
        return [(str(exc),)]
    answer = _ANSWERS.get(line.name)
    if answer is not None:
        return await answer(tools, args, line)
    if not line.name:
        return _help(tools)
    meant = nearest(line.name, list(_ANSWERS))
    hint: Words = ("; did you mean ", Code(f"{tools.command} {meant}"), "?") if meant else (".",)
    return [("There is no ", Code(f"{tools.command} {line.name}"), *hint), *_help(tools)]


async def _run(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    graphs = tools.engine.graphs
    if not line.words:
        return [("Say which graph: ", Code(f"{tools.command} run <graph> key=value …"), "."),
                *_graph_rows(tools)]  # fmt: skip
    graph_id, *rest = line.words
    graph = graphs.get(graph_id)
    if graph is None:
        meant = nearest(graph_id, list(graphs))
        hint: Words = ("; did you mean ", Code(meant), "?") if meant else (".",)
        return [("There is no graph ", Code(graph_id), *hint), *_graph_rows(tools)]
    if rest:
        fault: Words = (Code(rest[0]), " is no ", Code("key=value"), ". Write texts in quotes.")
        return [fault, _example(tools, graph_id)]
    try:
        run = await tools.starts.start(
            graph_id,
            line.values,
            requester=user_of(args.body),
            are_words=True,
            request=str(args.body.get("trigger_id") or ""),
            is_retry=retry_number(args.req.headers) > 0,
        )
    except InputError as exc:
        faults: Rows = [_fault(field, text) for field, text in exc.problems]
        title: Words = (Strong(graph_id), " was not started:")
        return [title, *faults, _example(tools, graph_id)]
    return [
        ("Started ", Strong(run.graph), ": run ", Code(run.ref), "."),
        ("See how it goes with ", Code(f"{tools.command} show {run.ref}"), "."),
    ]


def _fault(field: str, text: str) -> Words:
    return ("• ", Code(field), f" {text}") if field else (f"• {text}",)


def _example(tools: Tools, graph_id: str) -> Words:
    fields = tools.engine.graphs[graph_id].input.fields
    required = [(field.name, field.type) for field in fields if field.required]
    return ("For example: ", Code(f"{tools.command} {example(graph_id, required)}"))


async def _list(tools: Tools, _args: AsyncArgs, _line: CommandLine) -> Rows:
    runs = await tools.engine.list_runs(limit=_RUNS)
    newest: Rows = [run_line(run) for run in runs]
    title: Words = (Strong("Newest runs"),) if runs else ("No run has been started yet.",)
    return [title, *newest, *_graph_rows(tools)]


async def _show(tools: Tools, _args: AsyncArgs, line: CommandLine) -> Rows:
    if not line.words:
        return [("Say which run: ", Code(f"{tools.command} show r-…"), ".")]
    run = await _find_run(tools, line.words[0].lower())
    approvals = await tools.engine.list_approvals(run.id)
    return run_words(run, approvals)


async def _find_run(tools: Tools, reference: str) -> Run:
    if reference.startswith("a-"):
        approval = await tools.engine.get_approval(reference)
        return approval.run
    return await tools.engine.get_run(reference)


async def _pending(tools: Tools, _args: AsyncArgs, _line: CommandLine) -> Rows:
    found = await tools.engine.list_pending(limit=_PENDING)
    if not found:
        return [("Nothing waits for an answer.",)]
    return [(Strong("Waiting for an answer"),), *(approval_line(approval) for approval in found)]


async def _cancel(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    if not line.words:
        return [("Say which run: ", Code(f"{tools.command} cancel r-… why"), ".")]
    reference, *reason = line.words
    run = await tools.engine.get_run(reference.lower())
    user = user_of(args.body)
    refused = await steering.refuse_hand(tools, run, user, "cancel")
    if refused:
        return refused
    await tools.engine.cancel(run.id, by=user, surface=SURFACE, reason=" ".join(reason))
    return [("Run ", Code(run.ref), " of ", Strong(run.graph), " is being cancelled.")]


async def _show_help(tools: Tools, _args: AsyncArgs, _line: CommandLine) -> Rows:
    return [*_help(tools), *_graph_rows(tools)]


def _help(tools: Tools) -> Rows:
    name = tools.command
    return [
        (Strong("What you can write"),),
        (Code(f"{name} run <graph> key=value …"), " starts a run; ", Code('topic="two words"')),
        (Code(f"{name} list"), " shows the newest runs and what can be started"),
        (Code(f"{name} show <run>"), " shows a run and its questions"),
        (Code(f"{name} pending"), " shows what waits for an answer"),
        (Code(f"{name} cancel <run> why"), " stops a run"),
        (Code(f"{name} pause <run> why"), " starts nothing new in a run for now"),
        (Code(f"{name} resume <run>"), " lets it go on"),
        (Code(f"{name} signal <run> <name> JSON"), " tells a run something that it waits for"),
        (Code(f"{name} remind <approval>"), " calls those who have not answered"),
        (Code(f"{name} rules"), " shows what is approved in advance"),
        (Code(f"{name} revoke <rule>"), " ends one of them"),
        *preferences.help_rows(name),
        (Code(f"{name} help"), " shows this"),
    ]


def _graph_rows(tools: Tools) -> Rows:
    graphs = tools.engine.graphs
    if not graphs:
        return [("No graph is loaded. Tell who runs Signoff.",)]
    rows: Rows = [(Strong("What can be started"),)]
    for graph in list(graphs.values())[:_GRAPHS]:
        about = graph.description or (graph.title if graph.title != graph.id else "")
        first_line = about.strip().splitlines()[0] if about.strip() else ""
        fields = [(field.name, field.type) for field in graph.input.fields if field.required]
        usage = Code(f"{tools.command} {example(graph.id, fields)}")
        rows.append(("• ", Strong(graph.id), f" {first_line} " if first_line else " ", usage))
    return rows


_ANSWERS: dict[str, Callable[[Tools, AsyncArgs, CommandLine], Awaitable[Rows | None]]] = {
    "run": _run,
    "start": _run,
    "list": _list,
    "runs": _list,
    "show": _show,
    "pending": _pending,
    "cancel": _cancel,
    "pause": steering.pause,
    "resume": steering.resume,
    "signal": steering.signal,
    "rules": steering.rules,
    "revoke": steering.revoke,
    "remind": steering.remind,
    **preferences.COMMANDS,
    "help": _show_help,
}

TABLE = {"command": [(re.compile(""), command)]}
