"""The name of a process, which its leases carry."""

from __future__ import annotations

import os
import secrets
import socket

_HOST = 24  # characters of the computer's name


def process_name() -> str:
    """Name this process so that no other one, before or after, has the same name."""
    return f"{socket.gethostname()[:_HOST]}-{os.getpid()}-{secrets.token_hex(4)}"
