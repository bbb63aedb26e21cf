"""`/api/v1/blog/`: posts, categories and series, as the rest of the REST API tells things."""

from datetime import date

import pytest

from apps.blog.models import BlogAuthor, BlogCategory, BlogSeries
from apps.blog.tests.factories import add_post, body_with_everything, create_image, make_private
from apps.core.testing.queries import query_budget
from apps.plant_identification.tests.factories import SpeciesFactory

POSTS = "/api/v1/blog/posts/"


@pytest.fixture
def get(db, api_client):
    def run(address, **headers):
        response = api_client.get(address, headers=headers)
        return response.json() if response.status_code == 200 else response

    return run


def slugs(answer):
    return [post["slug"] for post in answer["results"]]


@pytest.fixture
def fern_post(blog):
    """One with everything."""
    image = create_image()
    post = add_post(
        blog,
        title="Ferns",
        slug="ferns",
        date=date(2026, 11, 1),
        featured_image=image,
        body=body_with_everything(image),
        series=BlogSeries.objects.create(title="Shade", slug="shade"),
        series_position=2,
    )
    post.categories.add(BlogCategory.objects.create(name="Indoors", slug="indoors"))
    post.authors.add(BlogAuthor.objects.create(name="Ada", slug="ada"))
    post.species.add(SpeciesFactory())
    post.tags.add("Moist")
    post.save()
    return post


def test_a_post_is_told_with_all_it_belongs_to_by_id_and_by_slug(get, fern_post):
    told = get(f"{POSTS}ferns/")

    assert told == get(f"{POSTS}{fern_post.pk}/")
    assert told["categories"] == [{"slug": "indoors", "name": "Indoors"}]
    assert told["authors"] == [{"slug": "ada", "name": "Ada"}]
    assert told["tags"] == [{"slug": "moist", "name": "Moist"}]
    assert told["series"] == {"slug": "shade", "title": "Shade", "position": 2}
    assert told["species"] == [str(fern_post.species.get().pk)]
    assert told["picture"]["alt_text"] == "A fern in the rain"
    assert [block["type"] for block in told["body"]][:3] == ["heading", "heading", "paragraph"]
    assert told["links"]["comments"] == f"{POSTS}{fern_post.pk}/comments/"
    assert told["takes_comments"] is True


@pytest.mark.parametrize(
    "query", ["category=indoors", "tag=moist", "author=ada", "series=shade", "search=ferns"]
)
@pytest.mark.usefixtures("indexing")
def test_the_list_is_narrowed_by(get, fern_post, blog, query):
    add_post(blog, title="Cacti", slug="cacti")
    assert slugs(get(f"{POSTS}?{query}")) == ["ferns"]
    assert slugs(get(f"{POSTS}?{query.partition('=')[0]}=nothing-of-the-kind")) == []


def test_the_list_is_narrowed_by_species(get, fern_post, blog):
    add_post(blog)
    species = fern_post.species.get().pk
    assert slugs(get(f"{POSTS}?species={species}")) == ["ferns"]
    assert get(f"{POSTS}?species=fern").status_code == 400


def test_pages_stay_whole_in_each_order(get, blog):
    for number in range(5):  # two of them share a day
        add_post(blog, slug=f"p{number}", title=f"{9 - number}", date=date(2026, 1, 1 + number // 2))

    for order, expected in {"": "43210", "-date": "43210", "date": "01234", "title": "43210"}.items():
        url, found = f"{POSTS}?page_size=2&ordering={order}", []
        while url:
            page = get(url)
            found, url = found + slugs(page), page["next"]
        assert found == [f"p{number}" for number in expected]
    assert get(f"{POSTS}?ordering=body").status_code == 400
    assert get(f"{POSTS}?search={'x' * 201}").status_code == 400


@pytest.mark.usefixtures("indexing")
def test_what_is_not_public_is_told_nowhere(get, fern_post, blog):
    make_private(fern_post)
    add_post(blog, slug="draft", live=False)

    assert get(POSTS)["results"] == []
    assert get(f"{POSTS}?search=ferns")["results"] == []
    for name in ("ferns", str(fern_post.pk), "draft", "9" * 30, "blog"):
        assert get(f"{POSTS}{name}/").status_code == 404
    assert [entry["post_count"] for entry in get("/api/v1/blog/categories/")["results"]] == [0]
    assert get("/api/v1/blog/series/shade/")["posts"] == []


def test_the_list_costs_as_many_queries_for_one_post_as_for_six(get, fern_post, blog):
    get(POSTS)  # the picture is drawn, and the sites are known
    with query_budget(at_most=16):
        get(POSTS)
    for number in range(5):
        post = add_post(blog, featured_image=create_image(), series=fern_post.series)
        post.categories.set(fern_post.categories.all())
        post.authors.set(fern_post.authors.all())
        post.tags.add(f"Tag {number}")
        post.save()
    get(POSTS)
    with query_budget(at_most=16):
        assert len(get(POSTS)["results"]) == 6


def test_a_series_is_told_in_the_order_it_is_read(get, fern_post, blog):
    add_post(blog, slug="last", series=fern_post.series)
    add_post(blog, slug="first", series=fern_post.series, series_position=1)

    told = get("/api/v1/blog/series/shade/")

    assert [post["slug"] for post in told["posts"]] == ["first", "ferns", "last"]
    assert told["post_count"] == 3
    assert get("/api/v1/blog/series/")["results"][0]["slug"] == "shade"
    assert get("/api/v1/blog/series/nothing/").status_code == 404


def test_only_some_fields_and_nothing_twice(get, fern_post, api_client):
    assert get(f"{POSTS}?fields=slug,title")["results"] == [{"slug": "ferns", "title": "Ferns"}]
    first = api_client.get(f"{POSTS}ferns/")
    assert api_client.get(f"{POSTS}ferns/", headers={"If-None-Match": first["ETag"]}).status_code == 304
