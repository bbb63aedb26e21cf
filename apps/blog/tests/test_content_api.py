import json
from datetime import timedelta

import pytest
from django.utils import timezone
from wagtail.images import get_image_model
from wagtail.models import Collection, CollectionViewRestriction, PageViewRestriction

from apps.blog.models import BlogCategoryPage, PostViews
from apps.blog.tests.factories import (
    add_author,
    add_category,
    add_post,
    add_rich_post,
    add_series,
    add_species,
    add_species_page,
    body_with_everything,
    create_image,
    know_about,
    make_private,
)

ENDPOINTS = ["blog-posts", "species", "categories", "series", "authors", "pages", "images", "documents"]
LISTS = [f"/api/v2/{endpoint}/" for endpoint in ENDPOINTS]


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
    card = first["featured_image"]["renditions"]["card"]
    assert (card["width"], card["height"]) == (640, 400)
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


@pytest.mark.usefixtures("indexing")
def test_posts_can_be_ordered_filtered_searched_and_cut(client, blog, posts):
    add_post(blog, title="Mosses", intro="Small and green.", date="2026-01-01")

    def ask(**parameters):
        return titles(client.get("/api/v2/blog-posts/", parameters))

    assert ask(order="date")[0] == "Mosses"
    assert ask(date="2026-03-02") == ["Post of day 2"]
    assert ask(limit=1, offset=1) == ["Post of day 2"]
    assert ask(search="mosses") == ["Mosses"]


@pytest.fixture
def sorted_posts(blog):
    """Two of each kind, and one of neither."""
    light, water = add_category("Light"), add_category("Water")
    ada, ben = add_author("Ada"), add_author("Ben")
    ficus, rosa = add_species("Ficus lyrata"), add_species("Rosa canina")
    first, second, _ = (add_post(blog, title=name, date=f"2026-03-0{day}") for day, name in NAMES)
    first.categories, first.authors, first.species = [light], [ada], [ficus]
    second.categories, second.authors, second.species = [light, water], [ada, ben], [ficus, rosa]
    first.tags.add("House plants", "fern")
    second.tags.add("fern")
    first.series = second.series = add_series("First steps")
    for post in (first, second):
        post.save()
    return {"ficus": ficus.pk, "rosa": rosa.pk}


NAMES = [(1, "One"), (2, "Two"), (3, "Three")]
ONE, BOTH = ["One"], ["Two", "One"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("category=light", BOTH),
        ("category=water", ["Two"]),
        ("category=light,water", BOTH),
        ("category=nothing", []),
        ("tag=fern", BOTH),
        ("tag=house-plants", ONE),
        ("tag=House%20plants", ONE),
        ("author=ben", ["Two"]),
        ("author=ada&category=water", ["Two"]),
        ("series=first-steps", BOTH),
        ("species={ficus}", BOTH),
        ("species={rosa},{ficus}&tag=house-plants", ONE),
        ("date_from=2026-03-02", ["Three", "Two"]),
        ("date_from=2026-03-02&date_to=2026-03-02", ["Two"]),
        ("category=light&order=date", ["One", "Two"]),
        ("category=light&search=two", ["Two"]),
        ("tag=fern&search=one&fields=_,title", ONE),
    ],
)
@pytest.mark.usefixtures("indexing")
def test_posts_are_found_by_what_they_are_sorted_by(client, sorted_posts, query, found):
    assert titles(client.get(f"/api/v2/blog-posts/?{query.format(**sorted_posts)}")) == found


def test_posts_that_were_opened_most_come_first(client, blog):
    today = timezone.now().date()
    often, seldom, hidden = add_post(blog, title="Often"), add_post(blog, title="Seldom"), add_post(blog)
    long_ago = add_post(blog, title="Long ago")
    add_post(blog, title="Never")
    make_private(hidden)
    for post, count, days in (
        (seldom, 1, 0),
        (often, 2, 1),
        (often, 3, 3),
        (hidden, 9, 0),
        (long_ago, 7, 40),
    ):
        PostViews.objects.create(post=post, count=count, day=today - timedelta(days=days))

    assert titles(client.get("/api/v2/blog-posts/popular/")) == ["Often", "Seldom"]
    assert titles(client.get("/api/v2/blog-posts/popular/?days=60&limit=1")) == ["Long ago"]
    assert titles(client.get("/api/v2/blog-posts/popular/?days=1&fields=_,title")) == ["Seldom"]


def test_one_post_is_told_with_people_plants_and_pictures(client, blog):
    post = add_rich_post(blog)
    image = post.featured_image
    image.focal_point_x, image.focal_point_y = 100, 120
    image.focal_point_width = image.focal_point_height = 50
    image.save()

    told = client.get(f"/api/v2/blog-posts/{post.pk}/").json()

    category, author, species = told["categories"][0], told["authors"][0], told["species"][0]
    assert category["html_url"] == BlogCategoryPage.objects.get().full_url
    assert author["detail_url"].endswith(f"/api/v2/authors/{author['id']}/")
    assert (species["common_name"], species["html_url"][-1]) == ("Fig", "/")
    assert client.get(species["encyclopedia_url"]).json()["id"] == species["id"]
    assert told["series"]["title"] == post.series.title
    assert post.title in client.get(told["series"]["html_url"]).text
    assert told["featured_image"]["focal_point"] == {"x": 100, "y": 120, "width": 50, "height": 50}
    renditions = told["featured_image"]["renditions"].items()
    sizes = {name: (each["width"], each["height"]) for name, each in renditions}
    assert sizes == {"card": (640, 400), "small": (640, 497), "large": (900, 700), "social": (900, 473)}
    assert told["reading_minutes"] == 1
    for link in (category, author, told["series"], told["featured_image"]):
        assert client.get(link["detail_url"]).status_code == 200


def test_a_category_whose_page_is_a_draft_or_private_has_no_address(client, blog):
    post = add_rich_post(blog)
    page = BlogCategoryPage.objects.get()
    make_private(page)
    assert client.get(f"/api/v2/blog-posts/{post.pk}/").json()["categories"][0]["html_url"] is None
    page.unpublish()
    assert client.get("/api/v2/categories/").json()["items"][0]["meta"]["html_url"] is None


@pytest.mark.usefixtures("indexing")
def test_categories_series_and_authors_count_what_everybody_may_read(client, blog):
    category, author, series = add_category("Light"), add_author("Ada"), add_series("Steps")
    for number, live in ((2, True), (1, True), (3, False)):
        post = add_post(blog, title=f"Part {number}", series=series, series_position=number, live=live)
        post.categories, post.authors = [category], [author]
        post.save()
    make_private(post)

    for endpoint, thing in (("categories", category), ("authors", author), ("series", series)):
        [item] = client.get(f"/api/v2/{endpoint}/").json()["items"]
        assert (item["slug"], item["post_count"]) == (thing.slug, 2)
        found = client.get(f"/api/v2/{endpoint}/find/?slug={thing.slug}", follow=True)
        assert found.json()["id"] == str(thing.pk)
    assert [post["title"] for post in found.json()["posts"]] == ["Part 1", "Part 2"]
    assert client.get("/api/v2/categories/?search=light").json()["meta"]["total_count"] == 1


@pytest.mark.usefixtures("indexing")
def test_a_species_is_told_with_everything_that_is_known_and_who_said_it(client, blog):
    ficus = add_species("Ficus lyrata", common_names={"en": ["Fiddle-leaf fig"]}, family="Moraceae")
    page = add_species_page(blog, ficus)
    add_species_page(blog, add_species("Rosa canina"))
    know_about(ficus)

    assert titles(client.get("/api/v2/species/?family=moraceae")) == ["Ficus lyrata"]
    assert titles(client.get("/api/v2/species/?search=canina")) == ["Rosa canina"]
    told = client.get(f"/api/v2/species/{page.pk}/").json()

    assert told["species"]["common_name"] == "Fiddle-leaf fig"
    [fact], [hazard] = told["portrait"]["facts"], told["portrait"]["toxicity"]["statements"]
    assert (fact["field"], fact["value"], fact["source"]["title"]) == ("light", "bright, no sun", "A book")
    assert (hazard["target"], hazard["stated_on"]) == ("cat", "2026-01-02")
    assert told["portrait"]["pictures"][0]["licence"] == "CC-BY-4.0"


def test_where_nothing_is_known_of_poison_nothing_is_said_to_be_safe(client, blog):
    page = add_species_page(blog, add_species())

    toxicity = client.get(f"/api/v2/species/{page.pk}/").json()["portrait"]["toxicity"]

    assert toxicity["statements"] == []
    assert "not known to be safe" in toxicity["notice"]


def test_a_species_of_the_other_mode_is_not_told(client, blog, settings):
    page = add_species_page(blog, add_species())
    settings.PROVIDER_SANDBOX = not settings.PROVIDER_SANDBOX

    assert titles(client.get("/api/v2/species/")) == []
    assert client.get(f"/api/v2/species/{page.pk}/").status_code == 404


def test_fields_choose_what_a_list_tells(client, posts):
    items = client.get("/api/v2/blog-posts/", {"fields": "_,title,date"}).json()["items"]

    assert items[0] == {"title": "Post of day 3", "date": "2026-03-03"}


@pytest.mark.parametrize("endpoint", ["blog-posts", "categories", "pages", "images"])
@pytest.mark.parametrize(
    "query",
    [
        "limit=51",
        "limit=-1",
        "limit=x",
        "offset=-1",
        "offset=99999999999999999999999",
        "offset=100001",
        "order=nonsense",
        "fields=nonsense",
        "fields=(((",
        "nonsense=1",
        "%00=1",
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
        "blog-posts/?date_from=yesterday",
        "blog-posts/?species=ficus",
        "blog-posts/?category=,",
        "blog-posts/?tag=a" + ",a" * 20,
        "blog-posts/?tags=a",
        "blog-posts/?order=tags",
        "blog-posts/popular/?days=0",
        "blog-posts/popular/?days=366",
        "blog-posts/popular/?days=x",
        "blog-posts/popular/?limit=51",
        "blog-posts/popular/?category=light",
        "blog-posts/?id=x",
        "categories/?id=x",
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
        "categories/find/",
        "categories/find/?slug=nothing",
        "series/00000000-0000-4000-8000-000000000000/",
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
