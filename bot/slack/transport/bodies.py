"""What Bolt and the listeners take for granted in a body, checked before they read it.

The shapes: https://docs.slack.dev/reference/interaction-payloads
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _Named(_Part):
    id: str = Field(min_length=1)


class _Placed(_Part):
    id: str | None = None


class _User(_Named):
    team_id: str | None = None


class _Action(_Part):
    action_id: str
    block_id: str | None = None
    type: str
    value: str | None = None
    action_ts: str | None = None


class _State(_Part):
    values: dict[str, dict[str, dict[str, Any]]] | None = None


class _View(_Named):
    callback_id: str | None = None
    private_metadata: str | None = None
    hash: str | None = None
    state: _State | None = None


class _Interaction(_Part):
    """What all interactions have in common."""

    type: str
    user: _User
    team: _Placed | None = None
    enterprise: _Placed | None = None
    channel: _Placed | None = None
    container: dict[str, Any] | None = None
    message: dict[str, Any] | None = None
    view: _View | None = None
    trigger_id: str | None = None
    response_url: str | None = None


class _BlockActions(_Interaction):
    actions: list[_Action] = Field(min_length=1)


class _ViewSubmission(_Interaction):
    view: _View


class _BlockSuggestion(_Interaction):
    action_id: str


class _Shortcut(_Interaction):
    callback_id: str


class _Other(_Part):
    """What has a type that nobody here handles."""

    type: str | None = None


class _Event(_Part):
    type: str
    user: str | dict[str, Any] | None = None
    channel: str | dict[str, Any] | None = None
    message: dict[str, Any] | None = None


class _EventCallback(_Part):
    event: _Event
    authorizations: list[dict[str, Any]] | None = None


class _Challenge(_Part):
    challenge: str


class _Command(_Part):
    """A form's fields, each once."""

    command: str = Field(min_length=1)
    user_id: str = Field(min_length=1)


_INTERACTIONS: Mapping[object, type[_Part]] = {
    "block_actions": _BlockActions,
    "view_submission": _ViewSubmission,
    "view_closed": _ViewSubmission,
    "block_suggestion": _BlockSuggestion,
    "shortcut": _Shortcut,
    "message_action": _Shortcut,
}
_DOCUMENTS: Mapping[object, type[_Part]] = {
    "event_callback": _EventCallback,
    "url_verification": _Challenge,
}


def find_interaction_fault(payload: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the payload of an interaction, None when it can be read."""
    return _find_fault(_model(_INTERACTIONS, payload), payload)


def find_document_fault(body: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a JSON body, None when it can be read."""
    return _find_fault(_model(_DOCUMENTS, body), body)


def find_command_fault(fields: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a slash command's fields, None when they can be read."""
    return _find_fault(_Command, fields)


def _model(models: Mapping[object, type[_Part]], body: Mapping[str, Any]) -> type[_Part]:
    kind = body.get("type")
    return models.get(kind, _Other) if isinstance(kind, str) else _Other


def _find_fault(model: type[_Part], body: Mapping[str, Any]) -> str | None:
    try:
        model.model_validate(body)
    except ValidationError as exc:
        place = ".".join(map(str, exc.errors(include_url=False, include_input=False)[0]["loc"]))
        # The value may be somebody's text, so only its place is named.
        return f"{place} is missing or of another form than Slack's"
    return None
