"""One spelling for one plant, and no exception for anything."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.plant_identification.services.names import (
    binomial,
    canonical_name,
    comparison_key,
    full_key,
    genus_of,
    rank_of,
    species_name,
    without_authorship,
)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Aloe vera", "Aloe vera"),
        ("  aloe   VERA ", "Aloe vera"),
        ("ALOE VERA", "Aloe vera"),
        ("Aloe Vera", "Aloe vera"),
        ("Hibiscus rosa-sinensis L.", "Hibiscus rosa-sinensis"),
        ("Pleroma heteromallum (D.Don) D.Don", "Pleroma heteromallum"),
        ("Tibouchina granulosa (Desr.) Cogn. ex Britton", "Tibouchina granulosa"),
        ("Epipremnum aureum (Linden & André) G.S.Bunting", "Epipremnum aureum"),
        ("Abies alba d'Urv.", "Abies alba"),
        ("Poa annua von Mueller", "Poa annua"),
        ("Primula denticulata Hook. f. & Thomson", "Primula denticulata"),
        ("Senna Mill.", "Senna"),
        ("Vachellia Wight & Arn.", "Vachellia"),
        ("Isoëtes lacustris", "Isoetes lacustris"),
        ("Taraxacum officinale aggr.", "Taraxacum officinale"),
        ("Salvia sp.", "Salvia"),
        ("Salvia cf. nemorosa", "Salvia"),
    ],
)
def test_authors_case_accents_and_open_names_are_taken_away(written, canonical):
    assert canonical_name(written) == canonical


@pytest.mark.parametrize(
    "written",
    [
        "Malus × spectabilis",
        "Malus ×spectabilis",
        "Malus x spectabilis",
        "Malus X Spectabilis",
        "Malus× spectabilis (Aiton) Borkh.",
    ],
)
def test_every_way_to_write_a_hybrid_is_one(written):
    assert canonical_name(written) == "Malus × spectabilis"
    assert binomial(written) == "Malus spectabilis"


@pytest.mark.parametrize(
    "written", ["×Cuprocyparis leylandii", "x Cuprocyparis leylandii", "xCuprocyparis leylandii"]
)
def test_a_hybrid_genus_keeps_its_name(written):
    assert canonical_name(written) == "× Cuprocyparis leylandii"
    assert genus_of(written) == "Cuprocyparis"


@pytest.mark.parametrize("name", ["Xanthium strumarium", "Xylosma congesta", "Alyxia ruscifolia"])
def test_a_name_with_an_x_is_no_hybrid(name):
    assert canonical_name(name) == name


@pytest.mark.parametrize("formula", ["Salix alba × fragilis", "Quercus robur x Quercus petraea"])
def test_a_hybrid_formula_is_neither_of_its_parents(formula):
    assert canonical_name(formula) == formula
    assert comparison_key(formula) != comparison_key("Salix alba")
    assert comparison_key(formula) != comparison_key("Quercus robur")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("Gasteria carinata var. carinata", "Gasteria carinata var. carinata"),
        ("Gasteria carinata (Mill.) Duval var. carinata", "Gasteria carinata var. carinata"),
        ("Brassica oleracea L. ssp. capitata", "Brassica oleracea subsp. capitata"),
        ("Brassica oleracea subspecies capitata", "Brassica oleracea subsp. capitata"),
        ("Primula veris forma alba", "Primula veris f. alba"),
        ("Aloe vera chinensis", "Aloe vera chinensis"),
    ],
)
def test_ranks_below_the_species_have_one_spelling_and_one_species(written, canonical):
    assert canonical_name(written) == canonical
    assert rank_of(written) == "infraspecies"
    assert species_name(written) == " ".join(canonical.split()[:2])


@pytest.mark.parametrize(
    "written", ["Rosa 'Peace'", "Rosa “Peace”", "Rosa ‘Peace’", 'Rosa "Peace"', "Rosa cv. Peace"]
)
def test_a_cultivar_has_plain_quotes_and_is_not_the_genus(written):
    assert canonical_name(written) == "Rosa 'Peace'"
    assert comparison_key(written) != comparison_key("Rosa")


def test_a_cultivar_of_a_species_compares_as_the_species():
    assert comparison_key("Acer palmatum 'Sango-kaku'") == comparison_key("Acer palmatum")
    assert full_key("Acer palmatum 'Sango-kaku'") != full_key("Acer palmatum")


def test_the_hybrid_sign_does_not_keep_two_spellings_apart():
    assert comparison_key("Citrus × limon") == comparison_key("Citrus limon")
    assert full_key("Citrus × limon") == full_key("Citrus limon")


@pytest.mark.parametrize("name", ["Catalpa", "Senna"])
def test_a_bare_genus_has_no_binomial(name):
    assert binomial(name) is None
    assert genus_of(name) == name
    assert rank_of(name) == "genus"


@pytest.mark.parametrize("text", ["", "  ", "x", "×", "42", "Юкка", "绿萝", "<script>"])
def test_what_is_no_latin_name_is_left_alone(text):
    assert canonical_name(text) == text.strip()
    assert genus_of(text) is None


@pytest.mark.parametrize(
    ("joined", "authorship", "bare"),
    [
        ("Zea mays L.", "L.", "Zea mays"),
        (
            "Andesanthus lepidotus (Humb. & Bonpl.) P.J.F.Guim.",
            "(Humb. & Bonpl.) P.J.F.Guim.",
            "Andesanthus lepidotus",
        ),
        ("Zamioculcas Schott", "Schott", "Zamioculcas"),
        ("Zea mays", None, "Zea mays"),
        ("Zea mays L.", None, "Zea mays"),
        ("Zea mays", "mays", "Zea"),
    ],
)
def test_only_what_was_joined_is_split_off(joined, authorship, bare):
    assert without_authorship(joined, authorship) == bare


_WORDS = st.sampled_from(
    [
        *(
            "Aloe",
            "aloe",
            "ALOE",
            "vera",
            "Vera",
            "x",
            "X",
            "×",
            "×vera",
            "xAloe",
            "var.",
            "var",
            "f.",
            "ssp.",
        ),
        *(
            "L.",
            "(L.)",
            "Mill.",
            "ex",
            "&",
            "'",
            "'Peace'",
            "cv.",
            "sp.",
            "cf.",
            "d'Urv.",
            "Schott",
            "de",
            "Ab",
        ),
        *("rosa-sinensis", "ë", "Isoëtes", "“Peace”", "-", "ß", "İ", "ǅ", "a", "."),
    ]
)
_NAMES = st.one_of(
    st.text(),
    st.lists(_WORDS).map(" ".join),
    st.text(alphabet="Aavex× '.()&-fL\"", max_size=20),
    st.text(min_size=250),
)


@settings(deadline=None)
@given(_NAMES)
def test_a_canonical_name_is_its_own_canonical_name(text):
    once = canonical_name(text)

    assert canonical_name(once) == once
    assert len(once) <= 200


@settings(deadline=None)
@given(_NAMES)
def test_the_canonical_name_says_the_same_as_the_text(text):
    once = canonical_name(text)

    assert (binomial(once), genus_of(once), rank_of(once)) == (binomial(text), genus_of(text), rank_of(text))
    assert comparison_key(once) == comparison_key(text)


@settings(deadline=None)
@given(_NAMES, st.none() | st.text())
def test_no_text_raises(name, authorship):
    without_authorship(name, authorship)
    species_name(name)
    full_key(name)
