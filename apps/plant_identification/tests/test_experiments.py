"""Who is in which group, and that a variant changes how scores are fused and nothing else."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.core.models import AuditEntry
from apps.core.redis import get_redis
from apps.plant_identification.exceptions import ExperimentRefused
from apps.plant_identification.models import (
    Experiment,
    IdentificationAnswer,
    PhotoFingerprint,
    PlantIdentificationRequest,
    PlantIdentificationResult,
    QuotaReservation,
)
from apps.plant_identification.services.experiments import (
    NO_EXPERIMENT,
    assign,
    bucket_of,
    end_experiment,
    forget_running,
    group_of,
    save_shares,
    start_experiment,
)
from apps.plant_identification.services.fusion import RULES, fuse
from apps.plant_identification.tasks import answer_queued
from apps.plant_identification.tests.conftest import make_photo, states_of
from apps.plant_identification.tests.test_similar_photos import copy_of, posts
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

ONE_EACH = {"plant_id": 1, "plantnet": 1}
# A's share and a later one, at least as large, and the same of B; never more than everybody.
GROWING = st.integers(0, 100).flatmap(
    lambda a: st.integers(0, 100 - a).flatmap(
        lambda b: st.tuples(st.integers(0, a), st.just(a), st.integers(0, b), st.just(b))
    )
)


@pytest.fixture
def keeper():
    return UserFactory(username="keeper", is_staff=True)


@pytest.fixture
def draft():
    return Experiment.objects.create(
        name="How much does agreement say?",
        variant_a_rule="quarter",
        variant_a_percent=30,
        variant_b_rule="three_quarters",
        variant_b_percent=30,
    )


@pytest.fixture
def running(draft, keeper):
    return start_experiment(experiment_id=draft.pk, actor=keeper, reason="")


def somebody(experiment, group):
    """A client of a person whom chance put into this group."""
    while True:
        pk = uuid4()
        shares = {"a_percent": experiment.variant_a_percent, "b_percent": experiment.variant_b_percent}
        if group_of(bucket_of(experiment.pk, pk), **shares) == group:
            client = APIClient()
            client.force_authenticate(UserFactory(id=pk))
            return client


@pytest.fixture
def people(running):
    return {group: somebody(running, group) for group in ("control", "variant_a", "variant_b")}


def headline(response):
    return next(each for each in response.json()["suggestions"] if each["rank_position"] == 1)


def expected_confidence(answer, rule):
    scores = {name: score for name, score in answer["provider_scores"].items() if score is not None}
    return fuse(scores, rule=RULES[rule])


@given(st.integers(0, 99), GROWING)
def test_nobody_leaves_a_variant_while_shares_only_grow(bucket, shares):
    a, a_later, b, b_later = shares
    before = group_of(bucket, a_percent=a, b_percent=b)

    after = group_of(bucket, a_percent=a_later, b_percent=b_later)

    assert after == before or before == "control"


def test_groups_are_as_large_as_their_shares_and_say_nothing_of_the_next_experiment():
    people = [UUID(int=number) for number in range(20_000)]
    one, other = UUID(int=1), UUID(int=2)
    groups = Counter(group_of(bucket_of(one, pk), a_percent=10, b_percent=20) for pk in people)
    again = Counter(
        group_of(bucket_of(other, pk), a_percent=50, b_percent=0)
        for pk in people
        if bucket_of(one, pk) < 10  # variant A of the first
    )

    assert groups["variant_a"] / 20_000 == pytest.approx(0.1, abs=0.01)
    assert groups["variant_b"] / 20_000 == pytest.approx(0.2, abs=0.015)
    assert again["variant_a"] / again.total() == pytest.approx(0.5, abs=0.05)
    assert bucket_of(one, people[7]) == bucket_of(one, str(people[7]))


def test_without_a_running_experiment_everybody_is_told_the_same(draft, keeper):
    person = UserFactory()
    assert assign(person) == NO_EXPERIMENT

    started = start_experiment(experiment_id=draft.pk, actor=keeper, reason="")
    assert assign(person).experiment_id == started.pk
    assert assign(AnonymousUser()).group == "control"

    end_experiment(experiment_id=draft.pk, actor=keeper, reason="")
    assert assign(person) == NO_EXPERIMENT


def test_looking_up_the_group_asks_the_database_only_now_and_then(running, django_assert_num_queries):
    person = UserFactory()
    assign(person)

    with django_assert_num_queries(0):
        for _ in range(50):
            assign(person)
    with django_assert_num_queries(1):
        forget_running()
        assign(person)
        assign(person)


def test_a_rule_that_this_release_does_not_know_is_not_tried_by_it(running):
    Experiment.objects.filter(pk=running.pk).update(variant_a_rule="of_tomorrow", variant_a_percent=70)
    forget_running()
    groups = {assign(UserFactory.build()).group for _ in range(50)}

    assert groups == {"control", "variant_b"}


def test_each_group_gets_its_own_answer_of_the_same_replies(providers, identify, people):
    providers.fault("both", "outcome", {"outcome": "agree", "species": "Mangifera indica"})
    rules = {"control": "half", "variant_a": "quarter", "variant_b": "three_quarters"}
    first = {group: identify(make_photo(1), client=client) for group, client in people.items()}
    second = {group: identify(make_photo(1), client=client) for group, client in people.items()}

    assert posts(providers) == ONE_EACH
    confidences = {group: headline(response)["confidence"] for group, response in first.items()}
    assert confidences["variant_a"] < confidences["control"] < confidences["variant_b"]
    for group, response in first.items():
        assert response.json()["cache"] == "miss"
        assert confidences[group] == expected_confidence(headline(response), rules[group])
        assert second[group].json()["cache"] == "hit"
        assert second[group].json()["suggestions"] == response.json()["suggestions"]
    kept = PlantIdentificationRequest.objects.values_list("experiment_group", "options__fusion")
    assert set(kept) == set(rules.items())
    assert {row.experiment_id for row in PlantIdentificationRequest.objects.all()} == {
        Experiment.objects.get().pk
    }


def test_groups_that_ask_at_the_same_moment_buy_the_photo_once(providers, identify, people):
    barrier = threading.Barrier(6)

    def ask(client):
        try:
            barrier.wait(10)
            return identify(make_photo(1), client=client).status_code
        finally:
            connection.close()

    clients = [*people.values()] * 2
    with ThreadPoolExecutor(len(clients)) as pool:
        assert set(pool.map(ask, clients)) == {200}
    assert posts(providers) == ONE_EACH


def test_a_copy_that_another_group_sends_is_merged_again_and_bought_from_nobody(providers, identify, people):
    providers.fault("both", "outcome", {"outcome": "agree", "species": "Mangifera indica"})
    identify(make_photo(1), client=people["control"])

    response = identify(copy_of(make_photo(1)), client=people["variant_b"])

    assert response.json()["cache"] == "near"
    assert set(states_of(response).values()) == {"near_duplicate"}
    assert headline(response)["confidence"] == expected_confidence(headline(response), "three_quarters")
    assert posts(providers) == ONE_EACH


def test_a_copy_whose_replies_are_gone_is_told_as_it_is(providers, identify, people):
    providers.fault("both", "outcome", {"outcome": "agree", "species": "Mangifera indica"})
    told = identify(make_photo(1), client=people["control"])
    get_redis().flushdb()

    response = identify(copy_of(make_photo(1)), client=people["variant_b"])

    assert response.json()["suggestions"] == told.json()["suggestions"]
    assert posts(providers) == ONE_EACH


def test_a_variant_tries_no_service_again_that_the_others_are_waiting_for(providers, identify, people):
    providers.fault("plantnet", "status", {"status": 503, "headers": {"Retry-After": "120"}})
    partial = identify(make_photo(1), client=people["control"]).json()
    assert partial["status"] == "partial"
    # The failure itself is remembered for a few seconds only.
    get_redis().delete(*get_redis().keys("*failed:*"), "nothing")

    other = identify(make_photo(1), client=people["variant_b"]).json()

    assert other["status"] == "partial"
    assert other["suggestions"] == partial["suggestions"]
    assert posts(providers) == ONE_EACH


def test_in_an_outage_another_group_s_old_answer_is_better_than_none(providers, identify, people):
    identify(make_photo(1), client=people["control"])
    get_redis().flushdb()
    PhotoFingerprint.objects.all().delete()
    QuotaReservation.objects.update(access_token="")
    providers.fault("both", "status", 500)

    response = identify(make_photo(1), client=people["variant_a"])

    assert (response.status_code, response.json()["status"]) == (200, "stale")


def test_a_photo_in_the_queue_is_answered_by_the_rule_it_was_accepted_with(
    providers, identify, people, settings
):
    settings.CELERY_BROKER_URL = "memory://"
    providers.fault("both", "status", 500)
    queued = identify(make_photo(1), client=people["variant_b"], headers={"Prefer": "respond-async"})
    assert queued.status_code == 202
    providers.clear_faults()
    providers.fault("both", "outcome", {"outcome": "agree", "species": "Mangifera indica"})
    get_redis().flushdb()

    answer_queued()
    answer = IdentificationAnswer.objects.get().document["suggestions"][0]
    assert answer["confidence"] == expected_confidence(answer, "three_quarters")


def test_what_each_model_said_is_kept_with_each_candidate(providers, identify):
    providers.fault("both", "outcome", "agree")
    answer = identify(make_photo(1)).json()
    versions = {report["name"]: report["model_version"] for report in answer["providers"]}

    rows = list(PlantIdentificationResult.objects.order_by("rank_position"))

    assert rows[0].model_metadata | {"models": None} == {
        "agreement": "both",
        "fusion": "half",
        "from_sandbox": True,
        "models": None,
    }
    for row, suggestion in zip(rows, answer["suggestions"], strict=True):
        said = {model["provider"]: model for model in row.model_metadata["models"]}
        assert {name: model["score"] for name, model in said.items()} == {
            name: score for name, score in suggestion["provider_scores"].items() if score is not None
        }
        assert all(versions[name] == model["version"] for name, model in said.items())
        assert row.is_favourite == any(model["is_favourite"] for model in said.values())
    favourites = [
        model["provider"] for row in rows for model in row.model_metadata["models"] if model["is_favourite"]
    ]
    assert sorted(favourites) == ["plant_id", "plantnet"]


def test_switching_is_written_down_and_a_second_experiment_has_to_wait(running, keeper):
    other = Experiment.objects.create(name="Another", variant_a_rule="quarter")
    with pytest.raises(ExperimentRefused):
        start_experiment(experiment_id=other.pk, actor=keeper, reason="")
    running.variant_a_percent = 40
    save_shares(experiment=running, actor=keeper)
    end_experiment(experiment_id=running.pk, actor=keeper, reason="enough said")

    rows = list(AuditEntry.objects.order_by("id"))
    assert [row.action for row in rows] == ["experiment.start", "experiment.change", "experiment.end"]
    assert (rows[1].before["variant_a_percent"], rows[1].after["variant_a_percent"]) == (30, 40)
    assert (rows[2].reason, rows[2].actor_name, rows[2].after["status"]) == ("enough said", "keeper", "ended")
    with pytest.raises(ExperimentRefused):
        start_experiment(experiment_id=running.pk, actor=keeper, reason="")


def test_of_two_that_are_started_at_once_one_runs(keeper):
    drafts = [Experiment.objects.create(name=name, variant_a_rule="quarter") for name in ("One", "Two")]
    barrier = threading.Barrier(2)

    def start(draft):
        try:
            barrier.wait(10)
            start_experiment(experiment_id=draft.pk, actor=keeper, reason="")
        except ExperimentRefused:
            return "refused"
        finally:
            connection.close()
        return "started"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(start, drafts)) == ["refused", "started"]
    assert AuditEntry.objects.filter(action="experiment.start").count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"variant_a_percent": 60, "variant_b_percent": 41},
        {"variant_b_rule": "", "variant_b_percent": 1},
        {"status": "running"},
        {"status": "ended"},
    ],
    ids=str,
)
def test_the_database_refuses_what_cannot_be(draft, changes):
    with pytest.raises(IntegrityError), transaction.atomic():
        Experiment.objects.filter(pk=draft.pk).update(**changes)


@settings(deadline=None)
@given(st.uuids())
def test_a_bucket_is_one_of_a_hundred(person):
    assert 0 <= bucket_of(UUID(int=3), person) < 100
