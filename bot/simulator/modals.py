"""Submitting and closing modals, and what the app's answer does to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.simulator import payloads
from bot.simulator.api_views import checked_view
from bot.simulator.choices import input_errors, states_of
from bot.simulator.delivery import Ack, Delivery, Outgoing
from bot.simulator.elements import STATEFUL, merged_values, walk
from bot.simulator.errors import ApiError, SimulatorError
from bot.simulator.viewstore import close_view, push_view, tell, update_view
from bot.simulator.workspace import Workspace
from bot.simulator.world import View

_TROUBLE = "We had some trouble connecting. Try again?"


class Modals:
    """The hands that submit and close modals."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery

    async def submit(self, user: str, view_id: str, values: Mapping[str, Any]) -> Ack:
        """Fill in a modal and submit it.

        Slack's own client refuses empty required fields and texts of the wrong form; then
        nothing is sent and the errors are in the result.

        Raises:
            SimulatorError: The modal is not open or has no such inputs.
        """
        person = self._workspace.person(user)
        view = self._top(user, view_id)
        if view.body["submit"] is None:
            raise SimulatorError(f"view {view_id!r} has no submit button")
        blocks = view.body["blocks"]
        entered = merged_values(blocks, view.values)
        for block_id, actions in states_of(blocks, values).items():
            entered[block_id].update(actions)
        view.values = entered
        view.errors = input_errors(blocks, entered)
        self._workspace.world.put(view)
        if view.errors:
            tell(self._workspace, view)
            self._workspace.save()
            return Ack(ok=False, error="incomplete", errors=dict(view.errors), attempts=0)
        body = payloads.view_submission(
            self._workspace,
            view,
            person,
            trigger_id=self._workspace.trigger(user, view=view.id),
            response_urls=self._response_urls(view),
        )
        ack = await self._delivery.send(
            Outgoing(
                kind="interactive",
                name="view_submission",
                body=body,
                takes_answer=True,
                summary=f"{user}: {view.body['callback_id']}",
            )
        )
        if not ack.ok:
            self._workspace.toast(user, _TROUBLE)
            return ack
        ack = self._apply(view, ack)
        self._workspace.save()
        return ack

    async def close(self, user: str, view_id: str) -> None:
        """Close a modal with its close button; the app hears of it if it asked to.

        Raises:
            SimulatorError: The modal is not open.
        """
        person = self._workspace.person(user)
        view = self._top(user, view_id)
        is_cleared = view.body["clear_on_close"]
        going = self._workspace.world.stack(user) if is_cleared else [view]
        bodies = [
            payloads.view_closed(self._workspace, item, person, is_cleared=is_cleared)
            for item in reversed(going)
            if item.body["notify_on_close"]
        ]
        for item in going:
            close_view(self._workspace, item)
        self._workspace.save()
        for body in bodies:
            await self._delivery.send(
                Outgoing(
                    kind="interactive",
                    name="view_closed",
                    body=body,
                    summary=f"{user}: {body['view']['callback_id']}",
                )
            )

    def _response_urls(self, view: View) -> list[dict[str, str]]:
        """Return a response_url for each conversation chosen where the view asks for one.

        https://docs.slack.dev/surfaces/modals#modal_response_url
        """
        urls = []
        for block, element in walk(view.body["blocks"]):
            held = STATEFUL.get(element["type"])
            if held is None or not element.get("response_url_enabled"):
                continue
            chosen = view.values[block["block_id"]][element["action_id"]].get(held.field)
            if isinstance(chosen, str):
                url = self._workspace.response_url(
                    "app", view.user, chosen, source=None, thread_ts=None
                )
                urls.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": chosen,
                        "response_url": url,
                    }
                )
        return urls

    def _top(self, user: str, view_id: str) -> View:
        stack = self._workspace.world.stack(user)
        if not stack or stack[-1].id != view_id:
            raise SimulatorError(f"{user!r} does not have modal {view_id!r} in front")
        return stack[-1]

    def _apply(self, view: View, ack: Ack) -> Ack:
        answer = ack.body if isinstance(ack.body, dict) else {}
        try:
            outcome = self._follow(view, ack, answer)
        except ApiError as error:
            return self._refuse(view, ack, error)
        self._workspace.log.record({"what": "answer", "to": "view_submission", "body": answer})
        return outcome

    def _follow(self, view: View, ack: Ack, answer: Mapping[str, Any]) -> Ack:
        match answer.get("response_action"):
            case None:
                self._close(view)
            case "clear":
                for item in self._workspace.world.stack(view.user):
                    close_view(self._workspace, item)
            case "errors":
                return self._show_errors(view, ack, answer.get("errors"))
            case "update":
                content = checked_view(answer.get("view"), "modal")
                update_view(self._workspace, view, content, known_hash=None)
            case "push":
                content = checked_view(answer.get("view"), "modal")
                push_view(self._workspace, view.user, content)
            case _:
                raise ApiError("invalid_response_action")
        return ack

    def _close(self, view: View) -> None:
        if view.id in self._workspace.world.views:
            close_view(self._workspace, view)

    def _show_errors(self, view: View, ack: Ack, errors: Any) -> Ack:
        inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        is_usable = (
            isinstance(errors, Mapping)
            and bool(errors)
            and set(errors) <= inputs
            and all(isinstance(text, str) and text for text in errors.values())
        )
        if not is_usable:
            problem = f"errors must name input blocks of the view {sorted(inputs)}, got {errors!r}"
            raise ApiError.with_messages("invalid_errors", [problem])
        view.errors = dict(errors)
        self._workspace.world.put(view)
        tell(self._workspace, view)
        return replace(ack, ok=False, error="errors", errors=dict(errors))

    def _refuse(self, view: View, ack: Ack, error: ApiError) -> Ack:
        self._workspace.log.add(
            "ack",
            "view_submission",
            status="error",
            summary=f"unusable answer: {error.code}",
            request=ack.body,
            response=error.answer(),
        )
        self._workspace.toast(view.user, _TROUBLE)
        return replace(ack, ok=False, error=error.code)
