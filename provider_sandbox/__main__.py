"""`python -m provider_sandbox`: serve until SIGTERM, SIGINT or, on request, the end of standard input."""

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from provider_sandbox.app import build_app

SHUTDOWN_S = 0.2  # held or dripping replies are cut off rather than waited for


def main() -> None:
    options = _parse_arguments()
    asyncio.run(_serve(options))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="provider_sandbox", description="Plant.id and Pl@ntNet without an account."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--plant-id-credits", type=float, default=100, metavar="N", help="credits a month")
    parser.add_argument("--plantnet-daily", type=int, default=500, metavar="N", help="requests a UTC day")
    parser.add_argument("--latency-s", type=float, default=0.0, metavar="X", help="time every identify takes")
    parser.add_argument(
        "--public-url", metavar="URL", help="base of addresses in replies (default: as called)"
    )
    parser.add_argument(
        "--exit-on-stdin-eof", action="store_true", help="end with the process that started it"
    )
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    app = build_app(
        plant_id_credits=options.plant_id_credits,
        plantnet_daily=options.plantnet_daily,
        latency_s=options.latency_s,
        public_url=options.public_url and options.public_url.rstrip("/"),
    )
    stopped = asyncio.Event()
    await _listen_for_the_end(stopped, watch_stdin=options.exit_on_stdin_eof)
    # Without cancellation a held or slow reply would stay in flight after its client has gone.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    await web.TCPSite(runner, options.host, options.port, backlog=1024).start()
    host, port = runner.addresses[0][:2]
    sys.stdout.write(f"provider sandbox ready on http://{f'[{host}]' if ':' in host else host}:{port}\n")
    sys.stdout.flush()
    await stopped.wait()
    await runner.cleanup()


async def _listen_for_the_end(stopped: asyncio.Event, *, watch_stdin: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if watch_stdin:
        await loop.connect_read_pipe(lambda: _EndOfInput(stopped), sys.stdin)


class _EndOfInput(asyncio.Protocol):
    def __init__(self, stopped: asyncio.Event) -> None:
        self._stopped = stopped

    def connection_lost(self, exc: Exception | None) -> None:
        self._stopped.set()


if __name__ == "__main__":
    main()
