"""Plays a story: does what people do, and waits until they see what the story says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from bot.simulator import Ack, Simulator
from tests.acceptance.dialogue import Step, Story
from tests.acceptance.reading import buttons, fields, read
from tests.acceptance.server import CHANNEL, PATIENCE
from tests.acceptance.stage import Bot

PEOPLE = {"Alice": "U0ALICE", "Bob": "U0BOB", "Carol": "U0CAROL", "Dave": "U0DAVE"}


class Play:
    """One performance of a story."""

    def __init__(self, sim: Simulator, bot: Bot, ledger: Path) -> None:
        self._sim = sim
        self._bot = bot
        self._ledger = ledger
        self._ack: Ack | None = None
        #: Heard in private, by person; each thing is heard once.
        self._heard: dict[str, int] = {}
        self._verbs: dict[str, Callable[[Step], Awaitable[None]]] = {
            "types": self._types,
            "replies": self._replies,
            "replies to the bot": self._replies_in_private,
            "alone sees": self._alone_sees,
            "is told": self._told,
            "opens the home tab and sees": self._opens_home,
            "presses on the home tab": self._presses_at_home,
            "presses": self._presses,
            "picks from the menu": self._picks,
            "sees the form with": self._sees_form,
            "sends": self._sends,
            "is told in the form": self._told_in_form,
            "shows": self._shows,
            "asks": self._asks,
            "says": self._says,
            "has the buttons": self._has_buttons,
            "has no buttons": self._has_no_buttons,
            "is restarted": self._restarted,
        }

    async def perform(self, story: Story) -> None:
        """Play a story from the first line to the last."""
        for number, step in enumerate(story.steps, start=1):
            try:
                await self._act(step)
            except (AssertionError, TimeoutError, StopIteration, KeyError) as error:
                raise AssertionError(
                    f"{story.name}, line {number}: {step.line}\n{error}\n{self._scene()}"
                ) from error

    async def _act(self, step: Step) -> None:
        if step.actor == "done" or step.line == "nothing is done":
            await self._until(lambda: self._done() == list(step.said), "what was done")
        elif step.actor == "the run":
            status = step.verb.removeprefix("is ")
            await self._until(lambda: status.replace("_", " ") in self._last_run(), status)
        else:
            await self._verbs[step.verb](step)

    async def _until(self, condition: Callable[[], Any], what: str) -> Any:
        try:
            return await self._sim.until(condition, timeout=PATIENCE)
        except TimeoutError as error:
            raise AssertionError(f"never came: {what}") from error

    def _done(self) -> list[str]:
        return self._ledger.read_text("utf-8").splitlines() if self._ledger.exists() else []

    def _last_run(self) -> str:
        return read(self._sim, self._messages()[-1])

    def _messages(self) -> list[dict[str, Any]]:
        return [each for each in self._sim.messages(CHANNEL) if each.get("bot_id")]

    def _question(self) -> dict[str, Any]:
        return self._messages()[-1]

    async def _types(self, step: Step) -> None:
        user = PEOPLE[step.actor]
        self._ack = await self._sim.command(user, CHANNEL, step.said[0])
        assert self._ack.ok, self._ack

    async def _replies(self, step: Step) -> None:
        """Type something in the question's thread; the bot marks what it takes."""
        await self._reply(step, CHANNEL, self._question()["ts"])

    async def _replies_in_private(self, step: Step) -> None:
        """Type something in the thread of the newest direct message."""
        channel = self._sim.direct(PEOPLE[step.actor])
        newest = [each for each in self._sim.messages(channel) if each.get("bot_id")][-1]
        await self._reply(step, channel, newest["ts"])

    async def _reply(self, step: Step, channel: str, thread: str) -> None:
        user = PEOPLE[step.actor]
        ts = await self._sim.say(user, channel, step.said[0], thread_ts=thread)

        def is_marked() -> bool:
            replies = self._sim.thread(channel, thread)
            return any(each["ts"] == ts and each.get("reactions") for each in replies)

        await self._until(is_marked, f"a mark at {step.said[0]!r}")

    async def _alone_sees(self, step: Step) -> None:
        user = PEOPLE[step.actor]

        def heard() -> bool:
            told = self._sim.ephemerals(user)[self._heard.get(user, 0) :]
            return any(all(text in read(self._sim, each) for text in step.said) for each in told)

        await self._until(heard, f"something private with {step.said}")
        self._heard[user] = len(self._sim.ephemerals(user))

    async def _told(self, step: Step) -> None:
        """Wait for a direct message."""
        channel = self._sim.direct(PEOPLE[step.actor])

        def find() -> bool:
            texts = [read(self._sim, each) for each in self._sim.messages(channel)]
            return any(all(said in text for said in step.said) for text in texts)

        await self._until(find, f"a direct message with {step.said}")

    async def _opens_home(self, step: Step) -> None:
        user = PEOPLE[step.actor]
        await self._sim.open_home(user)

        def find() -> bool:
            home = self._sim.home(user)
            text = read(self._sim, home) if home else ""
            return all(said in text for said in step.said)

        await self._until(find, f"a home tab with {step.said}")

    async def _presses_at_home(self, step: Step) -> None:
        user = PEOPLE[step.actor]
        home = self._sim.home(user)
        assert home is not None, f"{step.actor} has not opened the home tab"
        self._ack = await self._sim.click_view(user, home["id"], label=step.said[0])
        assert self._ack.ok, self._ack

    async def _presses(self, step: Step) -> None:
        user, message, label = PEOPLE[step.actor], self._question(), step.said[0]
        # A card may have several; the first is that of the first call which is open.
        row = next(
            (block for block in message["blocks"] if label in dict(buttons({"blocks": [block]}))),
            None,
        )
        block_id = row["block_id"] if row is not None else None
        self._ack = await self._sim.click(
            user, CHANNEL, message["ts"], label=label, block_id=block_id
        )
        assert self._ack.ok, self._ack

    async def _picks(self, step: Step) -> None:
        user, message = PEOPLE[step.actor], self._question()
        chosen = next(
            option
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["type"] == "overflow"
            for option in element["options"]
            if option["text"]["text"] == step.said[0]
        )
        self._ack = await self._sim.click(
            user, CHANNEL, message["ts"], "signoff_menu", element=chosen["value"]
        )
        assert self._ack.ok, self._ack

    async def _sees_form(self, step: Step) -> None:
        user, (title, *texts) = PEOPLE[step.actor], step.said

        def sees() -> bool:
            views = self._sim.views(user)
            return bool(views) and views[-1]["title"]["text"] == title

        await self._until(sees, f"the form {title!r}")
        form = read(self._sim, self._sim.views(user)[-1])
        missing = [text for text in texts if text not in form]
        assert not missing, f"the form does not say {missing}:\n{form}"

    async def _sends(self, step: Step) -> None:
        user = PEOPLE[step.actor]
        view = self._sim.views(user)[-1]
        known = fields(view)
        values: dict[str, dict[str, Any]] = {}
        for label, text in zip(step.said[::2], step.said[1::2], strict=True):
            block_id, element = known[label]
            values[block_id] = {element["action_id"]: _entered(element, text)}
        self._ack = await self._sim.submit(user, view["id"], values)
        assert self._ack.ok or self._ack.errors, self._ack

    async def _told_in_form(self, step: Step) -> None:
        errors = " ".join((self._ack.errors or {}).values()) if self._ack else ""
        assert step.said[0] in errors, f"the form says {errors!r}"

    async def _shows(self, step: Step) -> None:
        def find() -> bool:
            texts = [read(self._sim, message) for message in self._messages()]
            return any(all(said in text for said in step.said) for text in texts)

        await self._until(find, f"a message with {step.said}")

    async def _asks(self, step: Step) -> None:
        def find() -> bool:
            if not self._messages():
                return False
            text = read(self._sim, self._question())
            return bool(buttons(self._question())) and all(said in text for said in step.said)

        await self._until(find, f"a question with {step.said}")

    async def _says(self, step: Step) -> None:
        def find() -> bool:
            for message in self._messages():
                thread = self._sim.thread(CHANNEL, message["ts"])[1:]
                texts = [read(self._sim, each) for each in thread]
                if any(all(said in text for said in step.said) for text in texts):
                    return True
            return False

        await self._until(find, f"a message in a thread with {step.said}")

    async def _has_buttons(self, step: Step) -> None:
        labels = [label for label, _ in buttons(self._question())]
        assert labels == list(step.said), f"the buttons are {labels}"

    async def _has_no_buttons(self, _step: Step) -> None:
        assert not buttons(self._question()), buttons(self._question())

    async def _restarted(self, _step: Step) -> None:
        await self._bot.stop()
        await self._bot.start()

    def _scene(self) -> str:
        shown = [read(self._sim, each) for each in self._messages()[-2:]]
        private = [
            f"{name} alone: {read(self._sim, each)}"
            for name, user in PEOPLE.items()
            for each in self._sim.ephemerals(user)
        ]
        heading = "What #approvals shows:"
        return "\n---\n".join([heading, *shown, *private, f"done: {self._done()}"])


def _entered(element: Mapping[str, Any], text: str) -> Any:
    """Return what a person enters who means a text: an option by its label, else the text."""
    options = {each["text"]["text"]: each["value"] for each in element.get("options", ())}
    if options:
        return options[text]
    return text
