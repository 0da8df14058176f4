"""What may be claimed is found by looking at few rows, however many wait (rows S2, T4)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from orchestrator.store import Delivery, Store, sighting
from orchestrator.store.claiming import Wanted
from orchestrator.store.tables import deliveries
from orchestrator.testing import FakeClock
from tests.store.test_listings import NOW, AllPlans

LEASE = timedelta(seconds=30)
BUSY, QUIET = "C0BUSY", "C0QUIET"


async def wait(store: Store, clock: FakeClock, places: list[str]) -> None:
    """Have questions wait for these places, a millisecond after one another."""
    began = clock.now()

    def rows(connection: Connection, _now: object) -> None:
        for number, place in enumerate(places):
            at = began + timedelta(milliseconds=number)
            row = {
                "purpose": "question",
                "approval_id": f"{number:032x}",
                "run_id": f"{number:032x}",
                "status": "pending",
                "attempts": 0,
                "created_at": at,
                "not_before": at,
                "workspace": "",
                "channel": place,
            }
            connection.execute(insert(deliveries).values(**row))

    await store.write(rows)
    clock.advance(timedelta(milliseconds=len(places)))


async def claim(store: Store, limit: int = 5, *, one_a_channel: bool = True) -> list[Delivery]:
    """Take what may be sent now."""
    return await store.claim_deliveries(
        owner="s1", limit=limit, lease=LEASE, one_a_channel=one_a_channel
    )


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at few rows."""
    monkeypatch.setattr(sighting, "OLDEST", 3)
    monkeypatch.setattr(sighting, "BEHIND", 4)


async def test_t4_a_place_behind_a_busy_one_gets_its_turn(store: Store, clock: FakeClock):
    """After a few looks, whether or not anything else could be claimed."""
    await wait(store, clock, [BUSY] * 30 + [QUIET])
    found: list[Delivery] = []
    for _ in range(10):
        found += await claim(store)

    assert [each.channel for each in found] == [BUSY, QUIET]
    assert found[0].approval_id == f"{0:032x}"


@pytest.mark.parametrize("one_a_channel", [True, False])
async def test_t4_everything_is_claimed_once_and_the_oldest_first(
    store: Store,
    clock: FakeClock,
    one_a_channel: bool,  # noqa: FBT001 - a parameter of the test
):
    """Of each place, as long as it sends one at a time."""
    places = [f"C0{number % 4}" for number in range(40)]
    await wait(store, clock, places)
    found: list[str] = []
    for _ in range(60):
        for each in await claim(store, one_a_channel=one_a_channel):
            found.append(each.approval_id)
            await store.give_up_delivery(each, error="seen")

    numbers = [int(each, 16) for each in found]
    assert sorted(numbers) == list(range(40))
    for place in range(4):
        mine = [each for each in numbers if each % 4 == place]
        assert mine == sorted(mine)


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(one_a_channel=True)])
async def test_a_look_reads_a_range_of_an_index(file: Path, wanted: Wanted) -> None:
    """Rows that are sent, or wait behind what is looked at, are not read."""
    reader = AllPlans(file)
    await sighting.candidates(reader, NOW, wanted, workspace=None, limit=5)

    found = "ix_deliveries_status_not_before (status=? AND not_before>? AND not_before<?)"
    assert reader.plan.count(f"SEARCH deliveries USING INDEX {found}") >= 1
    assert f"SEARCH deliveries USING COVERING INDEX {found}" in reader.plan
    assert "SCAN deliveries" not in reader.plan
