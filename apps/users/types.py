from dataclasses import dataclass
from enum import StrEnum


class ApiKeyScope(StrEnum):
    IDENTIFY = "identify"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Client:
    """Who is at the other end, as far as the connection tells."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Registration:
    email: str
    password: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""
