from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from wagtail.api.v2.pagination import WagtailPagination
from wagtail.api.v2.utils import BadRequestError

MAX_OFFSET = (
    100_000  # beyond it the database counts rows for nobody; larger numbers would not even fit its type
)


class BoundedPagination(WagtailPagination):  # type: ignore[misc]
    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        offset = request.query_params.get("offset", "0")
        if offset.isdecimal() and int(offset[:12]) > MAX_OFFSET:
            raise BadRequestError(_("offset cannot be higher than %(most)d") % {"most": MAX_OFFSET})
        return super().paginate_queryset(queryset, request, view=view)
