"""`fields`: only what a reader asks for, of what this reader is shown anyway."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

PARAMETER = "fields"
RESULTS = "results"
NAMES, NAME_CHARS = 5, 40  # that a refusal repeats


class SparseReads(APIView):
    """What was built is left out at the end, so a field that is not shown to somebody cannot be asked for."""

    shown_by: ClassVar[type[Serializer[Any]] | None] = None
    """What describes a document, or one entry of a list; a generic view's own serializer unless said."""

    _asked_for: frozenset[str] | None = None

    @classmethod
    def fields_to_choose(cls) -> list[str]:
        described_by: Any = cls.shown_by or cls.serializer_class  # type: ignore[attr-defined]
        return list(described_by().fields)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in {"GET", "HEAD"} and request.query_params.get(PARAMETER):
            self._asked_for = self._read(request.query_params.getlist(PARAMETER))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._asked_for is not None and isinstance(response, Response) and response.status_code == 200:
            response.data = self._narrowed(response.data)
        return super().finalize_response(request, response, *args, **kwargs)

    def _read(self, said: list[str]) -> frozenset[str]:
        asked = frozenset(name.strip() for part in said for name in part.split(","))
        known = self.fields_to_choose()
        if unknown := sorted(asked.difference(known)):
            message = _("There is no %(unknown)s here. Choose of these: %(known)s.")
            named = ", ".join(f"`{name[:NAME_CHARS]}`" for name in unknown[:NAMES])
            names = {"unknown": named, "known": ", ".join(known)}
            raise ValidationError({PARAMETER: [message % names]})
        return asked

    def _narrowed(self, data: dict[str, Any]) -> dict[str, Any]:
        if RESULTS in data and RESULTS not in self.fields_to_choose():
            return {**data, RESULTS: [self._chosen(entry) for entry in data[RESULTS]]}
        return self._chosen(data)

    def _chosen(self, shown: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in shown.items() if name in self._asked_for}  # type: ignore[operator]


def fields_parameter(view: SparseReads) -> OpenApiParameter:
    names = ", ".join(f"`{name}`" for name in view.fields_to_choose())
    return OpenApiParameter(
        PARAMETER,
        str,
        description=f"Only these, by commas; all others are left out, required ones too: {names}.",
    )
