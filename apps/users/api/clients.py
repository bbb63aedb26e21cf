from django.http import HttpRequest
from rest_framework.request import Request

from apps.core.api.addresses import client_address
from apps.users.types import Client

USER_AGENT_MAX_LENGTH = 512


def client_of(request: HttpRequest | Request) -> Client:
    """Who is at the other end, as far as the connection tells."""
    user_agent = request.META.get("HTTP_USER_AGENT", "")[:USER_AGENT_MAX_LENGTH]
    return Client(address=client_address(request), user_agent=user_agent)
