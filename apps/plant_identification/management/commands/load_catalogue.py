from typing import Any

from django.core.management.base import BaseCommand

from apps.plant_identification.services.encyclopedia.catalogue import read_catalogue
from apps.plant_identification.services.encyclopedia.starter import load_catalogue


class Command(BaseCommand):
    help = (
        "Loads the starter catalogue of plants, or brings what was loaded up to date. What editors changed "
        "stays. Safe at any time, also while people identify plants and from several processes at once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        catalogue = read_catalogue()
        report = load_catalogue(catalogue=catalogue)
        self.stdout.write(f"Catalogue {catalogue.version}:")
        loaded = report.loaded
        for title, tally in (
            ("species", loaded.species),
            ("facts", loaded.facts),
            ("warnings of poison", loaded.hazards),
            ("pictures", report.pictures),
        ):
            self.stdout.write(f"  {title}: {tally}")
        if report.merged:
            self.stdout.write(f"  merged into the species they are synonyms of: {', '.join(report.merged)}")
        if report.left_apart:
            self.stdout.write(f"  synonyms that editors have to look at: {', '.join(report.left_apart)}")
