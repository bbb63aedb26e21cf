"""Production's settings, with the yardstick's views beside the product's."""

from plant_community_backend.settings.production import *  # noqa: F403
from plant_community_backend.settings.production import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks.bare"]
ROOT_URLCONF = "benchmarks.bare.urls"
