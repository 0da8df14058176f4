"""The path of a click: who it is, may they, record it; two seconds in all."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeVar

import structlog

from bot.errors import NotRecordedError
from bot.slack.tasks import TaskKeeper
from bot.slack.workspace.directory import SlackDirectory, SlackPerson
from bot.slack.workspace.identity import IdentityKeeper
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
class Member:
    """Who acts, and the workspace that Slack says they belong to."""

    id: str
    team: str | None


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
    #: What an answer, a result, a choice or an edit brings.
    values: Any = None
    #: Approve questions like this one in advance: for the run, or for a time.
    rule: Literal["run"] | timedelta | None = None
    #: The approval's reference, to approve alone and against the policy.
    break_glass_confirm: str | None = None


class About(Protocol):
    """What a button or form says that it is about."""

    @property
    def approval(self) -> str:
        """The approval's id."""

    @property
    def digest(self) -> str:
        """The payload that was seen."""


def click_of(body: Mapping[str, Any], about: About, decision: str, **further: Any) -> Click:
    """Return the decision that a button or form brings; its key is that of the interaction.

    Args:
        body: The interaction.
        about: What the button or form carries.
        decision: What was decided.
        further: More of the decision, by the names of Click.
    """
    user = str((body.get("user") or {}).get("id") or "")
    if body.get("type") == "view_submission":
        view = body["view"]
        key = f"{view['id']}:{view.get('hash', '')}"
    else:
        action = (body.get("actions") or [{}])[0]
        key = f"{about.approval}:{user}:{action.get('action_ts', '')}"
    return Click(
        approval=about.approval,
        decision=decision,
        digest=about.digest,
        by=user,
        team=team_of(body),
        key=key,
        **further,
    )


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

    async def act(self, work: Coroutine[Any, Any, T], *, approval: str, member: Member) -> T:
        """Do something else about an approval; it is durable when this returns.

        Raises:
            NotRecordedError: It is not known to be recorded within two seconds.
            OrchestratorError: It was refused.
        """

        async def checked() -> T:
            try:
                await self._check_home(approval, member)
            except BaseException:
                work.close()
                raise
            return await work

        return await in_time(self._tasks, checked(), seconds=self._seconds)

    async def _record(self, click: Click) -> Run:
        await self._check_home(click.approval, Member(id=click.by, team=click.team))
        run = await self._engine.decide(
            click.approval,
            click.decision,
            by=click.by,
            surface=SURFACE,
            comment=click.comment,
            values=click.values,
            digest=click.digest,
            key=click.key,
            rule=click.rule,
            break_glass_confirm=click.break_glass_confirm,
        )
        _log.info(
            "decision_recorded",
            approval_id=click.approval,
            run_id=run.id,
            decision=click.decision,
            by=click.by,
        )
        return run

    async def _check_home(self, approval: str, member: Member) -> None:
        """Refuse who acts from another organisation, unless the policy takes outsiders.

        In a channel shared through Slack Connect everybody can press a button, and only the click
        itself says where from: https://docs.slack.dev/apis/slack-connect
        """
        person = await self._directory.person(member.id)
        if self._is_home(person, member.team):
            return
        found = await self._engine.get_approval(approval)
        if not found.policy.outsiders:
            raise NotAnApproverError(member.id, found.approvers)

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
