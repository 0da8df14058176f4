"""The state of one simulated workspace.

Every record is put into the world with `put`, so that the state file learns of it.
"""

from __future__ import annotations

from bot.simulator.records import (
    APP_ID,
    BOT_ID,
    BOT_USER,
    TEAM_DOMAIN,
    TEAM_ID,
    TEAM_NAME,
    Channel,
    Counter,
    Execution,
    File,
    Grant,
    Post,
    Record,
    ResponseUrl,
    Scheduled,
    Team,
    Trigger,
    User,
    UserGroup,
    View,
)

__all__ = [
    "APP_ID",
    "BOT_ID",
    "BOT_USER",
    "TEAM_ID",
    "Channel",
    "Execution",
    "File",
    "Grant",
    "Post",
    "Record",
    "ResponseUrl",
    "Scheduled",
    "Team",
    "Trigger",
    "User",
    "UserGroup",
    "View",
    "World",
]

_MICRO = 1_000_000
_APART = 10_000_000
"""Between the numbers of one workspace and of the next, so that no id is there twice."""


class World:
    """All records of the workspace, and which of them the state file does not have yet."""

    def __init__(self, team: Team | None = None) -> None:
        self.teams: dict[str, Team] = {}
        self.grants: dict[str, Grant] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.posts: dict[str, Post] = {}
        self.views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.files: dict[str, File] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.executions: dict[str, Execution] = {}
        self.counters: dict[str, Counter] = {}
        self._timelines: dict[str, dict[str, Post]] = {}
        self.unsaved: set[tuple[str, str]] = set()
        if team is not None:
            self.put(team)

    @property
    def team(self) -> Team:
        """The workspace itself."""
        if not self.teams:
            self.put(Team(id=TEAM_ID, name=TEAM_NAME, domain=TEAM_DOMAIN))
        return next(iter(self.teams.values()))

    def table(self, name: str) -> dict[str, Record]:
        """Return the table of that name."""
        table: dict[str, Record] = getattr(self, name)
        return table

    def put(self, record: Record) -> None:
        """Store a new or a changed record."""
        self.table(record.table)[record.key] = record
        if isinstance(record, Post):
            self._timelines.setdefault(record.channel, {})[record.ts] = record
        self.unsaved.add((record.table, record.key))

    def remove(self, record: Record) -> None:
        """Forget a record."""
        self.table(record.table).pop(record.key, None)
        if isinstance(record, Post):
            self._timelines.get(record.channel, {}).pop(record.ts, None)
        self.unsaved.add((record.table, record.key))

    def count(self, name: str) -> int:
        """Return the next number of a counter, from 1 on."""
        start = self.team.place * _APART
        counter = self.counters.get(name) or Counter(name=name, value=start)
        counter.value += 1
        self.put(counter)
        return counter.value

    def next_id(self, prefix: str) -> str:
        """Return a new id such as `V00000001`; the same in every run of a test."""
        return f"{prefix}{self.count(prefix):08d}"

    def next_ts(self, now: float) -> str:
        """Return a message timestamp, later than every one before it."""
        counter = self.counters.get("ts") or Counter(name="ts")
        counter.value = max(counter.value + 1, int(now * _MICRO))
        self.put(counter)
        return f"{counter.value // _MICRO}.{counter.value % _MICRO:06d}"

    def find_post(self, channel: str, ts: str) -> Post | None:
        """Return the message at that time, or None."""
        return self._timelines.get(channel, {}).get(ts)

    def timeline(self, channel: str) -> list[Post]:
        """Return all messages of a channel, oldest first, ephemeral ones included."""
        return list(self._timelines.get(channel, {}).values())

    def find_direct(self, user: str, *, other: str | None = None) -> Channel | None:
        """Return the direct-message channel of a user and another, or the app, or None."""
        pair = {user, other or self.team.bot_user}
        for channel in self.channels.values():
            if channel.kind == "dm" and set(channel.members) == pair:
                return channel
        return None

    def stack(self, user: str) -> list[View]:
        """Return the user's open modals, the root first."""
        open_views = [
            view
            for view in self.views.values()
            if view.user == user and view.body["type"] == "modal"
        ]
        return sorted(open_views, key=lambda view: view.depth)

    def find_home(self, user: str) -> View | None:
        """Return the user's Home tab if the app has published one."""
        for view in self.views.values():
            if view.user == user and view.body["type"] == "home":
                return view
        return None
