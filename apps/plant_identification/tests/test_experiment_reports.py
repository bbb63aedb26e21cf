"""What reports count, what they leave out, and what they say of few cases."""

import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.core.models import AuditEntry
from apps.plant_identification.models import (
    Experiment,
    IdentificationAnswer,
    IdentificationFeedback,
    PlantIdentificationRequest,
    PlantIdentificationResult,
)
from apps.plant_identification.services.proportions import Proportion, difference
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

API = "/api/v1/plant-identification"
ADMIN = "/admin/plant_identification/experiment"
NOW = datetime.now(UTC)
RULES = {"control": "half", "variant_a": "quarter"}


@pytest.fixture(autouse=True)
def _sandbox_world(settings):
    settings.PROVIDER_SANDBOX = True


@pytest.fixture
def experiment():
    return Experiment.objects.create(
        name="Less trust",
        variant_a_rule="quarter",
        status="running",
        started_at=NOW - timedelta(days=5),
    )


@pytest.fixture
def staff(api_client):
    user = UserFactory(is_staff=True)
    api_client.force_authenticate(user)
    return api_client


@pytest.fixture
def browser():
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def answered(experiment, group="control", *, confidence=0.5, verdict=None, named="", said=(), **changes):
    """One request and its answer; `said` are (provider, version, favourite, score)."""
    same = {"digest": "0" * 64, "photo_digest": "0" * 64}
    fusion = changes.pop("fusion", RULES[group])
    headline = changes.pop("headline", "Rosa canina")
    answer = IdentificationAnswer.objects.create(
        **same,
        question_key="",
        options={"fusion": fusion},
        status="complete",
        document={},
        plant_name=headline,
        confidence=confidence,
        agreement="both",
        answered_at=NOW,
    )
    for position, (provider, version, favourite, score) in enumerate(said, start=1):
        model = {"provider": provider, "version": version, "score": score, "is_favourite": True}
        PlantIdentificationResult.objects.create(
            answer=answer,
            species=changes.get("species"),
            rank_position=position,
            scientific_name=favourite,
            confidence_score=score,
            provider_scores={provider: score},
            model_version=version,
            model_confidence=score,
            model_metadata={"agreement": "both", "from_sandbox": True, "models": [model]},
            is_favourite=True,
        )
    changes.pop("species", None)
    created_at = changes.pop("created_at", NOW - timedelta(days=1))
    values = {
        "owner": UserFactory(),
        "from_sandbox": True,
        "options": {"fusion": fusion},
        "status": "complete",
        "cache": "miss",
        "experiment": experiment,
        "experiment_group": group,
        **changes,
    }
    record = PlantIdentificationRequest.objects.create(**same, answer=answer, **values)
    PlantIdentificationRequest.objects.filter(pk=record.pk).update(created_at=created_at)
    if verdict:
        known = SpeciesFactory._meta.model.objects.filter(canonical_name=named).first()
        IdentificationFeedback.objects.create(
            request=record, verdict=verdict, scientific_name=named, species=known
        )
    return record


def groups_of(staff, experiment, query=""):
    report = staff.get(f"{API}/experiments/{experiment.pk}/report/{query}").json()
    return {group["arm"]["group"]: group for group in report["groups"]}


def test_each_group_is_counted_by_itself(staff, experiment):
    person = UserFactory()
    for confidence in (0.05, 0.5, 0.95, 1.0):
        answered(experiment, confidence=confidence, owner=person)
    answered(experiment, "variant_a", confidence=None)
    answered(experiment, verdict="right")
    answered(experiment, verdict="wrong")
    answered(experiment, verdict="other", named="Rosa rugosa")
    answered(experiment, verdict="other", named="Rosa canina")

    groups = groups_of(staff, experiment)
    control = groups["control"]

    assert (control["people"], control["answers"]) == (5, 8)
    assert control["confidence"]["histogram"] == [1, 0, 0, 0, 0, 5, 0, 0, 0, 2]
    assert control["confidence"]["mean"] == pytest.approx((0.05 + 0.95 + 1 + 5 * 0.5) / 8)
    assert control["confidence"]["median"] == 0.5
    assert control["agreement"] == {"both": 8, "genus": 0, "single": 0, "none": 0}
    assert control["verdicts"] == {"right": 1, "wrong": 1, "other": 2}
    assert (control["accuracy"]["right"], control["accuracy"]["judged"]) == (2, 4)
    assert (control["accuracy"]["share"], control["accuracy"]["is_enough"]) == (0.5, False)
    assert control["compared"] is None
    variant = groups["variant_a"]
    assert (variant["answers"], variant["confidence"]["mean"]) == (1, None)
    assert variant["accuracy"] == {
        "right": 0, "judged": 0, "share": None, "low": None, "high": None, "is_enough": False
    }  # fmt: skip
    assert variant["compared"]["verdict"] == "too_few"


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": None},
        {"from_sandbox": False},
        {"deleted_at": NOW},
        {"status": "stale"},
        {"status": "queued"},
        {"fusion": "quarter"},
        {"experiment": None},
        {"created_at": NOW - timedelta(days=6)},
    ],
    ids=["anonymous", "real", "deleted", "stale", "queued", "other rule", "no experiment", "too early"],
)
def test_what_chance_did_not_put_there_is_not_counted(staff, experiment, changes):
    answered(experiment)
    answered(**{"experiment": experiment, "verdict": "wrong", **changes})

    control = groups_of(staff, experiment)["control"]

    assert (control["answers"], control["accuracy"]["judged"]) == (1, 0)


def test_a_report_can_be_narrowed_to_a_time_and_not_widened_beyond_a_year(staff, experiment):
    answered(experiment, created_at=NOW - timedelta(days=3))
    answered(experiment, created_at=NOW - timedelta(days=2))
    since = (NOW - timedelta(days=2, hours=1)).isoformat().replace("+00:00", "Z")

    assert groups_of(staff, experiment, f"?since={since}")["control"]["answers"] == 1
    for query in ("since=2020-01-01T00:00:00Z", "until=2020-01-01T00:00:00Z", "since=soon",
                  "until=0001-01-01T00:00:00Z"):  # fmt: skip
        response = staff.get(f"{API}/experiments/{experiment.pk}/report/?{query}")
        assert response.status_code == 400, query
    assert staff.get(f"{API}/models/report/?since=2020-01-01T00:00:00Z").status_code == 400


ROSA, ACER = "Rosa canina", "Acer rubrum"
JUDGED = [
    # headline, favourite, verdict, named -> is the model right
    (ROSA, ROSA, "right", "", True),
    (ROSA, ACER, "right", "", False),
    (ROSA, "Rosa", "right", "", None),
    ("Rosa", ROSA, "right", "", None),
    (ROSA, ROSA, "wrong", "", False),
    (ROSA, ACER, "wrong", "", None),
    (ROSA, ROSA, "other", ACER, False),
    (ROSA, ACER, "other", ACER, True),
    (ROSA, "Acer", "other", ACER, None),
    (ROSA, ACER, "other", "the weed behind the shed", None),
    (ROSA, ROSA, "other", "the weed behind the shed", False),
]


@pytest.mark.parametrize(("headline", "favourite", "verdict", "named", "expected"), JUDGED)
def test_a_model_is_held_to_what_it_named_itself(staff, headline, favourite, verdict, named, expected):
    SpeciesFactory(canonical_name=ACER, from_sandbox=True)
    species = SpeciesFactory._meta.model.objects.get() if favourite == ACER else None
    answered(
        None,
        headline=headline,
        verdict=verdict,
        named=named,
        species=species,
        said=[("plant_id", "plant_id:5", favourite, 0.8)],
    )

    [model] = staff.get(f"{API}/models/report/").json()["models"]

    assert (model["provider"], model["model_version"], model["answers"]) == ("plant_id", "plant_id:5", 1)
    judged = [] if expected is None else [expected]
    assert (model["accuracy"]["right"], model["accuracy"]["judged"]) == (sum(judged), len(judged))


def test_each_version_of_each_model_is_counted_by_itself(staff):
    for version, score in (("plant_id:4", 0.4), ("plant_id:5", 0.8), ("plant_id:5", 0.9)):
        answered(None, said=[("plant_id", version, ROSA, score), ("plantnet", "2026", ACER, 1.0)])

    report = staff.get(f"{API}/models/report/").json()
    models = {model["model_version"]: model for model in report["models"]}

    assert {version: model["answers"] for version, model in models.items()} == {
        "plant_id:5": 2,
        "plant_id:4": 1,
        "2026": 3,
    }
    assert models["plant_id:5"]["confidence"]["median"] == pytest.approx(0.85)
    assert models["2026"]["confidence"]["histogram"] == [0] * 9 + [3]
    assert models["2026"]["agreement"]["both"] == 3


@pytest.mark.parametrize(("who", "status"), [(None, 401), ({}, 403), ({"is_staff": True}, 200)])
def test_reports_are_for_staff(api_client, experiment, who, status):
    if who is not None:
        api_client.force_authenticate(UserFactory(**who))
    for path in ("experiments/", f"experiments/{experiment.pk}/report/", "models/report/"):
        assert api_client.get(f"{API}/{path}").status_code == status


def test_the_list_tells_the_groups_of_each_experiment(staff, experiment):
    [told] = staff.get(f"{API}/experiments/").json()["results"]

    assert told["status"] == "running"
    assert told["arms"] == [
        {"group": "control", "rule": "half", "percent": 90},
        {"group": "variant_a", "rule": "quarter", "percent": 10},
    ]


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share_and_stays_within_0_and_1(right, wrong):
    proportion = Proportion(right=right, judged=right + wrong)
    if not proportion.judged:
        assert proportion.interval is None
        return
    low, high = proportion.interval

    assert 0 <= low <= proportion.share <= high <= 1
    more = Proportion(right=right * 4, judged=proportion.judged * 4).interval
    assert more[1] - more[0] < high - low


def test_the_intervals_are_those_of_the_books():
    low, high = Proportion(right=8, judged=10).interval
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    # Newcombe 1998, method 10: 56/70 and 48/80.
    compared = difference(Proportion(right=56, judged=70), Proportion(right=48, judged=80))
    assert (round(compared.low, 4), round(compared.high, 4)) == (0.0524, 0.3339)
    assert compared.verdict == "higher"


@given(st.integers(0, 29), st.integers(0, 10_000))
def test_of_few_judgements_nothing_is_concluded(few, many):
    assert (
        difference(Proportion(right=few, judged=few), Proportion(right=0, judged=many)).verdict == "too_few"
    )


def test_an_experiment_is_made_started_changed_and_ended_in_the_admin(browser):
    form = {
        "name": "More trust",
        "expectation": "",
        "variant_a_rule": "three_quarters",
        "variant_a_percent": 60,
        "variant_b_rule": "quarter",
        "variant_b_percent": 60,
    }
    refused = browser.post(f"{ADMIN}/add/", form).content.decode()
    assert "Both variants together get at most 100 %." in refused
    assert browser.post(f"{ADMIN}/add/", {**form, "variant_b_percent": 40}).status_code == 302
    made = Experiment.objects.get()

    browser.post(f"{ADMIN}/{made.pk}/start/", {"reason": "to learn"})
    made.refresh_from_db()
    assert made.status == "running"
    change = f"{ADMIN}/{made.pk}/change/"
    changed = browser.post(
        change, {"variant_a_percent": 20, "variant_b_percent": 10, "variant_a_rule": "quarter"}
    )
    assert changed.status_code == 302, changed.content.decode()[-9000:]
    made.refresh_from_db()
    assert (made.variant_a_percent, made.variant_b_percent, made.variant_a_rule) == (20, 10, "three_quarters")
    assert browser.post(f"{ADMIN}/{made.pk}/delete/", {"post": "yes"}).status_code == 403
    report = browser.get(f"{ADMIN}/{made.pk}/report/").content.decode()
    assert "too few judgements to tell" in report
    browser.post(f"{ADMIN}/{made.pk}/end/", {})
    made.refresh_from_db()
    assert made.status == "ended"
    told = browser.post(f"{ADMIN}/{made.pk}/start/", follow=True).content.decode()
    assert "not what you saw" in told
    assert list(AuditEntry.objects.order_by("id").values_list("action", "reason")) == [
        ("experiment.start", "to learn"),
        ("experiment.change", ""),
        ("experiment.end", ""),
    ]


def test_the_switches_want_a_post_and_the_right_to_change(browser, experiment):
    assert browser.get(f"{ADMIN}/{experiment.pk}/end/").status_code == 405
    clerk = Client()
    clerk.force_login(UserFactory(is_staff=True))

    assert clerk.post(f"{ADMIN}/{experiment.pk}/end/").status_code == 403
    assert clerk.get(f"{ADMIN}/{experiment.pk}/report/").status_code == 403
    assert clerk.get(f"{ADMIN}/models/").status_code == 403
    assert Client().post(f"{ADMIN}/{experiment.pk}/end/").status_code == 302
    experiment.refresh_from_db()
    assert experiment.status == "running"


def test_the_pages_draw_what_the_tables_say_without_a_script(browser, experiment):
    for number in range(40):
        answered(experiment, verdict="right" if number % 4 else "wrong", confidence=number / 40)
        answered(experiment, "variant_a", verdict="wrong", said=[("plantnet", "<2026>", ROSA, 0.7)])

    report = browser.get(f"{ADMIN}/{experiment.pk}/report/").content.decode()
    models = browser.get(f"{ADMIN}/models/").content.decode()

    assert "less often right" in report
    assert "75.0 %" in report
    assert report.count("<circle") == 2
    assert report.count("<rect") == 20
    assert "plantnet &lt;2026&gt;" in models
    for page in (report, models):
        main = page[page.index('<div class="report">') :]
        numbers = map(float, re.findall(r'(?:x|y|width|height|cx|cy|x1|x2)="([\d.-]+)"', main))
        assert all(math.isfinite(number) and number >= 0 for number in numbers)
        assert "style=" not in main
        assert "onclick" not in main
