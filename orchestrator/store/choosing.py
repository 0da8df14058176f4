"""Which database a URL names."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from orchestrator.errors import DatabaseUrlError
from orchestrator.store.database import Database
from orchestrator.store.sqlite import SQLite

_FORMS = "sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE"
_SQLITE = ("sqlite+aiosqlite", "sqlite")
_OPTIONS = {"host", "port", "ssl", "passfile", "target_session_attrs"}
_POSTGRES = ("postgresql+asyncpg", "postgresql", "postgres")


def choose(url: str) -> Database:
    """Return the database that a URL names; nothing is opened.

    Raises:
        DatabaseUrlError: It is no URL, or names a database that Signoff does not run on.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The text may hold a password.
        told = repr(url) if "@" not in url else "the text"
        raise DatabaseUrlError(f"{told} is no database URL; write {_FORMS}") from error
    if parsed.drivername in _SQLITE:
        return _sqlite(parsed)
    if parsed.drivername in _POSTGRES:
        return _postgres(parsed)
    raise DatabaseUrlError(f"cannot use a database of type {parsed.drivername!r}; write {_FORMS}")


def _sqlite(url: URL) -> Database:
    if url.database in (None, "", ":memory:"):
        raise DatabaseUrlError("the database must be a file; write sqlite+aiosqlite:///FILE")
    return SQLite(url.set(drivername="sqlite+aiosqlite"))


def _postgres(url: URL) -> Database:
    if not url.database:
        raise DatabaseUrlError(
            "the URL names no database; write postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE"
        )
    query = dict(url.query)
    if "sslmode" in query:  # as other programs call it
        query["ssl"] = query.pop("sslmode")
    if unknown := sorted(query.keys() - _OPTIONS):
        raise DatabaseUrlError(
            f"the database URL has an option {unknown[0]!r}; known: {', '.join(sorted(_OPTIONS))}"
        )
    url = url.set(query=query)
    try:
        # An extra of the distribution, which most do without.
        from orchestrator.store.postgres import PostgreSQL  # noqa: PLC0415 - see above
    except ImportError as error:
        raise DatabaseUrlError(
            'PostgreSQL takes more packages; run `pip install "signoff[postgres]"`'
        ) from error
    return PostgreSQL(url.set(drivername="postgresql+asyncpg"))
