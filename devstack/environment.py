"""What `make run` reads from the environment, and what the product's processes get."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import StackError

SANDBOX_KEY = "sandbox"
"""The key both services get in sandbox mode; never a real one."""

KEYS = ("PLANT_ID_API_KEY", "PLANTNET_API_KEY")
"""One that is real turns the sandbox off."""

OTHER_KEYS = ("TREFLE_API_KEY", "CARE_MODEL_API_KEY")
"""Where the sandbox stands in for identification, it does for these services too, whatever the key."""

EXPORTED = (
    "DATABASE_URL",
    "REDIS_URL",
    "PROVIDER_SANDBOX",
    "PROVIDER_SANDBOX_URL",
    "PLANT_ID_BASE_URL",
    "PLANTNET_BASE_URL",
    "PLANT_ID_API_KEY",
    "PLANTNET_API_KEY",
    "TREFLE_BASE_URL",
    "TREFLE_API_KEY",
    "CARE_MODEL_BASE_URL",
    "CARE_MODEL_API_KEY",
    "DJANGO_SETTINGS_MODULE",
    "SITE_URL",
    "MEDIA_ROOT",
    "PHOTO_ROOT",
)
"""What `devstack env` prints, so that a shell reaches the same stack. Keys of one's own are left out."""


@dataclass(frozen=True, slots=True)
class Options:
    port: int
    directory: Path
    database_url: str
    redis_url: str
    has_real_key: bool

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def read_options(environ: Mapping[str, str]) -> Options:
    """
    Raises:
        StackError: a value cannot be used.
    """
    port = environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise StackError(f"PORT is {port!r}, but a port is a number from 1 to 65535.")
    keys = [environ.get(name) for name in KEYS]
    return Options(
        port=int(port),
        directory=Path(environ.get("DEVSTACK_DIR") or ".devstack").absolute(),
        database_url=environ.get("DATABASE_URL", ""),
        redis_url=environ.get("REDIS_URL", ""),
        has_real_key=any(key and key != SANDBOX_KEY for key in keys),
    )


def keys_in_file(path: Path) -> dict[str, str]:
    """The services' keys in `.env`, which the product's processes read as well.

    Nothing else of it counts here: its database is that of another installation.
    """
    from environ import Env

    class File(Env):  # type: ignore[misc]  # django-environ has no types
        ENVIRON: dict[str, str] = {}

    File.read_env(path)
    return {name: value for name, value in File.ENVIRON.items() if name in KEYS}


def base_environment(*, database_url: str, redis_url: str, settings: str) -> dict[str, str]:
    """The user's variables and the servers, for a Django process."""
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DJANGO_SETTINGS_MODULE": f"plant_community_backend.settings.{settings}",
        "READ_DOTENV": "0",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",  # a machine without a locale would read and print ASCII alone
    }


def sandbox_environment(url: str) -> dict[str, str]:
    """The services' addresses and keys when the sandbox at `url` stands in for them."""
    return {
        "PROVIDER_SANDBOX": "1",
        "PROVIDER_SANDBOX_URL": url,
        "PLANT_ID_BASE_URL": f"{url}/plant_id/api/v3",
        "PLANTNET_BASE_URL": f"{url}/plantnet/v2",
        "PLANT_ID_API_KEY": SANDBOX_KEY,
        "PLANTNET_API_KEY": SANDBOX_KEY,
        "TREFLE_BASE_URL": f"{url}/trefle/api/v1",
        "TREFLE_API_KEY": SANDBOX_KEY,
        "CARE_MODEL_BASE_URL": f"{url}/language_model/v1",
        "CARE_MODEL_API_KEY": SANDBOX_KEY,
        "GOOGLE_OAUTH_ISSUER": f"{url}/google",
        "GOOGLE_OAUTH_CLIENT_ID": SANDBOX_KEY,
        "GOOGLE_OAUTH_CLIENT_SECRET": SANDBOX_KEY,
        "BREACHED_PASSWORDS_URL": f"{url}/pwned_passwords/range",
    }


def place_environment(options: Options) -> dict[str, str]:
    """This stack's own address and folders, where the user did not choose others."""
    own = {
        "SITE_URL": options.address,
        "MEDIA_ROOT": str(options.directory / "media"),
        "PHOTO_ROOT": str(options.directory / "photos"),
        "PROMETHEUS_MULTIPROC_DIR": str(options.directory / "metrics"),
    }
    return {name: os.environ.get(name) or value for name, value in own.items()}


def exports(environment: Mapping[str, str], *, with_sandbox: bool) -> dict[str, str]:
    names = [name for name in EXPORTED if with_sandbox or not name.endswith("_API_KEY")]
    return {name: environment[name] for name in names if name in environment}
