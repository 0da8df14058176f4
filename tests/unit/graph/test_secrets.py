"""Secrets are hidden by their keys, and where something repeats them."""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.core.events import ErrorFacts, NodeFailed, NodeSucceeded, Record
from orchestrator.graph.secrets import Secrets, secret_keys

AT = datetime(2026, 3, 2, tzinfo=UTC)


def test_keys_hold_at_any_depth_and_for_the_end_of_their_way() -> None:
    """A map's output is a list; a draft's pin is `pin` to the node that made it."""
    hidden = Secrets(["draft.pin", "input.token"]).hide(
        {"rows": [{"pin": 1, "text": "a"}], "draft": {"pin": 2}, "input": {"token": [3]}}
    )

    assert hidden == {
        "rows": [{"pin": "hidden", "text": "a"}],
        "draft": {"pin": "hidden"},
        "input": {"token": "hidden"},
    }


def test_texts_that_repeat_a_secret_are_told_without_it() -> None:
    """A short one only as a word of its own, so that ids and words around it stay."""
    secrets = Secrets(["pin", "token"])
    secrets.learn({"pin": 4711, "token": "abc-secret", "other": "open"})

    assert secrets.hide("a 4711 b47110 (abc-secret)") == "a hidden b47110 (hidden)"
    assert secrets.hide({"other": "open", "copy": 4711}) == {"other": "open", "copy": "hidden"}


def test_events_keep_their_own_numbers_and_names() -> None:
    """Only what the author's functions brought or raised can hold a secret."""
    secrets = Secrets(["pin"])
    secrets.learn({"pin": 4711})
    done = Record(4711, AT, NodeSucceeded(path="pin", attempt=1, output={"pin": "x", "n": 4711}))
    failed = NodeFailed(path="do", error=ErrorFacts(type="ValueError", message="4711 is wrong"))

    shown = secrets.hide(done)
    assert (shown.seq, shown.at) == (4711, AT)
    assert shown.event == NodeSucceeded(
        path="pin", attempt=1, output={"pin": "hidden", "n": "hidden"}
    )
    assert secrets.hide(failed).error.message == "hidden is wrong"


def test_a_graph_without_secrets_hides_nothing() -> None:
    """What it was given comes back as it is."""
    given = {"token": "x"}

    assert list(secret_keys({"nodes": {"a": {"formats": {"token": {"format": "code"}}}}})) == []
    assert Secrets([]).hide(given) is given
