"""Running the cells of the matrix through an engine, and comparing with the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.core.events import Outcome
from orchestrator.core.state import RunStatus
from orchestrator.errors import ApprovalClosedError, UnknownDecisionError
from orchestrator.graph.kinds import ApprovalKind, Decision, OnReject
from orchestrator.store import Run
from tests.engine.matrix import Cell, Node, Numbers, nodes
from tests.engine.matrix_bench import Asked, Bench
from tests.engine.matrix_graphs import APPROVER, OWN, Maker, answer_of, value_of
from tests.engine.matrix_spots import MISSING, NAMED, WORK, Spots, spots

COMMENT = "No, because."
NOT_OFFERED = "not offered"
_MOVING = (RunStatus.PENDING, RunStatus.RUNNING, RunStatus.CANCELLING)
#: More questions and signals than any cell has.
_MOST = 60
_FAVOUR = {
    ApprovalKind.INPUT: Decision.ANSWER,
    ApprovalKind.CHOOSE: Decision.CHOOSE,
    ApprovalKind.RESULT: Decision.RESULT,
    ApprovalKind.ERROR: Decision.RETRY,
}
_BEFORE = (ApprovalKind.CONFIRM, ApprovalKind.INPUT, ApprovalKind.CHOOSE, ApprovalKind.TOOL)


@dataclass
class Play:
    """One cell in one run."""

    bench: Bench
    cell: Cell
    maker: Maker
    script: list[Decision]
    run: Run | None = None
    answered: set[str] = field(default_factory=set)
    is_refused: bool = False
    problems: list[str] = field(default_factory=list)

    @property
    def spots(self) -> Spots:
        """Where it stands."""
        return spots(self.maker.nest)

    @property
    def started(self) -> Run:
        """The run as it was seen last."""
        if self.run is None:
            raise LookupError("it has not been started")
        return self.run

    async def begin(self) -> None:
        """Start the run and let it come to rest."""
        graph = self.bench.graph(self.maker)
        engine = self.bench.engine
        self.run = await engine.start(graph.id, {}, requester="ALICE", surface="test")
        await self.settle()

    async def settle(self, *, anew: bool = False) -> None:
        """Wait until the run waits for somebody or is over; `anew`: whatever it did last."""
        if not anew and self.started.status not in _MOVING:
            return
        self.run = await self.bench.engine.wait_until(
            self.started.id, lambda now: now.status not in _MOVING, timeout=60
        )

    def questions(self) -> list[Asked]:
        """Return the questions that have not been answered, in the order of their paths."""
        asked = self.bench.asked[self.started.id]
        left = [each for each in asked if each.id not in self.answered]
        return sorted(left, key=lambda each: each.path)

    async def finish(self) -> None:
        """Answer the cell's questions by its script, then all others in favour, to the end."""
        for _ in range(_MOST):
            if self.started.status != RunStatus.WAITING:
                return
            asked = self.questions()
            own = [each for each in asked if each.path.startswith(self.spots.core)]
            if own:
                await self._answer_own(own[0])
            elif asked and not self.script:
                await self._answer(asked[0], _FAVOUR.get(asked[0].kind, Decision.APPROVE))
            elif not await self._is_behind():
                await self._signal()
            if self.is_refused:
                return
            await self.settle()
        self.problems.append("it does not come to an end")

    async def approach(self) -> None:
        """Go on until the gate has asked, everywhere where the cell is, and leave it at that."""
        for _ in range(_MOST):
            asked = self.questions()
            others = [each for each in asked if each.kind is not self.cell.gate]
            if others:
                await self._answer(others[0], _FAVOUR.get(others[0].kind, Decision.APPROVE))
            elif len(asked) <= len(self.spots.copies) and not await self._is_behind():
                await self._signal()
            elif len(asked) > len(self.spots.copies):
                self._look_ahead()
                self.answered |= {each.id for each in asked}
                return
            await self.settle()
        self.problems.append("the question is never put")

    async def _signal(self) -> None:
        self.run = await self.bench.engine.signal(
            self.started.id, "go", OWN, by="ALICE", surface="test"
        )

    async def _is_behind(self) -> bool:
        """Is a question stored of which the engine has not told yet?"""
        told = {each.id for each in self.bench.asked[self.started.id]}
        stored = await self.bench.engine.list_pending(run=self.started.id)
        return any(each.id not in told for each in stored)

    async def _answer_own(self, approval: Asked) -> None:
        if approval.kind is self.cell.gate:
            self._look_ahead()
        if approval.kind is self.cell.gate and self.script:
            await self._answer(approval, self.script.pop(0))
        else:
            await self._answer(approval, _FAVOUR.get(approval.kind, Decision.APPROVE))

    async def _answer(self, approval: Asked, decision: Decision) -> None:
        self.answered.add(approval.id)
        try:
            self.run = await self.bench.engine.decide(
                approval.id,
                decision.value,
                by=APPROVER,
                surface="test",
                comment=COMMENT,
                values=self._values(approval, decision),
            )
        except ApprovalClosedError as error:
            if error.outcome != Outcome.WITHDRAWN:
                raise
            self.run = await self.bench.engine.get_run(self.started.id)
        except UnknownDecisionError:
            self.is_refused = True
            self.run = await self.bench.engine.cancel(self.started.id, by="ALICE", surface="test")

    def _values(self, approval: Asked, decision: Decision) -> Any:
        match decision:
            case Decision.EDIT if approval.kind is ApprovalKind.TOOL:
                return {"what": "edited"}
            case Decision.EDIT if self.cell.node in ("tool", "outside-tool"):
                return value_of("tool", "edited")
            case Decision.EDIT:
                return value_of(self.cell.node, "edited")
            case Decision.ANSWER | Decision.CHOOSE | Decision.RESULT:
                return answer_of(self.cell.node, approval.kind)
            case _:
                return None

    def _look_ahead(self) -> None:
        """While a question is open nothing behind its gate has run."""
        counts = self.bench.tally.counts[self.started.id]
        core = self.spots.core
        early = [name for name in ("behind", "aside") if counts[f"{core}{name}"]]
        if self.cell.gate in _BEFORE and self.work(core):
            early.append("node")
        if early:
            self.problems.append(f"{' and '.join(early)} ran while the question was open")

    def work(self, prefix: str) -> int:
        """Return how often the cell's node has run below a prefix."""
        counts = self.bench.tally.counts[self.started.id]
        each = [counts[prefix + path] for path in WORK.get(self.cell.node, ("unit",))]
        if self.cell.node not in ("parallel", "map"):
            return sum(each)
        if len(set(each)) > 1:
            self.problems.append(f"its bodies ran {each} times")
        return each[0]

    def asked(self, prefix: str) -> int:
        """Return how often the gate has asked below a prefix."""
        return sum(
            each.kind is self.cell.gate and each.path.startswith(prefix)
            for each in self.bench.asked[self.started.id]
        )

    def output(self, prefix: str) -> Any:
        """Return the output of the cell's node as the node after it saw it."""
        seen = self.bench.tally.seen[self.started.id]
        for name in ("behind", "aside"):
            if f"{prefix}{name}" in seen:
                return seen[f"{prefix}{name}"]
        return MISSING

    def compare(self, expected: Numbers, prefix: str) -> None:
        """Note where the cell differs from its line."""
        counts = self.bench.tally.counts[self.started.id]
        kind = nodes()[self.cell.node]
        wanted: dict[str, Any] = {
            "asked": expected.asked,
            "before": expected.before,
            "behind": expected.behind,
            "aside": expected.aside,
            **dict(expected.named),
        }
        found: dict[str, Any] = {
            "asked": self.asked(prefix),
            "before": counts[f"{prefix}before"],
            "behind": counts[f"{prefix}behind"],
            "aside": counts[f"{prefix}aside"],
            **{name: counts[prefix + NAMED[name]] for name, _ in expected.named},
        }
        if kind.is_counted:
            wanted["node"], found["node"] = expected.node, self.work(prefix)
        if expected.behind + expected.aside:
            wanted["output"] = _output(kind, expected.output)
            found["output"] = self._told(self.output(prefix))
        self.expect(wanted, found)

    def _told(self, output: Any) -> Any:
        if self.cell.node not in ("tool", "outside-tool") or not isinstance(output, dict):
            return output
        told = output.get("told")
        is_quoted = self.cell.on_reject is not OnReject.NOTE or COMMENT in output.get("words", "")
        return told if is_quoted else f"{told} without the words"

    def expect(self, wanted: dict[str, Any], found: dict[str, Any]) -> None:
        """Note differences."""
        self.problems += [
            f"{name} is {found[name]!r} instead of {value!r}"
            for name, value in wanted.items()
            if found[name] != value
        ]

    def expect_around(self, *, beside: int, after: int, run: str) -> None:
        """Note where what is around the cell differs."""
        counts = self.bench.tally.counts[self.started.id]
        wanted: dict[str, Any] = {"run": run}
        found: dict[str, Any] = {"run": self.started.status.value}
        for number, paths in ((beside, self.spots.beside), (after, self.spots.after)):
            wanted |= dict.fromkeys(paths, number)
            found |= {path: counts[path] for path in paths}
        astray = [path for path in counts if path.endswith("elsewhere")]
        self.expect({**wanted, "elsewhere": []}, {**found, "elsewhere": astray})

    async def check_stored(self) -> None:
        """Note where what is stored differs from what the engine told, or is no sound log."""
        engine = self.bench.engine
        stored = await engine.list_approvals(self.started.id)
        told = self.bench.asked[self.started.id]
        self.expect(
            {"asked": {(each.id, each.path, each.kind) for each in told}, "log": True},
            {
                "asked": {(each.id, each.path, each.kind) for each in stored},
                "log": (await engine.verify(self.started.id)).is_sound,
            },
        )

    def report(self) -> list[str]:
        """Return what is wrong, each with the cell's name."""
        name = "-in-".join([str(self.cell), *reversed(self.maker.nest)])
        return [f"{name}: {problem}" for problem in self.problems]


def _output(kind: Node, word: str) -> Any:
    """Return the value that a word of the table stands for."""
    match word:
        case "own" if kind.output == "null":
            return None
        case "null":
            return None
        case "none":
            return MISSING
        case "note" | "error":
            return word
        case "own" | "answered" | "edited" | "else":
            return value_of("task" if word == "else" else kind.id, word)
        case _:
            raise LookupError(f"the table has no output {word!r}")
