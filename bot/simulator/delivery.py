"""Handing payloads to the app and waiting for its acknowledgement.

How they travel is the transport's business: socketmode.py or callbacks.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from bot.simulator import payloads
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """How the app answered one payload.

    Attributes:
        ok: It acknowledged in time and Slack could use the answer.
        body: The answer's JSON, `{"text": …}` for plain text, or None.
        ms: Time from the first delivery to the answer.
        error: Why it failed, in a word: `timeout`, `no_connection`, `http_500`, …
        attempts: How often the payload was sent.
        errors: Texts under the inputs of a modal that was not accepted, by block.
    """

    ok: bool
    body: Any = None
    ms: float = 0.0
    error: str | None = None
    attempts: int = 1
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One payload on its way to the app.

    `kind` is the Socket Mode type: `slash_commands`, `interactive` or `events_api`.
    """

    kind: str
    name: str
    body: dict[str, Any]
    takes_answer: bool = False
    summary: str = ""


class Transport(Protocol):
    """Carries payloads to the app."""

    async def deliver(self, outgoing: Outgoing) -> Ack:
        """Send a payload, again where Slack would, and return the answer."""

    async def close(self) -> None:
        """Drop all connections."""


class Delivery:
    """Sends payloads over the transport, events in the background."""

    def __init__(self, workspace: Workspace, transport: Transport) -> None:
        self._workspace = workspace
        self._transport = transport
        self._tasks: set[asyncio.Task[Any]] = set()
        workspace.emit = self.emit

    async def send(self, outgoing: Outgoing) -> Ack:
        """Deliver an interaction or a command and return the app's answer.

        The world is made durable first: a trigger or a response_url that the app has seen is
        known after a crash too.
        """
        workspace = self._workspace
        if not workspace.team.is_installed:
            return Ack(ok=False, error="not_installed", attempts=0)
        workspace.save()
        body = payloads.stamped(outgoing.body, workspace.team)
        return await self._transport.deliver(replace(outgoing, body=body))

    def emit(self, subscription: str, event: dict[str, Any]) -> None:
        """Deliver an event in the background, if the manifest subscribes to it."""
        is_wanted = subscription in self._workspace.app.events
        if not is_wanted or not self._workspace.team.is_installed:
            return
        body = self._event_body(event)
        self._workspace.save()
        outgoing = Outgoing(kind="events_api", name=event["type"], body=body, summary=subscription)
        self.start(self._transport.deliver(outgoing))

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run something until it ends or the simulator stops."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until every event on its way is acknowledged or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop all background deliveries and the transport."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._transport.close()

    def _event_body(self, event: dict[str, Any]) -> dict[str, Any]:
        workspace = self._workspace
        number = workspace.world.count("event")
        channel = workspace.world.channels.get(str(event.get("channel")))
        body = {
            "token": "verification_token",
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{number:08d}",
            "event_time": int(workspace.clock()),
            "is_ext_shared_channel": channel is not None and bool(channel.connected_teams),
            "event_context": f"4-{event['type']}-{workspace.team.id}-{number}",
        }
        return payloads.stamped(body, workspace.team)
