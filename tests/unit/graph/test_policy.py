"""Approvers as people write them."""

from __future__ import annotations

import pytest

from orchestrator.graph.policy import Approver, ApproverKind, parse_approver, parse_approvers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("U012AB3CD", Approver(ApproverKind.USER, "U012AB3CD")),
        (" ann ", Approver(ApproverKind.USER, "ann")),
        ("Ann@Example.com", Approver(ApproverKind.EMAIL, "ann@example.com")),
        ("@sre-leads", Approver(ApproverKind.GROUP, "sre-leads")),
        ("S0614TZR7", Approver(ApproverKind.GROUP, "S0614TZR7")),
    ],
)
def test_reads_each_kind_of_name(text, expected):
    """A user id, an address, a group's handle and a group's id are told apart."""
    assert expected == parse_approver(text)


@pytest.mark.parametrize("text", ["", " ", "@", "a@b", "two words", "@Ops!"])
def test_refuses_what_names_nobody(text):
    """Anything else is refused with what to write."""
    with pytest.raises(ValueError, match="names no approver; write a user id, an e-mail address"):
        parse_approver(text)


def test_several_names_come_in_one_text_or_a_list():
    """Commas and spaces separate; who is named twice counts once."""
    expected = (Approver(ApproverKind.USER, "U1"), Approver(ApproverKind.GROUP, "sre"))

    assert expected == parse_approvers("U1, @sre U1")
    assert expected == parse_approvers(["U1", "@sre"])
    assert parse_approvers("") == ()


def test_an_approver_reads_as_it_is_written():
    """A handle has its sign again."""
    assert [str(each) for each in parse_approvers("@sre U1")] == ["@sre", "U1"]
