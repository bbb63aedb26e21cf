"""The web servers as they ship, read from Dockerfile and docker-compose.yml: what is measured runs."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from devstack.bootstrap import ROOT

_COMMAND = re.compile(r"^CMD (\[.*?\])$", re.MULTILINE | re.DOTALL)
_REPLICAS = re.compile(r"^ {6}replicas: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Layout:
    """How many single-process servers there are, and which command starts each."""

    command: tuple[str, ...]
    workers: int

    def on_port(self, port: int) -> list[str]:
        """The command for this machine, reachable from it alone."""
        words = list(self.command)
        words[words.index("--host") + 1] = "127.0.0.1"
        words[words.index("--port") + 1] = str(port)
        return [sys.executable, "-m", *words]

    @property
    def environment(self) -> Mapping[str, str]:
        return {"GRANIAN_WORKERS": "1", "WEB_PROCESSES": str(self.workers)}


def shipped_layout() -> Layout:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    commands = _COMMAND.findall(text.replace("\\\n", ""))
    (replicas,) = _REPLICAS.findall((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return Layout(command=tuple(json.loads(commands[-1])), workers=int(replicas))
