"""What the page of a species tells beside its names: facts, pictures, and whose words they are."""

import pytest
from django.test import Client

from apps.blog.tests.factories import create_image
from apps.plant_identification.models import FactSource, SourceKind, SpeciesFact, SpeciesPicture
from apps.plant_identification.services.encyclopedia.units import in_metric
from apps.plant_identification.tests.factories import SpeciesFactory

pytestmark = pytest.mark.django_db

LIST = "/api/v1/plant-identification/species/"


@pytest.fixture
def kew():
    return FactSource.objects.create(
        key="kew", title="Kew", kind=SourceKind.DATASET, licence="CC BY", licence_class="A", credit="Kew"
    )


@pytest.fixture
def hearsay():
    return FactSource.objects.create(
        key="hearsay", title="Hearsay", kind=SourceKind.DATASET, is_verified=False
    )


@pytest.fixture
def monstera(kew):
    return SpeciesFactory(
        canonical_name="Monstera deliciosa", powo_id="87478-1", catalogue={"sources": ["kew"]}
    )


def state(species, field, value, source, unit="", **rest):
    return SpeciesFact.objects.create(
        species=species, field=field, value=value, unit=unit, source=source, stated_on="2026-07-23", **rest
    )


def picture(species, **rest):
    return SpeciesPicture.objects.create(
        species=species, image=create_image(), caption="A leaf", licence="CC-BY-3.0", **rest
    )


def detail(client, species, **query):
    response = client.get(f"{LIST}{species.pk}/", query)
    assert response.status_code == 200, response.content
    return response.json()


def test_each_fact_names_its_source_and_day_and_is_told_in_metric_units_as_well(
    api_client, monstera, kew, hearsay
):
    state(monstera, "height_max", 240, hearsay, "in")
    state(monstera, "height_max", 6.1, kew, "m")
    state(monstera, "light", "shade", hearsay, is_preferred=True)
    state(monstera, "light", "half shade", kew)

    body = detail(api_client, monstera)

    told = [(fact["field"], fact["value"], fact["source"], fact["is_verified"]) for fact in body["facts"]]
    assert told == [
        ("height_max", 6.1, "kew", True),
        ("height_max", 240, "hearsay", False),
        ("light", "shade", "hearsay", False),
        ("light", "half shade", "kew", True),
    ]
    assert [fact["metric"] for fact in body["facts"]] == [
        {"value": 610.0, "unit": "cm"},
        {"value": 609.6, "unit": "cm"},
        None,
        None,
    ]
    assert {fact["date"] for fact in body["facts"]} == {"2026-07-23"}
    assert body["catalogue_sources"] == ["kew"]
    sources = {source["key"]: source for source in body["fact_sources"]}
    assert (sources["kew"]["credit"], sources["hearsay"]["is_verified"]) == ("Kew", False)
    assert body["links"]["powo"].endswith("urn:lsid:ipni.org:names:87478-1")


def test_where_it_grows_is_told_where_somebody_says_so(api_client, monstera, kew):
    assert detail(api_client, monstera)["distribution"] is None
    state(monstera, "distribution", ["Mexico", "Panama"], kew)

    told = detail(api_client, monstera)["distribution"]

    assert told == {"regions": ["Mexico", "Panama"], "date": "2026-07-23", "source": "kew"}


def test_a_picture_is_shown_with_its_author_and_licence_in_two_sizes(api_client, monstera):
    picture(monstera, credit="Somebody", licence_url="https://creativecommons.org/licenses/by/3.0/")

    shown = detail(api_client, monstera)["pictures"]

    assert [(each["caption"], each["credit"], each["licence"]) for each in shown] == [
        ("A leaf", "Somebody", "CC-BY-3.0")
    ]
    assert (shown[0]["small"]["width"], shown[0]["large"]["width"]) == (320, 900)
    assert shown[0]["large"]["url"].startswith("/media/")


def test_a_page_costs_the_same_however_much_is_known(
    api_client, monstera, kew, hearsay, django_assert_max_num_queries
):
    for number in range(12):
        state(monstera, f"fact_{number}", number, kew if number % 2 else hearsay)
    for _ in range(4):
        picture(monstera)
    detail(api_client, monstera)  # the renditions are made once

    with django_assert_max_num_queries(8):
        detail(api_client, monstera)
    with django_assert_max_num_queries(8):
        assert set(detail(api_client, monstera, fields="facts,pictures")) == {"facts", "pictures"}


def test_the_list_knows_which_have_pictures_and_reads_no_more_columns_than_it_shows(
    api_client, monstera, django_assert_max_num_queries
):
    other = SpeciesFactory()
    picture(monstera)

    def names(query):
        return [entry["id"] for entry in api_client.get(f"{LIST}?{query}").json()["results"]]

    assert names("has_pictures=true") == [str(monstera.pk)]
    assert names("has_pictures=false") == [str(other.pk)]
    assert api_client.get(f"{LIST}?has_pictures=perhaps").status_code == 400
    with django_assert_max_num_queries(2) as queries:
        assert len(names("")) == 2
    assert "synonyms" not in str(queries.captured_queries)


def test_what_editors_change_is_told_at_once(monstera, kew, settings, django_capture_on_commit_callbacks):
    settings.PUBLIC_ANSWERS_KEPT_S = 30
    client = Client()
    fact = state(monstera, "light", "shade", kew)
    assert [each["value"] for each in detail(client, monstera)["facts"]] == ["shade"]

    with django_capture_on_commit_callbacks(execute=True):
        fact.value = "half shade"
        fact.save()
    with django_capture_on_commit_callbacks(execute=True):
        kew.is_verified = False
        kew.save()

    assert [(each["value"], each["is_verified"]) for each in detail(client, monstera)["facts"]] == [
        ("half shade", False)
    ]


@pytest.mark.parametrize(
    ("value", "unit", "metric"),
    [
        (12, "in", (30.5, "cm")),
        (0.61, "m", (61.0, "cm")),
        (65, "degF", (18.3, "degC")),
        (-40, "degF", (-40.0, "degC")),
        (5, "USDA zone", None),
        ("1-3 ft", "ft", None),
        (True, "in", None),
    ],
)
def test_lengths_and_temperatures_have_a_metric_value(value, unit, metric):
    assert in_metric(value, unit) == metric
