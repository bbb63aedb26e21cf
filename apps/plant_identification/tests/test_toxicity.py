"""Whoever may have a poisonous plant is warned, with sources; what is unknown is never said to be safe."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.languages import writing_in
from apps.core.testing.clock import FakeClock
from apps.plant_identification.models import (
    FactSource,
    IdentificationAnswer,
    PlantSpecies,
    ToxicityStatement,
)
from apps.plant_identification.services.encyclopedia import hazards
from apps.plant_identification.services.encyclopedia.hazards import (
    HAZARDS,
    HazardTable,
    KnownHazards,
    StatedHazards,
)
from apps.plant_identification.services.fusion import RULES
from apps.plant_identification.services.merging import merge_replies
from apps.plant_identification.services.toxicity import tell_toxicity
from apps.plant_identification.tests.conftest import make_photo
from apps.plant_identification.tests.test_merging import plant_id, plantnet
from apps.plant_identification.tests.test_merging_fusion import SCORES, SPECIES, replies_of, suggest

pytestmark = pytest.mark.django_db

SAFE_WORDS = re.compile(r"non-?toxic|harmless|\bsafe\b|ungiftig|harmlos|ungefährlich", re.IGNORECASE)
DENIED = re.compile(
    r"not known to be safe|not mean that it is safe|not safe|nicht als ungefährlich bekannt"
    r"|heißt nicht, dass die Pflanze ungefährlich ist|nicht ungefährlich"
)


@pytest.fixture(autouse=True)
def _sandbox_world(settings):
    settings.PROVIDER_SANDBOX = True


def state(name, target="human", *, level="toxic", source="tppt", synonyms=(), gbif_id=None, **said):
    species, _ = PlantSpecies.objects.get_or_create(
        canonical_name=name,
        from_sandbox=said.pop("from_sandbox", True),
        defaults={"synonyms": list(synonyms), "gbif_id": gbif_id},
    )
    who, _ = FactSource.objects.get_or_create(
        key=source, defaults={"title": f"Database of {source}", "kind": "dataset", "url": "doi:10.1/1"}
    )
    made = ToxicityStatement.objects.create(
        species=species,
        target=target,
        level=level,
        source=who,
        stated_on=date(2026, 11, 1),
        dataset_version="2026-11",
        **said,
    )
    HAZARDS.forget()
    return made


def told(*replies, language="en", **more):
    document = msgspec.to_builtins(merge_replies(replies, **more))
    with writing_in(language):
        return document | tell_toxicity(document)


def warned(answer):
    return [warning["scientific_name"] for warning in answer["toxicity_warnings"]]


def test_a_statement_is_told_in_the_words_of_its_source():
    state("Convallaria majalis", "human", level="very strong toxic", parts="Whole plant")
    state("Convallaria majalis", "cat", level="", effects="cardiac glycosides", source="lily_cat_2010")

    answer = told(plant_id(suggest("Convallaria majalis", 0.9)))

    [warning] = answer["toxicity_warnings"]
    cat, human = sorted(warning["targets"], key=lambda target: target["target"])
    assert (warning["is_headline"], warning["confidence"], warning["rank"]) == (True, 0.9, "species")
    assert warning["species_id"] == str(PlantSpecies.objects.get().pk)
    assert (human["level"], human["parts"], human["effects"]) == ("very strong toxic", "Whole plant", None)
    assert (cat["level"], cat["effects"]) == (None, "cardiac glycosides")
    assert cat["source"]["title"] == "Database of lily_cat_2010"
    assert (human["stated_on"], human["dataset_version"]) == ("2026-11-01", "2026-11")
    assert warning["unknown_for"] == ["dog", "horse"]
    assert answer["toxicity"] == (
        "Convallaria majalis: harmful to cats. “cardiac glycosides” (source: Database of lily_cat_2010)\n\n"
        "Convallaria majalis: harmful to people. “very strong toxic; Whole plant” (source: Database of tppt)"
    )
    assert answer["sources"]["toxicity"] == "encyclopedia"


@pytest.mark.parametrize(
    "suggestion",
    [
        suggest("Nerium oleander", 0.05),
        suggest("Nerium oleander L.", 0.05),
        suggest("Nerium oleander var. indicum", 0.05, rank="infraspecies"),
        suggest("Nerium indicum", 0.05),  # our synonym
        suggest("Nerium odorum", 0.05, synonyms=("Nerium oleander",)),  # the service's
        suggest("Nerium splendens", 0.05, gbif_id=3169744),
    ],
    ids=["name", "author", "variety", "our synonym", "their synonym", "GBIF"],
)
def test_a_plant_warns_under_every_name_it_has(suggestion):
    state("Nerium oleander", synonyms=["Nerium indicum Mill."], gbif_id=3169744)

    answer = told(plantnet(suggest("Zea mays", 0.9), suggestion))

    assert len(answer["toxicity_warnings"]) == 1
    assert "Nerium oleander: harmful to people" in answer["toxicity"]


@pytest.mark.parametrize(("score", "count"), [(0.05, 1), (0.049, 0)])
def test_from_a_twentieth_on_a_candidate_warns_listed_or_not(score, count):
    state("Nerium oleander")
    many = [suggest(f"Aloe {letter * 3}", 0.06) for letter in "abcdefghijkl"]

    answer = told(plantnet(*many, suggest("Nerium oleander", score)))

    assert len(answer["suggestions"]) == 10
    assert warned(answer) == ["Nerium oleander"] * count


def test_what_the_services_say_stands_beside_what_is_known_here():
    state("Nerium oleander")
    said = suggest("Nerium oleander", 0.5, toxicity="Deadly.")

    answer = told(plant_id(suggest("Zea mays", 0.6, toxicity="The pollen itches."), said))

    maize, oleander = answer["toxicity_warnings"]
    assert maize["services"] == [{"provider": "plant_id", "text": "The pollen itches."}]
    assert (maize["targets"], maize["unknown_for"]) == ([], ["human", "cat", "dog", "horse"])
    assert oleander["services"][0]["text"] == "Deadly."
    assert answer["toxicity"].startswith("Zea mays: The pollen itches.\n\nNerium oleander: Deadly.\n\nNerium")
    assert answer["sources"]["toxicity"] == "plant_id"
    assert "only the identification services" in answer["toxicity_notice"]


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_genus_warns_with_its_species_that_are_stated_to_be_harmful(rule):
    state("Lilium candidum", "cat")
    state("Lilium longiflorum", "cat")
    state("Nerium oleander")
    two = suggest("Lilium regale", 0.4), suggest("Lilium martagon", 0.4)

    answer = told(plant_id(two[0]), plantnet(two[1]), rule=rule)

    assert (answer["scientific_name"], answer["rank"]) == ("Lilium", "genus")
    assert warned(answer) == ["Lilium"]
    [warning] = answer["toxicity_warnings"]
    assert [target["about"] for target in warning["targets"]] == ["Lilium candidum", "Lilium longiflorum"]
    assert (warning["rank"], warning["species_id"]) == ("genus", None)


def test_a_species_of_which_nothing_is_stated_is_said_to_be_unknown_and_its_relatives_are_named():
    state("Lilium candidum", "cat")

    known, unknown = (
        told(plant_id(suggest("Lilium candidum", 0.9))),
        told(plant_id(suggest("Lilium regale", 0.9))),
    )

    assert "is stated to be harmful" in known["toxicity_notice"]
    assert warned(unknown) == []
    assert unknown["toxicity_notice"] == (
        "Nothing is known here about the poison of Lilium regale. That does not mean that it is safe. "
        "Plants of the same genus are stated to be harmful: Lilium candidum."
    )
    assert told(plant_id(is_plant=False))["toxicity_notice"] is None
    german = told(plant_id(suggest("Zea mays", 0.9)), language="de")["toxicity_notice"]
    assert german.startswith("Zur Giftigkeit von Zea mays ist hier nichts bekannt.")


def test_what_the_other_mode_s_species_are_stated_to_be_is_not_told():
    state("Nerium oleander", from_sandbox=False)

    assert warned(told(plant_id(suggest("Nerium oleander", 0.9)))) == []


def entry(name, number, targets):
    statement = {
        "level": "toxic", "parts": None, "effects": None, "stated_on": "2026-11-01", "dataset_version": None,
        "source": {"title": "A source"}, "about": name,
    }  # fmt: skip
    return StatedHazards(
        species_id=str(number),
        scientific_name=name,
        targets=tuple({**statement, "target": target} for target in targets),
    )


ENTRIES = st.dictionaries(
    st.sampled_from(SPECIES),
    st.lists(st.sampled_from(["human", "cat", "dog", "animal"]), min_size=1, unique=True),
)


def table_of(stated):
    made = [entry(name, number, targets) for number, (name, targets) in enumerate(stated.items())]
    by_genus = {}
    for each in made:
        genus = each.scientific_name.split()[0].casefold()
        by_genus[genus] = (*by_genus.get(genus, ()), each)
    names = {each.scientific_name.replace("× ", "").casefold(): (each,) for each in made}
    return HazardTable(by_name=names, by_genus=by_genus)


@settings(deadline=None)
@given(replies_of(SPECIES), ENTRIES, st.data())
def test_raising_a_score_never_removes_a_warning(replies, stated, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HAZARDS, "table", lambda: table_of(stated))
        before = told(*replies)
        places = [(i, j) for i, reply in enumerate(replies) for j, _ in enumerate(reply.suggestions)]
        if not places:
            return
        i, j = data.draw(st.sampled_from(places))
        suggestions = list(replies[i].suggestions)
        higher = data.draw(st.floats(suggestions[j].score, 1))
        suggestions[j] = replace(suggestions[j], score=higher)
        raised = [*replies]
        raised[i] = replace(replies[i], suggestions=tuple(suggestions))
        after = told(*raised)

    named = {each.scientific_name for reply in replies for each in reply.suggestions}
    # A headline warns below the limit, too, for as long as it is one.
    lasting = {one["scientific_name"] for one in before["toxicity_warnings"] if one["confidence"] >= 0.05}
    assert lasting & named <= set(warned(after))


@settings(deadline=None)
@given(replies_of(SPECIES), ENTRIES, SCORES, st.sampled_from(["en", "de"]))
def test_every_statement_names_its_source_and_nothing_is_called_safe(replies, stated, score, language):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HAZARDS, "table", lambda: table_of(stated))
        answer = told(*replies, plant_id(suggest("Zea mays", score)), language=language)

    for warning in answer["toxicity_warnings"]:
        assert warning["targets"] or warning["services"]
        assert all(target["source"]["title"] for target in warning["targets"])
        said = {target["target"] for target in warning["targets"]}
        assert not said & set(warning["unknown_for"])
    for text in (answer["toxicity"], answer["toxicity_notice"]):
        assert not SAFE_WORDS.search(DENIED.sub("", text or ""))
    for line in (answer["toxicity"] or "").split("\n\n"):
        assert not line or "A source" in line


@pytest.mark.django_db(transaction=True)
class TestOverHTTP:
    """An answer is kept, and its warnings are not: they are as new as the encyclopedia."""

    @pytest.fixture
    def oleander(self, providers):
        providers.fault("both", "outcome", {"outcome": "agree", "species": "Mangifera indica"})

    def test_an_answer_given_before_warns_of_what_was_stated_since(
        self, identify, api_client, oleander, django_assert_num_queries
    ):
        first = identify(make_photo(1)).json()
        assert [each["targets"] for each in first["toxicity_warnings"]] == [[]]
        assert "only the identification services" in first["toxicity_notice"]

        species = PlantSpecies.objects.get(canonical_name="Mangifera indica")
        source = FactSource.objects.create(key="tppt", title="TPPT", kind="dataset")
        ToxicityStatement.objects.create(
            species=species, target="human", source=source, stated_on=date(2026, 11, 1)
        )

        assert [each["species_id"] for each in identify(make_photo(1)).json()["toxicity_warnings"]] == [
            str(species.pk)
        ]
        assert api_client.get(first["links"]["self"]).json()["toxicity_warnings"][0]["targets"]
        with django_assert_num_queries(1):  # the record
            again = identify(make_photo(1)).json()
        assert again["cache"] == "hit"
        assert "likely" not in again

    def test_it_warns_when_plant_id_is_away_as_well(self, providers, identify, oleander):
        providers.fault("plant_id", "status", 500)
        state("Mangifera indica", "human", level="allergenic")

        answer = identify(make_photo(1)).json()

        assert answer["status"] == "partial"
        assert warned(answer) == ["Mangifera indica"]

    def test_an_answer_of_an_older_release_warns_with_what_it_lists(self, identify, api_client, oleander):
        first = identify(make_photo(1)).json()
        answer = IdentificationAnswer.objects.get()
        del answer.document["likely"]
        answer.save()
        state("Mangifera indica")

        assert warned(api_client.get(first["links"]["self"]).json()) == ["Mangifera indica"]

    def test_a_species_tells_of_each_who_may_be_harmed_what_is_stated_or_that_nothing_is(self, api_client):
        said = state("Nerium oleander", "animal", level="very strong toxic")
        state("Nerium oleander", "human")
        path = f"/api/v1/plant-identification/species/{said.species_id}/"

        toxicity = api_client.get(path).json()["toxicity"]

        by_target = {each["target"]: each for each in toxicity["targets"]}
        assert list(by_target) == ["human", "cat", "dog", "horse", "livestock", "animal"]
        assert [name for name, each in by_target.items() if each["is_known"]] == ["human", "animal"]
        assert by_target["animal"]["statements"][0]["level"] == "very strong toxic"
        assert "take it that cats are meant, too" in by_target["cat"]["note"]
        assert toxicity["dataset_versions"] == ["2026-11"]
        assert "Unknown is not safe" in toxicity["notice"]
        # What is stated since is told at once, though answers are kept.
        state("Nerium oleander", "cat", source="cornell_cals")
        assert {
            each["target"] for each in api_client.get(path).json()["toxicity"]["targets"] if each["is_known"]
        } == {"human", "cat", "animal"}


def test_the_table_is_read_once_a_minute_and_by_one_thread(monkeypatch):
    clock = FakeClock()
    known = KnownHazards(clock=clock)
    reads = []
    started, go_on = threading.Event(), threading.Event()

    def read():
        reads.append(clock.monotonic())
        if len(reads) == 2:
            started.set()
            assert go_on.wait(10)
        return HazardTable(by_name={str(len(reads)): ()})

    monkeypatch.setattr(hazards, "read_table", read)
    assert known.table() is known.table()
    clock.advance(61)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(known.table)
        assert started.wait(10)
        assert known.table().by_name == {"1": ()}  # nobody waits for it
        go_on.set()
        assert slow.result(10).by_name == {"2": ()}
    assert known.table().by_name == {"2": ()}
    assert len(reads) == 2


def test_a_change_made_while_the_table_is_read_is_in_the_next_one(monkeypatch):
    known = KnownHazards()
    tables = iter([HazardTable(by_name={"before": ()}), HazardTable(by_name={"after": ()})])

    def read():
        table = next(tables)
        if "before" in table.by_name:
            known.forget()  # as another thread's commit does
        return table

    monkeypatch.setattr(hazards, "read_table", read)

    assert known.table().by_name == {"before": ()}
    assert known.table().by_name == {"after": ()}
