import itertools
from datetime import date
from io import BytesIO

from django.conf import settings
from django.core.files.images import ImageFile
from django.utils.text import slugify
from PIL import Image as Picture
from wagtail.images import get_image_model
from wagtail.models import Locale, Page, PageViewRestriction

from apps.blog.models import (
    BlogAuthor,
    BlogAuthorPage,
    BlogCategory,
    BlogCategoryPage,
    BlogPostPage,
    BlogSeries,
    PlantSpeciesPage,
)
from apps.plant_identification.models import (
    FactSource,
    PlantSpecies,
    SpeciesFact,
    SpeciesPicture,
    ToxicityStatement,
)

_numbers = itertools.count(1)


def add_post(blog, **fields):
    number = next(_numbers)
    fields = {
        "title": f"Post {number}",
        "slug": f"post-{number}",
        "intro": "What it is about.",
        "date": date(2026, 10, 1),
        **fields,
    }
    return blog.add_child(instance=BlogPostPage(**fields))


def add_root_post():
    """For tests that commit: they may find a database in which no site is left."""
    Locale.objects.get_or_create(language_code="en")
    post = BlogPostPage(title="Alone", slug=f"alone-{next(_numbers)}", intro="What it is about.")
    return Page.add_root(instance=post)


def make_private(page):
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


def create_image(*, title="Fern", description="A fern in the rain", size=(900, 700)):
    content = BytesIO()
    Picture.new("RGB", size, (40, 120, 60)).save(content, "JPEG")
    name = f"picture-{next(_numbers)}.jpg"
    return get_image_model().objects.create(
        title=title, description=description, file=ImageFile(BytesIO(content.getvalue()), name=name)
    )


def body_with_everything(image):
    return [
        ("heading", {"text": "Light", "level": "h2"}),
        ("heading", {"text": "Shade", "level": "h3"}),
        ("paragraph", "<p>Wait for <b>soft</b> light.</p>"),
        ("image", {"image": image, "alt_text": "A fern, seen from above", "credit": "Ada, CC BY 4.0"}),
        ("quote", {"text": "Closer.\nCloser still.", "attribution": "A photographer"}),
    ]


def add_category(name="Light", **fields):
    return BlogCategory.objects.create(name=name, slug=slugify(name), **fields)


def add_author(name="Ada Green", **fields):
    return BlogAuthor.objects.create(name=name, slug=slugify(name), **fields)


def add_series(title="First steps", **fields):
    return BlogSeries.objects.create(title=title, slug=slugify(title), **fields)


def add_species(name="Ficus lyrata", **fields):
    known = {"from_sandbox": settings.PROVIDER_SANDBOX, "genus": name.split()[0], **fields}
    return PlantSpecies.objects.create(canonical_name=name, **known)


def add_species_page(blog, species, **fields):
    fields = {"title": species.canonical_name, "slug": slugify(species.canonical_name), **fields}
    return blog.add_child(instance=PlantSpeciesPage(species=species, **fields))


def add_rich_post(blog, *, picture_size=(900, 700), **fields):
    """With one of everything that a post is told with."""
    number = next(_numbers)
    image = create_image(size=picture_size)
    post = add_post(
        blog,
        featured_image=image,
        social_image=image,
        series=add_series(f"Series {number}"),
        series_position=1,
        body=body_with_everything(image),
        **fields,
    )
    post.categories = [add_category(f"Category {number}")]
    post.authors = [add_author(f"Author {number}", picture=image)]
    post.species = [add_species(f"Ficus number{number}", common_names={"en": ["Fig"]})]
    post.tags.add(f"tag {number}")
    post.save()
    blog.add_child(instance=BlogCategoryPage(title=f"C{number}", category=post.categories.all()[0]))
    blog.add_child(instance=BlogAuthorPage(title=f"A{number}", author=post.authors.all()[0]))
    add_species_page(blog, post.species.all()[0])
    return post


def know_about(species, image=None):
    """A fact, a hazard and a picture of it, each with its source."""
    source = FactSource.objects.create(
        key=f"source-{next(_numbers)}", title="A book", kind="dataset", url="https://example.org/book"
    )
    said = {"species": species, "source": source, "stated_on": date(2026, 1, 2)}
    SpeciesFact.objects.create(field="light", value="bright, no sun", **said)
    ToxicityStatement.objects.create(target="cat", level="vomiting", parts="sap", **said)
    SpeciesPicture.objects.create(
        species=species,
        image=image or create_image(),
        caption="A leaf",
        credit="Ada",
        licence="CC-BY-4.0",
        licence_url="https://creativecommons.org/licenses/by/4.0/",
    )
