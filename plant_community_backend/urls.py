"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from apps.blog.api.preview import PreviewView
from apps.blog.api.router import api_router
from apps.blog.sitemaps import show_sitemap
from apps.users.api.staff_sign_in import admin_sign_in, editor_sign_in
from plant_community_backend import api_v1
from plant_community_backend.documentation import documentation_urlpatterns
from plant_community_backend.identify_page import identify_page
from plant_community_backend.media import development_media
from plant_community_backend.robots import robots

urlpatterns = [
    path("", identify_page, name="identify-page"),
    path("api/v1/", include((api_v1.urlpatterns, "v1"))),
    path("api/v2/preview/", PreviewView.as_view(), name="content-preview"),
    path("api/v2/", api_router.urls),
    path("api/", include(documentation_urlpatterns)),
    path("api/", include(api_v1.urlpatterns)),
    path("ops/", include("apps.plant_identification.api.operations")),
    path("admin/login/", admin_sign_in),
    # There the old password could be guessed without end; a link by mail has its limits.
    path("admin/password_change/", RedirectView.as_view(pattern_name="wagtailadmin_password_reset")),
    path("admin/", admin.site.urls),
    path("cms/login/", editor_sign_in),
    path("cms/", include(wagtailadmin_urls)),
    path("media/<path:path>", development_media),
    path("documents/", include(wagtaildocs_urls)),
    path("feeds/", include("apps.blog.urls")),
    path("sitemap.xml", show_sitemap, name="sitemap"),
    path("robots.txt", robots),
    path("", include(wagtail_urls)),
]

handler400 = "apps.core.api.error_pages.bad_request"
handler403 = "apps.core.api.error_pages.permission_denied"
handler404 = "apps.core.api.error_pages.page_not_found"
handler500 = "apps.core.api.error_pages.server_error"
