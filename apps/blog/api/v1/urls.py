from django.urls import path

from apps.blog.api.v1 import view_counts

app_name = "blog"

urlpatterns = [
    path("posts/<int:post_id>/views/", view_counts.PostViewsView.as_view(), name="post-views"),
]
