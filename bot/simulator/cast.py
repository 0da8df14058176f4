"""What people of the workspace can do and see, one method each.

The control API and the tests both act through this; nothing here starts or stops anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from bot.simulator.api_files import add_upload
from bot.simulator.api_schedule import post_due
from bot.simulator.clicks import Clicks, Pick
from bot.simulator.defaults import demo_world
from bot.simulator.delivery import Ack, Delivery
from bot.simulator.errors import SimulatorError
from bot.simulator.faults import Faults
from bot.simulator.grants import install_first
from bot.simulator.modals import Modals
from bot.simulator.people import People
from bot.simulator.posting import in_thread, is_reply, shown_to
from bot.simulator.socketmode import SocketMode
from bot.simulator.staging import Staging
from bot.simulator.steps import run_step
from bot.simulator.viewstore import view_body
from bot.simulator.workspace import Workspace
from bot.simulator.world import Execution, View, World

T = TypeVar("T")


class Cast:
    """The people of a workspace.

    Attributes:
        workspace: What all parts share: world, log, faults, changes.
        clicks: Touching elements, with all that can be said about it.
        staging: What administrators do: deactivate, archive, invite, uninstall.
    """

    def __init__(self, workspace: Workspace, delivery: Delivery, socket: SocketMode | None) -> None:
        self.workspace = workspace
        self.clicks = Clicks(workspace, delivery)
        self.staging = Staging(workspace)
        self._delivery = delivery
        self._socket = socket
        self._people = People(workspace, delivery)
        self._modals = Modals(workspace, delivery)

    @property
    def mode(self) -> str:
        """`socket` or `http`."""
        return "http" if self._socket is None else "socket"

    @property
    def connections(self) -> int:
        """How many Socket Mode connections the app holds; 0 in HTTP mode."""
        return 0 if self._socket is None else self._socket.connections

    @property
    def world(self) -> World:
        """Users, channels, messages and views."""
        return self.workspace.world

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self.workspace.faults

    async def until(self, predicate: Callable[[], T], *, timeout: float = 5.0) -> T:
        """Return the first true value of `predicate`, looked at after every change.

        Raises:
            TimeoutError: It stayed false for `timeout` seconds.
        """
        return await self.workspace.changes.until(predicate, timeout=timeout)

    async def close(self) -> None:
        """Stop sending to the app."""
        await self._delivery.close()

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
        files: Sequence[str] = (),
    ) -> str:
        """Write a message as a person and return its ts; see People.say."""
        return await self._people.say(
            user, channel, text, thread_ts=thread_ts, is_escaped=is_escaped, files=files
        )

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Change one's own message; see People.edit."""
        self._people.edit(user, channel, ts, text)

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

    def run_step(self, user: str, callback_id: str, **inputs: Any) -> str:
        """Run a step of the app's as a workflow does, and return the execution's id."""
        return run_step(self.workspace, user, callback_id, inputs).id

    def steps(self, user: str) -> list[Execution]:
        """Return the steps that a person has started, the newest last."""
        return [item for item in self.world.executions.values() if item.user == user]

    def upload(self, user: str, name: str, content: bytes) -> dict[str, Any]:
        """Choose a file in a form; what is returned is the `file_input`'s value."""
        self.workspace.person(user)
        return add_upload(self.workspace, user, name, content)

    def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete a message: one's own, or any as an administrator.

        Raises:
            SimulatorError: There is no such message, or it is somebody else's.
        """
        person = self.workspace.person(user)
        self.workspace.room(user, channel)
        post = self.world.find_post(channel, ts)
        if post is not None and not person.is_admin and post.body.get("user") != user:
            raise SimulatorError(f"{user!r} cannot delete somebody else's message")
        self.staging.delete_message(channel, ts)

    def pings(self, user: str) -> list[dict[str, Any]]:
        """Return the messages that notified a person when they were posted, the oldest first."""
        return [
            {**body, "channel": post.channel}
            for post in self.world.posts.values()
            if user in post.pinged and (body := shown_to(post, user)) is not None
        ]

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

    def _required_socket(self) -> SocketMode:
        if self._socket is None:
            raise SimulatorError("the app takes callbacks over HTTP and has no connections")
        return self._socket

    def set_away(self, *, is_away: bool) -> None:
        """Take Slack away, with every connection that there is, or let it come back."""
        self.faults.is_away = is_away
        if is_away and self._socket is not None:
            self._socket.drop()
        self.workspace.changes.publish({"type": "world"})

    def post_due(self) -> None:
        """Post the scheduled messages that are due now; happens by itself on a real clock."""
        post_due(self.workspace)

    def reset(self) -> None:
        """Start over with fresh worlds; installations of the app stay."""
        site = self.workspace.site
        grants = list(site.main.world.grants.values())
        for workspace in site.workspaces.values():
            workspace.replace_world(demo_world(workspace.app.name, workspace.team))
        for grant in grants:
            site.main.world.put(grant)
        site.main.team.is_installed |= site.is_preinstalled
        install_first(site)
        site.main.save()
