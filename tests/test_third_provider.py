"""docs/guides/add-a-provider.md, followed: a third service goes the whole way of a photo."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from apps.core.testing.contract import Contract
from apps.plant_identification import constants
from apps.plant_identification.services import registry as registry_module
from apps.plant_identification.services.limits import hourly_limit
from apps.plant_identification.services.provider_spec import ProviderSpec
from apps.plant_identification.services.reconciliation import correct_quotas
from apps.plant_identification.services.registry import registry
from apps.plant_identification.tests.conftest import identify, make_photo, providers, states_of
from apps.users.tests.factories import UserFactory
from tests.toy_provider.server import KEY, running_herbarium
from tests.toy_provider.spec import HERBARIUM

__all__ = ["identify", "providers"]

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parent.parent
TOY = ROOT / "tests" / "toy_provider"
GUIDE = (ROOT / "docs" / "guides" / "add-a-provider.md").read_text()
HEALTH = "/api/v1/plant-identification/identify/health/"
MANGO = "Mangifera indica"
IVY = "Toxicodendron radicans"


def use(spec, monkeypatch):
    """What the guide's entry in SPECS does."""
    others = tuple(each for each in registry_module.SPECS if each.name != spec.name)
    monkeypatch.setattr(registry_module, "SPECS", (*others, spec))
    registry_module._holder.forget()


@pytest.fixture
def herbarium(providers, settings, monkeypatch, followed):
    """The third service beside the sandbox's two, which both see a mango."""
    require = Contract.require
    described = Contract(json.loads((followed / "openapi.json").read_text()))
    monkeypatch.setattr(Contract, "require", lambda _, answer: require(described, answer))
    providers.fault("both", "outcome", {"outcome": "agree", "species": MANGO, "confidence": 0.97})
    with running_herbarium() as service:
        settings.HERBARIUM_API_KEY = KEY
        settings.HERBARIUM_BASE_URL = service.url
        settings.HERBARIUM_DAILY_QUOTA = service.allowed
        use(HERBARIUM, monkeypatch)
        yield service
        registry_module._holder.forget()


def used():
    return registry().get("herbarium").call.ledger.use().used


def test_three_services_that_agree_make_one_answer(herbarium, identify):
    herbarium.sees(MANGO, 80, "Mango tree")

    answer = identify(make_photo(1)).json()

    best = answer["suggestions"][0]
    scores = best["provider_scores"]
    assert (answer["status"], answer["agreement"], answer["source"]) == ("complete", "both", "combined")
    assert scores.keys() == {"plant_id", "plantnet", "herbarium"}
    assert scores["herbarium"] == 0.8
    assert best["confidence"] == pytest.approx(
        1 - (1 - scores["plant_id"]) * (1 - scores["plantnet"] / 2) * (1 - 0.8 / 2)
    )
    assert "Mango tree" in answer["common_names"]
    assert answer["providers"][2] == {
        "name": "herbarium",
        "state": "answered",
        "model_version": "h-7",
        "latency_ms": answer["providers"][2]["latency_ms"],
        "retry_after_s": None,
    }


def test_all_three_are_asked_at_the_same_time(herbarium, identify, providers):
    def let_the_others_go():
        for name in ("plant_id", "plantnet"):
            providers.wait_for(name, "in_flight", at_least=1)
        providers.release("both")

    providers.hold("both")
    herbarium.meanwhile = let_the_others_go

    assert set(states_of(identify(make_photo(1))).values()) == {"answered"}


def test_it_is_sent_a_jpeg_that_has_no_metadata(herbarium, identify):
    identify(make_photo(1, exif=b"Exif\0\0 a garden gate"))

    [photo] = herbarium.photos
    assert photo.startswith(b"\xff\xd8\xff")
    assert b"garden gate" not in photo


def test_the_same_photo_is_not_asked_twice(herbarium, identify):
    herbarium.sees(MANGO, 80)
    identify(make_photo(1))
    again = identify(make_photo(1))
    in_german = identify(make_photo(1), language="de")

    assert again.json()["cache"] == "hit"
    assert states_of(in_german)["herbarium"] == "cached"
    assert len(herbarium.photos) == 1


def test_its_breaker_opens_and_the_others_go_on(herbarium, identify, api_client):
    herbarium.status = 500
    failed = [states_of(identify(make_photo(seed)))["herbarium"] for seed in range(HERBARIUM.fail_max)]

    answer = identify(make_photo(99)).json()

    report = answer["providers"][2]
    assert failed == ["failed"] * HERBARIUM.fail_max
    assert len(herbarium.photos) == HERBARIUM.fail_max
    assert (answer["status"], answer["plant_name"]) == ("partial", MANGO)
    assert report["state"] == "circuit_open"
    assert 0 < report["retry_after_s"] <= HERBARIUM.reset_timeout_s
    health = api_client.get(HEALTH).json()
    assert (health["status"], health["circuit_state"]) == ("degraded", "open")
    assert health["services"]["herbarium"] == {
        "available": False,
        "configured": True,
        "circuit_state": "open",
        "fail_count": "3/3",
        "quota": None,
    }


def test_its_score_is_null_where_it_is_configured_and_did_not_answer(herbarium, identify):
    herbarium.status = 500

    [best] = identify(make_photo(1)).json()["suggestions"][:1]

    assert best["provider_scores"]["herbarium"] is None


def test_its_calls_are_counted_and_its_quota_is_kept(herbarium, identify, settings):
    herbarium.allowed = settings.HERBARIUM_DAILY_QUOTA = 2
    for seed in range(2):
        identify(make_photo(seed))

    answer = identify(make_photo(99))

    assert used() == 2
    assert states_of(answer)["herbarium"] == "quota_exhausted"
    assert answer.json()["status"] == "partial"
    assert len(herbarium.photos) == 2


def test_the_ledger_follows_what_the_service_says_is_left(herbarium, identify):
    identify(make_photo(1))
    herbarium.photos += [b"somebody else's"] * 5

    identify(make_photo(2))
    noted = used()
    herbarium.photos += [b"and more"] * 5
    correct_quotas(registry())

    assert (noted, used()) == (7, 12)


def test_its_own_word_for_a_used_up_day_pauses_it(herbarium, identify):
    herbarium.status = 402
    states = [states_of(identify(make_photo(seed)))["herbarium"] for seed in range(2)]

    assert states == ["quota_exhausted"] * 2
    assert len(herbarium.photos) == 1


def test_no_edible_part_is_named_while_a_third_service_sees_another_plant(herbarium, identify):
    agreed = identify(make_photo(1)).json()
    herbarium.sees(IVY, 90)
    disputed = identify(make_photo(2)).json()

    assert agreed["edible_parts"]
    assert (disputed["plant_name"], disputed["agreement"]) == (MANGO, "both")
    assert disputed["edible_parts"] is None
    assert IVY in disputed["summary"]


@pytest.mark.parametrize(("is_paid", "state"), [(False, "pending"), (True, "answered")])
def test_a_late_free_service_is_not_waited_for_and_a_late_paid_one_is(
    herbarium, identify, monkeypatch, is_paid, state
):
    use(replace(HERBARIUM, is_paid=is_paid), monkeypatch)
    monkeypatch.setattr(constants, "IDENTIFY_GRACE_S", 0.1)
    herbarium.delay_s = 1.0

    assert states_of(identify(make_photo(1)))["herbarium"] == state


@pytest.mark.parametrize(("is_paid", "limit"), [(False, 10), (True, 100)])
def test_people_s_limits_shrink_when_no_paid_service_has_much_left(
    herbarium, identify, monkeypatch, settings, is_paid, limit
):
    use(replace(HERBARIUM, is_paid=is_paid), monkeypatch)
    settings.PLANT_ID_MONTHLY_QUOTA = 2
    identify(make_photo(1))  # with health: 2 credits

    assert hourly_limit(registry(), UserFactory()).limit == limit


def test_three_open_circuits_are_said_to_be_all(herbarium, identify, providers, caplog):
    providers.fault("both", "status", 503)
    herbarium.status = 503
    for seed in range(constants.PLANTNET_CIRCUIT_FAIL_MAX):
        identify(make_photo(seed))

    assert "[CIRCUIT] CRITICAL: All circuits OPEN - no API available" in caplog.text


def test_it_can_be_the_only_one(herbarium, identify, api_client, settings):
    settings.PLANT_ID_API_KEY = settings.PLANTNET_API_KEY = ""
    herbarium.sees(MANGO, 80)
    api_client.force_authenticate(UserFactory())

    answer = identify(make_photo(1)).json()
    [entry] = api_client.get("/api/v1/plant-identification/history/").json()["results"]

    assert (answer["status"], answer["agreement"]) == ("complete", "single")
    assert answer["source"] == entry["source"] == "herbarium"
    assert answer["suggestions"][0]["provider_scores"] == {
        "plant_id": None,
        "plantnet": None,
        "herbarium": 0.8,
    }


def test_it_alone_can_say_that_there_is_no_plant(herbarium, identify, settings):
    settings.PLANT_ID_API_KEY = settings.PLANTNET_API_KEY = ""
    herbarium.plant = "no"

    answer = identify(make_photo(1)).json()

    assert (answer["is_plant"], answer["plant_name"]) == (False, None)


def test_without_a_key_it_is_shown_as_not_configured_and_has_no_score(herbarium, identify, settings):
    settings.HERBARIUM_API_KEY = ""

    answer = identify(make_photo(1))

    [best] = answer.json()["suggestions"][:1]
    assert answer.json()["status"] == "complete"
    assert states_of(answer)["herbarium"] == "not_configured"
    assert best["provider_scores"].keys() == {"plant_id", "plantnet"}
    assert herbarium.photos == []


def test_a_changed_setting_of_it_is_heeded_at_once(herbarium, settings):
    before = registry().get("herbarium")
    settings.HERBARIUM_API_KEY = ""

    assert before is not None
    assert registry().get("herbarium") is None


@pytest.mark.parametrize("name", ["Herbarium", "redis", "combined", "a_name_too_long", "x", "1st"])
def test_a_name_that_would_not_fit_is_refused_at_once(name):
    with pytest.raises(ValueError, match="no name for a provider"):
        replace(HERBARIUM, name=name)


# --- The guide followed in a copy of the product ------------------------------------------------------------
FILES = ("parser.py", "service.py", "spec.py")
ASK_THE_COPY = """
import django
django.setup()
from django.core.management import call_command
from apps.plant_identification.services.registry import registry
call_command("spectacular", format="openapi-json", file="openapi.json", validate=True, fail_on_warn=True)
print(registry().hosts)
"""


def block_after(heading):
    """The guide's code block that follows these words."""
    found = re.search(rf"{re.escape(heading)}.*?^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def follow_the_guide(product):
    services = product / "apps" / "plant_identification" / "services"
    package = services / "herbarium"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in FILES:
        (package / name).write_text(block_after(f"`herbarium/{name}`"))
    base = product / "plant_community_backend" / "settings" / "base.py"
    base.write_text(base.read_text() + block_after("`plant_community_backend/settings/base.py`"))
    import_line, entry = block_after("`services/registry.py`").strip().split("\n\n")
    source, entries = re.subn(
        r"^SPECS: .*$", entry, (services / "registry.py").read_text(), flags=re.MULTILINE
    )
    assert entries == 1
    (services / "registry.py").write_text(source.replace("\nimport os\n", f"\nimport os\n{import_line}\n", 1))


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """What the product says of itself with the guide's files and lines in it: `said` and `openapi.json`."""
    product = tmp_path_factory.mktemp("product")
    for folder in ("apps", "plant_community_backend"):
        shutil.copytree(ROOT / folder, product / folder)
    follow_the_guide(product)
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "plant_community_backend.settings.development",
        "READ_DOTENV": "0",
        "PLANT_ID_API_KEY": "",
        "PLANTNET_API_KEY": "",
        "HERBARIUM_API_KEY": KEY,
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK_THE_COPY],
        cwd=product,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (product / "said").write_text(done.stdout)
    return product


def test_the_guide_s_lines_alone_make_the_product_know_it(followed):
    schemas = json.loads((followed / "openapi.json").read_text())["components"]["schemas"]
    scores = schemas["ProviderScores"]

    assert (followed / "said").read_text().splitlines()[-1] == "herbarium@herbarium.example"
    assert schemas["ProviderName"]["enum"] == ["plant_id", "plantnet", "herbarium"]
    assert scores["properties"].keys() == {"plant_id", "plantnet", "herbarium"}
    assert set(scores["required"]) == {"plant_id", "plantnet"}
    assert "herbarium" in schemas["ServicesHealth"]["required"]


@pytest.mark.parametrize("name", FILES)
def test_the_guide_shows_the_very_files(name):
    assert block_after(f"`herbarium/{name}`") == (TOY / name).read_text()


def test_the_guide_names_every_field_of_a_spec():
    assert [name for name in ProviderSpec.__dataclass_fields__ if f"`{name}`" not in GUIDE] == []
