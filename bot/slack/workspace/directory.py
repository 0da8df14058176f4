"""Who stands behind an approver's name, looked up in Slack; in doubt, nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspace.cache import Cache
from bot.slack.workspace.channels import Channels, TooManyMembersError
from bot.slack.workspace.failures import describe
from bot.slack.workspace.identity import IdentityKeeper
from bot.slack.workspace.teams import Teams, one_team
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.policy import Approver, ApproverKind

#: Seconds that an answer of Slack is believed; who left a group keeps their say that long.
TTL = 60.0
_FIRST_MOMENTS = 1.0  # seconds that a look-up waits for the bot to know its own workspace
_UNKNOWN_PERSON = frozenset({"user_not_found", "user_not_visible", "users_not_found"})
_UNKNOWN_CHANNEL = frozenset({"channel_not_found"})
_UNKNOWN_GROUP = frozenset({"no_such_subteam", "subteam_not_found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackPerson:
    """What matters about an account."""

    id: str
    name: str
    is_bot: bool
    is_deactivated: bool
    #: A guest of the workspace, with one channel or several.
    is_guest: bool
    #: From another organisation, through a shared channel.
    is_foreign: bool
    #: Workspaces that the account belongs to.
    teams: frozenset[str]
    #: Name of the time zone, such as `Europe/Berlin`.
    zone: str = "UTC"
    #: May this person change the workspace's settings?
    is_admin: bool = False

    @property
    def must_be_named(self) -> bool:
        """May this person decide only where a list names them by their id?"""
        return self.is_guest or self.is_foreign


class SlackDirectory:
    """The engine's directory on top of a workspace. Answers are kept for a minute at most."""

    def __init__(
        self,
        client: AsyncWebClient,
        identity: IdentityKeeper,
        channels: Channels,
        *,
        ttl: float = TTL,
        teams: Teams = one_team,
    ) -> None:
        self._client = client
        self._teams = teams
        #: Where each user group is, in an organisation.
        self._homes: dict[str, str | None] = {}
        self._identity = identity
        self._channels = channels
        self._people: Cache[str, SlackPerson | None] = Cache(ttl=ttl)
        self._emails: Cache[str, SlackPerson | None] = Cache(ttl=ttl)
        self._members: Cache[str, frozenset[str]] = Cache(ttl=ttl)
        self._handles: Cache[None, Mapping[str, str]] = Cache(ttl=ttl)
        self._public: Cache[str, bool] = Cache(ttl=ttl)

    async def members(
        self,
        approver: Approver,
        *,
        workspace: str = "",  # noqa: ARG002 - this one
    ) -> frozenset[str]:
        """See Directory. Bots and deactivated accounts never count; guests only by their id.

        Of groups and channels Slack removes who is deactivated by itself; what members besides are
        bots or guests is looked at when they decide, by `is_outsider`.
        """
        if approver.kind is ApproverKind.GROUP:
            return await self._group(approver)
        if approver.kind is ApproverKind.CHANNEL:
            return await self._channel(approver)
        if approver.kind is ApproverKind.EMAIL:
            person = await self._emails.get(
                approver.name, lambda: self._person_by_email(approver.name)
            )
        else:
            person = await self.person(approver.name)
        if person is None:
            raise ApproversError(
                f"Slack knows nobody called {approver}; give a user id or an e-mail address"
            )
        if person.is_bot or person.is_deactivated:
            what = "an app" if person.is_bot else "deactivated"
            raise ApproversError(f"{approver} is {what} and cannot decide; name somebody else")
        if person.must_be_named and approver.kind is ApproverKind.EMAIL:
            raise ApproversError(
                f"{approver} is a guest or from outside; name them by their id {person.id}"
            )
        return frozenset({person.id})

    async def is_outsider(
        self,
        person: str,
        *,
        workspace: str = "",  # noqa: ARG002 - this one
    ) -> bool:
        """See Directory.

        Raises:
            ApproversError: The account is deactivated; no policy lets it decide.
            DirectoryError: Slack could not be asked.
        """
        found = await self.person(person)
        if found is None:
            return True
        if found.is_deactivated:
            raise ApproversError(f"the account {person} is deactivated and may not decide")
        return found.is_bot or found.must_be_named

    async def person(self, user_id: str) -> SlackPerson | None:
        """Return what Slack knows about an account; None: there is no such account.

        Raises:
            DirectoryError: Slack could not be asked.
        """
        return await self._people.get(user_id, lambda: self._person_by_id(user_id))

    def zone_at_hand(self, user_id: str) -> str:
        """Return the name of a person's time zone as it was known last, without asking Slack.

        Of whom nothing is known, it is UTC.
        """
        found = self._people.recall(user_id)
        return found.zone if found is not None else "UTC"

    async def group_ids(self) -> Mapping[str, str]:
        """Return the ids of user groups by their `@handle`.

        Raises:
            DirectoryError: Slack could not be asked.
        """
        return await self._handles.get(None, self._list_groups)

    async def known_groups(self) -> Mapping[str, str]:
        """Return what `group_ids` would, or nothing when Slack cannot be asked."""
        try:
            return await self.group_ids()
        except DirectoryError:
            return {}

    async def channel(self, name: str) -> Mapping[str, Any] | None:
        """Return a channel, by its id or `#name`, as Slack describes it; None: the bot sees none.

        Raises:
            DirectoryError: Slack could not be asked.
        """
        channel: str | None = name
        if name.startswith("#"):
            channel = await self._ask(lambda: self._channels.find_id(name))
        if channel is None:
            return None
        found: Mapping[str, Any] | None = await self._ask(
            lambda: self._channels.find(str(channel)), _UNKNOWN_CHANNEL
        )
        return found or None

    async def is_public(self, name: str) -> bool:
        """Is a channel, by its id or `#name`, known to be one that every member can read?"""
        try:
            return await self._public.get(name, lambda: self._is_public(name))
        except (ApproversError, DirectoryError):
            return False

    async def _is_public(self, name: str) -> bool:
        found = await self.channel(name) or {}
        is_direct = bool(found.get("is_im") or found.get("is_mpim"))
        return found.get("is_private") is False and not is_direct

    async def close(self) -> None:
        """Give up what is being looked up."""
        for cache in (self._people, self._emails, self._members, self._handles, self._public):
            await cache.close()

    async def _group(self, approver: Approver) -> frozenset[str]:
        found = await self._members.get(str(approver), lambda: self._group_members(approver))
        if not found:
            raise ApproversError(f"the group {approver} has no members; add somebody in Slack")
        return found

    async def _group_members(self, approver: Approver) -> frozenset[str]:
        name = str(approver)
        group = (await self.group_ids()).get(name) if name.startswith("@") else name
        if group is None:
            raise ApproversError(f"Slack has no user group {name}; check the handle")
        home = await self._home_of(group)
        answer = await self._ask(
            lambda: self._client.usergroups_users_list(usergroup=group, team_id=home),
            _UNKNOWN_GROUP,
        )
        if answer is None:
            raise ApproversError(f"Slack has no user group {name}; check the id")
        return frozenset(map(str, answer.get("users") or ()))

    async def _channel(self, approver: Approver) -> frozenset[str]:
        found = await self._members.get(str(approver), lambda: self._channel_members(approver))
        me = self._identity.found
        people = found - {me.user_id} if me else found
        if not people:
            raise ApproversError(f"nobody is in the channel {approver}; invite somebody in Slack")
        return people

    async def _channel_members(self, approver: Approver) -> frozenset[str]:
        name = str(approver)
        channel: str | None = name
        if name.startswith("#"):
            channel = await self._ask(lambda: self._channels.find_id(name))
        found: frozenset[str] | None = None
        if channel is not None:
            found = await self._ask(lambda: self._channels.members(str(channel)), _UNKNOWN_CHANNEL)
        if found is None:
            raise ApproversError(
                f"Slack has no channel {name} that the bot sees; check the spelling, and invite "
                "the bot if the channel is private"
            )
        return found

    async def _home_of(self, group: str) -> str | None:
        """Return the workspace of an organisation that a group is in; None outside of any."""
        if self._is_org():
            await self.group_ids()
        return self._homes.get(group)

    def _is_org(self) -> bool:
        me = self._identity.found
        return me is not None and not me.team_id

    async def _list_groups(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for team in await self._ask(self._teams):
            found = await self._groups_of(team) | found
        return found

    async def _groups_of(self, team: str | None) -> dict[str, str]:
        answer = await self._ask(
            lambda: self._client.usergroups_list(include_disabled=False, team_id=team)
        )
        groups = [
            group
            for group in (answer or {}).get("usergroups") or ()
            if group.get("handle") and not group.get("date_delete")
        ]
        self._homes |= {str(group["id"]): team for group in groups}
        return {f"@{group['handle']}": str(group["id"]) for group in groups}

    async def _person_by_id(self, user_id: str) -> SlackPerson | None:
        answer = await self._ask(lambda: self._client.users_info(user=user_id), _UNKNOWN_PERSON)
        return None if answer is None else await self._read(answer.get("user") or {"id": user_id})

    async def _person_by_email(self, email: str) -> SlackPerson | None:
        answer = await self._ask(
            lambda: self._client.users_lookupByEmail(email=email), _UNKNOWN_PERSON
        )
        user = (answer or {}).get("user")
        return await self._read(user) if user else None

    async def _ask(
        self, call: Callable[[], Awaitable[Any]], unknown: frozenset[str] = frozenset()
    ) -> Any:
        """Call Slack; None: the one asked about does not exist."""
        await self._identity.wait(seconds=_FIRST_MOMENTS)
        try:
            return await call()
        except TooManyMembersError as exc:
            raise ApproversError("the channel has too many members to ask; use a group") from exc
        except Exception as exc:
            failure = describe(exc)
            if isinstance(exc, SlackApiError) and failure.code in unknown:
                return None
            raise DirectoryError(
                f"Slack could not be asked who may decide ({failure.code}), so nobody was let "
                f"through; {failure.fix or 'try again in a minute'}"
            ) from exc

    async def _is_elsewhere(self, user: Mapping[str, Any], teams: frozenset[str]) -> bool:
        """Does an account belong to other workspaces only? One that says nothing else does."""
        if len(user) == 1:
            return True
        me = self._identity.found
        if me is None or not teams:
            return False
        ours = {me.team_id} if me.team_id else set(await self._ask(self._teams))
        return teams.isdisjoint(ours)

    async def _read(self, user: Mapping[str, Any]) -> SlackPerson:
        me = self._identity.found
        is_stranger = bool(user.get("is_stranger"))
        if me is None and not is_stranger:
            raise DirectoryError
        profile = user.get("profile") or {}
        listed = (user.get("enterprise_user") or {}).get("teams") or ()
        teams = frozenset(str(team) for team in (user.get("team_id"), *listed) if team)
        return SlackPerson(
            id=str(user["id"]),
            name=str(profile.get("display_name") or user.get("real_name") or user["id"]),
            is_bot=bool(user.get("is_bot")) or user["id"] == "USLACKBOT",
            is_deactivated=bool(user.get("deleted")),
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_foreign=is_stranger or me is None or await self._is_elsewhere(user, teams),
            teams=teams,
            zone=str(user.get("tz") or "UTC"),
            is_admin=bool(user.get("is_admin") or user.get("is_owner")),
        )
