"""The answer in a sentence or two, for people who read nothing else."""

from django.utils.translation import gettext

from apps.plant_identification.types import Agreement

SURE_FROM = 0.8
LIKELY_FROM = 0.5


def summarize(
    *,
    is_plant: bool | None,
    name: str | None,
    common_name: str | None,
    is_genus: bool,
    confidence: float | None,
    agreement: Agreement,
    runner_up: str | None,
) -> str:
    if is_plant is False:
        said = gettext("No plant was recognised on the photo.")
        if runner_up:
            said += " " + gettext("One service suggested %(name)s all the same.") % {"name": runner_up}
        return f"{said} {_better_photo()}"
    if name is None or confidence is None:
        return f"{gettext('The plant could not be recognised.')} {_better_photo()}"
    shown = f"{name} ({common_name})" if common_name and common_name != name else name
    facts: dict[str, str | int] = {"name": shown, "percent": round(confidence * 100)}
    parts = [_genus(facts) if is_genus else _species(facts, confidence)]
    if not is_genus:
        parts.append(_agreement(agreement, runner_up))
    if confidence < LIKELY_FROM:
        parts.append(_better_photo())
    return " ".join(part for part in parts if part)


def _species(facts: dict[str, str | int], confidence: float) -> str:
    if confidence >= SURE_FROM:
        return gettext("This is very likely %(name)s (%(percent)d %%).") % facts
    if confidence >= LIKELY_FROM:
        return gettext("This is probably %(name)s (%(percent)d %%).") % facts
    return gettext("This might be %(name)s, but it is far from sure (%(percent)d %%).") % facts


def _genus(facts: dict[str, str | int]) -> str:
    return gettext("This belongs to the genus %(name)s (%(percent)d %%); the species is not certain.") % facts


def _agreement(agreement: Agreement, runner_up: str | None) -> str:
    if agreement == "both":
        return gettext("The identification services agree.")
    if agreement == "genus":
        return gettext("The identification services agree on the genus only.")
    if agreement == "none" and runner_up:
        return gettext("The identification services disagree: %(name)s is possible too.") % {
            "name": runner_up
        }
    return ""


def _better_photo() -> str:
    return gettext(
        "A better photo helps: sharp, in daylight, with a single plant filling the picture; best are several "
        "photos that show a leaf, a flower or a fruit up close."
    )
