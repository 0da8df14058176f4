"""The shape of gates in YAML: questions, policies, reminders, escalations and working hours."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Any

from pydantic import Discriminator, Field, StrictBool, StrictInt, Tag

from orchestrator.graph.kinds import OnReject, OnTimeout, Risk
from orchestrator.graph.yaml_scalars import (
    Approvers,
    ComputedApprovers,
    ComputedTime,
    Condition,
    Count,
    FormatText,
    Names,
    Schema,
    Time,
    Words,
    is_names,
)
from orchestrator.graph.yaml_types import (
    UNSET,
    Also,
    Spec,
    as_run,
    examples,
)


def _as_approvers(value: Any) -> Any:
    return {"approvers": value} if is_names(value) else None


def _as_one(value: Any) -> Any:
    return [value] if isinstance(value, dict) else None


class SlotSpec(Spec):
    """So many approvals by different people of one list."""

    model_config = examples({"count": 2, "approvers": "@sre"})

    approvers: Approvers = Field(description="Whose approvals count.")
    count: Count = Field(default=1, description="How many of them must approve; default: 1.")


class StageSpec(Spec):
    """Slots that are open at the same time; the next stage opens when all are filled."""

    model_config = examples({"slots": ["@sre", "@finance"], "four_eyes": True, "timeout": "1d"})

    slots: list[Annotated[SlotSpec, Also("approvers", _as_approvers)]] = Field(
        description="What must come together."
    )
    name: str = Field(default=UNSET, description="What people call the stage.")
    four_eyes: StrictBool = Field(
        default=UNSET, description="May the requester not approve in this stage?"
    )
    timeout: Time = Field(
        default=UNSET, description="How long the stage may take; the gate's own may be earlier."
    )


class _Rules(Spec):
    """What every policy may say beside whom it asks."""

    veto: Approvers = Field(
        default=UNSET, description="One rejection by any of these rejects, whatever the threshold."
    )
    deny_threshold: StrictInt = Field(
        default=UNSET, description="How many rejections by different people reject; default: 1."
    )
    distinct: StrictBool = Field(
        default=UNSET, description="Does one person fill one slot only? Default: true."
    )
    last_editor_may_approve: StrictBool = Field(
        default=UNSET, description="May somebody approve who edited it? Default: true."
    )
    break_glass: Approvers = Field(
        default=UNSET, description="Who may approve alone, with a reason; everybody is told."
    )
    outsiders: StrictBool = Field(
        default=UNSET, description="May bots, guests and other organisations decide, if named?"
    )


class QuorumPart(Spec):
    """So many approvals from one list."""

    model_config = examples({"quorum": 2, "of": "@sre", "four_eyes": True})

    quorum: StrictInt = Field(description="How many must approve.")
    of: Approvers = Field(description="Whose approvals count.")
    four_eyes: StrictBool = Field(default=UNSET, description="May the requester not approve?")


class EveryonePart(Spec):
    """The approvals of everybody on a list; members of a group are those at the time."""

    model_config = examples({"everyone": "@leads"})

    everyone: Approvers = Field(description="Who must approve, each of them.")
    four_eyes: StrictBool = Field(default=UNSET, description="May the requester not approve?")


class AnyOfPart(Spec):
    """One approval from a list, whoever is first."""

    model_config = examples({"any_of": ["@sre", "boss@example.com"], "four_eyes": True})

    any_of: Approvers = Field(description="Of whom one must approve.")
    four_eyes: StrictBool = Field(default=UNSET, description="May the requester not approve?")


class QuorumSpec(QuorumPart, _Rules):
    """A policy that asks for so many approvals from one list."""

    model_config = examples({"quorum": 2, "of": "@sre", "veto": "@security"})


class EveryoneSpec(EveryonePart, _Rules):
    """A policy that asks everybody on a list."""


class AnyOfSpec(AnyOfPart, _Rules):
    """A policy that lets the first one of a list decide."""


def _first_key(*known: str) -> Any:
    def tag(value: Any) -> Hashable:
        if isinstance(value, dict):
            return next((f"({key})" for key in known if key in value), None)
        return f"({known[0]})" if isinstance(value, str | list) else None

    return tag


_WHO = "write quorum with of, everyone, any_of"
_PART_KEYS = ("any_of", "quorum", "everyone")
PartSpec = Annotated[
    Annotated[
        AnyOfPart,
        Also("approvers", lambda value: {"any_of": value} if is_names(value) else None),
        Tag("(any_of)"),
    ]
    | Annotated[QuorumPart, Tag("(quorum)")]
    | Annotated[EveryonePart, Tag("(everyone)")],
    Discriminator(
        _first_key(*_PART_KEYS),
        custom_error_type="who",
        custom_error_message=f"does not say who decides; {_WHO}, or a list of approvers",
    ),
]


class InOrderSpec(_Rules):
    """A policy that asks one after the other."""

    model_config = examples({"in_order": ["@leads", {"quorum": 2, "of": "@finance"}]})

    in_order: list[PartSpec] = Field(description="Whom to ask, the first ones first.")


class StagesSpec(_Rules):
    """A policy written out."""

    model_config = examples(
        {
            "stages": [{"slots": [{"count": 2, "approvers": "@sre"}, "@finance"]}],
            "veto": "@security",
            "deny_threshold": 2,
        }
    )

    stages: list[StageSpec] = Field(description="What must come together, one after the other.")


PolicySpec = Annotated[
    Annotated[StagesSpec, Tag("(stages)")]
    | Annotated[QuorumSpec, Tag("(quorum)")]
    | Annotated[EveryoneSpec, Tag("(everyone)")]
    | Annotated[AnyOfSpec, Tag("(any_of)")]
    | Annotated[InOrderSpec, Tag("(in_order)")],
    Discriminator(
        lambda value: (
            _first_key("stages", "quorum", "everyone", "any_of", "in_order")(value)
            if isinstance(value, dict)
            else None
        ),
        custom_error_type="who",
        custom_error_message=f"does not say who decides; {_WHO}, in_order or stages",
    ),
]
#: What a value of `PolicySpec` can be.
AnyPolicy = StagesSpec | QuorumSpec | EveryoneSpec | AnyOfSpec | InOrderSpec


class RemindersSpec(Spec):
    """When the approvers are reminded, beside the question's thread."""

    model_config = examples({"after": "1h", "every": "4h", "most": 3})

    after: Time = Field(default=UNSET, description="The first one so long after the question.")
    every: Time = Field(default=UNSET, description="Then again and again.")
    most: StrictInt = Field(default=UNSET, description="At most so many; default: 3.")
    before: ComputedTime = Field(default=UNSET, description="One more so long before the deadline.")


class EscalationSpec(Spec):
    """Who may decide, too, and is told, when nobody has answered for a while."""

    model_config = examples({"after": "1d", "to": "@leads"})

    after: Time = Field(description="So long after the question.")
    to: Approvers = Field(description="Who may then decide, too.")


class CalendarSpec(Spec):
    """Working hours, in which timeouts, reminders and escalations count."""

    model_config = examples(
        {
            "zone": "Europe/Berlin",
            "days": "mon-fri",
            "start": "09:00",
            "end": "17:00",
            "holidays": ["2026-12-25"],
        }
    )

    zone: str = Field(description="Name of the time zone, such as Europe/Berlin.")
    days: str = Field(
        default=UNSET, description="Days of the week, such as mon-fri or mon,wed; default: mon-fri."
    )
    start: str = Field(default=UNSET, description="When the day begins; default: 09:00.")
    end: str = Field(default=UNSET, description="When it ends; default: 17:00.")
    holidays: list[str] = Field(default=UNSET, description="Days off, such as 2026-12-25.")


class QuestionSpec(Spec):
    """What every question may say."""

    approvers: ComputedApprovers = Field(default=UNSET, description="The first of these decides.")
    policy: PolicySpec = Field(
        default=UNSET, description="For more than the first of a list; in place of approvers."
    )
    title: Words = Field(default=UNSET, description="The question.")
    prompt: Words = Field(default=UNSET, description="A sentence or two under the title.")
    review_keys: Names = Field(
        default=UNSET, description="State keys to show; dotted keys reach inside."
    )
    reads: Names = Field(default=UNSET, description="State keys that it may show; default: all.")
    writes: Names = Field(
        default=UNSET, description="State keys that an answer may set; default: none."
    )
    when: Condition = Field(
        default=UNSET, description="Asked only when this holds, or cannot be evaluated."
    )
    timeout: ComputedTime = Field(
        default=UNSET, description="How long to wait for an answer; default: for ever."
    )
    on_timeout: OnTimeout = Field(default=UNSET, description="What happens then.")
    timeout_route: str = Field(
        default=UNSET, description="Where to go on when on_timeout is route."
    )
    default: Any = Field(
        default=UNSET, description="The answer that counts when on_timeout is answer."
    )
    remind_before: ComputedTime = Field(
        default=UNSET, description="One reminder, so long before the deadline."
    )
    reminders: RemindersSpec = Field(default=UNSET, description="When approvers are reminded.")
    escalation: Annotated[list[EscalationSpec], Also("escalation", _as_one)] = Field(
        default=UNSET, description="Whom to ask, too, after a while; one or several."
    )
    calendar: Annotated[CalendarSpec, Also("run", as_run)] = Field(
        default=UNSET, description="In which hours times count; default: always."
    )
    on_reject: OnReject = Field(
        default=UNSET,
        description="What follows a rejection; default: cancel, else for a condition's confirm, "
        "note for a tool.",
    )
    rejection: str = Field(
        default=UNSET, description="Where to go on when rejected; alone it means on_reject: route."
    )
    max_retries: StrictInt = Field(
        default=UNSET, description="How often a retry or request for changes is followed."
    )
    answer_schema: Schema = Field(
        default=UNSET, alias="schema", description="What an answer, a result or an edit must be."
    )
    save_as: str = Field(
        default=UNSET, description="State key under which the answer is kept, too."
    )
    multiple: StrictBool = Field(default=UNSET, description="May several routes be chosen?")
    formats: dict[str, FormatText] = Field(
        default=UNSET, description="How values are shown, by label as in review_keys."
    )
    risk: Risk = Field(
        default=UNSET, description="low may be told in a digest, high is asked back."
    )
    channel: str = Field(
        default=UNSET, description="Where it is asked: a channel's #name in quotes, or its id."
    )
    notify: Approvers = Field(
        default=UNSET, description="Who is called when it is asked; default: nobody."
    )
    direct: StrictBool = Field(
        default=UNSET, description="Does each approver get it as a direct message, too?"
    )


class GateSpec(QuestionSpec):
    """A question on a node; mere names of approvers are enough."""

    model_config = examples(
        {
            "policy": {"quorum": 2, "of": "@sre", "four_eyes": True},
            "timeout": "2d",
            "on_timeout": "reject",
        },
        one_of=("approvers", "policy"),
    )


Gate = Annotated[GateSpec, Also("approvers", _as_approvers)]
