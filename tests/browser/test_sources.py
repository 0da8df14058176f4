"""Rules that the page's own files keep; no browser needed."""

from __future__ import annotations

import re
from pathlib import Path

import bot.simulator

_PAGE = Path(bot.simulator.__file__).parent / "page"
_HTML_SINKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML|eval\(|new Function"
)
_FOREIGN = re.compile(r"""(?:src|href|from|import|url\()\s*=?\s*["'(]+(?:https?:)?//""")
_MOST_LINES = 300


def test_no_text_is_ever_parsed_as_html() -> None:
    """No module uses a way of the browser to turn a string into elements or code."""
    sinks = {
        path.name: found
        for path in _PAGE.rglob("*.js")
        if (found := _HTML_SINKS.findall(path.read_text(encoding="utf-8")))
    }

    assert sinks == {}


def test_nothing_is_named_from_outside() -> None:
    """No page, style or module refers to another host."""
    foreign = {
        path.name: found
        for path in _PAGE.rglob("*.*")
        if path.suffix in {".html", ".css", ".js"}
        and (found := _FOREIGN.findall(path.read_text(encoding="utf-8")))
    }

    assert foreign == {}


def test_files_stay_small() -> None:
    """Every file of the page can be read in one sitting."""
    long = [
        path.name
        for path in _PAGE.rglob("*.*")
        if len(path.read_text(encoding="utf-8").splitlines()) > _MOST_LINES
    ]

    assert long == []
