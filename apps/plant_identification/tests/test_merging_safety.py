"""Nobody is told to eat a plant that is not sure, and everybody is warned of one that may be poisonous."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.plant_identification.services.fusion import RULES
from apps.plant_identification.services.merging import merge_replies
from apps.plant_identification.tests.test_merging import plant_id, plantnet
from apps.plant_identification.tests.test_merging_fusion import suggest

PARTS = ("leaves",)


def test_edible_parts_are_named_if_both_are_sure_and_never_without_a_warning():
    answer = merge_replies(
        [plant_id(suggest("Aloe vera", 0.95, edible_parts=PARTS)), plantnet(suggest("Aloe vera", 0.9))]
    )

    assert answer.edible_parts == PARTS
    assert answer.suggestions[0].edible_parts == PARTS
    assert "Never eat a plant" in answer.edible_warning
    assert answer.sources["edible_parts"] == "plant_id"


@pytest.mark.parametrize(
    "replies",
    [
        [plant_id(suggest("Aloe vera", 0.99, edible_parts=PARTS))],
        [plant_id(suggest("Aloe vera", 0.99, edible_parts=PARTS)), plantnet()],
        [plant_id(suggest("Aloe vera", 0.7, edible_parts=PARTS)), plantnet(suggest("Aloe vera", 0.5))],
        [plant_id(suggest("Aloe vera", 0.99, edible_parts=PARTS)), plantnet(suggest("Zea mays", 0.9))],
        [plant_id(suggest("Aloe vera", 0.99, edible_parts=PARTS)), plantnet(suggest("Aloe", 0.9))],
        [plant_id(suggest("Aloe", 0.99, edible_parts=PARTS)), plantnet(suggest("Aloe", 0.9))],
        [plant_id(suggest("Aloe vera", 0.99, edible_parts=PARTS)), plantnet(is_plant=False)],
        [plant_id(suggest("Aloe vera", 0.99, edible_parts=PARTS), is_plant=False), plantnet()],
        [
            plant_id(suggest("Aloe vera", 0.99, edible_parts=PARTS, synonyms=("Aloe maculata",))),
            plantnet(suggest("Aloe maculata", 0.9)),
        ],
    ],
    ids=[
        "alone",
        "silent",
        "unsure",
        "other plant",
        "genus only",
        "genus",
        "no plant",
        "not a plant",
        "homonym",
    ],
)
def test_without_sure_agreement_no_edible_part_is_named_anywhere(replies):
    answer = merge_replies(replies)

    assert answer.edible_parts is None
    assert answer.edible_warning is None
    assert all(each.edible_parts is None for each in answer.suggestions)


def test_an_alternative_s_edible_parts_are_not_given_out():
    answer = merge_replies(
        [
            plant_id(suggest("Allium ursinum", 0.95), suggest("Zea mays", 0.04, edible_parts=PARTS)),
            plantnet(suggest("Allium ursinum", 0.9), suggest("Zea mays", 0.05)),
        ]
    )

    assert [each.edible_parts for each in answer.suggestions] == [None, None]


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_edible_parts_never_come_below_the_limit_or_without_the_warning(one, other):
    answer = merge_replies(
        [plant_id(suggest("Aloe vera", one, edible_parts=PARTS)), plantnet(suggest("Aloe vera", other))]
    )

    assert (answer.edible_parts is not None) == (answer.confidence >= 0.9)
    assert (answer.edible_parts is None) == (answer.edible_warning is None)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(list(RULES.values())))
@example(0.8, 0.8, RULES["three_quarters"])
@example(0.04, 0.04, RULES["quarter"])
def test_no_experiment_makes_a_plant_edible_or_takes_a_warning_away(one, other, rule):
    said = {"edible_parts": PARTS, "toxicity": "Its sap burns."}
    replies = [plant_id(suggest("Aloe vera", one, **said)), plantnet(suggest("Aloe vera", other))]
    control, variant = merge_replies(replies), merge_replies(replies, rule=rule)

    assert variant.edible_parts is None or control.edible_parts is not None
    assert control.toxicity is None or variant.toxicity == control.toxicity


def test_the_headline_warns_of_every_candidate_that_is_at_all_likely():
    answer = merge_replies(
        [
            plant_id(
                suggest("Allium ursinum", 0.9),
                suggest("Convallaria majalis", 0.05, toxicity="All parts are poisonous."),
                suggest("Nerium oleander", 0.049, toxicity="Deadly."),
            )
        ]
    )

    assert answer.toxicity == "Convallaria majalis: All parts are poisonous."
    assert answer.sources["toxicity"] == "plant_id"
    assert answer.suggestions[2].toxicity == "Deadly."


def test_candidates_that_are_no_longer_listed_warn_as_well():
    names = [f"Aloe {letter * 3}" for letter in "abcdeghijk"]
    poison = suggest("Zea mays", 0.06, toxicity="Poisonous.")

    answer = merge_replies([plant_id(*(suggest(name, 0.07) for name in names), poison)])

    assert "Zea mays" not in {each.scientific_name for each in answer.suggestions}
    assert answer.toxicity == "Zea mays: Poisonous."


def test_several_warnings_stand_under_their_names_and_repeat_nothing():
    same = {"toxicity": "Irritates the skin."}
    answer = merge_replies(
        [
            plant_id(
                suggest("Ficus elastica", 0.6, **same), suggest("Nerium oleander", 0.2, toxicity="Deadly.")
            ),
            plantnet(suggest("Ficus elastica", 0.5, **same)),
        ]
    )

    assert answer.toxicity == "Ficus elastica: Irritates the skin.\n\nNerium oleander: Deadly."
    assert answer.sources["toxicity"] == "combined"


def test_no_warning_is_made_up():
    assert merge_replies([plant_id(suggest("Aloe vera", 0.9))]).toxicity is None
