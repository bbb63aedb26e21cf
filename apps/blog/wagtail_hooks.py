"""The blog's own menu at /cms/."""

from typing import Any

from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from apps.blog.models import BlogAuthor, BlogCategory, BlogSeries
from apps.blog.selectors import list_people_who_may_edit


class CategoryViewSet(SnippetViewSet):  # type: ignore[misc]
    model = BlogCategory
    icon = "folder-open-1"
    list_display = ["name", "slug", "updated_at"]
    panels = [FieldPanel("name"), FieldPanel("slug"), FieldPanel("description")]


class SeriesViewSet(SnippetViewSet):  # type: ignore[misc]
    model = BlogSeries
    icon = "list-ol"
    list_display = ["title", "slug", "updated_at"]
    panels = [FieldPanel("title"), FieldPanel("slug"), FieldPanel("description")]


class AuthorForm(WagtailAdminModelForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Only colleagues are to choose from: the community's accounts are nobody's business here."""
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = list_people_who_may_edit()


class AuthorViewSet(SnippetViewSet):  # type: ignore[misc]
    model = BlogAuthor
    icon = "user"
    list_display = ["name", "role", "updated_at"]
    edit_handler = ObjectList(
        [
            FieldPanel("name"),
            FieldPanel("slug"),
            FieldPanel("role"),
            FieldPanel("bio"),
            FieldPanel("picture"),
            FieldPanel("user"),
        ],
        base_form_class=AuthorForm,
    )


class BlogMenu(SnippetViewSetGroup):  # type: ignore[misc]
    menu_label = "Blog"
    menu_icon = "doc-full-inverse"
    menu_order = 150  # below the pages
    items = (CategoryViewSet, SeriesViewSet, AuthorViewSet)


register_snippet(BlogMenu)
