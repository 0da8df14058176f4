"""Write an article, let editors review it, publish it: `signoff run publish-article topic=…`.

A rejected draft goes back to the writer with what the editor said. Who the editors are comes from
SIGNOFF_APPROVERS: user ids, e-mail addresses or `@handles`, separated by commas.
"""

from __future__ import annotations

import fcntl
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, Field

from orchestrator import Context, GraphBuilder, View

#: How long before the deadline the editors are reminded, at the least; and what is added to it,
#: because a message takes a moment to arrive.
LEAST_NOTICE = timedelta(seconds=20)
ON_THE_WAY = timedelta(seconds=5)


class Article(BaseModel):
    """What an article starts from."""

    topic: str = Field(min_length=1, max_length=200, description="What it is about")
    out: str = Field("published.jsonl", min_length=1, description="The file it is published in")
    deadline: timedelta = Field(
        timedelta(minutes=5),
        gt=timedelta(0),
        le=timedelta(days=365),
        description="How long the editors have",
    )
    body: str = Field("", description="A text of your own to review, instead of a written one")


def write(context: Context) -> dict[str, Any]:
    """Draft the article, or draft it again with the editor's feedback."""
    if context.feedback is None:
        return {"draft": context.input.body or _first_draft(context.input.topic)}
    draft = context.previous_output["draft"]
    return {"draft": f"{draft}\n\nRevised, because the editor said: {context.feedback}"}


def _first_draft(topic: str) -> str:
    """Stand in for a language model, or for a person."""
    return (
        f"{topic[:1].upper()}{topic[1:]}: what you should know.\n\n"
        f"Everybody has an opinion about {topic}, and few have looked closely. "
        "This article does: where it comes from, what it costs, and who decides about it.\n\n"
        "Our advice is to start small, to write down what you expect, and to look again "
        "after a week."
    )


def notice(view: View) -> timedelta:
    """Say how long before the deadline the editors are reminded."""
    deadline: timedelta = view.input.deadline
    if deadline <= LEAST_NOTICE:
        return deadline / 2
    return max(deadline / 5, min(LEAST_NOTICE + ON_THE_WAY, (deadline + LEAST_NOTICE) / 2))


def publish(context: Context) -> dict[str, Any]:
    """Append the article to the file, once, however often this is called.

    The process may be killed after the line was written and before that was recorded; then this
    runs again with the same key, finds its line, and leaves the file as it is.
    """
    key = context.idempotency_key
    line = {
        "run": context.run["id"],
        "key": key,
        "topic": context.input.topic,
        "body": context.state["draft"],
        "approved_by": context.state["human_response"]["by"],
    }
    path = Path(context.input.out)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if key not in _published_keys(file):
            _append(file, json.dumps(line, ensure_ascii=False))
    return {"published_in": str(path.absolute())}


def _published_keys(file: IO[bytes]) -> set[str]:
    """Read the keys of all whole lines; a line that was cut off by a crash has none."""
    keys = set()
    file.seek(0)
    for line in file:
        try:
            keys.add(json.loads(line)["key"])
        except (ValueError, KeyError, TypeError):
            continue
    return keys


def _append(file: IO[bytes], line: str) -> None:
    """Append a line and wait until the disk has it; end a line that a crash has cut off."""
    if file.seek(0, os.SEEK_END):
        file.seek(-1, os.SEEK_END)
        is_torn = file.read(1) != b"\n"
    else:
        is_torn = False
    file.write((b"\n" if is_torn else b"") + line.encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


publish_article = (
    GraphBuilder(
        "publish-article",
        title="Publish an article",
        description="Writes an article and publishes it when an editor approves.",
        input=Article,
    )
    .task("write", write, writes="draft")
    .approval(
        "review",
        title="Publish “{{ input.topic }}”?",
        prompt="It goes out as soon as one of you approves.",
        approvers=os.environ.get("SIGNOFF_APPROVERS") or "@editors",
        review_keys="draft",
        timeout=lambda view: view.input.deadline,
        on_timeout="expire",
        remind_before=notice,
        rejection="write",
    )
    # Behind an approval a task is not run again when a crash leaves it in doubt whether it ran,
    # unless it says that this does no harm.
    .task("publish", publish, writes="published_in", idempotent=True)
    .edge("write", "review")
    .edge("review", "publish")
    .start("write")
    .ends("publish")
    .build()
)
