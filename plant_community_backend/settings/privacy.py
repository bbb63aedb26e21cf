"""How long what is known about a person is kept, and how it leaves."""

from datetime import timedelta

from plant_community_backend.settings.env import env

SECURITY_EVENTS_KEPT = timedelta(days=env.int("SECURITY_EVENTS_KEPT_DAYS", default=180))
