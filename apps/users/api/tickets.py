"""`ws-ticket/`: what a WebSocket is opened with."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.throttling import AddressThrottle
from apps.users.api.schema_parts import TAGS
from apps.users.api.views import OwnAccountView
from apps.users.constants import TICKETS_PERIOD_S
from apps.users.services.tickets import issue_ticket


class SocketTicketSerializer(serializers.Serializer[Any]):
    ticket = serializers.CharField(help_text="For `?ticket=` in the address of a WebSocket, once.")
    expires_at = serializers.DateTimeField()


class TicketThrottle(AddressThrottle):
    group = "ws-tickets"
    period_s = TICKETS_PERIOD_S
    setting = "WS_TICKET_RATE"

    def key(self, request: Request) -> str:
        return f"user-{request.user.pk}"


class SocketTicketView(OwnAccountView):
    throttle_classes = [TicketThrottle]
    takes_no_key = "a ticket costs nothing and ends by itself; in the place of a lost one there is another"

    @extend_schema(tags=TAGS, request=None, responses={201: SocketTicketSerializer})
    def post(self, request: Request) -> Response:
        """A ticket for one WebSocket, to be opened within half a minute."""
        issued = issue_ticket(user=self.user, claims=getattr(request.auth, "payload", None))
        return Response(SocketTicketSerializer(issued).data, status=status.HTTP_201_CREATED)
