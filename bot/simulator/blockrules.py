"""The rules of layout blocks, rich text included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.simulator import limits
from bot.simulator.elementrules import (
    IMAGE,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    SLACK_FILE,
    TEXT_OR_IMAGE,
    URL,
    element,
    image_source,
    mrkdwn,
    plain,
)
from bot.simulator.rules import Arr, Bool, Faultlist, Num, Obj, OneOf, Rule, Str, Text, Typed

_BASE: dict[str, Rule] = {"type": Str(), "block_id": Str(min=1, max=limits.BLOCK_ID)}

_STYLE = Obj(fields={name: Bool() for name in ("bold", "italic", "strike", "code", "underline")})
_INLINE: dict[str, Rule] = {"type": Str(), "style": _STYLE}
_RICH_INLINE: dict[str, Rule] = {
    "text": Obj(fields={**_INLINE, "text": Str(min=1)}, required=("text",)),
    "link": Obj(
        fields={**_INLINE, "url": Str(min=1), "text": Str(), "unsafe": Bool()}, required=("url",)
    ),
    "emoji": Obj(
        fields={**_INLINE, "name": Str(min=1), "unicode": Str(), "url": Str()}, required=("name",)
    ),
    "user": Obj(fields={**_INLINE, "user_id": Str(min=1)}, required=("user_id",)),
    "usergroup": Obj(fields={**_INLINE, "usergroup_id": Str(min=1)}, required=("usergroup_id",)),
    "channel": Obj(fields={**_INLINE, "channel_id": Str(min=1)}, required=("channel_id",)),
    "team": Obj(fields={**_INLINE, "team_id": Str(min=1)}, required=("team_id",)),
    "broadcast": Obj(
        fields={**_INLINE, "range": OneOf(values=("here", "channel", "everyone"))},
        required=("range",),
    ),
    "date": Obj(
        fields={
            **_INLINE,
            "timestamp": Num(min=0),
            "format": Str(min=1),
            "url": Str(),
            "fallback": Str(),
        },
        required=("timestamp", "format"),
    ),
    "color": Obj(fields={**_INLINE, "value": Str(min=1)}, required=("value",)),
}
_INLINES = Arr(of=Typed(table=lambda: _RICH_INLINE))
_SECTION = Obj(fields={"type": Str(), "elements": _INLINES}, required=("elements",))
_BORDER: dict[str, Rule] = {"type": Str(), "border": OneOf(values=(0, 1))}
_RICH_PARTS: dict[str, Rule] = {
    "rich_text_section": _SECTION,
    "rich_text_quote": Obj(fields={**_BORDER, "elements": _INLINES}, required=("elements",)),
    "rich_text_preformatted": Obj(
        fields={
            **_BORDER,
            "elements": Arr(
                of=Typed(table=lambda: _RICH_INLINE, allowed=frozenset({"text", "link"}))
            ),
        },
        required=("elements",),
    ),
    "rich_text_list": Obj(
        fields={
            **_BORDER,
            "style": OneOf(values=("bullet", "ordered")),
            "indent": Num(min=0, max=8),
            "elements": Arr(
                of=Typed(table=lambda: _RICH_PARTS, allowed=frozenset({"rich_text_section"}))
            ),
        },
        required=("style", "elements"),
    ),
}
RICH_TEXT = Obj(
    fields={**_BASE, "elements": Arr(of=Typed(table=lambda: _RICH_PARTS))},
    required=("elements",),
)
_CELLS: dict[str, Rule] = {
    "raw_text": Obj(fields={"type": Str(), "text": Str(min=1)}, required=("text",)),
    "raw_number": Obj(
        fields={"type": Str(), "text": Str(min=1), "value": Num()}, required=("text", "value")
    ),
    "rich_text": RICH_TEXT,
}
_ROW = Arr(of=Typed(table=lambda: _CELLS), min=1, max=limits.TABLE_COLUMNS)


def _section(value: Mapping[str, Any], pointer: str, faults: Faultlist) -> None:
    if "text" not in value and "fields" not in value:
        faults.add("must provide text or fields", pointer)


def _table_text(maximum: int) -> Any:
    def check(value: Mapping[str, Any], pointer: str, faults: Faultlist) -> None:
        if sum(map(_text_length, value["rows"])) > maximum:
            faults.add(f"must be less than {maximum + 1} characters in all cells", pointer)

    return check


def _text_length(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_text_length, value))
    if isinstance(value, Mapping):
        own = value.get("text")
        length = len(own) if isinstance(own, str) else 0
        return length + _text_length(value.get("elements", []))
    return 0


CARD = Obj(
    fields={
        **_BASE,
        "title": mrkdwn(limits.CARD_TITLE),
        "subtitle": mrkdwn(limits.CARD_TITLE),
        "body": mrkdwn(limits.CARD_BODY),
        "icon": IMAGE,
        "hero_image": IMAGE,
        "actions": Arr(of=element(frozenset({"button"})), min=1, max=limits.CARD_ACTIONS),
    }
)
_URL_SOURCE = Obj(
    fields={"type": OneOf(values=("url",)), "url": Str(min=1), "text": Str(min=1)},
    required=("type", "url", "text"),
)
TASK_CARD = Obj(
    fields={
        **_BASE,
        "task_id": Str(min=1),
        "title": Str(min=1),
        "status": OneOf(values=("pending", "in_progress", "complete", "error")),
        "details": RICH_TEXT,
        "output": RICH_TEXT,
        "sources": Arr(of=_URL_SOURCE),
    },
    required=("task_id", "title", "status"),
)
_IN_CONTAINER = frozenset(
    {
        "actions",
        "context",
        "divider",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "table",
        "video",
    }
)

BLOCKS: dict[str, Rule] = {
    "section": Obj(
        fields={
            **_BASE,
            "text": Text(max=limits.TEXT),
            "fields": Arr(of=Text(max=limits.FIELD_TEXT), min=1, max=limits.SECTION_FIELDS),
            "accessory": element(IN_SECTION),
            "expand": Bool(),
        },
        together=_section,
    ),
    "header": Obj(fields={**_BASE, "text": plain(limits.HEADER_TEXT)}, required=("text",)),
    "divider": Obj(fields=_BASE),
    "context": Obj(
        fields={**_BASE, "elements": Arr(of=TEXT_OR_IMAGE, min=1, max=limits.CONTEXT_ELEMENTS)},
        required=("elements",),
    ),
    "actions": Obj(
        fields={
            **_BASE,
            "elements": Arr(of=element(IN_ACTIONS), min=1, max=limits.ACTIONS_ELEMENTS),
        },
        required=("elements",),
    ),
    "context_actions": Obj(
        fields={
            **_BASE,
            "elements": Arr(
                of=element(IN_CONTEXT_ACTIONS), min=1, max=limits.CONTEXT_ACTIONS_ELEMENTS
            ),
        },
        required=("elements",),
    ),
    "image": Obj(
        fields={
            **_BASE,
            "image_url": Str(min=1, max=limits.IMAGE_URL, pattern=URL),
            "slack_file": SLACK_FILE,
            "alt_text": Str(min=1, max=limits.IMAGE_ALT),
            "title": plain(limits.IMAGE_TITLE),
        },
        required=("alt_text",),
        together=image_source,
    ),
    "input": Obj(
        fields={
            **_BASE,
            "label": plain(limits.INPUT_LABEL),
            "hint": plain(limits.INPUT_HINT),
            "element": element(IN_INPUT),
            "optional": Bool(),
            "dispatch_action": Bool(),
        },
        required=("label", "element"),
    ),
    "rich_text": RICH_TEXT,
    "markdown": Obj(
        fields={**_BASE, "text": Str(min=1, max=limits.MARKDOWN_TEXT)}, required=("text",)
    ),
    "table": Obj(
        fields={
            **_BASE,
            "rows": Arr(of=_ROW, min=1, max=limits.TABLE_ROWS),
            "column_settings": Arr(
                of=Obj(
                    fields={
                        "align": OneOf(values=("left", "center", "right")),
                        "is_wrapped": Bool(),
                    }
                ),
                max=limits.TABLE_COLUMNS,
            ),
        },
        required=("rows",),
        together=_table_text(limits.TABLE_TEXT),
    ),
    "data_table": Obj(
        fields={
            **_BASE,
            "caption": Str(min=1),
            "rows": Arr(of=_ROW, min=1, max=limits.DATA_TABLE_ROWS),
            "page_size": Num(min=1),
            "row_header_column_index": Num(min=0, max=limits.TABLE_COLUMNS - 1),
        },
        required=("caption", "rows"),
        together=_table_text(limits.DATA_TABLE_TEXT),
    ),
    "alert": Obj(
        fields={
            **_BASE,
            "text": Text(max=limits.TEXT),
            "level": OneOf(values=("default", "info", "warning", "error", "success")),
        },
        required=("text",),
    ),
    "card": CARD,
    "carousel": Obj(
        fields={
            **_BASE,
            "elements": Arr(
                of=Typed(table=lambda: BLOCKS, allowed=frozenset({"card"})),
                min=1,
                max=limits.CAROUSEL_CARDS,
            ),
        },
        required=("elements",),
    ),
    "container": Obj(
        fields={
            **_BASE,
            "child_blocks": Arr(of=Typed(table=lambda: BLOCKS, allowed=_IN_CONTAINER), min=1),
            "title": plain(limits.CARD_TITLE),
            "rich_text_title": RICH_TEXT,
            "subtitle": Text(max=limits.CARD_TITLE),
            "icon": IMAGE,
            "is_collapsible": Bool(),
            "default_collapsed": Bool(),
            "has_header_divider": Bool(),
            "width": OneOf(values=("narrow", "standard", "wide", "full")),
        },
        required=("child_blocks",),
    ),
    "task_card": TASK_CARD,
    "plan": Obj(
        fields={**_BASE, "title": Str(min=1), "tasks": Arr(of=TASK_CARD)}, required=("title",)
    ),
    "video": Obj(
        fields={
            **_BASE,
            "alt_text": Str(min=1, max=limits.IMAGE_ALT),
            "title": plain(limits.VIDEO_TITLE),
            "title_url": Str(pattern=URL),
            "thumbnail_url": Str(pattern=URL),
            "video_url": Str(pattern=URL),
            "author_name": Str(),
            "description": plain(limits.VIDEO_TITLE),
            "provider_name": Str(),
            "provider_icon_url": Str(pattern=URL),
        },
        required=("alt_text", "title", "thumbnail_url", "video_url"),
    ),
}
