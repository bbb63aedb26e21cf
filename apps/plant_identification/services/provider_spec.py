"""What is the same for a provider wherever it runs. One such value makes a service a part of the product."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from apps.plant_identification.services.provider import Provider
from apps.plant_identification.services.quota_rules import QuotaRule

# Stored in columns of ten characters, and shown in the answer beside these words.
_NAME = re.compile(r"[a-z][a-z0-9_]{1,9}")
_TAKEN = {"combined", "redis", "database", "celery"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSpec:
    """Times in seconds. `name` is what clients read, `label` what people read."""

    name: str
    label: str
    key_setting: str
    url_setting: str
    service: Callable[..., Provider]
    is_paid: bool
    timeout_s: float
    circuit_name: str
    circuit_timeout_s: float  # how long a trial may take before its place is given away
    fail_max: int
    reset_timeout_s: int
    success_threshold: int
    max_workers: int
    max_queue: int
    quota: QuotaRule

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in _TAKEN:
            raise ValueError(
                f"{self.name!r} is no name for a provider: 2 to 10 lower-case letters, digits and "
                f"underscores, and none of {', '.join(sorted(_TAKEN))}"
            )

    @property
    def settings(self) -> frozenset[str]:
        """The names of the settings that a registry is built from."""
        return frozenset({self.key_setting, self.url_setting, self.quota.limit_setting})
