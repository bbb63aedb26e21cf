"""The blocks of a post's text: as HTML, as JSON, and what they cost."""

from datetime import date

import pytest
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.blocks import StreamValue

from apps.blog.blocks import BodyBlock
from apps.blog.blocks.videos import recognise_video
from apps.blog.models import BlogPostPage
from apps.blog.tests.factories import add_post, create_image, make_private
from apps.plant_identification.models import FactSource, SpeciesFact, SpeciesPicture, ToxicityStatement
from apps.plant_identification.tests.factories import SpeciesFactory

pytestmark = pytest.mark.django_db
READ_ON = date(2026, 11, 1)


@pytest.fixture
def kew():
    return FactSource.objects.create(
        key="kew", title="Kew", kind="dataset", url="https://kew.example.org/", licence="CC BY 4.0"
    )


@pytest.fixture
def monstera(kew):
    return describe_species(
        SpeciesFactory(
            canonical_name="Monstera deliciosa",
            authorship="Liebm.",
            family="Araceae",
            common_names={"en": ["Swiss cheese plant"]},
            synonyms=["Philodendron pertusum"],
        ),
        kew,
    )


def describe_species(species, source):
    for field, value, unit in (
        ("light", "partial", ""),
        ("height_min", 36, "in"),
        ("height_max", 120, "in"),
        ("hardiness_zone_min", 10, "USDA zone"),
    ):
        SpeciesFact.objects.create(
            species=species, field=field, value=value, unit=unit, source=source, stated_on=READ_ON
        )
    ToxicityStatement.objects.create(
        species=species, target="cat", level="irritating", parts="leaves", source=source, stated_on=READ_ON
    )
    SpeciesPicture.objects.create(
        species=species, image=create_image(), caption="A leaf with holes", credit="Ada", licence="CC0-1.0"
    )
    return species


def spotlight(species):
    return ("plant_spotlight", {"species": species, "text": "<p>Look closely.</p>"})


def care_card(species):
    return ("care_card", {"species": species, "text": ""})


def shown(client, post):
    response = client.get(post.get_url())
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def told(client, post):
    response = client.get(f"/api/v2/blog-posts/{post.pk}/")
    assert response.status_code == 200
    return [block["value"] for block in response.json()["body"]]


def test_a_spotlight_shows_what_is_known_today_with_its_sources(client, blog, monstera):
    post = add_post(blog, body=[spotlight(monstera)])

    html = shown(client, post)

    assert "<h2>Swiss cheese plant</h2>" in html
    assert '<i lang="la">Monstera deliciosa</i> Liebm., Araceae' in html
    assert "Look closely." in html
    assert "<strong>Cats</strong>: irritating (leaves)" in html
    assert '<a href="https://kew.example.org/">Kew</a>, CC BY 4.0' in html
    assert 'alt="A leaf with holes"' in html

    monstera.family = "Another family"
    monstera.save()
    assert "Liebm., Another family" in shown(client, post)


def test_a_spotlight_without_hazards_does_not_call_the_plant_safe(client, blog):
    post = add_post(blog, body=[spotlight(SpeciesFactory())])

    assert "That is not a promise that there is none." in shown(client, post)


def test_a_client_is_told_a_spotlight_ready_to_draw(client, blog, monstera):
    (value,) = told(client, add_post(blog, body=[spotlight(monstera)]))

    assert value["text"] == "<p>Look closely.</p>"
    assert value["species"] == {
        "id": str(monstera.pk),
        "scientific_name": "Monstera deliciosa",
        "authorship": "Liebm.",
        "family": "Araceae",
        "common_names": {"en": ["Swiss cheese plant"]},
    }
    light = next(fact for fact in value["facts"] if fact["field"] == "light")
    assert (light["value"], light["source"]["key"], light["stated_on"]) == ("partial", "kew", "2026-11-01")
    assert [hazard["target"] for hazard in value["hazards"]] == ["cat"]
    assert value["picture"]["image"]["width"] == 900
    assert value["picture"]["licence"] == "CC0-1.0"


def test_a_care_card_says_what_sources_say_and_ranges_as_one_line(client, blog, monstera):
    post = add_post(blog, body=[care_card(monstera)])

    (value,) = told(client, post)

    assert [(line["label"], line["text"]) for line in value["care"]] == [
        ("Light", "partial"),
        ("Hardiness zone", "at least 10 (USDA)"),
        ("Height", "36 to 120 inches"),
    ]
    assert "<dt>Height</dt><dd>36 to 120 inches" in shown(client, post)


def test_sources_that_differ_stand_one_below_the_other(client, blog, monstera):
    other = FactSource.objects.create(key="other", title="Other", kind="dataset", is_verified=False)
    SpeciesFact.objects.create(
        species=monstera, field="light", value="full", source=other, stated_on=READ_ON, is_preferred=True
    )

    post = add_post(blog, body=[care_card(monstera)])

    assert [line["text"] for line in told(client, post)[0]["care"]][:2] == ["full", "partial"]
    assert "Other, not verified" in shown(client, post)


@pytest.mark.parametrize("block", [spotlight, care_card])
def test_a_species_that_is_gone_leaves_the_rest_of_the_post_readable(client, blog, block):
    gone, hidden = SpeciesFactory(), SpeciesFactory(from_sandbox=True)
    post = add_post(blog, body=[block(gone), block(hidden), ("quote", {"text": "Still here."})])
    gone.delete()

    html = shown(client, post)

    assert "Still here." in html
    assert 'class="plant' not in html
    assert [value.get("species") for value in told(client, post)] == [None, None, None]


def everything(image, species, post):
    picture = {"image": image, "alt_text": "A fern", "credit": "Ada, CC0"}
    return [
        ("image", picture),
        ("gallery", {"title": "Ferns", "pictures": [picture, picture]}),
        spotlight(species),
        care_card(species),
        ("related_posts", {"title": "Read on", "posts": [post]}),
        ("call_to_action", {"text": "", "label": "There", "page": post, "url": ""}),
    ]


@pytest.mark.parametrize("address", ["{url}", "/api/v2/blog-posts/{pk}/"])
def test_a_post_with_many_blocks_takes_as_many_queries_as_one_with_few(client, blog, kew, address):
    def blocks(count):
        return [
            block
            for _ in range(count)
            for block in everything(
                create_image(),
                describe_species(SpeciesFactory(), kew),
                add_post(blog, featured_image=create_image()),
            )
        ]

    few, many = (add_post(blog, body=blocks(count)) for count in (1, 4))

    assert count_queries(client, address, many) == count_queries(client, address, few)


def count_queries(client, address, post):
    path = address.format(url=post.get_url(), pk=post.pk)
    assert client.get(path).status_code == 200  # makes the renditions
    caches["renditions"].clear()
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def test_related_posts_are_those_that_everybody_may_read_in_the_chosen_order(client, blog):
    first, second = add_post(blog, title="First"), add_post(blog, title="Second")
    draft, members = add_post(blog, title="A draft", live=False), add_post(blog, title="Members")
    make_private(members)
    chosen = [second, draft, members, first]

    post = add_post(blog, body=[("related_posts", {"title": "Read on", "posts": chosen})])

    (value,) = told(client, post)
    assert [(each["title"], each["url"]) for each in value["posts"]] == [
        ("Second", second.get_url()),
        ("First", first.get_url()),
    ]
    html = shown(client, post)
    assert html.index("Second") < html.index("First")
    assert "A draft" not in html
    assert "Members" not in html


def test_a_call_leads_to_a_page_or_an_address_and_never_to_a_draft(client, blog):
    there = add_post(blog)
    draft = add_post(blog, live=False)
    call = {"text": "Not sure?", "label": "Go there"}
    post = add_post(
        blog,
        body=[
            ("call_to_action", {**call, "page": there, "url": ""}),
            ("call_to_action", {**call, "page": None, "url": "/"}),
            ("call_to_action", {**call, "page": draft, "url": ""}),
        ],
    )

    assert [value["url"] for value in told(client, post)] == [there.get_url(), "/", None]
    assert shown(client, post).count("Go there") == 2


@pytest.mark.parametrize(
    ("url", "with_page"),
    [
        ("", False),
        ("/", True),
        ("//evil.example.org/", False),
        ("javascript:alert(1)", False),
        ("/\\evil.example.org", False),
        ("https:///x", False),
        ("ftp://x.example.org/", False),
    ],
)
def test_a_call_needs_exactly_one_honest_target(blog, url, with_page):
    page = add_post(blog) if with_page else None
    block = BodyBlock().child_blocks["call_to_action"]

    with pytest.raises(ValidationError):
        block.clean(block.to_python({"label": "Go", "text": "", "url": url, "page": page and page.pk}))


@pytest.mark.parametrize("url", ["/identify/", "https://example.org/a?b=c", "http://example.org"])
def test_addresses_of_this_site_and_of_others_are_taken(db, url):
    block = BodyBlock().child_blocks["call_to_action"]

    assert block.clean(block.to_python({"label": "Go", "text": "", "url": url}))["url"] == url


@pytest.mark.parametrize(
    ("address", "player"),
    [
        (
            "https://www.youtube.com/watch?v=abcdefghijk&t=3",
            "https://www.youtube-nocookie.com/embed/abcdefghijk",
        ),
        ("https://youtu.be/abcdefghijk?si=x", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://m.youtube.com/shorts/abcdefghijk", "https://www.youtube-nocookie.com/embed/abcdefghijk"),
        ("https://vimeo.com/123456789", "https://player.vimeo.com/video/123456789?dnt=1"),
        ("https://player.vimeo.com/video/123456789", "https://player.vimeo.com/video/123456789?dnt=1"),
        ("https://youtube.com.evil.example.org/watch?v=abcdefghijk", None),
        ("https://user@youtube.com/watch?v=abcdefghijk", None),
        ("https://youtu.be/../evil", None),
        ('https://www.youtube.com/watch?v=a"b<c>defgh', None),
        ("https://www.youtube.com/channel/abcdefghijk", None),
        ("javascript:alert(1)//youtu.be/abcdefghijk", None),
        ("https://example.org/film.mp4", None),
        ("https://[", None),
    ],
)
def test_videos_are_taken_from_services_whose_players_we_may_show(address, player):
    found = recognise_video(address)

    assert (found and found.player_url) == player


def test_a_video_brings_nothing_from_elsewhere_into_the_page(client, blog):
    body = [("embed", {"url": "https://youtu.be/abcdefghijk", "title": "Repotting"})]
    post = add_post(blog, body=body)

    html = shown(client, post)

    assert "<iframe" not in html
    assert 'href="https://www.youtube.com/watch?v=abcdefghijk"' in html
    assert 'data-player="https://www.youtube-nocookie.com/embed/abcdefghijk"' in html
    assert told(client, post)[0]["service"] == "YouTube"


def test_the_plain_blocks_show_their_text_escaped(client, blog):
    post = add_post(
        blog,
        body=[
            ("callout", {"kind": "warning", "title": "", "text": "<p>Not for <b>eating</b>.</p>"}),
            ("code", {"language": "python", "code": "if a < b:\n    print(a)", "caption": "Comparing"}),
        ],
    )

    html = client.get(post.get_url()).content.decode()

    assert '<p class="label">Warning</p>' in html
    assert "Not for <b>eating</b>." in html
    assert '<code class="language-python">if a &lt; b:\n    print(a)</code>' in html
    callout, code = told(client, post)
    assert callout == {"kind": "warning", "title": "", "text": "<p>Not for <b>eating</b>.</p>"}
    assert code["code"] == "if a < b:\n    print(a)"


@pytest.mark.usefixtures("indexing")
def test_the_choices_of_a_block_are_no_words_of_the_text(blog):
    body = StreamValue(BodyBlock(), [("callout", {"kind": "tip", "title": "Shade", "text": "<p>Wait.</p>"})])
    post = add_post(blog, body=body)

    assert post.body.stream_block.get_searchable_content(post.body) == ["Shade", "Wait."]
    assert BlogPostPage.objects.search("Shade").count() == 1
