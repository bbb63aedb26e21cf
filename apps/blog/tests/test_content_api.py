import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.models import Collection, CollectionViewRestriction, PageViewRestriction

from apps.blog.tests.factories import add_post, body_with_everything, create_image, make_private

LISTS = ["/api/v2/blog-posts/", "/api/v2/pages/", "/api/v2/images/", "/api/v2/documents/"]


def titles(response):
    assert response.status_code == 200
    return [item["title"] for item in response.json()["items"]]


@pytest.fixture
def posts(blog):
    return [add_post(blog, title=f"Post of day {day}", date=f"2026-03-0{day}") for day in (2, 1, 3)]


@pytest.mark.parametrize("path", LISTS)
def test_every_list_has_items_and_their_total(client, home, path):
    response = client.get(path)

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["meta"]["total_count"] == len(response.json()["items"])


def test_posts_come_newest_first_with_what_a_card_shows(client, blog, posts):
    image = create_image()
    add_post(blog, title="With picture", date="2026-04-01", featured_image=image)

    response = client.get("/api/v2/blog-posts/")

    assert titles(response) == ["With picture", "Post of day 3", "Post of day 2", "Post of day 1"]
    first = response.json()["items"][0]
    assert first["date"] == "2026-04-01"
    assert first["intro"] == "What it is about."
    assert first["featured_image"]["id"] == image.pk
    assert (first["card_picture"]["width"], first["card_picture"]["height"]) == (640, 400)
    assert first["meta"]["type"] == "blog.BlogPostPage"
    assert first["meta"]["detail_url"].endswith(f"/api/v2/blog-posts/{first['id']}/")
    assert "body" not in first


def test_one_post_tells_its_body_with_pictures_and_real_links(client, blog, posts):
    image = create_image()
    link = f'<p>See <a linktype="page" id="{posts[0].pk}">there</a>.</p>'
    post = add_post(blog, body=[*body_with_everything(image), ("paragraph", link)])

    body = client.get(f"/api/v2/blog-posts/{post.pk}/").json()["body"]

    values = {block["type"]: block["value"] for block in body}
    assert values["paragraph"] == f'<p>See <a href="{posts[0].get_url()}">there</a>.</p>'
    assert values["image"]["alt_text"] == "A fern, seen from above"
    assert values["image"]["credit"] == "Ada, CC BY 4.0"
    assert values["image"]["image"]["id"] == image.pk
    assert values["image"]["image"]["width"] == 900
    assert values["quote"] == {"text": "Closer.\nCloser still.", "attribution": "A photographer"}


def test_a_body_whose_picture_was_deleted_says_null(client, blog):
    image = create_image()
    post = add_post(blog, body=body_with_everything(image))
    image.delete()

    body = client.get(f"/api/v2/blog-posts/{post.pk}/").json()["body"]

    assert [block["value"]["image"] for block in body if block["type"] == "image"] == [None]


@pytest.mark.parametrize("endpoint", ["blog-posts", "pages"])
@pytest.mark.parametrize("signed_in", [False, True])
def test_drafts_and_private_pages_are_hidden_from_everybody(
    client, django_user_model, blog, posts, endpoint, signed_in
):
    draft = add_post(blog, title="Draft", live=False)
    members = add_post(blog, title="Members")
    make_private(members)
    if signed_in:
        client.force_login(django_user_model.objects.create_superuser("root", "root@example.org", "x"))

    listed = titles(client.get(f"/api/v2/{endpoint}/", {"limit": 50}))

    assert not {"Draft", "Members"} & set(listed)
    assert "Post of day 1" in listed
    for hidden in (draft, members):
        assert client.get(f"/api/v2/{endpoint}/{hidden.pk}/").status_code == 404
        assert client.get(f"/api/v2/{endpoint}/find/", {"html_path": hidden.url_path}).status_code == 404


def test_who_unlocked_a_page_by_password_reads_it_there_and_not_here(client, blog):
    post = add_post(blog, slug="secret")
    restriction = PageViewRestriction.objects.create(
        page=post, restriction_type=PageViewRestriction.PASSWORD, password="sesame"
    )
    client.post(
        f"/_util/authenticate_with_password/{restriction.pk}/{post.pk}/",
        {"password": "sesame", "return_url": "/blog/secret/"},
    )

    assert client.get("/blog/secret/").status_code == 200
    assert titles(client.get("/api/v2/blog-posts/")) == []
    assert client.get(f"/api/v2/blog-posts/{post.pk}/").status_code == 404


def test_a_post_below_a_private_blog_is_hidden(client, blog, posts):
    make_private(blog)

    assert titles(client.get("/api/v2/blog-posts/")) == []


def test_pictures_of_a_private_collection_are_hidden(client, home):
    hidden = Collection.get_first_root_node().add_child(name="Members")
    CollectionViewRestriction.objects.create(
        collection=hidden, restriction_type=CollectionViewRestriction.LOGIN
    )
    create_image(title="Public")
    get_image_model().objects.filter(pk=create_image(title="Members").pk).update(collection=hidden)

    assert titles(client.get("/api/v2/images/")) == ["Public"]


def test_a_post_is_found_by_its_public_address(client, blog):
    post = add_post(blog, slug="ferns")

    response = client.get("/api/v2/blog-posts/find/", {"html_path": "/blog/ferns/"})

    assert response.status_code == 302
    assert response["Location"].split("?")[0].endswith(f"/api/v2/blog-posts/{post.pk}/")


def test_posts_can_be_ordered_filtered_searched_and_cut(client, blog, posts):
    add_post(blog, title="Mosses", intro="Small and green.", date="2026-01-01")

    def ask(**parameters):
        return titles(client.get("/api/v2/blog-posts/", parameters))

    assert ask(order="date")[0] == "Mosses"
    assert ask(date="2026-03-02") == ["Post of day 2"]
    assert ask(limit=1, offset=1) == ["Post of day 2"]
    assert ask(search="mosses") == ["Mosses"]


def test_fields_choose_what_a_list_tells(client, posts):
    items = client.get("/api/v2/blog-posts/", {"fields": "_,title,date"}).json()["items"]

    assert items[0] == {"title": "Post of day 3", "date": "2026-03-03"}


@pytest.mark.parametrize("fields", ["", "?fields=*"])
@pytest.mark.parametrize("path", ["/api/v2/blog-posts/", "/api/v2/pages/", "/api/v2/images/"])
def test_a_list_takes_as_many_queries_for_many_as_for_one(client, blog, path, fields):
    _add_post_with_tagged_picture(blog)
    client.get(path + fields)  # makes the rendition
    few = _count_queries(client, path + fields)
    for _ in range(5):
        _add_post_with_tagged_picture(blog)
    client.get(path + fields)

    assert _count_queries(client, path + fields) == few


@pytest.mark.parametrize("endpoint", ["blog-posts", "pages", "images", "documents"])
@pytest.mark.parametrize(
    "query",
    [
        "limit=51",
        "limit=-1",
        "limit=x",
        "offset=-1",
        "offset=99999999999999999999999",
        "offset=100001",
        "id=x",
        "order=nonsense",
        "fields=nonsense",
        "fields=(((",
        "nonsense=1",
        "title=%00",
        "search=%00",
        "search=a&search_operator=x",
    ],
)
def test_a_parameter_that_makes_no_sense_is_the_clients_mistake(client, home, endpoint, query):
    assert_problem(client.get(f"/api/v2/{endpoint}/?{query}"), 400)


@pytest.mark.parametrize(
    "path",
    [
        "blog-posts/?date=yesterday",
        "blog-posts/?featured_image=x",
        "blog-posts/?type=wagtailcore.Page",
        "blog-posts/find/?id=x",
        "pages/?type=nonsense.Page",
        "pages/?child_of=x",
        "pages/?site=here:x",
        "pages/find/?html_path=%00",
    ],
)
def test_bad_filters_of_pages_are_told_as_problems(client, home, path):
    assert_problem(client.get(f"/api/v2/{path}"), 400)


@pytest.mark.parametrize(
    "path",
    [
        "pages/999999/",
        "blog-posts/99999999999999999999/",
        "pages/find/",
        "images/find/?id=99999999999999999999",
    ],
)
def test_what_is_not_there_is_told_as_a_problem(client, home, path):
    assert_problem(client.get(f"/api/v2/{path}"), 404)


@pytest.mark.parametrize("path", LISTS)
def test_the_content_api_only_reads(client, home, path):
    assert_problem(client.post(path, {"title": "x"}), 405)


def assert_problem(response, status):
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem = json.loads(response.content)
    assert problem["status"] == status
    assert problem["code"]
    assert problem["detail"]


def _add_post_with_tagged_picture(blog):
    image = create_image()
    image.tags.add("fern", "rain")
    add_post(blog, featured_image=image, body=body_with_everything(image))


def _count_queries(client, path):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)
