"""`signoff demo` as a process, as a newcomer meets it."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cli.shell import Process, call, free_port, process, until

pytestmark = pytest.mark.slow
URL = re.compile(r"http://127\.0\.0\.1:\d+")
CHANNEL = "C0APPROVALS"


class Visitor:
    """Somebody with the demo's page open."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def get(self, path: str, **query: str) -> Any:
        """Ask the page's server."""
        async with self._session.get(f"{self.url}{path}", params=query) as answer:
            assert answer.status == 200
            return await answer.json()

    async def command(self, text: str) -> None:
        """Write a slash command as Alice."""
        document = {"as": "U0ALICE", "channel": CHANNEL, "text": text}
        headers = {"X-Simulator": "1", "Origin": self.url}
        async with self._session.post(
            f"{self.url}/sim/command", json=document, headers=headers
        ) as answer:
            assert (await answer.json())["ok"]

    async def messages(self, about: str) -> str:
        """Wait for messages about something in the channel, and return all of them as text."""
        found = ""

        async def is_there() -> bool:
            nonlocal found
            found = str(await self.get("/sim/messages", **{"as": "U0ALICE"}, channel=CHANNEL))
            return about in found

        await until(is_there)
        return found


@asynccontextmanager
async def demo(
    folder: Path, *options: str, **settings: str
) -> AsyncIterator[tuple[Process, Visitor]]:
    """Start the demo and visit it."""
    async with process(folder, "demo", *options, **settings) as started:
        url = await started.line(URL.fullmatch)
        async with aiohttp.ClientSession() as session:
            yield started, Visitor(url, session)


async def test_the_address_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    """Whoever reads it, person or program, finds it; the page is there."""
    port = free_port()
    async with demo(tmp_path, "--port", str(port)) as (started, visitor):
        async with aiohttp.ClientSession() as session, session.get(visitor.url) as page:
            assert page.status == 200
        world = await visitor.get("/sim/world", **{"as": "U0ALICE"})
        started.signal(signal.SIGINT)
        answer = await started.ended()

    assert visitor.url == f"http://127.0.0.1:{port}"
    assert [line for line in answer.out.splitlines() if URL.search(line)] == [visitor.url]
    assert (world["mode"], world["connections"] > 0) == ("socket", True)
    assert (answer.code, answer.err) == (0, "")


async def test_commands_work_beside_it(tmp_path: Path) -> None:
    """The doctor, too: its folder has all the settings that a server needs."""
    async with demo(tmp_path, "--port", str(free_port())):
        found = await call(tmp_path / ".demo", "doctor")

    assert (found.code, found.err) == (0, ""), found.out
    assert "Socket Mode" in found.out


async def test_nothing_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    """The question, its message and the run are there after kill -9, and the run goes on."""
    options = ("--port", str(free_port()))
    out, beside = tmp_path / "out.jsonl", tmp_path / ".demo"

    async def is_delivered() -> bool:
        (approval,) = json.loads((await call(beside, "pending", "--json")).out)
        return approval["delivered_at"] is not None

    async with demo(tmp_path, *options) as (started, visitor):
        await visitor.command(f"/signoff run publish-article topic=tea out={out}")
        before = await visitor.messages("Publish “tea”?")
        # Killed earlier, nothing is lost either, but the sender's lease has to run out first.
        await until(is_delivered)
        started.signal(signal.SIGKILL)
        await started.ended()
    async with demo(tmp_path, *options) as (started, visitor):
        after = await visitor.messages("Publish “tea”?")
        (ref,) = re.findall(r"a-[0-9A-Z]{7}", (await call(beside, "pending")).out)
        decided = await call(beside, "decide", ref, "approve", "--as", "U0BOB")
        shown = await visitor.messages("Approved by")

        async def is_published() -> bool:
            return out.exists() and out.read_text().endswith("\n")

        await until(is_published)
        started.signal(signal.SIGINT)
        await started.ended()

    assert before.count("Publish “tea”?") == after.count("Publish “tea”?")
    assert (decided.code, decided.err) == (0, "")
    assert "Approved by" in shown
    assert len(out.read_text().splitlines()) == 1


async def test_a_rollout_goes_from_the_page_to_the_command_line(tmp_path: Path) -> None:
    """Started by Alice in the page; decided in two stages, looked at and ended by commands."""
    beside = tmp_path / ".demo"

    async def pending() -> list[str]:
        found = json.loads((await call(beside, "pending", "--json")).out)
        return [each["ref"] for each in found]

    async def is_asked_twice() -> bool:
        return len(await pending()) == 2

    async with demo(tmp_path, "--port", str(free_port())) as (_, visitor):
        await visitor.command("/signoff run rollout service=shop version=1.4.2")
        await visitor.messages("Roll shop 1.4.2 out?")
        (ref,) = await pending()
        for person in ("U0BOB", "U0DAVE", "U0CAROL"):
            decided = await call(beside, "decide", ref, "approve", "--as", person)
            assert (decided.code, decided.err) == (0, "")
        await until(is_asked_twice)
        await visitor.messages("Is eu healthy with shop 1.4.2?")
        both = await call(beside, "decide", *await pending(), "approve", "--as", "U0DAVE")
        (run,) = set(re.findall(r"r-[0-9A-Z]{7}", both.out))
        news = ("--value", "url=https://example.com/news")
        sent = await call(beside, "signal", run, "announced", *news)
        watched = await call(beside, "watch", run)

    assert (both.code, sent.code, watched.code) == (0, 0, 0)
    assert watched.out.splitlines()[-1] == f"{run} rollout: completed"


async def test_fresh_forgets(tmp_path: Path) -> None:
    """A fresh demo has no runs and no messages."""
    options = ("--port", str(free_port()))
    async with demo(tmp_path, *options) as (started, visitor):
        await visitor.command("/signoff run publish-article topic=tea")
        await visitor.messages("Publish “tea”?")
        started.signal(signal.SIGINT)
        await started.ended()
    async with demo(tmp_path, *options, "--fresh") as (_, visitor):
        messages = await visitor.get("/sim/messages", **{"as": "U0ALICE"}, channel=CHANNEL)
        runs = await call(tmp_path / ".demo", "runs")

    assert messages["messages"] == []
    assert runs.out == "No runs."


async def test_a_taken_port_is_replaced_and_said(tmp_path: Path) -> None:
    """Two demos in two folders get in nobody's way."""
    port = str(free_port())
    async with demo(tmp_path, "--port", port) as (_, first):
        other = ("--port", port, "--dir", "other")
        async with demo(tmp_path, *other) as (started, second):
            said = await started.line(lambda line: "taken" in line)

    assert first.url != second.url
    assert port in said


async def test_a_second_demo_in_the_folder_is_refused(tmp_path: Path) -> None:
    """Two bots on one workspace would be confusing, so there is one."""
    async with demo(tmp_path, "--port", str(free_port())):
        answer = await call(tmp_path, "demo", "--port", str(free_port()))

    assert answer.code == 2
    assert len(answer.lines) == 1
    assert "another demo runs" in answer.err


async def test_it_stops_quickly_with_a_page_open(tmp_path: Path) -> None:
    """An open page holds a stream of events, and is no reason to wait."""
    port = str(free_port())
    async with demo(tmp_path, "--port", port) as (started, visitor):
        url = f"{visitor.url}/sim/events?as=U0ALICE"
        async with aiohttp.ClientSession() as session, session.get(url) as stream:
            assert stream.status == 200
            asked_at = time.monotonic()
            started.signal(signal.SIGINT)
            answer = await started.ended()
            took = time.monotonic() - asked_at

    assert answer.code == 0
    assert took < 5


async def test_several_workspaces_begin_without_the_bot(tmp_path: Path) -> None:
    """The page leads to the bot's own install page, and the commands beside the demo work."""
    options = ("--port", str(free_port()), "--workspaces")
    async with demo(tmp_path, *options) as (_, visitor):
        world = await visitor.get("/sim/world", **{"as": "U1ALICE"})
        async with (
            aiohttp.ClientSession() as session,
            session.get(world["install_url"]) as answer,
        ):
            page = await answer.text()
        pending = await call(tmp_path / ".demo", "pending")

    assert [team["is_installed"] for team in world["teams"]] == [False] * 4
    assert "Add to Slack" in page
    assert (pending.code, pending.err) == (0, "")
