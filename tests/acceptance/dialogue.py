"""Stories as people tell them: a heading, and a line a step, with what is said in quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

STORIES = Path(__file__).parent / "stories"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line: who or what, the words without the quotes, and what was quoted."""

    line: str
    actor: str
    verb: str
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A dialogue between people and the bot."""

    name: str
    title: str
    steps: tuple[Step, ...]


def read_story(path: Path) -> Story:
    """Read a story.

    Raises:
        ValueError: A line is neither the heading nor a step.
    """
    heading, *lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    if not heading.startswith("# "):
        raise ValueError(f"{path.name} does not begin with a heading")
    return Story(
        name=path.stem, title=heading[2:].strip(), steps=tuple(_step(path, line) for line in lines)
    )


def _step(path: Path, line: str) -> Step:
    if not line.startswith("- "):
        raise ValueError(f"{path.name}: {line!r} is no step")
    said = tuple(each.replace('\\"', '"') for each in _QUOTED.findall(line))
    words = " ".join(_QUOTED.sub("", line[2:]).replace("=", "").split())
    actor, _, verb = words.partition(" ")
    if actor == "the":
        noun, _, verb = verb.partition(" ")
        actor = f"the {noun}"
    return Step(line=line[2:], actor=actor, verb=verb, said=said)
