"""What buttons and forms carry: typed, checked for size when packed and for shape when read."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import BotError
from bot.slack import limits

_SEPARATOR = ":"
_ID = r"^[0-9a-f]{32}$"
_DIGEST = r"^[0-9a-f]{0,128}$"


class PayloadError(BotError, ValueError):
    """A button or form carries something that this version did not make."""


class Payload(BaseModel):
    """The base of all payloads: a prefix that names the kind, then JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: Names the kind; never used again for another one, because old messages stay clickable.
    prefix: ClassVar[str]
    #: Bytes of UTF-8 that the place which carries it takes.
    limit: ClassVar[int]

    def pack(self) -> str:
        """Write the payload as text.

        Raises:
            PayloadError: It is longer than the place that carries it takes.
        """
        text = f"{self.prefix}{_SEPARATOR}{self.model_dump_json()}"
        size = len(text.encode())
        if size > self.limit:
            raise PayloadError(
                f"payload {self.prefix!r} has {size} bytes and may have {self.limit}; "
                "put references in it, not content"
            )
        return text

    @classmethod
    def unpack(cls, text: object) -> Self:
        """Read what `pack` wrote.

        Raises:
            PayloadError: The text is of another kind, or not what `pack` writes.
        """
        if not isinstance(text, str):
            raise PayloadError(f"there is no payload {cls.prefix!r}")
        prefix, found, body = text.partition(_SEPARATOR)
        if not found or prefix != cls.prefix:
            raise PayloadError(f"payload {prefix[:20]!r} is not {cls.prefix!r}")
        try:
            return cls.model_validate_json(body)
        except ValidationError as exc:
            raise PayloadError(f"payload {cls.prefix!r} has {exc.error_count()} fault(s)") from exc


class DecisionButton(Payload):
    """A button that decides at once."""

    prefix = "decide1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    decision: str = Field(pattern=r"^[a-z-]{1,30}$")


class FormButton(Payload):
    """A button that opens a form; it carries what the form says, so that nothing is looked up."""

    prefix = "form1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    decision: str = Field(pattern=r"^[a-z-]{1,30}$")
    graph: str
    node: str
    title: str
    kind: str = ""


class ChoiceButton(Payload):
    """A button that chooses a route at once."""

    prefix = "choose1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    route: str


class ValuesButton(Payload):
    """A button that opens a form made from what the approval takes."""

    prefix = "values1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    decision: str = Field(pattern=r"^[a-z-]{1,30}$")


class AsideOption(Payload):
    """An entry of the menu of an open question; the names are short, as there is little room."""

    prefix = "menu1"
    limit = limits.OPTION_VALUE

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    what: str = Field(pattern=r"^[a-z]{1,8}$")


class ShowButton(Payload):
    """A button that shows the whole payload of an approval."""

    prefix = "show1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)


class AgainButton(Payload):
    """A button that starts the graph of a run again, with the same input."""

    prefix = "again1"
    limit = limits.BUTTON_VALUE

    run: str = Field(pattern=_ID)


class SnoozeButton(Payload):
    """A button after which somebody is not reminded of a question for an hour."""

    prefix = "snooze1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)


class MuteButton(Payload):
    """A button after which somebody hears nothing more of a run that needs no answer."""

    prefix = "mute1"
    limit = limits.BUTTON_VALUE

    run: str = Field(pattern=_ID)


class ReasonForm(Payload):
    """What the form about a decision's reason remembers."""

    prefix = "reason1"
    limit = limits.PRIVATE_METADATA

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    decision: str = Field(pattern=r"^[a-z-]{1,30}$")
    title: str


class ValuesForm(Payload):
    """What the form with the fields of an answer remembers."""

    prefix = "fields1"
    limit = limits.PRIVATE_METADATA

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    decision: str = Field(pattern=r"^[a-z-]{1,30}$")


class AsideForm(Payload):
    """What a form remembers that belongs to an entry of the menu."""

    prefix = "aside1"
    limit = limits.PRIVATE_METADATA

    approval: str = Field(pattern=_ID)
    digest: str = Field(pattern=_DIGEST)
    what: str = Field(pattern=r"^[a-z]{1,8}$")


class RunOption(Payload):
    """A button, or an entry of a menu, about a run."""

    prefix = "run1"
    limit = limits.OPTION_VALUE

    run: str = Field(pattern=_ID)
    what: str = Field(pattern=r"^[a-z]{1,8}$")


class CancelButton(Payload):
    """A button that cancels a run at once, after it was asked back."""

    prefix = "cancel1"
    limit = limits.BUTTON_VALUE

    run: str = Field(pattern=_ID)
    reason: str


class QuestionButton(Payload):
    """A button that opens a window about a question."""

    prefix = "ask1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)


class PageButton(Payload):
    """A button that shows another page of the Home tab: which page each section is at."""

    prefix = "page1"
    limit = limits.BUTTON_VALUE

    pages: dict[str, int]


class HistoryButton(Payload):
    """A button that shows the next page of finished runs."""

    prefix = "past1"
    limit = limits.BUTTON_VALUE

    before: str = Field(pattern=_ID)
    graph: str = ""
    status: str = ""
    requester: str = ""
