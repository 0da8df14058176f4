"""The control API under /sim/: what the page in the browser reads and does.

A thin layer: everything it does is something that a person of the cast can do.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from aiohttp import web

from bot.simulator.cast import Cast
from bot.simulator.changes import Notice
from bot.simulator.clicks import Pick
from bot.simulator.delivery import Ack
from bot.simulator.errors import SimulatorError
from bot.simulator.worldview import world_body

_KEEPALIVE = 15.0
"""Seconds between comments on an idle event stream."""

Json = dict[str, Any]
Reader = Callable[[web.Request], Json]
Doer = Callable[[Json], Awaitable[Json]]


class Control:
    """Reads and actions of the page."""

    def __init__(self, casts: Mapping[str, Cast]) -> None:
        """Serve all workspaces; who acts tells which one is meant."""
        self._casts = casts
        self._readers: dict[str, Reader] = {
            "world": self._world,
            "messages": self._messages,
            "thread": self._thread,
            "views": self._views,
            "log": self._log,
            "steps": self._steps,
        }
        self._doers: dict[str, Doer] = {
            "say": self._say,
            "open": self._open,
            "command": self._command,
            "read": self._read,
            "action": self._action,
            "suggest": self._suggest,
            "submit": self._submit,
            "close": self._close,
            "home": self._home,
            "shortcut": self._shortcut,
            "faults": self._faults,
            "reset": self._reset,
            "delete": self._delete,
            "archive": self._archive,
            "invite": self._invite,
            "uninstall": self._uninstall,
            "step": self._step,
            "upload": self._upload,
        }

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register everything under /sim/."""
        router.add_get("/sim/events", self._events)
        router.add_get("/sim/{what}", self._get)
        router.add_post("/sim/{what}", self._post)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        reader = self._readers.get(request.match_info["what"])
        if reader is None:
            return _refusal("there is nothing to read here", 404)
        try:
            return web.json_response(reader(request))
        except SimulatorError as error:
            return _refusal(str(error), 400)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        doer = self._doers.get(request.match_info["what"])
        if doer is None:
            return _refusal("there is nothing to do here", 404)
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            return _refusal("the body is not JSON", 400)
        if not isinstance(body, dict):
            return _refusal("the body is not a JSON object", 400)
        try:
            return web.json_response(await doer(body))
        except SimulatorError as error:
            return _refusal(str(error), 400)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        user = _user(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with self._first().workspace.changes.subscribe() as queue:
            try:
                await _stream(response, queue, user)
            except ConnectionResetError:
                # The browser went away, which is how such a stream ends.
                return response
        return response

    def _first(self) -> Cast:
        return next(iter(self._casts.values()))

    def _at(self, user: str) -> Cast:
        """Return the workspace that a person belongs to."""
        return self._casts[self._first().workspace.site.workspace_of(user).team.id]

    def _world(self, request: web.Request) -> Json:
        me = _user(request)
        return world_body(self._at(me), me, self._casts.values())

    def _messages(self, request: web.Request) -> Json:
        channel = request.query.get("channel", "")
        user = _user(request)
        return {"messages": self._at(user).seen(user, channel)}

    def _thread(self, request: web.Request) -> Json:
        channel, ts = request.query.get("channel", ""), request.query.get("ts", "")
        user = _user(request)
        return {"messages": self._at(user).seen(user, channel, thread_ts=ts)}

    def _views(self, request: web.Request) -> Json:
        user = _user(request)
        people = self._at(user)
        return {"modals": people.views(user), "home": people.home(user)}

    def _steps(self, request: web.Request) -> Json:
        user = _user(request)
        return {"steps": [asdict(item) for item in self._at(user).steps(user)]}

    def _log(self, request: web.Request) -> Json:
        after = request.query.get("after", "0")
        if not after.isdecimal():
            raise SimulatorError("after must be a number")
        entries = self._first().workspace.log.after(int(after))
        return {"entries": [entry.as_json() for entry in entries]}

    async def _say(self, body: Json) -> Json:
        ts = await self._actor(body).say(
            _text(body, "as"),
            _text(body, "channel"),
            _text(body, "text"),
            thread_ts=body.get("thread_ts") or None,
            is_escaped=True,
        )
        return {"ok": True, "ts": ts}

    async def _open(self, body: Json) -> Json:
        channel = self._actor(body).open_direct(_text(body, "as"), _text(body, "user"))
        return {"ok": True, "channel": channel}

    async def _command(self, body: Json) -> Json:
        return _outcome(
            await self._actor(body).command(
                _text(body, "as"), _text(body, "channel"), _text(body, "text")
            )
        )

    async def _read(self, body: Json) -> Json:
        self._actor(body).read(_text(body, "as"), _text(body, "channel"))
        return {"ok": True}

    async def _action(self, body: Json) -> Json:
        container = _object(body, "container")
        pick = Pick(
            action_id=_text(body, "action_id"),
            block_id=_text(body, "block_id"),
            element=body.get("element"),
            values=(body.get("state") or {}).get("values") or {},
        )
        clicks, user = self._actor(body).clicks, _text(body, "as")
        if container.get("type") == "view":
            return _outcome(await clicks.in_view(user, _text(container, "view_id"), pick))
        channel, ts = _text(container, "channel"), _text(container, "ts")
        return _outcome(await clicks.in_message(user, channel, ts, pick))

    async def _suggest(self, body: Json) -> Json:
        pick = Pick(action_id=_text(body, "action_id"), block_id=_text(body, "block_id"))
        return await self._actor(body).clicks.suggest(
            _text(body, "as"), _object(body, "container"), pick, str(body.get("value", ""))
        )

    async def _submit(self, body: Json) -> Json:
        values = (body.get("state") or {}).get("values") or {}
        return _outcome(
            await self._actor(body).submit(_text(body, "as"), _text(body, "view_id"), values)
        )

    async def _close(self, body: Json) -> Json:
        await self._actor(body).close_view(_text(body, "as"), _text(body, "view_id"))
        return {"ok": True}

    async def _home(self, body: Json) -> Json:
        await self._actor(body).open_home(_text(body, "as"))
        return {"ok": True}

    async def _shortcut(self, body: Json) -> Json:
        user, callback_id = _text(body, "as"), _text(body, "callback_id")
        if body.get("ts"):
            channel, ts = _text(body, "channel"), _text(body, "ts")
            return _outcome(
                await self._actor(body).message_shortcut(user, callback_id, channel, ts)
            )
        return _outcome(await self._actor(body).shortcut(user, callback_id))

    async def _faults(self, body: Json) -> Json:
        is_dropped = body.pop("drop_connections", False)
        self._first().faults.update(body)
        if "is_away" in body:
            self._first().set_away(is_away=bool(body["is_away"]))
        if is_dropped:
            self._first().drop_connections()
        self._first().workspace.changes.publish({"type": "world"})
        return self._first().faults.as_json()

    async def _reset(self, _body: Json) -> Json:
        self._first().reset()
        return {"ok": True}

    async def _delete(self, body: Json) -> Json:
        self._actor(body).delete(_text(body, "as"), _text(body, "channel"), _text(body, "ts"))
        return {"ok": True}

    async def _archive(self, body: Json) -> Json:
        people, user, channel = self._actor(body), _text(body, "as"), _text(body, "channel")
        people.workspace.room(user, channel)
        act = people.staging.archive if body.get("is_archived", True) else people.staging.unarchive
        act(channel, user=user)
        return {"ok": True}

    async def _invite(self, body: Json) -> Json:
        """Add somebody to a channel, or with `is_member` false take them out."""
        people, user, channel = self._actor(body), _text(body, "as"), _text(body, "channel")
        people.workspace.room(user, channel)
        other = _text(body, "user")
        if other not in people.world.users:
            raise SimulatorError(f"there is nobody {other!r}")
        if body.get("is_member", True):
            people.staging.invite(channel, other, inviter=user)
        else:
            people.staging.remove(channel, other)
        return {"ok": True}

    async def _uninstall(self, body: Json) -> Json:
        """Take the app out of the workspace; it comes back by OAuth, or with a reset."""
        self._actor(body).staging.uninstall()
        return {"ok": True}

    async def _step(self, body: Json) -> Json:
        inputs = _object(body, "inputs")
        people = self._actor(body)
        return {
            "ok": True,
            "id": people.run_step(_text(body, "as"), _text(body, "callback_id"), **inputs),
        }

    async def _upload(self, body: Json) -> Json:
        try:
            content = base64.b64decode(_text(body, "content"), validate=True)
        except ValueError:
            raise SimulatorError("'content' must be base64") from None
        file = self._actor(body).upload(_text(body, "as"), _text(body, "name"), content)
        return {"ok": True, "file": file}

    def _actor(self, body: Json) -> Cast:
        return self._at(_text(body, "as"))


async def _stream(
    response: web.StreamResponse, queue: asyncio.Queue[Notice | None], user: str
) -> None:
    await response.write(b": ready\n\n")
    while True:
        try:
            async with asyncio.timeout(_KEEPALIVE):
                notice = await queue.get()
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        if notice is None:
            return
        if notice.user in {None, user}:
            await response.write(f"data: {json.dumps(notice.body)}\n\n".encode())


def _user(request: web.Request) -> str:
    return request.query.get("as", "")


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise SimulatorError(f"{name!r} is missing")
    return value


def _object(body: Json, name: str) -> Json:
    value = body.get(name)
    if not isinstance(value, dict):
        raise SimulatorError(f"{name!r} must be an object")
    return value


def _outcome(ack: Ack) -> Json:
    """Return what the page needs; a failure was already shown to the person as a toast."""
    answer: Json = {"ok": ack.ok, "ms": round(ack.ms, 1)}
    if ack.error is not None:
        answer["code"] = ack.error
    if ack.errors:
        answer["errors"] = ack.errors
    return answer


def _refusal(error: str, status: int) -> web.Response:
    return web.json_response({"ok": False, "error": error}, status=status)
