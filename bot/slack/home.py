"""The App Home: what waits, and how to start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.cards import approval_line
from bot.slack import blocks as b
from bot.slack import limits
from bot.slack.command_line import example
from bot.slack.mrkdwn import GroupIds, escape, fit_escaped, mrkdwn
from orchestrator.graph.graph import Graph
from orchestrator.store.records import Approval

_GRAPHS = 15
_ABOUT = 200  # characters of a description


def home_view(
    pending: Sequence[Approval],
    graphs: Sequence[Graph],
    *,
    command: str,
    has_more: bool,
    groups: GroupIds,
) -> dict[str, Any]:
    """Return the Home tab: open approvals first, then what can be started."""
    count = f"{len(pending)}{'+' if has_more else ''}"
    shown = [b.header(f"Waiting for an answer · {count}")]
    shown += [b.section(mrkdwn(approval_line(approval), groups)) for approval in pending]
    if not pending:
        shown.append(b.section("Nothing waits. Questions appear here and in their channel."))
    shown += [b.header("Start a run"), *(_graph(graph, command) for graph in graphs[:_GRAPHS])]
    if not graphs:
        shown.append(b.section("No graph is loaded. Tell who runs Signoff."))
    shown.append(b.context(f"`{escape(command)} help` lists everything you can write."))
    return {"type": "home", "blocks": shown[: limits.VIEW_BLOCKS]}


def _graph(graph: Graph, command: str) -> dict[str, Any]:
    about = fit_escaped((graph.description or graph.title).strip(), _ABOUT)
    fields = [(field.name, field.type) for field in graph.input.fields if field.required]
    usage = escape(f"{command} {example(graph.id, fields)}")
    return b.section(f"*{escape(graph.id)}* {about}\n`{usage}`")
