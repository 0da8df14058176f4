"""Blocks of 2025 and later, and files in forms."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from .conftest import Stage
from .counterpart import mrkdwn, plain

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def _button(text: str) -> dict[str, Any]:
    return {"type": "button", "action_id": "touched", "text": plain(text), "value": text}


def _rows(count: int) -> list[list[dict[str, str]]]:
    return [[{"type": "raw_text", "text": f"row {number}"}] for number in range(count)]


async def _shown(stage: Stage, *blocks: dict[str, Any]) -> Page:
    await stage.app.client.chat_postMessage(
        channel="C0APPROVALS", text="blocks", blocks=list(blocks)
    )
    return await stage.window("U0BOB")


async def test_cards_have_working_buttons(stage: Stage) -> None:
    """Alone, in a carousel, and among the blocks of a container."""
    card = {"type": "card", "title": mrkdwn("*A card*"), "body": mrkdwn("Its words")}
    page = await _shown(
        stage,
        {**card, "actions": [_button("Alone")]},
        {"type": "carousel", "elements": [{**card, "actions": [_button("Carried")]}]},
        {
            "type": "container",
            "title": plain("Details"),
            "is_collapsible": True,
            "default_collapsed": True,
            "child_blocks": [{"type": "actions", "elements": [_button("Contained")]}],
        },
    )
    await expect(page.get_by_role("button", name="Contained")).to_be_hidden()
    await page.get_by_text("Details", exact=True).click()
    for name in ("Alone", "Carried", "Contained"):
        await page.get_by_role("button", name=name).click()
        wanted = name
        await stage.sim.until(
            lambda wanted=wanted: stage.app.submitted and stage.app.submitted[-1]["value"] == wanted
        )


async def test_thumbs_tell_the_app(stage: Stage) -> None:
    """Which of the two was pressed."""
    thumbs = {
        "type": "feedback_buttons",
        "action_id": "touched",
        "positive_button": {"text": plain("Good"), "value": "good"},
        "negative_button": {"text": plain("Bad"), "value": "bad"},
    }
    page = await _shown(stage, {"type": "context_actions", "elements": [thumbs]})
    await page.get_by_role("button", name="Bad").click()
    await stage.sim.until(lambda: stage.app.submitted)

    assert stage.app.submitted[0]["value"] == "bad"


async def test_a_data_table_is_read_page_by_page(stage: Stage) -> None:
    """Five rows at a time unless it says otherwise."""
    page = await _shown(stage, {"type": "data_table", "caption": "Rows", "rows": _rows(8)})
    cells = page.get_by_role("cell")
    await expect(cells).to_have_text([f"row {number}" for number in range(1, 6)])
    await page.get_by_role("button", name="Next").click()

    await expect(cells).to_have_text(["row 6", "row 7"])
    await expect(page.get_by_role("button", name="Next")).to_be_disabled()


async def test_tasks_and_videos_are_drawn(stage: Stage) -> None:
    """Nothing of them is loaded from outside."""
    task = {"type": "task_card", "task_id": "t", "title": "Check", "status": "complete"}
    video = {
        "type": "video",
        "alt_text": "a film",
        "title": plain("How it works"),
        "thumbnail_url": "https://example.com/a.png",
        "video_url": "https://example.com/a",
    }
    page = await _shown(stage, task, {"type": "plan", "title": "Plan", "tasks": [task]}, video)

    await expect(page.get_by_text("Done")).to_have_count(2)
    await expect(page.get_by_role("link", name="Watch")).to_have_attribute(
        "href", "https://example.com/a"
    )


async def test_a_file_is_added_to_a_form(stage: Stage) -> None:
    """It goes to the workspace at once, and to the app with the form."""
    await stage.app.ask("Ship it?")
    page = await stage.window("U0BOB")
    stage.app.inputs = [
        {
            "type": "input",
            "block_id": "words",
            "label": plain("Evidence"),
            "element": {"type": "file_input", "action_id": "v", "filetypes": ["txt"]},
        }
    ]
    await page.get_by_role("button", name="Comment…").click()
    dialog = page.get_by_role("dialog", name="Comment")
    file = {"name": "proof.txt", "mimeType": "text/plain", "buffer": b"proof"}
    await dialog.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await expect(dialog.get_by_role("listitem")).to_contain_text("proof.txt")
    await dialog.get_by_role("button", name="Send").click()
    await stage.sim.until(lambda: stage.app.submitted)

    files = stage.app.submitted[0]["words"]["v"]["files"]
    assert [file["name"] for file in files] == ["proof.txt"]
    assert stage.sim.world.files[files[0]["id"]].user == "U0BOB"
