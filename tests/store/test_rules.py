"""Standing rules: granted and revoked in runs' logs, found by what they are about (row H24)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from orchestrator.core import events as e
from orchestrator.core.ids import rule_ref
from orchestrator.errors import RuleNotFoundError
from orchestrator.graph.kinds import ApprovalKind
from orchestrator.store import Rule, Store, open_store
from orchestrator.testing import FakeClock
from tests.store.steps import (
    HOUR,
    RUNS,
    ask,
    begin,
    commit,
    opening,
    resolved,
    voted,
)

TOOL = ApprovalKind.TOOL
#: Ids of rules whose short references differ.
IDS = tuple(f"0191d0c0a5b07cc08b0f{number:012x}" for number in range(1, 9))


async def grant(store: Store, run_id: str, rule: str = IDS[0], **facts: Any) -> str:
    """Grant a rule with the approval of a tool call; return the approval's id."""
    path = facts.pop("path", "agent#2/search[3]")
    asking = opening(run_id, path, kind=TOOL)
    given = {"by": "BOB", "surface": "slack"} | facts
    granted = e.RuleGranted(approval_id=asking.approval_id, rule=rule, **given)
    done = (voted(asking.approval_id), granted, resolved(asking.approval_id))
    await commit(store, run_id, (*begin(), asking), done)
    return asking.approval_id


async def active(store: Store, run_id: str, now: Any, **facts: Any) -> list[str]:
    """Return the ids of the rules that hold for a call of the tool."""
    about = {"graph": "publishing", "node": "agent/search", "kind": TOOL} | facts
    return [each.id for each in await store.active_rules(run_id=run_id, now=now, **about)]


async def test_h24_a_rule_is_stored_with_the_decision_that_grants_it(
    store: Store, clock: FakeClock
):
    """What it is about comes from the approval; its path has no numbers."""
    approval_id = await grant(store, RUNS[0])
    rule = await store.get_rule(IDS[0])

    assert rule == Rule(
        id=IDS[0],
        graph="publishing",
        node="agent/search",
        kind=TOOL,
        run_id=RUNS[0],
        by="BOB",
        surface="slack",
        granted_at=clock.now(),
        approval_id=approval_id,
        granted_in=RUNS[0],
    )
    assert rule.ref == rule_ref(IDS[0])
    assert (await store.verify(RUNS[0])).is_sound


async def test_h24_a_rule_for_a_run_holds_for_that_run_alone(store: Store, clock: FakeClock):
    """For the same node, kind and graph only, at any visit."""
    await grant(store, RUNS[0])
    now = clock.now() + 999 * HOUR

    assert await active(store, RUNS[0], now) == [IDS[0]]
    assert await active(store, RUNS[0], now, node="agent#7/search[9]#2") == [IDS[0]]
    assert await active(store, RUNS[1], now) == []
    assert await active(store, RUNS[0], now, graph="other") == []
    assert await active(store, RUNS[0], now, node="agent/delete") == []
    assert await active(store, RUNS[0], now, kind="confirm") == []


async def test_h24_a_rule_for_a_time_holds_for_every_run_until_then(store: Store, clock: FakeClock):
    """At the instant itself it is over."""
    end = clock.now() + 4 * HOUR
    await grant(store, RUNS[0], expires_at=end)
    moment = timedelta(microseconds=1)

    assert await active(store, RUNS[1], end - moment) == [IDS[0]]
    assert await active(store, RUNS[0], end - moment) == [IDS[0]]
    assert await active(store, RUNS[1], end) == []


async def test_h24_a_revoked_rule_holds_no_longer(store: Store, clock: FakeClock):
    """Who revoked it and when is kept."""
    await grant(store, RUNS[0])
    clock.advance(HOUR)
    await commit(store, RUNS[0], e.RuleRevoked(rule=IDS[0], by="EVE", surface="cli"))
    rule = await store.get_rule(IDS[0])

    assert await active(store, RUNS[0], clock.now()) == []
    assert (rule.revoked_by, rule.revoked_at) == ("EVE", clock.now())
    assert rule.granted_at == clock.now() - HOUR


async def test_h24_a_rule_may_be_granted_and_revoked_in_one_commit(store: Store):
    """Both are facts, whatever lies between them."""
    asking = opening(RUNS[0], "write", kind=TOOL)
    granted = e.RuleGranted(approval_id=asking.approval_id, rule=IDS[0], by="BOB", surface="slack")
    revoked = e.RuleRevoked(rule=IDS[0], by="BOB", surface="slack")
    await commit(store, RUNS[0], (*begin(), asking, granted, revoked))
    rule = await store.get_rule(IDS[0])

    assert (rule.node, rule.revoked_by) == ("write", "BOB")


async def test_h24_rules_are_listed_newest_first_without_those_that_are_over(
    store: Store, clock: FakeClock
):
    """Revoked, expired, and those of runs that have ended are listed when they are asked for."""
    await grant(store, RUNS[0], IDS[0])
    await grant(store, RUNS[1], IDS[1], expires_at=clock.now() + 2 * HOUR)
    clock.advance(HOUR)
    await grant(store, RUNS[2], IDS[2])
    await commit(store, RUNS[2], e.RunCompleted(path="write"))
    await grant(store, RUNS[3], IDS[3], expires_at=clock.now() + HOUR / 2)
    await grant(store, RUNS[4], IDS[4])
    await commit(store, RUNS[4], e.RuleRevoked(rule=IDS[4], by="EVE", surface="cli"))

    async def listed(**options: Any) -> list[str]:
        return [each.id for each in await store.list_rules(**options)]

    assert await listed() == [IDS[3], IDS[1], IDS[0]]

    clock.advance(HOUR / 2)

    assert await listed() == [IDS[1], IDS[0]]
    assert await listed(include_over=True) == list(IDS[:5])[::-1]


async def test_h24_a_rule_is_found_by_its_short_reference(store: Store):
    """As runs and approvals are; a reference that fits two is refused."""
    await grant(store, RUNS[0])
    twin = "1" + IDS[0][1:]
    await grant(store, RUNS[1], IDS[1])
    for text in (IDS[0], rule_ref(IDS[0]), rule_ref(IDS[0]).lower(), f" `{rule_ref(IDS[0])}` "):
        assert (await store.get_rule(text)).id == IDS[0]
    for text in ("s-0000000", "nope", "", RUNS[0], rule_ref(IDS[0]).replace("s-", "r-")):
        with pytest.raises(RuleNotFoundError, match="list the rules"):
            await store.get_rule(text)

    await grant(store, RUNS[2], twin)
    with pytest.raises(RuleNotFoundError, match="fits several rules"):
        await store.get_rule(rule_ref(IDS[0]))


async def test_h24_another_process_sees_a_rule_and_its_end_at_once(
    store: Store, url: str, clock: FakeClock
):
    """A rule that was revoked anywhere decides nothing anywhere."""
    await grant(store, RUNS[0], expires_at=clock.now() + HOUR)
    async with open_store(url, now=clock.now) as other:
        before = await active(other, RUNS[1], clock.now())
        await commit(store, RUNS[0], e.RuleRevoked(rule=IDS[0], by="EVE", surface="cli"))
        after = await active(other, RUNS[1], clock.now())

    assert (before, after) == ([IDS[0]], [])


async def test_h24_rules_of_several_runs_in_one_commit_are_kept_apart(store: Store):
    """Each knows the approval and the run of its own."""
    ids = await asyncio.gather(
        *(grant(store, run_id, rule) for run_id, rule in zip(RUNS, IDS, strict=False))
    )
    found = await store.list_rules()

    assert {(each.id, each.run_id, each.approval_id) for each in found} == set(
        zip(IDS, RUNS, ids, strict=False)
    )


async def test_h24_a_rule_that_is_granted_after_the_outcome_knows_what_it_is_about(store: Store):
    """The order of the events in one decision does not matter."""
    approval_id = await ask(store, RUNS[0])
    granted = e.RuleGranted(approval_id=approval_id, rule=IDS[0], by="BOB", surface="slack")
    await commit(store, RUNS[0], (voted(approval_id), resolved(approval_id), granted))
    rule = await store.get_rule(IDS[0])

    assert (rule.node, rule.kind) == ("review", ApprovalKind.REVIEW)
