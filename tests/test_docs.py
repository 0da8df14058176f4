"""Documents say what is so: commands, settings, exit codes, words and links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.cli import failures
from bot.cli.group import COMMANDS
from bot.settings import Settings
from orchestrator.core.events import Outcome
from orchestrator.core.state import RunStatus
from orchestrator.graph import ApprovalKind, Decision
from orchestrator.store.schema import HEAD

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
#: Documented in CONTRIBUTING only, because it is for tests.
HIDDEN = {"SIGNOFF_CRASH_AT"}
WORDS = (*RunStatus, *Outcome, *ApprovalKind, *Decision)
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^```\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def setting_names() -> set[str]:
    """Return the names of all settings that people may use."""
    return {str(field.alias) for field in Settings.model_fields.values()} - HIDDEN


def test_the_first_screen_has_the_two_commands() -> None:
    """What to type to try it, and to check it, each in a block of its own."""
    first_screen = "\n".join(README.splitlines()[:25])

    assert [block.strip() for block in _FENCED.findall(first_screen)] == ["make demo", "make test"]


def test_every_setting_is_in_the_readme() -> None:
    """The table and the code name the same settings."""
    rows = set(re.findall(r"^\| `((?:SLACK|SIGNOFF)_[A-Z_]+)` \|", README, re.MULTILINE))

    assert setting_names() == rows


def test_the_example_file_names_real_settings_only() -> None:
    """What is copied to `.env` works."""
    text = (ROOT / ".env.example").read_text()

    assert set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)) <= setting_names()


def test_every_command_is_in_the_readme() -> None:
    """And no command that does not exist."""
    rows = re.findall(r"^\| `signoff ([a-z]+)", README, re.MULTILINE)

    assert sorted(COMMANDS) == sorted(rows)


def test_exit_codes_are_those_of_the_code() -> None:
    """The table of the operator's guide is complete."""
    text = (ROOT / "docs" / "operations.md").read_text()
    codes = {value for name, value in vars(failures).items() if name.isupper() and name[0] != "_"}

    assert {0, *codes} == {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}


def test_the_glossary_has_every_status_kind_decision_and_outcome() -> None:
    """Words that people read in messages are explained."""
    text = (ROOT / "docs" / "glossary.md").read_text()

    missing = [word for word in WORDS if word.value not in text]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link and picture is a file of the repository, and its anchor a heading."""
    found = [
        (document.parent / path if path else document, anchor)
        for path, anchor in _LINK.findall(document.read_text())
    ]

    assert [path for path, _ in found if not path.exists()] == []
    assert [anchor for path, anchor in found if anchor and anchor not in anchors_of(path)] == []


def anchors_of(document: Path) -> set[str]:
    """Return what GitHub calls the headings of a document in links."""
    headings = _HEADING.findall(document.read_text())
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_make_help_lists_the_parts_that_contributing_names() -> None:
    """A target that was renamed is noticed."""
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))

    assert {"demo", "test", "lint", "types", "imports", "unit", "browser", "bench"} <= targets


def test_the_newest_schema_is_a_migration() -> None:
    """What `signoff migrate` prints is the name of a file."""
    versions = ROOT / "orchestrator" / "store" / "migrations" / "versions"

    assert [file.name for file in versions.glob(f"v{HEAD}_*.py")]


def test_yaml_examples_are_plain_yaml() -> None:
    """A reader may open them with any tool."""
    documents = [yaml.safe_load(file.read_text()) for file in (ROOT / "examples").glob("*.yaml")]

    assert documents
    assert all(document["id"] for document in documents)
