"""Installations of the app in workspaces, kept encrypted beside the runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter

from bot.slack.install.vault import Vault
from orchestrator.store import SurfaceValues

SCOPE = "install"
#: Why an installation ended whose app an administrator removed.
UNINSTALLED = "the app was uninstalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The app in one workspace, or in all workspaces of an organisation.

    https://docs.slack.dev/authentication/installing-with-oauth
    """

    id: str  #: the workspace's id, or the organisation's if it is installed in the whole of it
    name: str
    is_org: bool = False
    app_id: str = ""
    bot_user: str
    bot_id: str | None = None
    enterprise_id: str | None = None  #: of the organisation that the workspace belongs to
    scopes: tuple[str, ...] = ()
    installed_by: str
    installed_at: datetime
    token: str = field(repr=False)
    #: Renews the token, once. None: the token does not expire.
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    #: A process renews the token and is left alone until then.
    renewing_until: datetime | None = None
    #: What went wrong with it, though it may still work.
    problem: str = ""
    #: Why it works no more: the app was uninstalled, its tokens were revoked.
    ended: str = ""

    @property
    def is_alive(self) -> bool:
        """Can the app be used there?"""
        return not self.ended and bool(self.token)


_adapter = TypeAdapter(Installation)
Change = Callable[[Installation], Installation | None]


class Installs:
    """Reads and writes them; raises EncryptionKeyError where the key does not fit."""

    def __init__(self, values: SurfaceValues, vault: Vault) -> None:
        self._values = values
        self._vault = vault

    async def find(self, workspace: str) -> Installation | None:
        """Return the installation of a workspace or organisation."""
        sealed = await self._values.get(SCOPE, workspace)
        return self._open(workspace, sealed) if sealed is not None else None

    async def list(self) -> list[Installation]:
        """Return all of them, those that do not work any more included."""
        sealed = await self._values.list(SCOPE)
        return [self._open(name, text) for name, text in sealed.items()]

    async def save(self, installation: Installation) -> None:
        """Store an installation; one of the same workspace is replaced."""
        await self._values.put(SCOPE, installation.id, self._close(installation))

    async def change(self, workspace: str, change: Change) -> Installation | None:
        """Change an installation so that of several processes none undoes what another did.

        Args:
            workspace: Its id.
            change: Returns what it becomes; None: it stays. May be called more than once.

        Returns:
            What it became; None: nothing was changed, or there is none.
        """
        while (sealed := await self._values.get(SCOPE, workspace)) is not None:
            new = change(self._open(workspace, sealed))
            if new is None:
                return None
            if await self._values.swap(SCOPE, workspace, old=sealed, new=self._close(new)):
                return new
        return None

    async def count_old(self) -> int:
        """Return how many were encrypted with another key than the newest."""
        sealed = await self._values.list(SCOPE)
        return sum(not self._vault.is_newest(text) for text in sealed.values())

    async def renew_encryption(self) -> int:
        """Encrypt with the newest key what older keys have encrypted; return how many."""
        count = 0
        for name, sealed in (await self._values.list(SCOPE)).items():
            if not self._vault.is_newest(sealed):
                new = self._close(self._open(name, sealed))
                count += await self._values.swap(SCOPE, name, old=sealed, new=new)
        return count

    def _open(self, workspace: str, sealed: str) -> Installation:
        text = self._vault.open(sealed, what=f"the installation of {workspace}")
        return _adapter.validate_json(text)

    def _close(self, installation: Installation) -> str:
        return self._vault.close(_adapter.dump_json(installation).decode())
