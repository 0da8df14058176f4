"""A process that serves: its name, which its leases carry, and its memory."""

from __future__ import annotations

import gc
import os
import secrets
import socket

_HOST = 24  # characters of the computer's name
#: After so many new objects the garbage collector looks at them. States are many and short-lived.
_YOUNG = 5_000


def process_name() -> str:
    """Name this process so that no other one, before or after, has the same name."""
    return f"{socket.gethostname()[:_HOST]}-{os.getpid()}-{secrets.token_hex(4)}"


def settle_memory() -> None:
    """Keep the garbage collector from what has been loaded by now; for a process that serves.

    Each of its full looks would stop everything for some 60 ms to look at modules that stay anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)
