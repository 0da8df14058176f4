"""What administrators and owners do to the workspace."""

from __future__ import annotations

from typing import Any

from bot.simulator.errors import SimulatorError
from bot.simulator.grants import end
from bot.simulator.posting import delete
from bot.simulator.workspace import Workspace
from bot.simulator.world import Channel, Record, User, UserGroup


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

    def archive(self, channel: str, *, user: str = "U0ALICE") -> None:
        """Archive a channel; the app hears of it if it is a member."""
        self._set_archived(channel, user, is_archived=True)

    def unarchive(self, channel: str, *, user: str = "U0ALICE") -> None:
        """Open an archived channel again."""
        self._set_archived(channel, user, is_archived=False)

    def delete_message(self, channel: str, ts: str) -> None:
        """Delete anybody's message, as an administrator can."""
        self._channel(channel)
        post = self._workspace.world.find_post(channel, ts)
        if post is None or post.body.get("subtype") == "tombstone":
            raise SimulatorError(f"there is no message {ts!r} in {channel!r}")
        delete(self._workspace, post)
        self._workspace.save()

    def share(self, channel: str, team: str) -> None:
        """Share a channel with another organisation by Slack Connect."""
        found = self._channel(channel)
        if team not in found.connected_teams:
            found.connected_teams.append(team)
        self._put(found)

    def invite(self, channel: str, user: str, *, inviter: str = "U0ALICE") -> None:
        """Add somebody, or the app, to a channel."""
        found = self._channel(channel)
        if user in found.members:
            return
        found.members.append(user)
        self._put(found)
        event = self._membership("member_joined_channel", found, user)
        self._workspace.emit("member_joined_channel", {**event, "inviter": inviter})

    def remove(self, channel: str, user: str) -> None:
        """Take somebody, or the app, out of a channel."""
        found = self._channel(channel)
        if user not in found.members:
            return
        found.members.remove(user)
        self._put(found)
        if user == self._workspace.team.bot_user:
            name = "channel_left" if found.kind == "channel" else "group_left"
            event = {"type": name, "channel": channel, "event_ts": self._workspace.next_ts()}
            self._workspace.emit(name, event)
            return
        self._workspace.emit(
            "member_left_channel", self._membership("member_left_channel", found, user)
        )

    def set_group(self, group: UserGroup) -> None:
        """Add or replace a user group."""
        self._put(group)

    def uninstall(self) -> None:
        """Remove the app: both events are sent, then its token is worth nothing."""
        workspace, team = self._workspace, self._workspace.team
        tokens = {"oauth": [], "bot": [team.bot_user]}
        workspace.emit("app_uninstalled", {"type": "app_uninstalled"})
        workspace.emit("tokens_revoked", {"type": "tokens_revoked", "tokens": tokens})
        home = str(team.enterprise_id) if team.is_org_install else team.id
        end(workspace.site, home, "account_inactive")
        gone = workspace.site.of_organisation(home) if team.is_org_install else [workspace]
        for item in gone:
            item.team.is_installed = item.team.is_org_install = False
            item.world.put(item.team)
            item.save()
        workspace.site.main.save()
        workspace.changes.publish({"type": "world"})

    def revoke_tokens(self) -> None:
        """Make the app's token worth nothing while the app stays, as an administrator can."""
        workspace, team = self._workspace, self._workspace.team
        tokens = {"oauth": [], "bot": [team.bot_user]}
        workspace.emit("tokens_revoked", {"type": "tokens_revoked", "tokens": tokens})
        end(
            workspace.site,
            str(team.enterprise_id) if team.is_org_install else team.id,
            "token_revoked",
        )
        workspace.site.main.save()

    def _set_archived(self, channel: str, user: str, *, is_archived: bool) -> None:
        found = self._channel(channel)
        found.is_archived = is_archived
        self._put(found)
        if self._workspace.team.bot_user not in found.members:
            return
        kind = "channel" if found.kind == "channel" else "group"
        name = f"{kind}_{'archive' if is_archived else 'unarchive'}"
        event = {"type": name, "channel": channel, "user": user}
        self._workspace.emit(name, {**event, "event_ts": self._workspace.next_ts()})

    def _membership(self, name: str, channel: Channel, user: str) -> dict[str, Any]:
        return {
            "type": name,
            "user": user,
            "channel": channel.id,
            "channel_type": "C" if channel.kind == "channel" else "G",
            "team": self._workspace.team.id,
            "event_ts": self._workspace.next_ts(),
        }

    def _channel(self, channel: str) -> Channel:
        found = self._workspace.world.channels.get(channel)
        if found is None:
            raise SimulatorError(f"there is no channel {channel!r}")
        return found

    def _put(self, record: Record) -> None:
        self._workspace.world.put(record)
        self._workspace.save()
        self._workspace.changes.publish({"type": "world"})
