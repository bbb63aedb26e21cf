"""Version 1 of the REST API. Mounted as `/api/v1/`, and deprecated without a version as `/api/`."""

from django.urls import include, path

urlpatterns = [
    path("plant-identification/", include("apps.plant_identification.api.urls")),
    path("users/", include("apps.plant_identification.api.collection_urls")),
    path("auth/", include("apps.users.api.urls")),
    path("blog/", include("apps.blog.api.v1.urls")),
    path("meta/", include("apps.core.api.urls")),
    path("security/", include("apps.core.api.csp_reports")),
]
