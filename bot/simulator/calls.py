"""One Web API call: its arguments, who calls, and what the call may see."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.simulator.errors import ApiError
from bot.simulator.workspace import Workspace
from bot.simulator.world import Channel, Grant

T = TypeVar("T")
Answer = dict[str, Any]

_TRUE = frozenset({"true", "1", "True", True})  # True equals 1
_KIND_SCOPES = {"channel": "channels", "private": "groups", "dm": "im"}
_MAX_PAGE = 1000


@dataclass(slots=True, kw_only=True)
class Call:
    """A call on its way through a method."""

    workspace: Workspace
    method: str
    args: dict[str, Any]
    scopes: frozenset[str]
    grant: Grant | None = None
    """What the token came from; None for an app's own token, or without one."""

    @property
    def is_org(self) -> bool:
        """Say whether the token is an organisation's."""
        return self.grant is not None and self.grant.team not in self.workspace.site.workspaces

    def require_team(self) -> None:
        """Refuse an organisation's token that does not say which workspace is meant."""
        if self.is_org and not self.text("team_id"):
            raise ApiError("missing_argument")

    def revoke(self) -> None:
        """Make the token of this call worth nothing."""
        if self.grant is not None:
            self.grant.ended = "token_revoked"
            self.workspace.site.main.world.put(self.grant)

    def text(self, name: str, default: str = "") -> str:
        """Return an argument as text; absent and null are the default."""
        value = self.args.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else str(value)

    def flag(self, name: str) -> bool:
        """Return an argument as a boolean, however it was written."""
        value = self.args.get(name)
        return value in _TRUE if isinstance(value, str | bool | int) else False

    def json(self, name: str, code: str) -> Any:
        """Return a structured argument, parsed when it came as a JSON string.

        Raises:
            ApiError: It is a string but not JSON; the error is `code`.
        """
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(code) from None

    def limit(self, default: int, *, maximum: int = _MAX_PAGE, code: str = "invalid_limit") -> int:
        """Return the page size.

        Raises:
            ApiError: It is no positive number; the error is `code`.
        """
        raw = self.args.get("limit")
        if raw in (None, "", 0, "0"):
            return default
        try:
            limit = int(raw)
        except (TypeError, ValueError):
            raise ApiError(code) from None
        if limit < 0:
            raise ApiError(code)
        return min(limit, maximum)

    def require_scope(self, scope: str) -> None:
        """Refuse with missing_scope unless the token has it."""
        if scope not in self.scopes:
            provided = ",".join(sorted(self.scopes))
            raise ApiError("missing_scope", fields={"needed": scope, "provided": provided})

    def require_channel_scope(self, channel: Channel, action: str) -> None:
        """Require the `read` or `history` scope for this kind of channel."""
        self.require_scope(f"{_KIND_SCOPES[channel.kind]}:{action}")

    def is_visible(self, channel: Channel) -> bool:
        """Say whether the app may know of the channel: public, or a member."""
        return channel.kind == "channel" or self.workspace.team.bot_user in channel.members

    def channel(self, name: str = "channel") -> Channel:
        """Return the channel with the id in that argument.

        Raises:
            ApiError: channel_not_found, also for private channels the app is not in.
        """
        found = self.workspace.world.channels.get(self.text(name))
        if found is None or not self.is_visible(found):
            raise ApiError("channel_not_found")
        return found

    def page(self, items: Sequence[T], *, default: int = 100) -> tuple[Sequence[T], Answer]:
        """Return one page of items and the `response_metadata` that leads to the next."""
        limit = self.limit(default)
        start = self.offset()
        end = start + limit
        cursor = encode_cursor(f"offset:{end}") if end < len(items) else ""
        return items[start:end], {"response_metadata": {"next_cursor": cursor}}

    def offset(self) -> int:
        """Return where the page begins that the cursor names."""
        cursor = self.text("cursor")
        if not cursor:
            return 0
        name, _, value = decode_cursor(cursor).partition(":")
        if name != "offset" or not value.isdecimal():
            raise ApiError("invalid_cursor")
        return int(value)


def encode_cursor(text: str) -> str:
    """Return an opaque cursor."""
    return base64.b64encode(text.encode()).decode()


def decode_cursor(cursor: str) -> str:
    """Return what a cursor hides.

    Raises:
        ApiError: invalid_cursor.
    """
    try:
        return base64.b64decode(cursor, validate=True).decode()
    except (binascii.Error, ValueError):
        raise ApiError("invalid_cursor") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One Web API method: who may call it with what, and what it does."""

    run: Callable[[Call], Answer]
    scope: str | None = None
    required: tuple[str, ...] = ()
    token: str = "bot"  # noqa: S105 - the kind of token, not a token
    """`bot`, `app` or `none`."""
    is_write: bool = False


def missing_arguments(method: Method, args: Mapping[str, Any]) -> list[str]:
    """Return Slack's messages for required arguments that are absent or empty."""
    return [
        f"[ERROR] missing required field: {name}"
        for name in method.required
        if args.get(name) in (None, "")
    ]
