from django.urls import path

from apps.users.api import me_views

urlpatterns = [
    path("", me_views.MeView.as_view(), name="me"),
    path("export/", me_views.ExportView.as_view(), name="me-export"),
    path("export/<uuid:export_id>/file/", me_views.ExportFileView.as_view(), name="me-export-file"),
    path("security-events/", me_views.SecurityEventsView.as_view(), name="me-security-events"),
]
