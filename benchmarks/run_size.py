"""Long runs for figures, short ones to see that everything still works."""

from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RunSize:
    is_quick: bool

    def pick(self, usual: T, quick: T) -> T:
        return quick if self.is_quick else usual

    @property
    def identifications(self) -> int:
        """Rows in the database while everything is measured."""
        return self.pick(1_000_000, 5_000)
