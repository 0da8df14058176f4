"""The records of a simulated workspace: people, channels, messages, views, files.

Nothing here validates, sends or answers.
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


@dataclass(slots=True, kw_only=True)
class Team:
    """A workspace: who it is, and whether the app is installed in it."""

    table: ClassVar[str] = "teams"

    id: str
    name: str
    domain: str
    bot_user: str = BOT_USER
    bot_id: str = BOT_ID
    enterprise_id: str | None = None
    """The organisation that the workspace belongs to, if it does."""
    enterprise_name: str = ""
    is_installed: bool = True
    is_org_install: bool = False
    """The app was installed in the whole organisation at once."""

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id

    @property
    def place(self) -> int:
        """The workspace's number, so that what is counted differs between workspaces."""
        return int(self.id[1]) if self.id[1:2].isdecimal() else 0


@dataclass(slots=True, kw_only=True)
class Grant:
    """A token that an installation gave out, with what renews it."""

    table: ClassVar[str] = "grants"

    token: str
    team: str
    """A team's id, or an organisation's."""
    scopes: list[str]
    issued_at: float
    expires_at: float | None = None
    refresh_token: str | None = None
    ended: str = ""
    """The error that the token is refused with since it was revoked."""

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.token


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
    connected_teams: list[str] = field(default_factory=list)
    """Other organisations that share the channel by Slack Connect."""
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
    pinged: list[str] = field(default_factory=list)
    """Whom the message notified when it was posted."""

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
    user: str = ""
    title: str = ""
    content: str | None = None
    is_complete: bool = False
    channels: list[str] = field(default_factory=list)
    shares: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """Per channel the messages that carry the file."""

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


@dataclass(slots=True, kw_only=True)
class Execution:
    """One run of a workflow step of the app's."""

    table: ClassVar[str] = "executions"

    id: str
    callback_id: str
    user: str
    inputs: dict[str, Any]
    token: str
    """What the app may call with while the step runs."""
    started: int
    status: str = "running"
    """`running`, `completed` or `failed`."""
    outputs: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def key(self) -> str:
        """The record's key in its table."""
        return self.id


Record = (
    Team
    | Grant
    | User
    | Channel
    | UserGroup
    | Post
    | View
    | Trigger
    | ResponseUrl
    | File
    | Scheduled
    | Execution
    | Counter
)

RECORD_TYPES: dict[str, type[Record]] = {
    kind.table: kind
    for kind in (
        Team,
        Grant,
        User,
        Channel,
        UserGroup,
        Post,
        View,
        Trigger,
        ResponseUrl,
        File,
        Scheduled,
        Execution,
        Counter,
    )
}


def as_row(record: Record) -> dict[str, Any]:
    """Return the record's fields for the state file, not copied."""
    return {item.name: getattr(record, item.name) for item in fields(record)}
