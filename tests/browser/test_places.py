"""What people do to places and messages, and what calls them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from .conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_mention_is_announced_and_counted(stage: Stage) -> None:
    """It shows in the corner, beside the channel and in the title, until it is read."""
    page = await stage.window("U0BOB")
    general = page.get_by_role("link", name="general")
    await stage.sim.say("U0ALICE", "C0GENERAL", "Lunch, <@U0BOB>?")
    corner = page.get_by_role("status").filter(has_text="Alice Archer in #general")

    await expect(corner).to_contain_text("Lunch, @Bob Baker?")
    await expect(general.get_by_role("img", name="1 unread for you")).to_be_visible()
    await expect(page).to_have_title("(1) #approvals · Bob Baker · Signoff demo workspace")
    await corner.get_by_role("button", name="Open").click()

    await expect(page.get_by_role("article")).to_contain_text("Lunch")
    await expect(general.get_by_role("img")).to_have_count(0)


async def test_what_is_in_sight_is_not_announced(stage: Stage) -> None:
    """The message itself is enough."""
    page = await stage.window("U0BOB")
    await stage.sim.say("U0ALICE", "C0APPROVALS", "Here, <@U0BOB>")
    await expect(page.get_by_role("article")).to_contain_text("Here")

    await expect(page.get_by_role("button", name="Dismiss")).to_have_count(0)


async def test_a_channel_is_archived_and_opened_again(stage: Stage) -> None:
    """Nobody can write in between, and the page says so where the box was."""
    page = await stage.window("U0BOB", "C0DEPLOYS")
    box = page.get_by_role("textbox", name="Message #deploys")
    await page.get_by_role("button", name="Channel actions").click()
    await page.get_by_role("menuitem", name="Archive channel…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Archive").click()

    await expect(page.get_by_text("This channel is archived.")).to_be_visible()
    await expect(box).to_have_count(0)
    assert stage.sim.world.channels["C0DEPLOYS"].is_archived is True
    await page.get_by_role("button", name="Open again").click()
    await expect(box).to_be_visible()


async def test_an_app_that_takes_no_messages_offers_no_box(stage: Stage) -> None:
    """As in Slack; other direct messages have one."""
    page = await stage.window("U0BOB", stage.sim.direct("U0BOB"))
    note = page.get_by_text("This app takes no messages here.")

    await expect(note).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_count(0)
    await page.get_by_role("link", name="Alice Archer").click()
    await expect(page.get_by_role("textbox", name="Message Alice Archer")).to_be_visible()
    await expect(note).to_have_count(0)


async def test_the_app_is_taken_out_of_a_channel(stage: Stage) -> None:
    """And put back, from the same menu."""
    page = await stage.window("U0BOB", "C0DEPLOYS")
    for name in ("Remove Asker", "Add Asker"):
        await page.get_by_role("button", name="Channel actions").click()
        await page.get_by_role("menuitem", name=name).click()
        await expect(page.get_by_role("menu")).to_have_count(0)
        is_member = name.startswith("Add")
        await stage.sim.until(
            lambda wanted=is_member: (
                ("U0SIGNOFF" in stage.sim.world.channels["C0DEPLOYS"].members) is wanted
            )
        )


async def test_an_administrator_deletes_any_message(stage: Stage) -> None:
    """Others find only their own to delete."""
    await stage.app.ask("Ship it?")
    other = await stage.window("U0BOB")
    await other.get_by_role("button", name="More actions").click()
    await expect(other.get_by_role("menuitem", name="Show as JSON")).to_be_visible()
    await expect(other.get_by_role("menuitem", name="Delete message…")).to_have_count(0)

    page = await stage.window("U0ALICE")
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Delete message…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()

    await expect(page.get_by_role("article")).to_have_count(0)
    assert stage.sim.messages("C0APPROVALS") == []


async def test_a_file_in_a_thread_is_downloaded(stage: Stage, tmp_path: Path) -> None:
    """It shows its title, kind and size, and comes as it was sent."""
    ts = await stage.app.ask("Ship it?")
    await stage.app.client.files_upload_v2(
        channel="C0APPROVALS",
        thread_ts=ts,
        content="a,b\n",
        filename="list.csv",
        title="The list",
    )
    page = await stage.window("U0BOB", f"C0APPROVALS/{ts}")
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread).to_contain_text("CSV · 4 bytes")
    async with page.expect_download() as started:
        await thread.get_by_role("link", name="Download The list").click()
    kept = tmp_path / "list.csv"
    download = await started.value
    await download.save_as(kept)

    assert download.suggested_filename == "list.csv"
    assert kept.read_bytes() == b"a,b\n"


async def test_two_keys_go_from_message_to_message(stage: Stage) -> None:
    """The key j goes down, k goes up."""
    for words in ("one", "two", "three"):
        await stage.sim.say("U0ALICE", "C0APPROVALS", words)
    page = await stage.window("U0BOB")
    await page.get_by_role("region", name="Messages").focus()

    for key, words in (("k", "three"), ("k", "two"), ("j", "three"), ("j", "three")):
        await page.keyboard.press(key)
        await expect(page.locator("article:focus")).to_contain_text(words)


async def test_a_dialog_keeps_the_focus_inside(stage: Stage) -> None:
    """Tab goes round in the form, and closing gives the focus back."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Comment…").click()
    dialog = page.get_by_role("dialog", name="Comment")
    await expect(dialog.get_by_role("textbox", name="Words")).to_be_focused()
    outside = "document.activeElement.closest('dialog') || document.activeElement === document.body"
    for _ in range(14):
        await page.keyboard.press("Tab")
        assert await page.evaluate(f"Boolean({outside})")
    await page.keyboard.press("Escape")

    await expect(page.get_by_role("button", name="Comment…")).to_be_focused()


@pytest.mark.parametrize("place", ["C0APPROVALS", "home"])
async def test_nothing_is_out_of_reach_at_360_pixels(stage: Stage, place: str) -> None:
    """Every control of the bar and of the place is inside the window."""
    await stage.app.ask("Shall this rather long question be published, or should it wait?")
    page = await stage.window("U0CAROL", place, viewport={"width": 360, "height": 740})
    away = await page.evaluate(
        """() => [...document.querySelectorAll("button, a, select, textarea")]
          .filter((el) => el.checkVisibility() && !el.closest(".sidebar, .skip-link"))
          .filter((el) => !el.matches(".skip-link"))
          .map((el) => [el.textContent || el.title, el.getBoundingClientRect()])
          .filter(([, box]) => box.width > 1 && (box.left < 0 || box.right > innerWidth))
          .map(([name]) => name)"""
    )

    assert away == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
