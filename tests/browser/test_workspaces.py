"""Several workspaces in one page, installing the app, and running its step."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from .conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_page_goes_to_another_workspace(stages: Stage) -> None:
    """It shows that workspace's people and channels, and that the app is not there."""
    page = await stages.window("U0BOB")
    await page.get_by_role("button", name="Signoff demo").click()
    await page.get_by_role("menuitem", name="Acme").click()

    await expect(page.get_by_role("button", name="Acme")).to_be_visible()
    await expect(page.get_by_label("Acting as")).to_have_value("U1ALICE")
    await expect(page.get_by_text("Not installed", exact=True)).to_be_visible()
    box = page.get_by_role("textbox", name="Message #approvals")
    await box.fill("hello")
    await box.press("Enter")
    await expect(page.get_by_role("article")).to_contain_text("hello")
    assert len(stages.sim.casts["T1ACME"].messages("C1APPROVALS")) == 1
    assert stages.sim.messages("C0APPROVALS") == []


async def test_the_install_page_offers_every_place(stages: Stage) -> None:
    """Each workspace, and the organisation as a whole; it says what is asked for."""
    asked = {
        "client_id": stages.sim.client_id,
        "scope": "chat:write,commands",
        "redirect_uri": "http://127.0.0.1:9/back",
    }
    page = await stages.window("U0ALICE")
    await page.goto(f"{stages.sim.url}/oauth/v2/authorize?{urlencode(asked)}")

    await expect(page.get_by_role("heading", level=1)).to_have_text("Asker wants to be installed")
    await expect(page.get_by_role("listitem")).to_have_text(["chat:write", "commands"])
    await expect(page.get_by_role("link", name="Allow as Alice Archer")).to_have_count(4)
    await expect(page.get_by_role("link", name="Allow in all of Orbit")).to_have_count(2)


async def test_the_app_is_uninstalled_from_its_menu(stages: Stage) -> None:
    """Then its commands are gone, and its token is refused."""
    page = await stages.window("U0ALICE", "home")
    await page.get_by_role("button", name="App actions").click()
    await page.get_by_role("menuitem", name="Uninstall the app…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Uninstall").click()

    await expect(page.get_by_text("Not installed", exact=True)).to_be_visible()
    assert stages.sim.token_of("T0SIGNOFF") is None


async def test_a_step_is_run_and_followed(stages: Stage) -> None:
    """The window says how each run of it ended."""
    page = await stages.window("U0BOB")
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_role("menuitem", name="Workflow step: Ask for a decision").click()
    dialog = page.get_by_role("dialog", name="Ask for a decision")
    await dialog.get_by_label("Approver").select_option(label="Carol Cooper")
    for question in ("Ship it?", "Ship it."):
        await dialog.get_by_label("Question").fill(question)
        await dialog.get_by_role("button", name="Run the step").click()
        await expect(dialog.get_by_role("listitem").first).to_contain_text(question)

    await expect(dialog.get_by_role("listitem").first).to_contain_text("That is no question.")
    await expect(dialog.get_by_role("listitem").last).to_contain_text("yes, says U0CAROL")


async def test_slack_goes_away_and_comes_back(stage: Stage) -> None:
    """The bar says so; afterwards the app finds its way back by itself."""
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Log", exact=True).click()
    switch = page.get_by_role("button", name="Slack is away")
    await switch.click()

    await expect(page.locator(".pill")).to_have_text("Slack is away")
    assert stage.sim.connections == 0
    await switch.click()
    await stage.sim.until(lambda: stage.sim.connections, timeout=15)
    await expect(page.locator(".pill")).to_have_text("Connected")


async def test_the_next_call_is_refused_by_choice(stage: Stage) -> None:
    """With a method and an error from the list; it can be taken back."""
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="Log", exact=True).click()
    switch = page.get_by_role("button", name="Refuse next call…")
    await switch.click()
    await page.get_by_role("menuitem", name="is_archived").click()

    await expect(switch).to_have_attribute("aria-pressed", "true")
    assert stage.sim.faults.fail_next == [
        {"method": "chat.postMessage", "error": "is_archived", "count": 1}
    ]
    await switch.click()
    await page.get_by_role("menuitem", name="Take back").click()
    await expect(switch).to_have_attribute("aria-pressed", "false")
