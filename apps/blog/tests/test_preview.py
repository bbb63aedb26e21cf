"""An editor's look at a draft in the web app: who holds the token sees that draft, for some minutes."""

from datetime import timedelta

import pytest
from django.core import signing
from django.utils import timezone
from wagtail.test.utils.form_data import nested_form_data, rich_text, streamfield

from apps.blog.constants import PREVIEW_S, PREVIEW_SALT
from apps.blog.models import BlogPostPage, PlantSpeciesPage, PreviewDraft
from apps.blog.models.previews import keep_draft
from apps.blog.tests.factories import add_category, add_post, add_rich_post, add_species
from apps.users.tests.factories import UserFactory
from plant_community_backend.settings import headers

APP = "https://app.example.org/preview"
ADDRESS = "/api/v2/preview/"


@pytest.fixture(autouse=True)
def _web_app(settings):
    settings.HEADLESS_PREVIEW_URL = APP


@pytest.fixture
def editor(client):
    user = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def ask(client, token):
    return client.get(ADDRESS, headers={"X-Preview-Token": token})


def form_of(post, **fields):
    return nested_form_data(
        {
            "title": post.title,
            "slug": post.slug,
            "date": "2026-10-02",
            "intro": "Not yet said.",
            "body": streamfield([("paragraph", rich_text("<p>Only drafted.</p>"))]),
            **fields,
        }
    )


def look(client, place):
    """What pressing “Preview” does, in the mode of the web app."""
    response = client.get(f"/cms/pages/{place}/preview/?mode=app")
    address, _, token = response["Location"].partition("#token=")
    assert (response.status_code, address) == (302, APP)
    assert "no-store" in response["Cache-Control"]
    return token


def refused(response):
    return response.status_code, response.json()["code"]


def test_what_an_editor_has_typed_is_shown_and_saved_nowhere(client, blog, editor):
    post = add_post(blog, title="Fern")
    category = add_category("Light")
    form = form_of(post) | {"categories": [str(category.pk)]}
    client.post(f"/cms/pages/{post.pk}/edit/preview/", form)

    told = ask(client, look(client, f"{post.pk}/edit"))

    assert told.status_code == 200
    assert told["Cache-Control"] == "no-store"
    assert told.json()["id"] == post.pk
    assert told.json()["intro"] == "Not yet said."
    assert "Only drafted." in told.json()["body"][0]["value"]
    assert [each["slug"] for each in told.json()["categories"]] == ["light"]
    assert client.get(f"/api/v2/blog-posts/{post.pk}/").json()["intro"] == "What it is about."
    assert editor.username not in told.text


def test_a_post_that_was_never_saved_is_shown_too(client, blog, editor):
    place = f"add/blog/blogpostpage/{blog.pk}"
    form = form_of(BlogPostPage(title="New", slug="new"))
    client.post(f"/cms/pages/{place}/preview/", form)

    told = ask(client, look(client, place)).json()

    assert (told["id"], told["title"]) == (None, "New")
    assert not BlogPostPage.objects.exists()


def test_every_kind_of_page_has_such_a_preview(client, blog, editor):
    add_rich_post(blog)
    for page in [blog, *blog.get_children().specific()]:
        token = keep_draft(page=page, editor=editor).sign()
        assert ask(client, token).json()["title"] == page.title


def test_the_next_look_replaces_the_one_before(client, blog, editor):
    post = add_post(blog)
    first = keep_draft(page=post, editor=editor).sign()
    post.intro = "Better."
    second = keep_draft(page=post, editor=editor).sign()

    assert PreviewDraft.objects.count() == 1
    assert ask(client, first).json()["intro"] == ask(client, second).json()["intro"] == "Better."


@pytest.mark.parametrize("token", ["", "x", "e30:1abc:forged", "x" * 10_000])
def test_a_token_that_is_none_is_refused(client, db, token):
    assert refused(ask(client, token)) == (400, "link_invalid")


def test_a_token_signed_for_something_else_is_refused(client, blog, editor):
    draft = keep_draft(page=add_post(blog), editor=editor)
    named = {"draft": str(draft.pk), "page": draft.page_id}

    assert refused(ask(client, signing.dumps(named, salt="another"))) == (400, "link_invalid")
    other = {**named, "page": add_post(blog).pk}
    assert refused(ask(client, signing.dumps(other, salt=PREVIEW_SALT))) == (410, "gone")


def test_a_token_expires(client, blog, editor, monkeypatch):
    token = keep_draft(page=add_post(blog), editor=editor).sign()
    now = timezone.now().timestamp()
    monkeypatch.setattr(signing.time, "time", lambda: now + PREVIEW_S + 1)
    assert refused(ask(client, token)) == (400, "link_expired")


def publish(post, editor):
    post.save_revision().publish()


def delete(post, editor):
    post.delete()


def leave_alone(post, editor):
    PreviewDraft.objects.update(expires_at=timezone.now())


def lose_the_account(post, editor):
    editor.is_active = False
    editor.save()


@pytest.mark.parametrize("end", [publish, delete, leave_alone, lose_the_account])
def test_a_draft_that_is_gone_is_told_to_be(client, blog, editor, end):
    post = add_post(blog)
    token = keep_draft(page=post, editor=editor).sign()
    assert ask(client, token).status_code == 200

    end(post, editor)

    assert refused(ask(client, token)) == (410, "gone")


def test_a_draft_that_cannot_be_without_what_was_deleted_is_gone(client, blog, editor):
    species = add_species()
    page = PlantSpeciesPage(title="Fig", slug="fig", species=species, path=f"{blog.path}0001", depth=4)
    token = keep_draft(page=page, editor=editor).sign()
    assert ask(client, token).json()["species"]["id"] == str(species.pk)

    species.delete()

    assert refused(ask(client, token)) == (410, "gone")


def test_drafts_nobody_looks_at_do_not_pile_up(blog, editor):
    for _ in range(3):
        keep_draft(page=add_post(blog), editor=editor)
    PreviewDraft.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    keep_draft(page=add_post(blog), editor=editor)
    assert PreviewDraft.objects.count() == 1


def test_the_web_app_may_ask_with_its_token_and_be_framed_beside_the_form(client, db, settings):
    origin = APP.removesuffix("/preview")
    settings.CORS_ALLOWED_ORIGINS = [origin]
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    allowed = client.options(ADDRESS, headers=asked)["Access-Control-Allow-Headers"]
    assert "x-preview-token" in allowed.split(", ")

    assert origin in headers.editors_policy(APP)["frame-src"]
    assert headers.editors_policy("") == headers.EDITORS_POLICY


def test_without_a_web_app_nobody_is_offered_its_preview(client, blog, editor, settings):
    settings.HEADLESS_PREVIEW_URL = ""
    post = add_post(blog)
    assert [mode for mode, _ in post.preview_modes] == [""]
    client.post(f"/cms/pages/{post.pk}/edit/preview/", form_of(post))
    assert client.get(f"/cms/pages/{post.pk}/edit/preview/?mode=app").status_code == 404


def test_who_may_not_edit_a_page_gets_no_token(client, blog):
    post = add_post(blog)
    client.force_login(UserFactory())
    assert client.get(f"/cms/pages/{post.pk}/edit/preview/?mode=app")["Location"].startswith("/cms/login/")
    assert not PreviewDraft.objects.exists()
