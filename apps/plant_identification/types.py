"""What the parts of an identification hand each other. Frozen, plain, JSON-able with msgspec."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from apps.core.images import Fingerprint

Rank = Literal["species", "genus", "infraspecies"]
Source = str  # a provider's name, or "combined"
Agreement = Literal["both", "single", "genus", "none"]


class Organ(StrEnum):
    LEAF = "leaf"
    FLOWER = "flower"
    FRUIT = "fruit"
    BARK = "bark"
    AUTO = "auto"


class ProviderState(StrEnum):
    ANSWERED = "answered"
    CACHED = "cached"
    NEAR_DUPLICATE = "near_duplicate"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CIRCUIT_OPEN = "circuit_open"
    QUOTA_EXHAUSTED = "quota_exhausted"
    KEY_REFUSED = "key_refused"
    MISCONFIGURED = "misconfigured"
    REFUSED_PHOTO = "refused_photo"
    NOT_CONFIGURED = "not_configured"
    PENDING = "pending"


class AnswerStatus(StrEnum):
    COMPLETE = "complete"
    PARTIAL = "partial"
    STALE = "stale"
    QUEUED = "queued"


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    OTHER = "other"


@dataclass(slots=True, kw_only=True)
class Upload:
    """One photo as it came in, not yet trusted. Whoever has prepared it lets its bytes go: they are many."""

    content: bytes
    organ: Organ = Organ.AUTO

    def let_go(self) -> None:
        self.content = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What changes the answer besides the photos; part of every cache key."""

    language: str = "en"  # ISO 639-1
    include_diseases: bool = True
    latitude: float | None = None  # rounded to 2 decimals already
    longitude: float | None = None
    project: str = "all"
    fusion: str = "half"  # the rule that makes one confidence of several scores; nobody asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPhoto:
    """Upright, sRGB JPEG without metadata, long side at most 1,500 px."""

    content: bytes
    organ: Organ = Organ.AUTO
    width: int | None = None
    height: int | None = None
    fingerprint: Fingerprint | None = None  # unknown, or too plain to have one


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a provider is asked; one that does not look at organs must not be asked again because of them."""

    digest: str  # sha256 hex of the uploads with their organs
    photo_digest: str  # of the uploads alone
    photos: tuple[PreparedPhoto, ...]
    options: Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    citation: str | None = None
    license_name: str | None = None
    license_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarImage(Attribution):
    url: str
    url_small: str | None = None
    similarity: float | None = None
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watering:
    """1 dry, 2 medium, 3 wet."""

    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSuggestion:
    """One candidate in one provider's words. `None` means the provider did not say."""

    scientific_name: str  # without author, as the provider spells it
    rank: Rank
    score: float  # 0..1 on the provider's own scale
    authorship: str | None = None
    genus: str | None = None
    family: str | None = None
    gbif_id: int | None = None
    common_names: tuple[str, ...] = ()
    languages: Mapping[str, str] = field(default_factory=dict)  # the answer's field -> its language
    synonyms: tuple[str, ...] = ()
    taxonomy: Mapping[str, str] | None = None
    url: str | None = None
    description: str | None = None
    description_attribution: Attribution | None = None
    image_url: str | None = None
    image_attribution: Attribution | None = None
    edible_parts: tuple[str, ...] | None = None
    propagation_methods: tuple[str, ...] | None = None
    watering: Watering | None = None
    watering_text: str | None = None
    light_text: str | None = None
    soil_text: str | None = None
    toxicity: str | None = None
    similar_images: tuple[SimilarImage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    biological: tuple[str, ...] = ()
    chemical: tuple[str, ...] = ()
    prevention: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disease:
    name: str
    probability: float
    local_name: str | None = None
    description: str | None = None
    treatment: Treatment | None = None
    url: str | None = None
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthQuestion:
    """A yes/no question that tells two diseases apart; each option names what it speaks for."""

    text: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAssessment:
    is_healthy: bool
    probability: float | None
    question: HealthQuestion | None = None
    diseases: tuple[Disease, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReply:
    """A provider's answer to one question, parsed. This is what the provider cache keeps."""

    provider: str
    model_version: str | None
    is_plant: bool | None = None
    is_plant_probability: float | None = None
    suggestions: tuple[ProviderSuggestion, ...] = ()  # best first
    health: HealthAssessment | None = None  # None: not asked, or not assessed
    access_token: str | None = field(default=None, repr=False)  # fetches it again, free; a secret
    remaining_calls: int | None = None  # what the provider says is left of its quota


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderOutcome:
    """How asking one provider ended, and its reply where there is one."""

    provider: str
    state: ProviderState
    reply: ProviderReply | None = None
    latency_ms: int | None = None
    retry_after_s: int | None = None
    is_personal: bool = False  # another principal asking the same might have got more
    lacked_time: bool = False  # nothing was found out about the service: our own time was up


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReport:
    """The public part of an outcome: one entry of `providers[]`."""

    name: str
    state: ProviderState
    model_version: str | None = None
    latency_ms: int | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareInstructions:
    watering: str | None = None
    light: str | None = None
    soil: str | None = None
    propagation: str | None = None
    temperature: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One candidate after merging. Field names are the public contract."""

    rank_position: int
    plant_name: str
    scientific_name: str
    authorship: str | None
    common_names: tuple[str, ...]
    family: str | None
    genus: str | None
    rank: Rank
    confidence: float
    probability: float
    provider_scores: Mapping[str, float | None]  # provider -> its own score, None where it did not name it
    source: Source
    gbif_id: int | None
    url: str | None
    description: str | None
    taxonomy: Mapping[str, str] | None
    edible_parts: tuple[str, ...] | None
    watering: Watering | None
    propagation_methods: tuple[str, ...] | None
    similar_images: tuple[SimilarImage, ...]
    toxicity: str | None = None
    species_id: str | None = None
    languages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiseaseSuggestion:
    name: str
    probability: float
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The merged answer to a question, the same for everybody who asks it; knows no user and no record."""

    is_plant: bool | None
    is_plant_probability: float | None
    plant_name: str | None
    name: str | None
    common_name: str | None
    common_names: tuple[str, ...]
    scientific_name: str | None
    rank: Rank | None
    confidence: float | None
    probability: float | None
    source: Source | None
    agreement: Agreement
    description: str | None
    description_attribution: Attribution | None
    image_url: str | None
    image_attribution: Attribution | None
    similar_images: tuple[SimilarImage, ...]
    watering: Watering | None
    watering_text: str | None
    propagation_methods: tuple[str, ...] | None
    edible_parts: tuple[str, ...] | None
    edible_warning: str | None
    toxicity: str | None
    care_instructions: CareInstructions | None
    suggestions: tuple[Suggestion, ...]
    disease_detection: HealthAssessment | None
    disease_suggestions: tuple[DiseaseSuggestion, ...]
    summary: str
    likely: tuple[Mapping[str, Any], ...] = ()  # not public: see `services/safety.py`
    sources: Mapping[str, str] = field(default_factory=dict)  # field name -> provider whose word it is
    languages: Mapping[str, str] = field(default_factory=dict)  # field name -> what its words are written in
