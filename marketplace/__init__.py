"""The marketplace: the project package, and the app of who trades what."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
