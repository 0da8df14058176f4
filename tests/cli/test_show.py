"""`show`, `approval`, `pending` and `watch`: what somebody sees who has to understand a run."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cli.conftest import DEEP
from tests.cli.shell import Shell, call, process, until

BOB = ("--as", "U0BOB")


def visits(nodes: list[Any]) -> Iterator[Any]:
    """Yield every visit of a run's document, at every depth."""
    for node in nodes:
        yield node
        for body in node["bodies"]:
            yield from visits(body["visits"])


def live(document: Any) -> set[str]:
    """Return the paths of the visits that go on."""
    ended = {"succeeded", "skipped", "failed", "left", "stopped"}
    return {each["path"] for each in visits(document["nodes"]) if each["status"] not in ended}


def nodes_of(text: str) -> list[list[str]]:
    """Return the words of the lines under `Nodes`."""
    block = text.split("\nNodes\n")[1].split("\n\n", maxsplit=1)[0]
    return [line.split() for line in block.splitlines()]


def test_show_prints_a_tree_of_visits(deep: Shell) -> None:
    """Bodies stand under their composite with their items; open questions with who is asked."""
    run = deep.start("rounds")
    asked_for = deep("show", run, "--json").json["approvals"]
    first, second, third = (each["ref"] for each in asked_for)

    lines = nodes_of(deep("show", run).out)

    asked = ["confirm:", "waits", "for", "U0BOB", "U0ALICE;", "due", "in", "an", "hour"]
    assert lines == [
        ["each", "active", "0", "of", "3", "done"],
        ["[1]", "eu"],
        ["roll", "waiting", first, *asked],
        ["[2]", "us"],
        ["roll", "waiting", second, *asked],
        ["[3]", "asia"],
        ["roll", "waiting", third, *asked],
    ]


def test_the_tree_as_json_has_stable_keys(deep: Shell) -> None:
    """Programs find every visit by its path, with what it waits for."""
    run = deep.start("rounds")

    document = deep("show", run, "--json").json

    (each,) = document["nodes"]
    (roll,) = each["bodies"][0]["visits"]
    assert set(roll) == {
        "path",
        "status",
        "attempt",
        "reason",
        "progress",
        "signal",
        "began_at",
        "ended_at",
        "retry_at",
        "wake_at",
        "approvals",
        "waits_for",
        "bodies",
    }
    assert (roll["path"], roll["status"]) == ("each[1]/roll", "waiting")
    assert roll["waits_for"] == roll["approvals"] == [document["approvals"][0]["ref"]]
    assert each["bodies"][0]["item"] == "eu"
    assert live(document) == set(document["places"])


def test_the_tree_follows_the_run_to_its_end(deep: Shell) -> None:
    """What was decided, what came of it, and what was stopped by a rejection."""
    run = deep.start("rounds")
    first, second, _third = (each["ref"] for each in deep("pending", "--json").json)
    deep("decide", first, "approve", *BOB)
    deep("decide", second, "reject", *BOB, "--comment", "not today")
    document = deep("show", run, "--json").json

    assert document["status"] == "cancelled"
    assert live(document) == set(document["places"]) == set()
    assert {each["status"] for each in visits(document["nodes"])} == {"stopped"}


def test_h17_a_tool_call_is_decided_and_edited(deep: Shell) -> None:
    """The call stands inside its agent; an edit changes the arguments that it is made with."""
    ref = deep.ask("agent")
    run = deep.approval(ref)["run"]["ref"]

    lines = nodes_of(deep("show", run).out)
    deep("decide", ref, "edit", *BOB, "--value", "query=coffee")

    assert lines == [
        ["helper", "active"],
        ["turn", "succeeded"],
        ["search", "waiting", ref, "tool:", "waits", "for", "U0BOB"],
    ]
    assert "  query: tea → coffee" in deep("approval", ref).out
    assert deep.finish(ref)["output"] == {"found": "all about coffee"}


def test_h13_rounds_of_a_loop_are_numbered(deep: Shell) -> None:
    """Another round is asked for with a comment, and shown beneath the one before."""
    ref = deep.ask("loop")
    run = deep.approval(ref)["run"]["ref"]
    deep("decide", ref, "request-changes", *BOB, "--comment", "warmer")

    (loop,) = deep.serve(run, lambda found: found.status == "waiting")["nodes"]

    assert [body["key"] for body in loop["bodies"]] == ["1", "2"]
    assert [body["is_over"] for body in loop["bodies"]] == [True, False]


def test_an_error_is_shown_at_its_node(deep: Shell) -> None:
    """What failed, and whom it waits for."""
    ref = deep.ask("broken")
    run = deep.approval(ref)["run"]["ref"]

    (line,) = nodes_of(deep("show", run).out)

    assert line[:5] == ["do", "waiting", ref, "error:", "waits"]
    assert " ".join(line).endswith("ValueError: the shop is closed")


async def test_progress_and_the_next_try_are_shown(bare: Path) -> None:
    """A try that failed is shown with its reason, and when it is tried again."""
    settings = {"SIGNOFF_GRAPHS": str(DEEP)}
    await call(bare, "migrate", **settings)
    found: Any = None

    async def is_retrying() -> bool:
        nonlocal found
        runs = json.loads((await call(bare, "runs", "--json", **settings)).out)
        if not runs:
            return False
        found = json.loads((await call(bare, "show", runs[0]["ref"], "--json", **settings)).out)
        return bool(found["nodes"]) and found["nodes"][0]["status"] == "retrying"

    async with process(bare, "run", "slow", "--wait", **settings):
        await until(is_retrying)
    shown = (await call(bare, "show", found["ref"], **settings)).out

    (line,) = nodes_of(shown)
    assert found["nodes"][0]["progress"] == "half of it is done"
    assert " ".join(line) == (
        "crawl retrying try 1 failed: ConnectionError: the line is down; again in an hour; "
        "progress half of it is done"
    )


def test_g10_the_picture_marks_where_the_run_is(deep: Shell) -> None:
    """It is the graph's picture, with the present places as a class."""
    ref = deep.ask("vault")
    run = deep.approval(ref)["run"]["ref"]

    drawn, plain = deep("show", run, "--mermaid"), deep("graphs", "show", "vault", "--mermaid")

    assert (drawn.code, drawn.err) == (0, "")
    assert drawn.out.startswith("flowchart TD\n")
    assert drawn.out.startswith(plain.out.rstrip("\n"))
    assert "class n1 here" in drawn.out
    assert " here" not in plain.out


def test_g10_show_draws_the_graph_with_the_run_in_it(deep: Shell) -> None:
    """What waits is marked, with its question; without the run's version there is no picture."""
    ref = deep.ask("vault")
    run = deep.approval(ref)["run"]["ref"]
    changed = deep.folder / "changed.py"
    changed.write_text(DEEP.read_text().replace('timeout="8h"', 'timeout="9h"'))
    broken = deep.folder / "broken.py"
    broken.write_text("raise ValueError")

    shown = deep("show", run)
    other, without = (deep.with_graphs(file)("show", run) for file in (changed, broken))

    lines = shown.out.splitlines()
    start = lines.index("Picture")
    assert lines[start + 1 : start + 5] == [
        f"  ◆ open  ✋approval  {ref}",
        "  · take",
        "",
        "  ◆ waits",
    ]
    assert "Picture" not in other.out + without.out
    assert "there is no picture" in without.err
    assert nodes_of(without.out) == nodes_of(shown.out)


def test_a_picture_of_another_version_is_said_to_be_one(deep: Shell) -> None:
    """The run's own version is not at hand, so nobody may take the picture for it."""
    run = deep.approval(deep.ask("vault"))["run"]["ref"]
    changed = deep.folder / "changed.py"
    changed.write_text(DEEP.read_text().replace('timeout="8h"', 'timeout="9h"'))

    drawn = deep.with_graphs(changed)("show", run, "--mermaid")

    assert drawn.out.startswith("flowchart TD\n")
    assert len(drawn.lines) == 1
    assert "the picture is of" in drawn.err


def test_show_mermaid_prints_nothing_else(deep: Shell) -> None:
    """Two documents on one stdout are none."""
    assert deep("show", "r-0000000", "--mermaid", "--json").code == 2
    assert deep("graphs", "show", "vault", "--mermaid", "--json").code == 2
    assert deep("graphs", "show", "vaults").code == 1


def test_pending_is_filtered_by_kind(deep: Shell) -> None:
    """Each kind alone, or all; an unknown one is wrong usage."""
    confirm, result = deep.ask("vault"), deep.ask("outside")

    assert [each["ref"] for each in deep("pending", "--kind", "result", "--json").json] == [result]
    assert {each["ref"] for each in deep("pending", "--json").json} == {confirm, result}
    assert deep("pending", "--kind", "nonsense").code == 2


def test_pending_is_a_table_with_kinds_and_progress(deep: Shell) -> None:
    """Who is still asked, and how many have answered."""
    ref = deep.ask("vault")
    deep("decide", ref, "approve", *BOB)

    head, row = deep("pending").out.splitlines()

    assert head.split() == [
        "APPROVAL",
        "KIND",
        "RUN",
        "GRAPH",
        "AT",
        "DUE",
        *("WAITS", "FOR"),
        "QUESTION",
    ]
    assert row.startswith(f"{ref}  confirm  r-")
    assert "stage 1 of 2: 1 of 2, waits for U0CAROL" in row


def test_an_approval_is_shown_with_everything(deep: Shell) -> None:
    """The policy in words, the deadline, the votes, how to answer, and its history."""
    ref = deep.ask("vault")
    deep("decide", ref, "approve", *BOB, "--comment", "fine")

    text = deep("approval", ref).out

    for line in (
        "Open the vault?",
        "Kind      confirm",
        "Progress  stage 1 of 2: 1 of 2, waits for U0CAROL",
        "Policy    stage 1: 2 of U0BOB U0CAROL",
        "Policy    stage 2: owner: 1 of U0DAVE",
        "Policy    U0ERIN may break the glass",
        f"  signoff decide {ref} approve --as USER",
        f"  signoff decide {ref} reject --as USER --comment WHY",
    ):
        assert line in text.splitlines()
    assert "(in 8 hours), then reject" in text
    assert "decision recorded" in text
    (vote,) = (line.split() for line in text.splitlines() if line.startswith("U0BOB"))
    assert [*vote[:2], *vote[4:7]] == ["U0BOB", "approve", "cli", "counts", "fine;"]


def test_h14_an_approval_says_which_values_it_takes(deep: Shell) -> None:
    """The line can be copied: required fields first, the others in brackets."""
    ref = deep.ask("order")

    text = deep("approval", ref).out

    assert (
        f"signoff decide {ref} answer --as USER --value what=STRING [--value count=INTEGER]" in text
    )
    assert "[--value size=small|large]" in text


def test_h19_watch_prints_a_run_until_it_pauses_and_goes_on_later(deep: Shell) -> None:
    """Levels pause from the inside out; a second watch takes up where the first one ended."""
    ref = deep.ask("vault")
    run = deep.approval(ref)["run"]["ref"]

    first = deep("watch", run, "--until-pause", "--json")
    documents = [json.loads(line) for line in first.out.splitlines()]
    deep("decide", ref, "reject", *BOB)
    last = max(each["seq"] for each in documents)
    second = deep("watch", run, "--after", str(last), "--json")
    later = [json.loads(line) for line in second.out.splitlines()]

    assert first.code == 0
    assert [each["event"]["path"] for each in documents if each["type"] == "Paused"] == ["open", ""]
    assert [each["event"]["path"] for each in later if each["type"] == "Continued"] == ["open", ""]
    assert [each["seq"] for each in later if each["at"]] == list(
        range(last + 1, last + 1 + len([each for each in later if each["at"]]))
    )
    assert (second.code, later[-1]["type"]) == (1, "RunCancelled")


async def test_watch_follows_what_another_process_does(bare: Path) -> None:
    """Each event is printed when it happens; the end of the run ends the command."""
    settings = {"SIGNOFF_GRAPHS": str(DEEP)}
    await call(bare, "migrate", **settings)
    started = await call(bare, "run", "news", "--wait", **settings)
    ref = started.out.split()[0]

    async with process(bare, "watch", ref, **settings) as watching:
        await watching.line(lambda line: "wait started" in line)
        news = ("signal", ref, "out", "--value", "version=1.10")
        sent = await call(bare, *news, **settings)
        await watching.line(lambda line: "signal received" in line)
        ended = await watching.ended()

    assert sent.code == 0
    assert (ended.code, ended.out.splitlines()[-1]) == (0, f"{ref} news: completed")


async def test_watch_ends_at_once_when_it_is_interrupted(bare: Path) -> None:
    """With the code that shells have for it, and nothing on stderr but that."""
    settings = {"SIGNOFF_GRAPHS": str(DEEP)}
    await call(bare, "migrate", **settings)
    started = await call(bare, "run", "news", "--wait", **settings)

    async with process(bare, "watch", started.out.split()[0], **settings) as watching:
        await watching.line(lambda line: "wait started" in line)
        watching.signal(signal.SIGINT)
        ended = await watching.ended()

    assert (ended.code, ended.err) == (130, "")


def test_control_characters_of_answers_do_not_reach_the_terminal(deep: Shell) -> None:
    """Payloads keep their indentation and nothing that moves the cursor."""
    ref = deep.ask("draft")
    text = "def tea():\n    pour()\x1b[2J\u202e"

    deep("decide", ref, "edit", *BOB, "--value", f"text={text}", "--comment", "\x1b[1A")
    seen = deep("approval", ref).out
    said = deep("comment", ref, " ", "--as", "U0\x1b[2J")

    assert "\x1b" not in seen + said.err
    assert "\u202e" not in seen
    assert "        pour() [2J" in seen.splitlines()
