"""The window in which people say what they want to be told, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, tzinfo
from typing import Any

from bot.cards.words import dated
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.inputs import entered
from bot.slack.kit.mrkdwn import escape
from bot.slack.people.hours import Quiet, zone_of
from bot.slack.people.preferences import Preference, graph_subject
from orchestrator.core.ids import run_ref

CALLBACK = "signoff_notifications"
INPUT = "input"
QUIET, START, END, GATHER, TIMES, GRAPHS, RUNS, MUTED = (
    f"signoff_{name}"
    for name in ("quiet", "start", "end", "gather", "times", "graphs", "runs", "muted")
)
_YES = "yes"
_MOST_TICKS = 10  # boxes of one field; Slack's limit
_EVENING, _MORNING = time(22), time(7)
_HALF_HOURS = tuple(time(hour, minute) for hour in range(24) for minute in (0, 30))


def notifications_view(
    preference: Preference, graphs: Sequence[str], *, zone: str, now: datetime
) -> Block:
    """Return the window with what a person wants now."""
    quiet = preference.quiet
    mutes = preference.muted_now(now)
    shown = [
        b.context(f"Times of day are in your own time zone, {escape(zone)}."),
        _box(QUIET, "Quiet hours", "Keep what can wait until they end", is_on=quiet is not None),
        _clock(START, "Quiet from", quiet.start if quiet else _EVENING),
        _clock(END, "Quiet until", quiet.end if quiet else _MORNING),
        b.context("Escalations and approvals against the policy do not wait."),
        _box(GATHER, "Digest", "Gather questions of low risk", is_on=preference.has_digest),
        _times(preference.digest_times),
        *_graphs(preference, graphs),
        *_ticks(RUNS, "Runs that you follow; untick to stop", _runs(preference)),
        *_ticks(MUTED, "Muted; untick to hear of it again", _muted(mutes, zone_of(zone))),
    ]
    return b.modal("Notifications", shown, callback_id=CALLBACK, submit="Save", close="Cancel")


def read_notifications(view: Mapping[str, Any], preference: Preference) -> Preference:
    """Return a preference as the window was sent; what was not shown stays as it is.

    Raises:
        ValueError: The quiet hours begin when they end.
    """
    quiet = None
    if _is_ticked(view, QUIET):
        quiet = Quiet(start=_time(view, START, _EVENING), end=_time(view, END, _MORNING))
        if quiet.start == quiet.end:
            raise ValueError("The quiet hours begin when they end; choose two different times.")
    times = tuple(sorted(time.fromisoformat(each) for each in entered(view, TIMES, INPUT) or ()))
    wanted = preference.model_copy(
        update={
            "quiet": quiet,
            "has_digest": _is_ticked(view, GATHER) and bool(times),
            "digest_times": times or preference.digest_times,
        }
    )
    for block_id in (GRAPHS, RUNS):
        chosen = set(entered(view, block_id, INPUT) or ())
        for subject in _offered(view, block_id):
            if subject not in chosen:
                wanted = wanted.leaving(subject)
            elif subject not in wanted.follows:
                wanted = wanted.following(subject)
    kept = set(entered(view, MUTED, INPUT) or ())
    for subject in _offered(view, MUTED):
        if subject not in kept:
            wanted = wanted.unmuting(subject)
    return wanted


def subject_label(subject: str) -> str:
    """Name for people what is followed or muted."""
    kind, _, name = subject.partition(":")
    match kind:
        case "run":
            return f"run {run_ref(name)}"
        case "graph":
            return f"graph {name}"
        case _:
            return "everything"


def _is_ticked(view: Mapping[str, Any], block_id: str) -> bool:
    return _YES in (entered(view, block_id, INPUT) or ())


def _time(view: Mapping[str, Any], block_id: str, otherwise: time) -> time:
    found = entered(view, block_id, INPUT)
    return time.fromisoformat(found) if found else otherwise


def _offered(view: Mapping[str, Any], block_id: str) -> list[str]:
    """Return what a field of the window offered."""
    for block in view.get("blocks") or ():
        if block.get("block_id") == block_id:
            return [str(option["value"]) for option in block["element"].get("options") or ()]
    return []


def _box(block_id: str, label: str, text: str, *, is_on: bool) -> Block:
    option = b.option(text, _YES)
    element: Block = {"type": "checkboxes", "action_id": INPUT, "options": [option]}
    if is_on:
        element["initial_options"] = [option]
    return b.field(label, element, block_id=block_id, is_optional=True)


def _clock(block_id: str, label: str, at: time) -> Block:
    element = {"type": "timepicker", "action_id": INPUT, "initial_time": f"{at:%H:%M}"}
    return b.field(label, element, block_id=block_id)


def _times(chosen: Iterable[time]) -> Block:
    offered = sorted({*_HALF_HOURS, *chosen})
    options = {at: b.option(f"{at:%H:%M}", f"{at:%H:%M}") for at in offered}
    element: Block = {
        "type": "multi_static_select",
        "action_id": INPUT,
        "options": list(options.values())[: limits.SELECT_OPTIONS],
    }
    if initial := [options[at] for at in chosen]:
        element["initial_options"] = initial
    return b.field("Digest at", element, block_id=TIMES)


def _graphs(preference: Preference, graphs: Sequence[str]) -> list[Block]:
    subjects = {graph_subject(name): name for name in sorted(graphs)}
    options = {
        subject: b.option(name, subject)
        for subject, name in subjects.items()
        if len(subject) <= limits.OPTION_VALUE
    }
    if not options:
        return []
    kept = dict(list(options.items())[: limits.SELECT_OPTIONS])
    element: Block = {
        "type": "multi_static_select",
        "action_id": INPUT,
        "options": list(kept.values()),
    }
    if initial := [kept[each] for each in preference.follows if each in kept]:
        element["initial_options"] = initial
    hint = "You are told how each of their questions, and each run, ends"
    label = "Graphs that you follow"
    return [b.field(label, element, block_id=GRAPHS, hint=hint, is_optional=True)]


def _runs(preference: Preference) -> list[Block]:
    runs = [each for each in preference.follows if each.startswith("run:")]
    return [b.option(subject_label(each), each) for each in reversed(runs)]


def _muted(mutes: Mapping[str, datetime | None], zone: tzinfo) -> list[Block]:
    return [
        b.option(_until(subject_label(subject), until, zone), subject)
        for subject, until in reversed(list(mutes.items()))
        if len(subject) <= limits.OPTION_VALUE
    ]


def _until(label: str, until: datetime | None, zone: tzinfo) -> str:
    return f"{label}, until {dated(until, zone)}" if until else label


def _ticks(block_id: str, label: str, options: Sequence[Block]) -> list[Block]:
    if not options:
        return []
    shown = list(options[:_MOST_TICKS])
    element = {
        "type": "checkboxes",
        "action_id": INPUT,
        "options": shown,
        "initial_options": shown,
    }
    return [b.field(label, element, block_id=block_id, is_optional=True)]
