"""What the demo posts are sorted by, and who signs them."""

from apps.blog.services.demo_parts import DemoAuthor, DemoSubject

BLOG_INTRO = "How to get more out of a plant photo, from the people behind Plant Community."

CATEGORIES = (
    DemoSubject("better-pictures", "Better pictures", "Photos that can be recognised and may be shown."),
    DemoSubject("knowing-plants", "Knowing plants", "Names, families, and what sources say about care."),
    DemoSubject("safety", "Safety", "Whom a plant may harm, and how sure one can be of its name."),
    DemoSubject("behind-the-scenes", "Behind the scenes", "How this site works, and how to build on it."),
)
SERIES = (
    DemoSubject("better-plant-photos", "Better plant photos", "From a first picture to a name to trust."),
    DemoSubject("reading-about-plants", "Reading about plants", "What the encyclopedia says, and why."),
)
AUTHORS = (
    DemoAuthor("picture-desk", "Picture desk", "Pictures", "Looks after everything about photos."),
    DemoAuthor("plant-desk", "Plant desk", "Encyclopedia", "Reads sources and notes who said what."),
)
