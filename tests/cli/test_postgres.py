"""The commands on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell
from tests.postgres import Server, run

URL = "SIGNOFF_DATABASE_URL"


def test_w1_commands_work_on_postgresql(
    postgres: Server, unmigrated: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a database without tables to a decision and its log."""
    with postgres.bare() as url:
        monkeypatch.setenv(URL, url)
        before = unmigrated("runs")
        first, second = unmigrated("migrate"), unmigrated("migrate")
        ref = unmigrated.start("errand", "what=tea")
        shown = unmigrated("show", ref)
        sound = unmigrated("verify", "--all")
        found = unmigrated("doctor").out
        run(url, "UPDATE events SET body = replace(body, 'tea', 'gin')")
        changed = unmigrated("verify", "--all")

    assert (before.code, "run `signoff migrate`" in before.err) == (3, True)
    assert (first.code, first) == (0, second)
    assert (shown.code, "errand" in shown.out) == (0, True)
    assert sound.out.startswith("Runs: 1. ")
    assert "the database takes writes" in found
    assert (changed.code, ref in changed.err) == (1, True)


@pytest.mark.parametrize(
    ("address", "words", "code"),
    [
        ("me:hunter2@127.0.0.1:1/signoff", "cannot open signoff on 127.0.0.1", 3),
        ("me:hunter2@127.0.0.1:1", "names no database", 2),
    ],
)
def test_a_server_that_cannot_be_used_is_told_without_its_password(
    address: str, words: str, code: int, unmigrated: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, which may end up in a log."""
    monkeypatch.setenv(URL, f"postgresql+asyncpg://{address}")
    answer = unmigrated("runs")

    assert (answer.code, len(answer.lines)) == (code, 1)
    assert words in answer.err
    assert "hunter2" not in answer.err


def test_a_database_that_is_not_there_is_named(
    postgres: Server, unmigrated: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's own words say which."""
    monkeypatch.setenv(URL, postgres.url_of("nowhere"))
    answer = unmigrated("migrate")

    assert (answer.code, len(answer.lines)) == (3, 1)
    assert 'database "nowhere" does not exist' in answer.err
