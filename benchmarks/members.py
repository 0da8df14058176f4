"""The candidates' processes: started, told what to do one at a time, and stopped."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.candidates import Candidate
from benchmarks.environments import EnvironmentMissingError, python_of
from benchmarks.wire import Options

_ROOT = Path(__file__).parents[1]
_LINE = 2**24  # bytes that an answer may have
_GRACE = 15.0  # seconds that a process may take to stop
_PATIENCE = 900.0  # seconds for one answer
#: A server to use in place of one from a wheel; the tests use the same.
_SERVER = "SIGNOFF_TEST_POSTGRES"


class UnavailableError(Exception):
    """A candidate cannot take part; carries why."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A candidate with what it is set up with."""

    candidate: Candidate
    name: str  #: unique in a comparison
    state: int = 1_000
    stored: int = 0
    history: int = 0


class Process:
    """A child that answers each line of JSON or text with a line."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @classmethod
    async def start(cls, python: Path, module: str, arguments: Sequence[str], log: Path) -> Process:
        """Start a module of this repository under an interpreter."""
        with log.open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                python,
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=_ROOT,
                limit=_LINE,
            )
        return cls(process, log)

    async def read(self) -> str:
        """Return the next line.

        Raises:
            UnavailableError: The process ended, or says nothing.
        """
        if self._process.stdout is None:
            raise UnavailableError("it has no output")
        try:
            async with asyncio.timeout(_PATIENCE):
                line = await self._process.stdout.readline()
        except TimeoutError:
            raise UnavailableError(f"no answer within {_PATIENCE:.0f} s") from None
        if not line:
            last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            raise UnavailableError(last[0][:200] if last else "it ended")
        return line.decode().strip()

    async def write(self, line: str) -> None:
        """Send a line."""
        if self._process.stdin is not None:
            self._process.stdin.write(line.encode() + b"\n")
            with suppress(ConnectionError):
                await self._process.stdin.drain()

    async def stop(self) -> None:
        """End the input, and the process with it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class Member:
    """A case that takes part."""

    def __init__(self, case: Case, process: Process, greeting: dict[str, Any]) -> None:
        self.case = case
        self.version: str = greeting["version"]
        self.is_concurrent: bool = greeting["is_concurrent"]
        self._process = process

    async def phase(self, what: str, runs: Sequence[str], at_once: int) -> dict[str, Any]:
        """Have a phase carried out.

        Raises:
            UnavailableError: It broke.
        """
        await self._process.write(json.dumps({"what": what, "runs": runs, "at_once": at_once}))
        answer: dict[str, Any] = json.loads(await self._process.read())
        if "error" in answer:
            raise UnavailableError(answer["error"])
        return answer


class Field:
    """Starts members in one folder, beside one PostgreSQL server; all stop at its end."""

    def __init__(self, folder: Path, recordings: dict[int, Path]) -> None:
        self._folder = folder
        self._recordings = recordings
        self._stack = AsyncExitStack()
        self._server: Process | None = None

    async def start(self, case: Case) -> Member:
        """Start a member.

        Raises:
            UnavailableError: It cannot take part.
        """
        try:
            python = await asyncio.to_thread(python_of, case.candidate.environment)
        except EnvironmentMissingError as error:
            raise UnavailableError(str(error)) from error
        options = Options(
            database=await self._database(case),
            state=case.state,
            stored=case.stored,
            history=case.history,
            recording=str(self._recordings.get(case.state, "")),
        )
        candidate, log = case.candidate, self._folder / f"{case.name}.log"
        arguments = [*candidate.arguments, json.dumps(options.as_json())]
        process = await Process.start(python, candidate.module, arguments, log)
        self._stack.push_async_callback(process.stop)
        greeting = json.loads(await process.read())
        if "error" in greeting:
            raise UnavailableError(greeting["error"])
        return Member(case, process, greeting)

    async def _database(self, case: Case) -> str:
        if not case.candidate.is_postgres:
            return str(self._folder / f"{case.name}.db")
        if self._server is None:
            self._server = await self._serve()
        await self._server.write(case.name)
        return await self._server.read()

    async def _serve(self) -> Process:
        try:
            python = await asyncio.to_thread(python_of, "postgres")
        except EnvironmentMissingError as error:
            raise UnavailableError(f"no PostgreSQL: {error}") from error
        log = self._folder / "postgres.log"
        arguments = [os.environ.get(_SERVER, "")]
        process = await Process.start(python, "benchmarks.peers.postgres", arguments, log)
        self._stack.push_async_callback(process.stop)
        return process

    async def stop(self) -> None:
        """Stop all members, then the server."""
        await self._stack.aclose()


@asynccontextmanager
async def field(folder: Path, recordings: dict[int, Path]) -> AsyncIterator[Field]:
    """Use a folder for databases and logs, and remove it at the end."""
    made = Field(folder, recordings)
    try:
        yield made
    finally:
        await made.stop()
        shutil.rmtree(folder, ignore_errors=True)
