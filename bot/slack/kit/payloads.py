"""What buttons and forms carry: typed, checked for size when packed and for shape when read."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticSerializationError

from bot.errors import BotError
from bot.slack.kit import limits

_SEPARATOR = ":"
_ID = r"^[0-9a-f]{32}$"
_PLACE = 120  # characters of a place among open questions
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
            PayloadError: It is longer than the place that carries it takes, or no Unicode.
        """
        try:
            text = f"{self.prefix}{_SEPARATOR}{self.model_dump_json()}"
        except PydanticSerializationError as exc:
            raise PayloadError(f"payload {self.prefix!r} holds text that is no Unicode") from exc
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
    #: What tells the question from others of the same title.
    about: str = ""


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


class TurnButton(Payload):
    """A button that turns to a page of the whole payload, from 0."""

    prefix = "turn1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)
    page: int = Field(ge=0, le=10_000)


class FileButton(Payload):
    """A button that sends the whole payload as a file, and stays on a page."""

    prefix = "file1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)
    page: int = Field(ge=0, le=10_000)


class AgainButton(Payload):
    """A button that starts the graph of a run again, with the same input."""

    prefix = "again1"
    limit = limits.BUTTON_VALUE

    run: str = Field(pattern=_ID)


class SnoozeButton(Payload):
    """A button after which somebody is not reminded for an hour, of a question or several."""

    prefix = "snooze1"
    limit = limits.BUTTON_VALUE

    approval: str = Field(pattern=_ID)
    others: tuple[Annotated[str, Field(pattern=_ID)], ...] = ()


class AnswerButton(Payload):
    """A button that opens the form in which the requester answers an approver."""

    prefix = "answer1"
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


class StartButton(Payload):
    """A button that opens the form of a graph, or without one, that of all graphs."""

    prefix = "start1"
    limit = limits.BUTTON_VALUE

    graph: str = ""


class PagedForm(Payload):
    """What a form remembers that may have several pages."""

    limit = limits.PRIVATE_METADATA

    #: The number of the first field of each page up to the one that is shown.
    starts: list[int] = Field(default=[0], min_length=1)
    #: What was typed elsewhere than on this page, by the field's number.
    typed: dict[str, Any] = {}
    #: Where that is kept if it is too much to carry along.
    draft: str = Field(default="", pattern=r"^[0-9a-f]{0,32}$")


class PickForm(PagedForm):
    """What the form remembers that asks which graph to start."""

    prefix = "pick1"

    #: The message that the run is started from, if it is.
    channel: str = ""
    message: str = ""
    thread: str = ""
    author: str = ""
    link: str = ""


class StartForm(PagedForm):
    """What the form remembers that starts a run."""

    prefix = "begin1"

    graph: str
    version: str
    #: The thread that is told of the run, and the message that it is started from.
    channel: str = ""
    thread: str = ""
    link: str = ""


class ValuesForm(PagedForm):
    """What the form with the fields of an answer remembers."""

    prefix = "fields2"

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
    #: Stage of the policy at which it was opened.
    stage: int = 0


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
    #: Behind which open question the section of those that wait begins; "": at the first.
    after: str = Field(default="", max_length=_PLACE)


class PendingButton(Payload):
    """A button that shows the next page of open questions."""

    prefix = "wait1"
    limit = limits.BUTTON_VALUE

    #: Behind which of all open questions.
    after: str = Field(max_length=_PLACE)
    graph: str = ""
    #: Only those that wait for whoever presses it?
    is_own: bool = False


class HistoryButton(Payload):
    """A button that shows the next page of runs."""

    prefix = "past1"
    limit = limits.BUTTON_VALUE

    before: str = Field(pattern=_ID)
    #: Also runs that go on?
    is_all: bool = False
    graph: str = ""
    status: str = ""
    requester: str = ""
