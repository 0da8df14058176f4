"""Run the simulator by itself: `python -m bot.simulator --port 8900`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from bot.simulator.defaults import SECOND, organisation
from bot.simulator.manifest import ManifestError
from bot.simulator.simulator import Simulator

_MANIFEST = Path("manifest.yml")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot.simulator", description="Run a local Slack for one app."
    )
    parser.add_argument("--port", type=int, default=8900, help="port on loopback (8900; 0 = any)")
    parser.add_argument(
        "--manifest", type=Path, help="the app's manifest (default: manifest.yml if there is one)"
    )
    parser.add_argument("--state", type=Path, help="file that keeps the workspace between runs")
    parser.add_argument(
        "--request-url", help="post signed callbacks to this address instead of Socket Mode"
    )
    parser.add_argument("--record", type=Path, help="append all exchanges to this file")
    parser.add_argument(
        "--workspaces",
        type=int,
        default=1,
        choices=range(1, 5),
        help="how many there are (1); the second is Acme, the others are an organisation's",
    )
    parser.add_argument("--refresh-minutes", type=float, help="ask the app to reconnect this often")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    refresh = None if options.refresh_minutes is None else options.refresh_minutes * 60
    simulator = Simulator(
        options.manifest,
        port=options.port,
        state_file=options.state,
        request_url=options.request_url,
        refresh_every=refresh,
        workspaces=(SECOND, *organisation())[: options.workspaces - 1],
    )
    if options.record is not None:
        simulator.record_to(options.record)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers
            loop.add_signal_handler(number, stop.set)
    async with simulator:
        lines = (
            f"Open             {simulator.url}",
            f"API base URL     {simulator.api_url}",
            f"Bot token        {simulator.bot_token}",
            f"App token        {simulator.app_token}",
            f"Signing secret   {simulator.signing_secret}",
            f"Client ID        {simulator.client_id}",
            f"Client secret    {simulator.client_secret}",
            "Stop with Ctrl-C.",
        )
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> int:
    """Serve until interrupted; 0 when stopped, 2 when it cannot start."""
    options = _parser().parse_args()
    if options.manifest is None and _MANIFEST.exists():
        options.manifest = _MANIFEST
    try:
        asyncio.run(_serve(options))
    except KeyboardInterrupt:
        return 0
    except (ManifestError, OSError) as error:
        sys.stderr.write(f"The simulator cannot start: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
