"""The pages of an installation, what they refuse, and tokens that expire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import ConfigurationError, EncryptionKeyError
from bot.simulator import SECOND
from bot.slack.app import places_of
from bot.slack.install import pages as install_pages
from bot.slack.install.installed import InstalledWorkspaces
from bot.slack.install.installs import SCOPE, Installs
from bot.slack.install.vault import Vault, new_key
from orchestrator.testing import FakeClock
from tests.slack.bench import eventually
from tests.slack.installing import ACME, Branches, installing


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Branches]:
    """Return a bot that may be installed in two workspaces."""
    async with installing(tmp_path, teams=[SECOND]) as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()


@pytest.fixture
async def frozen(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Branches]:
    """Return a bot, installed, whose clock the test sets."""
    async with installing(tmp_path, teams=[SECOND], clock=clock) as running:
        await running.install()
        yield running


def another(bot: Branches, *keys: str, clock: FakeClock | None = None) -> InstalledWorkspaces:
    """Return what another process on the same database would make."""
    return InstalledWorkspaces(
        bot.store.values,
        Vault(keys) if keys else bot.vault,
        client_id=bot.sim.client_id,
        client_secret=bot.sim.client_secret,
        api_url=bot.sim.api_url,
        clock=clock,
    )


async def code_and_state(bot: Branches) -> str:
    """Go as far as Slack's page; return the address that leads back."""
    first = await bot.browser.get(f"{bot.url}/slack/install")
    asked = await bot.browser.get(f"{first.link('Add to Slack')}&team={ACME}")
    async with bot.browser._session.get(
        asked.link("Allow as Alice"), allow_redirects=False
    ) as answer:
        return answer.headers["Location"]


async def test_s11_the_way_back_works_once(bot: Branches) -> None:
    """Opened again, it says so, and the installation stays."""
    back = await code_and_state(bot)
    cookie = bot.browser.cookie
    first = await bot.browser.get(back)
    bot.browser.cookie = cookie
    again = await bot.browser.get(back)

    assert (first.status, again.status) == (200, 400)
    assert "used before" in again.text
    assert ACME in bot.workspaces.serving


@pytest.mark.parametrize("cookie", ["", "something else"])
async def test_s11_somebody_elses_way_back_installs_nothing(bot: Branches, cookie: str) -> None:
    """Without the browser's cookie, an attacker could have theirs installed."""
    back = await code_and_state(bot)
    bot.browser.cookie = cookie
    page = await bot.browser.get(back)

    assert page.status == 400
    assert "Start again" in page.text
    assert bot.workspaces.serving == {}


async def test_s11_a_state_that_nobody_made_installs_nothing(bot: Branches) -> None:
    """A cookie that fits is not enough."""
    bot.browser.cookie = "forged"
    page = await bot.browser.get(f"{bot.url}/slack/oauth_redirect?code=1.x&state=forged")

    assert page.status == 400


async def test_s11_a_page_that_was_left_open_for_long_is_too_old(
    bot: Branches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes are enough to agree."""
    monkeypatch.setattr(install_pages, "_PATIENCE", -1)
    page = await bot.browser.get(await code_and_state(bot))

    assert page.status == 400
    assert "too old" in page.text


async def test_s11_who_does_not_agree_is_told_that_nothing_was_changed(bot: Branches) -> None:
    """Slack sends them back with an error."""
    back = await code_and_state(bot)
    state = back.split("state=")[1]
    page = await bot.browser.get(
        f"{bot.url}/slack/oauth_redirect?error=access_denied&state={state}"
    )

    assert page.status == 200
    assert "nothing was changed" in page.text


async def test_s11_a_code_that_slack_does_not_know_is_explained(bot: Branches) -> None:
    """The page has Slack's word for it, and what to do."""
    back = await code_and_state(bot)
    page = await bot.browser.get(back.replace("code=", "code=9"))

    assert page.status == 502
    assert "invalid_code" in page.text
    assert "start again" in page.text


async def test_s11_slack_away_is_told_on_the_page(bot: Branches) -> None:
    """Nothing hangs, and nothing is stored."""
    back = await code_and_state(bot)
    bot.sim.set_away(is_away=True)
    page = await bot.browser.get(back)

    assert page.status == 502
    assert "Slack gave no token" in page.text
    assert bot.workspaces.serving == {}


async def test_s11_only_listed_workspaces_may_install(tmp_path: Path) -> None:
    """The token of another one is handed back, and the page says whom to ask."""
    async with installing(tmp_path, teams=[SECOND], allowed=["T0SIGNOFF"]) as bot:
        page = await bot.install(ACME)

        assert page.status == 403
        assert "SIGNOFF_WORKSPACES" in page.text
        assert await bot.workspaces.installs.list() == []
        assert bot.sim.token_of(ACME) is None


async def test_s11_behind_a_proxy_slack_leads_back_to_the_public_address(bot: Branches) -> None:
    """As the proxy says which one that is."""
    page = await bot.browser.get(
        f"{bot.url}/slack/install",
        **{"X-Forwarded-Proto": "https", "X-Forwarded-Host": "signoff.example.com"},
    )

    assert "redirect_uri=https%3A%2F%2Fsignoff.example.com%2Fslack%2Foauth_redirect" in page.text


async def test_s11_a_token_is_renewed_before_it_expires(frozen: Branches, clock: FakeClock) -> None:
    """Two hours before; the bot goes on with the new one."""
    old = frozen.sim.token_of(ACME)
    clock.advance(timedelta(hours=10, minutes=1))
    await frozen.workspaces.look_again()
    new = frozen.sim.token_of(ACME)

    assert new != old
    assert (await frozen.workspaces.installs.list())[0].token == new
    answer = await frozen.workspaces.serving[ACME].client.auth_test()
    assert answer["team_id"] == ACME


async def test_s11_a_sender_that_was_refused_goes_on_with_the_new_token(
    frozen: Branches, clock: FakeClock
) -> None:
    """At once, and not when it would have looked again."""
    resumed: list[str] = []
    workspace = frozen.workspaces.serving[ACME]
    workspace.on_new_token(lambda: resumed.append(ACME))
    await frozen.workspaces.look_again()

    assert resumed == []
    clock.advance(timedelta(hours=11))
    await frozen.workspaces.look_again()
    assert resumed == [ACME]


async def test_s11_one_process_of_several_renews(frozen: Branches, clock: FakeClock) -> None:
    """A refresh token works once, so the others wait for the new one."""
    others = [another(frozen, clock=clock) for _ in range(3)]
    for each in others:
        await each.__aenter__()
    try:
        clock.advance(timedelta(hours=11))
        await asyncio.gather(*(each.look_again() for each in [frozen.workspaces, *others]))
        calls = [
            entry
            for entry in frozen.sim.log
            if entry.name == "oauth.v2.access" and "refresh" in str(entry.request)
        ]

        assert len(calls) == 1
        for each in others:
            await each.look_again()
            assert each.problems == {}
            await each.serving[ACME].client.auth_test()
    finally:
        for each in others:
            await each.__aexit__(None, None, None)


async def test_s11_a_used_up_refresh_token_is_told(frozen: Branches, clock: FakeClock) -> None:
    """As when a process died between the exchange and the database; installing again heals."""
    await frozen.workspaces.app.renew((await frozen.workspaces.installs.list())[0], now=clock.now())
    clock.advance(timedelta(hours=10, minutes=1))
    await frozen.workspaces.look_again()

    assert "invalid_refresh_token" in frozen.workspaces.problems[ACME]
    assert "install the app again" in frozen.surface.statistics().problems[ACME]
    await frozen.install()
    assert frozen.workspaces.problems == {}


async def test_s11_slack_away_at_a_renewal_is_tried_again(
    frozen: Branches, clock: FakeClock
) -> None:
    """A minute later, while the old token still holds."""
    clock.advance(timedelta(hours=10, minutes=1))
    frozen.sim.set_away(is_away=True)
    await frozen.workspaces.look_again()
    frozen.sim.set_away(is_away=False)

    assert "could not be renewed" in frozen.workspaces.problems[ACME]
    clock.advance(timedelta(minutes=2))
    await frozen.workspaces.look_again()
    assert frozen.workspaces.problems == {}


async def test_s11_a_wrong_client_secret_costs_no_refresh_token(
    frozen: Branches, clock: FakeClock
) -> None:
    """It is the operator's slip; with the right one the token is renewed as if nothing had been."""
    wrong = another(frozen, clock=clock)
    wrong._credentials = (frozen.sim.client_id, "wrong")
    clock.advance(timedelta(hours=10, minutes=1))
    async with wrong:
        assert "bad_client_secret" in wrong.problems[ACME]
    clock.advance(timedelta(minutes=2))
    await frozen.workspaces.look_again()

    assert frozen.workspaces.problems == {}
    assert (await frozen.workspaces.installs.list())[0].token == frozen.sim.token_of(ACME)


async def test_s11_revoked_tokens_end_the_work_there(bot: Branches) -> None:
    """As when the app was uninstalled."""
    await bot.install()
    bot.sim.casts[ACME].staging.revoke_tokens()
    await eventually(lambda: ACME not in bot.workspaces.serving)

    assert "revoked" in bot.workspaces.problems[ACME]


async def test_s11_a_late_event_does_not_end_a_new_installation(bot: Branches) -> None:
    """Slack is asked whether the token still works."""
    await bot.install()
    await bot.workspaces.end(ACME, why="the app was uninstalled")

    assert ACME in bot.workspaces.serving


async def test_s11_a_wrong_key_is_told_and_nothing_is_read(bot: Branches) -> None:
    """The message names the setting, and no token."""
    await bot.install()
    with pytest.raises(EncryptionKeyError, match="SIGNOFF_ENCRYPTION_KEY") as raised:
        await another(bot, new_key()).__aenter__()

    assert "xox" not in str(raised.value)


async def test_s11_a_key_is_replaced_by_a_newer_one(tmp_path: Path) -> None:
    """With both set, everything is encrypted anew; then the old one may go."""
    old, new = new_key(), new_key()
    async with installing(tmp_path, teams=[SECOND], key=old) as bot:
        await bot.install()
        async with another(bot, new, old) as both:
            assert ACME in both.serving
            assert await both.installs.count_old() == 1
            assert await both.installs.renew_encryption() == 1
        found = await Installs(bot.store.values, Vault([new])).find(ACME)

        assert found is not None
        assert list(await bot.store.values.list(SCOPE)) == [ACME]


@pytest.mark.parametrize("keys", [[], ["short"]])
def test_s11_what_is_no_key_is_refused(keys: list[str]) -> None:
    """The message says how to make one."""
    with pytest.raises(ConfigurationError, match="signoff key"):
        Vault(keys)


@pytest.mark.parametrize(
    ("body", "team"),
    [
        ({"message": {"team": "T1"}, "user": {"team_id": "T2"}}, "T1"),
        ({"view": {"app_installed_team_id": "T1"}, "user": {"team_id": "T2"}}, "T1"),
        ({"user": {"team_id": "T2"}}, "T0"),
    ],
)
def test_s11_in_a_shared_channel_the_workspace_is_where_the_bot_asked(
    body: dict[str, dict[str, str]], team: str
) -> None:
    """Who acts may belong to another organisation."""
    assert next(filter(None, places_of(body, {"team_id": "T0", "enterprise_id": "E0"}))) == team
