"""Comments below posts: who may write them, who sees which, and what waits for a moderator."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.blog import constants
from apps.blog.models import CommentReport, CommentState, PostComment
from apps.blog.services.comments import erase_comments_of, forget_deleted_comments
from apps.blog.services.moderation import decide_about_comments
from apps.blog.tests.factories import add_post, add_root_post, make_private
from apps.core.models import AuditEntry
from apps.core.testing.queries import query_budget
from apps.users.tests.factories import UserFactory

BLOG = "/api/v1/blog"


def client_of(user):
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def write(user, post, text="Mine flowers in March.", **more):
    return client_of(user).post(f"{BLOG}/posts/{post.pk}/comments/", {"text": text, **more})


def say(user, post, text="Mine flowers in March.", state=CommentState.PUBLISHED, parent=None):
    """Written as people do, and decided about."""
    comment = PostComment.objects.get(
        pk=write(user, post, text, parent=parent.pk if parent else None).json()["id"]
    )
    PostComment.objects.filter(pk=comment.pk).update(state=state, doubts=[])
    comment.refresh_from_db()
    return comment


def read(user, post, query=""):
    return client_of(user).get(f"{BLOG}/posts/{post.pk}/comments/{query}").json()["results"]


def texts(user, post):
    return [comment["text"] for comment in read(user, post)]


def age(comment, **by):
    then = timezone.now() - timedelta(**by)
    PostComment.objects.filter(pk=comment.pk).update(created_at=then)


@pytest.fixture
def post(blog):
    return add_post(blog)


@pytest.fixture
def known(post):
    """Somebody two of whose comments were published a while ago."""
    person = UserFactory(username="rosa")
    for number in range(constants.COMMENTS_UNTIL_TRUSTED):
        age(say(person, post, f"Earlier {number}"), days=1)
    return person


@pytest.fixture
def moderator(db):
    person = UserFactory(username="moderator")
    person.user_permissions.add(Permission.objects.get(codename="change_postcomment"))
    return type(person).objects.get(pk=person.pk)


# --- Who sees what ------------------------------------------------------------------------------------------
def test_first_comments_wait_and_later_ones_are_there_at_once(post, known, moderator):
    newcomer, stranger = UserFactory(), UserFactory()
    first = write(newcomer, post, "Hello!")

    assert (first.status_code, first.json()["state"]) == (201, "pending")
    assert first["Location"] == first.json()["links"]["self"]
    assert client_of(newcomer).get(first["Location"]).json()["is_own"] is True
    assert "Hello!" in texts(newcomer, post)
    assert "Hello!" in texts(moderator, post)
    for other in (stranger, None):
        assert "Hello!" not in texts(other, post)
        assert client_of(other).get(first["Location"]).status_code == 404

    again = write(known, post, "A third one")
    assert again.json()["state"] == "published"
    assert again.json()["author"] == {"name": "rosa"}
    assert "A third one" in texts(None, post)


def test_a_conversation_is_told_in_the_order_one_reads_it_however_it_is_cut(post, known):
    one, two = say(known, post, "one"), say(known, post, "two")
    reply = say(known, post, "one-a", parent=one)
    say(known, post, "two-a", parent=two)
    say(known, post, "one-a-x", parent=reply)
    say(known, post, "one-b", parent=one)

    told = [(each["text"], each["depth"]) for each in read(None, post)][2:]
    assert told == [("one", 0), ("one-a", 1), ("one-a-x", 2), ("one-b", 1), ("two", 0), ("two-a", 1)]

    url, pages = f"{BLOG}/posts/{post.pk}/comments/?page_size=3", []
    while url:
        page = client_of(None).get(url).json()
        pages, url = pages + [each["text"] for each in page["results"]], page["next"]
    assert pages == texts(None, post)


def test_the_list_costs_as_many_queries_however_long_it_is(post, known):
    budget = 3  # restrictions, the post, the comments with their authors
    with query_budget(at_most=budget):
        read(None, post)
    for number in range(5):
        reply = say(known, post, f"number {number}")
        say(UserFactory(), post, f"reply {number}", parent=reply)
    with query_budget(at_most=budget):
        assert len(read(None, post)) == 12


def test_replies_have_an_end_and_belong_to_one_post(post, blog, known):
    one = say(known, post)
    two = say(known, post, parent=one)
    three = say(known, post, parent=two)
    waiting = say(known, post, state=CommentState.PENDING)
    elsewhere = add_post(blog)

    assert (two.takes_replies, three.takes_replies) == (True, False)
    for parent, page, code in (
        (three.pk, post, "too_deep"),
        (one.pk, elsewhere, "does_not_exist"),
        (waiting.pk, post, "does_not_exist"),
        (uuid4(), post, "does_not_exist"),
        ("1 OR 1=1", post, "invalid"),
    ):
        refused = write(known, page, parent=str(parent))
        assert refused.status_code == 400
        assert [(each["field"], each["code"]) for each in refused.json()["errors"]] == [("parent", code)]


def test_only_public_posts_that_take_comments_take_them(post, blog, known, settings):
    private, draft, closed, old = (add_post(blog) for _ in range(4))
    make_private(private)
    draft.unpublish()
    type(post).objects.filter(pk=closed.pk).update(takes_comments=False)
    said = say(known, old)
    type(post).objects.filter(pk=old.pk).update(first_published_at=timezone.now() - timedelta(days=31))
    settings.COMMENTS_OPEN_DAYS = 30

    assert [write(known, page).status_code for page in (private, draft, closed, old)] == [404, 404, 409, 409]
    assert client_of(None).get(f"{BLOG}/posts/{private.pk}/comments/").status_code == 404
    assert write(known, type(post)(pk=2**70)).status_code == 404
    assert texts(None, old) == [said.text]  # closed is not hidden

    make_private(old)
    assert client_of(None).get(f"{BLOG}/comments/{said.pk}/").status_code == 404
    assert client_of(known).delete(f"{BLOG}/comments/{said.pk}/").status_code == 204


def test_the_page_of_a_post_shows_what_everybody_may_read_as_text(post, known):
    question = say(known, post, "<script>alert(1)</script>\nReally?")
    say(UserFactory(), post, "Yes.", parent=question)
    say(known, post, "still waiting", state=CommentState.PENDING)

    for client in (client_of(None), client_of(known)):
        page = client.get(post.url).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>Really?" in page
        assert "still waiting" not in page
    client_of(known).delete(f"{BLOG}/comments/{question.pk}/")
    page = client_of(None).get(post.url).content.decode()
    assert "This comment is gone." in page
    assert "Really?" not in page


# --- What is written ----------------------------------------------------------------------------------------
def test_text_is_kept_as_it_was_written_and_sent_as_data(post, known):
    text = '<script>alert(1)</script> & **bold** "quoted"\nnext line'

    answer = write(known, post, text)

    assert answer.json()["text"] == text
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u2060", "x" * 4_001, "nul \x00", None, ["a"]])
def test_what_nobody_could_read_is_refused(post, known, text):
    answer = client_of(known).post(f"{BLOG}/posts/{post.pk}/comments/", {"text": text})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "text"


def test_a_key_makes_one_comment_of_two_requests(post, known):
    answers = [
        client_of(known).post(
            f"{BLOG}/posts/{post.pk}/comments/", {"text": "Once"}, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert PostComment.objects.filter(text="Once").count() == 1


DOUBTFUL = {
    "links": "Buy http://a.example www.b.example and c.example/x",
    "letters": "Visit our \u0441asino",
    "invisible": "ca\u200bsi\u2060no",
    "blocked": "the best Cas\u0456no in town",
}


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_what_looks_like_spam_waits_and_its_author_is_not_told_why(post, known, settings, kind):
    settings.COMMENT_BLOCKED_WORDS = ["casino"]

    answer = write(known, post, DOUBTFUL[kind])

    assert (answer.status_code, answer.json()["state"]) == (201, "pending")
    comment = PostComment.objects.get(pk=answer.json()["id"])
    assert comment.doubts
    assert not [doubt for doubt in comment.doubts if doubt in answer.content.decode()]


def test_the_same_words_of_several_people_wait_and_thanks_do_not(post, blog, known):
    other = UserFactory()
    for number in range(2):
        age(say(other, post, f"Words {number}"), days=1)
    advert = "Our nursery has the best ferns you can buy"
    age(say(known, post, advert), minutes=1)

    assert write(other, post, "Thank you!").json()["state"] == "published"
    age(PostComment.objects.get(text="Thank you!"), minutes=1)
    assert write(known, post, "Thank you!").json()["state"] == "published"
    age(PostComment.objects.filter(text="Thank you!").latest("created_at"), minutes=1)
    assert (
        write(other, add_post(blog), "OUR nursery, has the b\u0435st ferns you can buy!").json()["state"]
        == "pending"
    )


def test_two_within_seconds_wait_and_so_does_all_of_somebody_who_sent_spam(post, known):
    write(known, post, "first")
    assert write(known, post, "second").json()["state"] == "pending"

    spam = say(known, post, "old spam", state=CommentState.SPAM)
    for comment in PostComment.objects.all():
        age(comment, days=1)
    assert write(known, post, "nothing wrong here").json()["state"] == "pending"
    assert client_of(known).get(f"{BLOG}/comments/{spam.pk}/").json()["state"] == "rejected"


def test_nobody_can_bury_the_moderators(post, monkeypatch):
    monkeypatch.setattr(constants, "COMMENTS_WAITING_MAX", 2)
    newcomer = UserFactory()

    answers = [write(newcomer, post, f"number {number}") for number in range(3)]

    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[-1].json()["code"] == "limit_reached"


# --- Changed, deleted, restored -----------------------------------------------------------------------------
def test_its_author_may_change_it_for_a_while_and_it_is_judged_anew(post, known, moderator):
    comment = say(known, post, "Mine flowers in March.")
    age(comment, minutes=1)
    url = f"{BLOG}/comments/{comment.pk}/"

    changed = client_of(known).patch(url, {"text": "Mine flowers in April."})
    assert (changed.status_code, changed.json()["state"]) == (200, "published")
    assert changed.json()["edited_at"]
    for other in (UserFactory(), moderator):
        assert client_of(other).patch(url, {"text": "Not mine."}).status_code == 404
        assert client_of(other).delete(url).status_code == 404

    swapped = client_of(known).patch(url, {"text": "www.a.example www.b.example www.c.example"})
    assert swapped.json()["state"] == "pending"
    assert "Mine flowers in April." not in texts(None, post)

    age(comment, seconds=constants.COMMENT_EDIT_S + 1)
    assert client_of(known).patch(url, {"text": "Too late."}).json()["code"] == "conflict"
    rejected = say(known, post, "no", state=CommentState.REJECTED)
    assert client_of(known).patch(f"{BLOG}/comments/{rejected.pk}/", {"text": "But!"}).status_code == 409


def test_a_deletion_can_be_taken_back_for_a_while(post, known):
    comment = say(known, post, "Oops")
    url = f"{BLOG}/comments/{comment.pk}/"

    deleted = client_of(known).delete(url)
    assert deleted.status_code == 204
    assert deleted["Restorable-Until"]
    assert client_of(known).get(url).status_code == 404
    assert client_of(known).delete(url).status_code == 404
    assert client_of(UserFactory()).post(f"{url}restore/").status_code == 404
    assert client_of(known).post(f"{url}restore/").json()["text"] == "Oops"

    client_of(known).delete(url)
    PostComment.objects.filter(pk=comment.pk).update(deleted_at=timezone.now() - timedelta(minutes=11))
    assert client_of(known).post(f"{url}restore/").status_code == 404
    forget_deleted_comments()
    assert not PostComment.objects.filter(pk=comment.pk).exists()


def test_what_was_answered_leaves_a_place_without_words(post, known):
    other = UserFactory()
    question = say(known, post, "secret question")
    answer = say(other, post, "the answer", parent=question)
    client_of(known).delete(f"{BLOG}/comments/{question.pk}/")

    [place, kept] = read(None, post)[2:]
    assert (place["is_gone"], place["text"], place["author"], place["takes_replies"]) == (
        True,
        None,
        None,
        False,
    )
    assert kept["parent"] == place["id"]
    assert client_of(None).get(place["links"]["self"]).json()["text"] is None
    assert write(other, post, parent=str(question.pk)).status_code == 400

    PostComment.objects.filter(pk=question.pk).update(deleted_at=timezone.now() - timedelta(minutes=11))
    forget_deleted_comments()
    question.refresh_from_db()
    assert (question.text, question.text_digest, question.author) == ("", "", None)

    client_of(other).delete(f"{BLOG}/comments/{answer.pk}/")
    assert len(read(None, post)) == 2
    PostComment.objects.update(deleted_at=timezone.now() - timedelta(minutes=11))
    for _ in range(2):  # from the ends of the threads upwards
        forget_deleted_comments()
    assert not PostComment.objects.exists()


def test_what_waits_or_was_rejected_is_no_place_for_others_unless_it_was_answered(post, known):
    comment = say(known, post, "bad words")
    say(UserFactory(), post, "I disagree", parent=comment)
    for state in (CommentState.PENDING, CommentState.REJECTED, CommentState.SPAM):
        PostComment.objects.filter(pk=comment.pk).update(state=state)
        assert texts(None, post)[2:] == [None, "I disagree"]
        assert [each["state"] for each in read(None, post)[2:]] == ["rejected", "published"]


def test_an_account_that_goes_takes_its_words_along_and_leaves_the_answers(post, known):
    question = say(known, post, "whose words?")
    other = UserFactory()
    say(other, post, "the answer", parent=question)

    known.delete()

    assert texts(None, post) == [None, "the answer"]
    assert not PostComment.objects.filter(text__contains="whose").exists()
    erase_comments_of(other)
    assert read(None, post) == []


# --- Moderators ---------------------------------------------------------------------------------------------
def test_decisions_stand_in_the_audit_and_end_what_was_reported(post, known, moderator):
    comment = say(known, post)
    report = {"reason": "abuse", "note": "look"}
    assert client_of(UserFactory()).post(f"{BLOG}/comments/{comment.pk}/report/", report).status_code == 204

    assert decide_about_comments(moderator=moderator, ids=[comment.pk], state=CommentState.REJECTED) == 1

    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.target, entry.actor_name) == (
        "comment.rejected",
        str(comment.pk),
        "moderator",
    )
    assert (entry.before, entry.after) == ({"state": "published"}, {"state": "rejected"})
    assert not CommentReport.objects.exists()
    assert comment.text not in texts(None, post)


def test_people_report_a_comment_once_each_and_a_bounded_number_of_times(post, known, monkeypatch):
    monkeypatch.setattr(constants, "REPORTS_PER_COMMENT_MAX", 2)
    comment = say(known, post)
    url = f"{BLOG}/comments/{comment.pk}/report/"
    people = [UserFactory() for _ in range(3)]

    for person in [*people, people[0]]:
        assert client_of(person).post(url, {"reason": "spam"}).status_code == 204

    assert CommentReport.objects.count() == 2
    assert comment.text in texts(None, post)  # hidden by a moderator alone
    assert client_of(known).post(url, {"reason": "spam"}).status_code == 409
    assert client_of(people[0]).post(url, {"reason": "dislike"}).status_code == 400
    waiting = say(known, post, state=CommentState.PENDING)
    assert (
        client_of(people[0]).post(f"{BLOG}/comments/{waiting.pk}/report/", {"reason": "spam"}).status_code
        == 404
    )


def test_what_was_rejected_is_forgotten_after_a_season(post, known):
    comment = say(known, post, "rejected", state=CommentState.REJECTED)
    PostComment.objects.filter(pk=comment.pk).update(updated_at=timezone.now() - timedelta(days=91))

    forget_deleted_comments()

    assert not PostComment.objects.filter(pk=comment.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_have_no_more_waiting_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(constants, "COMMENTS_WAITING_MAX", 3)
    post, newcomer, answers = add_root_post(), UserFactory(), []
    together = threading.Barrier(10)

    def attempt(number):
        together.wait(10)
        answers.append(write(newcomer, post, f"number {number}").status_code)
        connection.close()

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(answers) == [201] * 3 + [409] * 7
    assert PostComment.objects.count() == 3
