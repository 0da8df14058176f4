"""What the process logs, and how: lines for people, or JSON for machines; always on stderr."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog

#: These log every request, or whole bodies, on levels that are of use to their own authors only.
_NOISY = ("slack_bolt", "slack_sdk", "aiohttp.access", "asyncio", "aiosqlite", "alembic")


def _tracebacks() -> structlog.typing.Processor:
    """Write tracebacks as JSON without local variables, which hold payloads and secrets."""
    return structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )


def configure_logging(
    kind: Literal["json", "console"] | None = None,
    *,
    level: int = logging.INFO,
    stream: TextIO | None = None,
) -> None:
    """Set up logging for the process, for structlog and for libraries alike.

    Args:
        kind: The form; None: `console` on a terminal, otherwise `json`.
        level: What is logged at least.
        stream: Where to; default: stderr.
    """
    target = stream or sys.stderr
    is_console = kind == "console" or (kind is None and target.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[structlog.typing.Processor] = (
        [
            structlog.dev.ConsoleRenderer(
                colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
        if is_console
        else [_tracebacks(), structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
