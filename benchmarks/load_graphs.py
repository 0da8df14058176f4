"""The graphs that the bot serves under load: one for each channel, and one that asks nobody.

Slack takes one message a second in a channel, edits included; with many channels the figures are
the bot's and not Slack's.
"""

from __future__ import annotations

from typing import Any

from orchestrator import Graph, GraphBuilder

CHANNELS = [f"C0LOAD{number:03}" for number in range(256)]
PERSON = "U0BOB"


def _text(_context: Any) -> dict[str, str]:
    return {"text": "x" * 1_000}


def _asked(channel: str) -> Graph:
    return (
        GraphBuilder(f"asked-{channel.lower()}")
        .approval(
            "gate",
            approvers=PERSON,
            title="Go on?",
            channel=channel,
            timeout="1h",
            on_timeout="expire",
        )
        .task("work", _text)
        .sequence("gate", "work")
        .start("gate")
        .ends("work")
        .build()
    )


#: The graph of each channel.
ASKED = {channel: _asked(channel) for channel in CHANNELS}
# The loader takes the graphs that are bound to names.
globals().update({f"asked_{channel.lower()}": graph for channel, graph in ASKED.items()})

busy = (
    GraphBuilder("busy")
    .task("a", _text)
    .task("b", _text)
    .sequence("a", "b")
    .start("a")
    .ends("b")
    .build()
)
