"""The examples, run by the real engine: what they promise in their words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.events import ApprovalOpened, NodeSucceeded
from orchestrator.errors import InputError
from orchestrator.graph import Graph, load_graphs
from orchestrator.runtime import Engine, StaticDirectory, SystemClock
from orchestrator.store import Approval, Run, migrate, open_store

EXAMPLES = Path(__file__).parents[2] / "examples"
PEOPLE = {
    "editors": frozenset({"U0BOB"}),
    "release": frozenset({"U0BOB", "U0DAVE"}),
    "finance": frozenset({"U0BOB", "U0CAROL"}),
}


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Graph]:
    """Return the examples' graphs with the approvers that they have by default."""
    monkeypatch.delenv("SIGNOFF_APPROVERS", raising=False)
    return load_graphs([EXAMPLES], allow=[])


@asynccontextmanager
async def serving(folder: Path, graphs: dict[str, Graph]) -> AsyncIterator[Engine]:
    """Serve graphs on a new database."""
    url = f"sqlite+aiosqlite:///{folder / 'signoff.db'}"
    await migrate(url)
    clock = SystemClock()
    async with open_store(url, now=clock.now) as store:
        engine = Engine(store, graphs, directory=StaticDirectory(PEOPLE), clock=clock)
        async with engine:
            yield engine


async def start(engine: Engine, graph: str, **values: Any) -> Run:
    """Start a run and wait until it rests."""
    run = await engine.start(graph, values, requester="U0ALICE", surface="python")
    return await rest(engine, run)


async def rest(engine: Engine, run: Run) -> Run:
    """Wait until a run waits or is over."""

    def rests(found: Run) -> bool:
        return found.status not in ("pending", "running")

    return await engine.wait_until(run.id, rests, timeout=20)


async def the_question(engine: Engine) -> Approval:
    """Return the one open approval."""
    (approval,) = await engine.list_pending()
    return approval


async def answer(
    engine: Engine, decision: str, comment: str = "", *, by: str = "U0BOB", path: str = ""
) -> Run:
    """Decide the one open approval, or the one at a path, and wait until the run rests."""
    asked = [each for each in await engine.list_pending() if path in ("", each.path)]
    (approval,) = asked
    run = await engine.decide(approval.id, decision, by=by, surface="python", comment=comment)
    return await rest(engine, run)


def lines(path: Path) -> list[dict[str, Any]]:
    """Read what was published."""
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_an_approved_article_is_published_once(
    tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """One line with the run's id and what was reviewed."""
    out = tmp_path / "published.jsonl"
    async with serving(tmp_path, graphs) as engine:
        run = await start(engine, "publish-article", topic="tea", out=str(out))
        question = await the_question(engine)
        assert not out.exists()
        ended = await answer(engine, "approve")

    assert ended.status == "completed"
    assert question.title == "Publish “tea”?"
    assert [(line["run"], line["body"]) for line in lines(out)] == [
        (run.id, question.payload["draft"])
    ]


async def test_a_rejected_article_is_written_again(
    tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """The editor's words reach the writer, and the next draft is asked about."""
    out = tmp_path / "published.jsonl"
    async with serving(tmp_path, graphs) as engine:
        await start(engine, "publish-article", topic="tea", out=str(out), body="My own text")
        first = await the_question(engine)
        await answer(engine, "reject", "mention the pot")
        second = await the_question(engine)
        ended = await answer(engine, "approve")

    assert first.payload == {"draft": "My own text"}
    assert "mention the pot" in second.payload["draft"]
    assert second.id != first.id
    assert (ended.status, len(lines(out))) == ("completed", 1)


async def test_an_article_that_nobody_reviews_is_not_published(
    tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """The run ends as timed out, by itself."""
    out = tmp_path / "published.jsonl"
    deadline = timedelta(seconds=1)
    async with serving(tmp_path, graphs) as engine:
        run = await start(engine, "publish-article", topic="tea", out=str(out), deadline=deadline)
        ended = await engine.wait_until(run.id, lambda r: r.finished_at is not None, timeout=20)

    assert ended.status == "timed_out"
    assert not out.exists()


@pytest.mark.parametrize(
    ("deadline", "before"),
    [(10, 5), (20, 10), (24, 22), (30, 25), (60, 25), (300, 60), (3600, 720)],
)
async def test_editors_are_reminded_in_time(
    deadline: int, before: int, tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """More than twenty seconds before the deadline, whenever the deadline allows."""
    async with serving(tmp_path, graphs) as engine:
        run = await start(
            engine, "publish-article", topic="tea", deadline=timedelta(seconds=deadline)
        )
        records = await engine.get_events(run.id)
    (opened,) = (each.event for each in records if isinstance(each.event, ApprovalOpened))

    assert opened.reminders is not None
    assert timedelta(seconds=before) == opened.reminders.before


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"topic": ""},
        {"topic": "tea", "deadline": "0s"},
        {"topic": "tea", "deadline": "10000000d"},
        {"topic": "tea", "out": ""},
        {"topic": "t", "x": "1"},
    ],
)
async def test_bad_articles_are_refused(
    values: dict[str, str], tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """Nothing is stored."""
    async with serving(tmp_path, graphs) as engine:
        with pytest.raises(InputError):
            await start(engine, "publish-article", **values)
        assert await engine.list_runs() == []


class Published:
    """A context as `publish` sees it."""

    def __init__(self, out: Path, key: str) -> None:
        self.input = type("Input", (), {"topic": "tea", "out": str(out)})
        self.state = {"draft": "Tea.\nSecond line.", "human_response": {"by": "U0BOB"}}
        self.run = {"id": key.partition("/")[0]}
        self.idempotency_key = key


@pytest.fixture
def publish(graphs: dict[str, Graph]) -> Callable[[Any], Any]:
    """Return the function of the node."""
    node: Any = graphs["publish-article"].nodes["publish"]
    function: Callable[[Any], Any] = node.function
    return function


def test_publishing_again_changes_nothing(tmp_path: Path, publish: Callable[[Any], Any]) -> None:
    """The second call finds its line; another run's is added."""
    out = tmp_path / "published.jsonl"
    publish(Published(out, "1/publish"))
    publish(Published(out, "1/publish"))
    publish(Published(out, "2/publish"))

    assert [line["key"] for line in lines(out)] == ["1/publish", "2/publish"]


@pytest.mark.parametrize("kept", [1, 20, 60])
def test_publishing_after_a_torn_line(
    kept: int, tmp_path: Path, publish: Callable[[Any], Any]
) -> None:
    """A line that a crash cut off does not count, and does not swallow the next one."""
    out = tmp_path / "published.jsonl"
    publish(Published(out, "1/publish"))
    whole = out.read_bytes()
    out.write_bytes(whole + whole.replace(b"1/publish", b"2/publish")[:kept])

    publish(Published(out, "2/publish"))

    texts = out.read_bytes().splitlines()
    assert [json.loads(texts[0])["key"], json.loads(texts[-1])["key"]] == ["1/publish", "2/publish"]
    assert len(texts) == 3


async def test_staging_asks_nobody(tmp_path: Path, graphs: dict[str, Graph]) -> None:
    """It is deployed at once."""
    async with serving(tmp_path, graphs) as engine:
        run = await start(engine, "deploy", service="shop", version="1.4.2")
        assert await engine.list_approvals(run.id) == []

    assert run.status == "completed"


@pytest.mark.parametrize(("decision", "visited"), [("approve", True), ("reject", False)])
async def test_production_asks_first(
    decision: str, *, visited: bool, tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """Approved, it is deployed; rejected, it is not."""
    async with serving(tmp_path, graphs) as engine:
        values = {"service": "shop", "version": "1.4.2", "environment": "production"}
        run = await start(engine, "deploy", **values)
        ended = await answer(engine, decision)
        records = await engine.get_events(run.id)

    paths = {getattr(each.event, "path", None) for each in records}
    assert ended.status == "completed"
    assert ("deploy" in paths) is visited


async def vote(engine: Engine) -> Run:
    """Start a rollout to two regions and have everybody approve of it."""
    await start(engine, "rollout", service="shop", version="1.4.2")
    await answer(engine, "approve", by="U0BOB")
    await answer(engine, "approve", by="U0DAVE")
    return await answer(engine, "approve", by="U0CAROL")


async def done(engine: Engine, run: Run) -> list[str]:
    """Return the paths of the nodes that have succeeded, in their order."""
    records = await engine.get_events(run.id)
    return [each.event.path for each in records if isinstance(each.event, NodeSucceeded)]


async def test_a_rollout_asks_for_a_vote_then_about_each_region_then_for_news(
    tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """Nothing is rolled out before finance has said yes, too."""
    async with serving(tmp_path, graphs) as engine:
        run = await start(engine, "rollout", service="shop", version="1.4.2")
        await answer(engine, "approve", by="U0BOB")
        voted = await answer(engine, "approve", by="U0DAVE")
        before = await done(engine, run)
        await answer(engine, "approve", by="U0CAROL")
        await answer(engine, "approve", path="regions[2]/look")
        waiting = await answer(engine, "approve", path="regions[1]/look")
        await engine.signal(
            run.id, "announced", {"url": "https://example.com/"}, by="U0ALICE", surface="python"
        )
        ended = await rest(engine, run)
        output = await engine.get_output(run.id)

    assert (voted.status, waiting.places) == ("waiting", ("news",))
    assert not any(path.startswith("regions") for path in before)
    assert ended.status == "completed"
    assert output is not None
    assert set(output) == {"tests", "load", "url"}


async def test_a_region_is_watched_for_longer_if_somebody_asks(
    tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """Only this region is looked at again; the new version stays where it is."""
    async with serving(tmp_path, graphs) as engine:
        run = await vote(engine)
        await answer(engine, "request-changes", "longer, please", path="regions[1]/look")
        (again,) = [a for a in await engine.list_pending() if a.path == "regions[1]/look#2"]
        paths = await done(engine, run)

    assert again.payload["watched"] == "30 minutes"
    assert len([path for path in paths if "roll" in path]) == 2


async def test_g8_a_rejected_region_takes_all_of_them_back(
    tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """Each region is rolled back once, the newest first."""
    async with serving(tmp_path, graphs) as engine:
        run = await vote(engine)
        await answer(engine, "reject", "it is slow", path="regions[2]/look")
        ended = await engine.wait_until(run.id, lambda r: r.finished_at is not None, timeout=20)
        paths = await done(engine, run)

    rolled = [path for path in paths if path.endswith("/roll")]
    assert ended.status == "cancelled"
    assert sorted(rolled) == ["regions[1]/roll", "regions[2]/roll"]
    assert [path for path in paths if "!" in path] == [f"{path}!undo" for path in rolled[::-1]]


@pytest.mark.parametrize(("decision", "end"), [("approve", "granted"), ("reject", "refused")])
async def test_access_is_granted_or_refused(
    decision: str, end: str, tmp_path: Path, graphs: dict[str, Graph]
) -> None:
    """The end that the run reaches says which."""
    async with serving(tmp_path, graphs) as engine:
        run = await start(engine, "access", system="billing", reason="month-end close")
        ended = await answer(engine, decision)
        records = await engine.get_events(run.id)

    assert ended.status == "completed"
    assert end in {getattr(each.event, "path", None) for each in records}


@pytest.mark.parametrize("name", ["publish_article.py", "deploy.py", "rollout.py"])
def test_examples_work_alone_and_take_their_approvers_from_outside(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of one file, elsewhere, is a graph."""
    monkeypatch.setenv("SIGNOFF_APPROVERS", "U0DAVE, dave@example.com")
    copy = tmp_path / name
    copy.write_text((EXAMPLES / name).read_text())

    (graph,) = load_graphs([copy], allow=[]).values()

    assert [str(approver) for approver in graph.approvers] == ["U0DAVE", "dave@example.com"]
