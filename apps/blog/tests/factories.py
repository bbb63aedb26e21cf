import itertools
from datetime import date
from io import BytesIO

from django.core.files.images import ImageFile
from PIL import Image as Picture
from wagtail.images import get_image_model
from wagtail.models import Locale, Page, PageViewRestriction

from apps.blog.models import BlogPostPage

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
