import pytest

from apps.plant_identification.models import PlantSpecies
from apps.plant_identification.services.encyclopedia.index import index_species
from apps.plant_identification.tests.conftest import make_photo

API = "/api/v1/plant-identification"


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.PUBLIC_ANSWERS_KEPT_S = 30


@pytest.fixture
def species(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        one = PlantSpecies.objects.create(
            canonical_name="Monstera deliciosa",
            common_names={"en": ["Swiss cheese plant"], "de": ["Fensterblatt"], "fr": ["Faux philodendron"]},
            from_sandbox=True,
        )
        index_species([one])
        return one


@pytest.fixture
def paths(species, settings):
    settings.PROVIDER_SANDBOX = True
    return [f"{API}/species/", f"{API}/species/{species.pk}/", f"{API}/search/species/?q=mon"]


def test_what_was_told_is_told_again_without_asking_the_database(client, paths, django_assert_num_queries):
    told = [client.get(path).json() for path in paths]

    with django_assert_num_queries(0):
        assert [client.get(path).json() for path in paths] == told


def test_each_language_has_its_own_answer(client, paths):
    def name_in(language):
        return client.get(paths[1], headers={"accept-language": language}).json()["common_name"]

    wanted = {
        "en": "Swiss cheese plant",
        "de": "Fensterblatt",
        "fr": "Faux philodendron",
        "it": "Swiss cheese plant",
    }
    assert {language: name_in(language) for language in [*wanted, *wanted]} == wanted
    assert client.get(f"{paths[1]}?language=de").json()["common_name"] == "Fensterblatt"


def test_the_sandbox_and_the_real_services_never_share_an_answer(client, paths, settings):
    assert client.get(paths[0]).json()["results"]
    settings.PROVIDER_SANDBOX = False

    assert client.get(paths[0]).json()["results"] == []
    assert client.get(paths[1]).status_code == 404


@pytest.mark.parametrize("change", ["edited", "deleted"])
def test_no_answer_outlives_the_species(client, paths, species, change, django_capture_on_commit_callbacks):
    before = [client.get(path).content for path in paths]

    with django_capture_on_commit_callbacks(execute=True):
        if change == "edited":
            species.family = "Araceae"
            species.save()
        else:
            species.delete()

    assert all(client.get(path).content != told for path, told in zip(paths, before, strict=True))


@pytest.mark.django_db(transaction=True)
def test_what_an_identification_has_taught_is_told_at_once(client, paths, providers, identify):
    client.get(paths[0])

    answer = identify(make_photo(1)).json()

    names = {one["scientific_name"] for one in client.get(paths[0]).json()["results"]}
    assert answer["scientific_name"] in names
