"""The version of a request comes from the URL's namespace: `v1:plant-identification:identify`."""

import re
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.versioning import NamespaceVersioning

_VERSION = re.compile(r"v\d{1,3}")


class ApiVersioning(NamespaceVersioning):
    """A namespace without a version in it is the default version.

    So the same views answer below `/api/v1/` and, deprecated, below `/api/`. `reverse()` always gives
    addresses of the request's version: links in an answer from a legacy address lead to its successor.
    """

    def determine_version(self, request: Request, *args: Any, **kwargs: Any) -> str:
        match = getattr(request, "resolver_match", None)
        for namespace in match.namespaces if match else ():
            if _VERSION.fullmatch(namespace):
                # Read now, not when the module is imported: a test may allow one more version.
                if namespace not in (api_settings.ALLOWED_VERSIONS or ()):
                    raise NotFound(_("There is no such version of this API."))
                return str(namespace)
        return str(api_settings.DEFAULT_VERSION)
