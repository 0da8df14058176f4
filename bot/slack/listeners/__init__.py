"""What Slack may send, one module for each kind; in Slack's own words."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.listeners import (
    actions,
    asides,
    commands,
    directs,
    events,
    looking,
    preferences,
    views,
)
from bot.slack.listening import Branches, on_error, register


def register_all(app: AsyncApp, branches: Branches) -> None:
    """Register every listener; each kind ends with one that takes whatever is left."""
    app.error(on_error)
    # The menu comes first: the others end with one that takes whatever is left.
    for module in (asides, directs, preferences, looking, actions, commands, events, views):
        register(app, branches, module.TABLE)
