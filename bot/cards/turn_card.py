"""The card of a turn: the calls that an agent wants to make together, each answered by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.cards.card import Card, Fact
from bot.cards.gist import gists
from bot.cards.outcome import outcome_card
from bot.cards.question import heading
from bot.cards.quiet import mentioned_in, quiet_card
from bot.cards.runs import run_end
from bot.cards.story import people_in, uncalled
from bot.cards.turns import agent_of
from bot.cards.values import cut, one_line
from bot.cards.words import Code, Person, Strong, Words, join, plain
from orchestrator.graph.kinds import Risk
from orchestrator.store.records import Approval

T = TypeVar("T")
_AGENT = 60  # characters of an agent's name in the title
_TITLE = 120  # characters of a call's title in the summary
_GIST = 60  # characters of what tells it from another
_COMMENTS = 2  # newest comments of a call
_NEVER: Words = ("no deadline",)
_TOOL = 60  # characters of a tool's name


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPart:
    """A call on the card: what is asked about it, or what came of it."""

    #: Of the calls of the turn, from 1.
    number: int
    #: Which tool, and how commands name the question.
    label: Words
    #: Its own card, without what the turn's card says for all.
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCard:
    """A message about several calls. The same for every surface."""

    heading: Words
    #: Whom the message calls; nobody else may be called by it.
    calls: Words
    title: str
    #: What is the same for all that are open, in a line.
    lead: Words
    prompt: str
    notes: tuple[Words, ...]
    parts: tuple[TurnPart, ...]
    footer: Words
    #: All that a notification shows.
    summary: Words

    @property
    def is_open(self) -> bool:
        """Does any of the calls wait for an answer?"""
        return any(not part.card.icon for part in self.parts)


def turn_card(
    calls: Sequence[Approval], turn: Sequence[Approval], shown: Callable[[Approval], Card]
) -> TurnCard:
    """Show the calls that stand on one card.

    Args:
        calls: Those; two at least.
        turn: All calls of the turn.
        shown: Makes the card of one that is open.
    """
    ids = [each.id for each in turn]
    cards = [
        replace(shown(each) if each.is_open else outcome_card(each), gist=told)
        for each, told in zip(calls, gists(calls), strict=True)
    ]
    waiting = [card for card in cards if not card.icon]
    facts = _shared([card.facts for card in waiting])
    notes = _shared([card.notes for card in waiting])
    prompts = {card.prompt for card in waiting}
    prompt = prompts.pop() if len(prompts) == 1 else ""
    is_risky = all(each.risk is Risk.HIGH for each in calls)
    parts = tuple(
        TurnPart(
            number=ids.index(each.id) + 1,
            label=_label(each, is_risky=is_risky),
            card=_part(card, facts, notes, prompt),
        )
        for each, card in zip(calls, cards, strict=True)
    )
    first, last = calls[0], calls[-1]
    place = (f"{parts[0].number} to {parts[-1].number} of {len(turn)} calls of this turn",)
    told = (f"{len(cards) - len(waiting)} of {len(cards)} answered",)
    return TurnCard(
        heading=_heading(first, is_risky=is_risky),
        calls=join(list(dict.fromkeys(card.calls for card in waiting)), ", "),
        title=_title(first, len(cards), is_open=bool(waiting)),
        lead=join(
            [
                place if len(turn) > len(calls) else (),
                *(fact_words(fact) for fact in facts),
                told if 0 < len(waiting) < len(cards) else (),
            ]
        ),
        prompt=prompt,
        notes=notes,
        parts=parts,
        footer=_footer(last, is_over=not waiting),
        summary=_summary(first, cards, facts),
    )


def fact_words(fact: Fact) -> Words:
    """Return a fact with its name, unless it says all by itself."""
    return fact.words if fact.words == _NEVER else (Strong(fact.label), " ", *fact.words)


def mentioned_in_turn(card: TurnCard) -> frozenset[str]:
    """Return the ids of those whom a card mentions, but for those whom it is to call."""
    own = (card.heading, card.lead, *card.notes, card.footer, card.summary)
    people = people_in(part for words in own for part in words)
    return people.union(*(mentioned_in(part.card) for part in card.parts))


def quiet_turn(card: TurnCard, names: Mapping[str, str]) -> TurnCard:
    """Return the card with names in place of mentions; whom it is to call is called."""
    return replace(
        card,
        heading=uncalled(card.heading, names),
        lead=uncalled(card.lead, names),
        notes=tuple(uncalled(note, names) for note in card.notes),
        parts=tuple(replace(part, card=quiet_card(part.card, names)) for part in card.parts),
        footer=uncalled(card.footer, names),
        summary=uncalled(card.summary, names),
    )


def _shared(lists: Sequence[tuple[T, ...]]) -> tuple[T, ...]:
    """Return what stands in all of them."""
    if not lists:
        return ()
    return tuple(each for each in lists[0] if all(each in other for other in lists))


def _part(card: Card, facts: Sequence[Fact], notes: Sequence[Words], prompt: str) -> Card:
    return replace(
        card,
        prompt="" if card.prompt == prompt else card.prompt,
        # That a call has no deadline goes without saying where another one has.
        facts=tuple(each for each in card.facts if each not in facts and each.words != _NEVER),
        notes=tuple(each for each in card.notes if each not in notes),
        comments=card.comments[-_COMMENTS:],
    )


def _label(approval: Approval, *, is_risky: bool) -> Words:
    risk: Words = ("⚠️ ", Strong("high risk"))
    return join(
        [
            (Code(cut(one_line(approval.node), _TOOL)),),
            ("approval ", Code(approval.ref)),
            risk if approval.risk is Risk.HIGH and not is_risky else (),
        ]
    )


def _heading(approval: Approval, *, is_risky: bool) -> Words:
    risk = approval.risk if is_risky else Risk.NORMAL
    return heading(replace(approval, path=agent_of(approval), risk=risk))


def _title(approval: Approval, count: int, *, is_open: bool) -> str:
    agent = cut(agent_of(approval), _AGENT)
    if not is_open:
        return f"The {count} calls of {agent} are answered"
    return f"Which of these {count} calls may {agent} make?"


def _footer(approval: Approval, *, is_over: bool) -> Words:
    run: Words = ("Run ", Code(approval.run.ref))
    return (*run, " ", *run_end(approval.run)) if is_over else run


def _summary(approval: Approval, cards: Sequence[Card], facts: Sequence[Fact]) -> Words:
    waiting = [card for card in cards if not card.icon]
    if not waiting:
        told = [
            (f"{card.icon} ", *title) for card, title in zip(cards, _titles(cards), strict=True)
        ]
        return (f"All {len(cards)} calls are answered: ", *join(told, " · "))
    titles = join(_titles(waiting), " · ")
    count = f"{len(waiting)} calls wait" if len(waiting) > 1 else "1 call waits"
    deadline = next((fact.words for fact in facts if fact.label == "Decide by"), ())
    return (
        f"{count} for an answer: ",
        *titles,
        f" — {approval.graph}, asked by ",
        Person(approval.requester),
        *((", decide by ", *deadline) if deadline not in {(), _NEVER} else ()),
    )


def _titles(cards: Sequence[Card]) -> list[Words]:
    """Return the titles, with what tells those apart that are alike."""
    titles = [cut(card.title, _TITLE) for card in cards]
    return [
        (title, f" ({cut(plain(card.gist), _GIST)})")
        if titles.count(title) > 1 and card.gist
        else (title,)
        for card, title in zip(cards, titles, strict=True)
    ]
