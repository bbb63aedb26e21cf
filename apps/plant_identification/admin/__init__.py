"""The admin's screens, one module each; this is the list Django reads."""

from apps.plant_identification.admin.experiments import ExperimentAdmin

__all__ = ["ExperimentAdmin"]
