"""Modals and Home tabs: opening, stacking, changing and closing them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from bot.simulator.elements import initial_values, merged_values
from bot.simulator.errors import ApiError
from bot.simulator.normal import normal_blocks
from bot.simulator.posting import new_block_id
from bot.simulator.tokens import opaque
from bot.simulator.workspace import Workspace
from bot.simulator.world import APP_ID, View

MAX_STACK = 3
"""Views that a modal may hold: https://docs.slack.dev/surfaces/modals#updating_views"""


def open_view(workspace: Workspace, user: str, content: Mapping[str, Any]) -> View:
    """Show a new modal in place of whatever modals the user had open."""
    _check_external_id(workspace, content, None)
    for view in workspace.world.stack(user):
        workspace.world.remove(view)
    return _create(workspace, user, content, depth=0)


def push_view(workspace: Workspace, user: str, content: Mapping[str, Any]) -> View:
    """Put a modal on top of the user's stack.

    Raises:
        ApiError: not_found without an open modal, push_limit_reached above three.
    """
    stack = workspace.world.stack(user)
    if not stack:
        raise ApiError("not_found")
    if len(stack) >= MAX_STACK:
        raise ApiError("push_limit_reached")
    _check_external_id(workspace, content, None)
    return _create(workspace, user, content, depth=stack[-1].depth + 1)


def publish_home(
    workspace: Workspace, user: str, content: Mapping[str, Any], *, known_hash: str | None
) -> View:
    """Show a Home tab to the user.

    Raises:
        ApiError: hash_conflict when the tab changed since the caller saw it.
    """
    view = workspace.world.find_home(user)
    if view is None:
        _check_external_id(workspace, content, None)
        return _create(workspace, user, content, depth=0)
    return update_view(workspace, view, content, known_hash=known_hash)


def update_view(
    workspace: Workspace, view: View, content: Mapping[str, Any], *, known_hash: str | None
) -> View:
    """Replace a view's content; entered values stay where their inputs stay.

    Raises:
        ApiError: hash_conflict when the view changed since the caller saw it.
    """
    if known_hash is not None and known_hash != view.hash:
        raise ApiError("hash_conflict")
    _check_external_id(workspace, content, view)
    view.body = _body(workspace, content)
    view.values = merged_values(view.body["blocks"], view.values)
    view.errors = {}
    view.hash = _hash(workspace)
    workspace.world.put(view)
    tell(workspace, view)
    return view


def close_view(workspace: Workspace, view: View) -> None:
    """Take one view away; the view below it shows again."""
    workspace.world.remove(view)
    tell(workspace, view)


def view_body(workspace: Workspace, view: View, *, with_values: bool = True) -> dict[str, Any]:
    """Return Slack's view object."""
    stack = workspace.world.stack(view.user) if view.body["type"] == "modal" else [view]
    below = [other for other in stack if other.depth < view.depth]
    body = copy.deepcopy(view.body)
    return {
        "id": view.id,
        "team_id": workspace.team.id,
        "type": body["type"],
        "blocks": body["blocks"],
        "private_metadata": body["private_metadata"],
        "callback_id": body["callback_id"],
        "state": {"values": copy.deepcopy(view.values) if with_values else {}},
        "hash": view.hash,
        "title": body["title"],
        "clear_on_close": body["clear_on_close"],
        "notify_on_close": body["notify_on_close"],
        "close": body["close"],
        "submit": body["submit"],
        "previous_view_id": below[-1].id if below else None,
        "root_view_id": below[0].id if below else view.id,
        "app_id": APP_ID,
        "external_id": body["external_id"],
        "app_installed_team_id": workspace.team.id,
        "bot_id": workspace.team.bot_id,
    }


def tell(workspace: Workspace, view: View) -> None:
    """Tell the user's page that this view changed."""
    kind = "home" if view.body["type"] == "home" else "views"
    workspace.changes.publish({"type": kind}, user=view.user)


def _create(workspace: Workspace, user: str, content: Mapping[str, Any], *, depth: int) -> View:
    body = _body(workspace, content)
    view = View(
        id=workspace.world.next_id("V"),
        user=user,
        body=body,
        hash=_hash(workspace),
        values=initial_values(body["blocks"]),
        depth=depth,
    )
    workspace.world.put(view)
    tell(workspace, view)
    return view


def _body(workspace: Workspace, content: Mapping[str, Any]) -> dict[str, Any]:
    texts: dict[str, Any] = {}
    for name in ("title", "close", "submit"):
        text = copy.deepcopy(content.get(name))
        if text is not None:
            text.setdefault("emoji", True)
        texts[name] = text
    if content["type"] == "home":
        texts["title"] = {"type": "plain_text", "text": "View Title", "emoji": True}
    return {
        "type": content["type"],
        "blocks": normal_blocks(content["blocks"], lambda: new_block_id(workspace)),
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "external_id": content.get("external_id", ""),
        "clear_on_close": bool(content.get("clear_on_close", False)),
        "notify_on_close": bool(content.get("notify_on_close", False)),
        **texts,
    }


def _hash(workspace: Workspace) -> str:
    number = workspace.world.count("hash")
    return f"{int(workspace.clock())}.{opaque(number, digits=8)}"


def _check_external_id(workspace: Workspace, content: Mapping[str, Any], own: View | None) -> None:
    wanted = content.get("external_id")
    if not wanted:
        return
    for view in workspace.world.views.values():
        if view is not own and view.body["external_id"] == wanted:
            raise ApiError("duplicate_external_id")
