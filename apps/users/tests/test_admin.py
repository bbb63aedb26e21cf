import pytest
from django.contrib.auth import authenticate
from django.urls import reverse

from apps.users.models import SecurityEvent, SignInSession, User
from apps.users.services.security_events import note_security_event
from apps.users.tests.factories import PASSWORD, UserFactory


@pytest.fixture
def admin(client, db):
    user = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    client.force_login(user)
    return client


def test_the_admin_takes_an_address_or_a_name(client, db):
    User.objects.create_superuser("root", "root@example.org", PASSWORD)
    for login in ("ROOT", "root@example.org"):
        client.logout()
        response = client.post("/admin/login/?next=/admin/", {"username": login, "password": PASSWORD})
        assert response.status_code == 302


def test_nobody_is_authenticated_without_a_password_or_a_login(person):
    assert authenticate(username=person.username, password=None) is None
    assert authenticate(username="", password=PASSWORD) is None
    assert authenticate(email=person.email, password=PASSWORD) == person


def test_people_are_listed_made_and_changed_in_the_admin(admin):
    person = UserFactory()

    assert admin.get(reverse("admin:users_user_changelist"), {"q": person.email}).status_code == 200
    assert admin.get(reverse("admin:users_user_change", args=[person.pk])).status_code == 200
    made = admin.post(
        reverse("admin:users_user_add"),
        {
            "username": "Fern",
            "email": "fern@example.org",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )

    assert made.status_code == 302
    assert User.objects.get(username="Fern").email == "fern@example.org"


def test_the_admin_refuses_a_taken_address_in_words(admin):
    UserFactory(email="fern@example.org")

    response = admin.post(
        reverse("admin:users_user_add"),
        {"username": "Fern", "email": "FERN@example.org", "password1": PASSWORD, "password2": PASSWORD},
    )

    assert response.status_code == 200
    assert "This e-mail address is taken." in response.content.decode()


def test_sign_ins_are_listed_in_the_admin(admin, tokens_of):
    tokens_of(UserFactory())

    assert admin.get(reverse("admin:users_signinsession_changelist")).status_code == 200
    session = SignInSession.objects.get()
    assert admin.get(reverse("admin:users_signinsession_change", args=[session.pk])).status_code == 200
    assert admin.get(reverse("admin:users_signinsession_add")).status_code == 403


def test_editors_are_made_and_changed_in_wagtail(admin):
    body = {
        "username": "editor",
        "email": "editor@example.org",
        "first_name": "Ed",
        "last_name": "Itor",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    made = admin.post(reverse("wagtailusers_users:add"), body)
    assert made.status_code == 302, made.context["form"].errors
    editor = User.objects.get(username="editor")

    changed = admin.post(
        reverse("wagtailusers_users:edit", args=[editor.pk]),
        {**body, "first_name": "Edith", "password1": "", "password2": "", "is_active": "on"},
    )

    assert changed.status_code == 302
    assert User.objects.get(pk=editor.pk).first_name == "Edith"
    assert admin.get(reverse("wagtailusers_users:index"), {"q": "edit"}).status_code == 200


def test_wagtail_refuses_a_taken_address_in_words(admin):
    UserFactory(email="editor@example.org")

    response = admin.post(
        reverse("wagtailusers_users:add"),
        {
            "username": "editor",
            "email": "Editor@example.org",
            "first_name": "Ed",
            "last_name": "Itor",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )

    assert response.status_code == 200
    assert "This e-mail address is taken." in response.content.decode()


def test_what_happened_to_accounts_is_read_in_the_admin_and_not_changed(admin):
    person = UserFactory()
    note_security_event(user=person, kind="password_changed")
    event = SecurityEvent.objects.get(user=person)
    page = reverse("admin:users_securityevent_change", args=[event.pk])

    listed = admin.get(reverse("admin:users_securityevent_changelist"), {"q": person.username})

    assert "Password changed" in listed.content.decode()
    assert admin.get(page).status_code == 200
    assert admin.post(page, {"kind": "signed_in"}).status_code == 403
    assert admin.post(reverse("admin:users_securityevent_delete", args=[event.pk])).status_code == 403
    assert admin.get(reverse("admin:users_securityevent_add")).status_code == 403


def test_signing_in_to_the_admin_and_failing_to_is_written_down(client, db):
    root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
    for password in ("wrong", PASSWORD):
        client.post("/admin/login/?next=/admin/", {"username": "root", "password": password})
    client.post("/admin/logout/")

    kinds = SecurityEvent.objects.filter(user=root).order_by("created_at").values_list("kind", flat=True)
    assert list(kinds) == ["sign_in_failed", "signed_in", "signed_out"]


def test_somebody_with_events_can_be_deleted_in_the_admin(admin):
    person = UserFactory()
    note_security_event(user=person, kind="signed_in")

    admin.post(reverse("admin:users_user_delete", args=[person.pk]), {"post": "yes"})

    assert not User.objects.filter(pk=person.pk).exists()
