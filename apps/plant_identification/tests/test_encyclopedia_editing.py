"""The encyclopedia at /cms/, as editors use it."""

import json

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from wagtail.models import ModelLogEntry

from apps.core.models import AuditEntry
from apps.plant_identification.models import (
    FactSource,
    PlantSpecies,
    SourceKind,
    SpeciesFact,
    ToxicityStatement,
)
from apps.plant_identification.services.encyclopedia.editing import editors_source
from apps.plant_identification.services.encyclopedia.facts import learn_facts
from apps.plant_identification.services.encyclopedia.index import index_species
from apps.plant_identification.services.encyclopedia.search import search_species
from apps.plant_identification.services.encyclopedia.species import find_species
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.plant_identification.types import ProviderSuggestion
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

KINDS = ("plantspecies", "speciesfact", "toxicitystatement", "speciespicture")
RIGHTS = {"access_admin", "view_factsource"} | {
    f"{verb}_{kind}" for verb in ("view", "add", "change", "delete") for kind in KINDS
}


def address(kind, view="list", *args):
    return reverse(f"wagtailsnippets_plant_identification_{kind}:{view}", args=args)


def sign_in(client, rights):
    user = UserFactory()
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    return user


@pytest.fixture
def editor(client):
    return sign_in(client, RIGHTS)


@pytest.fixture
def dataset():
    return FactSource.objects.create(key="usda", title="USDA", kind=SourceKind.DATASET)


@pytest.fixture
def species():
    one = SpeciesFactory(
        canonical_name="Monstera deliciosa",
        family="Araceae",
        genus="Monstera",
        common_names={"en": ["Ceriman"], "de": ["Fensterblatt"]},
        synonyms=["Philodendron pertusum"],
        identification_count=3,
    )
    index_species([one])
    return one


def form_of(species, **changed):
    """What the browser sends: every field, as the page shows it."""
    shown = {
        "common_names": "de: Fensterblatt\nen: Ceriman",
        "synonyms": "Philodendron pertusum",
        "authorship": "",
        "genus": "Monstera",
        "family": "Araceae",
        "gbif_id": "",
        "powo_id": "",
    }
    return {"canonical_name": species.canonical_name, **shown, **changed}


def edit(client, species, **changed):
    response = client.post(address("plantspecies", "edit", species.pk), form_of(species, **changed))
    assert response.status_code == 302, response.context["form"].errors
    return PlantSpecies.objects.get(pk=species.pk)


def state(species, source, field="light", value="shade", **rest):
    return SpeciesFact.objects.create(
        species=species, field=field, value=value, source=source, stated_on="2023-01-30", **rest
    )


def warn(species, source, target="cat"):
    return ToxicityStatement.objects.create(
        species=species, target=target, level="toxic", source=source, stated_on="2023-01-30"
    )


def test_what_an_editor_changes_is_theirs_found_at_once_and_kept_as_a_revision(client, editor, species):
    edited = edit(
        client, species, family="Aroids", common_names="de: Fensterblatt\nen: Swiss cheese plant; Ceriman"
    )

    assert (edited.family, edited.common_names["en"]) == ("Aroids", ["Swiss cheese plant", "Ceriman"])
    assert {fact: said["source"] for fact, said in edited.sources.items()} == {
        "family": "editors",
        "common_names.en": "editors",
    }
    assert search_species(text="swiss cheese", limit=5)[0].species == species
    assert edited.latest_revision.user == editor
    assert ModelLogEntry.objects.get(object_id=str(species.pk)).action == "wagtail.edit"


def test_what_was_learned_while_the_form_was_open_is_not_overwritten(client, editor, species):
    page = client.get(address("plantspecies", "edit", species.pk))
    assert 'name="seen"' in page.content.decode()
    seen = page.context["form"].initial["seen"]
    said = ProviderSuggestion(
        scientific_name="Monstera deliciosa",
        rank="species",
        score=0.9,
        authorship="Liebm.",
        gbif_id=2868241,
        common_names=("Faux philodendron",),
        languages={"common_names": "fr"},
    )
    learn_facts(species, said, "plant_id")
    species.identification_count = 4
    species.save()

    names = "de: Fensterblatt\nen: Hurricane plant"
    edited = edit(client, species, family="Aroids", common_names=names, seen=json.dumps(seen))

    assert (edited.family, edited.authorship, edited.gbif_id) == ("Aroids", "Liebm.", 2868241)
    assert edited.identification_count == 4
    assert edited.sources["authorship"]["source"] == "plant_id"
    assert edited.common_names == {
        "en": ["Hurricane plant"],
        "de": ["Fensterblatt"],
        "fr": ["Faux philodendron"],
    }


def test_services_leave_alone_what_editors_said_even_where_it_is_nothing(client, editor, species):
    edited = edit(client, species, family="", synonyms="", common_names="en: Ceriman")
    said = ProviderSuggestion(
        scientific_name="Monstera deliciosa",
        rank="species",
        score=0.9,
        family="Araceae",
        synonyms=("Philodendron pertusum",),
        common_names=("Fensterblatt",),
        languages={"common_names": "de"},
    )

    assert not learn_facts(edited, said, "plant_id")
    assert (edited.family, edited.synonyms, edited.common_names) == ("", [], {"en": ["Ceriman"]})


def test_a_synonym_that_an_editor_adds_is_vouched_for_and_one_a_service_listed_is_not(
    client, editor, species
):
    edit(client, species, synonyms="Philodendron pertusum\nTornelia fragrans")

    assert find_species("Tornelia fragrans") == species
    assert find_species("Philodendron pertusum") is None

    edit(client, species, synonyms="Philodendron pertusum")

    assert find_species("Tornelia fragrans") is None
    assert search_species(text="Tornelia fragrans", limit=5) == []


def test_an_earlier_version_can_be_compared_and_brought_back_without_old_counts(client, editor, species):
    edit(client, species, family="Aroids", common_names="en: Ceriman")
    learned, first = PlantSpecies.objects.get(pk=species.pk).revisions.order_by("pk")
    assert (learned.user, learned.content["family"]) == (None, "Araceae")
    edited = edit(client, species, family="Araceae", common_names="en: Ceriman; Hurricane plant")
    PlantSpecies.objects.filter(pk=species.pk).update(identification_count=9)

    history = client.get(address("plantspecies", "history", species.pk)).content.decode()
    compared = client.get(
        address("plantspecies", "revisions_compare", species.pk, first.pk, edited.latest_revision_id)
    ).content.decode()
    old = client.get(address("plantspecies", "revisions_revert", species.pk, first.pk))
    response = client.post(
        address("plantspecies", "revisions_revert", species.pk, first.pk),
        form_of(species, family="Aroids", common_names="en: Ceriman", revision=first.pk),
    )

    assert str(editor) in history or editor.username in history
    assert "Hurricane plant" in compared
    assert old.context["form"]["family"].value() == "Aroids"
    assert response.status_code == 302
    species.refresh_from_db()
    assert (species.family, species.common_names) == ("Aroids", {"en": ["Ceriman"]})
    assert species.identification_count == 9


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("common_names", "Fensterblatt"),
        ("common_names", "xx: Fensterblatt"),
        ("common_names", "de: " + "; ".join(map(str, range(11)))),
        ("synonyms", "a" * 201),
        ("synonyms", "Philodendron\x00pertusum"),
        ("gbif_id", "many"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(client, editor, species, field, value):
    response = client.post(address("plantspecies", "edit", species.pk), form_of(species, **{field: value}))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]


def test_a_new_species_is_written_as_names_are_and_there_is_one_of_a_name(client, editor, species):
    form = form_of(species, canonical_name="dracaena TRIFASCIATA Prain", synonyms="", genus="Dracaena")

    assert client.post(address("plantspecies", "add"), form).status_code == 302
    again = client.post(address("plantspecies", "add"), form)

    assert find_species("Dracaena trifasciata").sources["genus"]["source"] == "editors"
    assert list(again.context["form"].errors) == ["canonical_name"]


def test_the_list_and_the_chooser_find_by_any_name_and_typos(client, editor, species):
    SpeciesFactory(canonical_name="Acer rubrum")
    chooser = reverse("wagtailsnippetchoosers_plant_identification_plantspecies:choose_results")

    for text in ("fensterblatt", "Monstera delicosa", "philodendron pert"):
        for page in (address("plantspecies"), chooser):
            found = client.get(page, {"q": text}).content.decode()
            assert "Monstera deliciosa" in found, text
            assert "Acer rubrum" not in found
    assert "Acer rubrum" in client.get(address("plantspecies"), {"genus": "ace"}).content.decode()


def test_lists_cost_the_same_however_long_they_are(
    client, editor, species, dataset, django_assert_max_num_queries
):
    for number in range(30):
        index_species([one := SpeciesFactory()])
        state(one, dataset, field=f"f{number}")
        warn(one, dataset)
    for kind in ("plantspecies", "speciesfact", "toxicitystatement"):
        client.get(address(kind))
        with django_assert_max_num_queries(18):
            assert client.get(address(kind)).status_code == 200
    client.get(address("plantspecies", "edit", species.pk))


def test_an_editor_adds_a_fact_beside_the_dataset_s_and_prefers_one(client, editor, species, dataset):
    theirs = state(species, dataset, is_preferred=True)
    page = client.get(address("speciesfact", "add"), {"species": species.pk})
    assert page.context["form"]["species"].value() == str(species.pk)
    form = {
        "species": species.pk,
        "field": "light",
        "value": "half shade; sun",
        "stated_on": "2026-11-21",
        "is_preferred": "on",
    }

    added = client.post(address("speciesfact", "add"), form)
    assert added.status_code == 302, added.context["form"].errors
    again = client.post(address("speciesfact", "add"), form)

    ours = SpeciesFact.objects.get(source=editors_source())
    theirs.refresh_from_db()
    assert (ours.value, ours.is_preferred, theirs.is_preferred) == (["half shade", "sun"], True, False)
    assert again.status_code == 200
    assert SpeciesFact.objects.count() == 2
    shown = client.get(address("plantspecies", "edit", species.pk)).content.decode()
    assert "half shade, sun" in shown


def test_what_a_dataset_says_cannot_be_changed_or_deleted_by_editors(client, editor, species, dataset):
    fact, hazard = state(species, dataset), warn(species, dataset)
    dataset.is_verified = False
    dataset.save()

    client.post(address("speciesfact", "edit", fact.pk), {"field": "x", "value": "sun", "is_preferred": "on"})
    client.post(address("toxicitystatement", "edit", hazard.pk), {"target": "dog", "level": "none"})
    for kind, row in (("speciesfact", fact), ("toxicitystatement", hazard)):
        client.post(address(kind, "delete", row.pk))
        bulk = reverse("wagtail_bulk_action", args=["plant_identification", kind, "delete"])
        client.post(f"{bulk}?id={row.pk}", {"next": address(kind)})

    fact.refresh_from_db()
    hazard.refresh_from_db()
    assert (fact.field, fact.value, fact.is_preferred) == ("light", "shade", True)
    assert (hazard.target, hazard.level) == ("cat", "toxic")
    assert "(unverified)" in client.get(address("plantspecies", "edit", species.pk)).content.decode()


def test_what_editors_said_themselves_they_take_back(client, editor, species):
    hazard = warn(species, editors_source())

    assert client.post(address("toxicitystatement", "delete", hazard.pk)).status_code == 302
    assert not ToxicityStatement.objects.exists()


def test_a_species_of_the_catalogue_cannot_be_deleted_and_another_one_can(client, editor, species):
    listed = SpeciesFactory(catalogue={"sources": ["kew_wcvp"]})
    bulk = reverse("wagtail_bulk_action", args=["plant_identification", "plantspecies", "delete"])

    client.post(address("plantspecies", "delete", listed.pk))
    client.post(f"{bulk}?id={listed.pk}", {"next": address("plantspecies")})
    client.post(address("plantspecies", "delete", species.pk))

    assert list(PlantSpecies.objects.all()) == [listed]


def test_merging_shows_first_what_it_will_do_and_is_written_down(client, editor, species):
    other = SpeciesFactory(canonical_name="Philodendron pertusum", identification_count=2)
    state(other, editors_source())
    page = address("plantspecies", "merge", other.pk)

    looked = client.get(page, {"target": species.pk}).content.decode()
    merged = client.post(page, {"target": species.pk})

    assert "species facts" in looked
    assert merged.headers["Location"] == address("plantspecies", "edit", species.pk)
    species.refresh_from_db()
    other.refresh_from_db()
    assert (other.merged_into, species.identification_count) == (species, 5)
    entry = AuditEntry.objects.get(action="species.merge")
    assert (entry.actor_id, entry.before["merged"]["name"]) == (editor.pk, "Philodendron pertusum")
    assert entry.after["moved"] == {"species facts": 1}
    assert species.latest_revision.user == editor
    assert client.get(page).status_code == 404
    listed = client.get(address("plantspecies")).context["object_list"]
    assert list(listed) == [species]


def test_a_merging_that_would_lose_something_says_why_and_does_nothing(client, editor, species, dataset):
    other = SpeciesFactory(canonical_name="Philodendron pertusum")
    warn(species, dataset)
    ToxicityStatement.objects.filter(species=species).update(level="deadly")
    warn(other, dataset)
    page = address("plantspecies", "merge", other.pk)

    looked = client.get(page, {"target": species.pk}).content.decode()
    client.post(page, {"target": species.pk})

    assert "so that no warning is lost" in looked
    other.refresh_from_db()
    assert other.merged_into is None
    assert not AuditEntry.objects.exists()


def test_who_may_only_look_changes_nothing_and_others_see_nothing(client, species, dataset):
    other = SpeciesFactory(canonical_name="Philodendron pertusum")
    fact = state(species, dataset)
    sign_in(client, {"access_admin", "view_plantspecies", "view_speciesfact"})

    assert client.get(address("plantspecies")).status_code == 200
    for path, form in (
        (address("plantspecies", "edit", species.pk), form_of(species, family="Aroids")),
        (address("plantspecies", "merge", other.pk), {"target": species.pk}),
        (address("speciesfact", "edit", fact.pk), {"is_preferred": "on"}),
        (address("speciesfact", "delete", fact.pk), {}),
    ):
        client.post(path, form)
    sign_in(client, set())
    assert client.get(address("plantspecies")).status_code == 302

    species.refresh_from_db()
    other.refresh_from_db()
    fact.refresh_from_db()
    assert (species.family, other.merged_into, fact.is_preferred) == ("Araceae", None, False)


def test_sources_can_be_read_and_not_written(client, editor, dataset):
    assert "USDA" in client.get(address("factsource")).content.decode()
    assert client.get(address("factsource", "inspect", dataset.pk)).status_code == 200
    assert client.get(address("factsource", "edit", dataset.pk)).status_code == 302
    assert client.get(address("factsource", "add")).status_code == 302
