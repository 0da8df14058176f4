"""The benchmarks run, at the smallest size; nothing is timed."""

from __future__ import annotations

import ast
import asyncio
import importlib
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks import compare, load, picture, profile, report, results, scale, serving
from benchmarks.__main__ import COMMANDS
from benchmarks.candidates import BY_KEY, CANDIDATES
from benchmarks.environments import PINS
from benchmarks.histogram import Histogram, bars
from benchmarks.members import Case
from benchmarks.rounds import Effort, Measured, Result

FOLDER = Path(results.__file__).parent
LEAST = Effort(rounds=1, seconds=0.001)


def made_up(key: str, rate: float, error: str = "") -> Result:
    """Return a result as if a candidate had been measured."""
    measured = Measured(rates=[rate, rate * 2], p50=[0.001], p95=[0.002], cpu=[0.001])
    figures = {} if error else dict.fromkeys(report.COLUMNS, measured)
    case = Case(candidate=BY_KEY[key], name=key)
    return Result(case=case, version="1.2", error=error, twice=1.0, figures=figures)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_takes(command: str, capsys: pytest.CaptureFixture) -> None:
    """`--help` works for each command that there is."""
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"benchmarks.{command}").main(["--help"])

    assert ended.value.code == 0
    assert f"benchmarks {command}" in capsys.readouterr().out


@pytest.mark.slow
def test_the_comparison_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signoff and the floors on SQLite carry the workload out in their processes."""
    monkeypatch.setenv("SIGNOFF_BENCH_HOME", str(tmp_path))
    keys = ["floor-blocking", "floor-single", "floor", "signoff"]

    found = asyncio.run(compare.plain(keys, LEAST))

    assert [each.error for each in found] == [""] * len(keys)
    assert [set(each.figures) for each in found] == [set(report.COLUMNS)] * len(keys)
    assert found[-1].twice == 1.0


def test_a_candidate_that_cannot_take_part_is_named() -> None:
    """The tables say who is missing and why; the others are there."""
    found = [made_up("signoff", 100), made_up("langgraph", 50), made_up("agno", 1, error="no pip")]

    text = report.compared(found)

    assert "Not available: agno 1.2 (no pip)." in text
    assert "| LangGraph 1.2 | 2.00 | 2.00 | 2.00 | 2.00 |" in text
    assert "faster than LangGraph 1.2, SQLite" in report.standing(found)


def test_the_picture_is_a_picture() -> None:
    """It is well-formed, and has a row for each candidate that took part."""
    found = [made_up("signoff", 100), made_up("pg-dbos", 50), made_up("agno", 1, error="no pip")]

    text = picture.draw(found, title="Runs a second")

    words = [each.text for each in ET.fromstring(text).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own
    assert {"Signoff", "DBOS", "SQLite", "PostgreSQL"} <= set(words)
    assert "agno" not in words


def test_results_can_be_kept(tmp_path: Path) -> None:
    """What is read back is what was written."""
    found = [made_up("signoff", 100), made_up("agno", 1, error="no pip")]
    results.save(tmp_path / "kept.json", {"compared": results.to_json(found)})

    assert found == results.from_json(results.load(tmp_path / "kept.json")["compared"])


@pytest.mark.parametrize("part", ["standing", "comparison", "sizes", "scale", "load"])
def test_the_page_has_a_place_for_every_part(part: str, tmp_path: Path) -> None:
    """Writing a part changes what stands there, and nothing else."""
    copy = tmp_path / "performance.md"
    copy.write_text(results.DOCUMENT.read_text())

    results.write_part(part, "new figures", copy)
    results.write_part(part, "newer figures", copy)

    assert "newer figures" in copy.read_text()
    assert "new figures" not in copy.read_text()


async def test_copies_of_a_run_can_be_looked_at_and_decided(tmp_path: Path) -> None:
    """Open approvals that SQL has made are as good as those of the engine."""
    path = tmp_path / "open.db"
    await scale.fill(path, 8, serving.asked())

    found = await serving.look(str(path), clicks=2)

    assert "a click until it is recorded, ms" in found


@pytest.mark.slow
async def test_deadlines_of_one_instant_are_all_kept(tmp_path: Path) -> None:
    """It ends, and says after how long."""
    assert await scale.expire(tmp_path / "due.db", 5, coming=2) < 60


@pytest.mark.slow
async def test_the_bot_is_clicked(tmp_path: Path) -> None:
    """Clicks over HTTP are acknowledged, messages edited, and forms opened."""
    found = await load.measure(tmp_path, "http", rate=50, clicks=2, forms=1, beside=5)

    assert (found.acks.total, found.edits.total, found.forms.total, found.lost) == (2, 2, 1, 0)
    assert "HTTP: click to acknowledgement" in load.shown({"HTTP": found})


def test_the_profile_names_the_writer(capsys: pytest.CaptureFixture) -> None:
    """The tables are by thread and by function."""
    profile.main(["--runs", "40", "--at-once", "4"])

    assert "signoff-writer" in capsys.readouterr().out


def test_a_histogram_is_exact_enough() -> None:
    """Shares are within two percent, and the most is the most."""
    found = Histogram(range(1, 1001))

    assert found.at(0.5) == pytest.approx(500, rel=0.02)
    assert found.at(0.99) == pytest.approx(990, rel=0.02)
    assert (found.at(1.0), found.most, found.total) == (1000, 1000, 1000)
    assert "#" in bars(found, "ms")


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda each: each.key)
def test_candidates_of_other_environments_need_nothing_of_ours(candidate) -> None:
    """They import the standard library, what is pinned for them, and the wire."""
    assert candidate.environment in {"", *PINS}
    if not candidate.environment:
        return
    file = FOLDER.parent / Path(*candidate.module.split(".")).with_suffix(".py")
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    ours = {name for name in names if name.partition(".")[0] in {"bot", "orchestrator"}}

    assert ours == set()
    assert {name for name in names if name.startswith("benchmarks.")} <= {"benchmarks.plan"}


def test_shared_parts_need_the_standard_library_only() -> None:
    """What runs in every environment imports nothing that is installed."""
    for name in ("wire", "plan"):
        nodes = ast.walk(ast.parse((FOLDER / f"{name}.py").read_text()))
        modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}

        assert {str(each).partition(".")[0] for each in modules} <= sys.stdlib_module_names
