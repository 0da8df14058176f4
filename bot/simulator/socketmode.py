"""Socket Mode: tickets, connections, envelopes and their acknowledgements.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from bot.simulator.delivery import Ack, Outgoing
from bot.simulator.log import LogEntry
from bot.simulator.tokens import opaque
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID

MAX_CONNECTIONS = 10
_CLOSING = 1.0
"""Seconds that the app gets to take part in closing a connection."""
_LIFETIME = 3600
"""Seconds that `hello` announces."""


@dataclass(frozen=True, slots=True, eq=False)
class _Connection:
    """One WebSocket of the app, with the request that it grew out of."""

    socket: web.WebSocketResponse
    request: web.Request


@dataclass(slots=True, eq=False)
class _Waiting:
    """A payload that was sent and is not acknowledged yet."""

    answer: asyncio.Future[Any]
    sent_at: float
    entry: LogEntry | None = None
    envelopes: list[str] = field(default_factory=list)


class SocketMode:
    """The app's WebSocket connections."""

    def __init__(self, workspace: Workspace, *, refresh_every: float | None = None) -> None:
        self._workspace = workspace
        self._refresh_every = refresh_every
        self._tickets: dict[str, float] = {}
        self._connections: list[_Connection] = []
        self._waiting: dict[str, _Waiting] = {}
        self._turn = 0

    @property
    def connections(self) -> int:
        """How many connections the app holds."""
        return len(self._connections)

    def issue_url(self) -> str:
        """Return a fresh WebSocket address, good for one connection."""
        number = self._workspace.world.count("ticket")
        ticket = f"{number}-{opaque(number)}"
        self._tickets[ticket] = self._workspace.clock()
        address = self._workspace.url.replace("http://", "ws://", 1)
        return f"{address}/link?ticket={ticket}&app_id={APP_ID}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection of the app until it ends."""
        if self._workspace.faults.is_away and request.transport is not None:
            request.transport.abort()
            return web.Response(status=503)
        issued_at = self._tickets.pop(request.query.get("ticket", ""), None)
        if issued_at is None or self._is_stale(issued_at):
            self._note("refused", status="error", summary="unknown, used or expired ticket")
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        socket = web.WebSocketResponse(heartbeat=self._workspace.timing.ping, timeout=_CLOSING)
        await socket.prepare(request)
        connection = _Connection(socket, request)
        if len(self._connections) >= MAX_CONNECTIONS:
            await self._send_disconnect(connection, "too_many_websockets")
            await socket.close()
            return socket
        self._connections.append(connection)
        self._note("connected", summary=f"{self.connections} open")
        try:
            await socket.send_json(self._hello())
            self._workspace.changes.publish({"type": "world"})
            await self._serve(connection)
        finally:
            self._forget(connection)
            self._note("disconnected", summary=f"{self.connections} open")
            self._workspace.changes.publish({"type": "world"})
        return socket

    async def disconnect(self, reason: str) -> None:
        """Send every connection a disconnect frame; all but `warning` close it."""
        for connection in list(self._connections):
            await self._send_disconnect(connection, reason)
            if reason != "warning":
                self._forget(connection)
                await connection.socket.close()

    def drop(self) -> None:
        """Break every connection without a word, as a network failure does."""
        for connection in list(self._connections):
            self._forget(connection)
            if connection.request.transport is not None:
                connection.request.transport.abort()
        self._note("dropped", status="error", summary="all connections broken")

    async def close(self) -> None:
        """Close every connection, as at the end of the simulation."""
        for connection in list(self._connections):
            self._forget(connection)
            await connection.socket.close()
        for waiting in self._waiting.values():
            waiting.answer.cancel()
        self._waiting.clear()

    async def deliver(self, outgoing: Outgoing) -> Ack:
        """Send a payload and, unless acknowledged in time, send it again.

        Every repetition is an envelope of its own with the same payload; an acknowledgement
        of any of them counts, whichever connection it arrives on.
        """
        timing = self._workspace.timing
        loop = asyncio.get_running_loop()
        waiting = _Waiting(loop.create_future(), loop.time())
        error, attempts = "timeout", 0
        try:
            for attempt in range(timing.redeliveries + 1):
                sent = await self._attempt(outgoing, waiting, attempt)
                attempts += sent
                if not sent:
                    error = "no_connection"
                    break
                try:
                    async with asyncio.timeout(timing.ack):
                        body = await asyncio.shield(waiting.answer)
                except TimeoutError:
                    if waiting.entry is not None:
                        self._settle(waiting.entry, "timeout", waiting)
                    continue
                used = body if outgoing.takes_answer else None
                ms = (loop.time() - waiting.sent_at) * 1000
                return Ack(ok=True, body=used, ms=ms, attempts=attempts)
        finally:
            for envelope_id in waiting.envelopes:
                self._waiting.pop(envelope_id, None)
        ms = (loop.time() - waiting.sent_at) * 1000
        return Ack(ok=False, ms=ms, error=error, attempts=attempts)

    async def _attempt(self, outgoing: Outgoing, waiting: _Waiting, attempt: int) -> int:
        number = self._workspace.world.count("envelope")
        envelope_id = f"{number:08x}-0000-4000-8000-{number:012x}"
        frame = _frame(outgoing, envelope_id, attempt)
        waiting.entry = self._workspace.log.add(
            "envelope",
            outgoing.name,
            status="pending",
            summary=outgoing.summary if not attempt else f"retry {attempt}: {outgoing.summary}",
            request=frame,
        )
        waiting.envelopes.append(envelope_id)
        self._waiting[envelope_id] = waiting
        copies = 2 if self._workspace.faults.take_duplicate() else 1
        for _ in range(copies):
            if not await self._send(frame):
                self._settle(waiting.entry, "error", waiting, summary="the app is not connected")
                return 0
        self._workspace.log.record({"what": "envelope", "transport": "socket", "frame": frame})
        return 1

    async def _send(self, frame: dict[str, Any]) -> bool:
        text = json.dumps(frame)
        while True:
            try:
                connection = await self._workspace.changes.until(
                    self._next_connection, timeout=self._workspace.timing.connect
                )
            except TimeoutError:
                return False
            if connection is None:
                return False
            try:
                await connection.socket.send_str(text)
            except (ConnectionError, RuntimeError):
                self._forget(connection)
                continue
            return True

    def _next_connection(self) -> _Connection | None:
        alive = [item for item in self._connections if not item.socket.closed]
        if not alive:
            return None
        self._turn += 1
        return alive[self._turn % len(alive)]

    async def _serve(self, connection: _Connection) -> None:
        async with asyncio.TaskGroup() as group:
            refresher = None
            if self._refresh_every is not None:
                refresher = group.create_task(self._refresh(connection, self._refresh_every))
            async for message in connection.socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(str(message.data))
            if refresher is not None:
                refresher.cancel()

    async def _refresh(self, connection: _Connection, after: float) -> None:
        await asyncio.sleep(after)
        await self._send_disconnect(connection, "warning")
        await asyncio.sleep(self._workspace.timing.refresh_warning)
        await self._send_disconnect(connection, "refresh_requested")
        self._forget(connection)
        await connection.socket.close()

    def _receive(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            frame = None
        if not isinstance(frame, dict) or not isinstance(frame.get("envelope_id"), str):
            self._note("unreadable frame", status="error", summary=text[:200])
            return
        self._workspace.log.record({"what": "ack", "frame": frame})
        waiting = self._waiting.get(frame["envelope_id"])
        if waiting is None or waiting.answer.done():
            self._workspace.log.add(
                "ack",
                "late or repeated",
                status="error" if waiting is None else "ok",
                summary=frame["envelope_id"],
                request=frame,
            )
            return
        waiting.answer.set_result(frame.get("payload"))
        if waiting.entry is not None:
            self._settle(waiting.entry, "ok", waiting, response=frame)

    def _settle(self, entry: LogEntry, status: str, waiting: _Waiting, **fields: Any) -> None:
        now = asyncio.get_running_loop().time()
        self._workspace.log.settle(
            entry, status=status, ms=(now - waiting.sent_at) * 1000, **fields
        )

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": self.connections,
            "debug_info": {
                "host": "applink-simulator",
                "build_number": 1,
                "approximate_connection_time": int(self._refresh_every or _LIFETIME),
            },
            "connection_info": {"app_id": APP_ID},
        }

    async def _send_disconnect(self, connection: _Connection, reason: str) -> None:
        frame = {
            "type": "disconnect",
            "reason": reason,
            "num_connections": self.connections,
            "debug_info": {"host": "applink-simulator"},
            "connection_info": {"app_id": APP_ID},
        }
        self._note("disconnect", summary=reason, request=frame)
        self._workspace.log.record({"what": "frame", "frame": frame})
        try:
            await connection.socket.send_json(frame)
        except (ConnectionError, RuntimeError):
            self._forget(connection)

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    def _is_stale(self, issued_at: float) -> bool:
        return self._workspace.clock() - issued_at > self._workspace.timing.ticket

    def _note(self, name: str, **fields: Any) -> None:
        self._workspace.log.add("socket", name, **fields)


def _frame(outgoing: Outgoing, envelope_id: str, attempt: int) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "envelope_id": envelope_id,
        "payload": outgoing.body,
        "type": outgoing.kind,
        "accepts_response_payload": outgoing.takes_answer,
    }
    if outgoing.kind == "events_api" or attempt:
        frame["retry_attempt"] = attempt
        frame["retry_reason"] = "timeout" if attempt else ""
    return frame
