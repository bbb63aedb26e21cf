"""What is kept about people: every table has a rule, an export holds all of it, a deletion leaves none."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.core.files.storage import storages
from django.db import connection, models

from apps.core.redis import get_redis
from apps.plant_identification.models import PhotoSet
from apps.plant_identification.tasks import purge_deleted_task
from apps.plant_identification.tests.aging import let_a_while_pass
from apps.plant_identification.tests.conftest import identify, providers
from apps.users.models import User
from apps.users.services.archives import stream_archive
from apps.users.services.deletion import erase_due_accounts
from apps.users.services.personal_data import PersonalRows, personal_data
from apps.users.services.personal_tables import NOBODY
from tests.whole_life import live, new_person

__all__ = ["identify", "providers"]

pytestmark = pytest.mark.usefixtures("indexing")

PERSONAL_NAME = re.compile(
    r"(^|_)(user|owner|actor|principal|person|people|login|e?mail|phone|ip|address|author|member)(_|$)"
)
# Columns that sound like people and are not.
NO_TIES = {
    "users.SecurityEvent.user_agent": "of a row with a tie",
    "users.User.email": "of the person's own row",
    "users.User.email_verified_at": "of the person's own row",
    "users.User.last_login": "of the person's own row",
    "users.User.username": "of the person's own row",
    "users.User.wished_username": "of the person's own row",
    "core.AuditEntry.actor_name": "of a row with a tie",
    "core.KeyedRequest.principal": "a digest, of a row with a tie; an address's leads to nobody",
    "wagtailembeds.Embed.author_name": "of a film on another site",
    "wagtailforms.FormSubmission.user": "no form page is in use",
}
ADA, BOB = "quillan", "zorvath"  # no hexadecimal digits, and no parts of other words
KEPT_KEY = "core_auditentry"  # the key alone, in place of the name


def tied_columns():
    """Whatever points at people: keys, and columns that are named as if they did."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            name = f"{model._meta.label}.{field.name}"
            is_key = isinstance(field, models.ForeignKey) and issubclass(field.related_model, User)
            is_named = not field.is_relation and PERSONAL_NAME.search(field.name)
            if is_key or (is_named and name not in NO_TIES):
                yield name


def covered():
    return {f"{table.model._meta.label}.{tie}" for table in personal_data() for tie in table.ties}


def test_every_column_that_leads_to_a_person_has_a_rule_for_export_and_deletion():
    """See `apps/users/services/personal_data.py`: name the table where its app names the others."""
    assert sorted(set(tied_columns()) - covered()) == []


def test_what_hangs_on_rows_that_go_has_a_rule_too():
    gone = {table.model for table in personal_data() if table.kept_as is None and table.erase is None}
    hanging = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and field.related_model in gone
        and field.remote_field.on_delete is models.CASCADE
        and model not in {table.model for table in personal_data()}
    ]
    assert hanging == []


@pytest.mark.django_db
def test_no_rule_is_for_a_column_that_is_not_there():
    for table in personal_data():
        assert table.file or table.untold, table
        list(table.of(User(pk="00000000-0000-0000-0000-000000000001"))[:1])


def test_files_of_an_export_have_names_of_their_own():
    names = [table.file for table in personal_data() if table.file]
    assert sorted(names) == sorted(set(names))


# --- Two whole lives ----------------------------------------------------------------------------------------
@pytest.fixture
def ada(transactional_db, providers, identify):
    person = new_person(ADA)
    live(person, identify, seed=10)
    return person


@pytest.fixture
def bob(transactional_db, providers, identify):
    person = new_person(BOB)
    live(person, identify, seed=20)
    return person


def needles(person):
    return [str(person.pk), person.pk.hex, person.username.removesuffix("-login")]


def rows():
    """Each row of the database as a text, with its table."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            yield from ((table, text) for (text,) in cursor.fetchall())


def mentions(person):
    found = re.compile("|".join(needles(person)), re.IGNORECASE)
    return [(table, text) for table, text in rows() if found.search(text)]


def places(person):
    """Table and key of what mentions somebody."""
    return {(table, text.partition(",")[0]) for table, text in mentions(person)}


def export_of(person):
    pieces = b"".join(stream_archive(person, language="en"))
    return zipfile.ZipFile(io.BytesIO(pieces))


def cached():
    """Each key of Redis, with what is in it where that is a text."""
    redis = get_redis()
    for key in redis.scan_iter("*"):
        value = redis.get(key) if redis.type(key) == b"string" else b""
        yield f"{key!r} {value!r}"


def stored_files():
    folders = [(storages[alias], "") for alias in ("default", "photos", "exports")]
    found = set()
    while folders:
        storage, folder = folders.pop()
        if not storage.exists(folder or "."):
            continue
        below, names = storage.listdir(folder)
        folders += [(storage, f"{folder}/{name}".lstrip("/")) for name in below]
        found |= {f"{storage.location}/{folder}/{name}" for name in names}
    return found


def test_an_export_holds_everything_of_one_and_nothing_of_anybody_else(ada, bob):
    archive = export_of(ada)
    content = {name: archive.read(name) for name in archive.namelist()}

    for table in personal_data():
        assert table.of(ada).exists(), f"tests/whole_life.py leaves {table} empty, so nothing is tried"
        if table.file:
            assert len(json.loads(content[f"{table.file}.json"])) == table.of(ada).count(), table
    everything = b"\n".join(content.values()).decode(errors="replace")
    for word in ("fern", "notes", "shelf", " is sure", "remark", "reply", "draft"):
        assert f"{ADA}{word}" in everything
    assert [word for word in needles(bob) if word in everything] == []
    assert "md5$" not in everything  # of the password
    mine = PhotoSet.objects.filter(requests__owner=ada).distinct()
    photos = [name for name in archive.namelist() if name.startswith("photos/")]
    assert len(photos) == sum(len(photo_set.paths) for photo_set in mine) == 3
    for photo_set in mine:
        with storages["photos"].open(photo_set.paths[0]) as stored:
            assert content[f"photos/{photo_set.pk}-1.jpg"] == stored.read()


def leave_for_good(person):
    User.objects.filter(pk=person.pk).update(deletion_due_at=datetime.now(UTC) - timedelta(seconds=1))


def assert_gone(ada, providers):
    let_a_while_pass()
    purge_deleted_task()
    gone = [table for table in personal_data() if "actor_id" not in table.ties]
    assert [table for table in gone if table.of(ada).exists()] == []
    left = [(table, text) for table, text in mentions(ada) if table != KEPT_KEY]
    assert left == []
    assert [key for key in cached() if any(word in key for word in needles(ada))] == []
    kept = [text for table, text in mentions(ada) if table == KEPT_KEY]
    assert kept
    assert all(NOBODY in text and ADA not in text for text in kept)


def test_a_deletion_leaves_nothing_of_one_and_everything_of_others(ada, bob, providers):
    let_a_while_pass()
    purge_deleted_task()  # of both what they deleted themselves
    before, of_bob = stored_files(), places(bob)
    leave_for_good(ada)

    assert erase_due_accounts() == 1

    assert_gone(ada, providers)
    assert places(bob) == of_bob
    assert providers.counters("plant_id")["deletes"] == 3 + 1
    gone = before - stored_files()
    assert len([path for path in gone if "/photos/" in path]) == 2
    assert any(f"{ADA}face" in path for path in gone)
    assert not any(f"{BOB}face" in path for path in gone)


def test_a_deletion_that_breaks_off_anywhere_is_gone_on_with(ada, providers, monkeypatch):
    """One step further with each run, as if each worker died after the step that the last one died before."""
    erase_some = PersonalRows.erase_some
    steps = 0

    def die_after(limit, table, user):
        nonlocal steps
        if steps >= limit:
            raise OSError("the worker died")
        steps += 1
        return erase_some(table, user)

    for limit in range(2 * len(personal_data())):
        steps = 0
        monkeypatch.setattr(
            PersonalRows, "erase_some", lambda table, user, limit=limit: die_after(limit, table, user)
        )
        leave_for_good(ada)
        if erase_due_accounts():
            break
        assert User.objects.get(pk=ada.pk).is_active is False
    assert limit >= len(personal_data()) - 1
    assert_gone(ada, providers)
