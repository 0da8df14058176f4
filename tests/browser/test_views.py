"""Modals, the Home tab, and the ways to them."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from .conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def _choose(page: Page, field: str, *options: str) -> None:
    """Open a select and pick options by name; a list for several is closed with Escape."""
    await page.get_by_role("combobox", name=field).click()
    listed = page.get_by_role("listbox", name=field)
    for option in options:
        await listed.get_by_role("option", name=option).click()
    if len(options) > 1:
        await page.keyboard.press("Escape")
    await expect(listed).to_have_count(0)


async def test_a_refused_form_says_why_at_the_field(stage: Stage) -> None:
    """A field error stands under its input, what was typed stays, and a right value is taken."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Comment…").click()
    dialog = page.get_by_role("dialog", name="Comment")
    words = dialog.get_by_role("textbox", name="Words")

    await words.fill("no")
    await _choose(page, "Where", "Blog")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Say at least six letters.")
    await expect(words).to_have_value("no")
    await expect(words).to_have_attribute("aria-invalid", "true")
    await words.fill("long enough")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_be_hidden()

    assert [values["words"]["v"]["value"] for values in stage.app.submitted] == ["long enough"]


async def test_a_form_gives_every_value_in_the_shape_of_slack(stage: Stage) -> None:
    """Values arrive as Slack sends them; an untouched field arrives as null."""
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_role("menuitem", name="New form").click()
    dialog = page.get_by_role("dialog", name="Comment")

    await dialog.get_by_role("textbox", name="Words").fill("long enough")
    await _choose(page, "Where", "Newsletter")
    await _choose(page, "Who", "Alice Archer", "Carol Cooper")
    await dialog.get_by_label("Day").fill("2026-12-24")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_be_hidden()

    newsletter = stage.app.submitted[0]["where"]["v"]["selected_option"]["value"]
    assert newsletter == "newsletter"
    assert stage.app.submitted[0]["who"]["v"]["selected_users"] == ["U0ALICE", "U0CAROL"]
    assert stage.app.submitted[0]["day"]["v"]["selected_date"] == "2026-12-24"
    assert stage.app.submitted[0]["how"]["v"]["selected_option"] is None


async def test_a_required_field_is_asked_for_before_the_app_hears_of_it(stage: Stage) -> None:
    """An empty required field stops the form in the page, as in Slack's own client."""
    page = await stage.window("U0BOB")
    box = page.get_by_role("textbox", name="Message #approvals")
    await box.fill("/assign")
    await box.press("Enter")
    dialog = page.get_by_role("dialog", name="Comment")

    await dialog.get_by_role("button", name="Send").click()

    await expect(dialog.get_by_role("alert")).to_have_text(
        ["Please complete this required field."] * 2
    )
    assert [entry for entry in stage.sim.log if entry.name == "view_submission"] == []


async def test_escape_closes_a_modal(stage: Stage) -> None:
    """A closed form is gone in the page and in the workspace."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Comment…").click()
    dialog = page.get_by_role("dialog", name="Comment")
    await expect(dialog).to_be_visible()

    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()

    assert stage.sim.views("U0BOB") == []


async def test_the_home_tab_is_drawn_and_answers(stage: Stage) -> None:
    """Opening the app publishes its Home; a button there changes it in place."""
    page = await stage.window("U0BOB")

    await page.get_by_role("link", name="Asker").click()
    await expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    await page.get_by_role("button", name="Start a run").click()

    await expect(page.get_by_role("heading", name="Started")).to_be_visible()


async def test_a_message_shortcut_takes_the_message_along(stage: Stage) -> None:
    """The menu of a message offers the app's shortcuts for messages."""
    await stage.sim.say("U0ALICE", "C0APPROVALS", "Bees in winter")
    page = await stage.window("U0BOB")

    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Quote").click()

    await expect(page.get_by_role("article").last).to_contain_text("Quoted: Bees in winter")


async def test_a_command_is_completed_from_the_manifest(stage: Stage) -> None:
    """A slash offers the app's commands; Tab completes, and the hint says what may follow."""
    page = await stage.window("U0BOB")
    box = page.get_by_role("textbox", name="Message #approvals")

    await box.press_sequentially("/")
    await expect(
        page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    ).to_have_count(2)
    await box.press_sequentially("ask")
    await box.press("Tab")

    await expect(box).to_have_value("/ask ")
    await expect(page.get_by_text("/ask <question>")).to_be_visible()
