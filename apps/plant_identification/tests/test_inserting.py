"""Rows written past Django's own statement builder are the rows that it would have written."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from apps.core.db import insert_rows
from apps.core.links import link_to
from apps.plant_identification.models import IdentificationAnswer, PlantIdentificationResult

pytestmark = pytest.mark.django_db
ANSWERED_AT = datetime(2026, 11, 21, tzinfo=UTC)


def new_answer(**changes):
    values = {
        "question_key": "q" * 64,
        "digest": "d" * 64,
        "photo_digest": "p" * 64,
        "options": {"language": "de", "latitude": None},
        "status": "complete",
        "document": {"plant_name": "Käsebaum", "nothing": None, "%s": "100 %"},
        "confidence": 0.5,
        "answered_at": ANSWERED_AT,
    }
    return IdentificationAnswer(**values | changes)


def new_result(answer, position):
    return PlantIdentificationResult(
        answer_id=answer.pk,
        rank_position=position,
        scientific_name="Monstera deliciosa",
        confidence_score=0.5,
        provider_scores={"plant_id": 0.5, "plantnet": None},
        model_confidence=0.5,
    )


def kept(model, pk):
    return {name: value for name, value in model.objects.filter(pk=pk).values().get().items() if name != "id"}


def test_a_row_is_the_same_as_a_saved_one():
    mine, django_s = new_answer(), new_answer()
    insert_rows([mine])
    django_s.save()

    ours, theirs = kept(IdentificationAnswer, mine.pk), kept(IdentificationAnswer, django_s.pk)
    moments = [(row.pop("created_at"), row.pop("updated_at")) for row in (ours, theirs)]
    assert ours == theirs
    assert all(abs(moments[0][i] - moments[1][i]).total_seconds() < 60 for i in range(2))


def test_it_can_be_saved_and_read_again_like_any_other():
    answer = new_answer()
    insert_rows([answer])
    assert not answer._state.adding
    answer.status = "partial"
    answer.save()
    answer.refresh_from_db()
    assert (answer.status, IdentificationAnswer.objects.count()) == ("partial", 1)


def test_many_rows_are_one_statement(django_assert_num_queries):
    answer = new_answer()
    insert_rows([answer])
    with django_assert_num_queries(1):
        insert_rows([new_result(answer, position) for position in range(1, 11)])
    assert sorted(answer.results.values_list("rank_position", flat=True)) == list(range(1, 11))


def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert_rows([])


def test_a_row_that_may_not_be_there_twice_breaks_the_transaction_as_a_saved_one_does():
    answer = new_answer()
    insert_rows([answer])
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows([answer])
    assert IdentificationAnswer.objects.count() == 1


def test_an_address_is_the_one_that_the_urls_say():
    answer = new_answer()
    name = "v1:plant-identification:request-detail"
    assert link_to(name, answer.pk) == f"/api/v1/plant-identification/requests/{answer.pk}/"
