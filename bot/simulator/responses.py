"""Messages that the app sends back: through a response_url or in its acknowledgement.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.simulator.blockkit import message_faults
from bot.simulator.errors import ApiError
from bot.simulator.posting import Draft, delete, edit, post_as_app
from bot.simulator.site import Site
from bot.simulator.workspace import Workspace

MAX_USES = 5
_NOT_FOUND = 404
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer goes: to whom, in which channel, and what it may replace."""

    channel: str
    user: str
    source: str | None = None
    thread_ts: str | None = None


def say_back(workspace: Workspace, place: Place, body: Mapping[str, Any]) -> None:
    """Post, replace or delete what the app asks for in its answer.

    Raises:
        ApiError: Slack would refuse the message.
    """
    channel = workspace.world.channels[place.channel]
    original = None
    if place.source is not None:
        original = workspace.world.find_post(place.channel, place.source)
    if body.get("delete_original"):
        if original is not None:
            delete(workspace, original)
        return
    draft = _draft(place, body)
    if body.get("replace_original") and original is not None:
        edit(workspace, original, {"text": draft.text, "blocks": draft.blocks})
        return
    is_public = body.get("response_type") == "in_channel"
    post_as_app(workspace, channel, draft, audience=None if is_public else place.user)


def _draft(place: Place, body: Mapping[str, Any]) -> Draft:
    blocks, attachments = body.get("blocks"), body.get("attachments")
    text = body.get("text") or ""
    if not isinstance(text, str):
        raise ApiError("invalid_payload")
    if blocks is not None:
        faults = message_faults(blocks)
        if faults:
            raise ApiError.with_messages("invalid_blocks", faults)
    if not (text or blocks or attachments):
        raise ApiError("no_text")
    metadata = body.get("metadata")
    return Draft(
        text=text,
        blocks=blocks or None,
        attachments=attachments or None,
        metadata=dict(metadata) if isinstance(metadata, Mapping) else None,
        thread_ts=body.get("thread_ts") or place.thread_ts,
    )


async def receive_response(site: Site, request: web.Request) -> web.StreamResponse:
    """Serve a response_url: five uses, thirty minutes."""
    raw = await request.text()
    workspace = site.workspaces.get(request.match_info["team"], site.main)
    if site.faults.is_away and request.transport is not None:
        request.transport.abort()
        return web.Response(status=503)
    body: Any = None
    try:
        body = _parse(request, raw)
        _use(workspace, request.path, body)
    except ApiError as error:
        status, text = error.status, error.code
        details = error.fields
    else:
        status, text, details = 200, "ok", {}
    workspace.save()
    is_ok = status == web.HTTPOk.status_code
    workspace.log.add(
        "api",
        "response_url",
        status="ok" if is_ok else "error",
        summary="" if is_ok else text,
        request=body,
        response={"status": status, "text": text, **details},
    )
    workspace.log.record(
        {"what": "response", "path": request.path, "body": body, "status": status, "text": text}
    )
    return web.Response(status=status, text=text)


def _parse(request: web.Request, raw: str) -> Any:
    if request.content_type == "application/x-www-form-urlencoded":
        raise ApiError("invalid_payload", status=_BAD_REQUEST)
    try:
        body = json.loads(raw)
    except ValueError:
        raise ApiError("invalid_payload", status=_BAD_REQUEST) from None
    if not isinstance(body, dict):
        raise ApiError("invalid_payload", status=_BAD_REQUEST)
    return body


def _use(workspace: Workspace, path: str, body: Mapping[str, Any]) -> None:
    url = workspace.world.response_urls.get(path)
    if url is None:
        raise ApiError("no_such_url", status=_NOT_FOUND)
    if workspace.clock() - url.at > workspace.timing.response_url:
        raise ApiError("expired_url", status=_NOT_FOUND)
    if url.uses >= MAX_USES:
        raise ApiError("used_url", status=_NOT_FOUND)
    place = Place(channel=url.channel, user=url.user, source=url.source, thread_ts=url.thread_ts)
    try:
        say_back(workspace, place, body)
    except ApiError as error:
        raise ApiError(error.code, fields=error.fields, status=_BAD_REQUEST) from None
    url.uses += 1
    workspace.world.put(url)
