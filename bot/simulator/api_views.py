"""The views methods of the Web API."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.simulator import limits
from bot.simulator.blockkit import view_faults
from bot.simulator.calls import Answer, Call, Method
from bot.simulator.errors import ApiError
from bot.simulator.viewstore import open_view, publish_home, push_view, update_view, view_body
from bot.simulator.world import Trigger, View

_TRIGGER_FORM = re.compile(r"\d+\.\d+\.[0-9a-f]+")


def views_open(call: Call) -> Answer:
    """views.open: needs a trigger_id not older than 3 s and not used before."""
    content = _content(call, "modal")
    trigger = _trigger(call)
    view = open_view(call.workspace, trigger.user, content)
    _spend(call, trigger)
    return _answer(call, view)


def views_push(call: Call) -> Answer:
    """views.push: on top of the modal in which the trigger was made."""
    content = _content(call, "modal")
    trigger = _trigger(call)
    view = push_view(call.workspace, trigger.user, content)
    _spend(call, trigger)
    return _answer(call, view)


def views_update(call: Call) -> Answer:
    """views.update: by view_id or external_id; a hash guards against overtaking."""
    if not call.text("view_id") and not call.text("external_id"):
        raise ApiError.with_messages(
            "invalid_arguments", ["[ERROR] missing required field: view_id or external_id"]
        )
    view = _find(call)
    if view is None:
        raise ApiError("not_found")
    content = _content(call, view.body["type"])
    update_view(call.workspace, view, content, known_hash=call.text("hash") or None)
    return _answer(call, view)


def views_publish(call: Call) -> Answer:
    """views.publish: the Home tab of one user."""
    if not call.workspace.app.has_home:
        raise ApiError("not_enabled")
    content = _content(call, "home")
    user = call.workspace.world.users.get(call.text("user_id"))
    if user is None or user.is_bot:
        raise ApiError.with_messages(
            "invalid_arguments", ["[ERROR] user not found [json-pointer:/user_id]"]
        )
    known_hash = call.text("hash") or None
    return _answer(call, publish_home(call.workspace, user.id, content, known_hash=known_hash))


def checked_view(content: Any, kind: str) -> dict[str, Any]:
    """Return a view that Slack takes, null members removed.

    Raises:
        ApiError: invalid_arguments with messages, or view_too_large.
    """
    if isinstance(content, dict):
        content = {name: value for name, value in content.items() if value is not None}
    faults = view_faults(content, kind=kind)
    if faults:
        raise ApiError.with_messages("invalid_arguments", faults)
    if len(json.dumps(content)) > limits.VIEW_BYTES:
        raise ApiError("view_too_large")
    checked: dict[str, Any] = content
    return checked


def _content(call: Call, kind: str) -> dict[str, Any]:
    return checked_view(call.json("view", "invalid_arguments"), kind)


def _trigger(call: Call) -> Trigger:
    """Return the trigger, still to be spent: a refused call does not use it up."""
    wanted = call.text("trigger_id") or call.text("interactivity_pointer")
    if not wanted:
        raise ApiError.with_messages(
            "invalid_arguments", ["[ERROR] missing required field: trigger_id"]
        )
    trigger = call.workspace.world.triggers.get(wanted)
    if not _TRIGGER_FORM.fullmatch(wanted) or trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.is_used:
        raise ApiError("exchanged_trigger_id")
    if call.workspace.clock() - trigger.at > call.workspace.timing.trigger:
        raise ApiError("expired_trigger_id")
    return trigger


def _spend(call: Call, trigger: Trigger) -> None:
    trigger.is_used = True
    call.workspace.world.put(trigger)


def _find(call: Call) -> View | None:
    views = call.workspace.world.views
    if call.text("view_id"):
        return views.get(call.text("view_id"))
    wanted = call.text("external_id")
    return next((view for view in views.values() if view.body["external_id"] == wanted), None)


def _answer(call: Call, view: View) -> Answer:
    return {"ok": True, "view": view_body(call.workspace, view, with_values=False)}


METHODS = {
    "views.open": Method(run=views_open, required=("view",), is_write=True),
    "views.push": Method(run=views_push, required=("view",), is_write=True),
    "views.update": Method(run=views_update, required=("view",), is_write=True),
    "views.publish": Method(run=views_publish, required=("user_id", "view"), is_write=True),
}
