"""HTTP mode: the one route that Slack calls, for an aiohttp application."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.transport.verification import MalformedError, UnverifiedError, check_shape, verify

if TYPE_CHECKING:
    from bot.slack.app import SlackSurface

PATH = "/slack/events"
#: Bytes. Slack's largest bodies hold a view of 250 kB.
LIMIT = 1_000_000
_log = structlog.get_logger(__name__)


def routes(surface: SlackSurface) -> list[web.RouteDef]:
    """Return the routes for HTTP mode; none when there is no signing secret."""
    if surface.signing_secret is None:
        return []
    return [web.post(PATH, Endpoint(surface.bolt, surface.signing_secret).handle)]


class Endpoint:
    """Lets through what Slack has signed. Strangers learn nothing and leave no traceback."""

    def __init__(self, bolt: AsyncApp, signing_secret: str) -> None:
        self._bolt = bolt
        self._secret = signing_secret

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        try:
            body = await _read(request)
        except web.RequestPayloadError:
            return _error(400, "the body cannot be read")
        if body is None:
            return _error(413, "the body is too large")
        try:
            verify(request.headers, body, secret=self._secret, now=time.time())
        except UnverifiedError as exc:
            _log.warning("slack_request_refused", reason=str(exc), remote=request.remote)
            return _error(401, "invalid request")
        try:
            text = check_shape(body, request.content_type)
        except MalformedError as exc:
            _log.warning("slack_request_malformed", reason=str(exc))
            return _error(400, str(exc))
        return await self._dispatch(request, text)

    async def _dispatch(self, request: web.Request, text: str) -> web.StreamResponse:
        try:
            bolt_request = AsyncBoltRequest(
                body=text, query=request.query_string, headers=dict(request.headers)
            )
            response = await self._bolt.async_dispatch(bolt_request)
            return await to_aiohttp_response(response)
        except Exception:  # noqa: BLE001 - a stranger gets an id, the log gets the rest
            incident = secrets.token_hex(4)
            _log.exception("slack_request_failed", incident=incident)
            return _error(500, f"incident {incident}")


async def _read(request: web.Request) -> bytes | None:
    """Read the body, or return None when it is too large; no more than that is held."""
    if (request.content_length or 0) > LIMIT:
        return None
    body = bytearray()
    async for chunk in request.content.iter_chunked(65_536):
        body += chunk
        if len(body) > LIMIT:
            return None
    return bytes(body)


def _error(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)
