from django.urls import path

from apps.plant_identification.wagtail_hooks import care_texts, facts

urlpatterns = [
    path("encyclopedia/conflicts/", facts.list_conflicts, name="encyclopedia-conflicts"),
    path("encyclopedia/species/<uuid:species_id>/", facts.show_facts, name="encyclopedia-facts"),
    path(
        "encyclopedia/species/<uuid:species_id>/prefer/<slug:property_key>/",
        facts.choose_source,
        name="encyclopedia-prefer",
    ),
    path(
        "encyclopedia/species/<uuid:species_id>/ask-trefle/",
        facts.ask_trefle,
        name="encyclopedia-ask-trefle",
    ),
    path(
        "encyclopedia/species/<uuid:species_id>/write/<slug:language>/",
        facts.ask_for_text,
        name="encyclopedia-write",
    ),
    path("encyclopedia/generated/", care_texts.list_texts, name="encyclopedia-generated"),
    path("encyclopedia/generated/<uuid:text_id>/", care_texts.judge_text, name="encyclopedia-judge"),
]
