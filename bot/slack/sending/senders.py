"""Putting a sender together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.slack.people.preferences import Preferences
from bot.slack.people.readers import Reader
from bot.slack.sending.asking import Asking
from bot.slack.sending.audience import Audience
from bot.slack.sending.calls import Calls
from bot.slack.sending.drafting import Drafting
from bot.slack.sending.history import History
from bot.slack.sending.narrator import Narrator
from bot.slack.sending.outbox import Sender
from bot.slack.sending.outlet import Outlet
from bot.slack.sending.pacing import Pacer
from bot.slack.sending.places import Places
from bot.slack.sending.stories import Stories
from bot.slack.sending.telling import Telling
from bot.slack.sending.threads import Threads
from bot.slack.sending.turns import Turns
from bot.slack.workspace.connection import SlackWorkspace
from bot.slack.workspace.links import Links
from orchestrator.runtime import Clock, Engine


def make_sender(  # noqa: PLR0913 - what it is wired with, all by keyword
    engine: Engine,
    workspace: SlackWorkspace,
    *,
    channel: str,
    fallback: str | None,
    operators: Iterable[str],
    preferences: Preferences,
    links: Links,
    clock: Clock,
    pacer: Pacer,
    hook: Callable[[str], None],
) -> Sender:
    """Return the sender of a workspace.

    Args:
        engine: Where deliveries come from.
        workspace: Where they go to.
        channel: Where everything is asked whose gate names no channel.
        fallback: Where it is asked when the bot is not let in there.
        operators: Who gets it by direct message when that fails, too.
        preferences: What people want to be told.
        links: Addresses of messages.
        clock: The engine's.
        pacer: How fast; each workspace has its own.
        hook: Called with `after_post` and `after_direct` between a message and its record.
    """
    directory = workspace.directory
    operators = tuple(operators)

    def reader(person: str) -> Reader:
        return Reader(engine, directory, person, channel=channel, operators=operators)

    audience = Audience(engine, directory, preferences, links, reader=reader)
    outlet = Outlet(
        Calls(workspace.sender, directory), History(workspace.client, workspace.channels), pacer
    )
    turns = Turns(engine)
    stories = Stories(engine, outlet, Narrator(engine, directory, links), turns)
    places = Places(
        engine,
        directory,
        channel=channel,
        fallback=fallback,
        operators=operators,
        workspace=workspace.name,
    )
    drafting = Drafting(
        engine, outlet, places=places, turns=turns, directory=directory, clock=clock
    )
    asking = Asking(
        engine,
        outlet,
        places=places,
        audience=audience,
        stories=stories,
        turns=turns,
        drafting=drafting,
        clock=clock,
        hook=hook,
    )
    telling = Telling(
        engine,
        outlet,
        asking=asking,
        audience=audience,
        stories=stories,
        threads=Threads(engine, directory, preferences),
        clock=clock,
        hook=hook,
    )
    return Sender(engine, asking, telling, clock=clock, pacer=pacer, workspace=workspace.name)
