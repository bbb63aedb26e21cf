"""What the answer says about the plant it names: whose word each field is, and that nothing is made up."""

import pytest

from apps.plant_identification.services.merging import merge_replies
from apps.plant_identification.services.summary import summarize
from apps.plant_identification.tests.test_merging import plant_id, plantnet
from apps.plant_identification.tests.test_merging_fusion import suggest
from apps.plant_identification.types import (
    Attribution,
    Disease,
    HealthAssessment,
    SimilarImage,
    Watering,
)


def test_each_field_is_the_surest_service_s_word_and_says_whose():
    credit = Attribution(citation="someone", license_name="CC BY-SA 4.0")
    photo = SimilarImage(url="https://x.example/1", citation="somebody", provider="plantnet")
    replies = [
        plant_id(
            suggest(
                "Aloe vera",
                0.6,
                common_names=("Aloe", "Echte Aloe"),
                description="A succulent.",
                description_attribution=credit,
                family="Asphodelaceae",
                gbif_id=9,
                watering=Watering(min=1, max=1),
                propagation_methods=("division", "seeds"),
            )
        ),
        plantnet(
            suggest(
                "Aloe vera",
                0.7,
                common_names=("Barbados aloe", "ALOE"),
                authorship="(L.) Burm.f.",
                family="Xanthorrhoeaceae",
                similar_images=(photo,),
            )
        ),
    ]

    answer = merge_replies(replies)

    assert answer.common_names == ("Barbados aloe", "ALOE", "Echte Aloe")
    assert answer.name == answer.common_name == "Barbados aloe"
    assert (answer.description, answer.description_attribution) == ("A succulent.", credit)
    assert (answer.image_url, answer.image_attribution) == (photo.url, Attribution(citation="somebody"))
    assert (answer.watering, answer.watering_text) == (Watering(min=1, max=1), None)
    first = answer.suggestions[0]
    assert (first.family, first.genus, first.gbif_id) == ("Xanthorrhoeaceae", "Aloe", 9)
    assert first.authorship == "(L.) Burm.f."
    assert answer.sources["description"] == "plant_id"
    assert answer.sources["image_url"] == "plantnet"
    assert answer.sources["common_names"] == "combined"
    assert answer.sources["confidence"] == "combined"


def test_care_is_what_was_said_and_nothing_else():
    said = suggest("Aloe vera", 0.6, light_text="Full sun.", propagation_methods=("division", "seeds"))

    care = merge_replies([plant_id(said)]).care_instructions

    assert (care.light, care.propagation) == ("Full sun.", "division, seeds")
    assert (care.watering, care.soil, care.temperature) == (None, None, None)
    assert care.sources == ("plant_id",)


def test_no_care_is_made_up():
    answer = merge_replies([plantnet(suggest("Aloe vera", 0.6))])

    assert answer.care_instructions is None
    assert answer.watering is None
    assert answer.description is None
    assert set(answer.sources) == {"scientific_name", "confidence"}


def test_a_genus_is_not_described_with_what_was_said_about_a_species():
    answer = merge_replies(
        [
            plant_id(
                suggest("Robinia pseudoacacia", 0.6, description="A tree.", common_names=("Black locust",))
            ),
            plantnet(suggest("Robinia viscosa", 0.5)),
        ]
    )

    assert answer.rank == "genus"
    assert (answer.description, answer.common_names) == (None, ())
    assert answer.suggestions[1].description == "A tree."


def test_a_synonym_s_author_is_not_put_behind_another_name():
    answer = merge_replies(
        [
            plant_id(suggest("Tibouchina granulosa", 0.6, gbif_id=7)),
            plantnet(suggest("Pleroma granulosum", 0.5, gbif_id=7, authorship="(Desr.) D.Don")),
        ]
    )

    assert answer.scientific_name == "Tibouchina granulosa"
    assert answer.suggestions[0].authorship is None


def test_diseases_are_suggested_for_an_ill_plant_only():
    rust = Disease(name="Pucciniales", local_name="rust", probability=0.7, description="A fungus.")

    for is_healthy, suggested in ((False, ["rust"]), (True, [])):
        health = HealthAssessment(is_healthy=is_healthy, probability=0.5, diseases=(rust,))
        answer = merge_replies([plantnet(suggest("Zea mays", 0.6)), plant_id(health=health)])
        assert answer.disease_detection == health
        assert [each.name for each in answer.disease_suggestions] == suggested
        assert answer.sources["disease_detection"] == "plant_id"


@pytest.mark.parametrize(
    ("confidence", "agreement", "is_genus", "sentences"),
    [
        (
            0.95,
            "both",
            False,
            ["This is very likely Aloe vera (Aloe) (95 %).", "The identification services agree."],
        ),
        (0.6, "single", False, ["This is probably Aloe vera (Aloe) (60 %)."]),
        (
            0.6,
            "genus",
            False,
            [
                "This is probably Aloe vera (Aloe) (60 %).",
                "The identification services agree on the genus only.",
            ],
        ),
        (
            0.2,
            "none",
            False,
            [
                "This might be Aloe vera (Aloe), but it is far from sure (20 %).",
                "The identification services disagree: Zea mays is possible too.",
                "A better photo helps",
            ],
        ),
        (
            0.7,
            "genus",
            True,
            ["This belongs to the genus Aloe vera (Aloe) (70 %); the species is not certain."],
        ),
    ],
)
def test_the_summary_says_how_sure_it_is(confidence, agreement, is_genus, sentences):
    summary = summarize(
        is_plant=True,
        name="Aloe vera",
        common_name="Aloe",
        is_genus=is_genus,
        confidence=confidence,
        agreement=agreement,
        runner_up="Zea mays",
    )

    assert summary.startswith(" ".join(sentences))
    assert ("A better photo" in summary) == (confidence < 0.5)


def test_a_per_cent_sign_in_a_name_does_no_harm():
    answer = merge_replies([plant_id(suggest("Aloe vera", 0.6, common_names=("100 %s Aloe",)))])

    assert "100 %s Aloe" in answer.summary
