"""What people do besides clicking: write, run commands, use shortcuts, open the Home tab."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.simulator import payloads
from bot.simulator.api_files import file_body
from bot.simulator.delivery import Ack, Delivery, Outgoing
from bot.simulator.errors import ApiError, SimulatorError
from bot.simulator.posting import Draft, edit, new_block_id, post_as_user, tell_app
from bot.simulator.responses import Place, say_back
from bot.simulator.texts import rich_text, sent_text, typed_text
from bot.simulator.viewstore import view_body
from bot.simulator.workspace import Workspace
from bot.simulator.world import Channel, Post


class People:
    """The hands of the workspace's users."""

    def __init__(self, workspace: Workspace, delivery: Delivery) -> None:
        self._workspace = workspace
        self._delivery = delivery

    async def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        is_escaped: bool = False,
        files: Sequence[str] = (),
    ) -> str:
        """Write a message and return its ts; the app hears of it if it subscribed.

        The text is what was typed, or with `is_escaped` what Slack's client makes of it; `files`
        are ids of what the person has uploaded.

        Raises:
            SimulatorError: The person cannot write there, or the thread does not exist.
        """
        self._workspace.person(user)
        room = self._workspace.room(user, channel)
        if room.is_archived:
            raise SimulatorError(f"#{room.name} is archived")
        if not text.strip() and not files:
            raise SimulatorError("a message needs a text")
        if room.kind == "dm" and self._is_closed(room):
            raise SimulatorError("sending messages to this app has been turned off")
        if thread_ts is not None:
            parent = self._workspace.world.find_post(channel, thread_ts)
            if parent is None or parent.audience is not None:
                raise SimulatorError(f"there is no message {thread_ts!r} to reply to")
            thread_ts = parent.body.get("thread_ts", parent.ts)
        settled = sent_text(text) if is_escaped else typed_text(text)
        draft = Draft(text=settled, thread_ts=thread_ts, extra=self._attached(files))
        post = post_as_user(self._workspace, room, user, draft)
        self.read(user, channel)
        self._workspace.save()
        self._tell_app(room, post)
        return post.ts

    def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Change the text of one's own message; the app hears of it if it subscribed.

        Raises:
            SimulatorError: It is not there, or somebody else's.
        """
        post = self._workspace.world.find_post(self._workspace.room(user, channel).id, ts)
        if post is None or post.body.get("user") != user:
            raise SimulatorError(f"{user!r} has no message {ts!r} in {channel!r}")
        settled = typed_text(text)
        blocks = [rich_text(settled, new_block_id(self._workspace))]
        edit(self._workspace, post, {"text": settled, "blocks": blocks})
        self._workspace.save()

    def _is_closed(self, room: Channel) -> bool:
        """Does the app let nobody write to it?"""
        is_apps = self._workspace.team.bot_user in room.members
        return is_apps and self._workspace.app.is_read_only

    def _attached(self, files: Sequence[str]) -> dict[str, Any]:
        """Return what a message with files has beside its text."""
        if not files:
            return {}
        found = [self._workspace.world.files[each] for each in files]
        shown = [file_body(self._workspace, each) for each in found]
        return {"files": shown, "upload": False, "subtype": "file_share"}

    def read(self, user: str, channel: str) -> None:
        """Mark everything in a channel as read by the user."""
        self._workspace.person(user)
        room = self._workspace.room(user, channel)
        posts = self._workspace.world.timeline(channel)
        if posts and room.reads.get(user) != posts[-1].ts:
            room.reads[user] = posts[-1].ts
            self._workspace.world.put(room)
            self._workspace.save()
            self._workspace.changes.publish({"type": "world"}, user=user)

    async def command(self, user: str, channel: str, text: str) -> Ack:
        """Run a slash command and show its answer.

        Raises:
            SimulatorError: The app has no such command, or the person is not there.
        """
        person = self._workspace.person(user)
        room = self._workspace.room(user, channel)
        name, _, rest = text.strip().partition(" ")
        declared = self._workspace.app.command(name)
        if declared is None:
            raise SimulatorError(f"{name} is not a valid command of this app")
        if person.is_stranger:
            raise SimulatorError(f"{user!r} is of another organisation and has no commands here")
        if declared.get("should_escape"):
            rest = self._with_ids(rest)
        body = payloads.slash_command(
            room,
            person,
            command=name,
            text=rest.strip(),
            response_url=self._workspace.response_url(
                "commands", user, channel, source=None, thread_ts=None
            ),
            trigger_id=self._workspace.trigger(user),
        )
        ack = await self._delivery.send(
            Outgoing(
                kind="slash_commands",
                name=name,
                body=body,
                takes_answer=True,
                summary=f"{user}: {text.strip()}",
            )
        )
        if not ack.ok:
            self._workspace.toast(user, f"{name} failed because the app did not respond")
            return ack
        return self._show_answer(ack, name, Place(channel=channel, user=user))

    def _with_ids(self, text: str) -> str:
        """Put ids in place of @names and #names, for a command with `should_escape`."""
        world = self._workspace.world
        for user in world.users.values():
            text = re.sub(rf"(?<!\S)@{re.escape(user.name)}\b", f"<@{user.id}|{user.name}>", text)
        for room in world.channels.values():
            if room.name:
                link = f"<#{room.id}|{room.name}>"
                text = re.sub(rf"(?<!\S)#{re.escape(room.name)}\b", link, text)
        return text

    def _show_answer(self, ack: Ack, name: str, place: Place) -> Ack:
        if not isinstance(ack.body, dict) or not ack.body:
            return ack
        try:
            say_back(self._workspace, place, ack.body)
        except ApiError as error:
            self._workspace.toast(place.user, f'{name} failed with the error "{error.code}"')
            return Ack(ok=False, body=ack.body, ms=ack.ms, error=error.code, attempts=ack.attempts)
        finally:
            self._workspace.save()
        self._workspace.log.record({"what": "answer", "to": name, "body": ack.body})
        return ack

    async def shortcut(self, user: str, callback_id: str) -> Ack:
        """Use a global shortcut.

        Raises:
            SimulatorError: The app has no such shortcut.
        """
        person = self._workspace.person(user)
        self._known_shortcut(callback_id, "global")
        body = payloads.shortcut(
            person,
            callback_id=callback_id,
            trigger_id=self._workspace.trigger(user),
            action_ts=self._workspace.next_ts(),
        )
        return await self._interact(user, "shortcut", body, callback_id)

    async def message_shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> Ack:
        """Use a shortcut on a message.

        Raises:
            SimulatorError: The app has no such shortcut, or the message is not there.
        """
        person = self._workspace.person(user)
        room = self._workspace.room(user, channel)
        self._known_shortcut(callback_id, "message")
        post = self._workspace.world.find_post(channel, ts)
        if post is None or post.audience is not None:
            raise SimulatorError(f"there is no message {ts!r} in {channel!r}")
        body = payloads.message_shortcut(
            post,
            person,
            room,
            callback_id=callback_id,
            way_back=payloads.WayBack(
                response_url=self._workspace.response_url(
                    "app", user, channel, source=None, thread_ts=post.body.get("thread_ts")
                ),
                trigger_id=self._workspace.trigger(user),
            ),
            action_ts=self._workspace.next_ts(),
        )
        return await self._interact(user, "message_action", body, callback_id)

    async def open_home(self, user: str, *, tab: str = "home") -> None:
        """Open the app's Home or Messages tab; the app hears of it if it subscribed."""
        self._workspace.person(user)
        event: dict[str, Any] = {
            "type": "app_home_opened",
            "user": user,
            "channel": self._workspace.direct(user).id,
            "event_ts": self._workspace.next_ts(),
            "tab": tab,
        }
        view = self._workspace.world.find_home(user)
        if tab == "home" and view is not None:
            event["view"] = view_body(self._workspace, view)
        self._workspace.emit("app_home_opened", event)
        self._workspace.save()

    async def _interact(self, user: str, name: str, body: dict[str, Any], what: str) -> Ack:
        ack = await self._delivery.send(
            Outgoing(kind="interactive", name=name, body=body, summary=f"{user}: {what}")
        )
        if not ack.ok:
            self._workspace.toast(user, "This app did not respond. Try again?")
        return ack

    def _known_shortcut(self, callback_id: str, kind: str) -> None:
        if self._workspace.app.shortcut(callback_id, kind) is None:
            raise SimulatorError(f"this app has no {kind} shortcut {callback_id!r}")

    def _tell_app(self, room: Channel, post: Post) -> None:
        team = self._workspace.team
        if team.bot_user not in room.members:
            return
        event = tell_app(self._workspace, room, post)
        if f"<@{team.bot_user}>" in event["text"] and room.kind != "dm":
            mention = {key: value for key, value in event.items() if key != "channel_type"}
            self._workspace.emit("app_mention", {**mention, "type": "app_mention", "team": team.id})
