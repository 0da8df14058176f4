"""The pictures in the documentation are of cards that Slack takes, and none is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.simulator.blockkit import view_faults
from tests.slack import specimens
from tests.slack.test_any_card import judge

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "images" / "cards"
NAMES = [*specimens.messages(), *specimens.windows()]
MOST_BYTES = 60_000


@pytest.mark.parametrize("name", specimens.messages())
def test_s1_each_pictured_message_is_taken_by_slack(name: str) -> None:
    """All four judges agree."""
    judge(specimens.messages()[name].blocks, "KnownBlock")


@pytest.mark.parametrize("name", specimens.windows())
def test_s1_each_pictured_window_is_taken_by_slack(name: str) -> None:
    """Windows have rules of their own."""
    view = specimens.windows()[name]

    assert view_faults(view, kind="modal") == []
    judge(view["blocks"], "KnownBlock")


def test_every_card_has_its_pictures_and_no_picture_is_left_over() -> None:
    """Light and dark, each small enough for a page full of them."""
    wanted = {f"{name}-{scheme}.png" for name in NAMES for scheme in ("light", "dark")}
    found = {file.name: file.stat().st_size for file in PICTURES.glob("*.png")}

    assert set(found) == wanted
    assert {name: size for name, size in found.items() if size > MOST_BYTES} == {}


def test_the_documentation_shows_every_card_but_one_that_is_like_another() -> None:
    """A card that nobody sees need not be pictured."""
    text = (ROOT / "docs" / "cards.md").read_text()

    assert [name for name in NAMES if f"cards/{name}-light.png" not in text] == ["window-all"]
