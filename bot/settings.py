"""Settings, from the environment and from `.env`; nothing else reads either."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import ConfigurationError
from orchestrator.testing import CrashPoint

SLACK_API_URL = "https://slack.com/api/"
DATABASE_URL = "sqlite+aiosqlite:///signoff.db"

# https://docs.slack.dev/authentication/tokens ; `xoxe.` begins a token that is rotated
_BOT_TOKEN = re.compile(r"(xoxe\.)?xoxb-\S+")
_APP_TOKEN = re.compile(r"xapp-\S+")
# what cryptography's Fernet takes: 32 bytes in URL-safe base64
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")
_COMMAND = re.compile(r"/[^\s/]{1,31}")
_WORKSPACE = re.compile(r"[TE][A-Z0-9]+")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]+")
_PERSON = re.compile(r"[UW][A-Z0-9]+|[^@\s]+@[^@\s]+\.[^@\s]+")


class SettingsError(ConfigurationError):
    """Settings are missing or wrong.

    Attributes:
        problems: One line each, which name the setting and say what to write.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def _split(separators: str) -> BeforeValidator:
    def split(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parts = re.split(f"[{re.escape(separators)}]", value)
        return tuple(part.strip() for part in parts if part.strip())

    return BeforeValidator(split)


class Settings(BaseSettings):
    """Everything that can be set; the names are those of the environment's variables."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    bot_token: SecretStr | None = Field(None, alias="SLACK_BOT_TOKEN")
    app_token: SecretStr | None = Field(None, alias="SLACK_APP_TOKEN")
    signing_secret: SecretStr | None = Field(None, alias="SLACK_SIGNING_SECRET")
    #: For installations in several workspaces, in place of one bot token.
    client_id: str | None = Field(None, alias="SLACK_CLIENT_ID")
    client_secret: SecretStr | None = Field(None, alias="SLACK_CLIENT_SECRET")
    #: Keys that tokens of installations are encrypted with, the newest first.
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode, _split(", ")] = Field(
        (), alias="SIGNOFF_ENCRYPTION_KEY"
    )
    #: Ids of the workspaces and organisations that may install the app; none: any.
    workspaces: Annotated[tuple[str, ...], NoDecode, _split(", ")] = Field(
        (), alias="SIGNOFF_WORKSPACES"
    )
    #: The address at which browsers and Slack reach the bot.
    url: str | None = Field(None, alias="SIGNOFF_URL")
    api_url: str = Field(SLACK_API_URL, alias="SLACK_API_URL")
    database_url: str = Field(DATABASE_URL, alias="SIGNOFF_DATABASE_URL")
    #: The slash command, as the app's manifest has it.
    command: str = Field("/signoff", alias="SIGNOFF_COMMAND")
    #: Files and folders of graphs.
    graphs: Annotated[tuple[Path, ...], NoDecode, _split(f",{os.pathsep}")] = Field(
        (), alias="SIGNOFF_GRAPHS"
    )
    #: Modules whose functions YAML may name.
    allow: Annotated[tuple[str, ...], NoDecode, _split(", ")] = Field((), alias="SIGNOFF_ALLOW")
    #: Where questions are asked.
    channel: str | None = Field(None, alias="SIGNOFF_CHANNEL")
    #: Where questions are asked that cannot be asked where they belong.
    fallback_channel: str | None = Field(None, alias="SIGNOFF_FALLBACK_CHANNEL")
    #: User ids and e-mail addresses of those who get them by direct message when that fails, too.
    operators: Annotated[tuple[str, ...], NoDecode, _split(", ")] = Field(
        (), alias="SIGNOFF_OPERATORS"
    )
    host: str = Field("127.0.0.1", alias="SIGNOFF_HOST")
    port: int = Field(3000, alias="SIGNOFF_PORT", ge=0, le=65535)
    #: How many nodes run at once in a process; 0: workers run them.
    concurrency: int = Field(32, alias="SIGNOFF_CONCURRENCY", ge=0)
    #: Not ours: the examples read it from the environment, where `.env` is to reach them too.
    approvers: str | None = Field(None, alias="SIGNOFF_APPROVERS")
    #: None: for people on a terminal, JSON otherwise.
    log: Literal["json", "console"] | None = Field(None, alias="SIGNOFF_LOG")
    #: Where tests kill the process; see CONTRIBUTING.
    crash_at: str | None = Field(None, alias="SIGNOFF_CRASH_AT")

    @field_validator("api_url")
    @classmethod
    def _with_api_path(cls, value: str) -> str:
        """Let the address end in `/api/`, which the Slack client takes for granted."""
        if not _is_address(value.strip()):
            raise ValueError(f"{value!r} is no address; write one such as {SLACK_API_URL}")
        address = value.strip().rstrip("/")
        return f"{address}/" if address.endswith("/api") else f"{address}/api/"

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not _is_address(value.strip()):
            raise ValueError(f"{value!r} is no address; write one such as https://signoff.acme.org")
        return value.strip().rstrip("/") if value is not None else None

    @field_validator("command")
    @classmethod
    def _is_command(cls, value: str) -> str:
        if not _COMMAND.fullmatch(value):
            raise ValueError(f"{value!r} is no slash command; write one such as /signoff")
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _are_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(_KEY.fullmatch(each.get_secret_value()) for each in value):
            raise ValueError("holds something that is no key; make one with `signoff key`")
        return value

    @field_validator("workspaces")
    @classmethod
    def _are_workspaces(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not _WORKSPACE.fullmatch(each):
                raise ValueError(
                    f"{each!r} is no id of a workspace or organisation; write one such as T012AB3CD"
                )
        return value

    @field_validator("bot_token")
    @classmethod
    def _is_bot_token(cls, value: SecretStr | None) -> SecretStr | None:
        return _matches(value, _BOT_TOKEN, "is no bot token, which begins with xoxb-")

    @field_validator("app_token")
    @classmethod
    def _is_app_token(cls, value: SecretStr | None) -> SecretStr | None:
        return _matches(value, _APP_TOKEN, "is no app-level token, which begins with xapp-")

    @field_validator("operators")
    @classmethod
    def _are_people(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            if not _PERSON.fullmatch(each):
                raise ValueError(
                    f"{each!r} is no person; write a user id such as U012AB3CD, or an e-mail "
                    "address"
                )
        return value

    @field_validator("channel", "fallback_channel")
    @classmethod
    def _is_channel(cls, value: str | None) -> str | None:
        if value is not None and not _CHANNEL.fullmatch(value):
            raise ValueError(
                f"{value!r} is no channel id; write one such as C012AB3CD, "
                "which stands at the end of the channel's details in Slack"
            )
        return value

    @field_validator("crash_at")
    @classmethod
    def _is_crash_point(cls, value: str | None) -> str | None:
        if value is not None:
            CrashPoint.parse(value)
        return value

    @classmethod
    def load(cls) -> Self:
        """Read the environment and `.env`; what the examples need goes on to the environment.

        Raises:
            SettingsError: One or more are wrong; missing ones are found when they are needed.
        """
        try:
            settings = cls()
        except ValidationError as error:
            raise SettingsError([_sentence(each) for each in error.errors()]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([f".env cannot be read: {error}"]) from error
        if settings.approvers is not None:
            os.environ.setdefault("SIGNOFF_APPROVERS", settings.approvers)
        return settings

    @property
    def has_chat(self) -> bool:
        """Do questions go to Slack? Every process on one database has to agree about that."""
        return self.bot_token is not None or self.channel is not None or self.has_installs

    @property
    def has_installs(self) -> bool:
        """Is the app installed by OAuth, in any number of workspaces?"""
        return self.client_id is not None

    @property
    def hook(self) -> Callable[[str], None]:
        """What is called with the name of each point at which the process may be killed."""
        return CrashPoint.parse(self.crash_at) if self.crash_at else _nothing

    def require_graphs(self) -> None:
        """Make sure that some graphs are named.

        Raises:
            SettingsError: None is.
        """
        if not self.graphs:
            raise SettingsError([_NO_GRAPHS])

    def require_installs(self) -> None:
        """Make sure that everything is there that installations by OAuth take.

        Raises:
            SettingsError: Something is missing.
        """
        if problems := self._missing_installs():
            raise SettingsError(problems)

    def require_serving(self) -> None:
        """Make sure that everything is there that a server needs.

        Raises:
            SettingsError: Something is missing; all of it is listed.
        """
        problems = self._missing_installs() if self.has_installs else []
        if not self.has_installs and self.bot_token is None:
            problems.append(_NO_BOT)
        if self.app_token is None and self.signing_secret is None:
            problems.append(_NO_MODE)
        if not self.has_installs and self.channel is None:
            problems.append(_NO_CHANNEL)
        if not self.graphs:
            problems.append(_NO_GRAPHS)
        if problems:
            raise SettingsError(problems)

    def _missing_installs(self) -> list[str]:
        problems = []
        if self.bot_token is not None:
            problems.append(_TWO_WAYS)
        if self.client_secret is None:
            problems.append(_NO_CLIENT)
        if not self.encryption_keys:
            problems.append(_NO_KEY)
        return problems


_NO_BOT = (
    "SLACK_BOT_TOKEN is not set; copy the bot token (xoxb-…) from OAuth & Permissions of your app"
)
_NO_MODE = (
    "SLACK_APP_TOKEN is not set; set it to an app-level token (xapp-…) for Socket Mode, "
    "or set SLACK_SIGNING_SECRET to take requests over HTTP"
)
_TWO_WAYS = (
    "SLACK_BOT_TOKEN and SLACK_CLIENT_ID are both set; keep the token for one workspace, or the "
    "client id to install the app in several"
)
_NO_CLIENT = (
    "SLACK_CLIENT_SECRET is not set; copy the client secret from Basic Information of your app"
)
_NO_KEY = "SIGNOFF_ENCRYPTION_KEY is not set; make a key with `signoff key`"
_NO_CHANNEL = "SIGNOFF_CHANNEL is not set; set it to the id of the channel that is to be asked"
_NO_GRAPHS = "SIGNOFF_GRAPHS is not set; set it to the files or folders of your graphs"


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        is_port = parts.port is None or parts.port > 0  # raises for what is no port
    except ValueError:
        return False
    is_host = bool(parts.hostname) and not re.search(r"\s", parts.netloc)
    return parts.scheme in ("http", "https") and is_host and is_port


def _nothing(_name: str) -> None:
    """Stand in for a crash point."""


def _matches(value: SecretStr | None, form: re.Pattern[str], text: str) -> SecretStr | None:
    """Check a secret; the message must not repeat it."""
    if value is not None and not form.fullmatch(value.get_secret_value()):
        raise ValueError(text)
    return value


def _sentence(error: ErrorDetails) -> str:
    """Say what is wrong with a setting; values of secrets are never part of it."""
    name = ".".join(map(str, error["loc"][:1]))
    cause = error.get("ctx", {}).get("error")
    if cause is not None:
        return f"{name}: {cause}" if "no crash point" in str(cause) else f"{name} {cause}"
    return f"{name} is wrong: {error['msg'][:1].lower()}{error['msg'][1:]}"
