"""Trefle's replies: both shapes are read, and nothing hostile gets through."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.plant_identification.exceptions import ProviderReplyUnreadable
from apps.plant_identification.services.encyclopedia.trefle_client import is_meant, slug_of
from apps.plant_identification.services.encyclopedia.trefle_parser import (
    TrefleName,
    parse_list,
    parse_species,
)
from apps.plant_identification.tests.hostile_json import JSON, places, replaced

SAMPLES = Path(__file__).parent / "samples"
SPECIES = json.loads((SAMPLES / "trefle_v1_species_shape.json").read_text())
SEARCH = json.loads((SAMPLES / "trefle_v1_search_shape.json").read_text())
PLACES = [path for document in (SPECIES,) for path in places(document) if path]


def said(payload):
    return {each.field: (each.value, each.unit) for each in parse_species(payload).statements}


def test_a_species_is_read_with_its_units():
    species = parse_species(SPECIES)

    assert (species.slug, species.scientific_name) == ("alnus-glutinosa", "Alnus glutinosa")
    assert "Betula glutinosa" in species.synonyms
    facts = said(SPECIES)
    assert facts["light"] == (6, "0-10")
    assert (facts["soil_ph_min"], facts["soil_ph_max"]) == ((4.6, "pH"), (7.2, "pH"))
    assert facts["temperature_min"] == (-33, "degC")
    assert facts["height_max"] == (2500, "cm")
    assert facts["growth_rate"] == ("moderate", "")
    assert facts["toxicity"] == ("low", "")
    assert "temperature_max" not in facts
    assert "soil_humidity" not in facts


def test_a_plant_wraps_its_species():
    wrapped = {"data": {"id": 1, "scientific_name": "Another", "main_species": SPECIES["data"]}}

    assert parse_species(wrapped) == parse_species(SPECIES)


def test_a_list_is_read_and_what_has_no_name_is_left_out():
    odd = copy.deepcopy(SEARCH)
    odd["data"] += [{"slug": "x"}, {"scientific_name": "Y", "slug": "../admin"}, None, 7]

    assert [item.slug for item in parse_list(odd)] == ["alnus-glutinosa", "alnus-cordata", "betula-pendula"]
    assert parse_list(odd)[0].synonyms == ("Betula glutinosa", "Alnus vulgaris")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("growth", "light"), 11),
        (("growth", "ph_minimum"), -3),
        (("growth", "minimum_temperature"), {"deg_c": 900}),
        (("specifications", "maximum_height"), {"cm": 0}),
        (("specifications", "maximum_height"), {"cm": True}),
        (("specifications", "maximum_height"), 12),
        (("specifications", "toxicity"), "none"),
        (("specifications", "toxicity"), "harmless to everybody"),
        (("growth", "bloom_months"), ["may be"]),
        (("duration",), "perennial"),
    ],
)
def test_what_is_out_of_bounds_is_no_fact(path, value):
    """Above all, no word for a plant that harms nobody."""
    names = {
        "ph_minimum": "soil_ph_min",
        "minimum_temperature": "temperature_min",
        "maximum_height": "height_max",
    }

    assert names.get(path[-1], path[-1]) not in said(replaced(SPECIES, ("data", *path), value))


@given(JSON)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_hostile_json_is_read_or_refused(payload):
    for parse in (parse_species, parse_list):
        for document in (payload, {"data": payload}, {"data": [payload]}):
            try:
                parse(document)
            except ProviderReplyUnreadable:
                continue


@given(st.sampled_from(PLACES), JSON | st.just(...))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_place_may_hold_anything(path, value):
    try:
        species = parse_species(replaced(SPECIES, path, value))
    except ProviderReplyUnreadable:
        assert len(path) <= 2
        return
    json.dumps([each.value for each in species.statements], allow_nan=False)
    assert all(len(str(each.value)) < 300 for each in species.statements)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Aloe vera", "aloe-vera"), ("Citrus × limon", "citrus-x-limon"), ("Hibiscus rosa-sinensis",) * 2],
)
def test_a_name_has_a_slug(name, slug):
    assert slug_of(name) == slug.lower().replace(" ", "-")


def test_a_subspecies_is_not_the_species_and_a_synonym_is():
    listed = TrefleName(slug="a", scientific_name="Goeppertia makoyana", synonyms=("Calathea makoyana",))

    assert is_meant(listed, "Calathea makoyana")
    assert not is_meant(listed, "Calathea makoyana var. alba")
    assert not is_meant(listed, "Calathea")
