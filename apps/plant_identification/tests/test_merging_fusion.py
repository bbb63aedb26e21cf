"""The properties of the fused confidence, and of a whole answer, for any scores."""

import itertools

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from apps.plant_identification.services.fusion import RULES, fuse
from apps.plant_identification.services.merging import MAX_SUGGESTIONS, merge_replies
from apps.plant_identification.types import ProviderReply, ProviderSuggestion

SCORES = st.floats(min_value=0, max_value=1)
INNER = st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True)
RULE = st.sampled_from(list(RULES.values()))
PROVIDERS = ("plant_id", "plantnet", "toy")
NAMED = st.dictionaries(st.sampled_from(PROVIDERS), SCORES, min_size=1)
HINTS = st.dictionaries(st.sampled_from(PROVIDERS), SCORES)
SPECIES = (
    "Aloe vera",
    "Aloe maculata",
    "Catalpa bignonioides",
    "Rosa canina",
    "Rosa × damascena",
    "Zea mays",
)
GENERA = ("Aloe", "Catalpa", "Rosa")


def suggest(name, score, **more):
    rank = "genus" if " " not in name else "species"
    return ProviderSuggestion(scientific_name=name, rank=more.pop("rank", rank), score=score, **more)


def replies_of(names):
    """A reply of one to three services, each with its own names and scores."""
    reply = st.dictionaries(st.sampled_from(names), SCORES, min_size=0, max_size=len(names)).map(
        lambda scores: tuple(suggest(name, score) for name, score in scores.items())
    )
    return st.dictionaries(st.sampled_from(PROVIDERS), reply, min_size=1).map(
        lambda by_provider: [
            ProviderReply(provider=provider, model_version=None, suggestions=suggestions)
            for provider, suggestions in by_provider.items()
        ]
    )


ANY_REPLIES = replies_of(SPECIES + GENERA)


def rank_of(answer, name):
    return next(each.rank_position for each in answer.suggestions if each.scientific_name == name)


@settings(deadline=None)
@given(NAMED, HINTS, RULE)
def test_a_confidence_is_a_probability(named, hints, rule):
    assert 0 <= fuse(named, hints, rule) <= 1


@settings(deadline=None)
@given(NAMED, HINTS, RULE)
def test_the_order_of_the_services_does_not_matter(named, hints, rule):
    backwards = dict(reversed(named.items())), dict(reversed(hints.items()))

    assert fuse(*backwards, rule) == fuse(named, hints, rule)


@settings(deadline=None)
@given(NAMED, HINTS, st.sampled_from(PROVIDERS), SCORES, st.booleans(), RULE)
def test_a_higher_score_never_gives_less(named, hints, provider, score, about_genus, rule):
    """From nothing said to something said counts as higher, too."""
    raised = hints if about_genus else named
    assume(score >= raised.get(provider, 0))

    before = fuse(named, hints, rule)
    said = {provider: score}
    after = fuse(named, hints | said, rule) if about_genus else fuse(named | said, hints, rule)

    assert after >= before


@settings(deadline=None)
@given(SCORES, HINTS, RULE)
def test_one_service_alone_keeps_its_score(score, hints, rule):
    assert fuse({"toy": score}, rule=rule) == score
    assert fuse({"toy": score}, {"toy": max(hints.values(), default=0.5)}, rule) == score


@settings(deadline=None)
@given(st.floats(min_value=1e-12, max_value=1 - 1e-12), SCORES, RULE)
def test_two_services_give_more_than_one_with_the_same_score(score, hint, rule):
    together = fuse({"plant_id": score, "plantnet": score}, rule=rule)

    assert together > fuse({"plant_id": score}, rule=rule)
    assert together >= fuse({"plant_id": score}, {"plantnet": hint}, rule)


@settings(deadline=None)
@given(SCORES, SCORES, RULE)
def test_a_second_voice_never_takes_anything_away(score, other, rule):
    assert fuse({"plant_id": score, "plantnet": other}, rule=rule) >= max(score, other)


@settings(deadline=None)
@given(INNER, st.permutations(range(3)), st.sampled_from(["plant_id", "plantnet"]), RULE)
@example(1 - 2**-53, [0, 1, 2], "plant_id", RULES["quarter"])
@example(5e-324, [0, 1, 2], "plantnet", RULES["half"])
def test_what_both_name_ranks_above_what_one_names_with_the_same_score(score, order, loner, rule):
    """Even where the two confidences are one and the same float."""
    said = {provider: [suggest("Zea mays", score)] for provider in ("plant_id", "plantnet")}
    alone = [suggest("Aloe vera", score), suggest("Rosa canina", score / 2)]
    said[loner] = [(said[loner] + alone)[place] for place in order]

    answer = merge_replies(
        [
            ProviderReply(provider=name, model_version=None, suggestions=tuple(each))
            for name, each in said.items()
        ],
        rule=rule,
    )

    assert rank_of(answer, "Zea mays") < rank_of(answer, "Aloe vera")


@settings(deadline=None)
@given(ANY_REPLIES, RULE)
def test_an_answer_is_blind_to_the_order_of_replies_and_of_suggestions(replies, rule):
    answers = [merge_replies(order, rule=rule) for order in itertools.permutations(replies)]
    shuffled = [
        ProviderReply(provider=each.provider, model_version=None, suggestions=each.suggestions[::-1])
        for each in replies
    ]

    assert all(answer == answers[0] for answer in [*answers, merge_replies(shuffled, rule=rule)])


@settings(deadline=None)
@given(ANY_REPLIES, RULE)
def test_the_headline_is_the_first_suggestion_and_confidences_only_fall(replies, rule):
    answer = merge_replies(replies, rule=rule)

    confidences = [each.confidence for each in answer.suggestions]
    assert confidences == sorted(confidences, reverse=True)
    assert [each.rank_position for each in answer.suggestions] == list(range(1, len(confidences) + 1))
    if answer.suggestions:
        first = answer.suggestions[0]
        assert (answer.plant_name, answer.confidence) == (first.plant_name, first.confidence)
        assert (answer.source, answer.rank) == (first.source, first.rank)


@settings(deadline=None)
@given(replies_of(SPECIES), RULE)
def test_every_named_species_is_answered_and_no_other(replies, rule):
    answer = merge_replies(replies, rule=rule)

    named = {said.scientific_name for reply in replies for said in reply.suggestions}
    assert {each.scientific_name for each in answer.suggestions if each.rank == "species"} == named


@settings(deadline=None)
@given(ANY_REPLIES, RULE)
def test_each_suggestion_repeats_what_each_service_said_of_that_species(replies, rule):
    said = {
        (reply.provider, each.scientific_name): each.score for reply in replies for each in reply.suggestions
    }
    providers = {"plant_id", "plantnet", *(reply.provider for reply in replies)}

    for each in merge_replies(replies, rule=rule).suggestions:
        assert set(each.provider_scores) == providers
        if each.rank == "species":
            expected = {provider: said.get((provider, each.scientific_name)) for provider in providers}
            assert each.provider_scores == expected


@settings(deadline=None)
@given(ANY_REPLIES, RULE)
def test_one_service_alone_keeps_all_its_scores(replies, rule):
    reply = replies[0]
    answer = merge_replies([reply], rule=rule)

    assert {each.scientific_name: each.confidence for each in answer.suggestions} == {
        each.scientific_name: each.score for each in reply.suggestions
    }
    assert answer.agreement == ("single" if reply.suggestions else "none")


@settings(deadline=None)
@given(ANY_REPLIES, RULE)
def test_combined_means_that_several_stand_behind_it(replies, rule):
    for each in merge_replies(replies, rule=rule).suggestions:
        voices = [score for score in each.provider_scores.values() if score is not None]
        if each.source != "combined":
            assert len(voices) <= 1
        assert len(merge_replies(replies, rule=rule).suggestions) <= MAX_SUGGESTIONS
