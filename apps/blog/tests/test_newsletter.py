"""The newsletter: nobody gets it who has not said so by mail, nobody twice, and one click ends it."""

import re
import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.blog.exceptions import NewsletterRefused
from apps.blog.models import DeliveryState, NewsletterDelivery, NewsletterIssue, NewsletterSubscriber
from apps.blog.services import newsletter, subscriptions
from apps.blog.tests.factories import add_post, add_root_post, make_private
from apps.core.models import AuditEntry
from apps.core.outbox import outbox
from apps.users.tests.factories import UserFactory

NEWSLETTER = "/api/v1/blog/newsletter/"


def subscriber(number=0, **fields):
    usual = {"language": "en", "confirmed_at": timezone.now()}
    return NewsletterSubscriber.objects.create(
        email=f"reader{number}@example.org",
        token_digest=f"{number:064}",
        link_sent_at=timezone.now(),
        consent_version="2026-11",
        **{**usual, **fields},
    )


@pytest.fixture
def ask(db, api_client, django_capture_on_commit_callbacks, mailoutbox, settings):
    """The answer to a sign-up, and the mails it led to."""
    settings.NEWSLETTER_RATE = 1_000

    def run(email, **headers):
        before = len(mailoutbox)
        with django_capture_on_commit_callbacks(execute=True):
            response = api_client.post(NEWSLETTER, {"email": email}, headers=headers)
        outbox.submit(lambda: None).result(timeout=10)  # one thread: what came before is done
        return response, mailoutbox[before:]

    return run


def link_in(message):
    return re.search(r"http\S+", message.body)[0]


def token_in(address):
    return parse_qs(urlsplit(address).query)["token"][0]


def let_links_pass(**by):
    NewsletterSubscriber.objects.update(link_sent_at=timezone.now() - timedelta(**by))


# --- Subscribing --------------------------------------------------------------------------------------------
def test_an_address_is_on_the_list_when_its_mailbox_has_said_so(ask, api_client):
    answer, [letter] = ask("Rosa@Example.org")

    assert (answer.status_code, answer.content) == (202, b"")
    assert letter.to == ["Rosa@Example.org"]
    token = token_in(link_in(letter))
    row = NewsletterSubscriber.objects.get()
    assert (row.email, row.confirmed_at) == ("rosa@example.org", None)
    assert token not in row.token_digest

    for _ in range(2):  # a lost reply is asked for again
        assert api_client.post(f"{NEWSLETTER}confirm/", {"token": token}).status_code == 204
    row.refresh_from_db()
    assert row.confirmed_at
    assert row.consent_version == "2026-11"


def test_the_link_leads_to_a_page_whose_button_counts_and_not_the_visit(ask):
    _, [letter] = ask("rosa@example.org")
    link = link_in(letter)
    browser = Client(enforce_csrf_checks=True)

    page = browser.get(link)
    assert "no-store" in page["Cache-Control"]
    assert b"until I unsubscribe" in page.content
    assert not NewsletterSubscriber.objects.get().confirmed_at
    form = {"token": token_in(link)}
    assert browser.post(link, form).status_code == 403
    form["csrfmiddlewaretoken"] = page.context["csrf_token"]
    assert b"Thank you" in browser.post(link, form).content
    assert NewsletterSubscriber.objects.get().confirmed_at
    assert browser.post(link, {**form, "token": "forged"}).status_code == 400
    assert browser.post(link, {**form, "token": ""}).status_code == 400


def test_known_and_unknown_addresses_are_answered_alike_and_nobody_is_flooded(ask):
    known = subscriber(1)
    answers = [ask("new@example.org"), ask("new@example.org"), ask(known.email.upper())]

    assert {(answer.status_code, answer.content) for answer, _ in answers} == {(202, b"")}
    assert [len(letters) for _, letters in answers] == [1, 0, 0]
    old_token = token_in(link_in(answers[0][1][0]))
    for expected in (1, 1, 0):  # three links in all
        let_links_pass(minutes=11)
        assert len(ask("NEW@example.org")[1]) == expected
    with pytest.raises(subscriptions.SubscriptionLinkInvalid):
        subscriptions.confirm_subscription(token=old_token)  # a later link took its place


def test_mails_are_in_the_reader_s_language(ask):
    _, [letter] = ask("rosa@example.org", **{"Accept-Language": "de"})
    assert NewsletterSubscriber.objects.get().language == "de"
    assert "Newsletter" in letter.subject
    assert "Hallo" in letter.body


def test_what_nobody_confirms_expires_and_is_forgotten(ask):
    _, [letter] = ask("rosa@example.org")
    kept = subscriber(1)
    let_links_pass(days=8)

    with pytest.raises(subscriptions.SubscriptionLinkExpired):
        subscriptions.confirm_subscription(token=token_in(link_in(letter)))
    subscriptions.forget_unconfirmed()
    assert list(NewsletterSubscriber.objects.all()) == [kept]


@pytest.mark.parametrize(
    "email",
    [
        "a@example.org\nBcc: b@example.org",
        "a@example.org\r\n\r\nhello",
        "a@example.org, b@example.org",
        '"a\n"@example.org',
        "a@example.org\x00",
        "x" * 250 + "@example.org",
        "r\u00f6se@example.org",
        "no address",
        "",
        None,
        ["a@example.org"],
    ],
)
def test_what_is_no_address_is_refused_and_nothing_is_sent(ask, email):
    answer, letters = ask(email)
    assert (answer.status_code, letters) == (400, [])
    assert not NewsletterSubscriber.objects.exists()


def test_who_has_no_app_signs_up_on_a_page_which_is_limited_too(
    settings, mailoutbox, django_capture_on_commit_callbacks, db
):
    settings.NEWSLETTER_RATE = 2
    browser = Client()
    address = f"{NEWSLETTER}page/"
    assert b"New posts by e-mail" in browser.get(address).content

    with django_capture_on_commit_callbacks(execute=True):
        answers = [browser.post(address, {"email": f"r{number}@example.org"}) for number in range(3)]
    outbox.submit(lambda: None).result(timeout=10)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"]
    assert [message.to for message in mailoutbox] == [["r0@example.org"], ["r1@example.org"]]
    for email in ("no address", "r\u00f6se@example.org", "a@example.org\nBcc: b@example.org"):
        assert browser.post(address, {"email": email}).status_code == 400
    assert NewsletterSubscriber.objects.count() == 2


# --- Unsubscribing ------------------------------------------------------------------------------------------
def test_one_click_of_a_mail_program_is_enough(db, api_client):
    row = subscriber()
    page, one_click = subscriptions.unsubscribe_links(row.pk)

    for _ in range(2):
        answer = api_client.post(
            one_click, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 204
    assert not NewsletterSubscriber.objects.exists()
    assert Client().get(page).status_code == 200


def test_opening_the_page_unsubscribes_nobody_and_its_button_does(db):
    row = subscriber()
    page, _ = subscriptions.unsubscribe_links(row.pk)
    assert b"Unsubscribe" in Client().get(page).content
    assert NewsletterSubscriber.objects.exists()
    assert b"forgotten" in Client().post(page, {"token": token_in(page)}).content
    assert not NewsletterSubscriber.objects.exists()


def test_a_forged_token_unsubscribes_nobody(db, api_client):
    row, other = subscriber(1), subscriber(2)
    token = subscriptions.unsubscribe_token(row.pk)
    signature = token.partition(":")[2]

    for forged in (f"{other.pk.hex}:{signature}", other.pk.hex, f"{token}x", ":", "x" * 201, ""):
        for answer in (
            api_client.post(f"{NEWSLETTER}unsubscribe/", {"token": forged}),
            api_client.post(f"{NEWSLETTER}unsubscribe/?token={forged}"),
        ):
            assert answer.status_code == 400
    assert NewsletterSubscriber.objects.count() == 2


# --- Sending ------------------------------------------------------------------------------------------------
@pytest.fixture
def editor(db):
    return UserFactory(username="editor")


def test_a_post_is_sent_to_who_has_confirmed_and_to_nobody_else(blog, editor, mailoutbox):
    post = add_post(blog, title="Ferns\u2028in the rain")
    rows = [subscriber(1), subscriber(2, language="de")]
    subscriber(3, confirmed_at=None)

    issue = newsletter.send_to_subscribers(editor=editor, post_id=post.pk)
    subscriber(4, confirmed_at=timezone.now() + timedelta(seconds=1))  # later than the editor
    assert newsletter.send_due_newsletters() == 2
    assert newsletter.send_due_newsletters() == 0

    assert sorted(message.to for message in mailoutbox) == [[row.email] for row in rows]
    by_address = {message.to[0]: message for message in mailoutbox}
    letter = by_address[rows[0].email]
    assert letter.subject == "Ferns in the rain"
    assert post.full_url in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    one_click = letter.extra_headers["List-Unsubscribe"].strip("<>")
    assert token_in(one_click) == subscriptions.unsubscribe_token(rows[0].pk)
    assert "Abbestellen" in by_address[rows[1].email].body
    issue.refresh_from_db()
    assert (issue.sent_count, bool(issue.finished_at)) == (2, True)
    assert AuditEntry.objects.get().after == {"subscribers": 2}


def test_a_post_is_sent_once_and_only_if_it_is_public(blog, editor):
    post, private, draft = (add_post(blog) for _ in range(3))
    make_private(private)
    draft.unpublish()
    newsletter.send_to_subscribers(editor=editor, post_id=post.pk)

    for page in (post, private, draft, blog):
        with pytest.raises(NewsletterRefused):
            newsletter.send_to_subscribers(editor=editor, post_id=page.pk)
    assert (NewsletterIssue.objects.count(), AuditEntry.objects.count()) == (1, 1)


def test_what_is_taken_back_meanwhile_waits_and_is_given_up_after_a_week(blog, editor, mailoutbox):
    post = add_post(blog)
    subscriber()
    issue = newsletter.send_to_subscribers(editor=editor, post_id=post.pk)
    post.unpublish()

    assert newsletter.send_due_newsletters() == 0
    NewsletterIssue.objects.update(created_at=timezone.now() - timedelta(days=8))
    newsletter.send_due_newsletters()
    issue.refresh_from_db()
    assert (bool(issue.finished_at), mailoutbox) == (True, [])


def test_a_worker_that_dies_costs_at_most_the_mail_in_its_hand(blog, editor, mailoutbox, monkeypatch):
    monkeypatch.setattr(newsletter, "NEWSLETTER_BATCH", 2)
    for number in range(5):
        subscriber(number)
    newsletter.send_to_subscribers(editor=editor, post_id=add_post(blog).pk)
    send = EmailBackend.send_messages

    class Killed(BaseException):
        pass

    def die_at_the_third(self, messages):
        if len(mailoutbox) == 2:
            raise Killed
        return send(self, messages)

    with monkeypatch.context() as dying:
        dying.setattr(EmailBackend, "send_messages", die_at_the_third)
        with pytest.raises(Killed):
            newsletter.send_due_newsletters()
    assert newsletter.send_due_newsletters() == 2

    addresses = [message.to[0] for message in mailoutbox]
    assert len(addresses) == len(set(addresses)) == 4
    assert NewsletterDelivery.objects.filter(state=DeliveryState.CLAIMED).count() == 1


@pytest.mark.parametrize("failure", [smtplib.SMTPRecipientsRefused({}), TimeoutError("no answer")])
def test_one_address_that_fails_holds_up_no_other(blog, editor, mailoutbox, monkeypatch, caplog, failure):
    for number in range(3):
        subscriber(number)
    newsletter.send_to_subscribers(editor=editor, post_id=add_post(blog).pk)
    send, bad = EmailBackend.send_messages, "reader1@example.org"

    def fail_one(self, messages):
        if messages[0].to == [bad]:
            raise failure
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", fail_one)
    for _ in range(2):
        newsletter.send_due_newsletters()

    assert sorted(message.to[0] for message in mailoutbox) == ["reader0@example.org", "reader2@example.org"]
    assert NewsletterIssue.objects.get().finished_at
    assert "reader1" not in caplog.text


def test_a_mail_server_that_is_away_costs_nobody_their_mail(blog, editor, mailoutbox, monkeypatch, caplog):
    subscriber()
    newsletter.send_to_subscribers(editor=editor, post_id=add_post(blog).pk)

    def refuse(self):
        raise ConnectionRefusedError

    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "open", refuse)
        assert newsletter.send_due_newsletters() == 0
    assert "newsletter_paused" in caplog.text
    assert newsletter.send_due_newsletters() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_mail_nobody_twice_and_nobody_who_left(mailoutbox, monkeypatch):
    monkeypatch.setattr(newsletter, "NEWSLETTER_BATCH", 7)
    rows = [subscriber(number) for number in range(30)]
    newsletter.send_to_subscribers(editor=UserFactory(), post_id=add_root_post().pk)
    together = threading.Barrier(3)

    def work():
        together.wait(10)
        try:
            return newsletter.send_due_newsletters()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(work) for _ in range(2)]
        together.wait(10)
        subscriptions.unsubscribe(token=subscriptions.unsubscribe_token(rows[29].pk))
        counts = [worker.result(30) for worker in workers]

    addresses = [message.to[0] for message in mail.outbox]
    assert sum(counts) == len(addresses)
    assert len(addresses) == len(set(addresses))
    assert {row.email for row in rows[:29]} <= set(addresses)
    assert NewsletterDelivery.objects.count() == 29


def test_who_got_which_mail_is_forgotten_after_a_month(blog, editor):
    subscriber()
    newsletter.send_to_subscribers(editor=editor, post_id=add_post(blog).pk)
    newsletter.send_due_newsletters()

    NewsletterIssue.objects.update(finished_at=timezone.now() - timedelta(days=31))
    newsletter.forget_old_deliveries()

    assert not NewsletterDelivery.objects.exists()
    assert NewsletterIssue.objects.get().sent_count == 1
