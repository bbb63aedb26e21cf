"""From replies to the one answer: who is the same plant, who is the headline, whose word is what."""

import json
from pathlib import Path

import pytest

from apps.plant_identification.services import plant_id_parser, plantnet_parser
from apps.plant_identification.services.merging import MAX_SUGGESTIONS, merge_replies
from apps.plant_identification.tests.test_merging_fusion import suggest
from apps.plant_identification.types import (
    Disease,
    HealthAssessment,
    ProviderReply,
)

SAMPLES = Path(__file__).parent / "samples"


def says(provider, *suggestions, **more):
    return ProviderReply(provider=provider, model_version="1", suggestions=suggestions, **more)


def plant_id(*suggestions, **more):
    return says("plant_id", *suggestions, **more)


def plantnet(*suggestions, **more):
    return says("plantnet", *suggestions, **more)


def recorded(name, parser):
    return parser.parse_identification(json.loads((SAMPLES / name).read_text()))


def test_nothing_to_merge_is_the_caller_s_mistake():
    with pytest.raises(ValueError, match="no reply"):
        merge_replies([])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aloe vera", "aloe Vera"),
        ("Malus spectabilis", "Malus × spectabilis"),
        ("Gasteria carinata var. carinata", "Gasteria carinata"),
        ("Acer palmatum 'Sango-kaku'", "Acer palmatum"),
        ("Isoetes lacustris", "Isoëtes lacustris"),
    ],
)
def test_two_spellings_of_one_species_agree(one, other):
    answer = merge_replies([plant_id(suggest(one, 0.6)), plantnet(suggest(other, 0.5))])

    assert answer.agreement == "both"
    assert answer.source == "combined"
    assert len(answer.suggestions) == 1
    assert answer.suggestions[0].provider_scores == {"plant_id": 0.6, "plantnet": 0.5}


def test_one_gbif_id_is_one_species_whatever_the_names():
    answer = merge_replies(
        [
            plant_id(suggest("Tibouchina granulosa", 0.6, gbif_id=7)),
            plantnet(suggest("Pleroma granulosum", 0.5, gbif_id=7)),
        ]
    )

    assert answer.agreement == "both"
    assert answer.scientific_name == "Tibouchina granulosa"


def test_two_gbif_ids_prove_nothing():
    answer = merge_replies(
        [plant_id(suggest("Aloe vera", 0.6, gbif_id=1)), plantnet(suggest("Aloe vera", 0.5, gbif_id=2))]
    )

    assert answer.agreement == "both"


def test_a_listed_synonym_is_the_same_species():
    tibouchina = suggest("Tibouchina granulosa", 0.6, synonyms=("Pleroma granulosum",))

    answer = merge_replies([plant_id(tibouchina), plantnet(suggest("Pleroma granulosum", 0.5))])

    assert answer.agreement == "both"


def test_a_synonym_below_the_species_does_not_join_two_species():
    aloe = suggest("Aloe vera", 0.6, synonyms=("Aloe perfoliata var. vera",))

    answer = merge_replies([plant_id(aloe), plantnet(suggest("Aloe perfoliata", 0.5))])

    assert {each.scientific_name for each in answer.suggestions} == {"Aloe", "Aloe vera", "Aloe perfoliata"}


def test_names_that_one_service_tells_apart_are_not_joined_by_the_other_s_homonyms():
    """Plant.id really lists Aloe variegata, a good species, among the synonyms of Aloe vera."""
    aloe = suggest("Aloe vera", 0.6, synonyms=("Aloe variegata",))

    answer = merge_replies(
        [plant_id(aloe), plantnet(suggest("Aloe variegata", 0.4), suggest("Aloe vera", 0.3))]
    )

    scores = {each.scientific_name: each.provider_scores for each in answer.suggestions}
    assert scores["Aloe vera"] == {"plant_id": 0.6, "plantnet": 0.3}
    assert scores["Aloe variegata"] == {"plant_id": None, "plantnet": 0.4}


def test_the_confidence_is_that_of_the_headline_and_above_either_score():
    answer = merge_replies([plant_id(suggest("Aloe vera", 0.6)), plantnet(suggest("Aloe vera", 0.5))])

    assert answer.confidence == answer.probability == answer.suggestions[0].confidence
    assert answer.confidence == pytest.approx(1 - 0.4 * 0.75)


def test_species_that_disagree_within_a_genus_give_the_genus_and_its_own_confidence():
    answer = merge_replies(
        [plant_id(suggest("Robinia pseudoacacia", 0.6)), plantnet(suggest("Robinia viscosa", 0.5))]
    )

    assert (answer.plant_name, answer.rank, answer.agreement) == ("Robinia", "genus", "genus")
    assert answer.confidence == pytest.approx(0.7)
    assert answer.source == "combined"
    assert [each.scientific_name for each in answer.suggestions] == [
        "Robinia",
        "Robinia pseudoacacia",
        "Robinia viscosa",
    ]
    assert answer.suggestions[1].confidence == 0.6


def test_a_service_that_has_not_made_up_its_mind_contradicts_nobody():
    answer = merge_replies(
        [plant_id(suggest("Robinia pseudoacacia", 0.9)), plantnet(suggest("Robinia viscosa", 0.02))]
    )

    assert (answer.plant_name, answer.confidence) == ("Robinia pseudoacacia", 0.9)
    assert answer.agreement == "genus"


def test_a_bare_genus_supports_its_species_and_is_no_rival():
    answer = merge_replies(
        [plant_id(suggest("Catalpa", 0.9)), plantnet(suggest("Catalpa bignonioides", 0.8))]
    )

    assert (answer.plant_name, answer.agreement, answer.source) == (
        "Catalpa bignonioides",
        "genus",
        "combined",
    )
    assert answer.confidence > 0.8
    assert answer.suggestions[0].provider_scores == {"plant_id": None, "plantnet": 0.8}
    assert len(answer.suggestions) == 1


def test_a_species_that_is_doubtful_even_within_its_genus_gives_the_genus():
    answer = merge_replies(
        [plant_id(suggest("Catalpa", 0.9)), plantnet(suggest("Catalpa bignonioides", 0.1))]
    )

    assert (answer.plant_name, answer.rank, answer.agreement) == ("Catalpa", "genus", "genus")


def test_a_genus_beside_the_same_service_s_species_is_no_second_opinion():
    reply = plant_id(suggest("Catalpa bignonioides", 0.5), suggest("Catalpa", 0.3))

    answer = merge_replies([reply, plantnet(suggest("Zea mays", 0.1))])

    assert answer.confidence == 0.5
    assert answer.source == "plant_id"


def test_different_genera_disagree_and_the_surer_service_is_the_headline():
    answer = merge_replies([plant_id(suggest("Aloe vera", 0.4)), plantnet(suggest("Zea mays", 0.7))])

    assert (answer.plant_name, answer.confidence) == ("Zea mays", 0.7)
    assert (answer.agreement, answer.source) == ("none", "plantnet")
    assert "Aloe vera is possible too" in answer.summary


def test_a_third_service_needs_no_change_here():
    toy = says("toy", suggest("Aloe vera", 0.3))

    answer = merge_replies([toy, plant_id(suggest("Zea mays", 0.2)), plantnet(suggest("Aloe vera", 0.4))])

    assert (answer.plant_name, answer.agreement, answer.source) == ("Aloe vera", "both", "combined")
    assert answer.suggestions[0].provider_scores == {"plant_id": None, "plantnet": 0.4, "toy": 0.3}
    assert merge_replies([toy]).source == "toy"


def test_both_services_are_listed_even_if_one_did_not_answer():
    answer = merge_replies([plantnet(suggest("Zea mays", 0.7))])

    assert answer.suggestions[0].provider_scores == {"plant_id": None, "plantnet": 0.7}
    assert answer.agreement == "single"


def test_equal_candidates_stand_in_the_order_of_their_names():
    names = ["Zea mays", "Aloe vera", "Rosa canina"]

    answer = merge_replies([plant_id(*(suggest(name, 0.2) for name in names))])

    assert [each.scientific_name for each in answer.suggestions] == sorted(names)


def test_at_most_ten_suggestions_are_answered():
    names = [f"Aloe {letter * 3}" for letter in "abcdeghijklmnop"]

    answer = merge_replies([plant_id(*(suggest(name, 0.1) for name in names))])

    assert len(answer.suggestions) == MAX_SUGGESTIONS


@pytest.mark.parametrize(
    ("replies", "is_plant", "probability"),
    [
        ([plant_id(is_plant=True, is_plant_probability=0.9), plantnet(is_plant=False)], True, 0.9),
        (
            [plant_id(is_plant=False, is_plant_probability=0.1), plantnet(suggest("Zea mays", 0.5))],
            False,
            0.1,
        ),
        ([plantnet(is_plant=False)], False, None),
        ([plantnet(suggest("Zea mays", 0.5))], None, None),
        ([plant_id(suggest("Zea mays", 0.5))], None, None),
    ],
)
def test_whether_it_is_a_plant_is_plant_id_s_word_first(replies, is_plant, probability):
    answer = merge_replies(replies)

    assert (answer.is_plant, answer.is_plant_probability) == (is_plant, probability)


def test_what_is_no_plant_gets_no_name_no_health_and_advice_for_a_better_photo():
    ill = HealthAssessment(
        is_healthy=False, probability=0.2, diseases=(Disease(name="rust", probability=0.8),)
    )

    answer = merge_replies(
        [plant_id(suggest("Zea mays", 0.5), is_plant=False, health=ill), plantnet(is_plant=False)]
    )

    assert answer.is_plant is False
    assert (answer.plant_name, answer.confidence, answer.source, answer.agreement) == (
        None,
        None,
        None,
        "none",
    )
    assert answer.suggestions == ()
    assert answer.disease_detection is None
    assert answer.summary.startswith("No plant was recognised on the photo. A better photo helps")


def test_where_plant_id_sees_no_plant_the_other_s_suggestion_is_listed_and_not_named():
    answer = merge_replies([plant_id(is_plant=False), plantnet(suggest("Zea mays", 0.5))])

    assert answer.plant_name is None
    assert [each.scientific_name for each in answer.suggestions] == ["Zea mays"]
    assert "One service suggested Zea mays all the same." in answer.summary


def test_nothing_recognised_says_so():
    answer = merge_replies([plant_id(is_plant=True), plantnet()])

    assert (answer.is_plant, answer.plant_name, answer.suggestions) == (True, None, ())
    assert answer.summary.startswith("The plant could not be recognised. A better photo helps")


def test_recorded_replies_about_different_plants_are_told_apart():
    answer = merge_replies(
        [
            recorded("plant_id_v3_leucojum_vernum_details.json", plant_id_parser),
            recorded("plantnet_v2_low_score_no_bestmatch_dialium.json", plantnet_parser),
        ]
    )

    assert (answer.plant_name, answer.common_name) == ("Leucojum vernum", "Spring Snowflake")
    assert (answer.agreement, answer.confidence) == ("none", 0.9998678)
    assert len(answer.suggestions) == 6


def test_recorded_raw_classification_counts_a_variety_for_its_species():
    reply = recorded("plant_id_v3_aloe_vera_classification_raw.json", plant_id_parser)

    answer = merge_replies([reply, plantnet(suggest("Gasteria carinata", 0.1))])

    by_name = {each.scientific_name: each for each in answer.suggestions}
    assert answer.plant_name == "Aloe vera"
    assert by_name["Gasteria carinata"].source == "combined"
