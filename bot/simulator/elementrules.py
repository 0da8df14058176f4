"""The rules of interactive elements and of the objects they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.simulator import limits
from bot.simulator.rules import (
    Arr,
    Bool,
    Either,
    Faultlist,
    Num,
    Obj,
    OneOf,
    Rule,
    Str,
    Text,
    Typed,
)

URL = r"(?s)https?://.+"
_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d"


def plain(maximum: int) -> Text:
    """Return the rule of a plain_text object."""
    return Text(max=maximum, kinds=("plain_text",))


def mrkdwn(maximum: int) -> Text:
    """Return the rule of a mrkdwn object."""
    return Text(max=maximum, kinds=("mrkdwn",))


CONFIRM = Obj(
    fields={
        "title": plain(limits.CONFIRM_TITLE),
        "text": Text(max=limits.CONFIRM_TEXT),
        "confirm": plain(limits.CONFIRM_BUTTON),
        "deny": plain(limits.CONFIRM_BUTTON),
        "style": OneOf(values=("primary", "danger")),
    },
    required=("text",),
)

SLACK_FILE = Obj(fields={"id": Str(min=1), "url": Str(min=1)})


def _option(text: Rule, *, has_url: bool = False) -> Obj:
    fields: dict[str, Rule] = {
        "text": text,
        "value": Str(min=1, max=limits.OPTION_VALUE),
        "description": plain(limits.OPTION_DESCRIPTION),
    }
    if has_url:
        fields["url"] = Str(max=limits.OPTION_URL)
    return Obj(fields=fields, required=("text", "value"))


OPTION = _option(plain(limits.OPTION_TEXT))
CHOICE = _option(Text(max=limits.OPTION_TEXT))
MENU_OPTION = _option(plain(limits.OPTION_TEXT), has_url=True)
OPTION_GROUP = Obj(
    fields={
        "label": plain(limits.GROUP_LABEL),
        "options": Arr(of=OPTION, min=1, max=limits.SELECT_OPTIONS),
    },
    required=("label", "options"),
)
OPTIONS = Arr(of=OPTION, min=1, max=limits.SELECT_OPTIONS)
OPTION_GROUPS = Arr(of=OPTION_GROUP, min=1, max=limits.OPTION_GROUPS)


def image_source(value: Mapping[str, Any], pointer: str, faults: Faultlist) -> None:
    """Require exactly one of image_url and slack_file."""
    if ("image_url" in value) == ("slack_file" in value):
        faults.add("must provide exactly one of image_url and slack_file", pointer)


IMAGE = Obj(
    fields={
        "type": Str(),
        "image_url": Str(min=1, max=limits.IMAGE_URL, pattern=URL),
        "slack_file": SLACK_FILE,
        "alt_text": Str(min=1, max=limits.IMAGE_ALT),
    },
    required=("alt_text",),
    together=image_source,
)

_DISPATCH = Obj(
    fields={
        "trigger_actions_on": Arr(
            of=OneOf(values=("on_enter_pressed", "on_character_entered")), min=1
        )
    }
)
_FILTER = Obj(
    fields={
        "include": Arr(of=OneOf(values=("im", "mpim", "private", "public")), min=1),
        "exclude_external_shared_channels": Bool(),
        "exclude_bot_users": Bool(),
    }
)
_BASE: dict[str, Rule] = {"type": Str(), "action_id": Str(min=1, max=limits.ACTION_ID)}
_PICKER: dict[str, Rule] = {
    **_BASE,
    "confirm": CONFIRM,
    "focus_on_load": Bool(),
    "placeholder": plain(limits.PLACEHOLDER),
}
_TYPED: dict[str, Rule] = {
    **_BASE,
    "focus_on_load": Bool(),
    "placeholder": plain(limits.PLACEHOLDER),
    "dispatch_action_config": _DISPATCH,
}


def _all_options(value: Mapping[str, Any]) -> list[Any]:
    groups = value.get("option_groups", [])
    return [*value.get("options", []), *(item for group in groups for item in group["options"])]


def _initial_is_known(value: Mapping[str, Any], pointer: str, faults: Faultlist) -> None:
    known = [(item["value"], item["text"]["text"]) for item in _all_options(value)]
    for name in ("initial_option", "initial_options"):
        chosen = value.get(name, [])
        for item in chosen if isinstance(chosen, list) else [chosen]:
            if (item["value"], item["text"]["text"]) not in known:
                faults.add("must match one of the provided options", f"{pointer}/{name}")


def _static_select(value: Mapping[str, Any], pointer: str, faults: Faultlist) -> None:
    if ("options" in value) == ("option_groups" in value):
        faults.add("must provide exactly one of options and option_groups", pointer)
        return
    _initial_is_known(value, pointer, faults)


def _lengths(value: Mapping[str, Any], pointer: str, faults: Faultlist) -> None:
    if value.get("min_length", 0) > value.get("max_length", limits.INPUT_VALUE):
        faults.add("min_length must not be greater than max_length", pointer)


_STATIC: dict[str, Rule] = {**_PICKER, "options": OPTIONS, "option_groups": OPTION_GROUPS}
_MANY: dict[str, Rule] = {"max_selected_items": Num(min=1)}
_QUERY: dict[str, Rule] = {"min_query_length": Num(min=0)}
_CHOICES: dict[str, Rule] = {
    **{name: rule for name, rule in _PICKER.items() if name != "placeholder"},
    "options": Arr(of=CHOICE, min=1, max=limits.CHOICES),
}
_RESPONSE: dict[str, Rule] = {"response_url_enabled": Bool()}
_CONVERSATION: dict[str, Rule] = {"default_to_current_conversation": Bool(), "filter": _FILTER}
_FEEDBACK = Obj(
    fields={
        "text": plain(limits.BUTTON_TEXT),
        "value": Str(min=1, max=limits.BUTTON_VALUE),
        "accessibility_label": Str(max=limits.ACCESSIBILITY_LABEL),
    },
    required=("text", "value"),
)

ELEMENTS: dict[str, Rule] = {
    "image": IMAGE,
    "button": Obj(
        fields={
            **_BASE,
            "text": plain(limits.BUTTON_TEXT),
            "value": Str(max=limits.BUTTON_VALUE),
            "url": Str(min=1, max=limits.BUTTON_URL),
            "style": OneOf(values=("primary", "danger")),
            "confirm": CONFIRM,
            "accessibility_label": Str(max=limits.ACCESSIBILITY_LABEL),
        },
        required=("text",),
    ),
    "overflow": Obj(
        fields={
            **_BASE,
            "options": Arr(of=MENU_OPTION, min=limits.OVERFLOW_MIN, max=limits.OVERFLOW_MAX),
            "confirm": CONFIRM,
        },
        required=("options",),
    ),
    "static_select": Obj(fields={**_STATIC, "initial_option": OPTION}, together=_static_select),
    "multi_static_select": Obj(
        fields={**_STATIC, **_MANY, "initial_options": OPTIONS}, together=_static_select
    ),
    "external_select": Obj(fields={**_PICKER, **_QUERY, "initial_option": OPTION}),
    "multi_external_select": Obj(fields={**_PICKER, **_QUERY, **_MANY, "initial_options": OPTIONS}),
    "users_select": Obj(fields={**_PICKER, "initial_user": Str(min=1)}),
    "multi_users_select": Obj(
        fields={**_PICKER, **_MANY, "initial_users": Arr(of=Str(min=1), min=1)}
    ),
    "conversations_select": Obj(
        fields={**_PICKER, **_RESPONSE, **_CONVERSATION, "initial_conversation": Str(min=1)}
    ),
    "multi_conversations_select": Obj(
        fields={
            **_PICKER,
            **_MANY,
            **_CONVERSATION,
            "initial_conversations": Arr(of=Str(min=1), min=1),
        }
    ),
    "channels_select": Obj(fields={**_PICKER, **_RESPONSE, "initial_channel": Str(min=1)}),
    "multi_channels_select": Obj(
        fields={**_PICKER, **_MANY, "initial_channels": Arr(of=Str(min=1), min=1)}
    ),
    "radio_buttons": Obj(
        fields={**_CHOICES, "initial_option": CHOICE},
        required=("options",),
        together=_initial_is_known,
    ),
    "checkboxes": Obj(
        fields={**_CHOICES, "initial_options": Arr(of=CHOICE, min=1, max=limits.CHOICES)},
        required=("options",),
        together=_initial_is_known,
    ),
    "datepicker": Obj(fields={**_PICKER, "initial_date": Str(pattern=_DATE)}),
    "timepicker": Obj(
        fields={**_PICKER, "initial_time": Str(pattern=_TIME), "timezone": Str(min=1)}
    ),
    "datetimepicker": Obj(
        fields={
            **{name: rule for name, rule in _PICKER.items() if name != "placeholder"},
            # ten digits: https://docs.slack.dev/reference/block-kit/block-elements
            "initial_date_time": Num(min=1_000_000_000, max=9_999_999_999),
        }
    ),
    "plain_text_input": Obj(
        fields={
            **_TYPED,
            "initial_value": Str(max=limits.INPUT_VALUE),
            "multiline": Bool(),
            "min_length": Num(min=0, max=limits.INPUT_VALUE),
            "max_length": Num(min=1, max=limits.INPUT_VALUE),
        },
        together=_lengths,
    ),
    "email_text_input": Obj(fields={**_TYPED, "initial_value": Str()}),
    "url_text_input": Obj(fields={**_TYPED, "initial_value": Str()}),
    "number_input": Obj(
        fields={
            **_TYPED,
            "is_decimal_allowed": Bool(),
            "initial_value": Str(),
            "min_value": Str(),
            "max_value": Str(),
        },
        required=("is_decimal_allowed",),
    ),
    "rich_text_input": Obj(
        fields={
            **_TYPED,
            "initial_value": Obj(
                fields={"type": OneOf(values=("rich_text",)), "elements": Arr(of=Obj(fields={}))}
            ),
            "min_lines": Num(min=1),
            "max_lines": Num(min=1),
        }
    ),
    "file_input": Obj(
        fields={
            **_BASE,
            "filetypes": Arr(of=Str(min=1)),
            "max_files": Num(min=1, max=10),
        }
    ),
    "feedback_buttons": Obj(
        fields={**_BASE, "positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
        required=("positive_button", "negative_button"),
    ),
    "icon_button": Obj(
        fields={
            **_BASE,
            "icon": Str(min=1),
            "text": plain(limits.BUTTON_TEXT),
            "value": Str(max=limits.BUTTON_VALUE),
            "confirm": CONFIRM,
            "accessibility_label": Str(max=limits.ACCESSIBILITY_LABEL),
            "visible_to_user_ids": Arr(of=Str(min=1)),
        },
        required=("icon", "text"),
    ),
}

_SELECTS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
_PICKERS = frozenset({"datepicker", "timepicker", "radio_buttons", "checkboxes"})
IN_SECTION = _SELECTS | _PICKERS | {"button", "image", "overflow"}
IN_ACTIONS = _SELECTS | _PICKERS | {"button", "overflow", "datetimepicker", "rich_text_input"}
IN_INPUT = (
    _SELECTS
    | _PICKERS
    | {name for name in ELEMENTS if name.endswith("_input")}
    | {"datetimepicker"}
)
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})


def element(allowed: frozenset[str]) -> Typed:
    """Return the rule of an element of one of these types."""
    return Typed(table=lambda: ELEMENTS, allowed=allowed)


TEXT_OR_IMAGE = Either(rules=(Text(max=limits.TEXT), element(frozenset({"image"}))))
