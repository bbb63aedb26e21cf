"""What concerns the account as a whole: leaving it, taking all data along, seeing what happened to it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.users.api import me_schema
from apps.users.api.clients import client_of
from apps.users.api.cookies import clear_sign_in_cookies
from apps.users.api.limits import EXPORTS, SIGN_IN_FAILURES
from apps.users.api.me_serializers import (
    DeletionRequestSerializer,
    DeletionSerializer,
    ExportSerializer,
    SecurityEventSerializer,
)
from apps.users.api.views import OwnAccountView
from apps.users.exceptions import ExportNotFound
from apps.users.models import AccountExport, SecurityEvent, User
from apps.users.services.deletion import ask_for_deletion
from apps.users.services.exports import ask_for_export, find_export, open_export
from apps.users.services.passwords import require_password
from apps.users.services.sessions import require_recent_sign_in

COME_BACK = _("Your account is closed, and will be deleted. Sign in before then if you want to keep it.")


class MeView(OwnAccountView):
    takes_body_with_delete = True

    @extend_schema(**me_schema.DELETE_ME)
    def delete(self, request: Request) -> Response:
        """Close the account now, and have it deleted with everything in it. Signing in keeps it."""
        form = self.read(DeletionRequestSerializer).validated_data
        _require_proof(request, self.user, form.get("password", ""))
        due = ask_for_deletion(user=self.user, client=client_of(request))
        body = DeletionSerializer({"detail": COME_BACK, "deletion_due_at": due}).data
        response = Response(body, status=status.HTTP_202_ACCEPTED)
        clear_sign_in_cookies(response)
        return response


class ExportView(OwnAccountView):
    repeatable = "while one is being made, asking makes no other"

    @extend_schema(**me_schema.GET_EXPORT)
    def get(self, request: Request) -> Response:
        """How far the export is, and where it is fetched."""
        export = find_export(user=self.user)
        if export is None:
            raise ExportNotFound
        return Response(ExportSerializer(export, context={"request": request}).data)

    @extend_schema(**me_schema.ASK_EXPORT)
    def post(self, request: Request) -> Response:
        """Have everything kept about oneself put into one file. A mail says when it is ready."""
        user = self.user
        export = find_export(user=user)
        if export is None or export.state != AccountExport.State.WAITING:
            EXPORTS.count(request, user)
            export = ask_for_export(user=user, client=client_of(request))
        else:
            EXPORTS.look(request, user)
        document = ExportSerializer(export, context={"request": request}).data
        return Response(document, status=status.HTTP_202_ACCEPTED)


@method_decorator(never_cache, name="dispatch")
class ExportFileView(APIView):
    """The file, for whoever has its address: a download carries neither headers nor cookies of ours."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: FBT001, FBT002
        # Programs ask for anything; only what goes wrong is rendered, as a problem document.
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(**me_schema.GET_EXPORT_FILE)
    def get(self, request: Request, export_id: UUID) -> FileResponse:
        asked = {name: request.query_params.get(name, "") for name in ("expires", "signature")}
        file = open_export(export_id=export_id, client=client_of(request), **asked)
        response = FileResponse(
            file, as_attachment=True, filename="plant-community-data.zip", content_type="application/zip"
        )
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
        response["Content-Encoding"] = "identity"  # compressed it is; so nobody tries, and its length stays
        return response


@method_decorator(never_cache, name="dispatch")
class SecurityEventsView(ListAPIView[SecurityEvent]):
    """What happened to one's account, newest first."""

    permission_classes = [IsAuthenticated]
    serializer_class = SecurityEventSerializer

    def get_queryset(self) -> QuerySet[SecurityEvent]:
        return SecurityEvent.objects.filter(user=self.request.user.pk)


def _require_proof(request: Request, user: User, password: str) -> None:
    """Whoever holds somebody's open session only must not be able to take the account away.

    Raises:
        PasswordWrong
        SignInTooOld: where there is no password to be asked for.
        DomainError: throttled, after too many wrong ones.
    """
    with SIGN_IN_FAILURES.attempt(request, user.email):
        if user.has_usable_password():
            require_password(user=user, password=password, field="password")
        else:
            require_recent_sign_in(token=request.auth)
