"""The story of a run, line by line, for the threads of its questions."""

from __future__ import annotations

from collections.abc import Iterable

from bot.cards import Notice
from bot.cards.story import next_words, people_in, story_words, uncalled
from bot.slack.workspace.directory import SlackDirectory
from bot.slack.workspace.links import Links
from orchestrator.core.effects import Purpose
from orchestrator.errors import DirectoryError
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval, Delivery


class Narrator:
    """Tells each thing once, and calls nobody by it; one per workspace."""

    def __init__(self, engine: Engine, directory: SlackDirectory, links: Links) -> None:
        self._engine = engine
        self._directory = directory
        self._links = links

    async def story_of(self, delivery: Delivery, approval: Approval) -> Notice | None:
        """Return the line for the thread at votes, an outcome and the run's end.

        At a question it is for the thread of the one before it in the same run, which the notice
        names.
        """
        if delivery.person is not None:
            return None
        if delivery.purpose is Purpose.QUESTION:
            return await self._next(approval)
        if delivery.purpose not in {Purpose.PROGRESS, Purpose.OUTCOME}:
            return None
        since = await self._engine.told_until(delivery)
        words = story_words(approval, since=since, until=delivery.created_at)
        return Notice(words=uncalled(words, await self._names(people_in(words)))) if words else None

    async def _next(self, approval: Approval) -> Notice | None:
        before = await self._engine.led_from(approval.id)
        if before is None:
            return None
        return Notice(words=next_words(approval, await self._links.find(approval.id)), about=before)

    async def _names(self, people: Iterable[str]) -> dict[str, str]:
        names: dict[str, str] = {}
        for person in people:
            try:
                found = await self._directory.person(person)
            except DirectoryError:
                continue
            if found is not None:
                names[person] = found.name
        return names
