"""The page as a workbench: log, switches, warnings, reconnecting, small screens."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_log_shows_calls_and_their_json(stage: Stage) -> None:
    """Every API call has a row with its result; the row opens request and response."""
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Log", exact=True).click()
    await stage.app.ask("Ship it?")

    row = page.get_by_role("row").filter(has_text="chat.postMessage")
    await expect(row).to_contain_text("ok")
    await row.click()

    await expect(page.get_by_role("region", name="Entry chat.postMessage")).to_contain_text(
        "Ship it?"
    )


async def test_a_switch_limits_the_next_call(stage: Stage) -> None:
    """The switch shows that it is in force and is off again after the call it was for."""
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Log", exact=True).click()
    switch = page.get_by_role("button", name="Rate limit next call")

    await switch.click()
    await expect(switch).to_have_attribute("aria-pressed", "true")

    assert stage.sim.faults.rate_limit_next == 1


async def test_a_message_is_read_by_keyboard_alone(stage: Stage) -> None:
    """Tab reaches the buttons of a message, and Enter presses them."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Approve").focus()

    await page.keyboard.press("Enter")

    await expect(page.get_by_role("article")).to_contain_text("Approved by @Bob Baker")


async def test_the_page_fits_a_phone(stage: Stage) -> None:
    """At 390 pixels nothing scrolls sideways, and the channels are one press away."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB", viewport={"width": 390, "height": 844})
    deploys = page.get_by_role("link", name="deploys")
    await expect(deploys).to_be_hidden()

    await page.get_by_role("button", name="Channels").click()
    await deploys.click()

    await expect(page.get_by_role("textbox", name="Message #deploys")).to_be_visible()
    await expect(deploys).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_the_chosen_colours_stay(stage: Stage) -> None:
    """The toggle goes from the system's colours to light to dark, and survives a reload."""
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Colours: auto").click()
    await page.get_by_role("button", name="Colours: light").click()

    await page.reload()

    await expect(page.get_by_role("button", name="Colours: dark")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_hints_lead_and_can_be_hidden(stage: Stage) -> None:
    """A first visit says what to try; once hidden, the hints do not come back."""
    page = await stage.window("U0ALICE")
    hints = page.get_by_role("region", name="What to try")
    box = page.get_by_role("textbox", name="Message #approvals")

    await hints.get_by_role("button", name="Type it for me").click()
    await expect(box).to_have_value('/signoff run publish-article topic="Bees in winter"')
    await hints.get_by_role("button", name="Hide these hints").click()
    await page.reload()

    await expect(page.get_by_role("article")).to_have_count(0)
    await expect(hints).to_have_count(0)


async def test_an_unknown_command_is_warned_about(stage: Stage) -> None:
    """What the simulator refuses is said, and the text comes back to be corrected."""
    page = await stage.window("U0BOB")
    box = page.get_by_role("textbox", name="Message #approvals")

    await box.fill("/nonsense now")
    await box.press("Enter")

    await expect(page.get_by_role("status").filter(has_text="/nonsense")).to_be_visible()
    await expect(box).to_have_value("/nonsense now")
    # The browser itself reports the refused call; that is the point of this test.
    stage.complaints.clear()


async def test_the_bar_says_whether_the_app_is_there(stage: Stage) -> None:
    """A stopped app is said to be away; a click meanwhile brings Slack's own warning."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB")
    await expect(page.get_by_text("Connected", exact=True)).to_be_visible()

    await stage.app.stop()
    await expect(page.get_by_text("Asker is away")).to_be_visible()
    await page.get_by_role("button", name="Approve").click()

    await expect(page.get_by_role("status").get_by_role("paragraph")).to_be_visible()


async def test_a_draft_stays_where_it_was_written(stage: Stage) -> None:
    """What was typed in one channel is not sent to another, and is there on return."""
    page = await stage.window("U0BOB")
    await page.get_by_role("textbox", name="Message #approvals").fill("half a thought")

    await page.get_by_role("link", name="deploys").click()
    other = page.get_by_role("textbox", name="Message #deploys")
    await expect(other).to_have_value("")
    await expect(other).to_be_focused()
    await page.get_by_role("link", name="approvals").click()

    await expect(page.get_by_role("textbox", name="Message #approvals")).to_have_value(
        "half a thought"
    )
    box = await page.get_by_role("textbox").bounding_box()
    assert box is not None
    assert box["height"] >= 30


async def test_the_page_comes_back_after_an_outage(stage: Stage) -> None:
    """A refused event stream is said, opened again, and what was missed is read."""
    page = await stage.window("U0BOB")
    await page.route("**/sim/events*", lambda route: route.abort())
    await page.get_by_label("Acting as").select_option(label="Carol Cooper")
    await expect(page.get_by_text("Reconnecting…")).to_be_visible()
    await stage.app.ask("Ship it?")

    await page.unroute("**/sim/events*")

    await expect(page.get_by_role("article")).to_contain_text("Ship it?")
    await expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    # The browser reports every attempt that failed meanwhile.
    stage.complaints.clear()


async def test_the_message_box_is_one_key_away(stage: Stage) -> None:
    """The first Tab of the page offers to skip to the box, and the address stays as it is."""
    page = await stage.window("U0BOB")

    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("textbox", name="Message #approvals")).to_be_focused()
    await expect(page).to_have_url(f"{stage.sim.url}/#/U0BOB/C0APPROVALS")
