"""What was asked, when, and what came back."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["new", "repeat", "pair", "bad", "read", "delete"]
IDENTIFYING = ("new", "repeat", "pair")
PROVIDERS = ("plant_id", "plantnet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request to be made. `number` is the photo's, or that of the bad upload."""

    kind: Kind
    number: int
    server: int
    caller: int | None
    wants_queue: bool = False
    language: str = "en"


@dataclass(slots=True, kw_only=True)
class Visit:
    """One request and its outcome: an answer, or the reason why none came. Moments are monotonic seconds."""

    order: Order
    began: float
    ended: float = 0.0
    record: str = ""  # the record's id: told in an answer, or asked for
    status: int | None = None
    retry_after: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    lost: str = ""
    broken: str = ""

    @property
    def waited_s(self) -> float:
        return self.ended - self.began

    @property
    def is_accepted(self) -> bool:
        return self.order.kind in IDENTIFYING and self.status in {200, 202}

    @property
    def outcome(self) -> str:
        """What the table counts it as."""
        if self.lost:
            return "lost"
        if self.is_accepted:
            return str(self.told["status"])
        return str(self.status)

    @property
    def is_fresh_and_complete(self) -> bool:
        return self.outcome == "complete" and self.told["cache"] == "miss"

    def __str__(self) -> str:
        order = self.order
        what = f"{order.kind} {order.number} at web {order.server}"
        return f"{what}, {self.outcome} after {self.waited_s:.1f} s {self.lost}{self.record}".rstrip()


def essence(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the witness needs of an answer: a long run gives very many."""
    suggestions = document.get("suggestions", [])
    names = ("id", "status", "cache", "plant_name", "confidence", "is_plant", "code")
    return {
        **{name: document.get(name) for name in names},
        "healthy": (document.get("disease_detection") or {}).get("is_healthy"),
        "states": {provider["name"]: provider["state"] for provider in document.get("providers", [])},
        "scores": {
            name: [s["provider_scores"][name] for s in suggestions if s["provider_scores"].get(name)]
            for name in PROVIDERS
        },
    }


class Journal:
    def __init__(self) -> None:
        self._visits: list[Visit] = []
        self._changed = threading.Condition()

    def add(self, visit: Visit) -> None:
        with self._changed:
            self._visits.append(visit)
            self._changed.notify_all()

    def visits(self) -> list[Visit]:
        with self._changed:
            return list(self._visits)

    def wait_for_news(self, timeout_s: float) -> None:
        with self._changed:
            self._changed.wait(timeout_s)
