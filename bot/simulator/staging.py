"""What administrators and owners do to the workspace."""

from __future__ import annotations

from bot.simulator.errors import SimulatorError
from bot.simulator.workspace import Workspace
from bot.simulator.world import BOT_USER, TEAM_ID, Channel, Record, User, UserGroup


class Staging:
    """Changes of people, channels, groups and of the installation itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add_user(self, user: User) -> None:
        """Add a person."""
        self._put(user)

    def deactivate(self, user: str) -> None:
        """Close a person's account."""
        found = self._workspace.world.users.get(user)
        if found is None:
            raise SimulatorError(f"there is nobody {user!r}")
        found.deleted = True
        self._put(found)

    def add_channel(self, channel: Channel) -> None:
        """Add a channel."""
        self._put(channel)

    def archive(self, channel: str) -> None:
        """Archive a channel."""
        found = self._channel(channel)
        found.is_archived = True
        self._put(found)

    def invite(self, channel: str, user: str, *, inviter: str = "U0ALICE") -> None:
        """Add somebody, or the app, to a channel."""
        found = self._channel(channel)
        if user in found.members:
            return
        found.members.append(user)
        self._put(found)
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": channel,
            "channel_type": "C" if found.kind == "channel" else "G",
            "team": TEAM_ID,
            "inviter": inviter,
            "event_ts": self._workspace.next_ts(),
        }
        self._workspace.emit("member_joined_channel", event)

    def remove(self, channel: str, user: str) -> None:
        """Take somebody, or the app, out of a channel."""
        found = self._channel(channel)
        if user in found.members:
            found.members.remove(user)
            self._put(found)

    def set_group(self, group: UserGroup) -> None:
        """Add or replace a user group."""
        self._put(group)

    def uninstall(self) -> None:
        """Remove the app: both events are sent, then its token is worth nothing."""
        self._workspace.emit("app_uninstalled", {"type": "app_uninstalled"})
        tokens = {"oauth": [], "bot": [BOT_USER]}
        self._workspace.emit("tokens_revoked", {"type": "tokens_revoked", "tokens": tokens})
        self._workspace.is_installed = False

    def _channel(self, channel: str) -> Channel:
        found = self._workspace.world.channels.get(channel)
        if found is None:
            raise SimulatorError(f"there is no channel {channel!r}")
        return found

    def _put(self, record: Record) -> None:
        self._workspace.world.put(record)
        self._workspace.save()
        self._workspace.changes.publish({"type": "world"})
