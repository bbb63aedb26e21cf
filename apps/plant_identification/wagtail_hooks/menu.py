"""The pages about facts in Wagtail's menu."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from apps.plant_identification.services.encyclopedia.care_model import care_model
from apps.plant_identification.wagtail_hooks.facts import PERMISSION
from apps.plant_identification.wagtail_hooks.urls import urlpatterns


class ForEditorsItem(MenuItem):  # type: ignore[misc]
    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(PERMISSION))


@hooks.register("register_admin_urls")  # type: ignore[untyped-decorator]
def register_fact_pages() -> list[Any]:
    return urlpatterns


@hooks.register("register_admin_menu_item")  # type: ignore[untyped-decorator]
def register_conflicts() -> MenuItem:
    return ForEditorsItem(
        "Differing sources", reverse("encyclopedia-conflicts"), icon_name="warning", order=310
    )


class GeneratedTextsItem(ForEditorsItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return care_model() is not None and super().is_shown(request)


@hooks.register("register_admin_menu_item")  # type: ignore[untyped-decorator]
def register_generated_texts() -> MenuItem:
    return GeneratedTextsItem(
        "Generated texts", reverse("encyclopedia-generated"), icon_name="edit", order=311
    )
