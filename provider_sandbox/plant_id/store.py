import datetime as dt
import secrets
import string
from collections import OrderedDict
from dataclasses import dataclass, field

from provider_sandbox.outcomes import Outcome
from provider_sandbox.plant_id.orders import Order

KEPT_IDENTIFICATIONS = 10_000
TOKEN_LETTERS = string.ascii_letters + string.digits


@dataclass(slots=True)
class Identification:
    """What is needed to write the same reply again with other details; the photo itself is not kept."""

    order: Order
    outcome: Outcome
    has_health: bool
    created: dt.datetime
    completed: dt.datetime
    access_token: str = field(
        default_factory=lambda: "".join(secrets.choice(TOKEN_LETTERS) for _ in range(15))
    )
    feedback: dict[str, int | str] | None = None

    @property
    def custom_id(self) -> int | None:
        return self.order.custom_id


class IdentificationStore:
    def __init__(self, *, limit: int = KEPT_IDENTIFICATIONS) -> None:
        self._limit = limit
        self._by_token: OrderedDict[str, Identification] = OrderedDict()
        self._by_custom_id: dict[int, Identification] = {}

    def __len__(self) -> int:
        return len(self._by_token)

    def clear(self) -> None:
        self._by_token.clear()
        self._by_custom_id.clear()

    def add(self, identification: Identification) -> None:
        self._by_token[identification.access_token] = identification
        if identification.custom_id is not None:
            self._by_custom_id[identification.custom_id] = identification  # the newest one answers
        while len(self._by_token) > self._limit:
            self.remove(next(iter(self._by_token.values())))

    def find(self, handle: str) -> Identification | None:
        """By access token, else by custom id."""
        found = self._by_token.get(handle)
        if found is None and handle.removeprefix("-").isdecimal() and len(handle) <= 20:
            found = self._by_custom_id.get(int(handle))
        return found

    def remove(self, identification: Identification) -> None:
        self._by_token.pop(identification.access_token, None)
        custom_id = identification.custom_id
        if custom_id is not None and self._by_custom_id.get(custom_id) is identification:
            del self._by_custom_id[custom_id]
