from django.db import models


class PostViews(models.Model):
    """How often a post was opened on one day. A number, and nothing about those who opened it."""

    wagtail_reference_index_ignore = True

    id = models.BigAutoField(primary_key=True)
    post = models.ForeignKey(
        "blog.BlogPostPage",
        on_delete=models.CASCADE,
        related_name="day_views",
        db_index=False,  # the constraint begins with it
    )
    day = models.DateField(db_index=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "post views"
        constraints = [models.UniqueConstraint(fields=["post", "day"], name="blog_views_of_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"


class WrittenViews(models.Model):
    """A batch of counts from Redis that stands in `PostViews`: written in the same transaction as it."""

    wagtail_reference_index_ignore = True

    batch = models.UUIDField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name_plural = "written views"

    def __str__(self) -> str:
        return str(self.batch)
