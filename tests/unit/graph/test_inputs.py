"""The input of a graph, by a pydantic model, a JSON schema, or none (row G5)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from dirty_equals import IsStr
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

from orchestrator.errors import InputError
from orchestrator.graph.fields import InputField
from orchestrator.graph.inputs import InputSchema
from tests.unit.graph.flows import Invoice

SCHEMA = {
    "type": "object",
    "required": ["payee", "amount"],
    "properties": {
        "payee": {"type": "string", "description": "Who gets the money"},
        "amount": {"type": "number", "exclusiveMinimum": 0},
        "days": {"type": "integer", "default": 30},
        "urgent": {"type": "boolean"},
        "notes": {"type": "array", "items": {"type": "string"}},
        "wait": {"type": "string", "format": "duration", "default": "5m"},
        "via": {"enum": ["bank", "card"]},
        "address": {"$ref": "#/$defs/address"},
    },
    "$defs": {"address": {"type": "object", "required": ["city"]}},
}


class Colour(Enum):
    """A closed set."""

    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    """A nested model."""

    city: str


class Everything(BaseModel):
    """A field of every kind."""

    text: str
    number: float = 0.5
    count: int | None = None
    price: Decimal = Decimal("1.50")
    day: date | None = None
    colour: Colour = Colour.RED
    place: Place | None = None
    tags: frozenset[str] = frozenset()
    wait: timedelta = timedelta(hours=1)


class Strict(BaseModel):
    """Takes no lax conversions, but what JSON has no type for is a text there."""

    model_config = ConfigDict(strict=True)
    day: date
    wait: timedelta
    count: int = 1


class Renamed(BaseModel):
    """Has another name outside."""

    payee_id: str = Field(alias="payee-id")


class Twice(BaseModel):
    """Checks itself."""

    amount: int

    @field_validator("amount")
    @classmethod
    def _even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even; pay in pairs")
        return value


PAYEE = "Who gets the money"


def problems(schema, values, *, words=False):
    """Return what is wrong with the values."""
    with pytest.raises(InputError) as caught:
        schema.parse_words(values) if words else schema.parse(values)
    return list(caught.value.problems)


def test_g5_a_model_gives_an_instance():
    """Tasks see the author's own class, with defaults; a duration may be written as `5m`."""
    parsed = InputSchema(Invoice).parse({"payee": "baker", "amount": 12, "wait": "2h"})

    assert Invoice(payee="baker", amount=12.0, wait=timedelta(hours=2)) == parsed


def test_g5_an_instance_is_taken_as_it_is():
    """Python callers may give the model itself."""
    invoice = Invoice(payee="baker", amount=1)

    assert InputSchema(Invoice).parse(invoice) is invoice


def test_g5_a_json_schema_gives_a_dict():
    """Tasks see a dict with defaults filled in and durations as timedeltas."""
    parsed = InputSchema(SCHEMA).parse({"payee": "baker", "amount": 12})
    expected = {"payee": "baker", "amount": 12, "days": 30, "wait": timedelta(minutes=5)}

    assert expected == parsed


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            Invoice,
            [
                ("extra", "is unknown; known are payee, amount, days, urgent, notes, wait"),
                ("payee", "is required"),
                ("amount", IsStr(regex="Input should be a valid number.*")),
                ("days", IsStr(regex="Input should be a valid integer.*")),
                ("notes.0", "Input should be a valid string"),
                ("wait", IsStr(regex="'later' is no duration; write one such as.*")),
            ],
        ),
        (
            SCHEMA,
            [
                (
                    "extra",
                    "is unknown; known are payee, amount, days, urgent, notes, wait, via, address",
                ),
                ("amount", "'x' is not of type 'number'"),
                ("days", "'y' is not of type 'integer'"),
                ("notes.0", "1 is not of type 'string'"),
                ("payee", "is required"),
                ("wait", IsStr(regex="'later' is no duration; write one such as.*")),
            ],
        ),
        (None, [(name, "is unknown; this graph takes no input") for name in
                ("amount", "days", "notes", "wait", "extra")]),
    ],
    ids=["model", "schema", "none"],
)  # fmt: skip
def test_g5_lists_every_problem(source, expected):
    """All mistakes come at once, by field, each with what to do about it."""
    values = {"amount": "x", "days": "y", "notes": [1], "wait": "later", "extra": 1}

    assert sorted(expected, key=lambda each: each[0]) == sorted(
        problems(InputSchema(source), values)
    )


def test_g5_problems_of_nested_values_name_the_place():
    """A field inside an object is named with its path."""
    values = {"payee": "a", "amount": 0, "via": "cash", "address": {}}
    found = dict(problems(InputSchema(SCHEMA), values))
    expected = {
        "amount": IsStr(regex="0 is less than or equal to the minimum of 0"),
        "via": IsStr(regex="'cash' is not one of .*"),
        "address.city": "is required",
    }

    assert expected == found


def test_g5_an_authors_own_check_speaks_for_itself():
    """The message of a validator comes without the library's prefix."""
    assert problems(InputSchema(Twice), {"amount": 3}) == [("amount", "must be even; pay in pairs")]


@pytest.mark.parametrize("values", [None, [], "payee=baker", 3])
def test_g5_input_must_be_named_fields(values):
    """Anything but an object is one clear problem."""
    [(field, text)] = problems(InputSchema(Invoice), values)

    assert ("", IsStr(regex="is .*; give an object of named fields")) == (field, text)


@pytest.mark.parametrize("source", [Invoice, SCHEMA], ids=["model", "schema"])
def test_g5_words_are_read_by_the_fields_type(source):
    """Numbers, booleans, durations and JSON are understood; a text stays a text."""
    words = {
        "payee": "007",
        "amount": "12.5",
        "days": "3",
        "urgent": "yes",
        "notes": '["a", "1"]',
        "wait": "1h30m",
    }
    schema = InputSchema(source)
    expected = {
        "payee": "007",
        "amount": 12.5,
        "days": 3,
        "urgent": True,
        "notes": ["a", "1"],
        "wait": "PT1H30M",
    }

    assert expected == schema.dump(schema.parse_words(words))


@pytest.mark.parametrize("source", [Invoice, SCHEMA], ids=["model", "schema"])
def test_g5_words_that_do_not_fit_say_what_to_write(source):
    """Mistakes of typing and mistakes of value are listed together, each once."""
    words = {
        "amount": "many",
        "days": "1.5",
        "urgent": "perhaps",
        "notes": "a, b",
        "wait": "x",
        "q": "",
    }
    found = dict(problems(InputSchema(source), words, words=True))
    expected = {
        "amount": "'many' is no number; write one such as 3 or 0.5",
        "days": "'1.5' is no whole number; write one such as 3",
        "urgent": "'perhaps' is neither true nor false; write one of them",
        "notes": '\'a, b\' is no JSON array; write it such as ["a", "b"]',
        "wait": IsStr(regex="'x' is no duration; .*"),
        "q": IsStr(regex="is unknown; known are .*"),
        "payee": "is required",
    }

    assert expected == found


def test_g5_words_reach_unions_enumerations_and_models():
    """Null empties an optional field, a listed value is matched, an object is JSON."""
    words = {
        "text": "null",
        "count": "null",
        "price": "2.50",
        "day": "2026-02-03",
        "colour": "blue",
        "place": '{"city": "Bern"}',
    }
    expected = Everything(
        text="null",
        price=Decimal("2.50"),
        day=date(2026, 2, 3),
        colour=Colour.BLUE,
        place=Place(city="Bern"),
    )

    assert expected == InputSchema(Everything).parse_words(words)


@pytest.mark.parametrize(
    ("source", "values"),
    [
        (Invoice, {"payee": "baker", "amount": 1, "wait": timedelta(seconds=90)}),
        (Everything, {"text": "x", "tags": ["a"], "day": "2026-02-03", "place": {"city": "Bern"}}),
        (Strict, {"day": "2026-02-03", "wait": "5m"}),
        (Strict, {"day": date(2026, 2, 3), "wait": timedelta(minutes=5)}),
        (Renamed, {"payee-id": "baker"}),
        (SCHEMA, {"payee": "baker", "amount": 1, "wait": timedelta(seconds=90), "notes": ["a"]}),
        (None, {}),
    ],
)
def test_g5_what_is_stored_comes_back(source, values):
    """Loading what was dumped, through JSON, gives tasks what they saw before."""
    schema = InputSchema(source)
    parsed = schema.parse(values)
    stored = json.loads(json.dumps(schema.dump(parsed)))

    assert parsed == schema.load(stored)
    assert type(parsed) is type(schema.load(stored))
    assert stored == schema.dump(schema.load(stored))


def test_g5_what_json_cannot_hold_is_refused():
    """A value that could not be stored is a problem when the run is started."""
    schema = InputSchema({"properties": {"thing": {}, "much": {}}})
    found = dict(problems(schema, {"thing": object(), "much": float("inf")}))

    assert {"thing": IsStr(regex="is no JSON.*"), "much": IsStr(regex="is no JSON.*")} == found


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        (
            Invoice,
            "payee",
            InputField(name="payee", type="string", required=True, description=PAYEE),
        ),
        (Invoice, "wait", InputField(name="wait", type="duration", required=False, default="PT5M")),
        (Everything, "count", InputField(name="count", type="integer", required=False)),
        (Everything, "day", InputField(name="day", type="date", required=False)),
        (Everything, "place", InputField(name="place", type="object", required=False)),
        (Everything, "tags", InputField(name="tags", type="array", required=False, default=[])),
        (
            Everything,
            "colour",
            InputField(
                name="colour", type="string", required=False, default="red", choices=("red", "blue")
            ),
        ),
        (SCHEMA, "via", InputField(
            name="via", type="string", required=False, choices=("bank", "card"))),
        (SCHEMA, "days", InputField(name="days", type="integer", required=False, default=30)),
    ],
)  # fmt: skip
def test_g5_fields_say_what_a_form_needs(source, name, expected):
    """Type, default, description and choices are the same from a model and from a schema."""
    fields = {field.name: field for field in InputSchema(source).fields}

    assert expected == fields[name]


def test_g5_fields_keep_their_order():
    """A form asks in the order of declaration."""
    names = ["payee", "amount", "days", "urgent", "notes", "wait"]

    assert names == [field.name for field in InputSchema(Invoice).fields]
    assert InputSchema().fields == ()


def test_g5_a_schema_that_says_so_takes_more_keys():
    """Keys are free where the author declares it."""
    free = InputSchema({"properties": {"a": {"type": "string"}}, "additionalProperties": True})

    assert free.parse({"a": "x", "b": 1}) == {"a": "x", "b": 1}


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        ({"type": "array"}, ValueError, "is of type 'array'; it must be object"),
        ({"properties": {"a": {"type": "text"}}}, ValueError, "wrong at properties.a.type"),
        (
            {"properties": {"a": {"$ref": "#/$defs/b"}}},
            ValueError,
            "which is not in it; put the part",
        ),
        ({"properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}, ValueError, "which is not in it"),
        ({"properties": {"a": {"default": timedelta(1)}}}, ValueError, "holds what JSON cannot"),
        (RootModel[list[int]], TypeError, "has no fields"),
        (dict, TypeError, "give a pydantic model class or a JSON schema"),
        ("a", TypeError, "give a pydantic model class or a JSON schema"),
    ],
)
def test_g5_refuses_declarations_that_are_no_schema(source, error, said):
    """A broken schema is found when the graph is built, and none is fetched from the network."""
    with pytest.raises(error, match=said):
        InputSchema(source)


def test_g5_refuses_a_model_that_no_form_can_ask_for():
    """A field without a JSON form is named at build."""

    class Odd(BaseModel):
        """Has a field that is any object at all."""

        model_config = ConfigDict(arbitrary_types_allowed=True)
        thing: CustomThing

    with pytest.raises(TypeError, match="input Odd has a field that no form can ask for"):
        InputSchema(Odd)


class CustomThing:
    """No data at all."""


def test_g5_a_stored_input_that_no_longer_fits_says_so():
    """A model that has grown a rule refuses old values by field, not with a library's error."""
    with pytest.raises(InputError, match="amount: must be even; pay in pairs"):
        InputSchema(Twice).load({"amount": 3})


def test_g5_what_a_model_cannot_store_is_refused():
    """A value without a JSON form is a problem of the input, found before it is stored."""

    class Loose(BaseModel):
        """Takes anything."""

        thing: Any

    schema = InputSchema(Loose)
    with pytest.raises(InputError, match=r"cannot be stored: .*; keep to what JSON has"):
        schema.dump(schema.parse({"thing": object()}))


def test_wording_is_no_part_of_the_canonical_form():
    """Titles and descriptions may change; types, rules and names may not."""
    schema = {"properties": {"title": {"type": "string", "description": "Old"}}}
    reworded = {"title": "T", "properties": {"title": {"type": "string", "description": "New"}}}
    changed = {"properties": {"title": {"type": "string", "maxLength": 3}}}

    assert InputSchema(schema).canonical == InputSchema(reworded).canonical
    assert InputSchema(schema).canonical != InputSchema(changed).canonical
    assert "title" in json.dumps(InputSchema(schema).canonical)


def test_equal_declarations_are_equal():
    """Two schemas made from one source are the same to a graph."""
    assert InputSchema(Invoice) == InputSchema(Invoice)
    assert InputSchema(SCHEMA) == InputSchema(json.loads(json.dumps(SCHEMA)))
    assert InputSchema(Invoice) != InputSchema(SCHEMA)
    assert len({InputSchema(), InputSchema(None)}) == 1
