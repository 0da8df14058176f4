"""`manifest`, `key` and `workspaces`: installing the app."""

from __future__ import annotations

import click

from bot.app import vault_of
from bot.cli.documents import print_json
from bot.cli.options import json_option
from bot.cli.session import execute
from bot.cli.tables import print_table
from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.slack.install.installs import Installation, Installs
from bot.slack.install.manifest import manifest as make_manifest
from bot.slack.install.renewal import is_expired
from bot.slack.install.vault import new_key
from orchestrator.runtime import SystemClock
from orchestrator.store import open_store


@click.command()
@click.option("--http", "url", metavar="URL", help="Slack calls the bot at this address.")
@click.option("--oauth", is_flag=True, help="The app is installed in several workspaces.")
@click.option("--steps", is_flag=True, help="Workflow Builder may start runs; takes a paid plan.")
@click.option("--name", default="Signoff", show_default=True, help="What people call the app.")
@click.option("--command", help="The slash command. Default: SIGNOFF_COMMAND, or /signoff.")
def manifest(*, url: str | None, oauth: bool, steps: bool, name: str, command: str | None) -> None:
    """Print the manifest of the Slack app, to be pasted at api.slack.com/apps.

    Without --http it is for Socket Mode. The pages of --oauth need an address in both modes; in
    Socket Mode it is taken from SIGNOFF_URL.
    """
    settings = Settings.load()
    text = make_manifest(
        name=name,
        command=command or settings.command,
        url=url or settings.url,
        is_http=url is not None,
        is_oauth=oauth,
        has_steps=steps,
    )
    click.echo(text, nl=False)


@click.command()
def key() -> None:
    """Make a key for SIGNOFF_ENCRYPTION_KEY.

    To replace a key, put the new one before it, separated by a comma, and start the server;
    what is stored is encrypted anew, and then the old one may go.
    """
    click.echo(new_key())


@click.command()
@json_option("a list of installations")
def workspaces(*, as_json: bool) -> None:
    """List the workspaces in which the app is installed by OAuth."""
    settings = Settings.load()
    if settings.bot_token is not None and not settings.has_installs:
        raise ConfigurationError(
            "the one workspace is that of SLACK_BOT_TOKEN; see `signoff doctor`"
        )

    async def work() -> list[Installation]:
        settings.require_installs()
        async with open_store(settings.database_url, now=SystemClock().now) as store:
            return await Installs(store.values, vault_of(settings)).list()

    found = execute(work())
    if as_json:
        print_json([_document(each) for each in found])
    elif not found:
        click.echo("The app is installed nowhere. Open /slack/install at the bot's address.")
    else:
        rows = [
            (
                each.id,
                each.name,
                f"{each.installed_at:%Y-%m-%d}",
                each.installed_by,
                str(len(each.scopes)),
                _health(each),
            )
            for each in found
        ]
        print_table(("ID", "NAME", "SINCE", "BY", "SCOPES", "HEALTH"), rows)


def _health(installation: Installation) -> str:
    if installation.ended:
        return f"{installation.ended}; install it again"
    if is_expired(installation, SystemClock().now()):
        return "its token has expired; install it again"
    return installation.problem or "good"


def _document(installation: Installation) -> dict[str, object]:
    """Return what may be shown; tokens are not among it."""
    return {
        "id": installation.id,
        "name": installation.name,
        "is_organisation": installation.is_org,
        "installed_at": installation.installed_at,
        "installed_by": installation.installed_by,
        "scopes": list(installation.scopes),
        "expires_at": installation.expires_at,
        "health": _health(installation),
    }
