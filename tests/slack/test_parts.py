"""The small parts: payloads, command lines, values, caches, pacing, tasks, failures."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.cards.excerpt import excerpt
from bot.cards.passages import PassageStyle
from bot.cards.shapes import passages_of
from bot.cards.values import clean, cut, label_text, value_text
from bot.cards.words import Code, Group, Moment, Person, Strong, join, name_words, plain
from bot.errors import ConfigurationError, NotRecordedError
from bot.slack.app import SlackSurface
from bot.slack.command_line import CommandError, example, nearest, parse_command, split
from bot.slack.decisions import in_time
from bot.slack.kit.mrkdwn import mrkdwn
from bot.slack.kit.payloads import AgainButton, DecisionButton, FormButton, PayloadError, ReasonForm
from bot.slack.listening import on_error
from bot.slack.seen import Seen, retry_number
from bot.slack.sending.pacing import Pacer
from bot.slack.tasks import TaskKeeper
from bot.slack.workspace.cache import Cache
from bot.slack.workspace.failures import Remedy, describe
from orchestrator.errors import StoreUnavailableError
from tests.slack.samples import APPROVAL_ID, NOW, RUN_ID

DECIDE = DecisionButton(approval=APPROVAL_ID, digest="ab" * 32, decision="approve")


def test_a_payload_comes_back_as_it_was_packed():
    """What a button carries is read again, field by field."""
    assert DecisionButton.unpack(DECIDE.pack()) == DECIDE


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "decide1",
        "decide1:",
        "decide1:{}",
        "decide2:" + DECIDE.model_dump_json(),
        "decide1:" + DECIDE.model_dump_json().replace("approve", "DROP TABLE"),
        "decide1:" + DECIDE.model_dump_json().replace(APPROVAL_ID, "../../etc"),
        "decide1:" + DECIDE.model_dump_json()[:-1] + ',"more":1}',
        AgainButton(run=RUN_ID).pack(),
    ],
)
def test_what_this_version_did_not_write_is_refused(text: Any):
    """Kind, fields and forms are checked; nothing is guessed."""
    with pytest.raises(PayloadError):
        DecisionButton.unpack(text)


def test_a_payload_over_its_place_s_limit_is_refused_when_packed():
    """2000 bytes are all that a button's value takes."""
    form = FormButton(
        approval=APPROVAL_ID, digest="", decision="reject", graph="g", node="n", title="x" * 2000
    )
    with pytest.raises(PayloadError, match=r"bytes and may have 2000"):
        form.pack()


@given(title=st.text(max_size=300))
def test_any_title_travels_through_a_form(title: str):
    """Quotes, emoji and control characters come back unharmed."""
    form = ReasonForm(approval=APPROVAL_ID, digest="", decision="reject", title=title)

    assert form == ReasonForm.unpack(form.pack())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("   ", []),
        ("list", ["list"]),
        ('run publish topic="two words"', ["run", "publish", "topic=two words"]),
        ("run publish topic=“two words”", ["run", "publish", "topic=two words"]),
        ("run publish topic='two words'", ["run", "publish", "topic=two words"]),
        ("topic=\u2018two words\u2019", ["topic=two words"]),
        ("topic=„zwei Wörter“", ["topic=zwei Wörter"]),
        ("topic=«deux mots»", ["topic=deux mots"]),
        ('title="Publish “Bees”?"', ["title=Publish “Bees”?"]),
        ("title=“don't stop”", ["title=don't stop"]),
        ("title=don't", ["title=don't"]),
        ('a="with \\"quotes\\""', ['a=with "quotes"']),
        ("a=back\\ slash", ["a=back slash"]),
        ("a=", ["a="]),
        ('a=""', ["a="]),
        ("a=1\u00a0b=2", ["a=1", "b=2"]),
        ('list="[1, 2]" x=1', ["list=[1, 2]", "x=1"]),
        ("a==b=c", ["a==b=c"]),
        ('6" pipe', ['6"', "pipe"]),
    ],
)
def test_a_command_is_split_as_a_shell_would_and_forgives_smart_quotes(text: str, words: list[str]):
    """Every kind of quote that phones put in keeps words together."""
    assert words == split(text)


@pytest.mark.parametrize("text", ['a="open', "a=“open", "run x topic='open words"])
def test_an_open_quote_is_named(text: str):
    """The message says which, and how to write it."""
    with pytest.raises(CommandError, match="not closed"):
        split(text)


def test_keys_and_words_are_told_apart():
    """What has a sign of equality is a value; the first word is the command."""
    line = parse_command("RUN publish topic=Bees extra url=http://a/?b=c")

    assert (line.name, line.words) == ("run", ("publish", "extra"))
    assert line.values == {"topic": "Bees", "url": "http://a/?b=c"}


def test_a_key_given_twice_is_refused():
    """Neither value is silently dropped."""
    with pytest.raises(CommandError, match="topic is given twice"):
        parse_command("run publish topic=a topic=b")


@given(st.text(max_size=200))
def test_no_text_breaks_the_splitter(text: str):
    """Every text is split, or refused with words."""
    try:
        words = split(text)
    except CommandError as exc:
        words = [str(exc)]

    assert all(isinstance(word, str) for word in words)


def test_the_nearest_name_is_found_for_a_slip_and_none_for_nonsense():
    """A hint must be likely to be meant."""
    assert nearest("pendnig", ["run", "pending"]) == "pending"
    assert nearest("xyzzy", ["run", "pending"]) is None


def test_an_example_has_a_value_of_each_field_s_type():
    """What it shows can be typed."""
    fields = [("topic", "string"), ("n", "integer"), ("wait", "duration")]

    assert example("publish", fields) == 'run publish topic="…" n=3 wait=5m'


def test_words_are_rendered_for_slack_and_plainly():
    """People, groups and instants are tokens in Slack; everything else is escaped."""
    words = (Strong("a<b"), " ", Person("U0BOB"), " ", Group("@editors"), " ", Code("x`y"))

    assert (
        mrkdwn(words, {"@editors": "S0EDITORS"})
        == "*a&lt;b* <@U0BOB> <!subteam^S0EDITORS> `x\u02cby`"
    )
    assert plain(words) == "a<b @U0BOB @editors x`y"
    assert mrkdwn((Group("@editors"),), {}) == "@editors"
    assert plain((Moment(NOW),)) == "2026-11-21 09:00 UTC"
    assert (
        mrkdwn((Moment(NOW),))
        == "<!date^1795251600^{date_short_pretty} at {time}|2026-11-21 09:00 UTC>"
    )


def test_a_person_s_name_that_is_no_id_cannot_ping():
    """Users of other surfaces have other names; they are shown as text."""
    assert mrkdwn((Person("alice> <!channel"),)) == "alice&gt; &lt;!channel"


def test_approvers_are_listed_and_the_rest_is_counted():
    """A long list ends in a number."""
    names = ["U0A", "U0B", "@c", "d@e.example", "U0F"]

    assert plain(name_words(names, most=2)) == "@U0A, @U0B or 3 more"
    assert plain(name_words(names[:2])) == "@U0A or @U0B"
    assert plain(name_words([])) == "nobody"
    assert plain(join([("a",), (), ("b",)])) == "a · b"


def test_text_is_cut_between_words_and_never_inside_a_letter():
    """Accents, skin tones and joined emoji stay with what they belong to."""
    assert cut("one two three", 9) == "one two…"
    assert cut("ae\u0301\u0301\u0301\u0301", 3) == "a…"
    assert cut("a👍🏽b", 3) == "a…"
    assert cut("a👩‍👩‍👧b", 5) == "a…"
    assert cut("abc", 3) == "abc"
    assert cut("abc", 0) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (True, "yes"), (1240, "1,240"), (420.5, "420.5"), ("", "(empty)")],
)
def test_values_are_written_for_people(value: Any, text: str):
    """Numbers have separators, truth is a word."""
    assert text == value_text(value)


def test_characters_that_hide_or_turn_text_are_made_visible():
    """A payload must read as it is."""
    assert clean("a\x00b\u202ec\ud800") == "a\ufffdb\ufffdc\ufffd"
    assert clean("a\r\nb") == "a\nb"


def test_labels_are_made_of_keys():
    """Underscores and dots are no words."""
    assert label_text("order.total_amount") == "Order total amount"
    assert label_text("") == "Value"


def test_an_excerpt_keeps_the_order_and_says_when_it_is_cut():
    """Structures keep their form."""
    payload = {"plan": {"a": {"b": [{}, 2]}}, "risk": "high", "text": "w " * 900}
    found = excerpt(passages_of(payload, {}))

    assert [passage.label for passage in found.passages] == ["Plan", "Risk", "Text"]
    assert PassageStyle.CODE is found.passages[0].style
    assert found.is_cut


async def test_a_cache_asks_once_for_many_and_forgets_failures():
    """Those who ask at the same time share one call; a failed one is made again."""
    cache: Cache[str, int] = Cache(ttl=60)
    asked: list[str] = []
    gate = asyncio.Event()

    async def load() -> int:
        asked.append("x")
        await gate.wait()
        if len(asked) == 1:
            raise ConnectionError("down")
        return 7

    first = [asyncio.ensure_future(cache.get("a", load)) for _ in range(5)]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*first, return_exceptions=True)

    assert [type(result).__name__ for result in results] == ["ConnectionError"] * 5
    assert await cache.get("a", load) == 7
    assert await cache.get("a", load) == 7
    assert cache.peek("a") == 7
    assert len(asked) == 2


async def test_a_cache_forgets_after_its_time_and_survives_a_cancelled_caller():
    """A value of no time to live is asked for again; a shared call is nobody's own."""
    cache: Cache[str, int] = Cache(ttl=0)
    gate = asyncio.Event()

    async def load() -> int:
        await gate.wait()
        return 1

    impatient = asyncio.ensure_future(cache.get("a", load))
    patient = asyncio.ensure_future(cache.get("a", load))
    await asyncio.sleep(0)
    impatient.cancel()
    gate.set()

    assert await patient == 1
    assert cache.peek("a") is None


async def test_a_pacer_keeps_messages_of_a_channel_apart_and_others_not():
    """Channels do not wait for each other; a blocked method says for how long."""
    pacer = Pacer(interval=0.05)
    started = time.monotonic()

    async def send(channel: str) -> float:
        async with pacer.turn(channel):
            return time.monotonic() - started

    *first, other = await asyncio.gather(*(send("C1") for _ in range(3)), send("C2"))
    pacer.block("chat.update", 10)

    assert max(first) >= 0.1
    assert other < 0.05
    assert 9 < pacer.blocked_for("chat.update") <= 10
    assert pacer.blocked_for("chat.postMessage") == 0


async def test_tasks_are_waited_for_and_the_rest_is_cancelled():
    """Nothing is lost at the end, and nothing holds it up for ever."""
    keeper = TaskKeeper()
    done: list[str] = []

    async def quick() -> None:
        done.append("quick")

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            done.append("cancelled")

    async def broken() -> None:
        raise RuntimeError("oops")

    keeper.spawn(quick(), name="quick")
    keeper.spawn(endless(), name="endless")
    with structlog.testing.capture_logs() as logs:
        keeper.spawn(broken(), name="broken")
        await keeper.drain(timeout=0.05)

    assert done == ["quick", "cancelled"]
    assert len(keeper) == 0
    assert {"slack_task_failed", "slack_task_cancelled"} == {entry["event"] for entry in logs}


def test_a_key_is_new_once_and_its_window_is_bounded():
    """Old keys make room; a forgotten one is new again."""
    seen = Seen(size=2)

    assert [seen.add("a"), seen.add("a")] == [True, False]
    assert [seen.add("b"), seen.add("c")] == [True, True]
    assert seen.add("a")
    seen.forget("a")
    assert seen.add("a")


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ({}, 0),
        ({"x-slack-retry-num": ["0"]}, 0),
        ({"x-slack-retry-num": ["2"]}, 2),
        ({"x-slack-retry-num": "3"}, 3),
        ({"x-slack-retry-num": ["no"]}, 0),
        ({"x-slack-retry-num": []}, 0),
    ],
)
def test_the_number_of_a_retry_counts_and_not_its_header(headers: Any, number: int):
    """Socket Mode sends "0" with first deliveries."""
    assert number == retry_number(headers)


class _Answer(dict[str, Any]):
    """An answer of Slack as slack_sdk gives it."""

    status_code = 200
    headers: dict[str, str] = {}  # noqa: RUF012 - as in slack_sdk


def _strange(data: Any, *, status: int) -> SlackApiError:
    """Return the error about an answer that is not Slack's, as slack_sdk makes it."""
    answer = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/auth.test",
        req_args={},
        data=data,
        headers={},
        status_code=status,
    )
    return SlackApiError("no", answer)


def _error(code: str, *, status: int = 200, **headers: str) -> SlackApiError:
    answer = _Answer(ok=False, error=code)
    answer.status_code = status
    answer.headers = headers
    return SlackApiError("no", answer)


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (_error("ratelimited", status=429), Remedy.WAIT),
        (_error("not_in_channel"), Remedy.PLACE),
        (_error("token_revoked"), Remedy.CREDENTIAL),
        (_error("invalid_blocks"), Remedy.PLAINER),
        (_error("message_not_found"), Remedy.GONE),
        (_error("internal_error"), Remedy.RETRY),
        (_error("whatever", status=503), Remedy.RETRY),
        (_error("a_new_error_of_slack"), Remedy.PEOPLE),
        (aiohttp.ServerDisconnectedError(), Remedy.RETRY),
        (TimeoutError(), Remedy.RETRY),
        (SlackApiError("odd", "no answer at all"), Remedy.RETRY),
        (_strange("oops", status=500), Remedy.RETRY),
        (_strange("oops", status=200), Remedy.RETRY),
        (_strange({}, status=200), Remedy.RETRY),  # what slack_sdk makes of a page
        (_strange([1], status=200), Remedy.RETRY),
        (_strange("slow down", status=429), Remedy.WAIT),
        (AttributeError("'str' object has no attribute 'get'"), Remedy.RETRY),
    ],
)
def test_a_failure_names_who_can_mend_it(error: Exception, remedy: Remedy):
    """Wait, look again, call people, write plainer, or give up."""
    assert remedy is describe(error).remedy


def test_retry_after_is_read_from_the_headers():
    """Slack says how long; without a word it is half a minute."""
    assert describe(_error("ratelimited", status=429, **{"Retry-After": "7"})).retry_after == 7
    assert describe(_error("ratelimited", status=429)).retry_after == 30


async def test_what_was_not_stored_in_time_is_never_confirmed():
    """Slowness and an absent database both end in the error that withholds the answer."""
    keeper = TaskKeeper()

    async def absent() -> None:
        raise StoreUnavailableError

    with pytest.raises(NotRecordedError, match=r"not recorded within 0.01 s"):
        await in_time(keeper, asyncio.Event().wait(), seconds=0.01)
    with pytest.raises(NotRecordedError):
        await in_time(keeper, absent(), seconds=1)
    await keeper.drain(timeout=0)


async def test_what_is_late_is_finished_all_the_same():
    """Only the waiting ends; the work and what follows it go on."""
    keeper = TaskKeeper()
    gate, done = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        await gate.wait()
        done.set()

    with pytest.raises(NotRecordedError):
        await in_time(keeper, slow(), seconds=0.01)
    gate.set()
    await keeper.drain(timeout=1)

    assert done.is_set()


async def test_bolt_s_error_handler_never_returns_an_answer_after_an_answer():
    """Bolt would trip over it, and take the acknowledgement back."""
    assert await on_error(RuntimeError("late"), None) is None


def test_a_surface_that_slack_cannot_reach_is_refused():
    """Either an app token or a signing secret is needed; the message says so."""
    nothing: Any = None

    with pytest.raises(ConfigurationError, match="xapp-"):
        SlackSurface(nothing, nothing, channel="C0APPROVALS")
