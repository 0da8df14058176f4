"""Words as Slack's mark-up. Whatever came from outside is escaped here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from bot.cards.values import clean, cut
from bot.cards.words import Channel, Code, Group, Link, Moment, Person, Strong, Words, dated, utc

#: Ids of user groups by the `@handle` that graphs use.
GroupIds = Mapping[str, str]

_USER_ID = re.compile(r"[UW][A-Z0-9]+")
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{8,}")
_GROUP_ID = re.compile(r"S[A-Z0-9]{2,}")
#: Only these have a meaning: https://docs.slack.dev/messaging/formatting-message-text#escaping
_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_DATE = re.compile(r"(<!date\^(\d+)\^[^|>]*\|)[^>]*>")
_TOKEN = re.compile(r"<(?=[!@#])")
#: Invisible and without a width; breaks a word for parsers, not for readers.
_WORD_JOINER = "\u2060"
#: Never cut text to less than this much room by trying again.
_ROUNDS = 8


def escape(text: str) -> str:
    """Take from `&`, `<` and `>` the power to mention, link or ping."""
    return clean(text).translate(_ESCAPES)


def literal(text: str) -> str:
    """Prepare text for plain_text and rich_text, where Slack reads no mark-up.

    Slack does not parse `<!channel>` there; a bridge or an export that flattens blocks into text
    might. So what looks like the beginning of a mention is broken by a character nobody sees.
    """
    return _TOKEN.sub("<" + _WORD_JOINER, clean(text))


def units(text: str) -> int:
    """Measure a text as Slack's client does, in UTF-16 units."""
    return len(text) + sum(char > "\uffff" for char in text)


def fit(text: str, limit: int) -> str:
    """Cut a text that carries no mark-up so that it measures at most `limit`."""
    room = limit
    while units(text) > limit:
        text = cut(text, room)
        room -= max(units(text) - limit, 1)
    return text


def fit_escaped(text: str, limit: int) -> str:
    """Escape a text, cut so that what is left measures at most `limit` when escaped."""
    room = limit
    for _ in range(_ROUNDS):
        escaped = escape(cut(text, room))
        excess = units(escaped) - limit
        if excess <= 0:
            return escaped
        room = max(room - excess, 0)
    return ""


def mrkdwn(words: Words, groups: GroupIds | None = None) -> str:
    """Render words; people and groups are mentioned, instants become the reader's own."""
    return "".join(_part(part, groups or {}) for part in words)


def lines(rows: list[Words], groups: GroupIds | None = None) -> str:
    """Render several sentences, one a line."""
    return "\n".join(mrkdwn(row, groups) for row in rows)


def _part(part: object, groups: GroupIds) -> str:
    match part:
        case Person(id=user):
            return f"<@{user}>" if is_user_id(user) else escape(user)
        case Group(name=name):
            found = groups.get(name, name)
            return f"<!subteam^{found}>" if _GROUP_ID.fullmatch(found) else escape(name)
        case Channel(name=name):
            # This names the channel and calls nobody: `<!channel>` would call the wrong one.
            return f"<#{name}>" if _CHANNEL_ID.fullmatch(name) else escape(name)
        case Moment(at=at):
            return date(at)
        case Code(text=text):
            return f"`{escape(text).replace('`', chr(0x2CB))}`"
        case Strong(text=text):
            return f"*{escape(text)}*"
        case Link(text=text, url=url):
            return f"<{escape(url)}|{escape(text)}>" if _ADDRESS.fullmatch(url) else escape(text)
        case _:
            return escape(str(part))


def date(at: datetime) -> str:
    """Write an instant in every reader's own zone, with UTC for who cannot show that."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|{utc(at)}>"


def is_user_id(text: str) -> bool:
    """Does a text look like the id of a person?"""
    return _USER_ID.fullmatch(text) is not None


def has_dates(text: str) -> bool:
    """Is there an instant in mark-up?"""
    return _DATE.search(text) is not None


def in_zone(text: str, zone: tzinfo) -> str:
    """Write the instants of mark-up in a zone, for where they do not become the reader's own."""

    def written(token: re.Match[str]) -> str:
        at = datetime.fromtimestamp(int(token[2]), UTC)
        return f"{token[1]}{dated(at, zone)}>"

    return _DATE.sub(written, text)
