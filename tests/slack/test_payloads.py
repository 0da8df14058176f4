"""How values of a payload look: by their shape, or as declared; secrets never (row S1)."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cards import Passage, PassageStyle, question_card
from bot.cards.excerpt import excerpt
from bot.cards.files import size_text
from bot.cards.numbers import number_text
from bot.cards.secrets import visible
from bot.cards.shapes import passages_of
from bot.slack.kit.markdown import rich_elements
from bot.slack.kit.messages import card_blocks, render, render_plainly
from bot.slack.windows.payload_pages import payload_file, payload_view
from orchestrator.graph import Format, parse_format
from tests.slack.bench import shown
from tests.slack.samples import HOSTILE, approval
from tests.slack.test_rendering import GROUPS, check, check_window

LINES = [{"item": "Honey", "price": 12.5, "count": 40}, {"item": "Wax", "price": 3, "count": 250}]
PATCH = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new"
LONG = "word " * 60
_S = PassageStyle


def formats(**written: str) -> dict[str, Format]:
    """Return formats by key, `__` for a dot."""
    return {key.replace("__", "."): parse_format(text) for key, text in written.items()}


def only(value: Any, **declared: str) -> Passage:
    """Return the one passage of a value under the label `it`."""
    (passage,) = passages_of({"it": value}, formats(**declared))
    return passage


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (1240, _S.LINE, "1,240"),
        (["eu", "us"], _S.LINE, "eu, us"),
        (["a,b", "c"], _S.CODE, '[\n  "a,b",\n  "c"\n]'),
        (LONG, _S.QUOTE, LONG.strip()),
        (PATCH, _S.DIFF, PATCH),
        ({"before": "a\nb", "after": "a\nc"}, _S.DIFF, None),
        (LINES, _S.TABLE, None),
        ([{"a": {}}], _S.CODE, None),
        ([{"a": 1}, {"b": 2}], _S.CODE, None),
        ([{"name": "a.pdf", "size": 2048}], _S.FILES, "a.pdf · 2.0 kB"),
        ('{"a": "' + LONG + '"}', _S.CODE, None),
        ("{not json " + LONG, _S.QUOTE, None),
    ],
    ids=str,
)
def test_s1_a_value_is_shown_by_its_shape(value: Any, style: PassageStyle, text: str | None):
    """Nobody has to declare what can be seen."""
    passage = only(value)

    assert passage.style is style
    assert text in (None, passage.text)


@pytest.mark.parametrize(
    ("value", "shown_as", "style", "text"),
    [
        (1250, "number:EUR", _S.LINE, "1,250.00 EUR"),
        (LONG, "markdown", _S.MARKDOWN, LONG.strip()),
        ("ls -l", "code", _S.CODE, "ls -l"),
        ('{"a":1}', "json", _S.CODE, '{\n  "a": 1\n}'),
        ("{oops", "json", _S.CODE, "{oops"),
        ([{"a": 1}, {"b": 2}], "table", _S.TABLE, "A  B\n─  ─\n1  -\n-  2"),
        ({"before": 1, "after": 2}, "diff", _S.DIFF, "-1\n+2"),
        (["a.txt"], "files", _S.FILES, "a.txt"),
        ([], "files", _S.CODE, "[]"),
        ("xoxb-1", "secret", _S.LINE, "hidden"),
        ({"deep": ["xoxb-1"]}, "secret", _S.LINE, "hidden"),
    ],
    ids=str,
)
def test_s1_a_value_is_shown_as_declared(value: Any, shown_as: str, style: PassageStyle, text: str):
    """What does not fit its format is shown by its shape."""
    passage = only(value, it=shown_as)

    assert (passage.style, passage.text) == (style, text)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1250, "EUR", "1,250.00 EUR"),
        (1250.5, "eur", "1,250.50 eur"),
        (0.005, "USD", "0.005 USD"),
        ("1234567.10", "CHF", "1,234,567.10 CHF"),
        (1250, "JPY", "1,250 JPY"),
        (95, "%", "95 %"),
        (1250, "", "1,250"),
        ("many", "EUR", "many EUR"),
        (True, "EUR", "yes EUR"),
        (float("nan"), "EUR", "nan EUR"),
        pytest.param(10**5000, "EUR", "a number too long to show EUR", id="huge"),
    ],
)
def test_s1_no_digit_of_an_amount_is_lost(value: Any, unit: str, text: str):
    """Currencies get their cents; what is finer than that stays."""
    assert number_text(value, unit) == text


def test_s1_a_small_mapping_becomes_lines_and_amounts_count_most():
    """A reader need not know JSON; the list keeps the author's order."""
    payload = {"order": {"who": "Ann", "total": 12}, "note": "soon"}
    found = excerpt(passages_of(payload, formats(order__total="number:EUR")), facts=2)

    assert [(each.label, each.text) for each in found.facts] == [
        ("Order total", "12.00 EUR"),
        ("Order who", "Ann"),
    ]
    assert [each.label for each in found.passages] == ["Order who", "Order total", "Note"]
    assert not found.is_cut


def test_s1_values_that_are_left_off_are_named_and_what_decides_is_not():
    """Amounts stay in their place; lines and pieces too many are named."""
    payload = {f"key {n}": n for n in range(14)} | {"amount": 5}
    payload |= {f"text {n}": "word " * 20 for n in range(4)}
    found = excerpt(passages_of(payload, {}))
    kept = [each.label for each in found.passages]

    assert kept == [*(f"Key {n}" for n in range(11)), "Amount", "Text 0", "Text 1", "Text 2"]
    assert found.left_off == ("Key 11", "Key 12", "Key 13", "Text 3")
    assert found.is_cut


def test_s1_a_card_names_the_values_that_it_leaves_off():
    """Above the buttons, of which one shows them all, and in the plainer message."""
    payload = {f"text {n}": "word " * 20 for n in range(5)}
    card = question_card(approval(payload=payload), due_at=None)

    assert "2 more values: Text 3, Text 4" in shown({"blocks": render(card, GROUPS).blocks})
    assert "2 more values: Text 3, Text 4" in shown({"blocks": render_plainly(card, GROUPS).blocks})


def test_s1_an_amount_inside_a_structure_that_is_cut_is_shown():
    """Prose and structures are cut, but not what people decide by."""
    payload = {"plan": {"steps": [{"n": [n]} for n in range(99)], "cost": {"amount": 77}}}
    found = excerpt(passages_of(payload, {}), facts=2)

    assert [(each.label, each.text) for each in found.facts] == [("Plan cost amount", "77")]
    assert found.is_cut


def test_s1_a_large_table_says_how_much_is_missing_and_keeps_its_amounts():
    """Rows at the end and columns that matter less are left out."""
    row = {f"column {n}": n for n in range(9)} | {"amount": 5}
    found = excerpt(passages_of({"rows": [row] * 30}, {}))
    (table,) = found.passages

    assert len(table.rows) == 7
    assert table.rows[0][-1] == "Amount"
    assert table.rest == "24 more rows and 3 more columns"


def test_s1_a_table_is_a_block_in_messages_and_columns_elsewhere():
    """Slack takes one table a message and none in a window; the plainer message has text."""
    asked = approval(payload={"lines": LINES, "more": LINES})
    card = question_card(asked, due_at=None)
    message = render(card, GROUPS)
    blocks = [block["type"] for block in message.blocks]
    table = next(block for block in message.blocks if block["type"] == "table")

    check(message.blocks)
    assert blocks.count("table") == 1
    assert [column["align"] for column in table["column_settings"]] == ["left", "right", "right"]
    assert "table" not in [block["type"] for block in card_blocks(card, GROUPS)]
    assert {block["type"] for block in render_plainly(card, GROUPS).blocks} == {
        "section", "actions", "context",
    }  # fmt: skip
    assert "Honey" in shown({"blocks": render_plainly(card, GROUPS).blocks})


def test_s1_only_safe_addresses_become_links():
    """A file's name leads somewhere only by https, and a text in Markdown hides no address."""
    files = [
        {"name": "good.pdf", "url": "https://files.example/good.pdf"},
        {"name": "bad.pdf", "url": "javascript:alert(1)"},
        {"name": "odd.pdf", "url": "https://evil.example/|<!channel>"},
    ]
    message = render(question_card(approval(payload={"files": files}), due_at=None))
    said = shown({"blocks": message.blocks})
    marked = rich_elements("[bank](https://evil.example) and [x](http://no.example)")

    assert '"url": "https://files.example/good.pdf"' in said
    assert "javascript" not in said
    assert "evil" not in said
    assert {"type": "link", "url": "https://evil.example", "text": "https://evil.example"} in (
        marked[0]["elements"]
    )
    assert "[x](http://no.example)" in str(marked)


def test_s1_markdown_keeps_its_marks_and_can_call_nobody():
    """Headings, lists, quotes, code and emphasis; a mention is text."""
    text = f"# Plan\n\n- **one**\n- `two`\n\n> said\n\n```\ncode *x*\n```\nlast {HOSTILE}"
    elements = rich_elements(text)

    assert [each["type"] for each in elements] == [
        "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted",
        "rich_text_section",
    ]  # fmt: skip
    assert elements[1]["elements"][0]["elements"][0] == {
        "type": "text", "text": "one", "style": {"bold": True},
    }  # fmt: skip
    assert "<!channel>" not in str(elements)
    check([{"type": "rich_text", "elements": elements}])


SECRETS = {
    "token": "xoxb-1",
    "card": {"holder": "Ann", "pin": "xoxb-2"},
    "keys": [{"name": "a", "key": "xoxb-3"}, {"name": "b", "key": "xoxb-4"}],
    "dotted.name": {"x": {"y": "xoxb-5"}},
}


def test_s1_a_secret_is_shown_nowhere():
    """Neither in the message, nor in its plainer form, the window, or the file."""
    declared = {"token": "secret", "card.pin": "secret", "keys.key": "secret",
                "dotted.name.x": "secret"}  # fmt: skip
    asked = approval(
        payload=SECRETS, formats={key: parse_format(text) for key, text in declared.items()}
    )
    card = question_card(asked, due_at=None)
    said = [
        shown({"blocks": render(card).blocks}),
        shown({"blocks": render_plainly(card).blocks}),
        shown(payload_view(asked)),
        payload_file(asked),
    ]

    for text in said:
        assert "xoxb" not in text
        assert "hidden" in text
        assert "Ann" in text


def test_s1_a_secret_is_found_wherever_a_key_leads():
    """Keys may have dots themselves, and lists are looked through."""
    assert visible([{"b.c": 1, "b": {"c": 2}}], formats(a__b__c="secret"), "a") == [
        {"b.c": "hidden", "b": {"c": "hidden"}}
    ]
    assert visible({"b": 1}, formats(a__b__c="secret"), "a") == {"b": 1}
    assert visible({"pin": 1}, formats(pin="secret"), "") == {"pin": "hidden"}


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1,023 bytes"), (2048, "2.0 kB"), (5 * 1024**2, "5.0 MB"),
     (3 * 1024**4, "3,072.0 GB"), ("2 MB", "2 MB"), (None, ""), (-1, ""), (True, "")],
)  # fmt: skip
def test_sizes_of_files_are_for_people(size: Any, text: str):
    """Bytes mean little to readers."""
    assert size_text(size) == text


def test_s1_everything_of_a_large_payload_is_in_its_pages():
    """Tables, files and listings are whole there."""
    payload = {
        "lines": [{"n": n, "text": f"line {n} " * 10} for n in range(400)],
        "files": [{"name": f"{n}.pdf", "size": n} for n in range(90)],
        "code": "\n".join(f"print({n})" for n in range(2000)),
    }
    asked = approval(payload=payload, formats=formats(code="code"))
    text = payload_file(asked)

    check_window(asked)
    assert all(part in text for part in ("line 399", "89.pdf", "print(1999)"))
