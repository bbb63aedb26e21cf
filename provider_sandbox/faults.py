"""Faults on demand: what can be set, how it is checked, and which ones strike a given request."""

import enum
import random
from dataclasses import dataclass, field
from typing import Any

from provider_sandbox.catalogue import load_catalogue
from provider_sandbox.outcomes import Forced, Kind

MAX_FAULTS = 64
MAX_SECONDS = 600.0
MAX_BODY_BYTES = 64 * 1024 * 1024
DEFAULT_OVERSIZED_BYTES = 20 * 1024 * 1024
DEFAULT_DRIP_S = 0.5


class Group(enum.Enum):
    """At most one fault of each group strikes a request, except delays, which add up."""

    DELAY = enum.auto()
    OUTCOME = enum.auto()
    REPLACEMENT = enum.auto()  # another reply in place of the service's; the service never saw the photo
    DELIVERY = enum.auto()  # the service's own reply, charged and stored, damaged on its way


GROUPS = {
    "latency": Group.DELAY,
    "jitter": Group.DELAY,
    "outcome": Group.OUTCOME,
    "not_a_plant": Group.OUTCOME,
    "refusal": Group.OUTCOME,
    "length_cut": Group.OUTCOME,
    "status": Group.REPLACEMENT,
    "plain_text": Group.REPLACEMENT,
    "html": Group.REPLACEMENT,
    "junk_json": Group.REPLACEMENT,
    "oversized": Group.REPLACEMENT,
    "drop": Group.REPLACEMENT,
    "drop_after_request": Group.DELIVERY,
    "truncated": Group.DELIVERY,
    "slow_drip": Group.DELIVERY,
    "headers_drip": Group.DELIVERY,
}
OPERATIONS = ("identify", "get", "delete", "feedback", "usage_info", "other")


class BadFault(ValueError):
    """The control API was asked for a fault that does not exist or makes no sense."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The checked value of a fault; only the fields its kind reads are set."""

    min_s: float = 0.0
    max_s: float = 0.0
    status: int | None = None
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    size_bytes: int = 0
    chunk_bytes: int = 1
    forced: Forced | None = None


@dataclass(slots=True)
class Fault:
    kind: str
    recipe: Recipe
    match: str
    calls_left: int | None

    @property
    def group(self) -> Group:
        return GROUPS[self.kind]

    def strikes(self, operation: str, path: str) -> bool:
        if self.calls_left == 0:
            return False
        return self.match in ("any", operation) or (
            self.match.startswith("/") and path.startswith(self.match)
        )


@dataclass(slots=True)
class Disturbance:
    """What happens to one request."""

    delay_s: float = 0.0
    forced: Forced | None = None
    replacement: Fault | None = None
    delivery: Fault | None = None


class FaultPlan:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def clear(self) -> None:
        self._faults.clear()

    def add(self, fault: Fault) -> None:
        self._faults = [known for known in self._faults if known.calls_left != 0]
        if len(self._faults) >= MAX_FAULTS:
            raise BadFault(f"more than {MAX_FAULTS} faults at once")
        self._faults.append(fault)

    def take(self, *, operation: str, path: str) -> Disturbance:
        """Decide for one request, and use up one call of each fault that strikes it."""
        disturbance = Disturbance()
        taken: set[Group] = set()
        for fault in self._faults:
            if not fault.strikes(operation, path) or fault.group in taken:
                continue
            if fault.group is Group.DELAY:
                disturbance.delay_s += random.uniform(fault.recipe.min_s, fault.recipe.max_s)
            else:
                taken.add(fault.group)
                _apply(fault, disturbance)
            if fault.calls_left is not None:
                fault.calls_left -= 1
        return disturbance


def _apply(fault: Fault, disturbance: Disturbance) -> None:
    if fault.group is Group.OUTCOME:
        disturbance.forced = fault.recipe.forced
    elif fault.group is Group.REPLACEMENT:
        disturbance.replacement = fault
    else:
        disturbance.delivery = fault


def read_fault(order: dict[str, Any]) -> Fault:
    """Raises BadFault with a sentence that says what is wrong."""
    unknown = set(order) - {"provider", "kind", "value", "calls", "match"}
    if unknown:
        raise BadFault(f"unknown fields: {', '.join(sorted(unknown))}")
    kind = order.get("kind")
    if kind not in GROUPS:
        raise BadFault(f"kind must be one of {', '.join(GROUPS)}")
    calls = order.get("calls")
    if calls is not None and (not isinstance(calls, int) or isinstance(calls, bool) or calls < 1):
        raise BadFault("calls must be a whole number from 1, or null for until reset")
    match = order.get("match", "identify")
    if not isinstance(match, str) or (match not in (*OPERATIONS, "any") and not match.startswith("/")):
        raise BadFault(f"match must be any, {', '.join(OPERATIONS)} or the beginning of a path")
    return Fault(kind, _read_recipe(kind, order.get("value")), match, calls)


def _read_recipe(kind: str, value: Any) -> Recipe:
    match kind:
        case "latency":
            seconds = _seconds(value)
            return Recipe(min_s=seconds, max_s=seconds)
        case "jitter":
            return _read_jitter(value)
        case "slow_drip" | "headers_drip":
            return _read_drip(value)
        case "status":
            return _read_status(value)
        case "plain_text" | "html" | "junk_json":
            return _read_replacement(value)
        case "oversized":
            return Recipe(size_bytes=_whole(value, DEFAULT_OVERSIZED_BYTES, MAX_BODY_BYTES, "size in bytes"))
        case "outcome":
            return Recipe(forced=_read_outcome(value))
        case "not_a_plant":
            _no_value(kind, value)
            return Recipe(forced=Forced(kind=Kind.NOT_A_PLANT))
        case "refusal" | "length_cut":
            _no_value(kind, value)
            return Recipe(forced=Forced(ending=kind))
        case _:
            _no_value(kind, value)
            return Recipe()


def _read_jitter(value: Any) -> Recipe:
    if isinstance(value, list) and len(value) == 2:
        low, high = _seconds(value[0]), _seconds(value[1])
        if low > high:
            raise BadFault("jitter: the first number is the smaller one")
        return Recipe(min_s=low, max_s=high)
    return Recipe(max_s=_seconds(value))


def _read_drip(value: Any) -> Recipe:
    """Seconds between two pieces, or `{"interval_s": …, "chunk_bytes": …}`."""
    if value is None:
        return Recipe(min_s=DEFAULT_DRIP_S)
    if isinstance(value, dict):
        chunk = _whole(value.get("chunk_bytes"), 1, MAX_BODY_BYTES, "chunk_bytes")
        return Recipe(min_s=_seconds(value.get("interval_s", DEFAULT_DRIP_S)), chunk_bytes=chunk)
    return Recipe(min_s=_seconds(value))


def _read_status(value: Any) -> Recipe:
    order = {"status": value} if isinstance(value, int) else value
    if not isinstance(order, dict) or "status" not in order:
        raise BadFault('status: value is a number or {"status": …, "body": …, "headers": {…}}')
    return _read_replacement(order)


def _read_replacement(value: Any) -> Recipe:
    """A body, or `{"status": …, "body": …, "headers": {…}}` with every member optional."""
    order = {"body": value} if isinstance(value, str) else (value or {})
    if not isinstance(order, dict) or set(order) - {"status", "body", "headers"}:
        raise BadFault("value is a text or an object of status, body and headers")
    status = order.get("status")
    if status is not None and (not isinstance(status, int) or not 200 <= status <= 599):
        raise BadFault("status must be a number from 200 to 599")
    body = order.get("body")
    if body is not None and not isinstance(body, str):
        raise BadFault("body must be a text")
    headers = order.get("headers", {})
    if not isinstance(headers, dict) or any(
        not isinstance(text, str) or "\r" in text or "\n" in text for pair in headers.items() for text in pair
    ):
        raise BadFault("headers must be an object of one-line texts")
    return Recipe(status=status, body=body, headers=headers)


def _read_outcome(value: Any) -> Forced:
    order = {"outcome": value} if isinstance(value, str) else value
    if not isinstance(order, dict) or not order or set(order) - {"outcome", "species", "confidence"}:
        raise BadFault("outcome: value is a name or an object of outcome, species and confidence")
    name, species, confidence = order.get("outcome"), order.get("species"), order.get("confidence")
    if name is not None and name not in list(Kind):
        raise BadFault(f"outcome must be one of {', '.join(Kind)}")
    if species is not None and load_catalogue().find(species) is None:
        raise BadFault(f"species {species!r} is not in the catalogue")
    if confidence is not None and (not isinstance(confidence, (int, float)) or not 0 < confidence < 1):
        raise BadFault("confidence must be a number between 0 and 1")
    return Forced(kind=Kind(name) if name else None, species=species, confidence=confidence)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_SECONDS:
        raise BadFault(f"seconds must be a number from 0 to {MAX_SECONDS:g}")
    return float(value)


def _whole(value: Any, default: int, most: int, what: str) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadFault(f"{what} must be a whole number from 1 to {most}")
    return value


def _no_value(kind: str, value: Any) -> None:
    if value is not None:
        raise BadFault(f"{kind} takes no value")
