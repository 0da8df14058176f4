"""Cards that call nobody: people by their names, where a mention would call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.cards.card import Card, Comment
from bot.cards.story import people_in, uncalled
from bot.cards.words import Part, Words


def mentioned_in(card: Card) -> frozenset[str]:
    """Return the ids of those whom a card mentions, but for those whom it is to call."""
    return people_in(part for words in _words(card) for part in words)


def quiet_card(card: Card, names: Mapping[str, str]) -> Card:
    """Return the card with names in place of mentions; whom it is to call is called.

    Args:
        card: For the first message about something; an edit calls nobody anyway.
        names: What people are called, by their ids.
    """

    def quiet(words: Words) -> Words:
        return uncalled(words, names)

    return replace(
        card,
        heading=quiet(card.heading),
        facts=tuple(replace(fact, words=quiet(fact.words)) for fact in card.facts),
        story=tuple(map(quiet, card.story)),
        notes=tuple(map(quiet, card.notes)),
        comments=tuple(_quiet_comment(each, names) for each in card.comments),
        footer=quiet(card.footer),
        summary=quiet(card.summary),
    )


def _quiet_comment(comment: Comment, names: Mapping[str, str]) -> Comment:
    (by,) = uncalled((comment.by,), names)
    return replace(comment, by=by)


def _words(card: Card) -> Iterator[tuple[Part, ...]]:
    yield card.heading
    yield from (fact.words for fact in card.facts)
    yield from card.story
    yield from card.notes
    yield from ((comment.by,) for comment in card.comments)
    yield card.footer
    yield card.summary
