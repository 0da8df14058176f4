"""What was typed on other pages of a form; it outlives the process that showed them."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any, Protocol, TypeVar

from bot.errors import BotError
from bot.slack.kit.payloads import PagedForm, PayloadError

SCOPE = "form"
#: Seconds after which what was typed is forgotten; no form stays open for that long.
KEPT = 86_400.0
F = TypeVar("F", bound=PagedForm)


class FormGoneError(BotError, LookupError):
    """What was typed on the first pages was kept for a day, and that is over; open it again."""


class Values(Protocol):
    """Where texts are stored by scope and name, as in `Engine.values`."""

    async def get(self, scope: str, name: str) -> str | None:
        """Return a text; None: there is none."""

    async def put(self, scope: str, name: str, body: str) -> None:
        """Store a text."""

    async def delete(self, scope: str, name: str) -> None:
        """Forget a text."""

    async def list(self, scope: str, prefix: str = "") -> dict[str, str]:
        """Return all texts of a scope."""


async def keep(values: Values, form: F, typed: dict[str, Any]) -> F:
    """Return the form with what was typed: in itself, or when that is too much, stored.

    Raises:
        StoreUnavailableError: It is too much, and cannot be stored.
    """
    light = form.model_copy(update={"typed": typed, "draft": ""})
    try:
        light.pack()
    except PayloadError:
        name = form.draft or secrets.token_hex(16)
    else:
        await drop(values, form)
        return light
    await _forget_old(values)
    await values.put(SCOPE, name, json.dumps({"at": time.time(), "typed": typed}))
    return form.model_copy(update={"typed": {}, "draft": name})


async def load(values: Values, form: PagedForm) -> dict[str, Any]:
    """Return what was typed elsewhere than on the page that is shown.

    Raises:
        FormGoneError: It was kept for a day, and that is over.
        StoreUnavailableError: The database is away.
    """
    if not form.draft:
        return dict(form.typed)
    body = await values.get(SCOPE, form.draft)
    if body is None:
        raise FormGoneError
    found: dict[str, Any] = json.loads(body)["typed"]
    return found


async def drop(values: Values, form: PagedForm) -> None:
    """Forget what was stored of a form."""
    if form.draft:
        await values.delete(SCOPE, form.draft)


async def _forget_old(values: Values) -> None:
    for name, body in (await values.list(SCOPE)).items():
        if json.loads(body)["at"] < time.time() - KEPT:
            await values.delete(SCOPE, name)
