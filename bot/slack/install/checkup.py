"""Looks at everything that Slack has to agree with, and says what to do about what is wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.install.manifest import BOT_SCOPES
from bot.slack.workspace.connection import SlackWorkspace
from bot.slack.workspace.failures import Remedy, describe
from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph import Approver, Graph
from orchestrator.runtime import Clock

#: Slack's signatures count for five minutes.
_SKEWED = timedelta(seconds=60)
_BROKEN = timedelta(seconds=300)
_HELLO = 5.0  # seconds until Slack says hello on a new connection
_SECRET = re.compile(r"[0-9a-f]{32}")
_REINSTALL = "add them to the app's manifest (`signoff manifest`) and install the app again"


class Level(StrEnum):
    """How a look turned out."""

    GOOD = "good"
    WARNING = "warning"  #: it works, and may not for long, or not for all
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look found."""

    level: Level
    what: str
    fix: str = ""  #: what to do about it


#: Takes what was found.
Tell = Callable[[Finding], None]


def good(what: str) -> Finding:
    """Return what is as it should be."""
    return Finding(level=Level.GOOD, what=what)


def warning(what: str, fix: str) -> Finding:
    """Return what may become a problem."""
    return Finding(level=Level.WARNING, what=what, fix=fix)


def bad(what: str, fix: str) -> Finding:
    """Return what does not work."""
    return Finding(level=Level.BAD, what=what, fix=fix)


class Examination:
    """Examines one workspace, which is entered already."""

    def __init__(
        self,
        workspace: SlackWorkspace,
        clock: Clock,
        *,
        channels: Collection[str],
        graphs: Iterable[Graph],
    ) -> None:
        """Set up.

        Args:
            workspace: The workspace.
            clock: Whose instants are compared with Slack's.
            channels: Where questions are to go.
            graphs: Whose approvers are to be known there.
        """
        self._workspace = workspace
        self._clock = clock
        self._channels = channels
        self._graphs = tuple(graphs)
        self._of = f" in {workspace.name}" if workspace.name else ""

    async def report(self, tell: Tell) -> bool:
        """Look, and tell; return whether Slack could be reached.

        Where the token does not work, nothing more is asked.
        """
        try:
            answer = await self._workspace.client.auth_test()
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is described
            return _refuse(tell, exc, f"the bot token{self._of}")
        await self._workspace.identity.learn()
        tell(
            good(
                f"the bot token is {answer.get('user')}'s of {answer.get('team')} "
                f"({answer.get('team_id')})"
            )
        )
        headers = {str(name).lower(): value for name, value in dict(answer.headers).items()}
        for finding in (self._skew(headers), self._scopes(headers)):
            if finding is not None:
                tell(finding)
        for channel in self._channels:
            tell(await self._channel(channel))
        if not self._channels:
            tell(
                bad(
                    f"nobody has said where questions go{self._of}",
                    "write `/signoff channel #name` in Slack, or set SIGNOFF_CHANNEL",
                )
            )
        await self._look_at_approvers(tell)
        return True

    def _skew(self, headers: Mapping[str, Any]) -> Finding | None:
        try:
            theirs = parsedate_to_datetime(str(headers["date"]))
        except (KeyError, ValueError):
            return None
        skew = abs(self._clock.now() - theirs)
        what = f"this computer's clock is {skew.total_seconds():.0f} s away from Slack's"
        if skew > _BROKEN:
            return bad(what, "set the clock (NTP); Slack's requests are refused as too old")
        if skew > _SKEWED:
            return warning(
                what, "set the clock (NTP); from 300 s on Slack's requests are refused as too old"
            )
        return good("this computer's clock agrees with Slack's")

    def _scopes(self, headers: Mapping[str, Any]) -> Finding | None:
        if "x-oauth-scopes" not in headers:
            return None
        granted = {each.strip() for each in str(headers["x-oauth-scopes"]).split(",")}
        missing = [name for name in BOT_SCOPES if name not in granted]
        if not missing:
            return good(f"all {len(BOT_SCOPES)} scopes are granted{self._of}")
        needs = "; ".join(f"{name} ({BOT_SCOPES[name]})" for name in missing)
        return bad(f"scopes are not granted{self._of}: {needs}", _REINSTALL)

    async def _channel(self, name: str) -> Finding:
        try:
            found = await self._workspace.directory.channel(name)
        except DirectoryError as error:
            return bad(f"the channel {name}{self._of} could not be looked up", str(error))
        if found is None:
            return bad(
                f"the bot sees no channel {name}{self._of}",
                "check the name; if it is private, invite the bot there with /invite",
            )
        label = f"#{found['name']} ({found['id']})" if found.get("name") else name
        if found.get("is_archived"):
            return bad(f"{label} is archived", "unarchive it, or choose another channel")
        if not found.get("is_member"):
            return bad(f"the bot is not in {label}", "write /invite @Signoff there")
        if found.get("is_read_only") or found.get("is_thread_only"):
            return bad(f"the bot may not post in {label}", "let it, under its posting permissions")
        return good(f"questions can be asked in {label}")

    async def _look_at_approvers(self, tell: Tell) -> None:
        named: dict[Approver, list[str]] = {}
        for graph in self._graphs:
            for approver in dict.fromkeys((*graph.approvers, *graph.operators, *graph.starters)):
                named.setdefault(approver, []).append(graph.id)
        problems = 0
        for approver, where in named.items():
            try:
                await self._workspace.directory.members(approver)
            except (ApproversError, DirectoryError) as error:
                problems += 1
                what = f"{approver}, who may decide in {', '.join(where)}, stands for nobody"
                tell(bad(f"{what}{self._of}", str(error)))
        if named and not problems:
            tell(good(f"all {len(named)} names of approvers stand for somebody{self._of}"))


async def examine_app_token(
    client: AsyncWebClient, app_token: str, session: aiohttp.ClientSession, tell: Tell
) -> None:
    """Look whether Socket Mode works: open a connection, and wait for Slack's hello."""
    try:
        answer = await client.apps_connections_open(app_token=app_token)
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is described
        fix = "make one under Basic Information, with connections:write"
        _refuse(tell, exc, "the app-level token", fix)
        return
    tell(await _look_at_socket(str(answer["url"]), session))


async def _look_at_socket(url: str, session: aiohttp.ClientSession) -> Finding:
    try:
        async with asyncio.timeout(_HELLO), session.ws_connect(url) as connection:
            hello = await connection.receive_json()
    except Exception as exc:  # noqa: BLE001 - whatever it is, it is described
        return bad(
            f"Socket Mode does not connect ({type(exc).__name__})",
            "let this computer open WebSockets (wss) to Slack; look at the proxy and the firewall",
        )
    if hello.get("type") != "hello":
        return bad(
            f"Socket Mode was ended by Slack ({hello.get('reason') or hello.get('type')})",
            "turn Socket Mode on in the app's settings, and see that few other bots use its token",
        )
    others = int(hello.get("num_connections") or 1) - 1
    return good(f"Socket Mode connects; {others} other connections are open")


def examine_signing_secret(secret: str) -> Finding:
    """Look whether it can be the signing secret; only a request of Slack's proves that it is."""
    if _SECRET.fullmatch(secret):
        return good("the signing secret has the right form")
    return bad(
        "SLACK_SIGNING_SECRET is not 32 hexadecimal digits",
        "copy the signing secret, not the client secret, from Basic Information",
    )


def _refuse(tell: Tell, exc: Exception, what: str, fix: str = "") -> bool:
    """Tell why Slack did not take something; return whether it could be reached at all."""
    failure = describe(exc)
    if failure.remedy in {Remedy.RETRY, Remedy.WAIT}:
        tell(
            bad(
                f"Slack could not be asked ({failure.code}), so {what} was not checked",
                failure.fix or "check the network, the proxy and SLACK_API_URL; then ask again",
            )
        )
        return False
    tell(bad(f"Slack does not take {what} ({failure.code})", fix or failure.fix))
    return True
