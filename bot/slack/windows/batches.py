"""Several questions in one form: which may be decided together, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

from pydantic import Field

from bot.cards.question import main_values
from bot.cards.values import cut, one_line
from bot.cards.words import abbreviation, plain
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.mrkdwn import escape
from bot.slack.kit.payloads import Payload
from bot.slack.windows.modals import NOTICE_CALLBACK
from orchestrator.graph.kinds import ApprovalKind, Decision, Risk
from orchestrator.store.records import Approval

BATCH_CALLBACK = "signoff_batch"
PICKED = "signoff_picked_"
DECISION_BLOCK = "signoff_batch_decision"
COMMENT_BLOCK = "signoff_batch_comment"
ACTION = "input"
#: Questions in one form.
MOST = 50
_BOX = 10  # options of one group of checkboxes
#: Kinds that may be decided together, as people call them.
_KIND_WORDS = {
    ApprovalKind.CONFIRM: "approval",
    ApprovalKind.REVIEW: "review",
    ApprovalKind.ITERATE: "round",
    ApprovalKind.TOOL: "tool call",
}
_BOTH = frozenset({Decision.APPROVE, Decision.REJECT})


class BatchOption(Payload):
    """A box for one question: which, and what was seen of it."""

    prefix = "batch1"
    limit = limits.OPTION_VALUE

    approval: str = Field(pattern=r"^[0-9a-f]{32}$")
    digest: str = Field(pattern=r"^[0-9a-f]{0,128}$")


def can_be_decided_together(approval: Approval) -> bool:
    """May it be decided beside others? Not what is dangerous, nor what takes fields."""
    return (
        approval.kind in _KIND_WORDS
        and approval.risk is not Risk.HIGH
        and set(approval.decisions) >= _BOTH
    )


def batch_view(approvals: Sequence[Approval], zone: tzinfo = UTC) -> Block:
    """Return the form with a box for each question, by deadline, as the reader's zone has it."""
    possible = [each for each in approvals if can_be_decided_together(each)]
    shown = sorted(possible, key=_deadline)[:MOST]
    rest = (
        f" These are the {MOST} with the nearest deadlines." if len(shown) < len(possible) else ""
    )
    blocks: list[Block] = [
        b.section(
            "What you check is decided the same way, each question by itself. "
            f"The nearest deadline comes first.{rest}"
        ),
    ]
    for number, box in enumerate(_boxes(shown)):
        element = {
            "type": "checkboxes",
            "action_id": ACTION,
            "options": [_option(each, zone) for each in box],
        }
        first = number * _BOX + 1
        label = (
            f"Questions {first} to {first + len(box) - 1}" if len(box) > 1 else f"Question {first}"
        )
        blocks.append(b.field(label, element, block_id=f"{PICKED}{number}", is_optional=True))
    return b.modal(
        "Decide several",
        [*blocks, _decision(), _comment()],
        callback_id=BATCH_CALLBACK,
        submit="Decide",
        close="Cancel",
    )


def _boxes(approvals: Sequence[Approval]) -> Iterable[Sequence[Approval]]:
    for first in range(0, len(approvals), _BOX):
        yield approvals[first : first + _BOX]


def _deadline(approval: Approval) -> tuple[bool, float]:
    return (approval.due_at is None, approval.due_at.timestamp() if approval.due_at else 0)


def _option(approval: Approval, zone: tzinfo) -> Block:
    title = one_line(approval.title) or approval.node
    made = b.option(
        cut(f"{one_line(approval.graph)} · {title}", limits.OPTION_TEXT),
        BatchOption(approval=approval.id, digest=approval.digest).pack(),
    )
    return {**made, "description": b.plain_text(_about(approval, zone), limits.OPTION_TEXT)}


def _about(approval: Approval, zone: tzinfo) -> str:
    """Say in a line what sort of question it is, its main values, and its deadline."""
    # The token of a date is longer than what Slack takes here.
    due_at = approval.due_at.astimezone(zone) if approval.due_at else None
    due = f" · by {due_at:%d %b %H:%M} {abbreviation(due_at)}" if due_at else " · no deadline"
    values = ", ".join(f"{each.label}: {plain(each.words)}" for each in main_values(approval))
    about = " · ".join(filter(None, (_KIND_WORDS[approval.kind], values)))
    return cut(about, limits.OPTION_TEXT - len(due)) + due


def _decision() -> Block:
    options = [b.option("Approve", Decision.APPROVE.value), b.option("Reject", "reject")]
    element = {"type": "radio_buttons", "action_id": ACTION, "options": options}
    return b.field("Your decision on all of them", element, block_id=DECISION_BLOCK)


def _comment() -> Block:
    return b.text_input(
        "Why?",
        block_id=COMMENT_BLOCK,
        action_id=ACTION,
        hint="Kept with each decision; a rejection needs it",
        is_optional=True,
    )


def results_view(rows: Sequence[str]) -> Block:
    """Return the window that says what became of each; the rows are mark-up, escaped."""
    blocks: list[Block] = []
    text = ""
    for row in rows:
        if len(text) + len(row) + 1 > limits.TEXT:
            blocks.append(b.section(text))
            text = ""
        text = f"{text}\n{row}" if text else row
    blocks.append(b.section(text or escape("Nothing was decided.")))
    return b.modal("Decided", blocks, callback_id=NOTICE_CALLBACK)
