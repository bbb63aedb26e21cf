import uuid

import pytest
from django.db import connection

from apps.core.db import read_row
from apps.users.models import User
from apps.users.tests.factories import UserFactory

STATEMENT = "SELECT {columns} FROM users_user AS row WHERE row.username = %s"


@pytest.mark.django_db
def test_a_row_is_read_as_the_orm_reads_it(django_assert_num_queries):
    UserFactory(username="fern", email_verified_at=None)

    with django_assert_num_queries(1):
        row = read_row(User, STATEMENT, ["fern"])

    whole = User.objects.get(username="fern")
    names = [field.attname for field in User._meta.concrete_fields]
    assert row == whole
    assert [getattr(row, name) for name in names] == [getattr(whole, name) for name in names]
    assert not row.get_deferred_fields()
    assert (row._state.adding, row._state.db) == (False, connection.alias)


@pytest.mark.django_db
def test_no_row_is_none():
    assert read_row(User, STATEMENT, [uuid.uuid4().hex]) is None
