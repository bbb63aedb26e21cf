from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken

from apps.users.constants import SESSIONS_PER_USER_MAX
from apps.users.models import SignInSession, User
from apps.users.services.sessions import open_session
from apps.users.tests.factories import PASSWORD, UserFactory
from apps.users.tests.problems import assert_problem
from apps.users.types import Client

PHONE = {"User-Agent": "PlantCommunity/3.1 (Android)"}


@pytest.fixture
def refresh(app):
    return lambda token, **headers: app("token/refresh/", {"refresh": token}, **(headers or PHONE))


def test_the_app_signs_in_without_cookies_or_csrf(app, person, whoami):
    response = app("token/", {"username": person.username, "password": PASSWORD})

    assert set(response.json()) == {"access", "refresh"}
    assert not response.cookies
    assert whoami(response.json()["access"]).json()["id"] == str(person.pk)
    person.refresh_from_db()
    assert person.last_login is not None


def test_an_access_token_works_for_an_hour_and_a_refresh_token_for_a_week(person, tokens_of):
    refresh = RefreshToken(tokens_of(person)["refresh"])

    assert refresh["exp"] - refresh["iat"] == 7 * 24 * 3600
    assert refresh.access_token["exp"] - refresh.access_token["iat"] == 3600


def test_refreshing_gives_a_new_pair_and_lists_the_old_token_as_used(person, tokens_of, refresh, whoami):
    first = tokens_of(person, **PHONE)
    first_id = RefreshToken(first["refresh"])["jti"]

    second = refresh(first["refresh"]).json()

    assert whoami(second["access"]).status_code == 200
    assert second["refresh"] != first["refresh"]
    assert BlacklistedToken.objects.get().token.jti == first_id
    assert refresh(second["refresh"]).status_code == 200


def test_no_text_of_a_token_is_kept(person, tokens_of, refresh):
    refresh(tokens_of(person, **PHONE)["refresh"])

    assert set(OutstandingToken.objects.values_list("token", flat=True)) == {""}


def test_a_token_used_again_later_ends_the_whole_sign_in(person, tokens_of, refresh, whoami):
    stolen = tokens_of(person, **PHONE)["refresh"]
    newest = refresh(stolen).json()
    SignInSession.objects.update(rotated_at=timezone.now() - timedelta(seconds=61))

    assert_problem(refresh(stolen), 401, "authentication_failed")
    assert_problem(refresh(newest["refresh"]), 401, "authentication_failed")
    assert_problem(whoami(newest["access"]), 401, "authentication_failed")


def test_a_lost_reply_is_given_once_more_with_the_same_token(person, tokens_of, refresh):
    sent = tokens_of(person, **PHONE)["refresh"]
    lost = refresh(sent).json()

    again = refresh(sent)

    assert again.status_code == 200
    assert again.json()["refresh"] == lost["refresh"]
    assert refresh(again.json()["refresh"]).status_code == 200


def test_a_reply_is_not_given_a_third_time(person, tokens_of, refresh):
    sent = tokens_of(person, **PHONE)["refresh"]
    newest = [refresh(sent), refresh(sent)][-1].json()

    assert_problem(refresh(sent), 401, "authentication_failed")
    assert_problem(refresh(newest["refresh"]), 401, "authentication_failed")


def test_another_client_gets_no_lost_reply(person, tokens_of, refresh):
    sent = tokens_of(person, **PHONE)["refresh"]
    refresh(sent)

    assert_problem(refresh(sent, **{"User-Agent": "curl"}), 401, "authentication_failed")
    assert SignInSession.objects.get().revoked_at is not None


def test_a_token_two_rotations_old_is_never_a_lost_reply(person, tokens_of, refresh):
    oldest = tokens_of(person, **PHONE)["refresh"]
    refresh(refresh(oldest).json()["refresh"])

    assert_problem(refresh(oldest), 401, "authentication_failed")


def test_ending_one_sign_in_leaves_the_others(person, tokens_of, app, whoami):
    phone, tablet = tokens_of(person), tokens_of(person)

    app("logout/", {"refresh": phone["refresh"]})

    assert_problem(whoami(phone["access"]), 401, "authentication_failed")
    assert whoami(tablet["access"]).status_code == 200


def test_a_new_password_ends_every_sign_in(person, tokens_of, refresh, whoami):
    tokens = tokens_of(person, **PHONE)
    person.set_password("another-moss-and-lichen")
    person.save()

    assert_problem(whoami(tokens["access"]), 401, "authentication_failed")
    assert_problem(refresh(tokens["refresh"]), 401, "authentication_failed")


@pytest.mark.parametrize("change", [{"is_active": False}, {"email_verified_at": None}])
def test_somebody_who_may_not_sign_in_any_more_cannot_carry_on(person, tokens_of, refresh, mandatory, change):
    tokens = tokens_of(person, **PHONE)
    User.objects.filter(pk=person.pk).update(**change)

    assert_problem(refresh(tokens["refresh"]), 401, "authentication_failed")


def test_a_closed_account_is_refused_at_once(person, tokens_of, whoami):
    tokens = tokens_of(person)
    User.objects.filter(pk=person.pk).update(is_active=False)

    assert_problem(whoami(tokens["access"]), 401, "authentication_failed")


def test_verify_knows_both_kinds_of_token(person, tokens_of, app, refresh):
    tokens = tokens_of(person, **PHONE)

    assert app("token/verify/", {"token": tokens["access"]}).status_code == 200
    assert app("token/verify/", {"token": tokens["refresh"]}).status_code == 200
    refresh(tokens["refresh"])
    assert_problem(app("token/verify/", {"token": tokens["refresh"]}), 401, "authentication_failed")
    assert_problem(app("token/verify/", {"token": "nonsense"}), 401, "authentication_failed")


def test_a_token_made_outside_a_sign_in_works_and_gets_a_session_when_refreshed(person, refresh, whoami):
    made = RefreshToken.for_user(person)

    assert whoami(str(made.access_token)).status_code == 200
    assert refresh(str(made)).status_code == 200
    assert_problem(refresh(str(made)), 401, "authentication_failed")
    assert SignInSession.objects.count() == 1


def test_refreshing_without_any_token_is_refused(app):
    assert_problem(app("token/refresh/"), 401, "authentication_failed")


def test_the_number_of_sign_ins_is_bounded_and_the_oldest_go(person):
    client = Client(address="127.0.0.1", user_agent="")
    for _ in range(SESSIONS_PER_USER_MAX + 3):
        open_session(user=person, client=client)
    SignInSession.objects.filter(user=person).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert SignInSession.objects.filter(user=person).count() == SESSIONS_PER_USER_MAX
    open_session(user=person, client=client)
    assert SignInSession.objects.filter(user=person).count() == 1


def test_one_person_never_sees_another(tokens_of, whoami):
    one, two = UserFactory(), UserFactory()

    assert whoami(tokens_of(one)["access"]).json()["email"] == one.email
    assert whoami(tokens_of(two)["access"]).json()["email"] == two.email


def test_signing_somebody_in_by_token_is_one_query(person, tokens_of, whoami, django_assert_num_queries):
    access = tokens_of(person)["access"]

    with django_assert_num_queries(1):
        whoami(access)
