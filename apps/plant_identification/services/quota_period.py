"""Where a moment falls in a service's counting."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaPeriod:
    """The window and the day of one moment, in UTC.

    Whoever books reads the clock once and keeps this: midnight may pass before the booking is done.
    """

    moment: datetime
    starts_on: date
    ends_on: date  # the next window's first day

    @classmethod
    def of(cls, moment: datetime, *, window: Literal["day", "month"]) -> Self:
        moment = moment.astimezone(UTC)
        day = moment.date()
        if window == "day":
            return cls(moment=moment, starts_on=day, ends_on=day + timedelta(days=1))
        first = day.replace(day=1)
        return cls(moment=moment, starts_on=first, ends_on=(first + timedelta(days=32)).replace(day=1))

    @property
    def day(self) -> date:
        return self.moment.date()

    @property
    def ends_at(self) -> datetime:
        return _midnight(self.ends_on)

    @property
    def left_of_window_s(self) -> float:
        return (self.ends_at - self.moment).total_seconds()

    @property
    def left_of_day_s(self) -> float:
        return (_midnight(self.day + timedelta(days=1)) - self.moment).total_seconds()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
