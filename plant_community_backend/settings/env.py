"""The only reader of the environment. Everything else reads `django.conf.settings`."""

from pathlib import Path
from typing import Any

import environ

BASE_DIR = Path(__file__).resolve().parents[2]


class Environment(environ.Env):  # type: ignore[misc]
    """A variable that is there but empty was not set: compose files and CI systems pass them so."""

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **rest: Any) -> Any:
        if default is not self.NOTSET and self.ENVIRON.get(var) == "":
            return default
        return super().get_value(var, cast=cast, default=default, **rest)


env = Environment()
if env.bool("READ_DOTENV", default=True):  # the tests, and `make run`, must not meet a server's settings
    Environment.read_env(BASE_DIR / ".env")  # real variables win over the file


def names(variable: str, default: str = "") -> list[str]:
    """A comma-separated list, without blanks."""
    return [name.strip() for name in env.str(variable, default=default).split(",") if name.strip()]
