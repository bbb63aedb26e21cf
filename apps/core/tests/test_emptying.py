import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections, transaction

from apps.core.testing import emptying
from apps.users.models import User
from apps.users.tests.factories import UserFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="elsewhere Django's own way is kept"),
]


def rows():
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        counts = {table: cursor.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}
    return {table: count for table, count in counts.items() if count}


def fill():
    group = Group.objects.create(name="Gardeners")
    group.permissions.set(Permission.objects.all()[:3])
    UserFactory().groups.add(group)


def test_it_leaves_what_django_leaves():
    fill()
    call_command("flush", interactive=False, verbosity=0)
    left_by_django = rows()
    kinds = set(ContentType.objects.values_list("app_label", "model"))
    fill()

    emptying.empty_filled_tables(connection)

    assert rows() == left_by_django
    assert set(left_by_django) == set(emptying.KEPT)
    assert set(ContentType.objects.values_list("app_label", "model")) == kinds


def test_numbers_are_not_given_again():
    first = Group.objects.create(name="Gardeners").pk
    emptying.empty_filled_tables(connection)

    assert Group.objects.create(name="Gardeners").pk > first


def test_who_is_about_to_commit_is_waited_for():
    has_written = threading.Event()

    def write_and_commit_when_somebody_waits():
        with transaction.atomic(), connection.cursor() as cursor:
            UserFactory()
            has_written.set()
            until = time.monotonic() + 30
            while not cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                assert time.monotonic() < until
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(write_and_commit_when_somebody_waits)
        assert has_written.wait(30)
        emptying.empty_filled_tables(connection)
        other.result()

    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("wish", "is_ours"),
    [
        ({}, True),
        ({"serialized_rollback": True}, False),
        ({"reset_sequences": True}, False),
        ({"available_apps": ["apps.users"]}, False),
        ({"databases": ["other"]}, False),
    ],
)
def test_who_asks_for_more_than_empty_tables_gets_django_s_own_way(monkeypatch, wish, is_ours):
    usual = {"serialized_rollback": False, "reset_sequences": False, "available_apps": None}
    case = SimpleNamespace(**{**usual, "databases": {"default"}, **wish})
    taken = []
    monkeypatch.setattr(emptying, "empty_filled_tables", lambda _: taken.append("ours"))
    monkeypatch.setattr(emptying, "_django_s_way", lambda _: taken.append("Django's"))

    emptying.empty_after_test(case)

    assert taken == ["ours" if is_ours else "Django's"]
