from django.apps import AppConfig


class PlantIdentificationConfig(AppConfig):
    name = "apps.plant_identification"
    label = "plant_identification"
    verbose_name = "Plant identification"
