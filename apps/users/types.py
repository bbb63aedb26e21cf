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
    name: str = ""
    """For people who look at their sign-ins: `Firefox on Windows`. Made of our own words only."""
    device: str = ""
    """The token this device was given when somebody last signed in on it."""


class Delivery(StrEnum):
    """How a client gets its tokens."""

    COOKIES = "cookies"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: str
    refresh: str


@dataclass(frozen=True, slots=True)
class SecondFactorNeeded:
    """The first step was right. Who has the ticket and a code is signed in by `finish_sign_in`."""

    ticket: str
    expires_in_s: int


@dataclass(frozen=True, slots=True)
class Registration:
    email: str
    password: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""
