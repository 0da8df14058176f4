"""What each person wants to be told, and when; kept in the database, a document a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.slack.people.hours import Quiet
from bot.slack.workspace.cache import Cache
from orchestrator.runtime import Clock, Engine

SCOPE = "preference"
ALL = "all"
_TTL = 5.0  # seconds until what another process has stored is seen
_MOST = 200  # subjects that somebody follows or has muted; the oldest are forgotten
_log = structlog.get_logger(__name__)


def run_subject(run_id: str) -> str:
    """Name a run as something to follow or to mute."""
    return f"run:{run_id}"


def graph_subject(graph_id: str) -> str:
    """Name a graph as something to follow or to mute."""
    return f"graph:{graph_id}"


class Preference(BaseModel):
    """What one person wants."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    quiet: Quiet | None = None
    #: Are questions of low risk gathered?
    has_digest: bool = True
    #: When what was gathered is told, in the person's own time zone.
    digest_times: tuple[time, ...] = (time(9), time(15))
    #: Subjects of which the person hears all outcomes, the newest last.
    follows: tuple[str, ...] = ()
    #: Subjects of which the person hears nothing that needs no answer, with until when.
    mutes: Mapping[str, datetime | None] = {}

    def does_follow(self, *, run: str, graph: str) -> bool:
        """Does the person hear of the outcomes in a run?"""
        return not {run_subject(run), graph_subject(graph)}.isdisjoint(self.follows)

    def is_muted(self, *, run: str, graph: str, now: datetime) -> bool:
        """Does the person not want to hear of a run now?"""
        return any(
            subject in self.mutes and _holds(self.mutes[subject], now)
            for subject in (ALL, run_subject(run), graph_subject(graph))
        )

    def following(self, subject: str) -> Preference:
        """Return the preference with a subject that is followed, and no longer muted."""
        others = tuple(each for each in self.follows if each != subject)
        follows = (*others, subject)[-_MOST:]
        return self.unmuting(subject).model_copy(update={"follows": follows})

    def leaving(self, subject: str) -> Preference:
        """Return the preference with a subject that is not followed."""
        follows = tuple(each for each in self.follows if each != subject)
        return self.model_copy(update={"follows": follows})

    def muting(self, subject: str, until: datetime | None) -> Preference:
        """Return the preference with a subject that is muted, for good where `until` is None."""
        others = [(each, end) for each, end in self.mutes.items() if each != subject]
        return self.model_copy(update={"mutes": dict([*others, (subject, until)][-_MOST:])})

    def unmuting(self, subject: str) -> Preference:
        """Return the preference with a subject that is not muted."""
        kept = {each: until for each, until in self.mutes.items() if each != subject}
        return self.model_copy(update={"mutes": kept})

    def muted_now(self, now: datetime) -> dict[str, datetime | None]:
        """Return what is muted, without what has run out."""
        return {each: until for each, until in self.mutes.items() if _holds(until, now)}


def _holds(until: datetime | None, now: datetime) -> bool:
    return until is None or now < until


#: What holds for who has never said anything.
DEFAULT = Preference()


class Preferences:
    """The preferences of the people of one workspace."""

    def __init__(
        self, engine: Engine, clock: Clock, workspace: str = "", *, ttl: float = _TTL
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._prefix = f"{workspace}:"
        self._ttl = ttl
        self._cache: Cache[None, Mapping[str, Preference]] = Cache(ttl=ttl)

    def now(self) -> datetime:
        """Return the present instant, from which the length of a mute counts."""
        return self._clock.now()

    async def get(self, person: str) -> Preference:
        """Return what a person wants."""
        return (await self.everybody()).get(person, DEFAULT)

    async def everybody(self) -> Mapping[str, Preference]:
        """Return what everybody wants who has said something, by the person's id."""
        return await self._cache.get(None, self._load)

    async def change(self, person: str, change: Callable[[Preference], Preference]) -> Preference:
        """Change what a person wants; durable when this returns."""
        name = f"{self._prefix}{person}"
        values = self._engine.values
        while True:
            stored = await values.get(SCOPE, name)
            wanted = change(_read(name, stored))
            if await values.swap(SCOPE, name, old=stored, new=wanted.model_dump_json()):
                break
        self._cache = Cache(ttl=self._ttl)
        return wanted

    async def _load(self) -> Mapping[str, Preference]:
        found = await self._engine.values.list(SCOPE, prefix=self._prefix)
        return {name.rpartition(":")[2]: _read(name, body) for name, body in found.items()}


def _read(name: str, body: str | None) -> Preference:
    if body is None:
        return DEFAULT
    try:
        return Preference.model_validate_json(body)
    except ValidationError as error:
        _log.warning("preference_unreadable", name=name, faults=error.error_count())
        return DEFAULT
