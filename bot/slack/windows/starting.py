"""Forms that start a run: which graph, and its input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.cards import start_fields
from bot.cards.fields import Problem
from bot.cards.values import cut, one_line
from bot.slack.kit import blocks as b
from bot.slack.kit import limits
from bot.slack.kit.blocks import Block
from bot.slack.kit.elements import refuse_misfits
from bot.slack.kit.inputs import PICK, TooLargeError
from bot.slack.kit.mrkdwn import escape, fit_escaped
from bot.slack.kit.payloads import PagedForm, PickForm, StartForm
from bot.slack.windows.forms import Book
from bot.slack.windows.modals import notice_view
from bot.slack.windows.pages import Sheet
from orchestrator.errors import InputError
from orchestrator.graph.graph import Graph

START_CALLBACK = "signoff_begin"
PICK_CALLBACK = "signoff_pick"
GRAPH_BLOCK = "signoff_graph"
GRAPH_ACTION = f"{PICK}graph"
_ABOUT = 600  # characters of a graph's description
_QUOTED = 200  # characters of a message that a run is started from
_REASON = 500


def start_view(
    graph: Graph, sheet: Sheet, form: StartForm, *, notes: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the form that starts a run, or a window that says where else it can be started.

    Args:
        graph: Which graph.
        sheet: The fields with what stands in them.
        form: What the form remembers.
        notes: What to say on top, in words that nobody has escaped yet.
    """
    try:
        refuse_misfits(sheet.fields)
        return _page(graph, sheet, form, notes)
    except TooLargeError as error:
        return elsewhere_view(graph, error)


def elsewhere_view(graph: Graph, error: TooLargeError) -> dict[str, Any]:
    """Return the window that says where else a graph can be started, and why."""
    command = f"signoff run {graph.id} NAME=VALUE …"
    return notice_view(
        error.title,
        f"This does not fit into a form of Slack: {fit_escaped(str(error), _REASON)}. "
        f"Start it on the command line:\n`{escape(command)}`",
    )


def start_book(graph: Graph, form: StartForm) -> Book:
    """Return the form that starts a run."""

    def check(values: Any) -> Sequence[Problem]:
        try:
            graph.input.parse(values)
        except InputError as error:
            return error.problems
        return ()

    return Book(
        fields=start_fields(graph),
        form=form,
        has_now=False,
        check=check,
        show=lambda sheet, kept: _page(graph, sheet, kept, ()),
    )


def _page(graph: Graph, sheet: Sheet, form: PagedForm, notes: Iterable[str]) -> dict[str, Any]:
    about = one_line(graph.description)
    words = ["Submitting starts a run, in your name."]
    if not sheet.numbers:
        words.insert(0, "It takes no input.")
    if sheet.place:
        words.append(sheet.place)
    if isinstance(form, StartForm) and form.thread:
        words.append("The thread of the message is told.")
    lines = [f"• {fit_escaped(one_line(note), _REASON)}" for note in notes]
    return b.modal(
        "Start a run",
        [
            b.header(graph.title),
            *([b.plain_section(cut(about, _ABOUT))] if about else []),
            b.context(f"*{escape(graph.id)}* · {' '.join(words)}"),
            *([b.section("\n".join(["*Please look at these again:*", *lines]))] if lines else []),
            *sheet.blocks(),
            *sheet.steps(),
        ],
        callback_id=START_CALLBACK,
        private_metadata=form.pack(),
        submit="Start" if sheet.is_last else "Next",
        close="Cancel",
    )


def pick_view(graphs: Mapping[str, Graph], form: PickForm, *, quoted: str = "") -> dict[str, Any]:
    """Return the form that asks which graph to start.

    Args:
        graphs: What there is.
        form: What the form remembers.
        quoted: The message that the run is started from.
    """
    if not graphs:
        return notice_view("Start a run", "No graph is loaded. Tell who runs Signoff.")
    element: Block = {"type": "external_select", "min_query_length": 0}
    hint = f"{len(graphs)} graphs; type to find one"
    if len(graphs) <= limits.SELECT_OPTIONS:
        options = graph_options(graphs, "")
        element = {"type": "static_select", "options": options}
        hint = "Choose a graph"
        if len(options) == 1:
            element["initial_option"] = options[0]
    element |= {"action_id": GRAPH_ACTION, "placeholder": b.plain_text(hint, limits.PLACEHOLDER)}
    words = "Choose what to start; the next window asks for its input."
    shown = [b.context(words)]
    if quoted:
        text = cut(one_line(quoted), _QUOTED)
        shown = [b.context(f"{words} This message is offered as its input:"), _quote(text)]
    return b.modal(
        "Start a run",
        [*shown, b.field("What should run?", element, block_id=GRAPH_BLOCK)],
        callback_id=PICK_CALLBACK,
        private_metadata=form.pack(),
        submit="Next",
        close="Cancel",
    )


def _quote(text: str) -> Block:
    return b.rich_text([b.quote(text)])


def graph_options(graphs: Mapping[str, Graph], typed: str) -> list[Block]:
    """Return the graphs with a text in their id, title or description, as choices.

    Every graph is found by its whole id.
    """
    wanted = one_line(typed).casefold()
    found = [graph for graph in graphs.values() if wanted in _searched(graph)]
    found.sort(key=lambda graph: (graph.id.casefold() != wanted, _name(graph).casefold()))
    return [_graph_option(graph) for graph in found[: limits.SELECT_OPTIONS]]


def _searched(graph: Graph) -> str:
    return one_line(f"{graph.id} {graph.title} {graph.description}").casefold()


def _name(graph: Graph) -> str:
    return one_line(graph.title) or graph.id


def _graph_option(graph: Graph) -> Block:
    made = b.option(_name(graph), graph.id)
    about = one_line(graph.description) or (graph.id if graph.title != graph.id else "")
    if about:
        made["description"] = b.plain_text(about, limits.OPTION_TEXT)
    return made
