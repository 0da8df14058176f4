"""Which workspaces there are: one by the token of the settings, or those with an installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspace.connection import SlackWorkspace


class Workspaces(Protocol):
    """Where the bot works."""

    @property
    def api_url(self) -> str:
        """The address of Slack's Web API."""

    @property
    def client(self) -> AsyncWebClient:
        """For calls with the app's own token, or with none."""

    @property
    def serving(self) -> Mapping[str, SlackWorkspace]:
        """The workspaces in which the bot works, by the name that their runs carry."""

    @property
    def problems(self) -> Mapping[str, str]:
        """What is wrong with some workspaces, by their name."""

    def on_change(self, changed: Callable[[], None]) -> None:
        """Have a function called after workspaces came or went."""


class OneWorkspace:
    """The workspace whose token is in the settings; its name is empty."""

    def __init__(self, workspace: SlackWorkspace) -> None:
        self.api_url = workspace.api_url
        self.client = workspace.sender
        self.serving: Mapping[str, SlackWorkspace] = {workspace.name: workspace}
        self.problems: Mapping[str, str] = {}

    def on_change(self, changed: Callable[[], None]) -> None:
        """See Workspaces; nothing comes or goes here."""
