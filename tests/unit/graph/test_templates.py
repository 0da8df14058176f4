"""Titles and prompts with `{{ … }}`."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.errors import ConditionError
from orchestrator.graph.templates import Template
from tests.unit.graph.flows import Invoice, Seen

VIEW = Seen(
    state={"draft": "Hi <b>", "items": [1, 2], "wait": timedelta(minutes=90)},
    input=Invoice(payee="acme", amount=12),
    outputs={"check": {"score": 3}},
    run={"requester": "U1"},
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Pay now?", "Pay now?"),
        ("100 % of {x}", "100 % of {x}"),
        ("Pay {{ input.amount }} to {{ input.payee }}?", "Pay 12.0 to acme?"),
        ("{{ state.draft }}", "Hi <b>"),
        ("{{ outputs.check.score }} by {{ run.requester }}", "3 by U1"),
        ("{% for each in state.items %}[{{ each }}]{% endfor %}", "[1][2]"),
        ("{{ state.wait }}", "1 hour 30 minutes"),
        ("in {{ state.wait | duration }}", "in 1 hour 30 minutes"),
        ("{{ state.nothing | default('none') }}", "none"),
        ("{{ state.keys() | list | length }}", "3"),
        ("{{ range(3) | join(',') }}", "0,1,2"),
        ("a block\n", "a block"),
    ],
)
def test_renders_over_the_view(source, expected):
    """Keys come before methods (`items` is a key here), nothing is escaped, durations read well."""
    assert expected == Template(source)(VIEW)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ draft }}", r"uses unknown name\(s\) draft; .* write state.draft"),
        ("{{ lipsum() }}", r"unknown name\(s\) lipsum"),
        ("{{ state.draft", "is no valid template"),
        ("{{ state.draft | shout }}", "No filter named 'shout'"),
        ("{{ state.items | random }}", "No filter named 'random'"),
        ("{% include 'other' %}", "includes another"),
    ],
)
def test_refuses_mistakes_when_made(source, said):
    """Unknown names, filters and files are found when the graph is built."""
    with pytest.raises(ConditionError, match=said):
        Template(source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ state.missing }}", "'missing'.* guard what may be missing"),
        ("{{ state.missing.deep }}", "cannot be rendered"),
        ("{{ state.items.append(3) }}", "cannot be rendered"),
        ("{{ input.__class__.__mro__ }}", "cannot be rendered"),
        ("{{ 1 / 0 }}", "cannot be rendered"),
    ],
)
def test_refuses_what_is_missing_or_unsafe_when_rendered(source, said):
    """A gap never turns into an empty text; a template changes nothing and breaks out nowhere."""
    with pytest.raises(ConditionError, match=said) as caught:
        Template(source)(VIEW)

    assert repr(source) in str(caught.value)
    assert VIEW.state["items"] == [1, 2]


def test_templates_with_one_text_are_equal():
    """White space around the text does not make another template."""
    assert Template("a {{ state.b }}\n") == Template("a {{ state.b }}")
    assert Template("a") != Template("b")
    assert len({Template("a"), Template(" a")}) == 1
