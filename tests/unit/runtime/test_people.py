"""Who may decide, asked of a directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from orchestrator.errors import ApproversError, DirectoryError
from orchestrator.graph.gates import Gate, Gates
from orchestrator.graph.policy import (
    Approver,
    Policy,
    any_of,
    everyone,
    four_eyes,
    in_order,
    parse_approvers,
    quorum,
)
from orchestrator.runtime.people import check_graph, facts
from orchestrator.runtime.ports import StaticDirectory
from tests.unit.core.asked import graph_of

MEMBERS: Mapping[str, frozenset[str]] = {
    "sre": frozenset({"ANN", "BOB"}),
    "finance": frozenset({"BOB", "EVE"}),
    "joe@example.com": frozenset({"JOE"}),
}


class Directory(StaticDirectory):
    """A directory in which some names cannot be looked up at the moment."""

    def __init__(self, *away: str) -> None:
        super().__init__(MEMBERS)
        self._away = away

    async def members(self, approver: Approver, *, workspace: str = "") -> frozenset[str]:
        """See orchestrator.runtime.ports.Directory."""
        if str(approver) in self._away:
            raise DirectoryError(f"{approver} could not be looked up")
        return await super().members(approver, workspace=workspace)


@pytest.mark.parametrize(
    ("person", "via"),
    [
        ("BOB", ("BOB", "@sre", "@finance")),
        ("JOE", ("joe@example.com",)),
        ("EVE", ("@finance",)),
        ("MAL", ()),
    ],
)
async def test_h21_every_entry_that_a_person_belongs_to_is_found(
    person: str, via: tuple[str, ...]
) -> None:
    """In all stages, by name, e-mail address and group; empty groups let nobody through."""
    policy = in_order("BOB @sre", "joe@example.com @finance @nobody")

    assert await facts(policy, person, Directory()) == (via, {})


async def test_h25_vetoes_and_broken_glass_are_looked_up_too() -> None:
    """They are entries like the others."""
    policy = Policy(
        stages=any_of("BOB").stages,
        veto=parse_approvers("@finance"),
        break_glass=parse_approvers("EVE"),
    )

    assert (await facts(policy, "EVE", Directory()))[0] == ("@finance", "EVE")


async def test_h21_members_are_recorded_where_everybody_must_approve() -> None:
    """Sorted, so that the log says the same for the same people."""
    policy = Policy(stages=(*everyone("@sre CEO").stages, *any_of("@finance").stages))

    assert await facts(policy, "ANN", Directory()) == (
        ("@sre",),
        {"@sre": ("ANN", "BOB"), "CEO": ("CEO",)},
    )


async def test_h21_everybody_are_those_who_may_decide() -> None:
    """Outsiders in a group are not waited for; one who is named by the id is."""
    directory = StaticDirectory(MEMBERS, outsiders=("BOB",))

    assert (await facts(everyone("@sre BOB"), "ANN", directory))[1] == {
        "@sre": ("ANN",),
        "BOB": ("BOB",),
    }


async def test_h21_a_group_of_outsiders_is_nobody_when_a_run_starts() -> None:
    """So the run is refused, with the reason, and not left without an answer."""
    graph = graph_of(Gates(confirm=Gate(policy=everyone("@finance"))))

    await check_graph(graph, StaticDirectory(MEMBERS, outsiders=("BOB",)), "ANN")
    with pytest.raises(ApproversError, match="@finance"):
        await check_graph(graph, StaticDirectory(MEMBERS, outsiders=("BOB", "EVE")), "ANN")


async def test_h21_a_directory_that_is_away_lets_nobody_through() -> None:
    """But those whom another entry of a stage lets through."""
    policy = any_of("@sre @finance")

    assert (await facts(policy, "BOB", Directory("@sre")))[0] == ("@finance",)
    with pytest.raises(DirectoryError, match="@sre"):
        await facts(policy, "MAL", Directory("@sre"))


async def test_h21_nobody_stands_for_everybody_while_the_directory_is_away() -> None:
    """Who everybody is must be known when somebody approves."""
    with pytest.raises(DirectoryError, match="@finance"):
        await facts(everyone("@sre @finance"), "ANN", Directory("@finance"))


@pytest.mark.parametrize(
    ("policy", "named"),
    [
        (any_of("@nobody"), "@nobody"),
        (quorum(3, "@sre"), "takes 3 people of @sre"),
        (four_eyes("ANN"), "without ANN"),
        (in_order("@sre", "ANN", "BOB"), "3 different people"),
    ],
)
async def test_h21_a_graph_that_nobody_can_answer_is_not_started(
    policy: Policy, named: str
) -> None:
    """The graph, the node and the remedy are in the error."""
    graph = graph_of(Gates(confirm=Gate(policy=policy)))
    with pytest.raises(ApproversError, match="cannot be started") as caught:
        await check_graph(graph, Directory(), "ANN")

    assert named in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "outsiders"),
    [
        (quorum(2, "@sre"), ("BOB",)),
        (quorum(2, "@sre @finance"), ("BOB", "EVE")),
        (any_of("@finance"), ("BOB", "EVE")),
        (any_of("BOB"), ("BOB",)),
        (any_of("joe@example.com"), ("JOE",)),
        (four_eyes("@sre"), ("BOB",)),
        (in_order("@sre", "@finance", "BOB"), ("EVE",)),
        (everyone("BOB @sre"), ("BOB",)),
        (everyone("@finance"), ("BOB", "EVE")),
        (replace(quorum(2, "@sre"), outsiders=True), ("BOB",)),
    ],
)
async def test_h21_only_those_who_may_decide_are_counted_before_a_start(
    policy: Policy, outsiders: tuple[str, ...]
) -> None:
    """By every rule that counts; the error names who is left out, and what lets them decide."""
    graph = graph_of(Gates(confirm=Gate(policy=policy)))
    await check_graph(graph, Directory(), "ANN")
    with pytest.raises(ApproversError, match="may not decide: deactivated, a bot") as caught:
        await check_graph(graph, StaticDirectory(MEMBERS, outsiders=outsiders), "ANN")

    assert all(each in str(caught.value) for each in outsiders)
    assert "outsiders=True" in str(caught.value)


async def test_h21_outsiders_count_where_their_own_id_is_named_and_the_policy_lets_them() -> None:
    """As they may decide then."""
    policy = replace(quorum(2, "ANN BOB"), outsiders=True)
    graph = graph_of(Gates(confirm=Gate(policy=policy)))

    await check_graph(graph, StaticDirectory(MEMBERS, outsiders=("BOB",)), "EVE")


async def test_h21_of_a_large_group_only_as_many_are_looked_up_as_it_takes() -> None:
    """A run of a large workspace does not wait for all of its people."""

    class Counting(StaticDirectory):
        looked: int = 0

        async def is_outsider(self, person: str, *, workspace: str = "") -> bool:
            self.looked += 1
            return await super().is_outsider(person, workspace=workspace)

    crowd = [f"U{number:04}" for number in range(2000)]
    few = Counting({"crowd": frozenset(crowd)})
    late = Counting({"crowd": frozenset(crowd)}, outsiders=crowd[:1990])
    graph = graph_of(Gates(confirm=Gate(policy=quorum(3, "@crowd"))))
    await check_graph(graph, few, "ANN")
    await check_graph(graph, late, "ANN")

    assert few.looked < 20
    assert late.looked == 2000


async def test_h21_a_graph_whose_people_cannot_be_looked_up_is_not_started() -> None:
    """With the reason, which passes."""
    graph = graph_of(Gates(confirm=Gate(policy=any_of("@sre"))))
    with pytest.raises(DirectoryError):
        await check_graph(graph, Directory("@sre"), "ANN")


@pytest.mark.parametrize(
    "gate",
    [
        Gate(policy=quorum(2, "@sre")),
        Gate(policy=four_eyes("@sre")),
        Gate(policy=lambda _: []),
    ],
)
async def test_h21_a_graph_that_people_can_answer_is_started(gate: Gate) -> None:
    """What is computed is looked at when it is asked."""
    await check_graph(graph_of(Gates(confirm=gate)), Directory(), "ANN")
