"""Reading the gates that authors write on nodes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from orchestrator.graph.formats import Format, parse_format
from orchestrator.graph.gates import Escalation, Gate, Gates, Reminders
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import ON_REJECT, ApprovalKind, OnError, OnReject, OnTimeout, Risk
from orchestrator.graph.options import EscalationOptions, GateOptions, RemindersOptions
from orchestrator.graph.policy import ApproverKind, Policy, Slot, Stage, parse_approver
from orchestrator.graph.reading import SOMEBODY, Reader, duration, expect

Given = Mapping[ApprovalKind, frozenset[str]]


def read_gates(
    reader: Reader, options: Mapping[str, Any], *, is_condition: bool = False
) -> tuple[Gates, Given]:
    """Read all gates among a node's options, and which of their options were written out."""
    gates: dict[str, Gate] = {}
    given: dict[ApprovalKind, frozenset[str]] = {}
    for kind in ApprovalKind:
        declared = options.get(kind.value)
        if declared is None:
            continue
        written = declared if isinstance(declared, Mapping) else _just_approvers(declared)
        inner = reader.of(kind.value)
        inner.known(written, GateOptions)
        gates[kind.value] = read_gate(inner, kind, written, is_condition=is_condition)
        given[kind] = written_out(written)
    return Gates(**gates), given


def _just_approvers(declared: Any) -> Mapping[str, Any]:
    return {"policy" if isinstance(declared, Policy) else "approvers": declared}


def written_out(options: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of options that have a value."""
    return frozenset(name for name, value in options.items() if value is not None)


def read_gate(
    reader: Reader, kind: ApprovalKind, options: Mapping[str, Any], *, is_condition: bool = False
) -> Gate:
    """Read one gate."""
    schema = reader.read(InputSchema, options.get("schema"))
    rejection = reader.word("rejection", options.get("rejection"))
    return Gate(
        policy=_policy(reader, options),
        title=reader.text("title", options.get("title")),
        prompt=reader.text("prompt", options.get("prompt")),
        review_keys=reader.names("review_keys", options.get("review_keys")),
        reads=reader.names("reads", options.get("reads")),
        writes=reader.names("writes", options.get("writes"), ()),
        when=reader.condition("when", options.get("when")),
        timeout=reader.time("timeout", options.get("timeout")),
        on_timeout=_on_timeout(reader, options),
        timeout_route=reader.word("timeout_route", options.get("timeout_route")),
        default=_default(reader, kind, schema, options.get("default")),
        reminders=_reminders(reader, options),
        escalations=_escalations(reader, options.get("escalation")),
        calendar=_calendar(reader, options.get("calendar")),
        on_reject=_on_reject(reader, kind, options, rejection, is_condition=is_condition),
        rejection=rejection,
        max_retries=reader.number("max_retries", options.get("max_retries"), 3),
        schema=schema,
        save_as=reader.word("save_as", options.get("save_as")),
        multiple=bool(
            reader.read(lambda value: expect(bool, "multiple", value), options.get("multiple"))
        ),
        formats=_formats(reader, options.get("formats")),
        risk=reader.choice("risk", Risk, options.get("risk"), Risk.NORMAL) or Risk.NORMAL,
        channel=reader.read(_channel, options.get("channel")),
        notify=reader.approvers("notify", options.get("notify")),
        direct=bool(
            reader.read(lambda value: expect(bool, "direct", value), options.get("direct"))
        ),
    )


def read_on_error(reader: Reader, options: Mapping[str, Any]) -> OnError:
    """Read what a failure means; a gate for errors alone means that a person decides."""
    otherwise = OnError.FAIL if options.get("error") is None else OnError.PAUSE
    return (
        reader.choice("on_error", OnError, options.get("on_error", otherwise), otherwise)
        or otherwise
    )


def _policy(reader: Reader, options: Mapping[str, Any]) -> Any:
    policy, approvers = options.get("policy"), options.get("approvers")
    if policy is not None and approvers is not None:
        reader.note("has approvers and a policy; keep one of the two, any_of(…) makes a policy")
        return _any_of(SOMEBODY)
    if policy is not None:
        if isinstance(policy, Policy):
            return policy
        reader.note(f"policy is {policy!r}; give one made by any_of, quorum, everyone or in_order")
        return _any_of(SOMEBODY)
    if callable(approvers):
        reader.predicate("approvers", approvers)
        return approvers
    return _any_of(reader.approvers("approvers", approvers))


def _any_of(approvers: Any) -> Policy:
    return Policy(stages=(Stage(slots=(Slot(approvers=approvers),)),))


def _on_timeout(reader: Reader, options: Mapping[str, Any]) -> OnTimeout | None:
    route = options.get("timeout_route")
    instead = OnTimeout.EXPIRE if route is None else OnTimeout.ROUTE
    if options.get("default") is not None:
        instead = OnTimeout.ANSWER
    return reader.choice("on_timeout", OnTimeout, options.get("on_timeout"), instead)


def _on_reject(
    reader: Reader,
    kind: ApprovalKind,
    options: Mapping[str, Any],
    rejection: str | None,
    *,
    is_condition: bool,
) -> OnReject:
    otherwise = next(iter(ON_REJECT[kind]), OnReject.CANCEL)
    if is_condition and kind is ApprovalKind.CONFIRM:
        otherwise = OnReject.ELSE
    if rejection is not None:
        otherwise = OnReject.ROUTE
    read = reader.choice("on_reject", OnReject, options.get("on_reject"), otherwise)
    return read or otherwise


def _reminders(reader: Reader, options: Mapping[str, Any]) -> Reminders | None:
    declared, before = options.get("reminders"), options.get("remind_before")
    if declared is None and before is None:
        return None
    if declared is not None and not isinstance(declared, Mapping | Reminders):
        reader.note(f"reminders is {declared!r}; give a mapping of after, every, most, before")
        return None
    written = _fields(declared) if isinstance(declared, Reminders) else dict(declared or {})
    for name in sorted(set(written) - set(RemindersOptions.__annotations__)):
        known = ", ".join(RemindersOptions.__annotations__)
        reader.note(f"reminders has no option {name!r}; known are {known}")
    if before is not None and written.get("before") is not None:
        reader.note("has remind_before and a before in reminders; keep one of the two")
    return Reminders(
        after=reader.plain_time(written.get("after")),
        every=reader.plain_time(written.get("every")),
        most=reader.number("most of reminders", written.get("most"), 3),
        before=reader.time(
            "remind_before", before if before is not None else written.get("before")
        ),
    )


def _fields(reminders: Reminders) -> dict[str, Any]:
    return {name: getattr(reminders, name) for name in RemindersOptions.__annotations__}


def _escalations(reader: Reader, declared: Any) -> tuple[Escalation, ...]:
    if declared is None:
        return ()
    if isinstance(declared, Mapping | Escalation):
        declared = [declared]
    elif isinstance(declared, str) or not hasattr(declared, "__iter__"):
        reader.note(f"escalation is {declared!r}; give a mapping of after and to, or several")
        return ()
    return tuple(
        each if isinstance(each, Escalation) else _escalation(reader, each) for each in declared
    )


def _escalation(reader: Reader, declared: Any) -> Escalation:
    names = set(EscalationOptions.__annotations__)
    written = dict(declared) if isinstance(declared, Mapping) else {}
    if set(written) != names or None in written.values():
        reader.note(f"escalation is {declared!r}; give a mapping of after and to, and only those")
        return Escalation(after=duration("1s"), to=SOMEBODY)
    return Escalation(
        after=reader.plain_time(written["after"], duration("1s")) or duration("0s"),
        to=reader.approvers("escalation", written["to"]),
    )


def _formats(reader: Reader, declared: Any) -> dict[str, Format]:
    if declared is None:
        return {}
    if not isinstance(declared, Mapping) or not all(isinstance(key, str) for key in declared):
        reader.note(f"formats is {declared!r}; give a mapping of labels to formats, such as code")
        return {}
    read = {key: reader.read(partial(_format, key), value) for key, value in declared.items()}
    return {key: each for key, each in read.items() if each is not None}


def _format(label: str, value: Any) -> Format:
    if isinstance(value, Format):
        return value
    try:
        return parse_format(expect(str, f"the format of {label!r}", value))
    except ValueError as error:
        raise ValueError(f"formats {label!r}: {error}") from None


def _channel(value: Any) -> str:
    text = expect(str, "channel", value).strip()
    try:
        is_channel = parse_approver(text).kind is ApproverKind.CHANNEL
    except ValueError:
        is_channel = False
    if not is_channel:
        raise ValueError(
            f"channel is {value!r}; give a channel's #name, or its id such as C0123ABCD"
        )
    return text


def _calendar(reader: Reader, declared: Any) -> Any:
    has_add = callable(getattr(declared, "add", None))
    if declared is None or (has_add and not isinstance(declared, set | type)):
        return declared
    reader.note(f"calendar is {declared!r}; give one with a method add, such as WorkingHours")
    return None


def _default(reader: Reader, kind: ApprovalKind, schema: InputSchema | None, value: Any) -> Any:
    """Read the answer that counts when time runs out, and make it what is stored."""
    if value is None:
        return None
    if kind is ApprovalKind.CHOOSE:
        return [value] if isinstance(value, str) else value
    if schema is not None:
        return reader.read(lambda given: schema.dump(schema.parse(given)), value, {})
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        reader.note(f"default is {value!r}, which is no JSON; give plain values, or a schema")
        return {}
