"""The path of a click: who it is, may they, record it; two seconds in all."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from bot.errors import NotRecordedError
from bot.slack.directory import SlackDirectory, SlackPerson
from bot.slack.identity import IdentityKeeper
from bot.slack.tasks import TaskKeeper
from orchestrator.errors import NotAnApproverError, StoreUnavailableError
from orchestrator.runtime import Engine
from orchestrator.store.records import Run

#: Seconds that recording may take. Slack gives three, its own transit included:
#: https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
CLICK_TIMEOUT = 2.0
SURFACE = "slack"

_log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A decision as it comes from Slack, by a button or a form."""

    approval: str
    decision: str
    digest: str
    by: str
    #: The workspace that the person belongs to, as Slack says.
    team: str | None
    #: The same text however often Slack delivers this click.
    key: str
    comment: str = ""


async def in_time(tasks: TaskKeeper, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """Wait for what must be stored before Slack is answered.

    Raises:
        NotRecordedError: It took too long or the database is away. It may still be recorded
            later; nobody was told that it is.
    """
    try:
        return await tasks.finish(work, seconds=seconds)
    except TimeoutError as exc:
        raise NotRecordedError(f"not recorded within {seconds:g} s") from exc
    except StoreUnavailableError as exc:
        raise NotRecordedError(str(exc)) from exc


class Decisions:
    """Records clicks."""

    def __init__(
        self,
        engine: Engine,
        directory: SlackDirectory,
        identity: IdentityKeeper,
        tasks: TaskKeeper,
        *,
        seconds: float = CLICK_TIMEOUT,
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._identity = identity
        self._tasks = tasks
        self._seconds = seconds

    async def record(self, click: Click) -> Run:
        """Record a click; it is durable when this returns. Repeated, it changes nothing.

        Raises:
            NotRecordedError: It is not known to be recorded within two seconds.
            OrchestratorError: It was refused; see `Engine.decide`.
        """
        return await in_time(self._tasks, self._record(click), seconds=self._seconds)

    async def _record(self, click: Click) -> Run:
        await self._check_person(click)
        run = await self._engine.decide(
            click.approval,
            click.decision,
            by=click.by,
            surface=SURFACE,
            comment=click.comment,
            digest=click.digest,
            key=click.key,
        )
        _log.info(
            "decision_recorded",
            approval_id=click.approval,
            run_id=run.id,
            decision=click.decision,
            by=click.by,
        )
        return run

    async def _check_person(self, click: Click) -> None:
        """Let guests and people of other organisations through only where they are named.

        A group may have such members, and in a channel shared through Slack Connect everybody can
        press a button: https://docs.slack.dev/apis/slack-connect
        """
        person = await self._directory.person(click.by)
        may_never = person is not None and (person.is_bot or person.is_deactivated)
        is_member = person is not None and not person.must_be_named
        if is_member and not may_never and self._is_home(person, click.team):
            return
        approval = await self._engine.get_approval(click.approval)
        if may_never or click.by not in approval.approvers:
            raise NotAnApproverError(click.by, approval.approvers)

    def _is_home(self, person: SlackPerson | None, team: str | None) -> bool:
        me = self._identity.found
        ours = {me.team_id, me.enterprise_id} if me else set()
        theirs = person.teams if person else frozenset()
        return team is not None and team in ours | theirs


def team_of(body: Mapping[str, Any]) -> str | None:
    """Return the workspace of the person who acted, from an interaction's body."""
    user = body.get("user") or {}
    team = user.get("team_id") or (body.get("team") or {}).get("id")
    return str(team) if team else None
