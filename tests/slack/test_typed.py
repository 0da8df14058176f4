"""What people type in Slack as plain words."""

from __future__ import annotations

import pytest

from bot.slack.kit.typed import people_in, plain

TYPED = {
    "see <https://example.com/a?b=1&amp;c=2>": "see https://example.com/a?b=1&c=2",
    "see <http://example.com|example.com>": "see example.com",
    "see <https://example.com/a|the draft>": "see the draft (https://example.com/a)",
    "ask <mailto:ann@example.com|ann@example.com>": "ask ann@example.com",
    "ask <@U1> or <@U2|ben> or <@U3>": "ask @Ann or @ben or @U3",
    "in <#C1|general> and <#C2>": "in #general and #C2",
    "<!subteam^S1> <!subteam^S2|@ops> <!channel>": "@editors @ops @channel",
    "by <!date^1700000000^{date}|14 Nov>": "by 14 Nov",
    "&lt;b&gt; &amp;lt; a &lt; b": "<b> &lt; a < b",
    "  two\nlines ": "two\nlines",
}


@pytest.mark.parametrize("typed", TYPED)
def test_h23_what_was_typed_is_read_as_its_author_sees_it(typed: str) -> None:
    """Names for ids, addresses for links, and no escapes."""
    assert plain(typed, people={"U1": "Ann"}, groups={"S1": "@editors"}) == TYPED[typed]


def test_h23_mentions_are_found_to_be_named() -> None:
    """Each person once, and nobody whose mention was written out."""
    assert people_in("<@U1> <@U2|ben> <@U1> &lt;@U3&gt;") == {"U1", "U2"}
