from typing import Any

from django.core.management.base import BaseCommand

from apps.plant_identification.services.encyclopedia.index import rebuild_index


class Command(BaseCommand):
    help = (
        "Makes anew what the search for species looks in. For species that were written by other means than "
        "the product's own. Safe at any time and as often as one likes; people go on searching meanwhile."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rebuild_index()} species can be found.")
