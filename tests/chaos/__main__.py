import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

import django


def main() -> int:
    """Returns 0 when the witness saw nothing wrong."""
    parser = argparse.ArgumentParser(prog="chaos", description="Faults in turn, under a steady load.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--short", action="store_true", help="each kind of fault once, without long waits")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--only", default="", help="of the long form: faults whose name this pattern fits")
    parser.add_argument("--keep", type=Path, help="a folder for the logs of all processes")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plant_community_backend.settings.test")
    django.setup()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        return _run(options, options.keep)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user where this runs as root
        return _run(options, Path(folder))


def _run(options: argparse.Namespace, folder: Path) -> int:
    from tests.chaos.report import say, verdict
    from tests.chaos.run import run_long, run_short

    if options.short:
        found = run_short(folder, seed=options.seed)
        again = f"python -m tests.chaos --short --seed {options.seed}"
    else:
        found = run_long(folder, seed=options.seed, minutes=options.minutes, only=options.only)
        again = f"make chaos MINUTES={options.minutes:g} SEED={options.seed}"
    for line in verdict(found, again):
        say(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
