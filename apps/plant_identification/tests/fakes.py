"""A provider that answers what a test wants, and counts what it is asked."""

import threading
from dataclasses import dataclass, field

from apps.core.resilience.breaker import BreakerPolicy, SharedBreaker
from apps.core.resilience.shared_cache import SharedCache
from apps.core.resilience.single_flight import SingleFlight
from apps.plant_identification.exceptions import ProviderRefusedPhoto
from apps.plant_identification.services.provider import ProviderUsage
from apps.plant_identification.services.provider_call import ProviderCall
from apps.plant_identification.services.quota import QuotaLedger
from apps.plant_identification.services.quota_rules import PLANT_ID_RULE
from apps.plant_identification.services.registry import FLIGHT_POLICY, NEUTRAL
from apps.plant_identification.types import (
    HealthAssessment,
    Options,
    PreparedPhoto,
    ProviderReply,
    ProviderSuggestion,
    Question,
)


def make_question(digest="d" * 64, **options):
    return Question(
        digest=digest,
        photo_digest=digest,
        photos=(PreparedPhoto(content=b"jpeg"),),
        options=Options(**options),
    )


def make_reply(name="Ficus lyrata", score=0.9, *, provider="fake", healthy=None):
    return ProviderReply(
        provider=provider,
        model_version="fake:1",
        is_plant=True,
        suggestions=(ProviderSuggestion(scientific_name=name, rank="species", score=score),),
        health=None if healthy is None else HealthAssessment(is_healthy=healthy, probability=0.9),
        access_token="token",
    )


@dataclass
class FakeProvider:
    name: str = "fake"
    host: str = "fake.test"
    api_version: str = "v1"
    parser_version: int = 1
    looks_at_organs: bool = False
    assesses_health: bool = True
    fails_with: Exception | None = None
    lost_reply: ProviderReply | None = None
    identified: list = field(default_factory=list)
    fetched: list = field(default_factory=list)

    def spell_options(self, options, *, with_health):
        return f"{options.language}:{'health' if with_health else 'plain'}"

    def identify(self, question, *, custom_id, with_health, deadline):
        self.identified.append((custom_id, with_health))
        if self.fails_with is not None:
            raise self.fails_with
        return make_reply(provider=self.name, healthy=True if with_health else None)

    def fetch_again(self, *, custom_id, access_token, options, deadline):
        self.fetched.append((custom_id, access_token))
        return self.lost_reply

    def delete(self, *, access_token, deadline):
        pass

    def usage(self, *, deadline):
        return ProviderUsage()


def make_call(provider, *, cache=None, rule=PLANT_ID_RULE, fail_max=3):
    cache = cache or SharedCache()
    return ProviderCall(
        provider=provider,
        circuit=SharedBreaker(
            f"{provider.name}_test",
            BreakerPolicy(fail_max=fail_max, reset_timeout_s=60),
            neutral=NEUTRAL,
            exclude=[ProviderRefusedPhoto],
            redis=lambda: None,
        ),
        ledger=QuotaLedger(account=f"{provider.name}@{provider.host}", rule=rule),
        cache=cache,
        flight=SingleFlight(cache, FLIGHT_POLICY),
        timeout_s=5,
        ledger_turns=threading.Semaphore(4),
    )
