"""The state of the simulated workspace, as plain records.

Nothing here validates, sends or answers. Every record is put into the world with `put`, so
that the state file learns of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

TEAM_ID = "T0SIGNOFF"
TEAM_NAME = "Signoff demo"
TEAM_DOMAIN = "signoff-demo"
BOT_USER = "U0SIGNOFF"
BOT_ID = "B0SIGNOFF"
APP_ID = "A0SIGNOFF"

_MICRO = 1_000_000


@dataclass(slots=True, kw_only=True)
class User:
    """A person or a bot of the workspace."""

    table: ClassVar[str] = "users"

    id: str
    name: str
    real_name: str
    email: str | None = None
    tz: str = "Europe/Berlin"
    is_bot: bool = False
    is_restricted: bool = False
    """A guest."""
    is_ultra_restricted: bool = False
    """A guest in one channel only."""
    is_stranger: bool = False
    """Of another organisation, met in a shared channel."""
    is_admin: bool = False
    deleted: bool = False
    team_id: str = TEAM_ID

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


@dataclass(slots=True, kw_only=True)
class Channel:
    """A public channel, a private one, or the direct messages of two."""

    table: ClassVar[str] = "channels"

    id: str
    name: str
    kind: str
    """`channel`, `private` or `dm`."""
    members: list[str]
    topic: str = ""
    created: int = 0
    creator: str = "U0ALICE"
    is_archived: bool = False
    reads: dict[str, str] = field(default_factory=dict)
    """Per user the ts up to which everything was read."""

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


@dataclass(slots=True, kw_only=True)
class UserGroup:
    """A group of users with a handle."""

    table: ClassVar[str] = "usergroups"

    id: str
    handle: str
    name: str
    users: list[str]
    created: int = 0
    is_disabled: bool = False

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


@dataclass(slots=True, kw_only=True)
class Post:
    """A message; `body` is Slack's message object with its metadata."""

    table: ClassVar[str] = "posts"

    channel: str
    ts: str
    body: dict[str, Any]
    audience: str | None = None
    """Set for an ephemeral message: the only user who sees it."""
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Per user what they picked in the message's inputs."""

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return f"{self.channel}/{self.ts}"


@dataclass(slots=True, kw_only=True)
class View:
    """A modal or a Home tab; `body` is Slack's view object without state and hash."""

    table: ClassVar[str] = "views"

    id: str
    user: str
    body: dict[str, Any]
    hash: str
    values: dict[str, Any] = field(default_factory=dict)
    """What the user entered, by block and action."""
    errors: dict[str, str] = field(default_factory=dict)
    depth: int = 0
    """Place in the user's stack of modals; 0 is the root."""

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


@dataclass(slots=True, kw_only=True)
class Trigger:
    """A trigger_id: who acted, when, in which view, and whether it was exchanged."""

    table: ClassVar[str] = "triggers"

    id: str
    user: str
    at: float
    view: str | None = None
    is_used: bool = False

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    """A response_url: where it answers, what it may replace, how often it was used."""

    table: ClassVar[str] = "response_urls"

    path: str
    channel: str
    user: str
    at: float
    source: str | None = None
    """ts of the message that a click came from."""
    thread_ts: str | None = None
    uses: int = 0

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.path


@dataclass(slots=True, kw_only=True)
class File:
    """An uploaded file; `content` is base64 once it has arrived."""

    table: ClassVar[str] = "files"

    id: str
    name: str
    length: int
    path: str
    title: str = ""
    content: str | None = None
    is_complete: bool = False
    channels: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


@dataclass(slots=True, kw_only=True)
class Scheduled:
    """A message of the app that is to be posted later."""

    table: ClassVar[str] = "scheduled"

    id: str
    channel: str
    post_at: int
    created: int
    draft: dict[str, Any]

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


@dataclass(slots=True, kw_only=True)
class Counter:
    """A running number that survives a restart."""

    table: ClassVar[str] = "counters"

    name: str
    value: int = 0

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.name


Record = (
    User | Channel | UserGroup | Post | View | Trigger | ResponseUrl | File | Scheduled | Counter
)

RECORD_TYPES: dict[str, type[Record]] = {
    kind.table: kind
    for kind in (
        User,
        Channel,
        UserGroup,
        Post,
        View,
        Trigger,
        ResponseUrl,
        File,
        Scheduled,
        Counter,
    )
}


def as_row(record: Record) -> dict[str, Any]:
    """Return the record's fields for the state file, not copied."""
    return {item.name: getattr(record, item.name) for item in fields(record)}


class World:
    """All records of the workspace, and which of them the state file does not have yet."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.posts: dict[str, Post] = {}
        self.views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.files: dict[str, File] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.counters: dict[str, Counter] = {}
        self._timelines: dict[str, dict[str, Post]] = {}
        self.unsaved: set[tuple[str, str]] = set()

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
        counter = self.counters.get(name) or Counter(name=name)
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

    def find_direct(self, user: str, *, other: str = BOT_USER) -> Channel | None:
        """Return the direct-message channel of two users, or None."""
        pair = {user, other}
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
