"""Damages photos in every way it knows, and looks for an answer that is neither a picture nor a refusal.

    python -m tests.fuzz_photos --minutes 60 --seed 1

Each photo is prepared in another process, so that a crash or a hang of a decoder is seen; with
`--server-every 50` each fiftieth is also sent to a real server. What was found is written into `--keep`, and
the same seed finds it again.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from tests.photos.fuzzing import Fuzzer


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fuzz_for(fuzzer: "Fuzzer", minutes: float) -> None:
    started = time.monotonic()
    tried = fuzzer.run(lambda _: time.monotonic() - started < 60 * minutes)
    took_s = time.monotonic() - started
    say(f"{tried} photos in {took_s:.0f} s, {tried / took_s:.0f} a second; {fuzzer.sent} of them to a server")
    say(f"most for one photo: {fuzzer.most_cpu_s:.2f} s, {fuzzer.most_bytes / 1e6:.0f} MB")
    for outcome, count in fuzzer.outcomes.most_common():
        say(f"{count:8} {outcome}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-photos")
    parser.add_argument("--server-every", type=int, default=0, help="how many go by between two to a server")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.test")
    django.setup()
    from tests.photos.fuzzing import Fuzzer

    say(f"seed {options.seed}")
    fuzzer = Fuzzer(seed=options.seed, keep=options.keep, send_every=options.server_every or 1)
    if options.server_every:
        _fuzz_with_server(fuzzer, options.minutes)
    else:
        fuzz_for(fuzzer, options.minutes)
    for finding in fuzzer.findings:
        say(f"FOUND {finding}")
    return 1 if fuzzer.findings else 0


def _fuzz_with_server(fuzzer: "Fuzzer", minutes: float) -> None:
    from tests.fleet import running_fleet

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user where this runs as root
        with running_fleet(Path(folder), servers=1) as fleet:
            fuzzer.send = lambda content: fleet.servers[0].identify(content).status_code
            fuzz_for(fuzzer, minutes)


if __name__ == "__main__":
    sys.exit(main())
