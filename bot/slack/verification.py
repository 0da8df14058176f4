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
        MalformedError: It is no UTF-8, no JSON where JSON is due, or names nothing to do.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise MalformedError("the body is no UTF-8") from exc
    if content_type == "application/json":
        _object(text, "the body")
        return text
    try:
        form = parse_qs(text, keep_blank_values=True, max_num_fields=200)
    except ValueError as exc:
        raise MalformedError("the form cannot be read") from exc
    if "payload" in form:
        if "type" not in _object(form["payload"][0], "the payload"):
            raise MalformedError("the payload has no type")
    elif not {"command", "ssl_check"} & form.keys():
        raise MalformedError("the form is no command and has no payload")
    return text


def _object(text: str, what: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise MalformedError(f"{what} is no JSON") from exc
    if not isinstance(found, dict):
        raise MalformedError(f"{what} is no JSON object")
    return found
