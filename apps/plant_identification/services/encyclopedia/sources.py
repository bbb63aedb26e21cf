"""Services as sources of facts."""

from django.conf import settings

from apps.plant_identification.models import FactSource, SourceKind


def service_source(*, name: str, label: str, url: str) -> FactSource:
    """On which terms its data may be repeated is not stated, nor who has checked it.

    What the sandbox says in its place has a source of its own: it is not the service's word.
    """
    is_played = settings.PROVIDER_SANDBOX
    known, _ = FactSource.objects.get_or_create(
        key=f"{name}_sandbox" if is_played else name,
        defaults={
            "title": f"{label}, played by the sandbox" if is_played else label,
            "kind": SourceKind.SERVICE,
            "url": "" if is_played else url,
            "licence_class": "B",
            "is_verified": False,
        },
    )
    return known
