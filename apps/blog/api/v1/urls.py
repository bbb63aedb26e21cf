from django.urls import path

from apps.blog.api.v1 import comment_views, view_counts

app_name = "blog"

urlpatterns = [
    path("posts/<int:post_id>/views/", view_counts.PostViewsView.as_view(), name="post-views"),
    path("posts/<int:post_id>/comments/", comment_views.CommentListView.as_view(), name="comment-list"),
    path("comments/<uuid:comment_id>/", comment_views.CommentDetailView.as_view(), name="comment-detail"),
    path(
        "comments/<uuid:comment_id>/restore/",
        comment_views.CommentRestoreView.as_view(),
        name="comment-restore",
    ),
    path(
        "comments/<uuid:comment_id>/report/",
        comment_views.CommentReportView.as_view(),
        name="comment-report",
    ),
]
