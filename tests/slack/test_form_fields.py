"""Fields of forms: what each type of value looks like, holds and brings back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards import FieldType, fields_of, matching_choices, read_fields_of
from bot.cards.fields import choice_text
from bot.cards.prefilling import misfits, typed_words
from bot.cards.reading import untouched
from bot.cards.schema_fields import schema_fields
from bot.simulator.blockkit import view_faults
from bot.slack.kit.inputs import PICK, block_id_of, error_text, places_of
from bot.slack.windows.forms import values_view
from orchestrator.errors import InputError
from orchestrator.graph import Graph
from orchestrator.graph.formats import Format, FormatKind
from orchestrator.graph.inputs import InputSchema
from orchestrator.graph.kinds import ApprovalKind, Decision
from tests.slack import kinds
from tests.slack.bench import Effects, bench, labels, shown
from tests.slack.start_graphs import Dated, Login, Order, Vault, taking
from tests.slack.test_form_pages import ALICE
from tests.slack.test_forms import VALUES, of_kind, review
from tests.slack.test_kinds import only, opened

ORDER = InputSchema(Order).json_schema
SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {},
            {"type": "string"},
            {"type": "string", "format": "date-time"},
            {"type": "string", "format": "slack-user"},
            {"type": "string", "format": "duration"},
            {"type": "integer", "minimum": 1},
            {"type": ["number", "null"]},
            {"type": "boolean"},
            {"enum": ["a", "b", 1, None]},
            {"type": "array", "items": {"type": "string"}},
            {"type": "array", "items": {"type": "integer"}},
            {"type": "array", "items": {"enum": ["a", "b"]}},
            {"type": "array", "format": "slack-users", "items": {"type": "string"}},
        ]
    ),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(
        lambda found: {"type": "object", "properties": found, "required": sorted(found)[:1]}
    ),
    max_leaves=6,
)
CURRENT = VALUES | st.dictionaries(
    st.sampled_from("abc"),
    VALUES
    | st.sampled_from([["x", "y"], [1], "2026-12-24T09:00:00+01:00", "U0BOB", "PT90M", {"a": "b"}]),
)


@settings(deadline=None, max_examples=300)
@given(
    properties=st.dictionaries(st.sampled_from("abcd"), SCHEMAS),
    current=st.dictionaries(st.sampled_from("abcde"), CURRENT),
)
def test_h22_an_edit_by_a_schema_keeps_what_nobody_touched(
    properties: dict[str, Any], current: dict[str, Any]
):
    """Whatever is there, whether or not the schema allows it."""
    schema = {"type": "object", "properties": properties, "required": ["a"]}
    asked = review(current, schema=schema)
    fields = fields_of(asked, Decision.EDIT)
    values, _ = read_fields_of(fields, untouched(fields))

    assert {name: values.get(name) for name in current} == current
    assert view_faults(values_view(asked, Decision.EDIT), kind="modal") == []


def form_of(schema: Any) -> dict[str, dict[str, Any]]:
    """Return the inputs of the form for a schema, by label."""
    view = values_view(of_kind(ApprovalKind.INPUT, schema=schema), Decision.ANSWER)

    assert view_faults(view, kind="modal") == []
    return {b["label"]["text"]: b for b in view["blocks"] if b["type"] == "input"}


def test_h14_every_type_has_its_own_input():
    """With its rules, its default and an example."""
    form = form_of(ORDER)

    assert {label: block["element"]["type"] for label, block in form.items()} == {
        "Full name": "plain_text_input",
        "Count": "number_input",
        "Price": "number_input",
        "Express": "radio_buttons",
        "Day": "datepicker",
        "Deliver at": "datetimepicker",
        "Opens": "timepicker",
        "Size": "static_select",
        "Colours": "multi_static_select",
        "Tags": "plain_text_input",
        "Sizes": "plain_text_input",
        "Note": "plain_text_input",
        "Mail": "email_text_input",
        "Site": "url_text_input",
        "Owner": "users_select",
        "Team": "multi_users_select",
        "Room": "conversations_select",
        "City": "plain_text_input",
        "Country": "plain_text_input",
        "Comment": "plain_text_input",
    }
    assert form["Full name"]["element"]["placeholder"]["text"] == "Such as Ann Archer"
    assert form["Count"]["element"] | {"action_id": ""} == {
        "type": "number_input",
        "action_id": "",
        "is_decimal_allowed": False,
        "initial_value": "2",
        "min_value": "1",
        "max_value": "9",
    }
    assert form["Note"]["element"]["multiline"]
    assert form["Tags"]["hint"]["text"] == "To find it again. One on each line."
    assert form["Deliver at"]["hint"]["text"] == "In your time zone."
    assert form["Country"]["element"]["placeholder"]["text"] == "CH, if left empty"


def test_h14_a_hint_is_of_whole_sentences_and_durations_are_as_people_type_them():
    """What it is about, its limits, and what it should look like."""
    about = "What it is about"
    schema = {
        "type": "object",
        "properties": {
            "topic": {"type": "string", "maxLength": 100, "description": about},
            "year": {"type": "string", "pattern": r"^\d{4}$", "minLength": 4, "description": about},
            "wait": {"type": "string", "format": "duration", "default": "PT1H30M"},
        },
        "required": ["topic", "year"],
    }
    form = form_of(schema)

    assert form["Topic"]["hint"]["text"] == "What it is about. At most 100 characters."
    assert form["Year"]["hint"]["text"] == (
        r"What it is about. At least 4 characters. Should look like: ^\d{4}$"
    )
    assert form["Wait"]["element"]["initial_value"] == "1h30m"


@pytest.mark.parametrize("source", [Dated, InputSchema(Dated).json_schema], ids=["model", "schema"])
def test_h14_what_does_not_fit_a_pattern_is_told_once_and_in_words(source: Any):
    """By a model and by a schema alike."""
    schema = InputSchema(source)
    fields = schema_fields(schema.json_schema)
    with pytest.raises(InputError) as caught:
        schema.parse({"year": "soon"})
    [texts] = places_of(fields, caught.value.problems).values()

    assert error_text(texts) == "This does not look as it should."
    assert fields[0].rule == r"Should look like: ^\d{4}$"


def test_h14_an_object_that_nobody_needs_is_all_or_nothing():
    """Empty, it is not there; begun, it needs what it needs, and its defaults count."""
    fields = schema_fields(ORDER)
    number = {field.name: each for each, field in enumerate(fields)}
    base = dict(untouched(fields)) | {number["name"]: "Ann", number["ship_to.city"]: "Bern"}
    base |= {number["day"]: "2026-12-24"}
    without, none = read_fields_of(fields, base)
    begun, missing = read_fields_of(fields, {**base, number["bill_to.country"]: "DE"})
    whole, fine = read_fields_of(fields, {**base, number["bill_to.city"]: "Bonn"})

    assert (none, "bill_to" in without) == ([], False)
    assert without["ship_to"] == {"city": "Bern", "country": "CH"}
    assert missing == [("bill_to.city", "is needed as soon as Bill to has anything in it")]
    assert begun["bill_to"] == {"country": "DE"}
    assert (fine, whole["bill_to"]) == ([], {"city": "Bonn", "country": "CH"})


def test_h14_what_is_nested_deeper_is_written_as_json():
    """Two levels of objects are fields."""
    schema: dict[str, Any] = {"type": "string"}
    for name in "dcba":
        schema = {"type": "object", "properties": {name: schema}, "required": [name]}
    fields = schema_fields(schema)

    assert [(field.name, field.type) for field in fields] == [("a.b.c", FieldType.JSON)]


def test_h14_secrets_are_in_no_form():
    """One that is needed sends people elsewhere; one that is there stays as it is."""
    vault = of_kind(ApprovalKind.INPUT, schema=InputSchema(Vault).json_schema)
    edits = {"user": "ann", "pin": "1234", "deep": {"token": "abc"}}
    formats = {"pin": Format(FormatKind.SECRET), "deep.token": Format(FormatKind.SECRET)}
    asked = review(edits, formats=formats)
    view = values_view(asked, Decision.EDIT)
    fields = fields_of(asked, Decision.EDIT)

    assert set(form_of(InputSchema(Login).json_schema)) == {"User", "Comment"}
    assert "Master key is a secret" in shown(values_view(vault, Decision.ANSWER))
    assert "1234" not in shown(view)
    assert "abc" not in shown(view)
    assert read_fields_of(fields, {0: "bob"}) == (edits | {"user": "bob"}, [])


def test_h14_choices_are_called_by_their_titles():
    """As a schema may give them."""
    ways = [{"const": "eu", "title": "Europe"}, {"const": "us", "title": "America"}]
    form = form_of({"type": "object", "properties": {"where": {"oneOf": ways, "default": "us"}}})
    element = form["Where"]["element"]

    assert [option["text"]["text"] for option in element["options"]] == ["Europe", "America"]
    assert element["initial_option"]["text"]["text"] == "America"


def test_h22_an_edit_says_below_each_field_what_is_there():
    """Times in a zone that the words name."""
    schema = {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}}
    edits = {"at": "2026-12-24T09:00:00+01:00", "words": 120}
    view = values_view(review(edits, schema=schema), Decision.EDIT)
    hints = {b["label"]["text"]: b["hint"]["text"] for b in view["blocks"] if "hint" in b}

    assert hints == {
        "At": "In your time zone. Now: 2026-12-24 08:00 UTC",
        "Words": "Now: 120",
    }


@settings(deadline=None, max_examples=60)
@given(names=st.lists(st.text(max_size=12), min_size=101, max_size=160, unique=True))
def test_h14_every_one_of_many_choices_is_found(names: list[str]):
    """By typing all of it, the first of what is offered."""
    [field] = schema_fields({"type": "object", "properties": {"one": {"enum": names}}})

    for number in range(0, len(names), 17):
        typed = choice_text(field, number)
        found = matching_choices(field, typed, most=100)

        assert choice_text(field, found[0]).casefold() == typed.casefold()


def places(effects: Effects) -> list[Graph]:
    """Return a graph whose input offers 250 places, one or several."""
    names = [f"place {number}" for number in range(250)]
    schema = {
        "type": "object",
        "properties": {
            "home": {"enum": names, "default": "place 249"},
            "away": {"type": "array", "items": {"enum": names}},
        },
        "required": ["home", "away"],
    }
    return [taking(effects, schema, "travel")]


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_h14_more_choices_than_a_list_holds_are_found_by_typing(
    tmp_path: Path, transport: str
):
    """What is chosen already is shown; one and several can be chosen."""
    async with bench(tmp_path, transport=transport, graphs=places) as bot:
        await bot.run("run travel x=1")
        view = await bot.window(ALICE, "Start a run")
        where = {"type": "view", "view_id": view["id"]}
        everything = await bot.sim.suggest(ALICE, where, f"{PICK}0", "")
        found = (await bot.sim.suggest(ALICE, where, f"{PICK}1", "PLACE 24"))["options"]
        none = await bot.sim.suggest(ALICE, where, f"{PICK}1", "nowhere")
        home = next(b for b in view["blocks"] if b.get("block_id") == block_id_of(0))
        values = {block_id_of(1): {f"{PICK}1": [found[0], found[10]]}}
        await bot.sim.submit(ALICE, view["id"], values)
        await bot.finished()

        assert len(everything["options"]) == 100
        assert [option["text"]["text"] for option in found] == [
            "place 24", *(f"place 24{number}" for number in range(10)),
        ]  # fmt: skip
        assert none == {"options": []}
        assert home["element"]["initial_option"]["text"]["text"] == "place 249"
        assert bot.effects.seen == [{"home": "place 249", "away": ["place 24", "place 249"]}]


async def test_h12_more_ways_than_a_list_holds_are_found_by_typing(tmp_path: Path):
    """And taken."""
    async with bench(tmp_path, **only(lambda e: kinds.chosen(e, routes=120))) as bot:
        question = await bot.ask("run ways")

        assert "Choose…" in labels(question)

        form = await opened(bot, "U0BOB", question, "Choose…")
        where = {"type": "view", "view_id": form["id"]}
        found = await bot.sim.suggest("U0BOB", where, f"{PICK}0", "way120")
        await bot.fill("U0BOB", form, Which_way_=found["options"][0])
        await bot.finished()

        assert bot.effects.published == ["way120"]


async def test_h15_h22_an_edit_of_a_schema_is_made_field_by_field(tmp_path: Path):
    """Parts of objects have fields of their own, and only what was changed is changed."""
    schema = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "minLength": 3},
            "words": {"type": "integer"},
            "is_final": {"type": "boolean"},
            "text": {"type": "string"},
        },
        "required": ["title"],
    }
    async with bench(tmp_path, **only(lambda e: kinds.reviewed(e, schema=schema))) as bot:
        question = await bot.ask("run reviewed")
        form = await opened(bot, "U0BOB", question, "Edit…")
        short = await bot.fill("U0BOB", form, Title="B")

        assert "At least 3 characters" in str(short.errors)

        await bot.fill("U0BOB", form, Title="Wasps")
        await bot.finished()

        assert bot.effects.published == [str(kinds.DRAFT | {"title": "Wasps"})]


@pytest.mark.parametrize(
    ("word", "name", "typed"),
    [
        ("L", "size", "2"),
        ("huge", "size", None),
        ("red, blue", "colours", ["0", "2"]),
        ('["green"]', "colours", ["1"]),
        ("on", "express", "yes"),
        ("perhaps", "express", None),
        ('["a", "b"]', "tags", "a\nb"),
        ("<@U0BOB|bob>", "owner", "U0BOB"),
        ("U0BOB,<@U0CAROL>", "team", ["U0BOB", "U0CAROL"]),
        ("2026-12-24T09:00+01:00", "at", "2026-12-24T08:00:00+00:00"),
        ("tomorrow", "at", "tomorrow"),
        ("twelve", "count", "twelve"),
    ],
)
def test_s4_words_of_a_command_are_written_into_the_form(word: str, name: str, typed: Any):
    """As far as they fit."""
    fields = schema_fields(ORDER)
    number = next(n for n, field in enumerate(fields) if field.name == name)

    assert typed_words(fields, {name: word}).get(number) == typed


def test_s4_an_object_of_a_command_is_written_into_its_fields():
    """Given as JSON."""
    fields = schema_fields(ORDER)
    found = typed_words(fields, {"ship_to": '{"city": "Bern", "zip": 3000}'})

    assert {fields[number].name: typed for number, typed in found.items()} == {
        "ship_to.city": "Bern"
    }


@pytest.mark.parametrize(
    ("word", "name", "wrong"),
    [
        ("huge", "size", "'huge' is not one of S, M, L"),
        ("red, pink", "colours", "'pink' is not one of red, green, blue"),
        ("perhaps", "express", "'perhaps' is neither yes nor no; choose one"),
        ("bob", "owner", "'bob' is no person that Slack knows; choose again"),
        ("U0BOB, eve", "team", "'U0BOB, eve' is no person that Slack knows; choose again"),
        ("here", "room", "'here' is no channel that Slack knows; choose again"),
        ("null", "owner", None),
        ("L", "size", None),
        ("", "team", None),
    ],
)
def test_s4_what_a_field_cannot_show_leaves_it_empty_and_is_said(
    word: str, name: str, wrong: str | None
):
    """No default takes the place of what somebody gave."""
    fields = schema_fields(ORDER)
    number = next(n for n, field in enumerate(fields) if field.name == name)
    typed = typed_words(fields, {name: word})

    assert misfits(fields, {name: word}).get(number) == wrong
    assert wrong is None or typed == {number: None}


def test_s4_an_object_that_cannot_be_read_leaves_its_fields_empty():
    """All of them, and the fields of others as they are."""
    fields = schema_fields(ORDER)
    found = typed_words(fields, {"ship_to": "Bern"})

    assert {fields[number].name: typed for number, typed in found.items()} == {
        "ship_to.city": None,
        "ship_to.country": None,
    }
