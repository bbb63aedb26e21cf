"""`auth/ws-ticket/`: opens one WebSocket, once, soon, for the person who asked for it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.utils import timezone

from apps.core.redis import OUTAGE
from apps.plant_identification.consumers import circuit_status
from apps.plant_identification.tests.sockets import (
    closing_code,
    is_accepted,
    leave,
    shown,
    signed_in,
    socket_of,
)
from apps.users.models import SignInSession, SocketTicket
from apps.users.services.tickets import issue_ticket, redeem_ticket
from apps.users.tests.factories import PASSWORD, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox", "keeps_the_connection")]

TICKETS = "/api/v1/auth/ws-ticket/"
TOKENS = "/api/v1/auth/token/"


@pytest.fixture
def staff():
    return UserFactory(is_staff=True)


@pytest.fixture
def ticket_of(api_client):
    def ask(user):
        tokens = api_client.post(TOKENS, {"login": user.username, "password": PASSWORD}).json()
        answer = api_client.post(TICKETS, headers={"Authorization": f"Bearer {tokens['access']}"})
        assert answer.status_code == 201, answer.content
        return answer.json()["ticket"]

    return ask


def opens(ticket, client=None, *, origin=None):
    @async_to_sync
    async def attempt():
        socket = socket_of(client, origin=origin, query=f"ticket={ticket}")
        accepted = await is_accepted(socket)
        if accepted:
            await shown(socket)
        await leave(socket)
        return accepted

    return attempt()


def test_who_is_not_signed_in_gets_no_ticket(api_client):
    assert api_client.post(TICKETS).status_code == 401
    assert api_client.get(TICKETS).status_code in {401, 405}


def test_a_ticket_opens_a_socket_without_cookie_or_origin_and_only_once(ticket_of, staff):
    ticket = ticket_of(staff)

    assert opens(ticket)
    assert not opens(ticket)


@pytest.mark.parametrize("origin", ["https://app.example.org", "null", None])
def test_where_a_page_comes_from_is_of_no_matter_with_a_ticket(ticket_of, staff, origin):
    assert opens(ticket_of(staff), origin=origin)


def test_a_ticket_is_its_persons_alone(ticket_of):
    assert not opens(ticket_of(UserFactory()))


@pytest.mark.parametrize("ticket", ["", "made-up", "x" * 5_000, "%00", "ä"])
def test_a_bad_ticket_opens_nothing_even_beside_a_good_cookie(ticket):
    """Else a strange page could add one, and come without a look at its origin."""
    assert not opens(ticket, signed_in())
    assert not opens(ticket, signed_in(), origin="http://localhost")


def test_a_ticket_is_good_for_half_a_minute(ticket_of, staff):
    ticket = ticket_of(staff)
    left = SocketTicket.objects.get().expires_at - timezone.now()
    SocketTicket.objects.update(expires_at=timezone.now())

    assert timedelta(seconds=25) < left <= timedelta(seconds=30)
    assert not opens(ticket)


def test_a_ticket_of_an_ended_sign_in_opens_nothing(ticket_of, staff):
    ticket = ticket_of(staff)
    SignInSession.objects.update(revoked_at=timezone.now())

    assert not opens(ticket)


LOSSES = {
    "the sign-in has ended": lambda user: SignInSession.objects.update(revoked_at=timezone.now()),
    "no staff any more": lambda user: type(user).objects.update(is_staff=False),
    "switched off": lambda user: type(user).objects.update(is_active=False),
    "the account is gone": lambda user: user.delete(),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_who_may_no_longer_look_is_sent_away(ticket_of, staff, loss, monkeypatch):
    monkeypatch.setattr(circuit_status, "LOOK_AGAIN_S", 0.05)
    ticket = ticket_of(staff)

    @async_to_sync
    async def look():
        socket = socket_of(None, origin=None, query=f"ticket={ticket}")
        assert await is_accepted(socket)
        await shown(socket)
        await sync_to_async(LOSSES[loss])(staff)
        return await closing_code(socket)

    assert look() == circuit_status.SIGNED_OUT


def test_tickets_are_not_kept_in_words_and_old_ones_not_at_all(ticket_of, staff):
    first = ticket_of(staff)
    assert first not in str(SocketTicket.objects.values_list().get())
    SocketTicket.objects.update(expires_at=timezone.now())

    ticket_of(staff)

    assert SocketTicket.objects.count() == 1


def test_without_redis_tickets_work(ticket_of, staff, monkeypatch):
    monkeypatch.setattr(type(OUTAGE), "is_down", property(lambda _: True))

    assert opens(ticket_of(staff))


@pytest.mark.django_db(transaction=True)
def test_of_two_openers_at_once_one_gets_through(staff):
    barrier = threading.Barrier(2)

    def redeem(ticket):
        barrier.wait(10)
        try:
            return redeem_ticket(ticket=ticket)
        finally:
            connection.close()

    for _ in range(20):
        ticket = issue_ticket(user=staff, claims=None).ticket
        with ThreadPoolExecutor(2) as openers:
            holders = list(openers.map(redeem, [ticket] * 2))
        assert [holder.user_id for holder in holders if holder] == [staff.pk]
