"""What a question shows, and what predicates see (rows H1, G4)."""

from __future__ import annotations

import pytest

from orchestrator.core import events as e
from orchestrator.core import values
from orchestrator.core.ids import approval_id, approval_ref, fraction, run_ref, visit_path
from orchestrator.core.view import RunView, digest
from tests.unit.core.flows import RUN, Checked, at_review, decide, publishing, run_through, start

ARTICLE = {"article": {"title": "Cats", "body": {"text": "Meow"}}, "secret": 1, "a.b": "dotted"}


def resolve(ref, records):
    """Return the value behind a reference, read back from the log."""
    return values.resolve(ref, lambda seq: records[seq].event.values)


def shown(**gate):
    """Return what a question shows, read back from the log."""
    scenario = at_review(output=ARTICLE, **gate)
    opened = scenario.approval.opened
    records = {each.seq: each for each in scenario.log}
    payload = {label: resolve(pointer, records) for label, pointer in opened.shows.items()}

    assert digest(payload) == opened.digest
    return payload


def test_h1_by_default_a_question_shows_what_it_reads():
    """And not nothing."""
    assert shown() == ARTICLE
    assert shown(reads=["secret"]) == {"secret": 1}
    assert shown(review_keys="*", reads=["article", "nope"]) == {"article": ARTICLE["article"]}


def test_h1_the_answer_before_is_no_value_to_judge():
    """It is shown only where the gate names it."""
    for keys, labels in (((), ["draft"]), (("human_decision",), ["human_decision"])):
        scenario = at_review(**({"review_keys": keys} if keys else {}))
        scenario.given(decide(scenario, "reject"), *run_through("write#2", {"draft": "two"}))

        assert list(scenario.approval.opened.shows) == labels


def test_h1_a_question_shows_the_input_while_there_is_no_state():
    """There is something to look at in any case."""
    scenario = at_review(output=None)
    records = {each.seq: each for each in scenario.log}
    shows = scenario.approval.opened.shows

    assert {label: resolve(each, records) for label, each in shows.items()} == {"topic": "cats"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("secret", 1),
        ("article.title", "Cats"),
        ("article.body.text", "Meow"),
        ("article.body", {"text": "Meow"}),
        ("a.b", "dotted"),
        ("input.topic", "cats"),
        ("input", {"topic": "cats"}),
        ("outputs.write.secret", 1),
        ("outputs.write", ARTICLE),
        ("nope", None),
        ("article.nope", None),
        ("article.title.deeper", None),
        ("outputs.nope.x", None),
        ("outputs", None),
        ("input.nope", None),
    ],
)
def test_h1_a_dotted_key_reaches_inside(key, value):
    """What is not there is shown as null, under its label."""
    assert shown(review_keys=[key]) == {key: value}


def test_h1_keys_are_shown_in_the_order_in_which_they_are_named():
    """People read from the top."""
    keys = ["secret", "article.title", "nope"]

    assert list(shown(review_keys=keys)) == keys


def test_what_was_shown_stays_what_it_was():
    """A question points at stored values; later writes of the same key change nothing."""
    scenario = at_review()
    first = scenario.approval.opened
    scenario.given(decide(scenario, "reject"), *run_through("write#2", {"draft": "two"}))
    records = {each.seq: each for each in scenario.log}

    assert resolve(first.shows["draft"], records) == "one"
    assert resolve(scenario.approval.opened.shows["draft"], records) == "two"
    assert first.digest != scenario.approval.opened.digest


def test_the_same_payload_has_the_same_digest_whatever_its_order():
    """The digest is of canonical JSON."""
    assert digest({"a": 1, "b": [1, "ü"]}) == digest({"b": [1, "ü"], "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


def test_g4_a_view_is_narrowed_to_what_the_node_reads():
    """Keys that are not there yet are left out."""
    scenario = Checked(publishing()).given(start(), *run_through("write", {"a": 1, "b": 2}))
    view = RunView(scenario.graph, scenario.state, ("b", "c"))

    assert view.state == {"b": 2}
    assert RunView(scenario.graph, scenario.state).state == {"a": 1, "b": 2}


def test_a_pointer_that_leads_nowhere_is_an_error():
    """Null is only what points at null."""
    scenario = at_review()
    records = {each.seq: each for each in scenario.log}

    assert resolve(e.Pointer(0), records) is None
    with pytest.raises(LookupError):
        resolve(e.Pointer(4, ("nope",)), records)
    with pytest.raises(LookupError):
        resolve(e.Pointer(99), records)


def test_ids_are_derived_and_references_are_short():
    """Nothing is random, and nothing in a reference can be misread."""
    question = approval_id(RUN, "review", 1)

    assert question == approval_id(RUN, "review", 1)
    assert len({question, approval_id(RUN, "review", 2), approval_id(RUN, "review#2", 1)}) == 3
    assert len(question) == 32
    assert run_ref("0" * 32) == "r-0000000"
    assert run_ref("f" * 32) == "r-ZZZZZZZ"
    assert run_ref(RUN)[2:].isalnum()
    assert not set("ILOU") & set(approval_ref(question)[2:])


def test_paths_name_visits():
    """The first visit has the node's own name."""
    assert visit_path("", "write", 1) == "write"
    assert visit_path("", "write", 2) == "write#2"
    assert visit_path("each[3]", "review", 1) == "each[3]/review"


def test_fractions_are_spread_and_reproducible():
    """They stand for randomness where there must be none."""
    found = [fraction("run", number) for number in range(500)]

    assert found == [fraction("run", number) for number in range(500)]
    assert all(0 <= each < 1 for each in found)
    assert 0.45 < sum(found) / len(found) < 0.55
