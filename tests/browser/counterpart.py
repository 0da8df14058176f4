"""A small Bolt app that asks, answers and refuses: the other side of the page under test."""

from __future__ import annotations

import json
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Asker"},
    "features": {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "Asker", "always_online": True},
        "slash_commands": [
            {"command": "/ask", "description": "Ask a question", "usage_hint": "<question>"},
            {"command": "/assign", "description": "Open the form", "usage_hint": " "},
        ],
        "shortcuts": [
            {"name": "New form", "type": "global", "callback_id": "form", "description": "A form"},
            {"name": "Quote", "type": "message", "callback_id": "quote", "description": "Quote it"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "chat:write",
                "commands",
                "channels:history",
                "files:write",
                "im:write",
                "im:history",
            ]
        }
    },
    "functions": {
        "decide": {
            "title": "Ask for a decision",
            "description": "Answers at once",
            "input_parameters": {
                "question": {"type": "string", "title": "Question", "is_required": True},
                "approver": {"type": "slack#/types/user_id", "title": "Approver"},
            },
            "output_parameters": {"decision": {"type": "string", "is_required": True}},
        }
    },
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "function_executed"]},
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": True,
        "socket_mode_enabled": True,
    },
}


CITIES = ("Berlin", "Bergen", "Lisbon")


def manifest_text() -> str:
    """Return the app's manifest; JSON is YAML."""
    return json.dumps(MANIFEST)


def plain(text: str) -> dict[str, str]:
    """Return a plain text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    """Return a mrkdwn text object."""
    return {"type": "mrkdwn", "text": text}


def question(title: str) -> list[dict[str, Any]]:
    """Return the blocks of an open question with three buttons and a menu."""
    confirm = {
        "title": plain("Reject it?"),
        "text": mrkdwn(f"*{title}*"),
        "confirm": plain("Reject"),
        "deny": plain("Keep open"),
        "style": "danger",
    }
    return [
        {"type": "header", "block_id": "title", "text": plain(title)},
        {
            "type": "actions",
            "block_id": "buttons",
            "elements": [
                _button("approve", "Approve", style="primary"),
                _button("reject", "Reject", style="danger", confirm=confirm),
                _button("comment", "Comment…"),
                {
                    "type": "overflow",
                    "action_id": "more",
                    "options": [
                        {"text": plain("Whisper"), "value": "whisper"},
                        {"text": plain("Reply"), "value": "reply"},
                    ],
                },
            ],
        },
    ]


def form(title: str = "Comment") -> dict[str, Any]:
    """Return a modal with one of each common input."""
    options = [{"text": plain(name), "value": name.lower()} for name in ("Blog", "Newsletter")]
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Send"),
        "close": plain("Cancel"),
        "blocks": [
            _input("words", "Words", {"type": "plain_text_input", "action_id": "v"}),
            _input(
                "where", "Where", {"type": "static_select", "action_id": "v", "options": options}
            ),
            _input("who", "Who", {"type": "multi_users_select", "action_id": "v"}, optional=True),
            _input("day", "Day", {"type": "datepicker", "action_id": "v"}, optional=True),
            _input(
                "how",
                "How",
                {"type": "radio_buttons", "action_id": "v", "options": options},
                optional=True,
            ),
        ],
    }


def _button(action_id: str, text: str, **more: Any) -> dict[str, Any]:
    element = {"type": "button", "action_id": action_id, "text": plain(text), "value": action_id}
    return element | more


def _input(
    block_id: str, label: str, element: dict[str, Any], *, optional: bool = False
) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element,
        "optional": optional,
    }


class Counterpart:
    """The running app; `submitted` holds what came out of its forms."""

    def __init__(self, api_url: str, bot_token: str, app_token: str) -> None:
        client = AsyncWebClient(token=bot_token, base_url=api_url)
        self.app = AsyncApp(client=client)
        self.client = client
        self.submitted: list[dict[str, Any]] = []
        self.inputs: list[dict[str, Any]] = []
        """What its form asks for in place of the usual."""
        self._handler = AsyncSocketModeHandler(self.app, app_token)
        self._listen()

    async def start(self) -> None:
        """Connect; events arrive from now on."""
        await self._handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt's own gap

    async def stop(self) -> None:
        """Disconnect for good."""
        await self._handler.close_async()  # type: ignore[no-untyped-call]  # Bolt's own gap

    async def ask(self, title: str, channel: str = "C0APPROVALS") -> str:
        """Post a question and return its ts."""
        answer = await self.client.chat_postMessage(
            channel=channel, text=title, blocks=question(title)
        )
        return str(answer["ts"])

    def _listen(self) -> None:
        self.app.command("/ask")(self._asked)
        self.app.command("/assign")(self._form)
        self.app.shortcut("form")(self._form)
        self.app.shortcut("quote")(self._quoted)
        self.app.action("approve")(self._approved)
        self.app.action("reject")(self._rejected)
        self.app.action("comment")(self._form)
        self.app.action("more")(self._more)
        self.app.action("start")(self._started)
        self.app.options("city")(self._cities)
        self.app.action("city")(self._travelled)
        self.app.view("form")(self._sent)
        self.app.event("app_home_opened")(self._home)
        self.app.function("decide")(self._decided)
        self.app.action("touched")(self._touched)

    async def _asked(self, ack: Any, command: dict[str, Any]) -> None:
        await ack()
        await self.ask(command["text"], command["channel_id"])

    async def _approved(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await self._close(body, f":white_check_mark: Approved by <@{body['user']['id']}>")

    async def _rejected(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await self._close(body, f"Rejected by <@{body['user']['id']}>")

    async def _close(self, body: dict[str, Any], text: str) -> None:
        blocks = [{"type": "section", "text": mrkdwn(text)}]
        await self.client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text=text, blocks=blocks
        )

    async def _form(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        view = form()
        view["blocks"] = self.inputs or view["blocks"]
        await self.client.views_open(trigger_id=body["trigger_id"], view=view)

    async def _quoted(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await self.client.chat_postMessage(
            channel=body["channel"]["id"], text=f"Quoted: {body['message']['text']}"
        )

    async def _more(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        channel, user = body["channel"]["id"], body["user"]["id"]
        if body["actions"][0]["selected_option"]["value"] == "whisper":
            await self.client.chat_postEphemeral(channel=channel, user=user, text="Between us")
            return
        await self.client.chat_postMessage(
            channel=channel, thread_ts=body["message"]["ts"], text="A reply"
        )

    async def _cities(self, ack: Any, payload: dict[str, Any]) -> None:
        names = [name for name in CITIES if payload["value"].lower() in name.lower()]
        await ack(options=[{"text": plain(name), "value": name} for name in names])

    async def _travelled(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await self._close(body, f"To {body['actions'][0]['selected_option']['value']}")

    async def _sent(self, ack: Any, view: dict[str, Any]) -> None:
        values = view["state"]["values"]
        if len(values["words"]["v"].get("value", "enough")) < len("enough"):
            await ack(response_action="errors", errors={"words": "Say at least six letters."})
            return
        self.submitted.append(values)
        await ack()

    async def _started(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        await self._publish(body["user"]["id"], "Started")

    async def _decided(self, ack: Any, inputs: dict[str, Any], complete: Any, fail: Any) -> None:
        await ack()
        if inputs["question"].endswith("?"):
            await complete(outputs={"decision": f"yes, says {inputs.get('approver', 'nobody')}"})
        else:
            await fail(error="That is no question.")

    async def _touched(self, ack: Any, body: dict[str, Any]) -> None:
        await ack()
        self.submitted.append(body["actions"][0])

    async def _home(self, event: dict[str, Any]) -> None:
        if event["tab"] == "home":
            await self._publish(event["user"], "Nothing waits for you")

    async def _publish(self, user: str, title: str) -> None:
        start = {"type": "actions", "elements": [_button("start", "Start a run", style="primary")]}
        blocks = [{"type": "header", "text": plain(title)}, start]
        await self.client.views_publish(user_id=user, view={"type": "home", "blocks": blocks})
