"""How the Herbarium is protected, and how it counts."""

from apps.plant_identification.services.provider_spec import ProviderSpec
from apps.plant_identification.services.quota_rules import QuotaRule

from .parser import PROVIDER
from .service import HerbariumService

TIMEOUT_S = 10

HERBARIUM = ProviderSpec(
    name=PROVIDER,
    label="Herbarium",
    key_setting="HERBARIUM_API_KEY",
    url_setting="HERBARIUM_BASE_URL",
    service=HerbariumService,
    is_paid=False,
    timeout_s=TIMEOUT_S,
    circuit_name="herbarium_api",
    circuit_timeout_s=TIMEOUT_S,
    fail_max=3,
    reset_timeout_s=30,
    success_threshold=1,
    max_workers=16,
    max_queue=32,
    quota=QuotaRule(
        window="day",
        limit_setting="HERBARIUM_DAILY_QUOTA",
        health_cost=0,
        share_of="limit",
        warn_ratio=0.9,
    ),
)
