"""What sources say of species, row by row. Editors write their own, and leave those of others as they are."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.snippets.views.snippets import CreateView, SnippetViewSet

from apps.plant_identification.models import (
    FactSource,
    SourceKind,
    SpeciesFact,
    SpeciesPicture,
    ToxicityStatement,
)
from apps.plant_identification.selectors import list_rows_of_this_world
from apps.plant_identification.services.encyclopedia.editing import editors_source, save_fact
from apps.plant_identification.wagtail_hooks.fields import ValueField

SOURCE = Column("source", sort_key="source__title")
VERIFIED = BooleanColumn("verified", label="Verified", accessor=lambda row: row.source.is_verified)
PER_PAGE = 50


def is_by_editors(row: SpeciesFact | ToxicityStatement) -> bool:
    return bool(row.source.kind == SourceKind.EDITORS)


class EditorsRowPolicy(ModelPermissionPolicy):  # type: ignore[misc]
    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        """What `keep_single_ones` refuses is not offered either."""
        if action == "delete" and not is_by_editors(instance):
            return False
        return bool(super().user_has_permission_for_instance(user, action, instance))


class ReadOnlyPolicy(ModelPermissionPolicy):  # type: ignore[misc]
    """Datasets describe themselves: see `data/catalogue.json`."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action == "view" and bool(super().user_has_permission(user, action))


class RowForm(WagtailAdminModelForm):  # type: ignore[misc]
    """A new row is the editors'; of a row of others only what `free` names can be changed."""

    free: tuple[str, ...] = ()
    about = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance._state.adding  # noqa: SLF001
        if not self.is_new and not is_by_editors(self.instance):
            for name, field in self.fields.items():
                field.disabled = name not in self.free

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if self.is_new:
            self.instance.source = editors_source()
        species, about = cleaned.get("species"), cleaned.get(self.about)
        if species and about:
            same = type(self.instance).objects.filter(
                species=species, source=self.instance.source, **{self.about: about}
            )
            if same.exclude(pk=self.instance.pk).exists():
                raise ValidationError("Editors say something about this already: change that.")
        return cleaned


class FactForm(RowForm):
    free = ("is_preferred",)
    about = "field"
    value = ValueField(help_text="A number or a text; several with ; between them.")

    def _get_validation_exclusions(self) -> set[str]:
        """Another preferred fact is no mistake: `save_fact` takes that from it."""
        return {*super()._get_validation_exclusions(), "is_preferred"}

    def save(self, commit: bool = True) -> SpeciesFact:  # noqa: FBT001, FBT002 - Django's signature
        return save_fact(fact=self.instance)


class HazardForm(RowForm):
    about = "target"


class RowCreateView(CreateView):  # type: ignore[misc]
    """`?species=` says of which, as the species' own page does."""

    def get_initial(self) -> dict[str, Any]:
        initial = {**super().get_initial(), "species": self.request.GET.get("species")}
        return initial | {"stated_on": datetime.now(UTC).date()}


class _RowViewSet(SnippetViewSet):  # type: ignore[misc]
    add_view_class = RowCreateView
    copy_view_enabled = False
    list_per_page = PER_PAGE

    def get_queryset(self, request: Any) -> QuerySet[Any]:
        return list_rows_of_this_world(self.model)


class FactViewSet(_RowViewSet):
    model = SpeciesFact
    icon = "list-ul"
    menu_label = "Facts"
    list_display = [
        "species",
        "field",
        Column("value", accessor=lambda fact: f"{fact.value} {fact.unit}".strip()),
        SOURCE,
        Column("stated_on", label="Date", sort_key="stated_on"),
        VERIFIED,
        Column("preferred", accessor=lambda fact: "preferred" if fact.is_preferred else ""),
    ]
    list_filter = ["field", "source", "is_preferred"]
    search_fields = ["species__canonical_name", "field"]
    ordering = ["species__canonical_name", "field"]
    edit_handler = ObjectList(
        [
            FieldPanel("species"),
            FieldPanel("field"),
            FieldRowPanel([FieldPanel("value"), FieldPanel("unit")]),
            FieldPanel("stated_on"),
            FieldPanel("is_preferred"),
        ],
        base_form_class=FactForm,
    )

    @property
    def permission_policy(self) -> EditorsRowPolicy:
        return EditorsRowPolicy(self.model)


class HazardViewSet(_RowViewSet):
    model = ToxicityStatement
    icon = "warning"
    menu_label = "Hazards"
    list_display = [
        "species",
        Column("target", accessor="get_target_display", label="Harms", sort_key="target"),
        "level",
        "parts",
        SOURCE,
        Column("stated_on", label="Date", sort_key="stated_on"),
    ]
    list_filter = ["target", "source"]
    search_fields = ["species__canonical_name", "level"]
    ordering = ["species__canonical_name", "target"]
    edit_handler = ObjectList(
        [
            FieldPanel("species"),
            FieldPanel("target"),
            FieldPanel("level"),
            FieldPanel("parts"),
            FieldPanel("effects"),
            FieldPanel("stated_on"),
        ],
        base_form_class=HazardForm,
    )

    @property
    def permission_policy(self) -> EditorsRowPolicy:
        return EditorsRowPolicy(self.model)


class PictureViewSet(_RowViewSet):
    model = SpeciesPicture
    icon = "image"
    menu_label = "Pictures"
    list_display = ["species", "caption", "credit", "licence"]
    list_filter = ["licence"]
    search_fields = ["species__canonical_name", "caption", "credit"]
    ordering = ["species__canonical_name", "position"]
    edit_handler = ObjectList(
        [
            FieldPanel("species"),
            FieldPanel("image"),
            FieldPanel("caption"),
            FieldRowPanel([FieldPanel("credit"), FieldPanel("licence")]),
            FieldPanel("licence_url"),
            FieldPanel("source_url"),
            FieldPanel("position"),
        ]
    )


class SourceViewSet(SnippetViewSet):  # type: ignore[misc]
    model = FactSource
    icon = "openquote"
    menu_label = "Sources"
    inspect_view_enabled = True
    copy_view_enabled = False
    list_per_page = PER_PAGE
    list_display = [
        "title",
        "kind",
        "licence",
        "licence_class",
        BooleanColumn("is_verified", label="Verified"),
    ]
    list_filter = ["kind", "licence_class", "is_verified"]
    search_fields = ["title", "key"]
    inspect_view_fields = [
        *("key", "title", "kind", "url", "licence", "licence_class", "credit", "is_verified"),
    ]
    panels = [FieldPanel("title")]

    @property
    def permission_policy(self) -> ReadOnlyPolicy:
        return ReadOnlyPolicy(self.model)
