"""Graphs with inputs of every kind, for tests that fill in forms."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, HttpUrl, SecretStr, model_validator

from orchestrator.graph import Graph, GraphBuilder
from tests.slack.bench import Effects


class Address(BaseModel):
    """A part of an order."""

    city: str = Field(min_length=2, description="Where it goes.", examples=["Bern"])
    country: str = "CH"


class Order(BaseModel):
    """An input with a field of each kind."""

    name: str = Field(title="Full name", min_length=3, max_length=80, examples=["Ann Archer"])
    count: int = Field(default=2, ge=1, le=9)
    price: float | None = None
    express: bool = False
    day: date
    at: datetime | None = Field(default=None, title="Deliver at")
    opens: time | None = None
    size: Literal["S", "M", "L"] = "M"
    colours: list[Literal["red", "green", "blue"]] = []
    tags: list[str] = Field(default=[], description="To find it again.")
    sizes: list[int] = []
    note: str = Field(default="", max_length=500)
    mail: Annotated[str | None, Field(json_schema_extra={"format": "email"})] = None
    site: HttpUrl | None = None
    owner: Annotated[str | None, Field(json_schema_extra={"format": "slack-user"})] = None
    team: Annotated[list[str], Field(json_schema_extra={"format": "slack-users"})] = []
    room: Annotated[str | None, Field(json_schema_extra={"format": "slack-channel"})] = None
    ship_to: Address
    bill_to: Address | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Order:
        if self.name == self.ship_to.city:
            raise ValueError("name and city are the same; check them")
        return self


class Dated(BaseModel):
    """An input that has to fit a pattern."""

    year: str = Field(pattern=r"^\d{4}$")


class Login(BaseModel):
    """An input with a secret in it."""

    user: str
    password: SecretStr = SecretStr("")


class Vault(BaseModel):
    """An input that cannot do without a secret."""

    key: SecretStr = Field(title="Master key")


def taking(effects: Effects, schema: Any, graph_id: str = "order", **options: Any) -> Graph:
    """Return a graph that notes its input."""

    def work(context: Any) -> dict[str, Any]:
        effects.seen.append(context.input)
        return {"done": True}

    builder = GraphBuilder(graph_id, input=schema, **options).task("work", work)
    return builder.start("work").ends("work").build()


def long_schema(fields: int = 45, *, texts: bool = False) -> dict[str, Any]:
    """Return a schema of many fields, every tenth of them required, or of large texts."""
    kind = {"type": "string", "maxLength": 3000} if texts else {"type": "integer", "minimum": 1}
    return {
        "type": "object",
        "properties": {f"f{number}": kind for number in range(1, fields + 1)},
        "required": [] if texts else [f"f{number}" for number in range(5, fields + 1, 10)],
        "additionalProperties": False,
    }
