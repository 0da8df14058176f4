"""The app's end of Socket Mode, bare: acknowledges at once and keeps what it got."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from bot.simulator import Simulator


class Wire:
    """One connection that acknowledges every envelope, unless told not to."""

    def __init__(self, sim: Simulator, session: aiohttp.ClientSession) -> None:
        self._sim = sim
        self._session = session
        self.frames: list[dict[str, Any]] = []
        self.answers: list[Any] = []
        """Payloads for the next envelopes that take one."""
        self.is_silent = False
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self._arrived = asyncio.Event()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The payloads of all envelopes so far."""
        return [frame["payload"] for frame in self.frames if "envelope_id" in frame]

    async def until_frame(self, kind: str) -> Any:
        """Return the newest frame of that type, once there is one."""
        async with asyncio.timeout(5):
            while True:
                for frame in reversed(self.frames):
                    if frame["type"] == kind:
                        return frame
                self._arrived.clear()
                await self._arrived.wait()

    async def url(self) -> str:
        """Ask for a WebSocket address."""
        headers = {"Authorization": f"Bearer {self._sim.app_token}"}
        async with self._session.post(
            f"{self._sim.api_url}apps.connections.open", headers=headers
        ) as answer:
            url: str = (await answer.json())["url"]
            return url

    async def run(self, url: str) -> None:
        """Connect and acknowledge until the connection ends."""
        async with self._session.ws_connect(url) as socket:
            self.socket = socket
            async for message in socket:
                frame = json.loads(message.data)
                self.frames.append(frame)
                self._arrived.set()
                if "envelope_id" in frame and not self.is_silent:
                    await socket.send_json(self.ack(frame))

    def ack(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Return the acknowledgement of a frame."""
        ack = {"envelope_id": frame["envelope_id"]}
        if frame["accepts_response_payload"] and self.answers:
            ack["payload"] = self.answers.pop(0)
        return ack


@asynccontextmanager
async def wired(sim: Simulator) -> AsyncIterator[Wire]:
    """Connect a wire to a simulator."""
    async with aiohttp.ClientSession() as session:
        wire = Wire(sim, session)
        task = asyncio.create_task(wire.run(await wire.url()))
        await sim.until(lambda: sim.connections == 1)
        try:
            yield wire
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
