"""The slash command: reads what was typed, and answers with lines, buttons or a form."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.words import Code, Strong, Words
from bot.slack.command_line import CommandError, CommandLine, nearest, parse_command
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.listeners import channel, lists, preferences, runs, starting, steering
from bot.slack.listening import Tools
from bot.slack.windows.answers import Answer, Item, of_rows, say_words
from bot.slack.windows.manual import about, overview

Rows = list[Words]
#: None: a form was opened instead.
Reply = Answer | Rows | None


async def command(tools: Tools, args: AsyncArgs) -> None:
    """Answer the slash command; every text gets an answer."""
    reply = await in_time(tools.tasks, _reply(tools, args), seconds=CLICK_TIMEOUT)
    if reply is None:
        if args.ack.response is None:
            await args.ack()
        return
    answer = reply if isinstance(reply, Answer) else of_rows(reply)
    groups = await tools.directory.known_groups()
    await args.ack(
        text=answer.text(groups), blocks=answer.blocks(groups), response_type="ephemeral"
    )


async def _reply(tools: Tools, args: AsyncArgs) -> Reply:
    try:
        text = str(args.body.get("text") or "")
        line = steering.read_signal(text) or parse_command(text)
        answer = _ANSWERS.get(line.name)
        if answer is not None:
            return await answer(tools, args, line)
    except CommandError as exc:
        return [(str(exc),)]
    if not line.name:
        return _help(tools)
    meant = nearest(line.name, list(_ANSWERS))
    hint: Words = ("; did you mean ", Code(f"{tools.command} {meant}"), "?") if meant else (".",)
    unknown: Words = ("There is no ", Code(f"{tools.command} {line.name}"), *hint)
    manual = _help(tools)
    return Answer(items=(Item(rows=(unknown,)), *manual.items))


async def _show_help(tools: Tools, _args: AsyncArgs, line: CommandLine) -> Answer:
    if line.words:
        name = line.words[0].lower()
        rows = about(tools.command, name) if name in _ANSWERS else None
        if rows is not None:
            return of_rows(rows)
        meant = nearest(name, list(_ANSWERS))
        hint: Words = ("; did you mean ", Code(meant), "?") if meant else (".",)
        return say_words(("There is no command ", Code(name), *hint))
    manual = _help(tools)
    graphs = (*lists.graph_rows(tools),)
    return Answer(items=manual.items, more=(Item(rows=graphs),), notes=manual.notes)


def _help(tools: Tools) -> Answer:
    sections = overview(tools.command, _ANSWERS)
    more: Words = (Code(f"{tools.command} help cancel"), " says more about one of them.")
    return Answer(
        items=tuple(Item(rows=((Strong(title),), *rows)) for title, rows in sections),
        notes=(more,),
    )


_ANSWERS: dict[str, Callable[[Tools, AsyncArgs, CommandLine], Awaitable[Reply]]] = {
    "run": starting.run,
    "start": starting.run,
    "list": lists.list_runs,
    "runs": lists.list_runs,
    "show": lists.show,
    "pending": lists.pending,
    "history": lists.history,
    "who": lists.who,
    "cancel": runs.cancel,
    "retry": runs.retry,
    "pause": steering.pause,
    "resume": steering.resume,
    "signal": steering.signal,
    "rules": steering.rules,
    "revoke": steering.revoke,
    "remind": steering.remind,
    "repost": steering.repost,
    "channel": channel.channel,
    "help": _show_help,
    **preferences.COMMANDS,
}

TABLE = {"command": [(re.compile(""), command)]}
