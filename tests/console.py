"""Commands in documentation, run as a reader runs them: fenced `console` blocks, in their order.

In a block a line with `$ ` is a command, which goes on below where it ends with a backslash; the lines after
it are what it prints. `…` stands for what differs from run to run: within a line for anything, alone on a
line for any number of lines. A block below `<!-- not run: why -->` is shown and not run.
"""

import contextlib
import re
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n)?```console\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
PROMPT = "$ "
ANY_LINES = "…"
COMMAND_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Command:
    place: str  # file and line, as editors open it
    text: str
    shown: tuple[str, ...]
    why_not_run: str | None

    def explain(self, printed: list[str]) -> str:
        shown = "\n".join(f"  | {line}" for line in self.shown)
        said = "\n".join(f"  | {line}" for line in printed)
        return f"{self.place}: {self.text}\n shown\n{shown}\n printed\n{said}\n"


def read_commands(text: str, name: str) -> Iterator[Command]:
    for block in BLOCK.finditer(text):
        first_line = text.count("\n", 0, block.start("body")) + 1
        yield from _commands_of(block["body"].splitlines(), name, first_line, block["why"])


def _commands_of(lines: list[str], name: str, first_line: int, why: str | None) -> Iterator[Command]:
    starts = [number for number, line in enumerate(lines) if line.startswith(PROMPT)]
    if not starts or starts[0] != 0:
        raise ValueError(f"{name}:{first_line}: a console block begins with a command")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        last = start
        while lines[last].endswith("\\"):
            last += 1
        command = "\n".join(lines[start : last + 1]).removeprefix(PROMPT)
        yield Command(f"{name}:{first_line + start}", command, tuple(lines[last + 1 : end]), why)


def is_as_shown(shown: tuple[str, ...], printed: list[str]) -> bool:
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == ANY_LINES else _pattern_of(line) + r"\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def _pattern_of(line: str) -> str:
    return ".*?".join(re.escape(part) for part in line.rstrip().split(ANY_LINES))


class Shell:
    """One bash for a whole document: what a command sets, the next one finds."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bash.kill()
        self._bash.wait()
        for stream in (self._bash.stdin, self._bash.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def run(self, command: str) -> list[str]:
        """What it prints, without blanks at the ends of lines and without empty lines at the end.

        Raises:
            TimeoutError: the shell ended, or was ended because the command did not.
        """
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        mark = f"end-of-command-{uuid.uuid4().hex}"
        timer = threading.Timer(COMMAND_TIMEOUT_S, self._bash.kill)
        timer.start()
        try:
            self._bash.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '\\n%s\\n' {mark}\n")
            self._bash.stdin.flush()
            printed: list[str] = []
            for line in self._bash.stdout:
                if line.rstrip("\n") == mark:
                    return "\n".join(printed).rstrip().splitlines()
                printed.append(line.rstrip())
        finally:
            timer.cancel()
        raise TimeoutError(f"{command}\nprinted so far: {printed}")
