"""What every listener gets, and the guard around it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards.words import Code, Words
from bot.errors import NotRecordedError
from bot.slack.decisions import Decisions
from bot.slack.errors import sentence
from bot.slack.kit import blocks as b
from bot.slack.people.preferences import Preferences
from bot.slack.people.readers import Reader
from bot.slack.people.viewers import Viewers
from bot.slack.replies import Replies
from bot.slack.seen import Seen
from bot.slack.starting import Starts
from bot.slack.steps import Steps
from bot.slack.tasks import TaskKeeper
from bot.slack.windows.modals import notice_view
from bot.slack.workspace.directory import SlackDirectory
from bot.slack.workspace.failures import describe
from bot.slack.workspace.links import Links
from orchestrator.errors import ApprovalClosedError, InputError, PayloadChangedError
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval

_log = structlog.get_logger(__name__)
_NOT_RECORDED = 504
#: Marks a request that a listener has taken on.
_TAKEN = "signoff_is_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What listeners work with."""

    engine: Engine
    client: AsyncWebClient
    directory: SlackDirectory
    decisions: Decisions
    starts: Starts
    replies: Replies
    preferences: Preferences
    links: Links
    tasks: TaskKeeper
    seen: Seen
    command: str  #: the slash command's name
    channel: str  #: where questions go
    #: Has them go to another channel.
    ask_in: Callable[[str], Awaitable[None]]
    installed_by: str = ""  #: who installed the app, if that is known
    workspace: str = ""  #: what runs call the workspace; "" where there is only one
    operators: tuple[str, ...] = ()  #: who gets questions that no channel takes
    #: Who looks at the Home tab, and at which windows.
    viewers: Viewers = field(default_factory=Viewers)
    steps: Steps | None = None  #: of workflows that are under way

    def reader(self, person: str) -> Reader:
        """Return somebody who wants to read questions and runs."""
        return Reader(
            self.engine,
            self.directory,
            person,
            channel=self.channel,
            operators=self.operators,
        )


class Branches(Protocol):
    """The workspaces in which the bot works."""

    tasks: TaskKeeper
    is_open: bool  #: Has it begun to work? Requests come in a moment earlier.

    def find_tools(self, args: AsyncArgs) -> Tools | None:
        """Return the tools of the workspace that a request came from, if the bot works there."""


Handler = Callable[[Tools, AsyncArgs], Awaitable[None]]
Listener = Callable[[AsyncArgs], Awaitable[None]]


def guard(branches: Branches, handler: Handler) -> Listener:
    """Wrap a handler for Bolt; it gets the tools of the workspace that a request came from.

    Only NotRecordedError leaves the wrapper, and only before `ack`: Bolt takes back an answer that
    was given when the listener raises right after it, and Slack then delivers the click once more
    (slack_bolt/listener/asyncio_runner.py). Everything else is said to the person.

    A listener that has not answered within three seconds is passed over by Bolt for the next one
    that fits, which takes whatever is left and would confirm what nobody has recorded.
    """

    async def listener(args: AsyncArgs) -> None:
        person = user_of(args.body)
        if args.context.get(_TAKEN):
            raise NotRecordedError("it is still being recorded")
        args.context[_TAKEN] = True
        with branches.tasks.held(), structlog.contextvars.bound_contextvars(person=person):
            tools = branches.find_tools(args)
            if tools is None and not branches.is_open:
                raise NotRecordedError("the bot is starting")
            if tools is None:
                await _say_not_installed(args)
                return
            try:
                await handler(tools, args)
            except NotRecordedError:
                if args.ack.response is None:
                    raise
                _log.exception("slack_not_recorded_after_ack")
            except Exception as exc:  # noqa: BLE001 - see the docstring
                await _excuse(tools, args, exc)

    return listener


async def _say_not_installed(args: AsyncArgs) -> None:
    """Answer somebody in a workspace where the app was removed, or its token is not known."""
    _log.warning("slack_workspace_unknown", team=args.context.team_id)
    if args.body.get("command"):
        await args.ack(text="Signoff is not installed in this workspace. Install it again.")
    elif args.body.get("event"):
        await args.ack()
    else:
        raise NotRecordedError("the app is not installed in that workspace")


async def on_error(error: Exception, response: BoltResponse | None) -> BoltResponse | None:
    """Answer for a listener or middleware that raised.

    What was not recorded must not be confirmed: a status other than 200 makes Slack show its own
    error, and in Socket Mode it sends no acknowledgement at all.
    """
    if response is None:  # it was answered already; returning anything would trip Bolt's assertion
        return None
    if isinstance(error, NotRecordedError):
        _log.warning("slack_not_acknowledged", reason=str(error))
        return BoltResponse(status=_NOT_RECORDED, body="")
    _log.error("slack_listener_failed", incident=secrets.token_hex(4), exc_info=error)
    return BoltResponse(status=200, body="")


async def _excuse(tools: Tools, args: AsyncArgs, exc: Exception) -> None:
    words = sentence(exc, reader=user_of(args.body))
    if words is None:
        incident = secrets.token_hex(4)
        _log.error("slack_listener_failed", incident=incident, exc_info=exc)
        words = (
            "Something went wrong inside Signoff. Tell who runs it this number: ",
            Code(incident),
        )
    else:
        # What somebody typed stays out of the log.
        reason = type(exc).__name__ if isinstance(exc, InputError) else str(exc)
        _log.info("slack_refused", reason=reason)
    await refuse(tools, args, _renamed(words, tools.command))


def _renamed(words: Words, command: str) -> Words:
    """Return a sentence about the slash command as it is called here."""
    return tuple(
        Code(f"{command}{part.text.removeprefix('/signoff')}")
        if isinstance(part, Code) and part.text.startswith("/signoff ")
        else part
        for part in words
    )


async def refuse(tools: Tools, args: AsyncArgs, words: Words) -> None:
    """Acknowledge, and say something to nobody but the person who acted."""
    if args.ack.response is None:
        if args.body.get("command"):
            await say(tools, args, [words])
            return
        if args.body.get("type") == "view_submission":
            text = await tools.replies.text([words])
            await args.ack(response_action="update", view=notice_view("Not done", text))
            return
        await args.ack()
    if (args.body.get("container") or {}).get("type") == "view":
        tools.tasks.spawn(_say_in_view(tools, args.body, words), name="slack-reply")
        return
    if is_first(tools, args.body, "reply"):
        tools.tasks.spawn(tools.replies.tell(args.body, words), name="slack-reply")


async def _say_in_view(tools: Tools, body: Mapping[str, Any], words: Words) -> None:
    """Say something in the window in which a button was pressed, where the person looks."""
    await show_notice(tools, body, "Not done", words)


async def show_notice(tools: Tools, body: Mapping[str, Any], title: str, words: Words) -> None:
    """Replace the window in which a button was pressed by a sentence."""
    view = notice_view(title, await tools.replies.text([words]))
    try:
        if is_window(body):
            await tools.client.views_update(view_id=str(body["view"]["id"]), view=view)
        else:  # on the Home tab, which stays
            await tools.client.views_open(trigger_id=str(body.get("trigger_id")), view=view)
    except Exception:  # noqa: BLE001 - the window may be closed; there is a second way
        await tools.replies.tell(body, words)


async def say(tools: Tools, args: AsyncArgs, rows: list[Words]) -> None:
    """Answer a command with lines that only the person sees."""
    text = await tools.replies.text(rows)
    await args.ack(text=text, blocks=[b.section(text)], response_type="ephemeral")


def is_first(tools: Tools, body: Mapping[str, Any], what: str) -> bool:
    """Is this the first time that `what` is done about this click? Slack delivers some twice."""
    action = (body.get("actions") or [{}])[0]
    if not (at := action.get("action_ts")):
        return True
    return tools.seen.add(f"{what}:{user_of(body)}:{action.get('action_id')}:{at}")


async def open_view(tools: Tools, body: dict[str, Any], view: dict[str, Any]) -> None:
    """Open a window, or put it on the one in which somebody pressed a button."""
    await find_opened(tools, body, view)


async def find_opened(tools: Tools, body: dict[str, Any], view: dict[str, Any]) -> str | None:
    """Open a window likewise, and return its id; None: Slack did not, and the person was told."""
    show = tools.client.views_push if is_window(body) else tools.client.views_open
    try:
        answer = await show(trigger_id=str(body.get("trigger_id")), view=view)
        return str((answer.get("view") or {})["id"])
    except Exception as exc:  # noqa: BLE001 - whatever it is, the person is told
        failure = describe(exc)
        words: Words = (
            f"Slack did not open the window ({failure.code.replace('_', ' ')}). Press again.",
        )
        await tools.replies.tell(body, words)
        return None


def is_window(body: Mapping[str, Any]) -> bool:
    """Was it done in a window, and neither on the Home tab nor at a message?"""
    return (body.get("view") or {}).get("type") == "modal"


def refuse_stale(approval: Approval, digest: str) -> None:
    """Refuse to go on about a question that is over, or other than the person saw it.

    Raises:
        ApprovalClosedError: It has its outcome.
        PayloadChangedError: It was edited.
    """
    if not approval.is_open:
        raise ApprovalClosedError(
            approval.ref,
            outcome=approval.status,
            by=approval.resolved_by,
            at=approval.resolved_at,
        )
    if approval.digest != digest:
        raise PayloadChangedError


def user_of(body: Mapping[str, Any]) -> str:
    """Return who acted."""
    return str((body.get("user") or {}).get("id") or body.get("user_id") or "")


def register(
    app: AsyncApp, branches: Branches, table: Mapping[str, list[tuple[Any, Handler]]]
) -> None:
    """Register handlers with Bolt; the first that fits an input gets it.

    Args:
        app: Bolt's application.
        branches: The workspaces that inputs come from.
        table: Constraints and handlers by the name of Bolt's method.
    """
    for kind, entries in table.items():
        for constraint, handler in entries:
            getattr(app, kind)(constraint)(guard(branches, handler))


def register_recording(
    app: AsyncApp, branches: Branches, table: Mapping[str, list[tuple[Any, Handler]]]
) -> None:
    """Register handlers of events that are done before Slack is answered.

    Bolt answers an event before its listener runs, and after its middleware. So what is not
    recorded is not answered, and Slack delivers it again.
    """
    for event, handler in table["event"]:
        app.event(event, middleware=[_first(guard(branches, handler))])(_nothing)


def _first(listener: Listener) -> Listener:
    async def middleware(args: AsyncArgs) -> None:
        await listener(args)
        await args.next()

    return middleware


async def _nothing() -> None:
    """Leave it at what was done before Slack was answered."""
