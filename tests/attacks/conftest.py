from apps.plant_identification.tests.conftest import identify, providers

__all__ = ["identify", "providers"]
