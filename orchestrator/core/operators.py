"""Questions that only the operators can answer: the graph has changed, or nobody else is there."""

from __future__ import annotations

from orchestrator.core import commands as c
from orchestrator.core import events as e
from orchestrator.core import gates, questions
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.ids import approval_id
from orchestrator.core.refusals import NotOpen, Refusal
from orchestrator.core.turn import Turn
from orchestrator.graph.kinds import Decision


def ask_about_graph(turn: Turn, error: e.ErrorFacts) -> str:
    """Ask whether to compare again with what is loaded then, or to give the run up."""
    number = turn.state.seq
    questions.ask_operators(
        turn,
        "",
        "",
        error,
        number=number,
        decisions=(Decision.RETRY, Decision.FAIL),
        title=f"The graph {turn.state.graph} has changed under this run. What now?",
        gate=None,
    )
    return approval_id(turn.run_id, "", number)


def close(turn: Turn, approval: str) -> None:
    """Withdraw a question that has become pointless."""
    if approval in turn.state.approvals:
        turn.emit(
            e.ApprovalResolved(approval_id=approval, outcome=e.Outcome.WITHDRAWN, action="withdraw")
        )
        turn.request(Deliver(purpose=Purpose.OUTCOME, approval_id=approval))


def ask_instead(turn: Turn, command: c.ReportUnanswerable) -> Refusal | None:
    """Withdraw a question that nobody can answer, and ask the operators what to do.

    When they say retry, the question is asked again, of whoever is there then.
    """
    approval = turn.state.approvals.get(command.approval_id)
    if approval is None:
        return NotOpen(approval_id=command.approval_id)
    close(turn, command.approval_id)
    place = turn.state.places.get(approval.opened.path)
    if place is not None:
        error = e.ErrorFacts(type="Unanswerable", message=command.reason)
        gates.ask_operators(turn, place, turn.graph.find_node(place.path), error)
    return None
