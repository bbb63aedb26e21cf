"""The vendor's own client, pointed at the sandbox."""

import pytest
from kindwise import PlantApi


@pytest.fixture
def api(sandbox):
    api = PlantApi("sandbox")
    api.host = f"{sandbox.url}/plant_id"
    return api


def test_the_official_client_identifies_fetches_and_deletes(sandbox, api, photo):
    sandbox.fault("plant_id", "outcome", {"outcome": "ill", "species": "Ficus lyrata"})
    identification = api.identify(
        photo,
        details=["common_names", "url"],
        disease_details=["treatment"],
        health="all",
        latitude_longitude=(49.2, 16.6),
        custom_id=12,
        language=["en"],
    )

    assert identification.result.classification.suggestions[0].name == "Ficus lyrata"
    assert identification.result.is_healthy.binary is False
    assert identification.result.disease.suggestions[0].details["treatment"]["prevention"]
    assert identification.custom_id == 12

    fetched = api.get_identification(identification.access_token, details=["gbif_id"])
    assert fetched.result.classification.suggestions[0].details["gbif_id"] == 5361899
    assert api.feedback(identification, rating=4)
    assert api.get_identification(12).feedback.rating == 4
    assert api.delete_identification(identification)
    with pytest.raises(ValueError, match="does not exist"):
        api.get_identification(identification.access_token)


def test_the_official_client_reads_usage_search_health_and_raw_replies(api, photo):
    assert api.health_assessment(photo).result.disease.suggestions
    assert api.identify(photo, health="only").result.is_healthy
    assert api.identify(photo, classification_raw=True).result.classification.suggestions.species
    assert api.identify(photo, asynchronous=True).result is None
    assert api.search("Monstera", limit=5).entities[0].matched_in == "Monstera adansonii"

    usage = api.usage_info()
    assert usage.active is True
    assert usage.used.month == 4
    assert usage.can_use_credits.value is True


def test_the_official_client_meets_the_service_s_words_when_credits_are_gone(sandbox, api, photo):
    sandbox.set_quota(plant_id_credits=0)

    with pytest.raises(ValueError, match=r"429.*sufficient number of available credits"):
        api.identify(photo)
