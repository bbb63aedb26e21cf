from plant_community_backend.celery import app as celery_app

__all__ = ["celery_app"]
