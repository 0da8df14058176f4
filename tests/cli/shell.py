"""Calling `signoff`: in this process, which is quick, or as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from bot.cli import cli
from bot.cli.session import beside_server
from orchestrator.store import Run

#: Seconds for anything that a process does; machines that run tests may be slow.
PATIENCE = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


class Shell:
    """Calls commands in this process, in the current folder and environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, stdin: str = "") -> Answer:
        """Call a command; what it does not catch is raised here."""
        result = CliRunner().invoke(
            cli, arguments, input=stdin, prog_name="signoff", catch_exceptions=False
        )
        return Answer(code=result.exit_code, out=result.stdout, err=result.stderr)

    def with_graphs(self, graphs: Path) -> Shell:
        """Use other graphs from now on, until the test ends."""
        os.environ["SIGNOFF_GRAPHS"] = str(graphs)
        return self

    def start(self, *arguments: str) -> str:
        """Start a run, have this process run it until it rests, and return its reference."""
        ref: str = self("run", *arguments, "--wait", "--json").json["ref"]
        return ref

    def pending(self) -> str:
        """Return the reference of the one open approval."""
        (approval,) = self("pending", "--json").json
        ref: str = approval["ref"]
        return ref

    def ask(self, graph: str, *arguments: str) -> str:
        """Start a run that asks one thing, and return the approval's reference."""
        run = self.start(graph, *arguments)
        (approval,) = self("pending", "--run", run, "--json").json
        ref: str = approval["ref"]
        return ref

    def approval(self, ref: str) -> Any:
        """Return an approval's document."""
        return self("approval", ref, "--json").json

    def finish(self, ref: str) -> Any:
        """Serve until the run of an approval is over; return the run's document."""
        return self.serve(self.approval(ref)["run"]["id"], lambda run: run.finished_at is not None)

    def serve(self, run: str, predicate: Callable[[Run], bool]) -> Any:
        """Serve until the predicate holds for a run; return the run's document."""

        async def work() -> None:
            async with beside_server(needs_graphs=True) as desk, desk.engine:
                await desk.engine.wait_until(run, predicate, timeout=PATIENCE)

        asyncio.run(work())
        return self("show", run, "--json").json


class Process:
    """A `signoff` process; everything that it writes is kept."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lines: list[str] = []
        self._errors: list[str] = []
        self._changed = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(process.stdout, self._lines)),
            asyncio.create_task(self._read(process.stderr, self._errors)),
        ]

    async def _read(self, stream: asyncio.StreamReader | None, lines: list[str]) -> None:
        assert stream is not None
        while line := await stream.readline():
            lines.append(line.decode().rstrip("\n"))
            self._changed.set()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    async def line(self, matches: Callable[[str], object]) -> str:
        """Wait for a line on stdout."""
        return await self._line(self._lines, matches)

    async def error(self, matches: Callable[[str], object]) -> str:
        """Wait for a line on stderr."""
        return await self._line(self._errors, matches)

    async def _line(self, lines: list[str], matches: Callable[[str], object]) -> str:
        async with asyncio.timeout(PATIENCE):
            while True:
                self._changed.clear()
                if found := next((line for line in lines if matches(line)), None):
                    return found
                if self._process.returncode is not None:
                    raise AssertionError(f"it ended: {self._lines} {self._errors}")
                try:
                    async with asyncio.timeout(0.2):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def ended(self) -> Answer:
        """Wait until it has ended."""
        async with asyncio.timeout(PATIENCE):
            code = await self._process.wait()
            await asyncio.gather(*self._readers)
        return Answer(code=code, out="\n".join(self._lines), err="\n".join(self._errors))

    async def close(self) -> None:
        """Kill it if it is still there."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()


@asynccontextmanager
async def process(folder: Path, *arguments: str, **settings: str) -> AsyncIterator[Process]:
    """Start `signoff` in a folder with these settings and no others; kill it at the end."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLACK_", "SIGNOFF_"))
    }
    started = Process(
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            cwd=folder,
            env=inherited | settings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # A shell lets what it starts in the background ignore it, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    )
    try:
        yield started
    finally:
        await started.close()


async def call(folder: Path, *arguments: str, **settings: str) -> Answer:
    """Call `signoff` as a process and wait for its end."""
    async with process(folder, *arguments, **settings) as started:
        return await started.ended()


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait for something outside of this process, which can tell nobody when it changes."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.05)


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
