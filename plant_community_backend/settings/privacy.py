"""How long what is known about a person is kept, and how it leaves."""

from datetime import timedelta

from plant_community_backend.settings.env import env

ACCOUNT_DELETION_GRACE = timedelta(days=env.int("ACCOUNT_DELETION_GRACE_DAYS", default=30))
ACCOUNT_EXPORT_KEPT = timedelta(days=env.int("ACCOUNT_EXPORT_KEPT_DAYS", default=7))
ACCOUNT_EXPORT_RATE = env.int("ACCOUNT_EXPORT_RATE", default=3)  # of one person in a day
SECURITY_EVENTS_KEPT = timedelta(days=env.int("SECURITY_EVENTS_KEPT_DAYS", default=180))
