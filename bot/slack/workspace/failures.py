"""What went wrong with a call to Slack, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

_DEFAULT_RETRY_AFTER = 30.0  # seconds, when a 429 does not say
_SERVER_ERROR = 500  # the least status of its kind
#: For answers that are not Slack's, such as a proxy's page; what the call did is unknown then.
UNREADABLE = "unreadable_answer"


class Remedy(StrEnum):
    """Who can do something about a failure."""

    WAIT = "wait"  #: Slack asks for patience; the call had no effect
    RETRY = "retry"  #: it is unknown whether the call took effect; look before repeating a post
    PEOPLE = "people"  #: somebody has to change a setting
    PLACE = "place"  #: this channel or person cannot be written to; another one may
    CREDENTIAL = "credential"  #: the workspace's token is no good any more
    PLAINER = "plainer"  #: Slack does not take the blocks; a plainer message may do
    GONE = "gone"  #: what was to be changed does not exist any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed call, in a form that logs and decisions can use."""

    code: str
    remedy: Remedy
    #: One line for the operator.
    fix: str = ""
    #: Seconds to wait, where Slack says so.
    retry_after: float | None = None


_NEW_CREDENTIAL = (
    "install the app again, or put the bot token (xoxb-…) of the installed app into the settings "
    "and restart"
)
_CREDENTIAL = frozenset(
    {"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired"}
)
_PLACE = {
    "channel_not_found": "check the channel's id, and invite the bot if the channel is private",
    "not_in_channel": "invite the bot with /invite in that channel",
    "is_archived": "choose another channel in the settings, or unarchive this one",
    "is_inactive": "choose another channel in the settings, or unarchive this one",
    "restricted_action": "let the bot post in that channel, under its posting permissions",
    "restricted_action_read_only_channel": "choose a channel in which apps may post",
    "restricted_action_thread_only_channel": "choose a channel in which apps may post",
    "user_not_found": "name somebody who is in this workspace",
    "users_not_found": "name somebody who is in this workspace",
    "user_disabled": "name somebody whose account is active",
    "user_not_visible": "name somebody whom the bot may see",
    "cannot_dm_bot": "name a person, for bots get no direct messages",
    "messages_tab_disabled": "switch on the messages tab of the app's home",
}
_PEOPLE = {
    "missing_scope": "add the scope to the app's manifest and install the app again",
    "not_allowed_token_type": "use a bot token (xoxb-…) for the bot and an app token for sockets",
    "no_permission": "install the app again with the scopes of its manifest",
    "ekm_access_denied": "ask the workspace's administrators; messages are suspended by a key",
    "team_access_not_granted": "grant the app to this workspace",
    "access_denied": "install the app again",
    "org_login_required": "the workspace is being moved; try again later",
}
_PLAINER = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "block_mismatch",
        "msg_too_long",
        "msg_blocks_too_long",
        "invalid_arguments",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_must_be_sent_from_app",
    }
)
_GONE = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed",
     "thread_not_found", "cannot_reply_to_message"}
)  # fmt: skip


def describe(exc: BaseException) -> Failure:
    """Say what kind of failure an exception of a call to Slack is."""
    if isinstance(exc, SlackApiError):
        return _from_answer(exc)
    if isinstance(exc, TimeoutError | asyncio.TimeoutError | aiohttp.ClientError | OSError):
        return Failure(code=type(exc).__name__, remedy=Remedy.RETRY, fix="Slack is out of reach")
    if isinstance(exc, AttributeError | LookupError | TypeError):
        return unreadable()  # slack_sdk stumbles over an answer that is no object
    return Failure(code=type(exc).__name__, remedy=Remedy.RETRY, fix=str(exc)[:200])


def unreadable() -> Failure:
    """Return the failure of a call that was answered with something else than Slack's answers."""
    fix = "what answered is not Slack, or has trouble of its own; check SLACK_API_URL"
    return Failure(code=UNREADABLE, remedy=Remedy.RETRY, fix=fix)


def _from_answer(exc: SlackApiError) -> Failure:
    answer = exc.response
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0))
    code = _code(exc)
    if status == 429 or code in {"ratelimited", "rate_limited"}:  # noqa: PLR2004 - an HTTP status
        headers = getattr(answer, "headers", {})
        return Failure(code="ratelimited", remedy=Remedy.WAIT, retry_after=_seconds(headers))
    if code == UNREADABLE:
        return unreadable()
    if code in _PLAINER:
        return Failure(code=code, remedy=Remedy.PLAINER, fix=_messages(exc))
    if code in _GONE:
        return Failure(code=code, remedy=Remedy.GONE)
    if code in _CREDENTIAL:
        return Failure(code=code, remedy=Remedy.CREDENTIAL, fix=_NEW_CREDENTIAL)
    if code in _PLACE:
        return Failure(code=code, remedy=Remedy.PLACE, fix=_PLACE[code])
    if code in _PEOPLE:
        needed = _needed(exc)
        fix = _PEOPLE[code] + (f" (needed: {needed})" if needed else "")
        return Failure(code=code, remedy=Remedy.PEOPLE, fix=fix)
    if status >= _SERVER_ERROR or code in {"internal_error", "fatal_error", "service_unavailable"}:
        return Failure(code=code, remedy=Remedy.RETRY, fix="Slack has trouble of its own")
    return Failure(code=code, remedy=Remedy.PEOPLE, fix="see Slack's reference for this error")


def _data(exc: SlackApiError) -> Mapping[str, Any]:
    """Return the answer's object; empty when the answer is a text, a list, or nothing."""
    data = getattr(exc.response, "data", exc.response)
    return data if isinstance(data, Mapping) else {}


def _code(exc: SlackApiError) -> str:
    return str(_data(exc).get("error") or UNREADABLE)


def _needed(exc: SlackApiError) -> str:
    return str(_data(exc).get("needed") or "")


def _messages(exc: SlackApiError) -> str:
    try:
        return "; ".join(map(str, _data(exc)["response_metadata"]["messages"]))[:500]
    except (KeyError, TypeError, ValueError):
        return ""


def _seconds(headers: object) -> float:
    try:
        found = {str(name).lower(): value for name, value in dict(headers).items()}  # type: ignore[call-overload]  # any mapping
        value = found["retry-after"]
        return max(float(value[0] if isinstance(value, list) else value), 0.0)
    except (KeyError, TypeError, ValueError, IndexError):
        return _DEFAULT_RETRY_AFTER
