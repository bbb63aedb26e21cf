"""What is told of a plant's poison, each time an answer is told: so it is as new as the encyclopedia.

Every candidate that may be the plant warns, with the words of those who say so. A genus warns with those of
its species that are stated to be harmful. What nobody states is said to be unknown, which never means safe.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext

from apps.plant_identification.constants import TOXICITY_MIN_CONFIDENCE
from apps.plant_identification.models import ToxicityTarget
from apps.plant_identification.services.encyclopedia.hazards import (
    HAZARDS,
    HazardTable,
    StatedHazards,
    describe_statement,
)
from apps.plant_identification.services.names import comparison_key, genus_of

ENCYCLOPEDIA = "encyclopedia"  # in `sources`, beside the names of services
ASKED_FOR = (ToxicityTarget.HUMAN, ToxicityTarget.CAT, ToxicityTarget.DOG, ToxicityTarget.HORSE)
OF_GENUS = 5  # species of a genus that are named

Plant = Mapping[str, Any]  # one of the answer's `likely`


def tell_toxicity(document: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of poison. In the language that is written in."""
    table = HAZARDS.table()
    plants = document["likely"] if "likely" in document else _plants_of_old(document)
    ids = {each["scientific_name"]: each["species_id"] for each in document["suggestions"]}
    warnings = [warning for plant in plants if (warning := _warning(table, plant, ids))]
    own = _in_words(warning for warning in warnings if warning["targets"])
    told: dict[str, Any] = {
        "toxicity_warnings": warnings,
        "toxicity_notice": _notice(table, plants, warnings) if document["scientific_name"] else None,
    }
    if own:
        services = document["toxicity"]
        told["toxicity"] = f"{services}\n\n{own}" if services else own
        # What is ours names its sources itself.
        told["sources"] = {"toxicity": ENCYCLOPEDIA, **document["sources"]}
    return told


def _warning(table: HazardTable, plant: Plant, ids: Mapping[str, str | None]) -> dict[str, Any] | None:
    stated = _stated(table, plant)
    if not stated and not plant["services"]:
        return None
    targets = [target for entry in stated for target in entry.targets]
    known = {target["target"] for target in targets}
    return {
        "scientific_name": plant["scientific_name"],
        "species_id": None if plant["is_genus"] else ids.get(plant["scientific_name"]) or _one(stated),
        "rank": "genus" if plant["is_genus"] else "species",
        "confidence": plant["confidence"],
        "is_headline": plant["is_headline"],
        "targets": targets,
        "unknown_for": [target.value for target in ASKED_FOR if target not in known],
        "services": plant["services"],
    }


def _one(stated: Sequence[StatedHazards]) -> str | None:
    return stated[0].species_id if len(stated) == 1 else None


def _stated(table: HazardTable, plant: Plant) -> list[StatedHazards]:
    if plant["is_genus"]:
        of_genus = (entry for name in plant["names"] for entry in table.by_genus.get(name, ()))
        return list(islice(of_genus, OF_GENUS))
    return table.find(plant["names"], plant["gbif_ids"])


def _notice(table: HazardTable, plants: Sequence[Plant], warnings: Sequence[Mapping[str, Any]]) -> str:
    """What is known of the headline, and what it means that something is not."""
    headline = next((plant for plant in plants if plant["is_headline"]), None)
    warned = next((warning for warning in warnings if warning["is_headline"]), None)
    name = {"name": headline["scientific_name"] if headline else ""}
    if warned and warned["targets"]:
        said = gettext(
            "%(name)s is stated to be harmful. For whom nothing is stated, it is not known to be safe."
        )
        return said % name
    if warned:
        said = gettext(
            "Of the poison of %(name)s only the identification services say something, in their own words. "
            "What they do not say is not known to be safe."
        )
        return said % name
    sentences = [
        gettext("Nothing is known here about the poison of %(name)s. That does not mean that it is safe.")
        % name
    ]
    if headline and (related := _harmful_relatives(table, headline)):
        said = gettext("Plants of the same genus are stated to be harmful: %(names)s.")
        sentences.append(said % {"names": ", ".join(related)})
    if warnings:
        sentences.append(gettext("A plant that it could be instead is said to be harmful."))
    return " ".join(sentences)


def _harmful_relatives(table: HazardTable, plant: Plant) -> list[str]:
    genus = genus_of(plant["scientific_name"])
    of_genus = table.by_genus.get(genus.casefold(), ()) if genus else ()
    return [entry.scientific_name for entry in of_genus[:OF_GENUS]]


def _in_words(warnings: Iterable[Mapping[str, Any]]) -> str:
    """For clients that show one text: a line for what one source says, and whom it harms."""
    lines: dict[str, None] = {}
    for warning in warnings:
        alike: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for target in warning["targets"]:
            said = "; ".join(filter(None, (target["level"], target["parts"], target["effects"])))
            alike[target["about"], said, target["source"]["title"]].append(target_name(target["target"]))
        for (about, said, source), names in alike.items():
            lines[_line(about, ", ".join(names), said, source)] = None
    return "\n\n".join(lines)


def _line(about: str, targets: str, said: str, source: str) -> str:
    parts = {"name": about, "targets": targets, "said": said, "source": source}
    if said:
        return gettext("%(name)s: harmful to %(targets)s. “%(said)s” (source: %(source)s)") % parts
    return gettext("%(name)s: harmful to %(targets)s (source: %(source)s)") % parts


def target_name(target: str) -> str:
    return {
        ToxicityTarget.HUMAN: gettext("people"),
        ToxicityTarget.CAT: gettext("cats"),
        ToxicityTarget.DOG: gettext("dogs"),
        ToxicityTarget.HORSE: gettext("horses"),
        ToxicityTarget.LIVESTOCK: gettext("livestock"),
        ToxicityTarget.ANIMAL: gettext("animals"),
    }[ToxicityTarget(target)]


def _plants_of_old(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of an answer that an older release made: what it lists."""
    return [
        {
            "scientific_name": each["scientific_name"],
            "is_headline": each["scientific_name"] == document["scientific_name"],
            "is_genus": each["rank"] == "genus",
            "confidence": each["confidence"],
            "names": [comparison_key(each["scientific_name"])],
            "gbif_ids": [each["gbif_id"]] if each["gbif_id"] else [],
            "services": [{"provider": each["source"], "text": each["toxicity"]}] if each["toxicity"] else [],
        }
        for each in document["suggestions"]
        if each["confidence"] >= TOXICITY_MIN_CONFIDENCE
        or each["scientific_name"] == document["scientific_name"]
    ]


def describe_toxicity(statements: Iterable[Any]) -> dict[str, Any]:
    """Of one species: for each of those who may be harmed what is stated, or that nothing is."""
    of_target: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for statement in statements:
        of_target[statement.target].append(describe_statement(statement))
    versions = {each["dataset_version"] for said in of_target.values() for each in said}
    return {
        "targets": [
            {
                "target": target.value,
                "name": target_name(target),
                "is_known": bool(of_target[target]),
                "statements": sorted(of_target[target], key=lambda each: str(each["source"]["key"])),
                "note": None if of_target[target] else _unknown(target, of_target),
            }
            for target in ToxicityTarget
        ],
        "dataset_versions": sorted(version for version in versions if version),
        "notice": gettext(
            "What is not stated here is unknown. Unknown is not safe. Ask a doctor, a vet or a poison centre."
        ),
    }


def _unknown(target: ToxicityTarget, of_target: Mapping[str, Any]) -> str:
    is_animal = target not in {ToxicityTarget.HUMAN, ToxicityTarget.ANIMAL}
    if is_animal and of_target[ToxicityTarget.ANIMAL]:
        said = gettext("Stated for animals, not for which of them: take it that %(targets)s are meant, too.")
        return said % {"targets": target_name(target)}
    said = gettext("Nothing is known here about harm to %(targets)s. That does not mean that it is safe.")
    return said % {"targets": target_name(target)}
