from django.urls import path

from apps.plant_identification.cms import facts

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
]
