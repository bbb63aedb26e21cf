from django.urls import path

from apps.plant_identification.api import (
    experiment_views,
    feedback_views,
    photo_views,
    plant_views,
    quota_views,
    record_views,
    views,
)
from apps.plant_identification.api.encyclopedia import care
from apps.plant_identification.api.encyclopedia import views as encyclopedia

app_name = "plant-identification"

urlpatterns = [
    path("identify/", views.IdentifyView.as_view(), name="identify"),
    path("identify/health/", views.IdentificationHealthView.as_view(), name="identify-health"),
    path("health/", views.IdentificationHealthView.as_view(), name="health"),
    path("status/", views.IdentificationHealthView.as_view(), name="status"),
    path("requests/", record_views.RequestListView.as_view(), name="request-list"),
    path("requests/<uuid:request_id>/", record_views.RequestDetailView.as_view(), name="request-detail"),
    path("requests/<uuid:request_id>/restore/", record_views.RestoreView.as_view(), name="request-restore"),
    path(
        "requests/<uuid:request_id>/feedback/", feedback_views.FeedbackView.as_view(), name="request-feedback"
    ),
    path("requests/<uuid:request_id>/photo/", photo_views.PhotosView.as_view(), name="request-photo"),
    path(
        "requests/<uuid:request_id>/photo/<int:position>/",
        photo_views.PhotoFileView.as_view(),
        name="request-photo-file",
    ),
    path("history/", record_views.HistoryView.as_view(), name="history"),
    path("experiments/", experiment_views.ExperimentListView.as_view(), name="experiment-list"),
    path(
        "experiments/<uuid:experiment_id>/report/",
        experiment_views.ExperimentReportView.as_view(),
        name="experiment-report",
    ),
    path("models/report/", experiment_views.ModelReportView.as_view(), name="model-report"),
    path("quota/", quota_views.QuotaView.as_view(), name="quota"),
    path("species/", encyclopedia.SpeciesListView.as_view(), name="species-list"),
    path("species/<uuid:species_id>/", encyclopedia.SpeciesDetailView.as_view(), name="species-detail"),
    path("species/<uuid:species_id>/care/", care.SpeciesCareView.as_view(), name="species-care"),
    path("search/species/", encyclopedia.SpeciesSearchView.as_view(), name="species-search"),
    path("plants/", plant_views.PlantListView.as_view(), name="plant-list"),
    path("plants/<uuid:plant_id>/", plant_views.PlantDetailView.as_view(), name="plant-detail"),
    path("plants/<uuid:plant_id>/restore/", plant_views.PlantRestoreView.as_view(), name="plant-restore"),
]
