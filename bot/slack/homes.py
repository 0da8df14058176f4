"""Publishes Home tabs, and keeps those that people look at up to date, as well as their windows."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import structlog

from bot.cards.home import Home, Page, Part, page_of
from bot.slack.home import home_view
from bot.slack.kit.payloads import PayloadError
from bot.slack.listening import Tools
from bot.slack.people.inbox import Inbox
from bot.slack.people.viewers import Viewer, Window
from bot.slack.windows.batches import can_be_decided_together
from bot.slack.windows.questions import question_view
from bot.slack.workspace.failures import describe
from orchestrator.errors import OrchestratorError
from orchestrator.store import Position

#: Entries of a section on one page.
SIZE = 5
_MOST_PAGES = 100
_SETTLE = 0.2  # seconds for what follows a decision to be stored, too
_PACE = 0.7  # seconds between two tabs; Slack takes a hundred a minute
_log = structlog.get_logger(__name__)


async def compose(tools: Tools, person: str, pages: Mapping[str, int], after: str = "") -> Home:
    """Return somebody's page, with each section at the page that is asked for."""
    inbox = Inbox(tools.engine, tools.directory, workspace=tools.workspace)
    waiting, asked, runs, decided = await asyncio.gather(
        inbox.of(person, after=place_of(after), most=SIZE * _MOST_PAGES),
        tools.engine.list_asked(person, limit=SIZE * _MOST_PAGES),
        tools.engine.list_newest(
            requester=person, workspace=tools.workspace, limit=_reach(pages, Part.RUNS)
        ),
        tools.engine.list_decided(person, limit=_reach(pages, Part.DECIDED)),
    )
    is_theirs = await inbox.judge(person)
    here = [each for each in asked if each.run.workspace == tools.workspace]
    others = [each for each in here if not await is_theirs(each)]
    together = [each for each in waiting.approvals if can_be_decided_together(each)]
    first = _number(pages, Part.RUNS) * SIZE
    done = _number(pages, Part.DECIDED) * SIZE
    here = [each for each in decided if each.run.workspace == tools.workspace]
    return Home(
        person=person,
        pages={
            Part.WAITING: page_of(waiting.approvals, _number(pages, Part.WAITING), SIZE),
            Part.ASKED: page_of(others, _number(pages, Part.ASKED), SIZE),
            Part.RUNS: Page(
                number=_number(pages, Part.RUNS),
                has_more=len(runs) > first + SIZE,
                is_last=_is_last(pages, Part.RUNS),
                runs=tuple(runs[first : first + SIZE]),
            ),
            Part.DECIDED: Page(
                number=_number(pages, Part.DECIDED),
                has_more=len(here) > done + SIZE,
                is_last=_is_last(pages, Part.DECIDED),
                approvals=tuple(here[done : done + SIZE]),
            ),
        },
        graphs=tuple(tools.engine.graphs),
        can_batch=len(together) > 1,
        after=after,
        then=str(waiting.after) if waiting.after is not None else "",
        looked=waiting.looked,
    )


def place_of(text: str) -> Position | None:
    """Return the place among open questions that a button carries; None: before the first.

    Raises:
        PayloadError: It is no place.
    """
    try:
        return Position.parse(text) if text else None
    except ValueError as error:
        raise PayloadError(f"{text!r} is no place among open questions") from error


def _is_last(pages: Mapping[str, int], part: Part) -> bool:
    return _number(pages, part) == _MOST_PAGES - 1


def _number(pages: Mapping[str, int], part: Part) -> int:
    return min(max(pages.get(part.value, 0), 0), _MOST_PAGES - 1)


def _reach(pages: Mapping[str, int], part: Part) -> int:
    return (_number(pages, part) + 1) * SIZE + 1


async def publish(
    tools: Tools, person: str, *, pages: Mapping[str, int] | None = None, after: str = ""
) -> None:
    """Publish somebody's Home tab.

    Args:
        tools: Of their workspace.
        person: Who.
        pages: The page that each section is to be at; None: where all of it is.
        after: Behind which open question the section of those that wait is to begin.
    """
    viewer = tools.viewers.find(person) or tools.viewers.open_home(person)
    if pages is not None:
        viewer.pages, viewer.after = dict(pages), after
    async with viewer.lock:
        await _publish(tools, viewer)


async def _publish(tools: Tools, viewer: Viewer) -> None:
    home = await compose(tools, viewer.person, viewer.pages, viewer.after)
    groups = await tools.directory.known_groups()
    view = home_view(home, command=tools.command, groups=groups)
    viewer.runs = frozenset(
        [
            *(each.run_id for page in home.pages.values() for each in page.approvals),
            *(each.id for page in home.pages.values() for each in page.runs),
        ]
    )
    shown = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
    if shown == viewer.shown:
        return
    await tools.client.views_publish(user_id=viewer.person, view=view)
    viewer.shown = shown


def follow(tools: Tools) -> None:
    """Keep what people look at up to date from now on; asking again changes nothing."""
    viewers = tools.viewers
    if viewers.is_told:
        return
    viewers.is_told = True

    def changed(run: str, is_news: bool) -> None:  # noqa: FBT001 - what the engine calls
        if not viewers.touch(run, is_news=is_news):
            return
        windows = viewers.windows_of(run)
        if windows:
            tools.tasks.spawn(_refresh_windows(tools, windows), name="slack-windows")
        if not viewers.is_refreshing:
            viewers.is_refreshing = True
            tools.tasks.spawn(_refresh(tools), name="slack-homes")

    tools.engine.on_change(changed)


async def _refresh(tools: Tools) -> None:
    try:
        await asyncio.sleep(_SETTLE)
        while (viewer := tools.viewers.next_dirty()) is not None:
            started = time.monotonic()
            await _publish_quietly(tools, viewer.person)
            if any(tools.viewers.dirty()):
                await asyncio.sleep(max(_PACE - (time.monotonic() - started), 0))
    finally:
        tools.viewers.is_refreshing = False


async def _publish_quietly(tools: Tools, person: str) -> None:
    try:
        await publish(tools, person)
    except Exception as exc:  # noqa: BLE001 - nobody asked, and the next opening tries again
        failure = describe(exc)
        _log.warning("slack_home_failed", error=failure.code, fix=failure.fix)


async def watch_window(tools: Tools, *, view_id: str, approval: str, run: str) -> None:
    """Keep a window about a question up to date."""
    follow(tools)
    tools.viewers.open_window(
        Window(id=view_id, approval=approval, run=run, opened_at=time.monotonic())
    )


async def _refresh_windows(tools: Tools, windows: list[Window]) -> None:
    await asyncio.sleep(_SETTLE)
    for window in windows:
        try:
            approval = await tools.engine.get_approval(window.approval)
            view = question_view(approval, await tools.directory.known_groups())
            answer: Any = await tools.client.views_update(view_id=window.id, view=view)
        except OrchestratorError:
            continue
        except Exception as exc:  # noqa: BLE001 - a window that was closed is no failure
            _log.info("slack_window_gone", error=describe(exc).code)
            continue
        if approval.is_open and answer:
            tools.viewers.open_window(window)
