"""Questions of low risk: when they are told, in a digest or by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from bot.slack.people.hours import next_of, zone_of
from bot.slack.people.preferences import Preference
from bot.slack.sending.letters import DIGEST, QUESTION
from bot.slack.sending.zones import zone_name
from bot.slack.workspace.directory import SlackDirectory
from orchestrator.runtime import Engine
from orchestrator.store.records import Approval

#: A question that cannot wait for the digest is told so long before its deadline.
_AHEAD = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A direct message to be sent."""

    person: str
    #: What it is about: `question`, `digest`, `reminder`, `outcome`, `end`, or an event.
    detail: str
    not_before: datetime


def gathered(
    person: str, preference: Preference, approval: Approval, now: datetime, zone: tzinfo
) -> Direct:
    """Return when somebody is told of a question of low risk."""
    at = next_of(preference.digest_times, now, zone)
    latest = approval.due_at - _AHEAD if approval.due_at is not None else None
    if latest is not None and latest < at:
        return Direct(person=person, detail=QUESTION, not_before=max(latest, now))
    return Direct(person=person, detail=DIGEST, not_before=at)


async def gather_anew(
    engine: Engine,
    directory: SlackDirectory,
    person: str,
    preference: Preference,
    *,
    now: datetime,
    workspace: str,
) -> None:
    """Have what waits for a person's digest told at the times that the person has chosen now."""
    waiting = await engine.gathered_for(person, workspace=workspace)
    if not waiting:
        return
    zone = zone_of(await zone_name(directory, person))
    approvals = [await engine.get_approval(each.approval_id) for each in waiting]
    await engine.move_gathered(
        [
            (delivery, gathered(person, preference, approval, now, zone))
            for delivery, approval in zip(waiting, approvals, strict=True)
        ]
    )
