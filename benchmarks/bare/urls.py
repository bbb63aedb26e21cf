from django.urls import path

from benchmarks.bare.views import BareReadView, BareUploadView
from plant_community_backend.urls import handler400, handler403, handler404, handler500
from plant_community_backend.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500"]

urlpatterns = [
    path("bare/upload/", BareUploadView.as_view()),
    path("bare/read/", BareReadView.as_view()),
    *product,
]
