"""Each plant has a page, whether an editor wrote about it or not."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.blog.models import PlantSpeciesPage
from apps.blog.tests.factories import add_post, make_private
from apps.plant_identification.tests.factories import SpeciesFactory

PLANTS = "/blog/plants/"


@pytest.fixture
def monstera(db):
    return SpeciesFactory(
        canonical_name="Monstera deliciosa", common_names={"en": ["Swiss cheese plant"]}, family="Araceae"
    )


def address_of(species, slug="monstera-deliciosa"):
    return f"{PLANTS}{slug}/{species.pk}/"


def test_a_plant_without_words_of_editors_is_told_with_all_that_is_known(client, blog, monstera):
    post = add_post(blog, title="In the shade")
    post.species.add(monstera)
    post.save()

    response = client.get(address_of(monstera))

    html = response.content.decode()
    assert "<h1>Swiss cheese plant</h1>" in html
    assert "Araceae" in html
    assert "In the shade" in html
    assert "Nobody has told us. That does not make it safe." in html
    assert f'<link rel="canonical" href="http://testserver{address_of(monstera)}">' in html
    about, way = (json.loads(data) for data in re.findall(r'ld\+json">(.*?)</script>', html))
    assert (about["@type"], about["name"]) == ("Taxon", "Monstera deliciosa")
    assert way["itemListElement"][-1]["name"] == "Swiss cheese plant"


def test_an_old_name_in_the_address_leads_to_the_present_one(client, blog, monstera):
    assert client.get(address_of(monstera, "philodendron")).url == address_of(monstera)


def test_where_editors_wrote_more_the_reader_is_led_there_once_it_is_public(client, blog, monstera):
    page = blog.add_child(instance=PlantSpeciesPage(title="Monstera", slug="monstera", species=monstera))
    assert client.get(address_of(monstera)).url == "/blog/monstera/"

    make_private(page)

    assert client.get(address_of(monstera)).status_code == 200


def test_a_plant_of_the_other_world_and_one_that_is_none_are_not_there(client, blog, monstera, settings):
    settings.PROVIDER_SANDBOX = not monstera.from_sandbox
    assert client.get(address_of(monstera)).status_code == 404
    assert client.get(f"{PLANTS}monstera/00000000-0000-4000-8000-000000000000/").status_code == 404


@pytest.mark.parametrize("query", ["swiss cheese", "Monstera delicosa", "monst"])
def test_plants_are_found_by_any_name_also_misspelt(client, blog, monstera, query):
    from apps.plant_identification.services.encyclopedia.index import index_species

    index_species([monstera])
    assert address_of(monstera) in client.get(PLANTS, {"q": query}).content.decode()


@pytest.mark.parametrize("query", ["<script>alert(1)</script>", "\0", "x" * 500])
def test_a_strange_question_finds_nothing_and_breaks_nothing(client, blog, monstera, query):
    html = client.get(PLANTS, {"q": query}).content.decode()
    assert "<script>alert" not in html
    assert address_of(monstera) not in html or query == "\0"


def test_the_list_and_the_sitemap_take_as_many_queries_for_many_as_for_one(client, blog, monstera):
    def queries(path):
        client.get(path)
        with CaptureQueriesContext(connection) as run:
            assert client.get(path).status_code == 200
        return len(run)

    few = queries(PLANTS), queries("/sitemap.xml")
    for number in range(20):
        SpeciesFactory(canonical_name=f"Ficus planta{number}")

    assert (queries(PLANTS), queries("/sitemap.xml")) == few


def test_the_sitemap_names_each_plant_once(client, blog, monstera):
    other = SpeciesFactory(canonical_name="Ficus lyrata")
    blog.add_child(instance=PlantSpeciesPage(title="Ficus", slug="ficus", species=other))

    named = [url[0].text for url in ET.fromstring(client.get("/sitemap.xml").content)]

    assert sum(address_of(monstera) in address for address in named) == 1
    assert not any(str(other.pk) in address for address in named)
    assert any(address.endswith("/blog/ficus/") for address in named)
