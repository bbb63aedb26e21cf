from dataclasses import dataclass


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
