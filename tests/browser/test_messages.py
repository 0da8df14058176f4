"""Messages: buttons, confirm dialogs, ephemerals, threads, hostile text, two persons."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from .conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_button_tells_the_app_who_pressed_it(stage: Stage) -> None:
    """Bob presses Approve; the message shows his decision and the mark of an edit."""
    ts = await stage.app.ask("Publish it?")
    page = await stage.window("U0BOB")
    message = page.locator(f'article[data-ts="{ts}"]')

    await message.get_by_role("button", name="Approve").click()

    await expect(message).to_contain_text("✅ Approved by @Bob Baker")
    await expect(message).to_contain_text("(edited)")
    await expect(message.get_by_role("button", name="Approve")).to_have_count(0)


async def test_a_confirm_dialog_stands_before_the_button(stage: Stage) -> None:
    """Nothing is told to the app before the confirming button is pressed."""
    ts = await stage.app.ask("Publish it?")
    page = await stage.window("U0BOB")
    message = page.locator(f'article[data-ts="{ts}"]')
    dialog = page.get_by_role("dialog", name="Reject it?")

    await message.get_by_role("button", name="Reject").click()
    await expect(dialog).to_contain_text("Publish it?")
    await dialog.get_by_role("button", name="Keep open").click()
    await expect(dialog).to_have_count(0)

    assert [entry for entry in stage.sim.log if entry.name == "block_actions"] == []

    await message.get_by_role("button", name="Reject").click()
    await dialog.get_by_role("button", name="Reject").click()

    await expect(message).to_contain_text("Rejected by @Bob Baker")


async def test_two_windows_are_two_persons(stage: Stage) -> None:
    """Alice asks with a slash command; Bob sees it live, decides, and Alice sees that live."""
    alice = await stage.window("U0ALICE")
    bob = await stage.window("U0BOB")
    box = alice.get_by_role("textbox", name="Message #approvals")

    await box.fill("/ask Ship it?")
    await box.press("Enter")
    question = bob.get_by_role("article").filter(has_text="Ship it?")
    await question.get_by_role("button", name="Approve").click()

    await expect(
        alice.get_by_role("article").filter(has_text="Approved by @Bob Baker")
    ).to_be_visible()


async def test_the_person_switch_changes_who_acts(stage: Stage) -> None:
    """One window acts as one person after the other, and the address remembers whom."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0ALICE")

    await page.get_by_label("Acting as").select_option(label="Carol Cooper")
    await expect(page).to_have_url(f"{stage.sim.url}/#/U0CAROL/C0APPROVALS")
    await page.get_by_role("button", name="Approve").click()

    await expect(page.get_by_role("article")).to_contain_text("Approved by @Carol Cooper")


async def test_an_ephemeral_message_is_shown_to_one_person(stage: Stage) -> None:
    """What the app whispers to Bob is marked as such, and Alice does not get it."""
    await stage.app.ask("Ship it?")
    bob = await stage.window("U0BOB")
    alice = await stage.window("U0ALICE")

    await bob.get_by_role("button", name="More options").click()
    await bob.get_by_role("menuitem", name="Whisper").click()

    await expect(bob.get_by_role("article").last).to_contain_text("Only visible to you")
    await expect(bob.get_by_role("article").last).to_contain_text("Between us")
    await expect(alice.get_by_role("article")).to_have_count(1)


async def test_a_thread_opens_beside_the_channel(stage: Stage) -> None:
    """Replies are counted under their message and are written in the side panel."""
    ts = await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB")
    await page.get_by_role("button", name="More options").click()
    await page.get_by_role("menuitem", name="Reply").click()
    panel = page.get_by_role("complementary", name="Thread")

    await page.get_by_role("button", name="1 reply").click()
    await expect(panel.get_by_role("article").last).to_contain_text("A reply")
    box = panel.get_by_role("textbox", name="Reply in thread")
    await box.fill("Thanks @alice")
    await box.press("Enter")

    await expect(panel.get_by_role("article").last).to_contain_text("Thanks @Alice Archer")
    await expect(page.get_by_role("button", name="2 replies")).to_be_visible()
    await expect(page).to_have_url(f"{stage.sim.url}/#/U0BOB/C0APPROVALS/{ts}")


async def test_hostile_text_stays_text(stage: Stage) -> None:
    """No payload becomes an element, a mention, a script or a link with a foreign scheme."""
    escaped = "&lt;!channel&gt; *_~ &amp;&lt;&gt; &lt;img src=x onerror=alert(1)&gt;"
    sneaky = "<javascript:alert(1)|innocent> <img src=x onerror=alert(2)>"
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": escaped}},
        {"type": "section", "text": {"type": "mrkdwn", "text": sneaky}},
        {"type": "section", "text": {"type": "plain_text", "text": "<b onclick=x>raw</b> *no*"}},
    ]
    page = await stage.window("U0BOB")
    await stage.app.client.chat_postMessage(channel="C0APPROVALS", text="x", blocks=blocks)
    body = page.get_by_role("article").locator(".blocks")

    await expect(body).to_contain_text("<!channel> *_~ &<> <img src=x onerror=alert(1)>")
    await expect(body).to_contain_text("innocent")
    await expect(body).to_contain_text("<b onclick=x>raw</b> *no*")
    await expect(body.locator("img, b, i, a, script, .mention")).to_have_count(0)


async def test_formatting_becomes_elements(stage: Stage) -> None:
    """Marks, code, quotes, links, mentions, groups, dates and emoji are drawn as Slack does."""
    text = (
        "*bold* _italic_ ~gone~ `co*d*e` <https://example.com/?a=1&amp;b=2|a link> <@U0BOB> "
        "<#C0DEPLOYS> <!subteam^S0EDITORS> <!here> :tada: "
        "<!date^1700000000^{date_num} {time}|fallback>\n> quoted\n```pre *x*```"
    )
    await stage.app.client.chat_postMessage(channel="C0APPROVALS", text=text)
    page = await stage.window("U0BOB")
    message = page.get_by_role("article")

    await expect(message.locator(".text b")).to_have_text("bold")
    await expect(message.locator("i")).to_have_text("italic")
    await expect(message.locator("s")).to_have_text("gone")
    await expect(message.locator("code")).to_have_text("co*d*e")
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await expect(message.locator("pre")).to_have_text("pre *x*")
    link = message.get_by_role("link", name="a link")
    await expect(link).to_have_attribute("href", "https://example.com/?a=1&b=2")
    await expect(message.locator(".mention")).to_have_text(
        ["@Bob Baker", "#deploys", "@editors", "@here"]
    )
    await expect(message.locator(".text time")).to_have_text("2023-11-14 11:13 PM")
    await expect(message).to_contain_text("🎉")


async def test_an_unread_channel_is_marked(stage: Stage) -> None:
    """A message elsewhere sets a mark at its channel; opening the channel takes it away."""
    page = await stage.window("U0BOB")
    channel = page.get_by_role("link", name="deploys")
    await expect(channel.get_by_role("img", name="unread")).to_have_count(0)

    await stage.app.ask("Deploy?", "C0DEPLOYS")
    await expect(channel.get_by_role("img", name="unread")).to_be_visible()
    await channel.click()

    await expect(page.get_by_role("textbox", name="Message #deploys")).to_be_visible()
    await expect(channel.get_by_role("img", name="unread")).to_have_count(0)


async def test_typed_text_is_not_markup(stage: Stage) -> None:
    """What a person types is shown as it was typed, and reaches the app escaped as in Slack."""
    page = await stage.window("U0BOB")
    box = page.get_by_role("textbox", name="Message #approvals")

    await box.fill("a & b <img src=x onerror=alert(1)> &lt;")
    await box.press("Enter")

    await expect(page.get_by_role("article")).to_contain_text(
        "a & b <img src=x onerror=alert(1)> &lt;"
    )
    assert stage.sim.messages("C0APPROVALS")[0]["text"] == (
        "a &amp; b &lt;img src=x onerror=alert(1)&gt; &amp;lt;"
    )


async def test_an_external_select_asks_the_app(stage: Stage) -> None:
    """The app's own options are offered as they are typed for, and the choice reaches it."""
    element: dict[str, Any] = {
        "type": "external_select",
        "action_id": "city",
        "min_query_length": 1,
    }
    element["placeholder"] = {"type": "plain_text", "text": "Where to?"}
    blocks: list[dict[str, Any]] = [{"type": "actions", "elements": [element]}]
    await stage.app.client.chat_postMessage(channel="C0APPROVALS", text="x", blocks=blocks)
    page = await stage.window("U0BOB")

    await page.get_by_role("combobox", name="Where to?").click()
    await page.get_by_role("textbox", name="Search Where to?").press_sequentially("ber")
    offered = page.get_by_role("listbox", name="Where to?").get_by_role("option")
    await expect(offered).to_have_text(["Berlin", "Bergen"])
    await offered.last.click()

    await expect(page.get_by_role("article")).to_contain_text("To Bergen")


async def test_tables_images_and_markdown_are_drawn_without_the_outside(stage: Stage) -> None:
    """Tables and Markdown become elements; a picture of another host stays a description."""
    rows = [[{"type": "raw_text", "text": text} for text in row] for row in ("ab", "12")]
    blocks: list[dict[str, Any]] = [
        {"type": "table", "rows": rows},
        {"type": "markdown", "text": "# Plan\n\n- **one**\n- [two](https://example.com)"},
        {"type": "image", "image_url": "https://example.com/x.png", "alt_text": "A hive"},
    ]
    await stage.app.client.chat_postMessage(channel="C0APPROVALS", text="x", blocks=blocks)
    page = await stage.window("U0BOB")
    message = page.get_by_role("article")

    await expect(message.get_by_role("cell")).to_have_text(["1", "2"])
    await expect(message.locator(".markdown li")).to_have_text(["one", "two"])
    await expect(message.get_by_role("img", name="A hive")).to_be_visible()
    await expect(message.locator(".blocks img")).to_have_count(0)


async def test_a_direct_message_opens_by_name(stage: Stage) -> None:
    """A person without a conversation can be written to; the other sees it arrive."""
    bob = await stage.window("U0BOB")
    alice = await stage.window("U0ALICE")

    await bob.get_by_role("link", name="Alice Archer").click()
    box = bob.get_by_role("textbox", name="Message Alice Archer")
    await box.fill("Hello")
    await box.press("Enter")
    sender = alice.get_by_role("link", name="Bob Baker")
    await expect(sender.get_by_role("img", name="unread")).to_be_visible()
    await sender.click()

    await expect(alice.get_by_role("article")).to_contain_text("Hello")
