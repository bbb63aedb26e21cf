"""What sources state about growing a plant: which of their fields speak of one property, and in which units.

Nothing is translated from one source's scale to another's: no source documents how.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

# Short words mean other things elsewhere, so these have a context of their own.

SECTIONS: Mapping[str, Promise | str] = {
    "watering": pgettext_lazy("care", "Watering"),
    "light": pgettext_lazy("care", "Light"),
    "soil": pgettext_lazy("care", "Soil"),
    "temperature": pgettext_lazy("care", "Temperature"),
    "humidity": pgettext_lazy("care", "Humidity"),
    "propagation": pgettext_lazy("care", "Propagation"),
    "size": pgettext_lazy("care", "Size"),
    "growth": pgettext_lazy("care", "Growth"),
    "hardiness": pgettext_lazy("care", "Hardiness"),
    "seasons": pgettext_lazy("care", "Seasons"),
    "planting": pgettext_lazy("care", "Planting"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """`fields` -> what each is called. Free texts are not compared.

    Numbers of one source are the ends of a range; where `is_open`, one end alone leaves the other open.
    Two ranges differ where they are further apart than `margin`, and than `slack` of the larger number. Words
    differ where two sources have none in common.
    """

    key: str
    section: str
    label: Promise | str
    fields: Mapping[str, Promise | str]
    slack: float = 0.0
    margin: float = 0.0
    is_open: bool = False
    is_compared: bool = True


def _one(key: str, section: str, label: Promise | str, **rest: object) -> Property:
    return Property(key=key, section=section, label=label, fields={key: label}, **rest)  # type: ignore[arg-type]


PROPERTIES: tuple[Property, ...] = (
    Property(
        key="watering",
        section="watering",
        label=pgettext_lazy("care", "Water need"),
        fields={
            "watering": pgettext_lazy("care", "Water need"),
            "watering_min": pgettext_lazy("care", "Water need at least, from 1 dry to 3 wet"),
            "watering_max": pgettext_lazy("care", "Water need at most, from 1 dry to 3 wet"),
        },
    ),
    _one("soil_humidity", "watering", pgettext_lazy("care", "Soil humidity, from 0 dry to 10 wet"), margin=2),
    Property(
        key="precipitation",
        section="watering",
        label=pgettext_lazy("care", "Rain a year"),
        fields={
            "precipitation_min": pgettext_lazy("care", "Rain a year, at least"),
            "precipitation_max": pgettext_lazy("care", "Rain a year, at most"),
        },
        is_open=True,
        slack=0.1,
    ),
    _one("drought_tolerance", "watering", pgettext_lazy("care", "Tolerates drought")),
    _one("light", "light", pgettext_lazy("care", "Light")),
    _one("soil", "soil", pgettext_lazy("care", "Soil")),
    Property(
        key="soil_ph",
        section="soil",
        label=pgettext_lazy("care", "Soil pH"),
        fields={
            "soil_ph_min": pgettext_lazy("care", "Soil pH, at least"),
            "soil_ph_max": pgettext_lazy("care", "Soil pH, at most"),
        },
        is_open=True,
        margin=0.2,
    ),
    _one("soil_texture", "soil", pgettext_lazy("care", "Soil texture, from 0 clay to 10 rock"), margin=2),
    _one("soil_nutriments", "soil", pgettext_lazy("care", "Nutrients in the soil, from 0 to 10"), margin=2),
    _one("soil_salinity", "soil", pgettext_lazy("care", "Salt in the soil, from 0 to 10"), margin=2),
    _one("temperature_min", "temperature", pgettext_lazy("care", "Lowest temperature"), margin=3),
    _one("temperature_max", "temperature", pgettext_lazy("care", "Highest temperature"), margin=3),
    Property(
        key="germination_soil_temperature",
        section="temperature",
        label=pgettext_lazy("care", "Soil temperature for germination"),
        fields={
            "germination_soil_temperature_min": pgettext_lazy(
                "care", "Soil temperature for germination, at least"
            ),
            "germination_soil_temperature_max": pgettext_lazy(
                "care", "Soil temperature for germination, at most"
            ),
        },
        is_open=True,
        margin=2,
    ),
    _one("humidity", "humidity", pgettext_lazy("care", "Humidity of the air, from 0 to 10"), margin=2),
    _one("propagation_methods", "propagation", pgettext_lazy("care", "Propagation")),
    Property(
        key="height",
        section="size",
        label=pgettext_lazy("care", "Height"),
        fields={
            "height_min": pgettext_lazy("care", "Height, at least"),
            "height_average": pgettext_lazy("care", "Height, on average"),
            "height_mature": pgettext_lazy("care", "Height of a grown plant"),
            "height_max": pgettext_lazy("care", "Height, at most"),
        },
        slack=0.1,
    ),
    Property(
        key="spread",
        section="size",
        label=pgettext_lazy("care", "Width"),
        fields={
            "spread_min": pgettext_lazy("care", "Width, at least"),
            "spread": pgettext_lazy("care", "Width"),
            "spread_max": pgettext_lazy("care", "Width, at most"),
        },
        slack=0.1,
    ),
    _one("size_at_maturity", "size", pgettext_lazy("care", "Size of a grown plant"), is_compared=False),
    _one("root_depth_min", "size", pgettext_lazy("care", "Depth of roots, at least"), slack=0.1),
    _one("growth_rate", "growth", pgettext_lazy("care", "Growth")),
    _one("growth_habit", "growth", pgettext_lazy("care", "Habit")),
    _one("ligneous_type", "growth", pgettext_lazy("care", "Wood"), is_compared=False),
    _one("duration", "growth", pgettext_lazy("care", "Life")),
    Property(
        key="hardiness_zone",
        section="hardiness",
        label=pgettext_lazy("care", "USDA hardiness zone"),
        fields={
            "hardiness_zone_min": pgettext_lazy("care", "USDA hardiness zone, at least"),
            "hardiness_zone_max": pgettext_lazy("care", "USDA hardiness zone, at most"),
        },
        is_open=True,
    ),
    _one("frost_tolerance", "hardiness", pgettext_lazy("care", "Tolerates frost")),
    _one(
        "frost_free_days_min",
        "hardiness",
        pgettext_lazy("care", "Days without frost a year, at least"),
        slack=0.1,
    ),
    _one("bloom_period", "seasons", pgettext_lazy("care", "Flowering"), is_compared=False),
    _one("bloom_months", "seasons", pgettext_lazy("care", "Months of flowering")),
    _one("growth_months", "seasons", pgettext_lazy("care", "Months of growth")),
    _one("fruit_months", "seasons", pgettext_lazy("care", "Months of fruit")),
    _one("row_spacing", "planting", pgettext_lazy("care", "Distance between rows"), slack=0.1),
    _one("days_to_harvest", "planting", pgettext_lazy("care", "Days until harvest"), slack=0.1),
)
PROPERTY_OF_FIELD: Mapping[str, Property] = {field: each for each in PROPERTIES for field in each.fields}

# What sources say in words of a closed set, so that readers of other languages understand them.
WORDS: Mapping[str, Promise | str] = {
    "none": pgettext_lazy("care", "none"),
    "low": pgettext_lazy("care", "low"),
    "medium": pgettext_lazy("care", "medium"),
    "moderate": pgettext_lazy("care", "moderate"),
    "high": pgettext_lazy("care", "high"),
    "full": pgettext_lazy("care", "full"),
    "partial": pgettext_lazy("care", "partial"),
    "shade": pgettext_lazy("care", "shade"),
    "sun": pgettext_lazy("care", "sun"),
    "part shade": pgettext_lazy("care", "part shade"),
    "tender": pgettext_lazy("care", "tender"),
    "half-hardy": pgettext_lazy("care", "half-hardy"),
    "hardy": pgettext_lazy("care", "hardy"),
    "slow": pgettext_lazy("care", "slow"),
    "rapid": pgettext_lazy("care", "rapid"),
    "annual": pgettext_lazy("care", "annual"),
    "biennial": pgettext_lazy("care", "biennial"),
    "perennial": pgettext_lazy("care", "perennial"),
    "tree": pgettext_lazy("care", "tree"),
    "shrub": pgettext_lazy("care", "shrub"),
    "subshrub": pgettext_lazy("care", "subshrub"),
    "vine": pgettext_lazy("care", "vine"),
    "herb": pgettext_lazy("care", "herb"),
    "graminoid": pgettext_lazy("care", "graminoid"),
    "clay": pgettext_lazy("care", "clay"),
    "loam": pgettext_lazy("care", "loam"),
    "sand": pgettext_lazy("care", "sand"),
    "all": pgettext_lazy("care", "all"),
    "seeds": pgettext_lazy("care", "seeds"),
    "cuttings": pgettext_lazy("care", "cuttings"),
    "division": pgettext_lazy("care", "division"),
    "offsets": pgettext_lazy("care", "offsets"),
    "grafting": pgettext_lazy("care", "grafting"),
    "layering": pgettext_lazy("care", "layering"),
    "jan": pgettext_lazy("care", "jan"),
    "feb": pgettext_lazy("care", "feb"),
    "mar": pgettext_lazy("care", "mar"),
    "apr": pgettext_lazy("care", "apr"),
    "may": pgettext_lazy("care", "may"),
    "jun": pgettext_lazy("care", "jun"),
    "jul": pgettext_lazy("care", "jul"),
    "aug": pgettext_lazy("care", "aug"),
    "sep": pgettext_lazy("care", "sep"),
    "oct": pgettext_lazy("care", "oct"),
    "nov": pgettext_lazy("care", "nov"),
    "dec": pgettext_lazy("care", "dec"),
}
