"""Is a request from Slack? Decided on the raw bytes, before anything is parsed.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

from bot.slack.transport.bodies import (
    find_command_fault,
    find_document_fault,
    find_interaction_fault,
)

#: Seconds that a request may be old, or early.
WINDOW = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class UnverifiedError(ValueError):
    """The request does not prove that it is from Slack."""


class MalformedError(ValueError):
    """The request is from Slack, and yet nothing that Slack sends."""


def verify(headers: Mapping[str, str], body: bytes, *, secret: str, now: float) -> None:
    """Check a request's signature and age.

    Raises:
        UnverifiedError: A header is missing or of another form, the request is too old or too
            new, or the signature is wrong. The message is for the log, never for the sender.
    """
    timestamp = headers.get("X-Slack-Request-Timestamp", "")
    signature = headers.get("X-Slack-Signature", "")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise UnverifiedError("no usable timestamp")
    if not _SIGNATURE.fullmatch(signature):
        raise UnverifiedError("no usable signature")
    if abs(now - int(timestamp)) > WINDOW:
        raise UnverifiedError("too old or too new")
    base = b"v0:" + timestamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    # As bytes: compare_digest raises for text that is not ASCII.
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise UnverifiedError("wrong signature")


def check_shape(body: bytes, content_type: str) -> str:
    """Return the body as text after making sure that Bolt can read it.

    Raises:
        MalformedError: It is no UTF-8, no JSON where JSON is due, names nothing to do, or has
            something of another form than Slack gives it.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise MalformedError("the body is no UTF-8") from exc
    # Bolt reads whatever begins with a brace as JSON, whatever its type says.
    if content_type == "application/json" or text.startswith("{"):
        _refuse(find_document_fault(_object(text, "the body")))
        return text
    try:
        form = parse_qs(text, keep_blank_values=True, max_num_fields=200)
    except ValueError as exc:
        raise MalformedError("the form cannot be read") from exc
    _check_form(form)
    return text


def _check_form(form: Mapping[str, list[str]]) -> None:
    if any(len(values) > 1 for values in form.values()):
        raise MalformedError("the form has a field twice")
    if "payload" in form:
        payload = _object(form["payload"][0], "the payload")
        if "type" not in payload:
            raise MalformedError("the payload has no type")
        _refuse(find_interaction_fault(payload))
    elif "command" in form:
        _refuse(find_command_fault({name: values[0] for name, values in form.items()}))
    elif "ssl_check" not in form:
        raise MalformedError("the form is no command and has no payload")


def _refuse(fault: str | None) -> None:
    if fault is not None:
        raise MalformedError(fault)


def _object(text: str, what: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise MalformedError(f"{what} is no JSON") from exc
    if not isinstance(found, dict):
        raise MalformedError(f"{what} is no JSON object")
    return found
