"""Handing payloads to the app and waiting for its acknowledgement.

How they travel is the transport's business: socketmode.py or callbacks.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, BOT_USER, TEAM_ID


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
        self._workspace.save()
        return await self._transport.deliver(outgoing)

    def emit(self, subscription: str, event: dict[str, Any]) -> None:
        """Deliver an event in the background, if the manifest subscribes to it."""
        if subscription not in self._workspace.app.events:
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
        authorization = {
            "enterprise_id": None,
            "team_id": TEAM_ID,
            "user_id": BOT_USER,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": "verification_token",
            "team_id": TEAM_ID,
            "context_team_id": TEAM_ID,
            "context_enterprise_id": None,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{number:08d}",
            "event_time": int(workspace.clock()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
            "event_context": f"4-{event['type']}-{TEAM_ID}-{number}",
        }
