from django.urls import path

from apps.blog.api.v1 import comment_views, newsletter_pages, newsletter_views, post_views, view_counts

app_name = "blog"

urlpatterns = [
    path("posts/", post_views.PostListView.as_view(), name="post-list"),
    path("posts/<str:post>/", post_views.PostDetailView.as_view(), name="post-detail"),
    path("categories/", post_views.CategoryListView.as_view(), name="category-list"),
    path("series/", post_views.SeriesListView.as_view(), name="series-list"),
    path("series/<str:slug>/", post_views.SeriesDetailView.as_view(), name="series-detail"),
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
    path("newsletter/", newsletter_views.NewsletterView.as_view(), name="newsletter"),
    path("newsletter/page/", newsletter_pages.SubscribePage.as_view(), name="newsletter-page"),
    path("newsletter/confirm/", newsletter_views.NewsletterConfirmView.as_view(), name="newsletter-confirm"),
    path("newsletter/confirm/page/", newsletter_pages.ConfirmPage.as_view(), name="newsletter-confirm-page"),
    path(
        "newsletter/unsubscribe/",
        newsletter_views.NewsletterUnsubscribeView.as_view(),
        name="newsletter-unsubscribe",
    ),
    path(
        "newsletter/unsubscribe/page/",
        newsletter_pages.UnsubscribePage.as_view(),
        name="newsletter-unsubscribe-page",
    ),
]
