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
    api_functions,
    api_oauth,
    api_schedule,
    api_views,
)
from bot.simulator.calls import Answer, Call, Method, missing_arguments
from bot.simulator.errors import ApiError
from bot.simulator.grants import find_grant
from bot.simulator.site import Site
from bot.simulator.tokens import APP_TOKEN
from bot.simulator.workspace import Workspace
from bot.simulator.world import Grant

_SECRET = frozenset({"token", "client_secret", "code", "refresh_token"})
"""Arguments that are neither logged nor recorded."""
_SECRET_ANSWERS = frozenset({"access_token", "refresh_token"})
_PLACES = (
    "channel",
    "channel_id",
    "user",
    "user_id",
    "users",
    "trigger_id",
    "view_id",
    "usergroup",
    "file",
    "function_execution_id",
)
"""Arguments that tell which workspace of an organisation is meant."""


class WebApi:
    """Answers `/api/METHOD`."""

    def __init__(self, site: Site, *, connect: Callable[[], str] | None) -> None:
        """Set up the methods; `connect` returns a WebSocket address in Socket Mode."""
        self._site = site
        self._connect = connect
        self._methods: dict[str, Method] = {
            **api_chat.METHODS,
            **api_conversations.METHODS,
            **api_directory.METHODS,
            **api_files.METHODS,
            **api_functions.METHODS,
            **api_oauth.METHODS,
            **api_schedule.METHODS,
            **api_views.METHODS,
            "apps.connections.open": Method(run=self._open_connection, token="app"),  # noqa: S106 - a kind of token
        }

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call; durable before it is answered."""
        name = request.match_info["method"]
        site = self._site
        if site.faults.is_away and request.transport is not None:
            request.transport.abort()
            return web.Response(status=503)
        loop = asyncio.get_running_loop()
        started = loop.time()
        status, headers, args = 200, {}, {}
        method = self._methods.get(name)
        try:
            args = {**_basic(request), **await _arguments(request)}
            answer = self._answer(request, name, method, args)
        except ApiError as error:
            status, headers, answer = error.status, error.headers, error.answer()
        for workspace in site.workspaces.values():
            workspace.save()
        shown = {key: value for key, value in args.items() if key not in _SECRET}
        told = {key: "hidden" if key in _SECRET_ANSWERS else value for key, value in answer.items()}
        entry = site.log.add("api", name, status="pending", request=shown)
        if site.faults.slow_ms:
            await asyncio.sleep(site.faults.slow_ms / 1000)
        is_write = method is not None and method.is_write and bool(answer["ok"])
        is_lost = site.faults.take_lost_answer(name, is_write=is_write)
        site.log.settle(
            entry,
            status="ok" if answer["ok"] and not is_lost else "error",
            ms=(loop.time() - started) * 1000,
            response=told,
            summary="the answer was lost" if is_lost else str(answer.get("error", "")),
        )
        site.log.record(
            {"what": "call", "method": name, "arguments": shown, "status": status, "answer": told}
        )
        if is_lost and request.transport is not None:
            request.transport.abort()
        scopes = ",".join(site.app.scopes)
        return web.json_response(
            answer, status=status, headers={**headers, "x-oauth-scopes": scopes}
        )

    def _answer(
        self, request: web.Request, name: str, method: Method | None, args: dict[str, Any]
    ) -> Answer:
        if method is None:
            raise ApiError("unknown_method", fields={"req_method": name})
        site = self._site
        if site.faults.take_rate_limit(name):
            headers = {"Retry-After": str(site.faults.retry_after)}
            raise ApiError("ratelimited", status=429, headers=headers)
        grant = self._authorize(request, method, args)
        failure = site.faults.take_failure(name)
        if failure is not None:
            status = failure.removeprefix("http_")
            is_broken = status != failure and status.isdecimal()
            raise ApiError(
                "internal_error" if is_broken else failure, status=int(status) if is_broken else 200
            )
        call = Call(
            workspace=self._workspace_of(grant, args),
            method=name,
            args=args,
            scopes=frozenset(() if grant is None else grant.scopes or site.app.scopes),
            grant=grant,
        )
        if method.scope is not None:
            call.require_scope(method.scope)
        missing = missing_arguments(method, args)
        if missing:
            raise ApiError.with_messages("invalid_arguments", missing)
        return method.run(call)

    def _authorize(
        self, request: web.Request, method: Method, args: Mapping[str, Any]
    ) -> Grant | None:
        """Return what the bot's token stands for; None where no such token is needed."""
        if method.token == "none":  # noqa: S105 - a kind of token
            return None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = str(args.get("token") or "")
        if not token:
            raise ApiError("not_authed")
        is_app = token.strip() == APP_TOKEN
        grant = None if is_app else find_grant(self._site, token.strip())
        if is_app != (method.token == "app"):  # noqa: S105 - a kind of token
            raise ApiError("not_allowed_token_type")
        return grant

    def _workspace_of(self, grant: Grant | None, args: Mapping[str, Any]) -> Workspace:
        """Return the workspace that a call is about."""
        site = self._site
        if grant is None:
            return site.main
        if grant.team in site.workspaces:
            return site.workspaces[grant.team]
        granted = site.of_organisation(grant.team)
        named = str(args.get("team_id") or "")
        if named:
            found = next((item for item in granted if item.team.id == named), None)
            if found is None:
                raise ApiError("team_access_not_granted")
            return found
        things = (str(args.get(name) or "") for name in _PLACES)
        return site.holding(things, granted) or granted[0]

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
