"""What people want to be told: sub-commands, and the window with all of it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards.words import Code, Moment, Part, Strong, Words
from bot.slack.command_line import CommandLine, nearest
from bot.slack.decisions import CLICK_TIMEOUT, in_time
from bot.slack.listening import Tools, is_first, open_view, user_of
from bot.slack.people.hours import parse_quiet
from bot.slack.people.preferences import ALL, Preference, graph_subject, run_subject
from bot.slack.runs import get_run
from bot.slack.sending.directs import NOTIFICATIONS
from bot.slack.sending.gathering import gather_anew
from bot.slack.sending.zones import zone_name
from bot.slack.windows.notifications import (
    CALLBACK,
    END,
    notifications_view,
    read_notifications,
    subject_label,
)
from orchestrator.graph.durations import parse_duration

_LONGEST = timedelta(days=365)

Rows = list[Words]


async def follow(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Tell somebody every outcome in a run or a graph from now on."""
    found = await _subject(tools, line, "follow", user_of(args.body))
    if isinstance(found, list):
        return found
    subject, label = found
    await _change(tools, args, lambda each: each.following(subject))
    return [
        ("From now on you hear how each question of ", label, " ends, and its end."),
        ("Stop with ", Code(f"{tools.command} unfollow {_written(line)}"), "."),
    ]


async def unfollow(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Tell somebody no more of a run or a graph."""
    found = await _subject(tools, line, "unfollow", user_of(args.body))
    if isinstance(found, list):
        return found
    subject, label = found
    await _change(tools, args, lambda each: each.leaving(subject))
    return [("You do not follow ", label, " any more.")]


async def mute(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Tell somebody nothing of a run, a graph or anything that needs no answer."""
    found = await _subject(tools, line, "mute", user_of(args.body), or_all=True)
    if isinstance(found, list):
        return found
    subject, label = found
    until: datetime | None = None
    if len(line.words) > 1:
        try:
            length = parse_duration(" ".join(line.words[1:]))
        except ValueError as error:
            return [(f"{error}.",)]
        if not timedelta(0) < length <= _LONGEST:
            return [("Mute for a year at most, such as ", Code("2h"), " or ", Code("3d"), ".")]
        until = tools.preferences.now() + length
    await _change(tools, args, lambda each: each.muting(subject, until))
    end: Words = (" until ", Moment(until)) if until else ()
    return [
        ("Muted ", label, *end, ": no reminders, digests or outcomes by direct message."),
        ("What you are asked in person still comes. Hear of the rest again with ",
         Code(f"{tools.command} unmute {_written(line)}"), "."),
    ]  # fmt: skip


async def unmute(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Tell somebody again of what they have muted."""
    found = await _subject(tools, line, "unmute", user_of(args.body), or_all=True)
    if isinstance(found, list):
        return found
    subject, label = found
    await _change(tools, args, lambda each: each.unmuting(subject))
    return [("You hear of ", label, " again.")]


async def quiet(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Set, end or show somebody's quiet hours."""
    text = " ".join(line.words).strip().lower()
    if text in {"off", "none", "no"}:
        await _change(tools, args, lambda each: each.model_copy(update={"quiet": None}))
        return [("You have no quiet hours any more.",)]
    usage: Words = ("Set them with ", Code(f"{tools.command} quiet 22:00-07:00"),
                    ", end them with ", Code(f"{tools.command} quiet off"), ".")  # fmt: skip
    zone = await _zone(tools, user_of(args.body))
    if not text:
        wanted = await in_time(
            tools.tasks, tools.preferences.get(user_of(args.body)), seconds=CLICK_TIMEOUT
        )
        if wanted.quiet is None:
            return [("You have no quiet hours.",), usage]
        return [("Your quiet hours are ", Strong(str(wanted.quiet)), f" ({zone})."), usage]
    try:
        hours = parse_quiet(text)
    except ValueError as error:
        return [(f"That cannot be read: {error}.",), usage]
    await _change(tools, args, lambda each: each.model_copy(update={"quiet": hours}))
    return [
        ("Your quiet hours are ", Strong(str(hours)), f" in your time zone, {zone}."),
        ("Direct messages that can wait come when they end; escalations do not wait.",),
    ]


async def notifications(tools: Tools, args: AsyncArgs, _line: CommandLine) -> Rows | None:
    """Open the window with all of it."""
    await open_notifications(tools, args)
    return None


async def open_notifications(tools: Tools, args: AsyncArgs) -> None:
    """Open the window; from a button or a command."""
    user = user_of(args.body)
    wanted = await in_time(tools.tasks, tools.preferences.get(user), seconds=CLICK_TIMEOUT)
    view = notifications_view(
        wanted,
        list(tools.engine.graphs),
        zone=await _zone(tools, user),
        now=tools.preferences.now(),
    )
    await args.ack()
    if is_first(tools, args.body, "form"):
        tools.tasks.spawn(open_view(tools, args.body, view), name="slack-form")


async def save_notifications(tools: Tools, args: AsyncArgs) -> None:
    """Store what the window says, and only then close it."""
    view = args.body["view"]
    try:
        await _change(tools, args, lambda each: read_notifications(view, each))
    except ValueError as error:
        await args.ack(response_action="errors", errors={END: str(error)})
        return
    await args.ack()


def help_rows(name: str) -> Rows:
    """Say what can be written about all this."""
    return [
        (Code(f"{name} follow <run or graph>"), " tells you how it ends; ", Code("unfollow"),
         " stops that"),
        (Code(f"{name} mute <run, graph or all> 2h"), " is quiet about it; ", Code("unmute"),
         " ends that"),
        (Code(f"{name} quiet 22:00-07:00"), " sets your quiet hours; ", Code("quiet off")),
        (Code(f"{name} notifications"), " shows all you can set"),
    ]  # fmt: skip


async def _change(
    tools: Tools, args: AsyncArgs, change: Callable[[Preference], Preference]
) -> Preference:
    return await in_time(
        tools.tasks, _store(tools, user_of(args.body), change), seconds=CLICK_TIMEOUT
    )


async def _store(
    tools: Tools, person: str, change: Callable[[Preference], Preference]
) -> Preference:
    """Keep what somebody wants; what waits for their digest comes at the times that hold now."""
    wanted = await tools.preferences.change(person, change)
    if wanted.has_digest:
        now = tools.preferences.now()
        await gather_anew(
            tools.engine, tools.directory, person, wanted, now=now, workspace=tools.workspace
        )
    return wanted


async def _subject(
    tools: Tools, line: CommandLine, verb: str, person: str, *, or_all: bool = False
) -> tuple[str, Part] | Rows:
    """Return what a command is about, with its name for people; or what to say instead."""
    everything = ", or all" if or_all else ""
    if not line.words:
        return [("Say what: ", Code(f"{tools.command} {verb} r-…"), f", or a graph{everything}.")]
    word = line.words[0]
    if or_all and word.lower() in {ALL, "everything"}:
        return ALL, Strong("everything")
    if word in tools.engine.graphs:
        return graph_subject(word), Strong(subject_label(graph_subject(word)))
    if re.match(r"[ra]-", word.lower()):
        run = await get_run(tools, word, person)
        return run_subject(run.id), Strong(f"run {run.ref} of {run.graph}")
    meant = nearest(word, list(tools.engine.graphs))
    hint: Words = ("; did you mean ", Code(meant), "?") if meant else (".",)
    return [("There is no run and no graph ", Code(word), *hint)]


def _written(line: CommandLine) -> str:
    return line.words[0]


async def _zone(tools: Tools, user: str) -> str:
    return await zone_name(tools.directory, user)


TABLE = {
    "action": [(re.compile(f"^{NOTIFICATIONS}$"), open_notifications)],
    "view_submission": [(CALLBACK, save_notifications)],
}
COMMANDS: dict[str, Callable[[Tools, AsyncArgs, CommandLine], Awaitable[Rows | None]]] = {
    "follow": follow,
    "unfollow": unfollow,
    "mute": mute,
    "unmute": unmute,
    "quiet": quiet,
    "notifications": notifications,
}
