import pytest

from apps.users.checks import check_mail, check_token_key
from plant_community_backend.settings import base


def ids(messages):
    return [message.id for message in messages]


def test_safe_settings_pass(settings):
    settings.SIMPLE_JWT = {"SIGNING_KEY": "k" * 32}
    settings.EMAIL_TIMEOUT = 10

    assert not [*check_token_key(), *check_mail()]


@pytest.mark.parametrize(("key", "problems"), [("", ["users.E001"]), ("short", ["users.E001"])])
def test_a_short_key_is_refused(settings, key, problems):
    settings.SIMPLE_JWT = {"SIGNING_KEY": key}

    assert ids(check_token_key()) == problems


def test_one_key_for_everything_is_refused(settings):
    settings.SIMPLE_JWT = {"SIGNING_KEY": settings.SECRET_KEY}

    assert ids(check_token_key()) == ["users.E002"]


def test_a_verification_nobody_knows_is_refused(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "sometimes"
    settings.EMAIL_TIMEOUT = None

    assert ids(check_mail()) == ["users.E003", "users.W001"]


def test_passwords_are_hashed_with_argon2_and_nothing_else():
    assert base.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
