"""`python -m bot` is `signoff`."""

from __future__ import annotations

from bot.cli import main

main()
