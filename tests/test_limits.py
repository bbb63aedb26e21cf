"""Every limit at its own address: what it tells, when it says no, and whom it counts as one."""

import re
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from apps.core.testing.contract import current_contract
from apps.plant_identification.tests.conftest import identify, make_photo, owner, providers
from apps.users.models import AccountExport
from apps.users.services.second_factor import offer_app
from apps.users.tests.factories import PASSWORD, UserFactory

__all__ = ["identify", "owner", "providers"]

pytest_plugins = ["apps.core.tests.fixtures_resilience"]

pytestmark = pytest.mark.django_db(transaction=True)

V1 = "/api/v1/plant-identification"
AUTH = "/api/v1/auth"
BLOG = "/api/v1/blog"
NOWHERE = "00000000-0000-4000-8000-000000000000"
LIMIT = 2
POLICY = re.compile(r'"([a-z-]+)";q=(\d+);w=(\d+)')
LEFT = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """One address that is limited: its operations, the setting, the group in the headers, and a call."""

    operations: tuple[str, ...]
    setting: str
    group: str
    call: object
    by_address: bool = True


def register(client, number):
    return client.post(f"{AUTH}/register/", {"email": f"rose{number}@example.org", "password": PASSWORD})


def fail_to_sign_in(client, number):
    return client.post(f"{AUTH}/token/", {"login": f"nobody{number}", "password": "wrong"})


def fail_on_the_web(client, number):
    token = client.get(f"{AUTH}/csrf/").json()["csrf_token"]
    body = {"login": f"nobody{number}", "password": "wrong"}
    return client.post(f"{AUTH}/login/", body, headers={"X-CSRFToken": token})


def send_photo(client, number, content=None):
    photo = SimpleUploadedFile("photo.jpg", make_photo(1) if content is None else content)
    return client.post(f"{V1}/identify/", {"image": photo}, format="multipart")


def fail_to_prove_it_is_me(client, number):
    return client.post(f"{AUTH}/mfa/totp/", {"password": "wrong"})


def guess_a_code(client, number):
    if number == 0:
        offer_app(user=client.handler._force_user)
    return client.post(f"{AUTH}/mfa/totp/confirm/", {"code": "wrong"})


def ask_for_another_export(client, number):
    AccountExport.objects.update(state=AccountExport.State.FAILED)
    return client.post(f"{AUTH}/me/export/")


def reads(address):
    return lambda client, number: client.get(address)


CONTENT = ("authors", "blog_posts", "categories", "documents", "images", "pages", "series", "species")
LIMITS = {
    "identifications": Limited(
        operations=("identify_plant",),
        setting="IDENTIFY_RATE_FREE",
        group="identify",
        call=send_photo,
        by_address=False,
    ),
    "refused uploads": Limited(
        operations=("identify_plant",),
        setting="REFUSED_UPLOAD_RATE",
        group="refused-uploads",
        call=lambda client, number: send_photo(client, number, b"no photo"),
    ),
    "sign-in": Limited(
        operations=("auth_token_create",),
        setting="SIGN_IN_RATE",
        group="sign-in-address",
        call=fail_to_sign_in,
    ),
    "sign-in on the web": Limited(
        operations=("auth_login_create",),
        setting="SIGN_IN_RATE",
        group="sign-in-address",
        call=fail_on_the_web,
    ),
    "the password once more": Limited(
        operations=(
            "auth_mfa_totp_create",
            "auth_mfa_totp_remove_create",
            "auth_mfa_recovery_codes_create",
            "auth_password_change_create",
            "delete_account",
        ),
        setting="SIGN_IN_RATE",
        group="sign-in-address",
        call=fail_to_prove_it_is_me,
        by_address=False,
    ),
    "exports": Limited(
        operations=("ask_for_export",),
        setting="ACCOUNT_EXPORT_RATE",
        group="account-export",
        call=ask_for_another_export,
        by_address=False,
    ),
    "second factor": Limited(
        operations=("auth_mfa_verify_create", "auth_mfa_totp_confirm_create"),
        setting="SECOND_FACTOR_RATE",
        group="second-factor-address",
        call=guess_a_code,
        by_address=False,
    ),
    "password reset": Limited(
        operations=("auth_password_reset_create",),
        setting="PASSWORD_RESET_RATE",
        group="password-reset-address",
        call=lambda client, number: client.post(
            f"{AUTH}/password/reset/", {"email": f"rose{number}@example.org"}
        ),
    ),
    "a way back from Google": Limited(
        operations=("finish_google_sign_in",),  # the others answer with another address
        setting="OAUTH_RATE",
        group="oauth",
        call=reads(f"{AUTH}/oauth/google/callback/?state=of-nobody"),
    ),
    "registration": Limited(
        operations=("auth_register_create",),
        setting="REGISTER_RATE",
        group="register-address",
        call=register,
    ),
    "mails again": Limited(
        operations=("auth_email_resend_create",),
        setting="REGISTER_RATE",
        group="email-resend-address",
        call=lambda client, number: client.post(
            f"{AUTH}/email/resend/", {"email": f"rose{number}@example.org"}
        ),
    ),
    "tickets": Limited(
        operations=("auth_ws_ticket_create",),
        setting="WS_TICKET_RATE",
        group="ws-tickets",
        call=lambda client, number: client.post(f"{AUTH}/ws-ticket/"),
        by_address=False,
    ),
    "species": Limited(
        operations=("list_species",), setting="CONTENT_RATE", group="species", call=reads(f"{V1}/species/")
    ),
    "one species": Limited(
        operations=("get_species",),
        setting="CONTENT_RATE",
        group="species",
        call=reads(f"{V1}/species/{NOWHERE}/"),
    ),
    "care of a species": Limited(
        operations=("get_species_care",),
        setting="CONTENT_RATE",
        group="species",
        call=reads(f"{V1}/species/{NOWHERE}/care/"),
    ),
    "species search": Limited(
        operations=("search_species",),
        setting="CONTENT_RATE",
        group="species",
        call=reads(f"{V1}/search/species/?q=rosa"),
    ),
    "the blog": Limited(
        operations=(
            "list_posts",
            "get_post",
            "list_categories",
            "list_series",
            "get_series",
            "list_comments",
            "get_comment",
            "change_comment",
            "delete_comment",
            "restore_comment",
        ),
        setting="CONTENT_RATE",
        group="blog",
        call=reads(f"{BLOG}/comments/{NOWHERE}/"),
    ),
    "comments": Limited(
        operations=("write_comment",),
        setting="COMMENT_RATE",
        group="comments",
        call=lambda client, number: client.post(f"{BLOG}/posts/0/comments/", {"text": "Mine, too."}),
        by_address=False,
    ),
    "comments that are reported": Limited(
        operations=("report_comment",),
        setting="COMMENT_RATE",
        group="comment-reports",
        call=lambda client, number: client.post(f"{BLOG}/comments/{NOWHERE}/report/", {"reason": "spam"}),
        by_address=False,
    ),
    "views": Limited(
        operations=("count_post_view",),
        setting="POST_VIEW_RATE",
        group="post-views",
        call=lambda client, number: client.post(f"{BLOG}/posts/0/views/"),
    ),
    "newsletter": Limited(
        operations=("subscribe_to_newsletter",),
        setting="NEWSLETTER_RATE",
        group="newsletter",
        call=lambda client, number: client.post(f"{BLOG}/newsletter/", {"email": "no address"}),
    ),
    "content": Limited(
        operations=(
            "content_blog_posts_popular",
            "content_preview",
            *(f"content_{kind}_{action}" for kind in CONTENT for action in ("detail", "listing")),
        ),
        setting="CONTENT_RATE",
        group="content",
        call=reads("/api/v2/blog-posts/"),
    ),
}
BY_ADDRESS = [name for name, limited in LIMITS.items() if limited.by_address]
SIGNED_IN = {
    "identifications",
    "refused uploads",
    "tickets",
    "the password once more",
    "second factor",
    "exports",
    "comments",
    "comments that are reported",
}


@pytest.fixture
def attempt(providers, settings, name):
    """One call of the limit under test, from wherever the headers say."""
    limited = LIMITS[name]
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.GOOGLE_OAUTH_CLIENT_ID = "of the tests"
    setattr(settings, limited.setting, LIMIT)
    person = UserFactory() if name in SIGNED_IN else None

    def call(number, **meta):
        client = APIClient(**meta)
        client.force_authenticate(person)
        return limited.call(client, number)

    return call


def told(response):
    """For each group its limit, window, what is left, and the seconds until it starts anew."""
    policies = {
        match[1]: (int(match[2]), int(match[3])) for match in POLICY.finditer(response["RateLimit-Policy"])
    }
    lefts = {match[1]: (int(match[2]), int(match[3])) for match in LEFT.finditer(response["RateLimit"])}
    assert set(policies) == set(lefts)
    return {group: (*policies[group], *lefts[group]) for group in policies}


def test_every_limited_operation_stands_in_the_table():
    described = {
        operation["operationId"]
        for operations in current_contract().document["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if status.startswith("2")
        and answer.get("headers", {}).get("RateLimit") == {"$ref": "#/components/headers/RateLimit"}
    }
    assert described == {name for limited in LIMITS.values() for name in limited.operations}


@pytest.mark.parametrize("name", LIMITS)
def test_each_answer_tells_what_is_left_and_the_last_one_when_to_come_back(attempt, name):
    group = LIMITS[name].group
    answers = [attempt(number) for number in range(LIMIT + 1)]

    assert [answer.status_code == 429 for answer in answers] == [False] * LIMIT + [True]
    for number, answer in enumerate(answers):
        limit, window_s, left, reset_s = told(answer)[group]
        assert (limit, left) == (LIMIT, max(0, LIMIT - number - 1))
        assert 1 <= reset_s <= 2 * window_s  # after a delay that grows another window begins
    refused = answers[-1]
    assert refused.json()["code"] == "throttled"
    assert 1 <= int(refused["Retry-After"]) <= told(refused)[group][1]


@pytest.mark.parametrize("name", LIMITS)
def test_without_redis_each_limit_holds_within_the_process(attempt, name, own_redis):
    own_redis.kill()

    answers = [attempt(number) for number in range(LIMIT + 1)]

    assert [answer.status_code == 429 for answer in answers] == [False] * LIMIT + [True]


WHERE_FROM = {
    "whatever one writes before our proxy's entry": (
        1,
        lambda n: {"HTTP_X_FORWARDED_FOR": f"198.51.100.{n}, 203.0.113.7"},
    ),
    "a header where there is no proxy": (0, lambda n: {"HTTP_X_FORWARDED_FOR": f"198.51.100.{n}"}),
    "fewer entries than proxies": (3, lambda n: {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}),
    "rubbish": (1, lambda n: {"HTTP_X_FORWARDED_FOR": f"<script>{n}"}),
    "another port": (1, lambda n: {"HTTP_X_FORWARDED_FOR": f"203.0.113.7:{5_000 + n}"}),
    "another of one's 2^64 addresses": (0, lambda n: {"REMOTE_ADDR": f"2001:db8:1:2:{n:x}::{n:x}"}),
    "the same behind a proxy": (1, lambda n: {"HTTP_X_FORWARDED_FOR": f"[2001:db8:1:2::{n:x}]:443"}),
    "IPv4 written as IPv6": (
        0,
        lambda n: {"REMOTE_ADDR": "203.0.113.7" if n % 2 else "::ffff:203.0.113.7"},
    ),
}


@pytest.mark.parametrize("trick", WHERE_FROM)
@pytest.mark.parametrize("name", ["sign-in", "species search"])
def test_nobody_becomes_several_people_by(attempt, settings, name, trick):
    settings.TRUSTED_PROXY_COUNT, meta = WHERE_FROM[trick]

    answers = [attempt(number, **meta(number)).status_code for number in range(LIMIT + 1)]

    assert answers[-1] == 429
    assert 429 not in answers[:-1]


@pytest.mark.parametrize("name", BY_ADDRESS)
def test_another_address_has_a_limit_of_its_own(attempt, name):
    for number in range(LIMIT + 1):
        attempt(number, REMOTE_ADDR="2001:db8:1:2::1")

    assert attempt(LIMIT + 2, REMOTE_ADDR="2001:db8:1:3::1").status_code != 429
    assert attempt(LIMIT + 3, REMOTE_ADDR="203.0.113.7").status_code != 429
