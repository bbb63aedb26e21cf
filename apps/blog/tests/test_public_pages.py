"""Pages by subject, feeds, and what search engines and those who share an address are told."""

import json
import re
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.blog.models import BlogAuthorPage, BlogCategoryPage
from apps.blog.tests.factories import (
    add_author,
    add_category,
    add_post,
    add_rich_post,
    add_series,
    add_species,
    add_species_page,
    know_about,
    make_private,
)

DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
ATOM = {"atom": "http://www.w3.org/2005/Atom"}


def read(client, path, status=200):
    response = client.get(path)
    assert response.status_code == status, path
    return response.content.decode()


def data_of(html):
    return {each["@type"]: each for each in map(json.loads, DATA.findall(html))}


@pytest.fixture
def sorted_posts(blog):
    category, author = add_category("Light"), add_author("Ada Green", role="Gardener", bio="Grows ferns.")
    blog.add_child(instance=BlogCategoryPage(title="All about light", slug="light", category=category))
    blog.add_child(instance=BlogAuthorPage(title="Ada Green", slug="ada", author=author))
    series = add_series("First steps")
    for place, title in ((2, "Second"), (1, "First"), (None, "Last")):
        post = add_post(blog, title=title, slug=title.lower(), series=series, series_position=place)
        post.categories, post.authors = [category], [author]
        post.tags.add("House plants")
        post.save()
    add_post(blog, title="Elsewhere", slug="elsewhere")
    add_post(blog, title="Draft", slug="draft", series=series, live=False)
    make_private(add_post(blog, title="Members", slug="members", series=series))


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/blog/light/", "All about light"),
        ("/blog/ada/", "Ada Green"),
        ("/blog/tags/house-plants/", "Posts about “House plants”"),
        ("/blog/series/first-steps/", "First steps"),
    ],
)
def test_a_subject_s_page_lists_its_posts_alone(client, sorted_posts, path, heading):
    html = read(client, path)

    assert f"<h1>{heading}</h1>" in html
    for title in ("First", "Second", "Last"):
        assert f">{title}</a></h2>" in html
    for title in ("Elsewhere", "Draft", "Members"):
        assert title not in html
    assert f'<link rel="canonical" href="http://localhost{path}">' in html


@pytest.mark.parametrize("path", ["/blog/tags/nothing/", "/blog/series/nothing/", "/nowhere/"])
def test_what_is_not_there_is_a_page_that_leads_on(client, sorted_posts, path):
    html = read(client, path, 404)
    assert "<h1>Not found</h1>" in html
    assert 'href="/"' in html


def test_posts_of_a_series_lead_to_each_other(client, sorted_posts):
    html = read(client, "/blog/second/")

    assert 'Part 2 of 3 in <a href="/blog/series/first-steps/">First steps</a>' in html
    assert 'rel="prev" href="/blog/first/"' in html
    assert 'rel="next" href="/blog/last/"' in html
    assert '<a rel="author" href="/blog/ada/">Ada Green</a>' in html
    assert '<a class="button" rel="tag" href="/blog/tags/house-plants/">#House plants</a>' in html


def test_a_post_leads_to_those_it_shares_most_with(client, sorted_posts):
    html = read(client, "/blog/second/").partition('id="related-heading"')[2]

    assert re.findall(r"<h3><a href=\"/blog/(\w+)/\">", html) == ["last", "first"]


@pytest.mark.parametrize("path", ["/blog/", "/blog/full/", "/blog/light/"])
def test_a_page_takes_as_many_queries_for_many_posts_as_for_one(client, blog, path):
    post = add_rich_post(blog, slug="full", picture_size=(64, 48))
    page = BlogCategoryPage.objects.get()
    page.slug = "light"
    page.save()
    add_alike(blog, post)
    few = count_queries(client, path)
    for _ in range(4):
        add_alike(blog, post)

    assert count_queries(client, path) == few


def add_alike(blog, post):
    more = add_rich_post(blog, picture_size=(64, 48))
    more.categories = [*more.categories.all(), *post.categories.all()]
    more.authors = [*more.authors.all(), *post.authors.all()]
    more.series = post.series
    more.save()


def count_queries(client, path):
    read(client, path)  # draws pictures that nobody has looked at yet
    with CaptureQueriesContext(connection) as queries:
        read(client, path)
    return len(queries)


# --- Species ------------------------------------------------------------------------------------------------


@pytest.fixture
def ficus(blog):
    known = {
        "common_names": {"en": ["Fiddle-leaf fig"], "de": ["Geigenfeige"]},
        "family": "Moraceae",
        "gbif_id": 5361909,
        "synonyms": ["Ficus pandurata"],
        "identification_count": 7,
    }
    species = add_species("Ficus lyrata", **known)
    add_species_page(blog, species, slug="ficus", title="Fiddle-leaf fig")
    return species


def test_a_species_page_tells_what_is_known_and_who_said_it(client, blog, ficus):
    know_about(ficus)
    post = add_post(blog, title="My fig")
    post.species = [ficus]
    post.save()

    html = read(client, "/blog/ficus/")

    for words in ("Geigenfeige", "Ficus pandurata", "7 times", "bright, no sun", "My fig", "CC-BY-4.0"):
        assert words in html
    assert html.count('<a href="https://example.org/book">A book</a>') == 2  # of the fact and of the hazard
    assert "Harmful to cats." in html
    assert "2 January 2026" in html
    taxon = data_of(html)["Taxon"]
    assert taxon["name"] == "Ficus lyrata"
    assert taxon["alternateName"] == ["Fiddle-leaf fig", "Ficus pandurata"]
    assert taxon["sameAs"] == "https://www.gbif.org/species/5361909"


def test_a_species_nobody_calls_poisonous_is_not_called_safe(client, ficus):
    html = read(client, "/blog/ficus/")

    assert "That does not make it safe." in html
    assert "is not known\n" in html or "not known to be safe" in html
    assert not re.search(r"non-?toxic|harmless|not poisonous|safe for", html, re.IGNORECASE)


def test_a_species_of_the_other_mode_shows_nothing_that_was_made_up(client, ficus, settings):
    know_about(ficus)
    settings.PROVIDER_SANDBOX = not settings.PROVIDER_SANDBOX

    html = read(client, "/blog/ficus/")

    assert "bright, no sun" not in html
    assert "Geigenfeige" not in html


# --- What others read ---------------------------------------------------------------------------------------


def test_a_post_tells_search_engines_and_those_who_share_it_what_it_is(client, blog):
    post = add_rich_post(blog, slug="full", title="Light & </script><b>shade", date="2026-03-04")

    html = read(client, "/blog/full/")

    told = data_of(html)["BlogPosting"]
    assert told["headline"] == "Light & </script><b>shade"
    assert told["datePublished"] == "2026-03-04"
    assert told["author"][0]["name"] == post.authors.all()[0].name
    assert told["author"][0]["url"].startswith("http://localhost/blog/a")
    assert told["timeRequired"] == "PT1M"
    assert [step["name"] for step in data_of(html)["BreadcrumbList"]["itemListElement"]] == [
        "Blog",
        post.title,
    ]
    picture = re.search(r'<meta property="og:image" content="([^"]+)">', html)[1]
    assert told["image"] == picture
    assert picture.startswith("http")
    assert '<meta property="og:type" content="article">' in html
    assert '<meta name="twitter:card" content="summary_large_image">' in html
    assert '<link rel="alternate" type="application/rss+xml"' in html


@pytest.mark.parametrize("kind", ["rss", "atom"])
@pytest.mark.parametrize("feed", ["posts", "categories/light", "authors/ada-green"])
def test_feeds_tell_what_everybody_may_read(client, sorted_posts, feed, kind):
    response = client.get(f"/feeds/{feed}.{kind}")

    assert response.status_code == 200
    assert response["Content-Type"].startswith(f"application/{kind}+xml")
    assert "max-age" in response["Cache-Control"]
    entries = entries_of(response.content, kind)
    assert [title for title, _ in entries][-3:] == ["Last", "First", "Second"]
    assert "Elsewhere" in dict(entries) or feed != "posts"
    assert not {"Draft", "Members"} & dict(entries).keys()
    for _, address in entries:
        assert client.get(address.removeprefix("http://localhost")).status_code == 200


def entries_of(text, kind):
    root = ET.fromstring(text)
    if kind == "rss":
        return [(item.findtext("title"), item.findtext("link")) for item in root.iter("item")]
    return [
        (entry.findtext("atom:title", namespaces=ATOM), entry.find("atom:link", ATOM).get("href"))
        for entry in root.iterfind("atom:entry", ATOM)
    ]


@pytest.mark.parametrize(
    "path", ["/feeds/categories/nothing.rss", "/feeds/authors/nothing.atom", "/feeds/posts.xml"]
)
def test_a_feed_of_nothing_is_not_there(client, db, path):
    assert client.get(f"/feeds/{path}").status_code == 404


def test_a_site_without_a_blog_has_an_empty_feed(client, home):
    assert entries_of(client.get("/feeds/posts.rss").content, "rss") == []


def test_the_sitemap_names_what_everybody_may_read(client, sorted_posts):
    root = ET.fromstring(client.get("/sitemap.xml").content)
    named = {url[0].text.removeprefix("http://localhost") for url in root}

    assert {"/", "/blog/", "/blog/first/", "/blog/light/", "/blog/ada/"} <= named
    assert not {"/blog/draft/", "/blog/members/"} & named


def test_the_sitemap_takes_as_many_queries_for_many_pages_as_for_one(client, blog):
    read(client, "/sitemap.xml")
    few = count_queries(client, "/sitemap.xml")
    for _ in range(5):
        add_post(blog, last_published_at=timezone.now())
    assert count_queries(client, "/sitemap.xml") == few


def test_robots_are_told_where_pages_are_and_where_there_are_none(client, db, settings):
    settings.SITE_URL = "https://plants.example.org"
    response = client.get("/robots.txt")
    assert response["Content-Type"].startswith("text/plain")
    lines = response.content.decode().splitlines()
    assert "Disallow: /api/" in lines
    assert "Sitemap: https://plants.example.org/sitemap.xml" in lines
