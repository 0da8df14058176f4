"""Errors of the application; the engine's own are in `orchestrator.errors`."""

from __future__ import annotations


class BotError(Exception):
    """Something in the application went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class ConfigurationError(BotError, ValueError):
    """A setting is missing or wrong; the message says which and what to write instead."""


class EncryptionKeyError(ConfigurationError):
    """No key of SIGNOFF_ENCRYPTION_KEY opens what is stored; add the one that closed it."""


class InstallationError(BotError):
    """The app cannot work in a workspace; the message says what to do about it."""


class DeliveryError(BotError):
    """A chat surface did not take a message.

    Attributes:
        code: The surface's own word for it, such as `channel_not_found`.
        is_retryable: Would the same call work later without anybody changing anything?
    """

    def __init__(self, code: str, message: str | None = None, *, is_retryable: bool) -> None:
        self.code = code
        self.is_retryable = is_retryable
        super().__init__(message or f"the message was not taken: {code}")


class NotRecordedError(BotError):
    """It is not known to be recorded, so nobody may be told that it was."""
