"""`python -m devstack run` and its sisters: what the Makefile calls, with any Python from 3.11 on."""

import sys

# The rest of this file has to be readable to an older Python, or it could not even say so.
if sys.version_info < (3, 11):  # noqa: UP036 - this line is for whoever starts it with an older one
    sys.exit("Python 3.11 or newer is needed, and this is %d.%d." % sys.version_info[:2])  # noqa: UP031

import argparse
import os
import shlex
from collections.abc import Sequence

from devstack import bootstrap
from devstack.environment import Options, keys_in_file, read_options
from devstack.errors import StackError
from devstack.processes import check_port
from devstack.state import StateFolder


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="devstack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start everything and wait for Ctrl-C")
    commands.add_parser("test", help="run the tests; further arguments go to pytest", add_help=False)
    commands.add_parser("check", help="run everything continuous integration runs")
    commands.add_parser("install", help="make or complete the environment with all development tools")
    commands.add_parser("env", help="print the running stack's variables for a shell")
    commands.add_parser("reset", help="delete this stack's data, so that the next start begins anew")
    commands.add_parser("clean", help="delete the environment, caches and this stack's data")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "test":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return _dispatch(options.command, rest, arguments)
    except StackError as problem:
        print(f"devstack: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("devstack: interrupted; the next start takes up what is unfinished.", file=sys.stderr)
        return 130


def _dispatch(command: str, rest: Sequence[str], arguments: Sequence[str]) -> int:
    options = read_options(os.environ)
    if command == "env":
        return _print_exports(options)
    if command in {"clean", "reset"}:
        from devstack import cleaning

        return cleaning.clean(options) if command == "clean" else cleaning.reset(options)
    if command == "run":
        return _run(options, arguments)
    bootstrap.enter("dev", arguments)
    if command == "test":
        from devstack.suite import run_tests

        return run_tests(rest)
    if command == "check":
        from devstack.check import run_checks

        return run_checks()
    return 0


def _run(options: Options, arguments: Sequence[str]) -> int:
    if not bootstrap.is_finished("run") and not options.directory.exists():
        # Said before a minute of installing. With a folder that was used, an earlier run may hold the port.
        check_port(options.port)
    bootstrap.enter("run", arguments)
    from devstack.run import run_stack

    return run_stack(read_options({**keys_in_file(bootstrap.ROOT / ".env"), **os.environ}))


def _print_exports(options: Options) -> int:
    folder = StateFolder(options.directory)
    state = folder.load() if folder.is_held else None
    if state is None or not state.address:
        raise StackError(f"No stack is running in {options.directory}; start one with make run.")
    for name, value in state.exports.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
