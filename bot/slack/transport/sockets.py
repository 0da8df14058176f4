"""Socket Mode connections that heal.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.workspace.connection import library_log
from bot.slack.workspace.failures import describe

_FIRST_WAIT = 1.0  # seconds
_LONGEST_WAIT = 60.0  # seconds
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketTiming:
    """How connections are watched, in seconds."""

    ping: float = 10.0  #: between pings; also the client's wait between its own tries
    watch: float = 5.0  #: between looks at a connection
    patience: float = 15.0  #: that the client may take to reconnect by itself


class Sockets:
    """Several connections: while one reconnects, Slack uses another."""

    def __init__(
        self,
        app: AsyncApp,
        client: AsyncWebClient,
        *,
        app_token: str,
        count: int,
        timing: SocketTiming,
    ) -> None:
        self._app = app
        self._web_client = client
        self._app_token = app_token
        self._count = count
        self._timing = timing
        self.clients: list[SocketModeClient] = []
        self._watchers: list[asyncio.Task[None]] = []
        self._first = asyncio.Event()

    def connected(self) -> int:
        """Count the connections that are up."""
        return sum(_is_up(client) for client in self.clients)

    async def start(self, *, patience: float) -> None:
        """Open the connections, and wait up to `patience` seconds for the first one.

        Slack may be away: then this returns without one, and goes on trying.
        """
        self.clients = [self._make_client() for _ in range(self._count)]
        loop = asyncio.get_running_loop()
        self._watchers = [
            loop.create_task(self._keep(client), name=f"slack-socket-{number}")
            for number, client in enumerate(self.clients, start=1)
        ]
        try:
            async with asyncio.timeout(patience):
                await self._first.wait()
        except TimeoutError:
            _log.warning("slack_not_connected_yet", waited=patience)

    async def stop(self) -> None:
        """Close the connections."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        for client in self.clients:
            await client.close()  # type: ignore[no-untyped-call]  # slack_sdk annotates half
        left: list[Awaitable[Any]] = []
        for client in self.clients:
            parts = (client.message_processor, client.current_session_monitor)
            left += [part for part in (*parts, client.message_receiver) if part is not None]
        await asyncio.gather(*left, return_exceptions=True)

    def _make_client(self) -> SocketModeClient:
        client = SocketModeClient(
            self._app_token,
            logger=library_log,
            web_client=self._web_client,
            ping_interval=self._timing.ping,
        )
        client.socket_mode_request_listeners.append(self._handle)
        return client

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Let Bolt answer an envelope; without an answer Slack sends it again."""
        started = time.time()
        response = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, response, started)

    async def _keep(self, client: SocketModeClient) -> None:
        await self._connect(client)
        self._first.set()
        down_since: float | None = None
        while True:
            await asyncio.sleep(self._timing.watch)
            if _is_up(client):
                down_since = None
                continue
            down_since = down_since or time.monotonic()
            if time.monotonic() - down_since >= self._timing.patience:
                _log.warning("slack_socket_down", seconds=round(time.monotonic() - down_since))
                await self._renew(client)

    async def _connect(self, client: SocketModeClient) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                # Takes the client's lock, which a bare connect() would not.
                async with asyncio.timeout(self._timing.patience):
                    await client.connect_to_new_endpoint()
            except TimeoutError:
                _log.warning("slack_socket_refused", retry_in=0)
                continue
            except Exception as exc:  # noqa: BLE001 - whatever it is, trying goes on
                failure = describe(exc)
                wait = max(wait, failure.retry_after or 0.0)
                _log.error(
                    "slack_socket_failed", error=failure.code, fix=failure.fix, retry_in=wait
                )
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                return

    async def _renew(self, client: SocketModeClient) -> None:
        """Make the client ask for a new address.

        Once a server has refused a WebSocket address, the client tries that same address for ever,
        and holds its lock meanwhile (SocketModeClient.connect in slack_sdk 3.47). Such a loop asks
        for a new address when it finds none. A second loop beside it, which is what
        connect_to_new_endpoint(force=True) would start, could leave a connection that nobody reads.
        """
        if client.connect_operation_lock.locked():
            client.wss_uri = None
            return
        try:
            await client.connect_to_new_endpoint()
        except Exception as exc:  # noqa: BLE001 - the next look tries again
            failure = describe(exc)
            _log.error("slack_socket_failed", error=failure.code, fix=failure.fix)


def _is_up(client: SocketModeClient) -> bool:
    session = client.current_session
    return not client.closed and not client.stale and session is not None and not session.closed
