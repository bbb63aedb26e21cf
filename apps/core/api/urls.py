from django.urls import path

from apps.core.api.views import MetaView

app_name = "meta"

urlpatterns = [path("", MetaView.as_view(), name="meta")]
