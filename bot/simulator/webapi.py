"""The Web API over HTTP: arguments, tokens, faults and answers.

What a method does is in the `api_…` modules.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.simulator import (
    api_chat,
    api_conversations,
    api_directory,
    api_files,
    api_oauth,
    api_schedule,
    api_views,
)
from bot.simulator.calls import Answer, Call, Method, missing_arguments
from bot.simulator.errors import ApiError
from bot.simulator.tokens import APP_TOKEN, BOT_TOKEN
from bot.simulator.workspace import Workspace

_SECRET = frozenset({"token", "client_secret", "code", "refresh_token"})
"""Arguments that are neither logged nor recorded."""


class WebApi:
    """Answers `/api/METHOD`."""

    def __init__(self, workspace: Workspace, *, connect: Callable[[], str] | None) -> None:
        """Set up the methods; `connect` returns a WebSocket address in Socket Mode."""
        self._workspace = workspace
        self._connect = connect
        self._tokens = {BOT_TOKEN: "bot", APP_TOKEN: "app"}
        self._methods: dict[str, Method] = {
            **api_chat.METHODS,
            **api_conversations.METHODS,
            **api_directory.METHODS,
            **api_files.METHODS,
            **api_oauth.METHODS,
            **api_schedule.METHODS,
            **api_views.METHODS,
            "apps.connections.open": Method(run=self._open_connection, token="app"),  # noqa: S106 - a kind of token
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call; durable before it is answered."""
        name = request.match_info["method"]
        workspace = self._workspace
        loop = asyncio.get_running_loop()
        started = loop.time()
        status, headers, args = 200, {}, {}
        method = self._methods.get(name)
        try:
            args = {**_basic(request), **await _arguments(request)}
            answer = self._answer(request, name, method, args)
        except ApiError as error:
            status, headers, answer = error.status, error.headers, error.answer()
        workspace.save()
        shown = {key: value for key, value in args.items() if key not in _SECRET}
        entry = workspace.log.add("api", name, status="pending", request=shown)
        if workspace.faults.slow_ms:
            await asyncio.sleep(workspace.faults.slow_ms / 1000)
        is_write = method is not None and method.is_write and bool(answer["ok"])
        is_lost = workspace.faults.take_lost_answer(name, is_write=is_write)
        workspace.log.settle(
            entry,
            status="ok" if answer["ok"] and not is_lost else "error",
            ms=(loop.time() - started) * 1000,
            response=answer,
            summary="the answer was lost" if is_lost else str(answer.get("error", "")),
        )
        workspace.log.record(
            {"what": "call", "method": name, "arguments": shown, "status": status, "answer": answer}
        )
        if is_lost and request.transport is not None:
            request.transport.abort()
        scopes = ",".join(workspace.app.scopes)
        return web.json_response(
            answer, status=status, headers={**headers, "x-oauth-scopes": scopes}
        )

    def _answer(
        self, request: web.Request, name: str, method: Method | None, args: dict[str, Any]
    ) -> Answer:
        if method is None:
            raise ApiError("unknown_method", fields={"req_method": name})
        faults = self._workspace.faults
        if faults.take_rate_limit(name):
            raise ApiError(
                "ratelimited", status=429, headers={"Retry-After": str(faults.retry_after)}
            )
        scopes = self._authorize(request, method, args)
        failure = faults.take_failure(name)
        if failure is not None:
            raise ApiError(failure)
        call = Call(workspace=self._workspace, method=name, args=args, scopes=scopes)
        if method.scope is not None:
            call.require_scope(method.scope)
        missing = missing_arguments(method, args)
        if missing:
            raise ApiError.with_messages("invalid_arguments", missing)
        return method.run(call)

    def _authorize(
        self, request: web.Request, method: Method, args: Mapping[str, Any]
    ) -> frozenset[str]:
        if method.token == "none":  # noqa: S105 - a kind of token
            return frozenset()
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = str(args.get("token") or "")
        if not token:
            raise ApiError("not_authed")
        kind = self._tokens.get(token.strip())
        if kind is None:
            raise ApiError("invalid_auth")
        if kind != method.token:
            raise ApiError("not_allowed_token_type")
        if kind == "bot" and not self._workspace.is_installed:
            raise ApiError("account_inactive")
        return frozenset(self._workspace.app.scopes) if kind == "bot" else frozenset()

    def _open_connection(self, _call: Call) -> Answer:
        if self._connect is None:
            raise ApiError("forbidden_team")
        return {"ok": True, "url": self._connect()}


def _basic(request: web.Request) -> dict[str, str]:
    """Return client_id and client_secret if they came by HTTP basic authentication."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        raise ApiError("invalid_auth") from None
    login, _, password = text.partition(":")
    return {"client_id": login, "client_secret": password}


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Merge query, form and JSON arguments, as every method of Slack's takes them."""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.read()
        if raw:
            try:
                body = json.loads(raw)
            except ValueError:
                raise ApiError("invalid_json") from None
            if not isinstance(body, dict):
                raise ApiError("json_not_object")
            args.update(body)
    elif request.method == "POST" and request.can_read_body:
        try:
            form = await request.post()
        except ValueError:
            raise ApiError("invalid_form_data") from None
        args.update({name: value for name, value in form.items() if isinstance(value, str)})
    return args
