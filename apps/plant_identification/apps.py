from django.apps import AppConfig


class PlantIdentificationConfig(AppConfig):
    name = "apps.plant_identification"
    label = "plant_identification"
    verbose_name = "Plant identification"

    def ready(self) -> None:
        from apps.plant_identification import receivers  # noqa: F401  (importing connects them)
