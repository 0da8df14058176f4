"""How a question is put to people. What the author's functions raise, these raise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from orchestrator.core import approval_events as a
from orchestrator.core.changing import changed
from orchestrator.core.effects import Deliver, Purpose
from orchestrator.core.ids import approval_id
from orchestrator.core.plain import is_storable
from orchestrator.core.policy import users_of, why_unsatisfiable
from orchestrator.core.state import OpenApproval, frame_of
from orchestrator.core.times import times_of
from orchestrator.core.turn import Turn
from orchestrator.core.values import Ref, Stored
from orchestrator.core.view import RunView, digest, select
from orchestrator.errors import UnanswerableError
from orchestrator.graph.gates import Duration, Gate, Reminders
from orchestrator.graph.kinds import DECISIONS, ApprovalKind, Decision
from orchestrator.graph.policy import Policy, any_of
from orchestrator.graph.secrets import secrets_of
from orchestrator.graph.views import EVERYTHING, Text

_ERROR = DECISIONS[ApprovalKind.ERROR]


def ask(  # noqa: PLR0913 - what a question is made of
    turn: Turn,
    place_path: str,
    node_id: str,
    kind: ApprovalKind,
    gate: Gate,
    *,
    shows: Mapping[str, Stored],
    title: str,
    frame: str,
    number: int,
    edits: Ref | None = None,
    choices: tuple[str, ...] = (),
    error: a.ErrorFacts | None = None,
    decisions: tuple[Decision, ...] | None = None,
) -> None:
    """Open the approval that a gate declares.

    Args:
        turn: The turn in which it is asked.
        place_path: The place that waits for the answer.
        node_id: The node whose gate it is.
        kind: What is asked for.
        gate: The declaration.
        shows: What people see, by label.
        title: The question, where the gate has none of its own.
        frame: The frame from which the gate's functions look at the run.
        number: Which question at this place it is, from 1.
        edits: What an edit replaces; without it the question takes no edit.
        choices: Routes that may be chosen.
        error: What went wrong, for a question of kind error.
        decisions: What it may be answered with; default: all that the kind and `edits` allow.

    Raises:
        UnanswerableError: Nobody can give the answers that the policy asks for.
    """
    view = RunView(turn.graph, turn.state, gate.reads, frame=frame)
    policy = _policy(turn, gate, view)
    secrets = secrets_of(gate.formats)
    secrets.learn({label: stored.value for label, stored in shows.items()})
    opened = a.ApprovalOpened(
        approval_id=approval_id(turn.run_id, place_path, number),
        path=place_path,
        node=node_id,
        kind=kind,
        title=secrets.hide(title if gate.title is None else _text(gate.title, view)),
        prompt=secrets.hide("" if gate.prompt is None else _text(gate.prompt, view)),
        shows={label: stored.ref for label, stored in shows.items()},
        digest=digest({label: stored.value for label, stored in shows.items()}),
        decisions=decisions or _decisions(kind, edits),
        policy=policy,
        timeout=_length(gate.timeout, view),
        on_timeout=gate.on_timeout.value if gate.on_timeout else None,
        default=_default(gate, kind),
        reminders=_reminders(gate.reminders, view),
        escalations=tuple(
            a.EscalationFacts(after=each.after, to=each.to) for each in gate.escalations
        ),
        schema=gate.schema.json_schema if gate.schema else None,
        choices=choices,
        is_multiple=gate.multiple,
        edits=edits,
        error=secrets.hide(error),
        formats=gate.formats,
        risk=gate.risk,
        channel=gate.channel,
        notify=gate.notify,
        direct=gate.direct,
    )
    _open(turn, opened, gate)


def ask_operators(  # noqa: PLR0913 - what a question is made of
    turn: Turn,
    place_path: str,
    node_id: str,
    error: a.ErrorFacts,
    *,
    number: int,
    title: str,
    decisions: tuple[Decision, ...] = _ERROR,
    gate: Gate | None = None,
) -> None:
    """Ask what to do about an error: whom the gate names, or the graph's operators.

    The operators are asked, too, when nobody can answer the gate. A graph that names neither
    operators nor approvers leaves the question to whoever the surface takes for an operator.
    """
    if gate is not None:
        shows: Mapping[str, Stored] = {}
        frame = frame_of(place_path)
        if gate.review_keys != EVERYTHING:
            view = RunView(turn.graph, turn.state, gate.reads, frame=frame)
            shows = select(view, turn.state, gate.review_keys)
        try:
            ask(
                turn,
                place_path,
                node_id,
                ApprovalKind.ERROR,
                gate,
                shows=shows,
                title=title,
                frame=frame,
                number=number,
                error=error,
                decisions=decisions,
            )
        except UnanswerableError:
            pass
        else:
            return
    opened = a.ApprovalOpened(
        approval_id=approval_id(turn.run_id, place_path, number),
        path=place_path,
        node=node_id,
        kind=ApprovalKind.ERROR,
        title=title,
        prompt="",
        shows={},
        digest=digest({}),
        decisions=decisions,
        policy=any_of(turn.graph.operators or turn.graph.approvers),
        error=error,
    )
    _open(turn, opened, None)


def _open(turn: Turn, opened: a.ApprovalOpened, gate: Gate | None) -> None:
    ahead = OpenApproval(
        seq=0,
        opened=opened,
        opened_at=turn.now,
        policy=opened.policy,
        times=opened.times,
        digest=opened.digest,
        shows=opened.shows,
    )
    times = times_of(
        ahead,
        grace=turn.terms.delivery_grace,
        calendar=gate.calendar if gate else None,
        since=turn.now,
    )
    turn.emit(changed(opened, times=times))
    turn.request(Deliver(purpose=Purpose.QUESTION, approval_id=opened.approval_id))


def _decisions(kind: ApprovalKind, edits: Ref | None) -> tuple[Decision, ...]:
    known = DECISIONS[kind]
    if edits is not None:
        return known
    return tuple(each for each in known if each is not Decision.EDIT)


def _policy(turn: Turn, gate: Gate, view: RunView) -> Policy:
    policy = gate.policy if isinstance(gate.policy, Policy) else _computed(gate.policy(view))
    reason = why_unsatisfiable(policy, users_of(policy), requester=turn.state.requester)
    if reason is not None:
        raise UnanswerableError(f"nobody can answer this question: {reason}")
    return policy


def _computed(names: object) -> Policy:
    """Make a policy of what the author's function returned."""
    if not isinstance(names, Iterable) or isinstance(names, Mapping | bytes):
        raise UnanswerableError(
            f"the approvers were computed as {names!r}; return a list of their names"
        )
    given: Any = names if isinstance(names, str) else list(names)
    listed = [given] if isinstance(given, str) else given
    if not all(isinstance(each, str) and is_storable(each) for each in listed):
        raise UnanswerableError(
            f"the approvers were computed as {given!r}; return a list of texts that name them"
        )
    try:
        policy = any_of(given)
    except ValueError as error:
        raise UnanswerableError(f"the approvers were computed as {given!r}: {error}") from error
    if not policy.approvers():
        raise UnanswerableError("no approvers were computed; return at least one name")
    return policy


def _length(duration: Duration | None, view: RunView) -> timedelta | None:
    if duration is None:
        return None
    length: object = duration(view) if callable(duration) else duration
    if not isinstance(length, timedelta):
        raise TypeError(f"a timeout must be a timedelta, this one is {length!r}")
    if length <= timedelta(0):
        raise ValueError(f"a timeout must be longer than nothing, this one is {length}")
    return length


def _reminders(reminders: Reminders | None, view: RunView) -> a.ReminderFacts | None:
    if reminders is None:
        return None
    return a.ReminderFacts(
        after=reminders.after,
        every=reminders.every,
        most=reminders.most,
        before=_length(reminders.before, view),
    )


def _text(template: Text, view: RunView) -> str:
    # Anything else could be stored, but not be read again.
    text: object = template(view)
    if not isinstance(text, str):
        raise TypeError(f"a title or prompt must be a text, this one is {text!r}")
    if not is_storable(text):
        raise ValueError(f"a title or prompt must be Unicode, this one is {text!r}")
    return text


def _default(gate: Gate, kind: ApprovalKind) -> Any:
    """Return the default answer as it would be stored."""
    if gate.default is None:
        return None
    if kind is ApprovalKind.CHOOSE:
        return [gate.default] if isinstance(gate.default, str) else list(gate.default)
    if gate.schema is not None:
        return gate.schema.dump(gate.schema.parse(gate.default))
    return gate.default
