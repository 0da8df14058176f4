"""A graph that is given a secret, and whose tasks and titles are careless with it."""

from __future__ import annotations

from typing import Any

from orchestrator import Context, GraphBuilder
from orchestrator.graph import gate

SCHEMA = {
    "type": "object",
    "properties": {"token": {"type": "string"}, "topic": {"type": "string"}},
}


def draft(context: Context) -> dict[str, Any]:
    """Bring the secret inside a value, and another one of its own."""
    return {
        "draft": {"pin": f"pin-{context.input['token']}", "text": context.input["topic"]},
        "rows": [{"key": context.input["token"]}],
    }


def publish(context: Context) -> None:
    """Fail with the secret in the message."""
    raise ValueError(f"{context.input['token']} was refused for {context.input['topic']}")


careless = (
    GraphBuilder("careless", input=SCHEMA)
    .task("write", draft)
    .approval(
        "ask",
        title="Publish {{ input.topic }} with {{ input.token }}?",
        prompt="The token is {{ input.token }}.",
        approvers="U0BOB",
        review_keys=["input.token", "input.topic", "draft"],
        formats={"input.token": "secret", "draft.pin": "secret"},
    )
    .task("publish", publish, error=gate(approvers="U0BOB"))
    .sequence("write", "ask", "publish")
    .start("write")
    .ends("publish")
    .build()
)
