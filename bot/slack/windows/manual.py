"""What the slash command says about itself: every sub-command, in short and at length."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.cards.words import Code, Words


@dataclass(frozen=True, slots=True)
class Entry:
    """A sub-command in the manual."""

    name: str
    usage: str  #: what follows the name
    short: str  #: what it does, as the rest of its line
    more: tuple[str, ...] = ()  #: sentences for those who ask about it
    example: str = ""


_SECTIONS: dict[str, tuple[Entry, ...]] = {
    "Start": (
        Entry(
            "run",
            "<graph> key=value …",
            "starts a run",
            (
                "Without a graph, or where something is missing, a form opens.",
                "Texts of several words stand in quotes.",
            ),
            'run publish topic="two words"',
        ),
        Entry(
            "retry",
            "<run or question>",
            "tries again what failed",
            (
                "A run that asks about an error tries the failed node again.",
                "A run that has failed is started anew with the same input.",
            ),
            "retry r-7K2Q9XA",
        ),
    ),
    "Look": (
        Entry("list", "", "shows the newest runs and what can be started"),
        Entry(
            "show",
            "<run>",
            "shows a run, the picture of its graph, and its questions",
            ("A question's reference does as well.",),
            "show r-7K2Q9XA",
        ),
        Entry(
            "pending",
            "[me | <graph>]",
            "shows what waits for an answer",
            ("With `me` only what you may decide now.",),
            "pending me",
        ),
        Entry(
            "history",
            "[<graph>] [<status>] [<person>]",
            "shows finished runs",
            (
                "A status is completed, failed, cancelled or timed_out.",
                "A person is `me`, an e-mail address or a user id.",
            ),
            "history publish failed me",
        ),
        Entry(
            "who",
            "<question>",
            "shows who may decide, and whose answer is missing",
            (),
            "who a-31M5T0C",
        ),
    ),
    "Steer": (
        Entry(
            "cancel",
            "<run> why",
            "stops a run",
            (
                "Its open questions are withdrawn, and what has an undo is taken back.",
                "It takes who started the run, or somebody who may decide in it.",
            ),
            "cancel r-7K2Q9XA not needed any more",
        ),
        Entry("pause", "<run> why", "starts nothing new in a run for now"),
        Entry("resume", "<run>", "lets it go on"),
        Entry("signal", "<run> <name> JSON", "tells a run something that it waits for"),
        Entry("remind", "<question>", "calls those who have not answered"),
        Entry("repost", "<question>", "asks anew where the message is gone"),
        Entry("rules", "", "shows what is approved in advance"),
        Entry("revoke", "<rule>", "ends one of them"),
    ),
    "Be told": (
        Entry("follow", "<run or graph>", "tells you how its questions end"),
        Entry("unfollow", "<run or graph>", "tells you no more of it"),
        Entry("mute", "<run, graph or all> [2h]", "keeps quiet about it"),
        Entry("unmute", "<run, graph or all>", "ends that"),
        Entry("quiet", "22:00-07:00 | off", "sets the hours in which you are left alone"),
        Entry("notifications", "", "shows and changes all of it"),
    ),
    "Set up": (
        Entry("channel", "#name", "sets where questions are asked"),
        Entry("help", "[command]", "shows this, or more about one of them"),
    ),
}


def overview(command: str, known: Collection[str]) -> list[tuple[str, list[Words]]]:
    """Return the manual in short: sections with a line for each of the known sub-commands."""
    found = []
    for title, entries in _SECTIONS.items():
        rows = [_line(command, entry) for entry in entries if entry.name in known]
        if rows:
            found.append((title, rows))
    return found


def about(command: str, name: str) -> list[Words] | None:
    """Return all that is to say about a sub-command; None: it is unknown."""
    for entry in _entries():
        if entry.name == name:
            rows: list[Words] = [_line(command, entry)]
            rows += [(sentence,) for sentence in entry.more]
            if entry.example:
                rows.append(("For example: ", Code(f"{command} {entry.example}")))
            return rows
    return None


def _entries() -> Iterator[Entry]:
    for entries in _SECTIONS.values():
        yield from entries


def _line(command: str, entry: Entry) -> Words:
    usage = f"{command} {entry.name} {entry.usage}".strip()
    return (Code(usage), f" {entry.short}")
