"""The text of the demo posts about names, care, safety and sources.

What is said of a species comes from the encyclopedia, in spotlights and care cards, not from the prose.
"""

from apps.blog.services.demo_parts import (
    Bullets,
    Call,
    Callout,
    CareCard,
    Code,
    DemoPost,
    Heading,
    Paragraph,
    ReadOn,
    Spotlight,
)

_CREDIT_EXAMPLE = """\
"Fern in the rain" by Ada Example
https://example.org/photos/fern
CC BY 4.0, https://creativecommons.org/licenses/by/4.0/
cropped"""

_REQUEST_EXAMPLE = """\
curl -F image=@plant.jpg http://127.0.0.1:8000/api/v1/plant-identification/identify/"""

READING_POSTS = (
    DemoPost(
        slug="why-one-plant-has-so-many-names",
        title="Why one plant has so many names",
        date="2026-10-19",
        intro="Common names, scientific names, synonyms: who gives them, and which one to search for.",
        author="plant-desk",
        categories=("knowing-plants",),
        series="reading-about-plants",
        tags=("names", "synonyms"),
        motif=("pot", "sky"),
        body=(
            Paragraph(
                "Ask three gardeners for the name of one plant, and you may get four answers. None of them "
                "needs to be wrong. Names are given for different purposes, and plants keep most of them."
            ),
            Heading("Names that people use"),
            Paragraph(
                "A common name belongs to a language, and often to a region. It is easy to remember and "
                "asks for no permission: the same word may mean two plants, and one plant may have a dozen."
            ),
            Heading("The name that botanists agree on"),
            Paragraph(
                "A scientific name has two parts, the genus and the species. Carl Linnaeus used such pairs "
                "throughout his Species Plantarum of 1753, and the names of plants are counted from that "
                "book on. What follows in upright letters is the author: who first published the name."
            ),
            Spotlight(
                "Dracaena trifasciata",
                "Many shops still sell it under an older scientific name. Search for either.",
            ),
            Heading("Why names change"),
            Paragraph(
                "When botanists learn that two plants are closer relatives than was thought, one of them may "
                "move to another genus. The older name is not deleted. It becomes a synonym, and so books "
                "that were printed before remain readable."
            ),
            Spotlight("Solanum lycopersicum", "Another plant that is met under more than one genus."),
            Callout(
                "tip",
                "Which name to search for",
                "Any. The encyclopedia finds a species by its common names, its scientific name and its "
                "synonyms, and forgives a misspelt letter.",
            ),
        ),
    ),
    DemoPost(
        slug="how-to-read-a-care-card",
        title="How to read a care card",
        date="2026-10-26",
        intro="What the few words about light, water and winter mean, and why two sources may differ.",
        author="plant-desk",
        categories=("knowing-plants",),
        series="reading-about-plants",
        tags=("care", "sources"),
        motif=("pot", "meadow"),
        body=(
            Paragraph(
                "A care card is short on purpose. Each line says one thing, who said it, and on which day we "
                "read it there. If two sources say different things, you see both, and the choice is yours."
            ),
            CareCard("Monstera deliciosa", "Begin with the light: it is the hardest to change in a flat."),
            Heading("A hardiness zone speaks of winters"),
            Paragraph(
                "The zones of the United States Department of Agriculture divide the land by the average of "
                "the coldest temperatures of each winter. They say nothing about summers, rain or soil. A "
                "plant for zone 5 may survive your winter and still dislike your garden."
            ),
            CareCard("Lavandula angustifolia", ""),
            Heading("Words are not measurements"),
            Paragraph(
                "Moderate watering is what one source calls moderate. Take such words as a place to start "
                "from, look at the plant after a week, and believe the plant."
            ),
            Callout(
                "note",
                "Not verified",
                "Some sources ask to be treated with care, and their lines say so. A missing line means that "
                "nobody told us, not that it does not matter.",
            ),
            ReadOn(("why-one-plant-has-so-many-names",)),
        ),
    ),
    DemoPost(
        slug="poisonous-to-whom",
        title="Poisonous to whom?",
        date="2026-11-02",
        intro="People, cats, dogs and horses do not react alike. How to read a warning, and a missing one.",
        author="plant-desk",
        categories=("safety",),
        tags=("safety", "cats", "dogs"),
        motif=("branch", "sand"),
        body=(
            Paragraph(
                "Whether a plant is poisonous is only half a question. The other half is: to whom, which "
                "part of it, and how much. That is why our warnings name whom they concern."
            ),
            Spotlight("Lilium longiflorum", "Look at whom the sources name, and at who is not mentioned."),
            Spotlight("Nerium oleander", ""),
            Heading("A missing warning is not a promise"),
            Paragraph(
                "We show a warning when a source states one. That there is none for a plant means that our "
                "sources say nothing. It does not mean that the plant is safe."
            ),
            Callout(
                "warning",
                "If somebody has eaten from a plant",
                "Do not wait for an app. Call a poison centre, a doctor or a vet at once, and keep a piece "
                "of the plant: it helps them more than any photo.",
            ),
            Heading("Doubt counts"),
            Paragraph(
                "When a photo could show two plants and the second of them is harmful, we warn of it too. "
                "A warning too many costs a moment."
            ),
            ReadOn(("when-the-answer-is-unsure",)),
        ),
    ),
    DemoPost(
        slug="give-credit-where-it-is-due",
        title="Give credit where it is due",
        date="2026-11-09",
        intro="What a licence under a picture lets you do, and what to write beside it.",
        author="picture-desk",
        categories=("better-pictures", "behind-the-scenes"),
        tags=("licences", "photography"),
        motif=("flower", "meadow"),
        body=(
            Paragraph(
                "Who takes a picture decides what others may do with it. A Creative Commons licence says so "
                "in advance, so that nobody has to ask. The short names look alike and differ in one thing."
            ),
            Bullets(
                (
                    "CC0: the author gives up their rights as far as the law allows. You need not name them.",
                    "CC BY: use it for anything, and name the author and the licence.",
                    "CC BY-SA: the same, and what you make of it must carry the same licence.",
                    "CC BY-NC: the same as CC BY, but not for commercial purposes.",
                )
            ),
            Heading("What belongs into a credit"),
            Paragraph(
                "Title, author, source and licence, and a word about what you changed. This is enough:"
            ),
            Code("text", _CREDIT_EXAMPLE, "A credit with everything in it"),
            Paragraph(
                "In this blog a picture cannot be placed without a credit, and without a description for "
                "people who cannot see it. The drawings above these posts are our own."
            ),
        ),
    ),
    DemoPost(
        slug="your-first-identification-in-one-line",
        title="Your first identification in one line",
        date="2026-11-16",
        intro="Everything this site knows can be asked for by a program. A photo and one command will do.",
        author="plant-desk",
        categories=("behind-the-scenes",),
        tags=("api", "developers"),
        motif=("frond", "meadow"),
        body=(
            Paragraph(
                "The apps of Plant Community talk to the same interface that is open to you. On a machine "
                "where it runs, this sends a photo and prints what it may show:"
            ),
            Code("bash", _REQUEST_EXAMPLE, "Any photo of a plant will do"),
            Paragraph(
                "The answer lists the suggestions, the best first, each with its confidence, and says which "
                "of the services behind it have answered."
            ),
            Callout(
                "note",
                "On a machine for trying out",
                "There a sandbox may stand in for the services. It answers with plants that exist, but it "
                "does not look at your photo.",
            ),
            Call(text="Every address, explained:", label="Open the description", address="/api/docs/"),
            ReadOn(("a-photo-that-can-be-identified", "when-the-answer-is-unsure")),
        ),
    ),
)
