"""Encryption of what must not lie in the database in plain: the tokens of installations."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import ConfigurationError, EncryptionKeyError


def new_key() -> str:
    """Return a new key for SIGNOFF_ENCRYPTION_KEY."""
    return Fernet.generate_key().decode()


class Vault:
    """Encrypts with the newest key, and reads with any.

    A key is replaced by putting the new one before it; the old one may go once nothing is stored
    with it any more.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys, the newest first.

        Raises:
            ConfigurationError: There is none, or one is no key.
        """
        if not keys:
            raise ConfigurationError(
                "SIGNOFF_ENCRYPTION_KEY is not set; make a key with `signoff key`"
            )
        try:
            each = [Fernet(key) for key in keys]
        except ValueError:
            raise ConfigurationError(
                "SIGNOFF_ENCRYPTION_KEY holds something that is no key; make one with `signoff key`"
            ) from None
        self._newest, self._all = each[0], MultiFernet(each)

    def close(self, text: str) -> str:
        """Encrypt a text."""
        return self._newest.encrypt(text.encode()).decode()

    def open(self, sealed: str, *, what: str, within: int | None = None) -> str:
        """Decrypt a text.

        Args:
            sealed: What `close` returned.
            what: What it is, for the error.
            within: Seconds since it was encrypted after which it counts no more.

        Raises:
            EncryptionKeyError: No key fits, or it is too old.
        """
        try:
            return self._all.decrypt(sealed.encode(), ttl=within).decode()
        except InvalidToken:
            raise EncryptionKeyError(
                f"{what} cannot be read with SIGNOFF_ENCRYPTION_KEY; add the key that it was "
                "stored with behind the new one, separated by a comma"
            ) from None

    def is_newest(self, sealed: str) -> bool:
        """Was a text encrypted with the newest key?"""
        try:
            self._newest.decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True
