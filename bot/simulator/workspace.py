"""The workspace: the world together with its clock, log, faults and listeners.

Every part of the simulator works on one of these. It knows no transport.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.simulator.changes import Changes
from bot.simulator.errors import SimulatorError
from bot.simulator.faults import Faults
from bot.simulator.log import Log
from bot.simulator.manifest import App
from bot.simulator.storage import Storage
from bot.simulator.timing import Timing
from bot.simulator.tokens import opaque
from bot.simulator.world import (
    BOT_USER,
    TEAM_ID,
    Channel,
    ResponseUrl,
    Trigger,
    User,
    World,
)

_LIVE_TRIGGERS = 500
"""Old triggers are forgotten beyond this, and then answer invalid_trigger_id."""


class Workspace:
    """What all parts of the simulator share.

    Attributes:
        url: The simulator's own address, known once it listens.
        emit: Called with the inner body of an event that the app may have subscribed to and
            with the name of the subscription.
        codes: OAuth codes not exchanged yet, with the redirect URI and the installing user.
        last_message: When each channel got its newest message, for the rate limit.
    """

    def __init__(
        self,
        world: World,
        app: App,
        *,
        clock: Callable[[], float],
        timing: Timing,
        storage: Storage | None,
    ) -> None:
        self.world = world
        self.app = app
        self.clock = clock
        self.timing = timing
        self.changes = Changes()
        self.log = Log(clock, lambda number: self.changes.publish({"type": "log", "n": number}))
        self.faults = Faults()
        self.url = ""
        self.is_installed = True
        self.codes: dict[str, tuple[str, str]] = {}
        self.last_message: dict[str, float] = {}
        self.emit: Callable[[str, dict[str, Any]], None] = lambda _name, _event: None
        self._storage = storage

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
        self.is_installed = True
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

    def direct(self, user: str, other: str = BOT_USER) -> Channel:
        """Return the direct messages of a user and the app, or another user; made if needed."""
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
        path = f"/{kind}/{TEAM_ID}/{number}/{opaque(number)}"
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
