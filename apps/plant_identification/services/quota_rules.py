"""How each service counts what it lets us have."""

from dataclasses import dataclass
from typing import Literal

from apps.plant_identification import constants


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRule:
    """How one service counts: per UTC day or month, one unit a photo, one more where health is paid."""

    window: Literal["day", "month"]
    limit_setting: str
    health_cost: int
    share_of: Literal["limit", "remaining"]
    warn_ratio: float


PLANT_ID_RULE = QuotaRule(
    window="month",
    limit_setting="PLANT_ID_MONTHLY_QUOTA",
    health_cost=1,
    share_of="remaining",
    warn_ratio=constants.PLANT_ID_WARN_RATIO,
)
PLANTNET_RULE = QuotaRule(
    window="day",
    limit_setting="PLANTNET_DAILY_QUOTA",
    health_cost=0,
    share_of="limit",
    warn_ratio=constants.PLANTNET_WARN_RATIO,
)
