"""`signoff serve` as a process: how it starts, says how it is, and stops."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.simulator import Simulator
from tests.cli.conftest import FLOWS
from tests.cli.shell import PATIENCE, Process, call, free_port, process, until

CHANNEL = "C0APPROVALS"
#: Complete settings, of a workspace that nobody will ask.
ANY = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "SIGNOFF_CHANNEL": CHANNEL,
    "SIGNOFF_GRAPHS": str(FLOWS),
}


def settings_for(simulator: Simulator, folder: Path, *, port: int) -> dict[str, str]:
    """Return the settings of a server that talks to this workspace."""
    secret = (
        {"SLACK_APP_TOKEN": simulator.app_token}
        if simulator.mode == "socket"
        else {"SLACK_SIGNING_SECRET": simulator.signing_secret}
    )
    return secret | {
        "SLACK_BOT_TOKEN": simulator.bot_token,
        "SLACK_API_URL": simulator.url,
        "SIGNOFF_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'signoff.db'}",
        "SIGNOFF_GRAPHS": str(FLOWS),
        "SIGNOFF_CHANNEL": CHANNEL,
        "SIGNOFF_PORT": str(port),
    }


async def health(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """Ask a health route."""
    url = f"http://127.0.0.1:{port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


async def until_ready(port: int) -> None:
    """Wait until the server says that it is ready."""

    async def is_ready() -> bool:
        return (await health(port, "/readyz"))[0] == 200

    await until(is_ready)


@asynccontextmanager
async def server(folder: Path, **settings: str) -> AsyncIterator[Process]:
    """Serve on a migrated database."""
    assert (await call(folder, "migrate", **settings)).code == 0
    async with process(folder, "serve", **settings) as started:
        await started.line(lambda line: line.startswith("Serving at "))
        yield started


async def test_missing_settings_are_one_line_each(tmp_path: Path) -> None:
    """All of them at once, code 2, no traceback."""
    answer = await call(tmp_path, "serve")

    assert (answer.code, answer.out) == (2, "")
    assert [line.split()[1] for line in answer.lines] == [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SIGNOFF_CHANNEL",
        "SIGNOFF_GRAPHS",
    ]
    assert all(line.startswith("signoff: ") for line in answer.lines)


async def test_a_graph_that_cannot_be_loaded_keeps_the_server_from_starting(
    tmp_path: Path,
) -> None:
    """The line says where in the file."""
    broken = tmp_path / "broken.py"
    broken.write_text("from orchestrator import GraphBuilder\n\nGraphBuilder('x').nothing()\n")

    answer = await call(tmp_path, "serve", **ANY | {"SIGNOFF_GRAPHS": str(broken)})

    assert answer.code == 2
    assert len(answer.lines) == 1
    assert f"{broken}:3: AttributeError" in answer.err


async def test_an_unmigrated_database_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """Code 3, one line."""
    answer = await call(tmp_path, "serve", **ANY)

    assert answer.code == 3
    assert answer.lines == ["signoff: the database has no tables yet; run `signoff migrate`"]


async def test_who_starts_a_run_by_an_address_is_stored_by_the_id(tmp_path: Path) -> None:
    """Else four eyes would not know them again when they approve."""
    async with Simulator() as simulator:
        settings = settings_for(simulator, tmp_path, port=0)
        await call(tmp_path, "migrate", **settings)
        known = await call(
            tmp_path, "run", "quick", "what=tea", "--as", "bob@example.com", "--json", **settings
        )
        unknown = await call(
            tmp_path, "run", "quick", "what=tea", "--as", "nobody@example.com", **settings
        )

    assert (known.code, known.json["requester"]) == (0, "U0BOB")
    assert (unknown.code, unknown.out, len(unknown.lines)) == (1, "", 1)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_slack_and_commands_meet_in_one_run(mode: str, tmp_path: Path) -> None:
    """Started in Slack, decided by a command beside the server, shown in Slack."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events"
    async with Simulator(request_url=url if mode == "http" else None) as simulator:
        settings = settings_for(simulator, tmp_path, port=port)
        async with server(tmp_path, **settings) as serving:
            await until_ready(port)
            ack = await simulator.command("U0ALICE", CHANNEL, "/signoff run grouped what=tea")
            assert ack.ok
            await simulator.until(lambda: simulator.messages(CHANNEL), timeout=PATIENCE)
            pending = await call(tmp_path, "pending", "--json", **settings)
            (approval,) = json.loads(pending.out)
            decided = await call(
                tmp_path,
                "decide",
                approval["ref"],
                "approve",
                "--as",
                "bob@example.com",
                **settings,
            )
            await simulator.until(
                lambda: "Approved" in json.dumps(simulator.messages(CHANNEL)), timeout=PATIENCE
            )
            guest = await call(
                tmp_path, "decide", approval["ref"], "approve", "--as", "U0GUEST", **settings
            )
            serving.signal(signal.SIGTERM)
            stopped = await serving.ended()

    assert decided.code == 0
    assert (guest.code, len(guest.lines)) == (1, 1)
    assert stopped.code == 0
    assert "Traceback" not in stopped.err


@pytest.mark.slow
async def test_a_question_of_a_command_is_posted_by_the_server(tmp_path: Path) -> None:
    """A command records; whoever serves takes the run on and sends the message."""
    async with Simulator() as simulator:
        settings = settings_for(simulator, tmp_path, port=free_port())
        async with server(tmp_path, **settings):
            started = await call(
                tmp_path, "run", "grouped", "what=tea", "--as", "U0ALICE", **settings
            )
            await simulator.until(lambda: simulator.messages(CHANNEL), timeout=PATIENCE)

    assert started.code == 0


@pytest.mark.slow
async def test_health_tells_that_slack_is_away(tmp_path: Path) -> None:
    """The process is alive and not ready, and says which part is missing."""
    port = free_port()
    async with Simulator() as simulator:
        settings = settings_for(simulator, tmp_path, port=port)
    settings["SLACK_API_URL"] = f"http://127.0.0.1:{free_port()}"  # nobody listens there
    async with server(tmp_path, **settings) as serving:
        alive, ready = await health(port, "/healthz"), await health(port, "/readyz")
        serving.signal(signal.SIGINT)
        stopped = await serving.ended()

    assert (alive[0], ready[0]) == (200, 503)
    assert {name: check["ok"] for name, check in ready[1]["checks"].items()} == {
        "database": True,
        "scheduler": True,
        "slack": False,
    }
    assert stopped.code == 0


@pytest.mark.slow
async def test_health_tells_that_the_database_takes_no_writes(tmp_path: Path) -> None:
    """Another program that holds the database is seen, and also when it lets go."""
    port = free_port()
    async with Simulator() as simulator:
        settings = settings_for(simulator, tmp_path, port=port)
        async with server(tmp_path, **settings):
            await until_ready(port)
            other = sqlite3.connect(tmp_path / "signoff.db", isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            status, document = await health(port, "/readyz")
            other.execute("ROLLBACK")
            other.close()
            await until_ready(port)

    assert status == 503
    assert document["checks"]["database"]["ok"] is False


@pytest.mark.slow
async def test_a_taken_port_is_told_and_nothing_is_started(tmp_path: Path) -> None:
    """One line with the settings to change, code 2, and Slack was not connected."""
    async with Simulator() as simulator:
        taken = int(simulator.url.rpartition(":")[2])
        settings = settings_for(simulator, tmp_path, port=taken)
        await call(tmp_path, "migrate", **settings)
        answer = await call(tmp_path, "serve", SIGNOFF_LOG="json", **settings)
        names = [entry.name for entry in simulator.log]

    complaints = [line for line in answer.lines if line.startswith("signoff: ")]
    assert answer.code == 2
    assert len(complaints) == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in complaints[0]
    assert "apps.connections.open" not in names
