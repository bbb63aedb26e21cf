"""What every identification service looks like from the inside."""

from dataclasses import dataclass
from typing import Protocol

from apps.core.resilience.clock import Deadline
from apps.plant_identification.types import Options, ProviderReply, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderUsage:
    """What the service says about its current quota window. `None`: no limit, or not said."""

    used: int | None = None
    limit: int | None = None
    remaining: int | None = None


class Provider(Protocol):
    """A service that names plants.

    Every method ends when `deadline` does and raises nothing but a `ProviderError`, whose text holds
    neither a key nor an address.
    """

    @property
    def name(self) -> str: ...

    @property
    def host(self) -> str:
        """Host of the base URL, with its port if one is given: keeps the sandbox's answers apart."""

    @property
    def api_version(self) -> str: ...

    @property
    def looks_at_organs(self) -> bool:
        """Whether the organs change its reply."""

    @property
    def assesses_health(self) -> bool:
        """Whether it can say how the plant is; only then is it ever asked `with_health`."""

    @property
    def parser_version(self) -> int:
        """Changes whenever the same body would be read differently; part of the cache key."""

    def spell_options(self, options: Options, *, with_health: bool) -> str:
        """The options that change this provider's reply, and no others: the cache key's last part."""

    def identify(
        self, question: Question, *, custom_id: int, with_health: bool, deadline: Deadline
    ) -> ProviderReply:
        """Ask, which costs quota. `custom_id` is our own handle for a reply that gets lost."""

    def fetch_again(
        self, *, custom_id: int, access_token: str | None, options: Options, deadline: Deadline
    ) -> ProviderReply | None:
        """A reply that was paid for before, in any language, free. `None` where the service has none."""

    def delete(self, *, access_token: str, deadline: Deadline) -> None:
        """Remove the service's copy. Does nothing where the service keeps or offers none."""

    def usage(self, *, deadline: Deadline) -> ProviderUsage: ...
