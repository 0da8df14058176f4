"""What chat surfaces keep in the database beside the runs."""

from __future__ import annotations

from orchestrator.store import Store, open_store


async def test_a_value_is_kept_until_it_is_replaced_or_deleted(store: Store):
    """Each scope has names of its own."""
    await store.values.put("preference", "T1:UALICE", '{"mute": true}')
    await store.values.put("install", "T1:UALICE", "sealed")
    await store.values.put("preference", "T1:UALICE", '{"mute": false}')

    assert await store.values.get("preference", "T1:UALICE") == '{"mute": false}'

    await store.values.delete("preference", "T1:UALICE")
    await store.values.delete("preference", "nobody")

    assert await store.values.get("preference", "T1:UALICE") is None
    assert await store.values.get("install", "T1:UALICE") == "sealed"


async def test_names_are_listed_by_how_they_begin(store: Store):
    """Case counts, and signs that mean something to SQL are only signs."""
    for name in ("T1:UB", "T1:UA", "t1:UA", "T_:UA", "T2:UA"):
        await store.values.put("preference", name, name)

    assert list(await store.values.list("preference", "T1:")) == ["T1:UA", "T1:UB"]
    assert list(await store.values.list("preference", "T_")) == ["T_:UA"]
    assert len(await store.values.list("preference")) == 5


async def test_values_outlive_the_process(url: str, store: Store, clock):
    """They are there for whoever opens the database next."""
    await store.values.put("channel", "T1", "C1")
    async with open_store(url, now=clock.now) as other:
        assert await other.values.get("channel", "T1") == "C1"


async def test_s11_of_two_who_change_the_same_value_one_succeeds(store: Store):
    """The other one learns that what it read is not there any more."""
    values = store.values

    assert await values.swap("install", "T1", old=None, new="first")
    assert not await values.swap("install", "T1", old=None, new="again")
    assert await values.swap("install", "T1", old="first", new="second")
    assert not await values.swap("install", "T1", old="first", new="third")
    assert await values.get("install", "T1") == "second"
