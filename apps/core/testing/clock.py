"""Time that a test turns. Satisfies `apps.core.resilience.clock.Clock`."""


class FakeClock:
    """Stands still; sleeping and `advance` move it."""

    def __init__(self, wall: float = 1_800_000_000.0) -> None:
        self._wall_at_start = wall
        self._elapsed = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return 1_000.0 + self._elapsed

    def wall(self) -> float:
        return self._wall_at_start + self._elapsed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._elapsed += max(0.0, seconds)

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("time does not go back")
        self._elapsed += seconds
