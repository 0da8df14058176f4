"""Clicks and choices in messages, modals and the Home tab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.simulator import payloads
from bot.simulator.blockkit import options_faults
from bot.simulator.choices import state_of, states_of
from bot.simulator.delivery import Ack, Delivery, Outgoing
from bot.simulator.elements import STATEFUL, Blocks, merged_values, walk
from bot.simulator.errors import SimulatorError
from bot.simulator.posting import message_body
from bot.simulator.viewstore import view_body
from bot.simulator.workspace import Workspace
from bot.simulator.world import Post, View

_FAILED = "This app did not respond. Try again?"
_COPIED = ("text", "value", "style", "placeholder", "initial_option", "initial_options", "confirm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Which element a person touched, and what they chose in it.

    The element is named by `action_id` (and `block_id` when that is not unique) or by the
    `label` on it. `values` are the other inputs around it, by block and action.
    """

    action_id: str | None = None
    label: str | None = None
    block_id: str | None = None
    element: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)


class Clicks:
    """The hands that touch elements."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery

    async def in_message(self, user: str, channel: str, ts: str, pick: Pick) -> Ack:
        """Touch an element of a message that the user sees.

        Raises:
            SimulatorError: There is no such message or element, or it cannot hold that.
        """
        person = self._workspace.person(user)
        room = self._workspace.room(user, channel)
        post = self._seen(user, channel, ts)
        blocks = _all_blocks(post)
        block, element = _touchable(blocks, pick)
        states = _state_after(blocks, post.states.get(user, {}), block, element, pick)
        post.states[user] = states
        self._workspace.world.put(post)
        body = payloads.message_actions(
            post,
            person,
            room,
            action=self._action(block, element, pick),
            values=states,
            way_back=payloads.WayBack(
                response_url=self._workspace.response_url(
                    "actions", user, channel, source=ts, thread_ts=post.body.get("thread_ts")
                ),
                trigger_id=self._workspace.trigger(user),
            ),
        )
        return await self._send(user, body)

    async def in_view(self, user: str, view_id: str, pick: Pick) -> Ack:
        """Touch an element of a modal or of the Home tab.

        Raises:
            SimulatorError: There is no such view or element, or it cannot hold that.
        """
        person = self._workspace.person(user)
        view = self._own_view(user, view_id)
        blocks = view.body["blocks"]
        block, element = _touchable(blocks, pick)
        view.values = _state_after(blocks, view.values, block, element, pick)
        self._workspace.world.put(view)
        body = payloads.view_actions(
            self._workspace,
            view,
            person,
            action=self._action(block, element, pick),
            trigger_id=self._workspace.trigger(user, view=view.id),
        )
        return await self._send(user, body)

    async def suggest(
        self, user: str, container: Mapping[str, Any], pick: Pick, typed: str
    ) -> dict[str, Any]:
        """Ask the app for the options of an external select.

        Raises:
            SimulatorError: There is no such select, or the app gave no usable answer.
        """
        person = self._workspace.person(user)
        where: dict[str, Any]
        if container.get("type") == "view":
            view = self._own_view(user, str(container.get("view_id")))
            blocks = view.body["blocks"]
            shown = {"type": "view", "view_id": view.id}
            where = {"view": view_body(self._workspace, view)}
        else:
            channel = str(container.get("channel"))
            room = self._workspace.room(user, channel)
            post = self._seen(user, channel, str(container.get("ts")))
            blocks = _all_blocks(post)
            shown = payloads.message_container(post)
            where = {"channel": {"id": room.id, "name": payloads.channel_name(room)}}
            if post.audience is None:
                where["message"] = message_body(post, with_metadata=False)
        block, element = _target(blocks, pick)
        if not element["type"].endswith("external_select"):
            raise SimulatorError(f"a {element['type']} asks nobody for options")
        asked = {
            "action_id": element["action_id"],
            "block_id": block["block_id"],
            "value": typed,
        }
        body = payloads.suggestion(person, container=shown, where=where, asked=asked)
        ack = await self._delivery.send(
            Outgoing(
                kind="interactive",
                name="block_suggestion",
                body=body,
                takes_answer=True,
                summary=f"{user}: {typed}",
            )
        )
        faults = options_faults(ack.body) if ack.ok else [ack.error or "timeout"]
        if faults:
            raise SimulatorError(f"the app gave no usable options: {'; '.join(faults)}")
        answer: dict[str, Any] = ack.body
        return answer

    async def _send(self, user: str, body: dict[str, Any]) -> Ack:
        if not self._workspace.app.is_interactive:
            self._workspace.toast(user, "This app is not configured to handle interactions.")
            return Ack(ok=False, error="interactivity_disabled", attempts=0)
        action = body["actions"][0]
        ack = await self._delivery.send(
            Outgoing(
                kind="interactive",
                name="block_actions",
                body=body,
                summary=f"{user}: {action['action_id']}",
            )
        )
        if not ack.ok:
            self._workspace.toast(user, _FAILED)
        return ack

    def _action(
        self, block: Mapping[str, Any], element: Mapping[str, Any], pick: Pick
    ) -> dict[str, Any]:
        kind = element["type"]
        action: dict[str, Any] = {
            "type": kind,
            "action_id": element["action_id"],
            "block_id": block["block_id"],
        }
        if kind in STATEFUL or kind == "overflow":
            action |= state_of(element, pick.element)
        if kind == "feedback_buttons":
            action |= _feedback(element, pick.element)
        for name in _COPIED:
            if name in element and name not in action and kind != "overflow":
                action[name] = element[name]
        action["action_ts"] = self._workspace.next_ts()
        return action

    def _seen(self, user: str, channel: str, ts: str) -> Post:
        post = self._workspace.world.find_post(channel, ts)
        if post is None or post.audience not in {None, user}:
            raise SimulatorError(f"{user!r} sees no message {ts!r} in {channel!r}")
        return post

    def _own_view(self, user: str, view_id: str) -> View:
        view = self._workspace.world.views.get(view_id)
        if view is None or view.user != user:
            raise SimulatorError(f"{user!r} has no view {view_id!r} open")
        return view


def _all_blocks(post: Post) -> Blocks:
    attached = [
        block for item in post.body.get("attachments", ()) for block in item.get("blocks", ())
    ]
    return [*post.body.get("blocks", ()), *attached]


def _label(element: Mapping[str, Any]) -> str | None:
    text = element.get("text") or element.get("placeholder")
    return text.get("text") if isinstance(text, Mapping) else None


def _target(blocks: Blocks, pick: Pick) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    found = [
        (block, element)
        for block, element in walk(blocks)
        if (pick.action_id is None or element["action_id"] == pick.action_id)
        and (pick.block_id is None or block["block_id"] == pick.block_id)
        and (pick.label is None or _label(element) == pick.label)
    ]
    if len(found) == 1:
        return found[0]
    wanted = pick.label if pick.action_id is None else pick.action_id
    there = [_label(element) or element["action_id"] for _, element in walk(blocks)]
    problem = "is more than once" if found else "is not"
    raise SimulatorError(f"{wanted!r} {problem} there; there is {there}")


def _touchable(blocks: Blocks, pick: Pick) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the target if touching it tells the app at once."""
    block, element = _target(blocks, pick)
    if block["type"] == "input" and not block.get("dispatch_action"):
        raise SimulatorError(f"input {element['action_id']!r} is sent with the submission only")
    return block, element


def _state_after(
    blocks: Blocks,
    known: Mapping[str, Any],
    block: Mapping[str, Any],
    element: Mapping[str, Any],
    pick: Pick,
) -> dict[str, Any]:
    values = merged_values(blocks, known)
    for block_id, actions in states_of(blocks, pick.values).items():
        values[block_id].update(actions)
    if element["type"] in STATEFUL:
        values[block["block_id"]][element["action_id"]] = state_of(element, pick.element)
    return values


def _feedback(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    wanted = given.get("value") if isinstance(given, Mapping) else given
    for name in ("positive_button", "negative_button"):
        button = element[name]
        if button["value"] == wanted:
            return {"value": wanted, "text": button["text"]}
    raise SimulatorError(f"feedback_buttons have no value {wanted!r}")
