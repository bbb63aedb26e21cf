import uuid

import pytest
from django.db import IntegrityError, connection

from apps.users.models import SubscriptionTier, User
from apps.users.public import tier_of
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_a_person_is_known_by_a_uuid_and_starts_on_the_free_tier():
    person = UserFactory()

    assert isinstance(person.pk, uuid.UUID)
    assert person.subscription_tier == SubscriptionTier.FREE
    assert tier_of(person) is SubscriptionTier.FREE


def test_an_address_is_taken_however_it_is_capitalised():
    UserFactory(email="Rose@Example.org")

    with pytest.raises(IntegrityError):
        UserFactory(email="rOSE@example.ORG")


def test_a_name_is_taken_however_it_is_capitalised():
    UserFactory(username="Rose")

    with pytest.raises(IntegrityError):
        UserFactory(username="rOSE")


def test_a_tier_nobody_knows_is_refused_by_the_database():
    person = UserFactory()

    with pytest.raises(IntegrityError):
        User.objects.filter(pk=person.pk).update(subscription_tier="platinum")


@pytest.mark.parametrize(
    "login",
    ["rose@example.org", "ROSE@EXAMPLE.ORG", "Rose", "rose", "\N{FULLWIDTH LATIN CAPITAL LETTER R}ose"],
)
def test_people_are_found_by_address_and_name_however_typed(login):
    person = UserFactory(username="Rose", email="Rose@example.org")

    assert User.objects.get_queryset().with_login(login).get() == person


def test_a_superuser_needs_no_confirmation_mail():
    assert User.objects.create_superuser("root", "root@example.org", "x").has_confirmed_email


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL's planner")
@pytest.mark.parametrize("login", ["rose@example.org", "rose"])
def test_looking_somebody_up_uses_the_unique_index(login):
    User.objects.bulk_create(UserFactory.build_batch(200))
    with connection.cursor() as cursor:  # of an empty table any index is as good
        cursor.execute("ANALYZE users_user; SET LOCAL enable_seqscan = off")

    plan = User.objects.get_queryset().with_login(login).explain()

    assert "_unique" in plan
    assert "Seq Scan" not in plan
