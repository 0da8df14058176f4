"""What Slack may send, one module for each kind; in Slack's own words."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from bot.slack.listeners import (
    actions,
    asides,
    channels,
    commands,
    directs,
    events,
    home,
    lists,
    looking,
    options,
    picking,
    preferences,
    replies,
    runs,
    starting,
    steps,
    turning,
    views,
)
from bot.slack.listening import Branches, on_error, register, register_recording


def register_all(app: AsyncApp, branches: Branches) -> None:
    """Register every listener; each kind ends with one that takes whatever is left."""
    app.error(on_error)
    register_recording(app, branches, replies.TABLE)
    # These come first: the others end with one that takes whatever is left.
    menus = (
        asides,
        directs,
        preferences,
        looking,
        picking,
        starting,
        turning,
        options,
        home,
        lists,
        runs,
        steps,
    )
    for module in (*menus, channels, actions, commands, events, views):
        register(app, branches, module.TABLE)
