"""Policies and votes in words: who has answered, and who is still asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.core.policy import Fill, standing
from orchestrator.graph.policy import Policy, Slot, Stage
from orchestrator.store import Approval


def progress(approval: Approval) -> str:
    """Say how far an open approval is: `1 of 2, waits for @finance`."""
    policy = approval.policy
    now = standing(
        policy,
        approval.votes,
        approval.stage,
        requester=approval.requester,
        editor=approval.editor,
    )
    parts = [_fill(fill) for fill in now.fills]
    if now.rejected_by and policy.deny_threshold > 1:
        parts.append(f"{len(now.rejected_by)} of {policy.deny_threshold} rejections")
    text = "; ".join(parts)
    if len(policy.stages) == 1:
        return text
    name = policy.stages[approval.stage].name
    stage = f"stage {approval.stage + 1} of {len(policy.stages)}" + (f" ({name})" if name else "")
    return f"{stage}: {text}"


def _fill(fill: Fill) -> str:
    asked = " ".join(name for name in fill.waiting if name not in fill.by)
    count = f"{len(fill.by)} of {fill.needed}"
    if fill.missing == 0:
        return f"{count} by {' '.join(fill.by)}"
    if fill.needed == 1:
        return f"waits for {asked}"
    if fill.needed is None:
        return f"{len(fill.by)} so far, waits for all of {asked}"
    return f"{count}, waits for {asked}"


def describe(policy: Policy) -> Iterator[str]:
    """Say what a policy asks for, a line a rule."""
    many = len(policy.stages) > 1
    for number, stage in enumerate(policy.stages, start=1):
        yield (f"stage {number}: " if many else "") + _stage(stage)
    if policy.veto:
        yield f"a rejection by {_names(policy.veto)} is final"
    if policy.deny_threshold > 1:
        yield f"{policy.deny_threshold} rejections reject"
    if many and not policy.distinct:
        yield "one person may approve in several stages"
    if not policy.last_editor_may_approve:
        yield "not by whoever edited it last"
    if policy.outsiders:
        yield "guests and bots too, if they are named"
    if policy.break_glass:
        yield f"{_names(policy.break_glass)} may break the glass"


def _stage(stage: Stage) -> str:
    text = " and ".join(map(_slot, stage.slots))
    if stage.name:
        text = f"{stage.name}: {text}"
    return f"{text}, not the requester" if stage.four_eyes else text


def _slot(slot: Slot) -> str:
    count = "all" if slot.count is None else str(slot.count)
    return f"{count} of {_names(slot.approvers)}"


def _names(approvers: Iterable[object]) -> str:
    return " ".join(map(str, approvers))
