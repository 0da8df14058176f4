"""The simulator's errors: refusals of the Web API and misuse of the controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ApiError(Exception):
    """A Web API call is refused with one of Slack's error codes.

    Attributes:
        code: The word in the answer's `error` field.
        fields: Further fields of the answer, such as `needed` or `response_metadata`.
        status: The HTTP status; Slack answers refusals with 200, rate limits with 429.
        headers: Extra response headers.
    """

    def __init__(
        self,
        code: str,
        *,
        fields: Mapping[str, Any] | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.fields = dict(fields or {})
        self.status = status
        self.headers = dict(headers or {})

    @classmethod
    def with_messages(cls, code: str, messages: Sequence[str]) -> ApiError:
        """Build a refusal that explains itself in `response_metadata.messages`."""
        return cls(code, fields={"response_metadata": {"messages": list(messages)}})

    def answer(self) -> dict[str, Any]:
        """Return the JSON body that Slack would send."""
        return {"ok": False, "error": self.code, **self.fields}


class SimulatorError(Exception):
    """A person cannot do what was asked: no such button, not in the channel, wrong view."""
