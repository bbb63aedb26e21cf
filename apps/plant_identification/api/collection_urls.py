"""Below `users/`, because a collection is somebody's. The code is here, because a collection holds plants."""

from django.urls import path

from apps.plant_identification.api import plant_views

app_name = "users"

urlpatterns = [
    path("collections/", plant_views.CollectionListView.as_view(), name="collection-list"),
    path(
        "collections/<uuid:collection_id>/",
        plant_views.CollectionDetailView.as_view(),
        name="collection-detail",
    ),
]
