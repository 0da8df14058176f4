"""The workspace: the world together with its clock, log, faults and listeners.

Every part of the simulator works on one of these. It knows no transport.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.simulator.errors import SimulatorError
from bot.simulator.site import Site
from bot.simulator.storage import Storage
from bot.simulator.tokens import opaque
from bot.simulator.world import Channel, ResponseUrl, Team, Trigger, User, World

_LIVE_TRIGGERS = 500
"""Old triggers are forgotten beyond this, and then answer invalid_trigger_id."""


class Workspace:
    """What all parts of the simulator share.

    Attributes:
        site: What the workspaces of the simulator share; its parts are at hand here too.
        emit: Called with the name of the subscription and with the inner body of an event
            that the app may have subscribed to.
    """

    def __init__(self, world: World, site: Site, *, storage: Storage | None) -> None:
        self.world = world
        self.site = site
        self.app = site.app
        self.clock = site.clock
        self.timing = site.timing
        self.changes = site.changes
        self.log = site.log
        self.faults = site.faults
        self.emit: Callable[[str, dict[str, Any]], None] = lambda _name, _event: None
        self._storage = storage
        site.workspaces[self.team.id] = self

    @property
    def team(self) -> Team:
        """Which workspace it is."""
        return self.world.team

    @property
    def url(self) -> str:
        """The simulator's own address."""
        return self.site.url

    def close(self) -> None:
        """Make all changes durable and close the state file."""
        self.save()
        if self._storage is not None:
            self._storage.close()

    def save(self) -> None:
        """Make all changes durable; does nothing without a state file."""
        if self._storage is None:
            self.world.unsaved.clear()
        else:
            self._storage.save(self.world)

    def replace_world(self, world: World) -> None:
        """Start over with another world."""
        if self._storage is not None:
            self._storage.clear()
        self.world = world
        self.save()
        self.changes.publish({"type": "world"})

    def next_ts(self) -> str:
        """Return a new message timestamp."""
        return self.world.next_ts(self.clock())

    def person(self, user: str) -> User:
        """Return a human of the workspace who can act.

        Raises:
            SimulatorError: There is nobody with that id, or the account is a bot's or closed.
        """
        found = self.world.users.get(user)
        if found is None or found.is_bot:
            raise SimulatorError(f"there is no person {user!r} in this workspace")
        if found.deleted:
            raise SimulatorError(f"{user!r} is deactivated and cannot act")
        return found

    def room(self, user: str, channel: str) -> Channel:
        """Return a channel that the user can see and act in.

        Raises:
            SimulatorError: There is no such channel, or the user is not a member.
        """
        found = self.world.channels.get(channel)
        if found is None or user not in found.members:
            raise SimulatorError(f"{user!r} is in no channel {channel!r}")
        return found

    def direct(self, user: str, other: str | None = None) -> Channel:
        """Return the direct messages of a user and the app, or another user; made if needed."""
        other = other or self.team.bot_user
        found = self.world.find_direct(user, other=other)
        if found is None:
            found = Channel(
                id=self.world.next_id("D"),
                name="",
                kind="dm",
                members=[user, other],
                created=int(self.clock()),
            )
            self.world.put(found)
            self.changes.publish({"type": "world"})
        return found

    def trigger(self, user: str, *, view: str | None = None) -> str:
        """Return a new trigger_id for something the user just did, perhaps in a modal."""
        number = self.world.count("trigger")
        trigger = Trigger(
            id=f"{number}.{number + 7}.{number:032x}", user=user, at=self.clock(), view=view
        )
        self.world.put(trigger)
        triggers = self.world.triggers
        while len(triggers) > _LIVE_TRIGGERS:
            self.world.remove(next(iter(triggers.values())))
        return trigger.id

    def response_url(
        self, kind: str, user: str, channel: str, *, source: str | None, thread_ts: str | None
    ) -> str:
        """Return a new response_url of a kind: `actions`, `commands` or `app`."""
        number = self.world.count("response_url")
        path = f"/{kind}/{self.team.id}/{number}/{opaque(number)}"
        self._forget_old_urls()
        self.world.put(
            ResponseUrl(
                path=path,
                channel=channel,
                user=user,
                at=self.clock(),
                source=source,
                thread_ts=thread_ts,
            )
        )
        return self.url + path

    def _forget_old_urls(self) -> None:
        horizon = self.clock() - 2 * self.timing.response_url
        for url in list(self.world.response_urls.values()):
            if url.at > horizon:
                break
            self.world.remove(url)

    def toast(self, user: str, text: str) -> None:
        """Show the user what Slack shows when the app failed them."""
        body = {"type": "toast", "text": text, "level": "warning"}
        self.log.add("socket", "toast", status="error", summary=f"{user}: {text}", request=body)
        self.changes.publish(body, user=user)
