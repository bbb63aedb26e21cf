"""The text of the demo posts about taking pictures. Nothing here claims a fact about a species."""

from apps.blog.services.demo_parts import (
    Bullets,
    Call,
    Callout,
    DemoPost,
    Gallery,
    Heading,
    Paragraph,
    ReadOn,
)

PHOTO_POSTS = (
    DemoPost(
        slug="a-photo-that-can-be-identified",
        title="A photo that can be identified",
        date="2026-09-07",
        intro=(
            "Sharp, bright and full of one plant: what makes a picture easy to name, and what gets in "
            "the way."
        ),
        author="picture-desk",
        categories=("better-pictures",),
        series="better-plant-photos",
        tags=("photography", "light"),
        motif=("leaf", "meadow"),
        body=(
            Paragraph(
                "A name is found by comparing. The more of the plant a picture shows clearly, the more "
                "there is to compare, and the surer the answer. Most pictures that come back unsure "
                "share one of a few weaknesses, and all of them can be mended before pressing the "
                "button."
            ),
            Heading("Fill the picture with one plant"),
            Paragraph(
                "Step closer until the leaf or flower takes up most of the frame. If several plants grow"
                " through each other, hold the one you mean apart with your hand, or lay a sheet of "
                "paper behind it."
            ),
            Heading("Mind the light and the focus"),
            Bullets(
                (
                    (
                        "Soft daylight shows colours as they are. In harsh sun, let your own shadow fall"
                        " over the plant."
                    ),
                    "Tap on the leaf so that the camera focuses there and not on the wall behind it.",
                    "Wait for the wind to pause, and hold the phone with both hands.",
                    "Leave filters and digital zoom off: they add nothing that was not there.",
                )
            ),
            Heading("Look at it once before sending"),
            Paragraph(
                "Enlarge the picture on the screen. If you can see the veins of the leaf and the shape "
                "of its edge, it is good enough to send. If you cannot, nobody else can either."
            ),
            Call(text="Is there a plant near you?", label="Try it with a photo", address="/"),
        ),
    ),
    DemoPost(
        slug="which-part-to-photograph",
        title="Leaf, flower, fruit or bark: which part to photograph",
        date="2026-09-21",
        intro=(
            "One plant, several pictures: how to choose the parts that say most, and to say which is which."
        ),
        author="picture-desk",
        categories=("better-pictures",),
        series="better-plant-photos",
        tags=("photography", "flowers", "leaves"),
        motif=("flower", "sand"),
        body=(
            Paragraph(
                "You may send up to five pictures of the same plant in one go. Two or three of different"
                " parts usually say more than five of the same leaf."
            ),
            Heading("What to take, if you have the choice"),
            Bullets(
                (
                    "A flower from the front, and once more from the side.",
                    "A whole leaf, laid flat, with the place where it meets the stem.",
                    "A fruit or seed head as it hangs, not picked and not cut.",
                    "On a tree, the bark at eye level from about an arm's length.",
                )
            ),
            Gallery("Parts that say most", ("flower", "leaf", "branch")),
            Heading("Say which part it is"),
            Paragraph(
                "With each picture you can name the part it shows. It takes a moment and leaves less to "
                "guess. If you are not sure yourself, leave the choice on automatic."
            ),
            Heading("Only one plant at a time"),
            Paragraph(
                "All pictures of one request are taken for one plant. Two plants sent together get one "
                "answer between them, and that answer helps with neither."
            ),
        ),
    ),
    DemoPost(
        slug="when-the-answer-is-unsure",
        title="When the answer is unsure",
        date="2026-10-05",
        intro="A low confidence is an answer too. How to read it, and what to try before you trust it.",
        author="picture-desk",
        categories=("better-pictures", "safety"),
        series="better-plant-photos",
        tags=("photography", "confidence"),
        motif=("frond", "sky"),
        body=(
            Paragraph(
                "Every suggestion comes with a confidence. A high one means that picture and name fit "
                "well; a low one means that something else fits almost as well. It is worth reading the "
                "second and third suggestion before settling on the first."
            ),
            Heading("What to try next"),
            Bullets(
                (
                    "Take a second picture of another part, and ask again with both.",
                    "Come back when the plant flowers or bears fruit.",
                    "Compare with the example pictures of each suggestion, leaf edge first.",
                    "Tell us afterwards what it turned out to be.",
                )
            ),
            Callout(
                "warning",
                "A name from a photo is not a promise",
                "Never eat a plant, and never give it to an animal, because of a photo. Ask somebody who"
                " knows the plant and can hold it in their hands.",
            ),
            ReadOn(("a-photo-that-can-be-identified", "which-part-to-photograph")),
        ),
    ),
)
