"""Sub-commands that steer what is under way: runs, signals, standing rules, reminders."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.cards import rule_line
from bot.cards.words import Channel, Code, Part, Person, Strong, Words, name_words
from bot.slack.command_line import CommandError, CommandLine
from bot.slack.decisions import SURFACE
from bot.slack.listening import Tools, user_of
from bot.slack.people.inbox import Inbox
from bot.slack.people.scanning import look_through
from bot.slack.runs import get_question, get_rule, get_run
from orchestrator.errors import InvalidValuesError
from orchestrator.store.records import Approval, Message, Rule, Run

_RULES = 20  # rules in a list
#: Phones put these where JSON has straight quotes.
_STRAIGHT = str.maketrans(dict.fromkeys("“”„‟«»″", '"'))
_MOST = 4  # names in a refusal
_LOOKS = 20  # for where a question that is posted anew has come to stand
_PAUSE = 0.05  # seconds between two of them
_SIGNAL_WORDS = 4  # `signal`, the run, the name, and the rest is JSON

Rows = list[Words]


async def pause(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Hold new nodes of a run back."""
    if not line.words:
        return [("Say which run: ", Code(f"{tools.command} pause r-… why"), ".")]
    reference, *reason = line.words
    run = await get_run(tools, reference, user_of(args.body))
    refused = await refuse_hand(tools, run, user_of(args.body), "pause")
    if refused:
        return refused
    await tools.engine.pause(run.id, by=user_of(args.body), reason=" ".join(reason))
    return [
        ("Run ", Code(run.ref), " of ", Strong(run.graph), " is paused: nothing new starts in it."),
        ("It goes on with ", Code(f"{tools.command} resume {run.ref}"), "."),
    ]


async def resume(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Let a run go on after a pause."""
    if not line.words:
        return [("Say which run: ", Code(f"{tools.command} resume r-…"), ".")]
    run = await get_run(tools, line.words[0], user_of(args.body))
    refused = await refuse_hand(tools, run, user_of(args.body), "resume")
    if refused:
        return refused
    await tools.engine.resume(run.id, by=user_of(args.body))
    return [("Run ", Code(run.ref), " of ", Strong(run.graph), " goes on.")]


def read_signal(text: str) -> CommandLine | None:
    """Read `signal RUN NAME JSON`, whose last part is no words and keeps its quotes.

    Returns None for any other command.

    Raises:
        CommandError: The last part is no JSON.
    """
    name, *rest = text.split(maxsplit=_SIGNAL_WORDS - 1) or [""]
    if name.lower() != "signal":
        return None
    if len(rest) < _SIGNAL_WORDS - 1:
        return CommandLine(name="signal", words=tuple(rest))
    return CommandLine(name="signal", words=(*rest[:2], json.dumps(_payload(rest[2]))))


def _payload(text: str) -> Any:
    for candidate in (text, text.translate(_STRAIGHT)):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    raise CommandError(
        'What the signal brings is no JSON. Write such as {"paid": true}, 3, or "text".'
    )


async def signal(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Send a signal to a run."""
    least = 2
    if len(line.words) < least:
        usage = Code(f'{tools.command} signal r-… name {{"key": "value"}}')
        return [("Say which run, and which signal: ", usage, ".")]
    reference, name, *payload = line.words
    run = await get_run(tools, reference, user_of(args.body))
    user = user_of(args.body)
    refused = await refuse_hand(tools, run, user, "send a signal to")
    if refused:
        return refused
    brought = json.loads(payload[0]) if payload else None
    try:
        await tools.engine.signal(run.id, name, brought, by=user, surface=SURFACE)
    except InvalidValuesError as error:
        faults: Rows = [
            ("• ", Code(field), f" {text}") if field else (f"• {text}",)
            for field, text in error.problems
        ]
        return [("The signal ", Code(name), " was not sent:"), *faults]
    return [("Sent the signal ", Code(name), " to run ", Code(run.ref), ".")]


async def rules(tools: Tools, args: AsyncArgs, _line: CommandLine) -> Rows:
    """List the standing rules that hold, and that somebody may read."""
    every = await tools.engine.list_rules()

    async def fetch(last: Rule | None, limit: int) -> list[Rule]:
        first = every.index(last) + 1 if last is not None else 0
        return every[first : first + limit]

    reader = tools.reader(user_of(args.body))
    page = await look_through(fetch, reader.may_read_rule, most=_RULES)
    if not page.found and page.last is None:
        return [("No standing rule holds that you may see.",)]
    more: Rows = [("There are more; these are the newest.",)] if page.last is not None else []
    if page.looked is not None:
        more = [(f"Only the newest {page.looked:,} rules were looked through.",)]
    return [(Strong("Standing rules"),), *map(rule_line, page.found), *more]


async def revoke(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Have a standing rule hold no longer."""
    if not line.words:
        return [("Say which rule: ", Code(f"{tools.command} revoke s-…"), ".")]
    user = user_of(args.body)
    found = await get_rule(tools, line.words[0], user)
    rule = await tools.engine.revoke_rule(found.id, by=user, surface=SURFACE)
    return [("The rule ", Code(rule.ref), " holds no longer; questions like that are asked again.")]


async def remind(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Remind the approvers of a question now."""
    if not line.words:
        return [("Say which question: ", Code(f"{tools.command} remind a-…"), ".")]
    approval = await get_question(tools, line.words[0], user_of(args.body))
    await tools.engine.remind(approval.id, by=user_of(args.body), surface=SURFACE)
    return [("Those who have not answered ", Code(approval.ref), " are being reminded.")]


async def repost(tools: Tools, args: AsyncArgs, line: CommandLine) -> Rows:
    """Have an open question posted anew."""
    if not line.words:
        return [("Say which question: ", Code(f"{tools.command} repost a-…"), ".")]
    approval = await get_question(tools, line.words[0], user_of(args.body))
    before = await tools.engine.find_message(approval.id)
    is_new = await tools.engine.repost(approval.id, by=user_of(args.body))
    if not is_new:
        return [("The question ", Code(approval.ref), " is on its way already.")]
    return [("The question ", Code(approval.ref), *await _whereabouts(tools, approval, before))]


async def _whereabouts(tools: Tools, approval: Approval, before: Message | None) -> Words:
    """Say where a question went, if that is soon known."""
    home = approval.channel or tools.channel
    belongs: Part = Code(home) if home.startswith("#") else Channel(home)
    now = before
    for _ in range(_LOOKS):
        now = await tools.engine.find_message(approval.id)
        if now != before:
            break
        await asyncio.sleep(_PAUSE)
    if now is None or now == before:
        return (" is being posted anew. What ", belongs, " does not take goes elsewhere.")
    why: Words = (", because I cannot post in ", belongs) if now.reason else ()
    if not now.channel.startswith(("C", "G")):
        return (" went to the operators by direct message", *why, ".")
    return (" stands in ", Channel(now.channel), " now", *why, ".")


async def refuse_hand(tools: Tools, run: Run, user: str, action: str) -> Rows | None:
    """Say that somebody has no hand in a run; None: they started it, or may decide in it."""
    if run.requester == user:
        return None
    graph = tools.engine.graphs.get(run.graph)
    declared = (*graph.operators, *graph.approvers) if graph else ()
    asked = await tools.engine.list_pending(run=run.id)
    people = dict.fromkeys([*declared, *(each for one in asked for each in one.policy.approvers())])
    inbox = Inbox(tools.engine, tools.directory, workspace=tools.workspace)
    if user in map(str, people):
        return None
    # Groups and channels may have guests and people of other organisations in them.
    if await inbox.names_of(user, people) and not await inbox.is_outsider(user):
        return None
    names = name_words(list(map(str, people)), most=_MOST)
    others: Words = (", or ", *names) if people else ()
    return [
        (f"You cannot {action} run ", Code(run.ref), "; nothing was changed."),
        ("That takes ", Person(run.requester), ", who started it", *others, "."),
    ]
