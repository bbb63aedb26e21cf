from django.apps import AppConfig


class PlantIdentificationConfig(AppConfig):
    name = "apps.plant_identification"
    label = "plant_identification"
    verbose_name = "Plant identification"

    def ready(self) -> None:
        from apps.core.metrics.scrape import register_source
        from apps.plant_identification import receivers  # noqa: F401  (importing connects them)
        from apps.plant_identification.services import fleet_metrics
        from apps.plant_identification.services.personal_tables import PERSONAL_TABLES
        from apps.users.public import register_personal_data

        register_source("circuits", fleet_metrics.circuits)
        register_source("quotas", fleet_metrics.quotas)
        register_personal_data(*PERSONAL_TABLES)
