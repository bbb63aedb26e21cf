"""Where somebody is signed in."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from apps.users.api import security_schema as schema
from apps.users.api.clients import client_of, session_id_of
from apps.users.api.schema_parts import TAGS
from apps.users.api.security_serializers import SessionSerializer
from apps.users.api.views import OwnAccountView
from apps.users.models import SignInSession, User
from apps.users.selectors import list_active_sessions
from apps.users.services.sessions import end_one_session, end_other_sessions


@extend_schema(tags=TAGS)
@method_decorator(never_cache, name="dispatch")
class SessionListView(ListAPIView[SignInSession]):
    """One's own sign-ins that have not ended, newest first."""

    permission_classes = [IsAuthenticated]
    serializer_class = SessionSerializer
    filter_backends = []

    def get_queryset(self) -> QuerySet[SignInSession]:
        return list_active_sessions(user=self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "session_id": session_id_of(self.request)}

    @extend_schema(**schema.SESSIONS_END)
    def delete(self, request: Request) -> Response:
        """End all others."""
        user = cast("User", request.user)
        end_other_sessions(user=user, session_id=session_id_of(request), client=client_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SessionView(OwnAccountView):
    @extend_schema(**schema.SESSION_END)
    def delete(self, request: Request, session_id: UUID) -> Response:
        """End one of them, this one or another."""
        if not end_one_session(user=self.user, session_id=session_id, client=client_of(request)):
            raise Http404
        return Response(status=status.HTTP_204_NO_CONTENT)
