"""`python -m benchmarks COMMAND`; every command has `--help`."""

from __future__ import annotations

import importlib
import sys

COMMANDS = {
    "compare": "Signoff beside the floors and other libraries, in turns",
    "scale": "a thousand open approvals beside a million",
    "load": "clicks at a given rate against the whole bot",
    "advance": "the pure core, and what history costs it",
    "burst": "many questions into one channel, while Slack is difficult",
    "profile": "where Signoff's time goes at 32 at once",
}


def main() -> None:
    """Run the command that the first argument names."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        print("usage: python -m benchmarks COMMAND [--help]\n")
        for known, what in COMMANDS.items():
            print(f"  {known:<10}{what}")
        sys.exit(0 if name in ("", "-h", "--help") else 2)
    importlib.import_module(f"benchmarks.{name}").main(sys.argv[2:])


if __name__ == "__main__":
    main()
