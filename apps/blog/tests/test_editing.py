"""What happens to a post in the editors' hands."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Comment
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from apps.blog.models import BlogAuthor, BlogCategory, BlogPostPage, BlogSeries
from apps.blog.tests.factories import add_post, body_with_everything, create_image
from apps.blog.tests.test_roles import form
from apps.plant_identification.tests.factories import SpeciesFactory
from apps.users.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client):
    user = UserFactory()
    user.groups.add(Group.objects.get(name="Editor"), Group.objects.get(name="Moderator"))
    client.force_login(user)
    return user


def edit(client, page, *, chosen=(), **changes):
    response = client.post(
        reverse("wagtailadmin_pages:edit", args=[page.pk]),
        form(slug=page.slug, **{"action-publish": "1"}) | nested_form_data(changes) | dict(chosen),
    )
    assert response.status_code == 302
    return BlogPostPage.objects.get(pk=page.pk)


def spotlight(species):
    return ("plant_spotlight", {"species": str(species.pk), "text": rich_text("")})


def test_the_editor_opens_with_every_kind_of_block(client, editor, blog):
    image, species, other = create_image(), SpeciesFactory(canonical_name="Ficus lyrata"), add_post(blog)
    plant = {"species": species, "text": "<p>Look.</p>"}
    picture = {"image": image, "alt_text": "A fern", "credit": "Ada, CC0"}
    body = [
        *body_with_everything(image),
        ("gallery", {"title": "Ferns", "pictures": [picture, picture]}),
        ("callout", {"kind": "tip", "title": "", "text": "<p>Wait.</p>"}),
        ("code", {"language": "text", "code": "x", "caption": ""}),
        ("embed", {"url": "https://youtu.be/abcdefghijk", "title": "A film"}),
        ("plant_spotlight", plant),
        ("care_card", plant),
        ("call_to_action", {"text": "", "label": "Go", "page": other, "url": ""}),
        ("related_posts", {"title": "Read on", "posts": [other]}),
    ]
    page = add_post(blog, body=body, featured_image=image)
    assert {block.block_type for block in page.body} == set(page.body.stream_block.child_blocks)

    html = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()

    assert "Ficus lyrata" in html
    assert str(species.pk) in html


def test_a_post_is_about_the_plants_that_its_text_shows(client, editor, blog):
    fern, moss = SpeciesFactory(), SpeciesFactory()
    page = add_post(blog, species=[moss])

    page = edit(client, page, body=streamfield([spotlight(fern), spotlight(moss), spotlight(fern)]))
    assert {*page.species.all()} == {fern, moss}

    page = edit(client, page, body=streamfield([spotlight(fern)]))
    assert [*page.species.all()] == [fern]
    assert [*BlogPostPage.objects.search(fern.canonical_name)] == [page]


def test_a_post_keeps_its_subjects_authors_and_place_in_a_series(client, editor, blog):
    category = BlogCategory.objects.create(name="Shade", slug="shade")
    author = BlogAuthor.objects.create(name="Ada", slug="ada")
    series = BlogSeries.objects.create(title="Rain", slug="rain")
    words = "<p>" + "leaf " * 500 + "</p>"

    page = edit(
        client,
        add_post(blog),
        chosen={"categories": [str(category.pk)], "authors": [str(author.pk)]},
        tags="fern, rain",
        series=str(series.pk),
        series_position="2",
        body=streamfield([("paragraph", rich_text(words))]),
    )

    assert [*page.categories.all()] == [category]
    assert [*page.authors.all()] == [author]
    assert {tag.name for tag in page.tags.all()} == {"fern", "rain"}
    assert (page.series, page.series_position, page.reading_minutes) == (series, 2, 2)
    for word in ("Ada", "fern"):
        assert [*BlogPostPage.objects.search(word)] == [page]


def test_old_addresses_lead_to_where_a_post_went(client, editor, blog, django_capture_on_commit_callbacks):
    page = add_post(blog, slug="before")
    page.save_revision().publish()

    with django_capture_on_commit_callbacks(execute=True):
        edit(client, page, slug="after")

    assert Redirect.objects.get().automatically_created
    assert client.get("/blog/before/", follow=True).redirect_chain == [("/blog/after/", 301)]


def test_colleagues_comment_on_a_place_in_a_post(client, editor, blog):
    page = add_post(blog)
    comment = {
        "TOTAL_FORMS": 1,
        "INITIAL_FORMS": 0,
        "MIN_NUM_FORMS": 0,
        "MAX_NUM_FORMS": 1000,
        "0": {
            "text": "Which fern?",
            "contentpath": "intro",
            "position": "",
            "replies": {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 0},
        },
    }

    edit(client, page, comments=comment)

    said = Comment.objects.get()
    assert (said.text, said.contentpath, said.user) == ("Which fern?", "intro", editor)
    assert "Which fern?" not in client.get(page.get_url()).content.decode()


def test_two_versions_of_a_post_are_compared(client, editor, blog):
    page = add_post(blog, intro="Before the rain.")
    first = page.save_revision()
    page.intro = "After the rain."
    second = page.save_revision()

    html = client.get(
        reverse("wagtailadmin_pages:revisions_compare", args=[page.pk, first.pk, second.pk])
    ).content.decode()

    assert '<span class="deletion">Before the rain.</span>' in html
    assert '<span class="addition">After the rain.</span>' in html


@pytest.mark.usefixtures("indexing")
def test_subjects_are_found_by_the_beginning_of_their_name(client, editor):
    BlogCategory.objects.create(name="Shade plants", slug="shade")
    BlogCategory.objects.create(name="Sun", slug="sun")

    found = client.get(reverse("wagtailsnippets_blog_blogcategory:list"), {"q": "sha"}).content.decode()

    assert "Shade plants" in found
    assert 'title="Sun"' not in found
    assert ">Sun<" not in found


def test_an_author_is_tied_to_a_colleague_and_to_nobody_of_the_community(client, editor):
    stranger = UserFactory(username="somebody-else")

    html = client.get(reverse("wagtailsnippets_blog_blogauthor:add")).content.decode()

    assert editor.username in html
    assert stranger.username not in html


@pytest.mark.usefixtures("indexing")
def test_the_editors_search_finds_a_post_as_one_types(client, editor, blog):
    add_post(blog, title="Ferns", intro="About their sori.")

    assert ">Ferns<" in _found(client, "fer")
    assert ">Ferns<" in _found(client, "sor")
    assert ">Ferns<" not in _found(client, "bark")


def _found(client, words):
    html = client.get(reverse("wagtailadmin_pages:search"), {"q": words}).content.decode()
    return "".join(html.split())


@pytest.mark.parametrize("kind", ["blogcategorypage", "blogauthorpage", "plantspeciespage"])
def test_pages_about_one_thing_are_made_below_the_blog(client, editor, blog, kind):
    address = reverse("wagtailadmin_pages:add", args=["blog", kind, blog.pk])

    assert client.get(address).status_code == 200


def test_a_draft_is_previewed_as_its_readers_will_see_it(client, editor, blog):
    page = add_post(blog, live=False)
    preview = reverse("wagtailadmin_pages:preview_on_edit", args=[page.pk])
    shown = streamfield([("callout", {"kind": "tip", "title": "", "text": rich_text("<p>Wait.</p>")})])

    assert client.post(preview, form(body=shown)).json()["is_valid"]
    response = client.get(preview, {"mode": "", "in_preview_panel": "true"})
    html = response.content.decode()

    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert '<aside class="callout tip">' in html
    assert not BlogPostPage.objects.get(pk=page.pk).live
