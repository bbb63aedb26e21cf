from django.urls import path

from apps.plant_identification.api import views

app_name = "plant-identification"

urlpatterns = [
    path("identify/", views.IdentifyView.as_view(), name="identify"),
    path("identify/health/", views.IdentificationHealthView.as_view(), name="identify-health"),
    path("health/", views.IdentificationHealthView.as_view(), name="health"),
    path("status/", views.IdentificationHealthView.as_view(), name="status"),
    path("requests/", views.RequestListView.as_view(), name="request-list"),
    path("requests/<uuid:request_id>/", views.RequestDetailView.as_view(), name="request-detail"),
    path("history/", views.HistoryView.as_view(), name="history"),
]
