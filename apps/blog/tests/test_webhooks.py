import base64
import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from celery.exceptions import Retry

from apps.blog import tasks
from apps.blog.checks import check_preview, check_webhooks
from apps.blog.constants import WEBHOOK_PAUSES_S
from apps.blog.models import BlogPostPage
from apps.blog.services import webhooks
from apps.blog.services.webhooks import WebhookNotTaken, announce_change, deliver_webhook
from apps.blog.tests.factories import add_post, create_image

KEY = b"a key of thirty-two random bytes"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
MESSAGE = {"id": "msg_1", "type": "content.published", "timestamp": "2026-11-21T00:00:00+00:00", "data": {}}


class Listener(ThreadingHTTPServer):
    """A web app that is told. `say` decides what it answers."""

    daemon_threads = True

    def __init__(self):
        self.heard = []
        self.say = lambda handler: handler.answer(204)
        super().__init__(("127.0.0.1", 0), _Listening)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/purge?key=of-the-web-app"


class _Listening(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.headers, body))
        self.server.say(self)

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def listener(settings):
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.CONTENT_WEBHOOK_URLS = [server.url]
        settings.CONTENT_WEBHOOK_SECRET = SECRET
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sent(settings, monkeypatch):
    """What is handed to the workers."""
    handed = []
    monkeypatch.setattr(webhooks, "enqueue", lambda task, *args: handed.append((task, *args)) or True)
    settings.CONTENT_WEBHOOK_URLS = ["https://one.example.org/", "https://two.example.org/"]
    settings.CONTENT_WEBHOOK_SECRET = SECRET
    return handed


def told(sent):
    return [(message["type"], message["data"]) for _, number, message in sent if number == 0]


def page_of(post, **more):
    return {"id": post.pk, "model": "blog.BlogPostPage", "url": post.get_full_url(), **more}


def test_a_message_is_signed_as_standard_webhooks_are(listener):
    deliver_webhook(number=0, message=MESSAGE)

    [(headers, body)] = listener.heard
    assert json.loads(body) == MESSAGE
    assert headers["Webhook-Id"] == "msg_1"
    signed = f"msg_1.{headers['Webhook-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["Webhook-Signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("status", "later"), [(500, True), (503, True), (429, True), (301, False), (401, False), (410, False)]
)
def test_a_refusal_that_may_pass_is_told_from_one_that_will_not(listener, status, later):
    listener.say = lambda handler: handler.answer(status, headers=[("Location", listener.url)])

    with pytest.raises(WebhookNotTaken) as refused:
        deliver_webhook(number=0, message=MESSAGE)

    assert refused.value.may_be_taken_later is later
    assert len(listener.heard) == 1  # no redirect is followed, and nothing is sent twice in one attempt


def test_who_does_not_answer_in_time_is_tried_again_later(listener, monkeypatch):
    monkeypatch.setattr(webhooks, "WEBHOOK_DEADLINE_S", 0.2)
    released = threading.Event()
    listener.say = lambda handler: released.wait(5)
    try:
        with pytest.raises(WebhookNotTaken) as late:
            deliver_webhook(number=0, message=MESSAGE)
    finally:
        released.set()

    assert (str(late.value), late.value.may_be_taken_later) == ("TimedOut", True)


def test_who_is_not_there_is_tried_again_later(settings, listener):
    with socket.create_server(("127.0.0.1", 0)) as place:
        settings.CONTENT_WEBHOOK_URLS = [f"http://127.0.0.1:{place.getsockname()[1]}/"]
    with pytest.raises(WebhookNotTaken) as absent:
        deliver_webhook(number=0, message=MESSAGE)
    assert (str(absent.value), absent.value.may_be_taken_later) == ("ConnectFailed", True)


def test_an_endless_reply_is_not_read(listener):
    listener.say = lambda handler: handler.answer(200, body=b"x" * 200_000)
    deliver_webhook(number=0, message=MESSAGE)
    assert len(listener.heard) == 1


def test_the_task_tries_again_with_longer_and_longer_pauses_and_then_gives_up(listener, caplog):
    listener.say = lambda handler: handler.answer(503)
    pauses = []
    for tried in range(len(WEBHOOK_PAUSES_S)):
        with pytest.raises(Retry) as again:
            run_task(tried)
        pauses.append(again.value.when)
    run_task(len(WEBHOOK_PAUSES_S))

    assert pauses == list(WEBHOOK_PAUSES_S)
    [record] = [record for record in caplog.records if record.message == "webhook_given_up"]
    assert (record.host, record.reason, record.webhook_id) == ("127.0.0.1", "HTTP 503", "msg_1")
    assert "of-the-web-app" not in caplog.text


def run_task(tried):
    task = tasks.deliver_webhook_task
    task.push_request(args=(0, MESSAGE), retries=tried, called_directly=False, is_eager=True)
    try:
        task.run(0, MESSAGE)
    finally:
        task.pop_request()


def test_a_message_for_an_address_that_is_no_longer_configured_is_dropped(settings, listener):
    deliver_webhook(number=1, message=MESSAGE)
    assert listener.heard == []


def test_what_editors_do_with_a_post_is_told_to_each_address(blog, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        post = add_post(blog, slug="fern", live=False)
        post.save_revision().publish()
    first = page_of(post)
    assert told(sent) == [("content.published", first)]
    assert [number for _, number, _ in sent] == [0, 1]
    assert sent[0][2] == sent[1][2]  # the same id: whoever listens at both knows it

    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        post.slug = "frond"
        post.save_revision().publish()
    post.refresh_from_db()
    moved = page_of(post, previous_url=first["url"], has_pages_below=False)
    assert ("content.moved", moved) in told(sent)

    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        post.move(blog.get_parent(), pos="last-child")
    post.refresh_from_db()
    assert told(sent) == [("content.moved", page_of(post, previous_url=moved["url"], has_pages_below=False))]

    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        BlogPostPage.objects.get(pk=post.pk).unpublish()
        BlogPostPage.objects.get(pk=post.pk).move(type(blog).objects.get(), pos="last-child")
    assert told(sent) == [("content.unpublished", page_of(post) | {"url": told(sent)[0][1]["url"]})]


def test_all_that_goes_with_a_deleted_page_is_told(blog, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        posts = [add_post(blog), add_post(blog), add_post(blog, live=False)]
    gone = [page_of(post) for post in posts[:2]]
    sent.clear()

    with django_capture_on_commit_callbacks(execute=True):
        blog.delete()

    events = told(sent)
    assert {name for name, _ in events} == {"content.unpublished"}
    assert [data for _, data in events if data["model"] == "blog.BlogPostPage"] == gone


def test_a_part_of_pages_that_changes_is_told_and_a_new_one_is_not(
    db, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        image = create_image()
    assert sent == []
    with django_capture_on_commit_callbacks(execute=True):
        image.title = "Frond"
        image.save()
    assert told(sent) == [("content.changed", {"id": image.pk, "model": "wagtailimages.Image"})]


def test_nothing_is_told_of_a_change_that_was_taken_back(blog, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=False):
        add_post(blog, live=False).save_revision().publish()
    assert sent == []


def test_without_an_address_nobody_is_told(blog, sent, settings, django_capture_on_commit_callbacks):
    settings.CONTENT_WEBHOOK_URLS = []
    with django_capture_on_commit_callbacks(execute=True) as waiting:
        announce_change(event="content.published", data={})
    assert (sent, waiting) == ([], [])


def test_without_a_broker_it_is_logged_that_nobody_was_told(
    db, settings, sent, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(webhooks, "enqueue", lambda *_: False)
    with django_capture_on_commit_callbacks(execute=True):
        announce_change(event="content.published", data={})
    assert [record.host for record in caplog.records if record.message == "webhook_not_sent"] == [
        "one.example.org",
        "two.example.org",
    ]


@pytest.mark.parametrize(
    ("urls", "secret", "found"),
    [
        ([], "", []),
        (["https://app.example.org/purge"], SECRET, []),
        (["http://127.0.0.1:3000/purge"], SECRET, []),
        (["https://app.example.org/purge"], "", ["blog.E001"]),
        (["https://app.example.org/purge"], "whsec_c2hvcnQ=", ["blog.E001"]),
        (["https://app.example.org/purge"], "no base64!", ["blog.E001"]),
        (["http://app.example.org/purge"], SECRET, ["blog.E002"]),
    ],
)
def test_settings_that_cannot_work_are_found_at_the_start(settings, urls, secret, found):
    settings.CONTENT_WEBHOOK_URLS, settings.CONTENT_WEBHOOK_SECRET = urls, secret
    assert [message.id for message in check_webhooks()] == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("", []),
        ("https://app.example.org/preview", []),
        ("http://app.example.org/preview", ["blog.E003"]),
        ("https://app.example.org/#/preview", ["blog.E003"]),
    ],
)
def test_a_preview_has_to_lead_somewhere_safe(settings, url, found):
    settings.HEADLESS_PREVIEW_URL = url
    assert [message.id for message in check_preview()] == found
