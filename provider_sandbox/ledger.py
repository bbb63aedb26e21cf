"""What the two services count: Plant.id credits in a month, Pl@ntNet requests in a UTC day."""

import datetime as dt
from collections.abc import Callable

KEPT_DAYS = 40  # a month window never looks further back


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class CreditMeter:
    def __init__(self, *, month_limit: float, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._start_limit = month_limit
        self._now = now
        self.reset()

    def reset(self) -> None:
        self.month_limit = self._start_limit
        self._spent: dict[dt.date, float] = {}
        self._spent_ever = 0.0

    @property
    def remaining(self) -> float:
        return max(0.0, self.month_limit - self.used_this_month)

    @property
    def used_this_month(self) -> float:
        today = self._now().date()
        return self._sum(lambda day: (day.year, day.month) == (today.year, today.month))

    def used(self) -> dict[str, float]:
        today = self._now().date()
        week = today.isocalendar()[:2]
        return {
            "day": self._spent.get(today, 0.0),
            "week": self._sum(lambda day: day.isocalendar()[:2] == week),
            "month": self.used_this_month,
            "total": self._spent_ever,
        }

    def spend(self, amount: float) -> None:
        today = self._now().date()
        self._spent[today] = self._spent.get(today, 0.0) + amount
        self._spent_ever += amount
        oldest = today - dt.timedelta(days=KEPT_DAYS)
        self._spent = {day: spent for day, spent in self._spent.items() if day >= oldest}

    def set_remaining(self, amount: float) -> None:
        """Leave this many credits: the rest of the limit counts as used, a larger number lifts the limit."""
        self.month_limit = max(self.month_limit, amount)
        self._spent = {self._now().date(): self.month_limit - amount}
        self._spent_ever = self.month_limit - amount

    def _sum(self, belongs: Callable[[dt.date], bool]) -> float:
        return sum((spent for day, spent in self._spent.items() if belongs(day)), 0.0)


class DailyQuota:
    def __init__(self, *, limit: int, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._start_limit = limit
        self._now = now
        self.reset()

    def reset(self) -> None:
        self.limit = self._start_limit
        self._counts: dict[dt.date, int] = {}

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.count(self.today))

    @property
    def today(self) -> dt.date:
        return self._now().date()

    @property
    def next_reset(self) -> dt.datetime:
        return dt.datetime.combine(self.today + dt.timedelta(days=1), dt.time(), tzinfo=dt.UTC)

    @property
    def seconds_to_reset(self) -> int:
        return max(1, round((self.next_reset - self._now()).total_seconds()))

    def count(self, day: dt.date) -> int:
        return self._counts.get(day, 0)

    def spend_one(self) -> None:
        oldest = self.today - dt.timedelta(days=KEPT_DAYS)
        self._counts = {day: count for day, count in self._counts.items() if day >= oldest}
        self._counts[self.today] = self.count(self.today) + 1

    def set_remaining(self, requests: int) -> None:
        self.limit = max(self.limit, requests)
        self._counts[self.today] = self.limit - requests
