"""The simulator: one object that starts a local Slack and moves its people."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from bot.simulator.callbacks import Callbacks
from bot.simulator.clicks import Clicks, Pick
from bot.simulator.control import Control
from bot.simulator.defaults import demo_world
from bot.simulator.delivery import Ack, Delivery, Transport
from bot.simulator.errors import SimulatorError
from bot.simulator.faults import Faults
from bot.simulator.log import LogEntry
from bot.simulator.manifest import load_app
from bot.simulator.modals import Modals
from bot.simulator.people import People
from bot.simulator.posting import in_thread, is_reply, shown_to
from bot.simulator.server import Server
from bot.simulator.socketmode import SocketMode
from bot.simulator.staging import Staging
from bot.simulator.storage import Storage
from bot.simulator.timing import Timing
from bot.simulator.viewstore import view_body
from bot.simulator.webapi import APP_TOKEN, BOT_TOKEN, WebApi
from bot.simulator.workspace import Workspace
from bot.simulator.world import View, World

T = TypeVar("T")

SIGNING_SECRET = "simulator-signing-secret"  # noqa: S105 - signs for the local simulator only
RECORD_VARIABLE = "SIMULATOR_RECORD"
"""Names a file to which every simulator of the process appends what crosses the wire."""


class Simulator:
    """A Slack workspace on loopback with one app installed.

    Use it as an async context manager; it listens inside. With `request_url` it posts signed
    callbacks to the app, otherwise the app connects by Socket Mode. With `state_file` the
    world is durable before any call is answered, and survives kill -9.

    Attributes:
        workspace: What all parts share: world, log, faults, changes.
        staging: What administrators do: deactivate, archive, invite, uninstall.
        bot_token: The token for the Web API.
        app_token: The token for opening Socket Mode connections.
        signing_secret: Signs callbacks in HTTP mode.
    """

    def __init__(  # noqa: PLR0913 - everything that differs between uses, keyword-only but one
        self,
        manifest: Path | Mapping[str, Any] | None = None,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        state_file: Path | None = None,
        request_url: str | None = None,
        signing_secret: str | None = None,
        clock: Callable[[], float] | None = None,
        timing: Timing | None = None,
        refresh_every: float | None = None,
    ) -> None:
        self._address = (host, port)
        self._request_url = request_url
        self.bot_token = BOT_TOKEN
        self.app_token = APP_TOKEN
        self.signing_secret = signing_secret or SIGNING_SECRET
        app = load_app(manifest)
        self._storage = None if state_file is None else Storage(state_file)
        world = (self._storage.load() if self._storage else None) or demo_world(app.name)
        self.workspace = Workspace(
            world,
            app,
            clock=clock or time.time,
            timing=timing or Timing(),
            storage=self._storage,
        )
        self.workspace.save()
        self._socket = (
            None if request_url else SocketMode(self.workspace, refresh_every=refresh_every)
        )
        self._callbacks = (
            Callbacks(self.workspace, request_url, self.signing_secret) if request_url else None
        )
        self._delivery = Delivery(self.workspace, self._transport())
        self._people = People(self.workspace, self._delivery)
        self.clicks = Clicks(self.workspace, self._delivery)
        self._modals = Modals(self.workspace, self._delivery)
        self.staging = Staging(self.workspace)
        connect = None if self._socket is None else self._socket.issue_url
        self._server = Server(
            self.workspace, WebApi(self.workspace, connect=connect), Control(self), self._socket
        )
        if os.environ.get(RECORD_VARIABLE):
            self.record_to(Path(os.environ[RECORD_VARIABLE]))

    def _transport(self) -> Transport:
        transport = self._socket or self._callbacks
        assert transport is not None, "a simulator has one of two transports"  # noqa: S101 - own invariant
        return transport

    async def __aenter__(self) -> Self:
        self.workspace.url = await self._server.start(*self._address)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._delivery.close()
        self.workspace.changes.close()
        await self._server.stop()
        self.workspace.save()
        if self._storage is not None:
            self._storage.close()

    @property
    def url(self) -> str:
        """The simulator's address, for a browser."""
        return self.workspace.url

    @property
    def api_url(self) -> str:
        """The base URL to give to a Slack client."""
        return f"{self.workspace.url}/api/"

    @property
    def mode(self) -> str:
        """`socket` or `http`."""
        return "socket" if self._callbacks is None else "http"

    @property
    def connections(self) -> int:
        """How many Socket Mode connections the app holds; 0 in HTTP mode."""
        return 0 if self._socket is None else self._socket.connections

    @property
    def world(self) -> World:
        """Users, channels, messages and views."""
        return self.workspace.world

    @property
    def log(self) -> list[LogEntry]:
        """Every API call and every envelope, the oldest first."""
        return self.workspace.log.entries

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self.workspace.faults

    def record_to(self, path: Path | None) -> None:
        """Append everything that crosses the wire to a file of JSON lines; None stops it."""
        self.workspace.log.record_to(path)

    async def until(self, predicate: Callable[[], T], *, timeout: float = 5.0) -> T:
        """Return the first true value of `predicate`, looked at after every change.

        Raises:
            TimeoutError: It stayed false for `timeout` seconds.
        """
        return await self.workspace.changes.until(predicate, timeout=timeout)

    async def settle(self) -> None:
        """Wait until the app has acknowledged, or missed, every event sent so far."""
        await self._delivery.settle()

    async def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        is_escaped: bool = False,
    ) -> str:
        """Write a message as a person and return its ts; see People.say."""
        return await self._people.say(
            user, channel, text, thread_ts=thread_ts, is_escaped=is_escaped
        )

    async def command(self, user: str, channel: str, text: str) -> Ack:
        """Run a slash command such as `/signoff list`; see People.command."""
        return await self._people.command(user, channel, text)

    async def click(  # noqa: PLR0913 - an element is named in several ways
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str | None = None,
        *,
        label: str | None = None,
        block_id: str | None = None,
        element: Any = None,
        values: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Press a button of a message, or choose `element` in one of its inputs."""
        pick = Pick(
            action_id=action_id,
            label=label,
            block_id=block_id,
            element=element,
            values=values or {},
        )
        return await self.clicks.in_message(user, channel, ts, pick)

    async def click_view(  # noqa: PLR0913 - an element is named in several ways
        self,
        user: str,
        view_id: str,
        action_id: str | None = None,
        *,
        label: str | None = None,
        block_id: str | None = None,
        element: Any = None,
        values: Mapping[str, Any] | None = None,
    ) -> Ack:
        """Press a button of a modal or of the Home tab, or choose in one of its inputs."""
        pick = Pick(
            action_id=action_id,
            label=label,
            block_id=block_id,
            element=element,
            values=values or {},
        )
        return await self.clicks.in_view(user, view_id, pick)

    async def suggest(
        self, user: str, container: Mapping[str, Any], action_id: str, typed: str
    ) -> dict[str, Any]:
        """Type into an external select and return the options the app offers."""
        return await self.clicks.suggest(user, container, Pick(action_id=action_id), typed)

    async def submit(self, user: str, view_id: str, values: Mapping[str, Any] | None = None) -> Ack:
        """Fill in and submit a modal; errors under inputs are in the result."""
        return await self._modals.submit(user, view_id, values or {})

    async def close_view(self, user: str, view_id: str) -> None:
        """Close a modal without submitting it."""
        await self._modals.close(user, view_id)

    async def open_home(self, user: str, *, tab: str = "home") -> None:
        """Open the app's Home tab, or its `messages` tab."""
        await self._people.open_home(user, tab=tab)

    async def shortcut(self, user: str, callback_id: str) -> Ack:
        """Use a global shortcut."""
        return await self._people.shortcut(user, callback_id)

    async def message_shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> Ack:
        """Use a shortcut on a message."""
        return await self._people.message_shortcut(user, callback_id, channel, ts)

    def read(self, user: str, channel: str) -> None:
        """Mark a channel as read."""
        self._people.read(user, channel)

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """Return what everybody sees in a channel, oldest first, replies left out."""
        return [
            body
            for post in self.world.timeline(channel)
            if not is_reply(post) and (body := shown_to(post, "")) is not None
        ]

    def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """Return a thread as everybody sees it, the parent first."""
        return [
            body
            for post in self.world.timeline(channel)
            if (post.ts == ts or in_thread(post, ts)) and (body := shown_to(post, "")) is not None
        ]

    def seen(
        self, user: str, channel: str, *, thread_ts: str | None = None
    ) -> list[dict[str, Any]]:
        """Return what one person sees in a channel or a thread, ephemeral messages too.

        Raises:
            SimulatorError: The person is not in that channel.
        """
        self.workspace.room(user, channel)
        return [
            body
            for post in self.world.timeline(channel)
            if (
                not is_reply(post)
                if thread_ts is None
                else post.ts == thread_ts or in_thread(post, thread_ts)
            )
            and (body := shown_to(post, user)) is not None
        ]

    def ephemerals(self, user: str) -> list[dict[str, Any]]:
        """Return the messages that only this person sees, with their `channel`."""
        return [
            {**body, "channel": post.channel}
            for post in self.world.posts.values()
            if post.audience == user and (body := shown_to(post, user)) is not None
        ]

    def open_direct(self, user: str, other: str) -> str:
        """Open the direct messages of a person with somebody, and return their id.

        Raises:
            SimulatorError: One of the two does not exist.
        """
        self.workspace.person(user)
        if other not in self.world.users or other == user:
            raise SimulatorError(f"{user!r} cannot write to {other!r}")
        channel = self.workspace.direct(user, other)
        self.workspace.save()
        return channel.id

    def direct(self, user: str) -> str:
        """Return the id of the person's direct messages with the app."""
        return self.workspace.direct(user).id

    def views(self, user: str) -> list[dict[str, Any]]:
        """Return the person's open modals, the one in front last."""
        return [self._shown_view(view) for view in self.world.stack(user)]

    def home(self, user: str) -> dict[str, Any] | None:
        """Return the person's Home tab, or None before the app published one."""
        view = self.world.find_home(user)
        return None if view is None else self._shown_view(view)

    def _shown_view(self, view: View) -> dict[str, Any]:
        body = view_body(self.workspace, view)
        return {**body, "errors": dict(view.errors)} if view.errors else body

    def drop_connections(self) -> None:
        """Break every Socket Mode connection, as a network failure does.

        Raises:
            SimulatorError: The app does not use Socket Mode.
        """
        self._required_socket().drop()

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Send disconnect frames: `warning`, `refresh_requested` or `link_disabled`.

        Raises:
            SimulatorError: The app does not use Socket Mode.
        """
        await self._required_socket().disconnect(reason)

    async def verify_url(self, challenge: str) -> Ack:
        """Post a url_verification, as when a request URL is saved.

        Raises:
            SimulatorError: The app has no request URL.
        """
        if self._callbacks is None:
            raise SimulatorError("the app is connected by Socket Mode and has no request URL")
        return await self._callbacks.verify(challenge)

    def _required_socket(self) -> SocketMode:
        if self._socket is None:
            raise SimulatorError("the app takes callbacks over HTTP and has no connections")
        return self._socket

    def reset(self) -> None:
        """Start over with a fresh world."""
        self.workspace.replace_world(demo_world(self.workspace.app.name))
