"""Editors' pages about facts, and their choices."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection

from apps.core.models import AuditEntry
from apps.plant_identification.models import FactSource, SpeciesFact
from apps.plant_identification.services.encyclopedia.preferring import prefer_source
from apps.plant_identification.services.encyclopedia.properties import PROPERTY_OF_FIELD
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.plant_identification.tests.test_care import state
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
LIST = "/cms/encyclopedia/conflicts/"


@pytest.fixture
def species():
    species = SpeciesFactory(canonical_name="Ficus lyrata")
    for key, light, height in (("books", "full", 48), ("garden", "shade", 47)):
        source = FactSource.objects.create(key=key, title=key.title(), kind="dataset")
        state(species, source, light=light, height_max=height)
    return species


def editor(client, *names):
    person = UserFactory(is_staff=False)
    group = Group.objects.create(name=f"of {person.username}")
    permissions = Permission.objects.filter(codename__in=["access_admin", *names])
    group.permissions.set(permissions)
    person.groups.add(group)
    client.force_login(person)
    return person


def choose(client, species, source, note="Seen in three gardens.", known="light"):
    address = f"/cms/encyclopedia/species/{species.pk}/prefer/{known}/"
    return client.post(address, {"source": source, "note": note}, follow=True)


def preferred():
    return set(SpeciesFact.objects.filter(is_preferred=True).values_list("source__key", "field"))


def test_an_editor_finds_a_conflict_and_chooses(client, species):
    person = editor(client, "change_plantspecies")

    listed = client.get(LIST).content.decode()
    assert "Ficus lyrata" in listed
    assert "Light (books, garden)" in listed
    assert "Height" not in listed
    page = choose(client, species, "garden").content.decode()
    assert "Light: noted." in page
    assert "we go by this" in page
    assert preferred() == {("garden", "light")}
    entry = AuditEntry.objects.get(action="encyclopedia.prefer_source")
    assert (entry.actor_id, entry.reason) == (person.pk, "Seen in three gardens.")
    assert (entry.before, entry.after) == ({"source": None}, {"source": "garden"})
    assert "Light (garden)" in client.get(LIST).content.decode()
    choose(client, species, "")
    assert preferred() == set()


def test_a_choice_needs_a_reason_and_a_source_that_said_something(client, species):
    editor(client, "change_plantspecies")

    assert "Please say why" in choose(client, species, "garden", note=" ").content.decode()
    assert choose(client, species, "nobody").status_code == 404
    assert choose(client, species, "garden", known="toxicity").status_code == 404
    assert preferred() == set()
    assert not AuditEntry.objects.filter(action="encyclopedia.prefer_source").exists()


def test_without_the_permission_there_is_nothing_to_see_or_do(client, species):
    editor(client)

    assert client.get(LIST).status_code == 302
    choose(client, species, "garden")
    assert preferred() == set()
    assert "Differing sources" not in client.get("/cms/").content.decode()
    client.logout()
    assert client.get(LIST).status_code == 302


def test_the_number_of_queries_does_not_grow_with_the_list(client, species, django_assert_max_num_queries):
    books = FactSource.objects.get(key="books")
    garden = FactSource.objects.get(key="garden")
    for number in range(20):
        other = SpeciesFactory(canonical_name=f"Ficus nova{'abcdefghijklmnopqrst'[number]}")
        state(other, books, light="full")
        state(other, garden, light="shade")
    editor(client, "change_plantspecies")
    client.get(LIST)

    with django_assert_max_num_queries(16):
        assert client.get(LIST).content.decode().count("Light (books, garden)") == 21


def test_an_editor_can_ask_trefle_where_there_is_one(client, species, settings, monkeypatch):
    editor(client, "change_plantspecies")
    address = f"/cms/encyclopedia/species/{species.pk}/"
    assert "Ask Trefle" not in client.get(address).content.decode()
    assert client.post(f"{address}ask-trefle/").status_code == 404

    settings.TREFLE_API_KEY = "a-key-for-trefle"
    sent = []
    monkeypatch.setattr(
        "apps.plant_identification.services.encyclopedia.enrichment.enqueue",
        lambda *message: sent.append(message) or True,
    )
    assert "Ask Trefle" in client.get(address).content.decode()
    assert "Trefle is being asked" in client.post(f"{address}ask-trefle/", follow=True).content.decode()
    assert sent == [("plant_identification.enrich_species", str(species.pk), True)]


@pytest.mark.django_db(transaction=True)
def test_two_editors_at_one_moment_leave_one_choice(species):
    start = threading.Barrier(2)
    people = [UserFactory(), UserFactory()]

    def choose_at_once(number):
        try:
            start.wait(10)
            prefer_source(
                species_id=species.pk,
                known=PROPERTY_OF_FIELD["light"],
                source_key=("books", "garden")[number],
                actor=people[number],
                note="Because.",
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as editors:
        list(editors.map(choose_at_once, range(2)))

    assert len(preferred()) == 1
    first, second = AuditEntry.objects.filter(action="encyclopedia.prefer_source").order_by("id")
    if first.before["source"] is not None:  # written first, but second at the species
        first, second = second, first
    assert second.before == first.after
