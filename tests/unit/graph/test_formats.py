"""How a gate says what is shown, where and to whom: read, checked and kept (rows S1, S7)."""

from __future__ import annotations

import pytest

from orchestrator.graph import Format, FormatKind, Risk, find_format, parse_approvers, parse_format
from tests.unit.graph.small import one, problems

SECRET = Format(FormatKind.SECRET)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("code", Format(FormatKind.CODE)),
        (" table ", Format(FormatKind.TABLE)),
        ("number", Format(FormatKind.NUMBER)),
        ("number: EUR", Format(FormatKind.NUMBER, "EUR")),
        ("number:m/s", Format(FormatKind.NUMBER, "m/s")),
    ],
)
def test_s1_a_format_is_a_word_and_a_number_may_have_a_unit(text: str, expected: Format) -> None:
    """What is read is written the same way again."""
    assert parse_format(text) == expected
    assert parse_format(str(expected)) == expected


def test_s1_what_is_inside_a_secret_is_secret() -> None:
    """A format below a secret does not uncover it; other keys keep their own."""
    formats = {"card": SECRET, "card.number": Format(FormatKind.TEXT), "sum": parse_format("code")}

    assert find_format(formats, "card.number.last") == SECRET
    assert find_format(formats, "card.number") == SECRET
    assert find_format(formats, "sum") == Format(FormatKind.CODE)
    assert find_format(formats, "sum.x") is None
    assert find_format(formats, "cards") is None


def test_s1_a_gate_keeps_what_is_said_about_its_message() -> None:
    """Formats, risk, channel, whom to call, and whether approvers are told directly."""
    graph = one(
        "task",
        confirm={
            "approvers": "U1",
            "review_keys": ["sum", "card.number"],
            "formats": {"sum": "number:EUR", "card.number": SECRET},
            "risk": "high",
            "channel": "#money",
            "notify": "@sre",
            "direct": True,
        },
    ).build()
    gate = graph.nodes["it"].gates.confirm

    assert gate.formats == {"sum": Format(FormatKind.NUMBER, "EUR"), "card.number": SECRET}
    assert (gate.risk, gate.channel, gate.direct) == (Risk.HIGH, "#money", True)
    assert gate.notify == parse_approvers("@sre")


def test_g9_options_of_messages_that_are_not_used_do_not_change_a_version() -> None:
    """Runs that wait under a definition from before there were such options go on."""
    plain = one("task", confirm="U1").build()
    said = one(
        "task", confirm={"approvers": "U1", "formats": {}, "risk": "normal", "direct": False}
    ).build()
    other = one("task", confirm={"approvers": "U1", "risk": "high"}).build()

    assert plain.version == said.version
    assert "risk" not in str(plain.definition)
    assert other.version != plain.version


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"formats": {"sum": "money"}},
            (
                "confirm: formats 'sum': 'money' is no format; write one of text, markdown, code, "
                "json, table, diff, files, number, secret, or number:EUR"
            ),
        ),
        (
            {"formats": {"sum": "code:EUR"}},
            (
                "confirm: formats 'sum': 'code:EUR' is no format; only a number has a unit, such "
                "as number:EUR"
            ),
        ),
        ({"formats": {"sum": 3}}, "confirm: the format of 'sum' is 3; give a text"),
        (
            {"formats": ["sum"]},
            "confirm: formats is ['sum']; give a mapping of labels to formats, such as code",
        ),
        (
            {"formats": {"token": "secret"}, "review_keys": ["sum"]},
            "confirm: formats 'token', which it does not show; add it to review_keys",
        ),
        (
            {"formats": {"a..b": "secret"}},
            "confirm: formats has an empty name, 'a..b'; give labels as in review_keys",
        ),
        ({"risk": "huge"}, "confirm: risk 'huge' is unknown; write one of low, normal, high"),
        (
            {"channel": "@sre"},
            "confirm: channel is '@sre'; give a channel's #name, or its id such as C0123ABCD",
        ),
        ({"direct": 1}, "confirm: direct is 1; give True or False"),
        ({"notify": 3}, "confirm: notify is 3; give names of approvers, in one text or a list"),
    ],
)
def test_g6_what_is_wrong_with_options_of_messages_is_said(
    options: dict[str, object], expected: str
) -> None:
    """One line each, with what to write instead."""
    assert problems(one("task", confirm={"approvers": "U1", **options})) == [
        f"node 'it': {expected}"
    ]
